"""The report's sensitivity section: a tornado chart, a sentence naming the largest effect, and two short tables."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.quantiles import Z90
from pipeline.report.drawing import BLUE, ORANGE, lay_out, mark_simulated, new_figure, to_svg
from pipeline.report.wording import barrels, change, percent
from pipeline.tables import SENSITIVITY
from pipeline.times_places.moments import moment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.report.story import Story

BARS = 8  # the rest are too short to compare by eye (our choice)
CALLS = 10  # calls listed, likewise (our choice)
NAMELESS = ("anonymous", "")  # table values for a ship without a name
CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.2}  # behind a label, so that no line crosses it
LEAST_CHANGE = 0.001  # of the median: less is not drawn
LABEL_CHARS, LABEL_LINES = 50, 2  # as many letters as the chart is wide, in any font; a ship's name may be longer
WIDTH_IN = 4.0  # so that 9 pt stay 9 pt on a phone


def sensitivity_figures(story: Story) -> dict[str, str]:
    """SVG text by name: ``sensitivity``, the tornado chart; empty if no call was counted."""
    shown = largest_first(_shown_table(story))
    if not len(shown):
        return {}
    figure, axes = new_figure(WIDTH_IN, tornado_height(len(shown)))
    tornado(axes, shown)
    mark_simulated(axes, story)
    return {"sensitivity": to_svg(lay_out(figure), "sensitivity")}


def tornado_height(bars: int) -> float:
    """Height [in] for this number of bars with their labels."""
    return 0.75 + 0.6 * bars


def largest_first(table: pd.DataFrame, bars: int = BARS) -> pd.DataFrame:
    """Assumptions, choices and published ranges that move the median most, with their ``swing`` in barrels."""
    ends = table[table["kind"].isin(["assumption", "choice", "published"])].copy()
    high = ends[["low_p50", "high_p50", "base_p50"]].max(axis=1)
    ends["swing"] = high - ends[["low_p50", "high_p50", "base_p50"]].min(axis=1)
    ends = ends[ends["swing"] > LEAST_CHANGE * ends["base_p50"]]
    return ends.sort_values(["swing", "item"], ascending=[False, True]).head(bars)


def tornado(axes: Axes, shown: pd.DataFrame) -> None:
    """Draw bars from the base median to the median at both ends of each assumption, with its label above.

    The two ends differ in colour, lightness and hatching; the change is printed at the bar's end.
    """
    base, left, right = _extent(shown)
    span = right - left
    for n, row in enumerate(shown.itertuples()):
        ends = [(row.low_p50, BLUE, ""), (row.high_p50, ORANGE, "////")]
        ends.sort(key=lambda end: -abs(end[0] - base))  # if both are on one side, the nearer is drawn on top
        one_side = (row.low_p50 - base) * (row.high_p50 - base) > 0
        for order, (value, colour, hatch) in enumerate(ends):
            if value == base:
                continue
            axes.barh(-n, value - base, left=base, height=0.3, color=colour, edgecolor="black", lw=0.5, hatch=hatch)
            if one_side and order == 1:
                continue  # its number would be on the other's bar; the table has it
            sign = 1 if value > base else -1
            axes.annotate(
                change(value, base),
                (value, -n), xytext=(3 * sign, 0), textcoords="offset points",
                ha="left" if sign > 0 else "right", va="center", fontsize=8,
            )  # fmt: skip
        axes.text(
            0.0, -n + 0.40, _in_lines(_label(row)), transform=axes.get_yaxis_transform(),
            fontsize=8.5, weight="bold", va="bottom", linespacing=1.05, parse_math=False, bbox=CLEAR,
        )  # fmt: skip
        axes.text(
            0.0, -n + 0.28, f"{row.low_setting} | {row.high_setting}", transform=axes.get_yaxis_transform(),
            fontsize=7.5, color="#374151", va="center", bbox=CLEAR,
        )  # fmt: skip
    axes.axvline(base, color="black", lw=1.0, zorder=2)
    axes.set(xlim=(left - 0.16 * span, right + 0.16 * span), ylim=(-len(shown) + 0.7, 0.62), yticks=[])
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(lambda v, _p: f"{v:,.0f}")
    axes.tick_params(labelsize=8)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.set_xlabel(f"median of the sum, barrels; as assumed: {barrels(base)}", fontsize=8)


def _extent(shown: pd.DataFrame) -> tuple[float, float, float]:
    """The base median, and the least and greatest value of the bars, at least a barrel apart."""
    base = float(shown["base_p50"].iloc[0])
    values = shown[["low_p50", "high_p50"]].to_numpy()
    left = min(values.min(), base)
    return base, left, max(values.max(), base, left + 1.0)


def _label(row: Any) -> str:
    """A bar's label; a star marks published ranges."""
    return f"{row.what[0].upper()}{row.what[1:]}" + (" *" if row.kind == "published" else "")


