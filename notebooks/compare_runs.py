# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Compare two runs
#
# What changed, and why: the result first, then settings, inputs and code, then call by call. Choose two runs with the
# environment variables `CAPWATCH_RUN` and `CAPWATCH_OTHER`, or put their folders below. Where no other run is named,
# the account of the first one is drawn again with another fill, so that there is something to see.

# %%
import os
from datetime import timedelta
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from pipeline import volume
from pipeline.config import CapConfig, load
from pipeline.finished.overview import difference, list_runs
from pipeline.finished.review import open_run
from pipeline.run import CONFIG_FILES
from pipeline.workspace import latest_run

chosen, other = os.environ.get("CAPWATCH_RUN"), os.environ.get("CAPWATCH_OTHER")
before = Path(chosen) if chosen else latest_run(Path("../runs"), "vostochny")
after = Path(other) if other else None
run = open_run(before)
simulated = bool(run.table("scenes")["simulated"].any())
mark = "SIMULATED: " if simulated else ""
print(f"{mark}{run.place.name}: {before.name} against {after.name if after else 'itself with another fill'}")

# %% [markdown]
# ## What there is to compare

# %%
list_runs(before.parent.parent).drop(columns="folder")

# %% [markdown]
# ## The two accounts
#
# A run is a question with its answer. Here is the second answer: from the other run's folder, or from the same calls
# under another assumption. `mean` is the share of its capacity that a ship fills on average where nothing was measured.

# %%
mean_fill = 0.6
cap = load(CapConfig, before / CONFIG_FILES / run.config.cap)
old_liftings, old_ledger = run.table("liftings"), run.table("ledger")
if after is not None:
    second = open_run(after)
    new_liftings, new_ledger = second.table("liftings"), second.table("ledger")
else:
    fill = run.config.volume.fill.model_copy(update={"mean": mean_fill})
    assumed = run.config.volume.model_copy(update={"fill": fill})
    as_of = (run.config.period.end - timedelta(microseconds=1)).date()
    new_liftings = volume.liftings(run.table("port_calls"), assumed, run.config.seed)
    new_ledger = volume.ledger(new_liftings, cap, assumed, run.config.seed, as_of=as_of)

# %%
figure, axes = plt.subplots(figsize=(9, 4))
for ledger, colour, words, style in ((old_ledger, "#0072B2", "before", "-"), (new_ledger, "#E69F00", "after", "--")):
    days = pd.to_datetime(ledger["day"])
    axes.fill_between(days, ledger["observed_p5"], ledger["observed_p95"], step="post", color=colour, alpha=0.2, lw=0)
    axes.step(days, ledger["observed_p50"], where="post", color=colour, ls=style, lw=2, label=words)
axes.set(title=f"{mark}observed barrels, 90 % interval", ylabel="barrels, cumulative")
axes.set_xlim(run.config.period.start, run.config.period.end)
axes.legend(frameon=False)
figure.autofmt_xdate()
plt.show()

# %% [markdown]
# ## Call by call

# %%
columns = ["call_id", "arrival", "barrels_p5", "barrels_p50", "barrels_p95", "method"]
old = old_liftings.loc[old_liftings["counts"], columns]
new = new_liftings.loc[new_liftings["counts"], columns]
both = old.merge(new, on="call_id", how="outer", suffixes=("_before", "_after"))
both["change"] = both["barrels_p50_after"] / both["barrels_p50_before"] - 1
shown = ["call_id", "arrival_before", "barrels_p50_before", "barrels_p50_after", "change", "method_after"]
both[shown].round({"barrels_p50_before": 2, "barrels_p50_after": 2, "change": 2})

# %%
figure, axes = plt.subplots(figsize=(9, 0.8 + 0.5 * len(both)))
rows = range(len(both))
axes.plot(both["barrels_p50_before"], rows, "o", color="#0072B2", label="before")
axes.plot(both["barrels_p50_after"], rows, "s", color="#E69F00", label="after")
for n, pair in enumerate(both.itertuples()):
    axes.plot([pair.barrels_p50_before, pair.barrels_p50_after], [n, n], color="#9ca3af", lw=1)
axes.set(yticks=list(rows), yticklabels=list(both["call_id"]), xlabel="barrels", title=f"{mark}each counted call")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Why
#
# `capwatch diff` prints the same. Calls that only one run has usually come from another threshold or another image;
# the same calls with other barrels from another assumption or another measured size.

# %%
found = difference(before, after if after is not None else before)
fills = f"volume.fill.mean: {run.config.volume.fill.mean} and {mean_fill}"
for reason in found.reasons if after is not None else [fills]:
    print(reason)
found.config

# %%
found.inputs

# %% [markdown]
# ## Looks
#
# Fewer usable looks make wider arrivals and more calls that nobody saw, not fewer ships.

# %%
counted_zones = [zone.zone_id for zone in run.place.zones if zone.counts]
looks = run.table("looks")
states = looks[looks["zone_id"].isin(counted_zones)]["state"].value_counts()
figure, axes = plt.subplots(figsize=(5, 2.4))
axes.barh(states.index, states.to_numpy(), color=["#009E73", "#6b7280", "#E69F00"][: len(states)])
axes.set(xlabel="looks at counted berths", title=f"{mark}{before.name}")
plt.show()
