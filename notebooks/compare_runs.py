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
# What changed, and why: the result first, then settings, inputs, verdicts and code, then call by call. Choose two runs
# with the environment variables `CAPWATCH_RUN` and `CAPWATCH_OTHER`, or put their folders or ids below. If no second
# run is named, the account of the first is computed again with a different fill, so that there is something to compare.

# %%
import os
from datetime import timedelta

import matplotlib.pyplot as plt
import pandas as pd

from pipeline import volume
from pipeline.config import CapConfig, load
from pipeline.finished.opened import chosen_run, open_run
from pipeline.finished.overview import NO_CALL, account_calls, difference, list_runs, same_calls
from pipeline.report.figures import as_steps
from pipeline.report.wording import barrels, change, method_words
from pipeline.workspace import CONFIG_FILES

pd.set_option("display.max_colwidth", None)
chosen, other = "", ""  # folders or ids; where empty CAPWATCH_RUN, or the last run that finished, and CAPWATCH_OTHER
before = chosen_run(chosen)
after = chosen_run(other, variable="CAPWATCH_OTHER") if other or os.environ.get("CAPWATCH_OTHER") else None
run = open_run(before)
second = run if after is None else open_run(after)
mark = "SIMULATED: " if run.simulated or second.simulated else ""
print(f"{mark}{run.place.name}: {before.name} against {after.name if after else 'itself with another fill'}")

# %% [markdown]
# ## What there is to compare

# %%
runs = list_runs(before.parent.parent)
runs = runs[runs["barrels_p50"].notna()]  # neither unfinished ones nor published cases
shown = runs[["aoi", "run", "other"]].fillna("")
shown.insert(2, "made", runs["made"].str[:16])
shown.insert(3, "period, end excluded", runs["period"])
shown.insert(4, "calls", runs["calls"].astype(int))
medians = [barrels(row.barrels_p50) if row.calls else NO_CALL for row in runs.itertuples()]
shown.insert(5, "barrels, p50", medians)
shown.style.hide(axis="index")

# %% [markdown]
# ## The two accounts
#
# The second account is that of the other run, or that of the same calls under another assumption: `mean`, the fill of
# ships whose load was not measured.

# %%
mean_fill = 0.6
cap = load(CapConfig, before / CONFIG_FILES / run.config.cap)
old_liftings, old_ledger = run.table("liftings"), run.table("ledger")
if after is not None:
    new_liftings, new_ledger = second.table("liftings"), second.table("ledger")
else:
    fill = run.config.volume.fill.model_copy(update={"mean": mean_fill})
    assumed = run.config.volume.model_copy(update={"fill": fill})
    as_of = (run.config.period.end - timedelta(microseconds=1)).date()
    new_liftings = volume.liftings(run.table("port_calls"), assumed, run.config.seed)
    new_ledger = volume.ledger(new_liftings, cap, assumed, run.config.seed, as_of=as_of)

# %%
if not (old_liftings["counts"].any() or new_liftings["counts"].any()):
    print("no call is counted in either, so both accounts are empty")
figure, axes = plt.subplots(figsize=(9, 4))
for ledger, colour, words, style in ((old_ledger, "#0072B2", "before", "-"), (new_ledger, "#D55E00", "after", "--")):
    days, ledger = as_steps(ledger)
    axes.fill_between(days, ledger["observed_p5"], ledger["observed_p95"], step="post", color=colour, alpha=0.2, lw=0)
    axes.step(days, ledger["observed_p50"], where="post", color=colour, ls=style, lw=2, label=words)
axes.set(title=f"{mark}observed barrels, 90 % interval", ylabel="barrels, cumulative")
periods = [one.config.period for one in (run, second)]
axes.set(xlim=(min(p.start for p in periods), max(p.end for p in periods)), ylim=(0, None))
if not max(ledger["observed_p95"].max() for ledger in (old_ledger, new_ledger)):
    axes.set(ylim=(0, cap.barrels))  # barrels of nothing have no scale of their own
axes.yaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
axes.legend(frameon=False)
figure.autofmt_xdate()
plt.show()

# %% [markdown]
# ## Why
#
# `capwatch diff` prints the same. Analysts' verdicts, a different threshold or a different image add or remove calls; a
# different assumption or measured size changes the barrels of the same calls.