def _in_lines(label: str) -> str:
    """A label wrapped to the chart's width, and cut after LABEL_LINES lines."""
    return "\n".join(wrap(label, LABEL_CHARS, max_lines=LABEL_LINES, placeholder="…"))


def section_content(story: Story) -> dict[str, Any] | None:
    """The content of the report's section; None if no call was counted."""
    table = _shown_table(story)
    if not len(table):
        return None
    return {
        "sentence": largest_effect_sentence(table),
        "inputs": _index_rows(table[table["kind"] == "input"].sort_values("sobol", ascending=False, kind="stable")),
        "alone": percent(_first_order_share(table[table["kind"] == "input"])),
        "calls": _call_rows(table, story),
        "unseen": _unseen_content(table),
        "bars": _bars(largest_first(table)),
    }


def _bars(shown: pd.DataFrame) -> dict[str, Any] | None:
    """The tornado as positions, 0 to 100, for the page to draw in its own colours."""
    if not len(shown):
        return None
    base, left, right = _extent(shown)

    def position(value: float) -> float:
        return round(14 + 72 * (value - left) / (right - left), 2)

    rows = [
        {
            "what": _label(row),
            "low": row.low_setting, "high": row.high_setting,
            "low_at": position(row.low_p50), "high_at": position(row.high_p50),
            "low_change": change(row.low_p50, base), "high_change": change(row.high_p50, base),
            "low_bbl": barrels(row.low_p50), "high_bbl": barrels(row.high_p50),
        }
        for row in shown.itertuples()
    ]  # fmt: skip
    stays = bool((shown["name"] == "stay_length").any())
    return {"base": barrels(base), "base_at": position(base), "rows": rows, "stays": stays}


def largest_effect_sentence(table: pd.DataFrame) -> str:
    """The assumption that moves the median most, and the main source of the sum's variance, in words."""
    ranked = largest_first(table, bars=len(table))
    assumptions = ranked[ranked["kind"] == "assumption"]
    if not table["base_p50"].iloc[0] > 0:
        return f"The median of the sum is 0: the chance that nothing was moved decides it.{_spread(table)}"
    if not len(assumptions):
        return "No assumption within its range moves the sum: it rests on stated barrels."
    top = assumptions.iloc[0]
    text = (
        f"Of our own assumptions, {top['what']} moves the answer most ({top['low_setting']}: "
        f"{barrels(top['low_p50'])} barrels; {top['high_setting']}: {barrels(top['high_p50'])}; "
        f"as assumed: {barrels(top['base_p50'])})."
    )
    published = ranked[ranked["kind"] == "published"]
    if len(published) and published.iloc[0]["swing"] > top["swing"]:
        widest = published.iloc[0]
        far_end = max("low", "high", key=lambda end: abs(widest[f"{end}_p50"] - widest["base_p50"]))
        text += (
            f" The range of published fills has a wider effect: with {widest[f'{far_end}_setting']} as the assumed "
            f"mean fill the sum would be {barrels(widest[f'{far_end}_p50'])} barrels."
        )
    return text + _spread(table) + _spread_with_unseen(table)


def _spread(table: pd.DataFrame) -> str:
    """The sampled input with the largest share of the variance, which need not be what moves the median most."""
    inputs = table[table["kind"] == "input"].sort_values("sobol", ascending=False, kind="stable")
    if not len(inputs) or inputs["sobol"].iloc[0] <= 0:
        return ""
    top = inputs.iloc[0]
    share = percent(top["sobol"])
    return f" The largest part of the sum's variance comes from {top['what']} ({share})."


