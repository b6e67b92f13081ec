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
# # Move the assumptions, see the sum move
#
# The barrels of a run depend on three things that were not measured: how full the ships were, what they carried, and
# how much a hull of a given length and beam holds. Change them below and run all cells. Choose a run with the
# environment variable `CAPWATCH_RUN`, or put its folder or id below; a published case (`runs/cases/rusi-2024-03`)
# works, too. Nothing here changes the run.

# %%
import textwrap
from datetime import timedelta

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pipeline import volume
from pipeline.errors import NothingToShow
from pipeline.finished.account import open_account
from pipeline.finished.opened import chosen_run
from pipeline.report.figures import as_steps
from pipeline.report.sensitivity_section import (
    largest_effect_sentence,
    largest_first,
    tornado,
    tornado_height,
    with_spaced_percents,
)
from pipeline.report.wording import barrels, chance, day_range, percent
from pipeline.tables.accounts import FILL_SCENARIOS

chosen = ""  # a run's folder or its id alone; where empty CAPWATCH_RUN, or the last run that finished
opened = open_account(chosen_run(chosen))
cap, calls, seed, period = opened.cap, opened.calls, opened.seed, opened.period
as_of = (period.end - timedelta(microseconds=1)).date()
mark = "SIMULATED: " if opened.simulated else ""
print(f"{mark}{opened.name}, {day_range(period.start, period.end)}, cap {cap.barrels:,.0f} bbl")

# %% [markdown]
# ## Your values
#
# The values below are a cautious reader's: ships two thirds full on average, all of it gas oil, hulls that hold a tenth
# less than the regression says. `None` keeps the run's own value.

# %%
mean_fill = 0.67  # of cargo capacity, on average, where nothing was measured; 0.05 to 0.98
fill_habit_sd = None  # how uncertain that average is; 0 means that you are sure of it
product = "gas_oil"  # gas_oil, gasoline, kerosene, fuel_oil or unnamed, for what is taken for the mix; None: the mix
hull_factor = 0.9  # deadweight against the regression; 1 leaves it; stated sizes and cargoes stay

offered = [p.name for p in opened.volume.products] + ["unnamed"]
if product is not None and product not in offered:
    raise NothingToShow(f"product {product!r} is none of {', '.join(offered)}; None takes the mix.")
if hull_factor <= 0 or not (mean_fill is None or 0.05 <= mean_fill <= 0.98):
    raise NothingToShow(f"hull_factor {hull_factor} is to be above 0, mean_fill {mean_fill} from 0.05 to 0.98.")


# %% [markdown]
# The random draws are the run's own: only the assumptions differ, so no difference below is due to chance.


# %%
def changed_config(config):
    """The run's volume section with the values above."""
    fill = {"mean": mean_fill, "shared_sd": fill_habit_sd}
    fill = config.fill.model_dump() | {name: value for name, value in fill.items() if value is not None}
    return type(config).model_validate(config.model_dump() | {"fill": fill})


def changed_calls(table):
    """The calls with another product where none is named: what a full ship holds follows from it, too."""
    if product is None:
        return table
    found = volume.liftings(table, before_config, seed).set_index("call_id")["product"]
    named = table["product"] if "product" in table else pd.Series(None, table.index, dtype=object)
    return table.assign(product=named.mask(table["call_id"].map(found) == "mix", product))


def changed_liftings(table):
    """The liftings with other hulls; ships with a deadweight of their own keep it, and stated cargo stays as stated."""
    table = table.copy()
    stated = table[["given_barrels", "given_tonnes"]].notna().any(axis=1)  # of these a full ship is what was stated
    regressed = (table["dwt_shared_sd"].fillna(0) > 0) & ~stated
    moved = ["dwt_p50_t", *(f"barrels_at_{name}" for name, _ in FILL_SCENARIOS)]
    table.loc[regressed, moved] *= hull_factor
    return table


def account_of(calls, config, change):
    """Liftings, account and headline of calls under a config."""
    liftings = change(volume.liftings(calls, config, seed))
    account = volume.ledger(liftings, cap, config, seed, as_of=as_of)
    return liftings, account, volume.headline(liftings, account, cap, config)


before_config, after_config = opened.volume, changed_config(opened.volume)
as_assumed, before, head_before = account_of(calls, before_config, lambda table: table)
liftings, after, head_after = account_of(changed_calls(calls), after_config, changed_liftings)
if not head_before.calls_counted:
    raise NothingToShow("No call is counted here, so there is no sum that an assumption could move.")
rows = {
    name: {
        "counted calls": head.calls_counted,
        "p5, bbl": barrels(head.barrels_p5),
        "p50, bbl": barrels(head.barrels_p50),
        "p95, bbl": barrels(head.barrels_p95),
        "p50, share of the cap": percent(head.share_p50),
        "P(over cap)": chance(head.p_over_cap),
    }
    for name, head in (("as the run assumed", head_before), ("your values", head_after))
}
pd.DataFrame(rows).T

# %% [markdown]
# ## The account, before and after
#
# The band is the 90 % interval. It contains the uncertainty within the assumptions, not that of the assumptions: where
# the two bands separate, the choice of assumptions matters more than all drawn uncertainty.