# %%
found = difference(before, after if after is not None else before)
fills = f"volume.fill.mean: {run.config.volume.fill.mean} and {mean_fill}"
for reason in found.reasons if after is not None else [fills]:
    print(reason)
ends = [ledger.iloc[-1] for ledger in (old_ledger, new_ledger)]
sums = [(f"observed barrels, {p}", *(barrels(end[f"observed_{p}"]) for end in ends)) for p in ("p5", "p50", "p95")]
found.result if after is not None else pd.DataFrame(sums, columns=["quantity", "before", "after"])

# %%
tables = {"setting": found.config, "file": found.inputs, "verdict": found.verdicts}
parts = [t.rename(columns={what: "which"}).assign(what=what) for what, t in tables.items()]
rows = pd.concat(parts)[["what", "which", "before", "after"]]
rows if len(rows) else print("no other setting, file or verdict")

# %% [markdown]
# ## Call by call
#
# Barrels of a call are those if she lifted. They do not add up to the sum above, which allows for calls without a
# lifting and for ships that the looks could not distinguish.

# %%
old = account_calls(before)
loads = new_liftings[["call_id", "barrels_p50", "method"]]
new = account_calls(after) if after is not None else old[old.columns.difference(loads.columns[1:])].merge(loads)
ids = same_calls(old, new, one_place=run.config.aoi.id == second.config.aoi.id)  # another image changes a call's id
new = new.replace({"call_id": {there: here for here, there in ids.items()}})
both = old.merge(new, on="call_id", how="outer", suffixes=("_before", "_after"))
both["arrived"] = both["arrival_hi_before"].fillna(both["arrival_hi_after"]).dt.strftime("%Y-%m-%d")
both["ship"] = both["name_before"].fillna(both["name_after"]).replace("", "not identified")
both = both.sort_values(["arrived", "call_id"], ignore_index=True)
table = both[["arrived", "ship", "call_id"]].copy()
for end in ("before", "after"):
    table[end] = [barrels(b) if pd.notna(b) else "not in it" for b in both[f"barrels_p50_{end}"]]
pairs = both[["barrels_p50_after", "barrels_p50_before"]].to_numpy()
table["change"] = [change(after_bbl, before_bbl) for after_bbl, before_bbl in pairs]
table["how"] = both["method_after"].fillna(both["method_before"]).map(method_words)
table if len(table) else print("no call is counted in either")

# %%
if len(both):
    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.5 * len(both)))
    for n, pair in enumerate(both.itertuples()):
        axes.plot([pair.barrels_p50_before, pair.barrels_p50_after], [n, n], color="#9ca3af", lw=1)
    rows = range(len(both))
    axes.plot(both["barrels_p50_before"], rows, "o", ms=11, mfc="none", color="#0072B2", label="before")
    axes.plot(both["barrels_p50_after"], rows, "s", color="#D55E00", label="after")
    axes.set(yticks=list(rows), yticklabels=list(both["arrived"] + ", " + both["ship"]), xlabel="barrels, median")
    axes.set(ylim=(len(both) - 0.5, -0.5), title=f"{mark}each counted call; one mark alone: counted in one run only")
    axes.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
    axes.legend(frameon=False)
    plt.show()

# %% [markdown]
# ## Looks
#
# Fewer usable looks mean wider arrival intervals and more calls that nobody saw, not fewer ships.

# %%
colours = {"usable": "#009E73", "partly": "#E69F00", "unknown": "#6b7280"}
figure, axes = plt.subplots(figsize=(6, 2.4))
for n, (words, one) in enumerate((("before", run), *([("after", second)] if after is not None else []))):
    counted_zones = [zone.zone_id for zone in one.place.zones if zone.counts]
    looks, left = one.table("looks"), 0
    for state, colour in colours.items():
        count = int((looks["zone_id"].isin(counted_zones) & (looks["state"] == state)).sum())
        axes.barh(words, count, 0.5, left=left, color=colour, label=state if n == 0 else None)
        left += count
axes.set(xlabel="looks at counted berths", title=f"{mark}{before.name}{f' and {after.name}' if after else ''}")
axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.3), fontsize=8)
axes.invert_yaxis()
plt.show()