def _spread_with_unseen(table: pd.DataFrame) -> str:
    """The same for the sum with unseen calls; "" if not computed."""
    inputs = _inputs_with_unseen(table)
    if not len(inputs) or inputs["sobol"].iloc[0] <= 0:
        return ""
    top = inputs.iloc[0]
    return f" Of the variance with unseen calls, the largest part comes from {top['what']} ({percent(top['sobol'])})."


def _inputs_with_unseen(table: pd.DataFrame) -> pd.DataFrame:
    """Inputs of the sum with unseen calls, largest share of variance first."""
    return table[table["kind"] == "with_unseen"].sort_values("sobol", ascending=False, kind="stable")


def _unseen_content(table: pd.DataFrame) -> dict[str, Any] | None:
    """The inputs of the sum with unseen calls, each with its share and the median at both ends; None without them."""
    inputs = _inputs_with_unseen(table)
    if not len(inputs):
        return None
    ends = [
        f"{r.low_setting} {barrels(r.low_p50)}; {r.high_setting} {barrels(r.high_p50)}" for r in inputs.itertuples()
    ]
    rows = [row | {"ends": ends_text} for row, ends_text in zip(_index_rows(inputs), [*ends, ""], strict=True)]
    return {"base": barrels(inputs["base_p50"].iloc[0]), "rows": rows}


def with_spaced_percents(table: pd.DataFrame) -> pd.DataFrame:
    """The table with settings formatted as in reports: a space before the percent sign."""
    settings = ("low_setting", "high_setting")
    return table.assign(**{c: table[c].str.replace(r"(?<=\d)%", " %", regex=True) for c in settings})


def _shown_table(story: Story) -> pd.DataFrame:
    """The table as shown on the page, with the largest call named."""
    table = story.tables.get("sensitivity", SENSITIVITY.empty())
    if not len(table):
        return table
    what = table["what"].where(table["name"] != "largest_call", f"the largest call{_largest_call_words(table, story)}")
    return with_spaced_percents(table).assign(what=what.where(~what.isin(NAMELESS), "not identified"))


def _largest_call_words(table: pd.DataFrame, story: Story) -> str:
    """Day and ship of the call with the largest mean cargo, in brackets."""
    calls = table[table["kind"] == "call"].set_index("name")["what"]
    liftings = story.tables.get("liftings")
    if liftings is None or not len(calls):
        return ""
    counted = liftings[liftings["call_id"].isin(calls.index)]  # in this account; its order breaks ties
    top = str(counted["call_id"].iloc[counted["barrels_mean"].fillna(0.0).to_numpy().argmax()])
    ship = "not identified" if calls[top] in NAMELESS else calls[top]
    doubted = counted.set_index("call_id")["calls_mean"].get(top, 1.0) > 1 + LEAST_CHANGE
    return f" ({_arrival_day(top, story)}, {ship}{', with possible further ships' if doubted else ''})"


def _arrival_day(call_id: str, story: Story) -> str:
    """The day by which the whole page refers to a call."""
    return moment(story.tables["port_calls"].set_index("call_id")["arrival_hi"].get(call_id))[:10]


def _first_order_share(inputs: pd.DataFrame) -> float:
    """Share of the variance explained by the inputs individually, 0 to 1."""
    return min(1.0, float(inputs["sobol"].clip(lower=0).sum()))


def _index_rows(inputs: pd.DataFrame) -> list[dict[str, str]]:
    """Sobol indices in percent, in order; the remainder is due to interactions."""
    rows = [
        {
            "what": r.what,
            "share": f"{100 * max(r.sobol, 0.0):.0f} %",
            "error": f"± {100 * Z90 * r.sobol_se:.1f} points",
        }
        for r in inputs.itertuples()
    ]
    return [
        *rows,
        {"what": "several of these at once", "share": f"{100 * (1 - _first_order_share(inputs)):.0f} %", "error": ""},
    ]


def _call_rows(table: pd.DataFrame, story: Story) -> list[dict[str, str]]:
    """The calls that carry most of the sum."""
    calls = table[table["kind"] == "call"].sort_values(["share_of_mean", "name"], ascending=[False, True])
    return [
        {
            "id": r.name,
            "day": _arrival_day(r.name, story),
            "ship": r.what,
            "mean": percent(r.share_of_mean),
            "variance": percent(max(r.share_of_variance, 0.0)),
        }
        for r in calls.head(CALLS).itertuples(index=False)
    ]