# %%
def watermark(axes):
    """The word that cannot be overlooked, on pictures of simulated runs."""
    if opened.simulated:
        place = {"transform": axes.transAxes, "ha": "center", "va": "center"}
        axes.text(0.5, 0.5, "SIMULATED", color="#b91c1c", alpha=0.15, fontsize=30, rotation=15, **place)


figure, axes = plt.subplots(figsize=(9, 4.2))
styles = (("as the run assumed", before, "#0072B2", "-"), ("your values", after, "#D55E00", "--"))
for label, account, colour, style in styles:
    day, account = as_steps(account)
    axes.fill_between(day, account["observed_p5"], account["observed_p95"], step="post", color=colour, alpha=0.2, lw=0)
    axes.step(day, account["observed_p50"], where="post", color=colour, ls=style, lw=2, label=label)
top = max(before["observed_p95"].max(), after["observed_p95"].max())
for share, words in ((0.25, "a quarter of the cap"), (1.0, "the cap")):
    if share * cap.barrels < 2 * top:
        axes.axhline(share * cap.barrels, color="black", lw=share + 0.5, ls=":", label=words)
axes.set(ylabel="barrels, cumulative", ylim=(0, None), xlim=(period.start, period.end))
axes.yaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
axes.legend(loc="upper left", frameon=False)
watermark(axes)
figure.autofmt_xdate()
plt.show()

# %% [markdown]
# ## The published fills beside it
#
# Panels and governments counted every ship as a third, a half, 60 %, 90 % or completely full. Each dot is that sum for
# the same calls, as if each had lifted. Lines and bands are the median and the 90 % interval of these calls, each with
# its probability of lifting, without further ships that the looks could not distinguish: so they may be lower than the
# sums above. Break-even is the common fill at which these calls alone reach the cap.

# %%
figure, axes = plt.subplots(figsize=(9, 3.6))
shares = np.array([share for _, share in FILL_SCENARIOS])
for held, config, head, label, colour, marker, style in (
    (as_assumed, before_config, head_before, "as the run assumed", "#0072B2", "o", "-"),
    (liftings, after_config, head_after, "your values", "#D55E00", "s", "--"),
):
    shown = held.assign(p_one_call=1.0, p_new_call=1.0, calls_mean=1.0)  # each call is one, and none hides another
    alone = volume.ledger(shown, cap, config, seed, as_of=as_of).iloc[-1]
    sums = [head.scenario_bbl[name] for name, _ in FILL_SCENARIOS]
    axes.plot(shares * 100, sums, marker, color=colour, label=f"published fills, {label}")
    words = f"these calls alone, {label}: {barrels(alone['observed_p50'])}"
    axes.axhspan(alone["observed_p5"], alone["observed_p95"], color=colour, alpha=0.15, lw=0)
    axes.axhline(alone["observed_p50"], color=colour, ls=style, lw=1.5, label=words)
axes.set(xlabel="fill of every ship, %", ylabel="barrels", ylim=(0, None))
axes.yaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
axes.legend(fontsize=8, frameon=False)
watermark(axes)
plt.show()


# %%
def break_even(head):
    """The break-even of a headline in words."""
    if head.break_even_fill is None:
        return "no counted call, so there is none"
    if head.break_even_fill > 1:
        return f"{percent(head.break_even_fill)}: these ships cannot carry the cap, however full"
    return f"{percent(head.break_even_fill)} of every ship, or a mean cargo of {head.break_even_bbl_per_call:,.0f} bbl"


print(f"{mark}break-even as the run assumed: {break_even(head_before)}")
print(f"{mark}break-even with your values:   {break_even(head_after)}")

# %% [markdown]
# ## What moves your answer most
#
# Each assumption is set to both ends of its range while the others stay at your values. The table shows which drawn
# inputs cause the spread of the sum: an input's first-order Sobol index is the share of the sum's variance that would
# vanish if it alone were known, and `sobol_se` its standard error.

# %%
moved = with_spaced_percents(volume.sensitivity(liftings, after, cap, after_config, seed))
shown = largest_first(moved)
figure, axes = plt.subplots(figsize=(6, tornado_height(len(shown))), layout="constrained")
tornado(axes, shown)
print(textwrap.fill(mark + largest_effect_sentence(moved), 100))
watermark(axes)
plt.show()

# %%
inputs = moved[moved["kind"] == "input"].sort_values("sobol", ascending=False)
inputs.set_index("what")[["sobol", "sobol_se"]].clip(lower=0).round(3)  # one that moves nothing may come out below 0

# %% [markdown]
# ## What this cannot tell
#
# - **Calls that nobody saw.** A ship between two looks is in neither curve, whatever the fill.
# - **Which fill is right.** No measured one is published. Only draughts, freeboards or documents tell; where a call has
#   them, they outweigh your value, and the curve moves less than expected.
# - **Which sightings are one call.** The calls are those of the run. If some are known from images alone, the run's
#   report gives the sum for stays half and twice as long, under *What moves the answer*.
# - **Assumptions that are not in the list.** A cargo transferred between ships at sea, a delivery elsewhere, a berth
#   that handles another product altogether.
# - **Two at once.** A bar changes one assumption. If low fills go together with a product of few barrels per tonne, the
#   sum falls by more than either bar; set both values at the top and run again.
