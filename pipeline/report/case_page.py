"""The page of a published case: published and computed figures, our estimate, sources. One offline HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.report.assets import PLAIN_STYLES, assets
from pipeline.report.page import environment
from pipeline.report.wording import barrels, day_range, percent
from pipeline.tables.accounts import FILL_SCENARIOS

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import CapConfig, CaseConfig
    from pipeline.types import Headline

FILL_WORDS = {"33": "1/3 full", "50": "50 %", "60": "60 %", "90": "90 %", "100": "full"}


@dataclass(frozen=True, slots=True, eq=False)
class CaseStory:
    """Everything that the page of a case shows.

    ``comparison`` has one row per figure: what, quantity, fill, origin, published, computed, computed_rounded,
    difference, reproduced, source. ``readings`` and ``implied`` are rows of plain numbers by name [bbl, t].
    """

    config: CaseConfig
    cap: CapConfig
    published: Headline  # for the calls as published
    estimate: Headline  # for the same calls under our evidence-based estimate
    comparison: pd.DataFrame
    readings: tuple[Mapping[str, Any], ...]  # one for each factor: 7.46 and 8.33 bbl/t
    implied: tuple[Mapping[str, Any], ...]  # one for each published total without a fill
    calls: pd.DataFrame
    code_version: str


def render_case(story: CaseStory) -> str:
    """The page as HTML text; everything from the case file is escaped."""
    from markupsafe import Markup

    rows = [_row(row, story.config) for row in story.comparison.to_dict("records")]
    published = [row for row in rows if row["origin"] == "published"]
    page_assets = assets(styles=PLAIN_STYLES, scripts=())
    jinja = environment().overlay()
    jinja.filters = jinja.filters | {"exact": exact}
    return jinja.get_template("case.html.j2").render(
        styles=Markup(page_assets.styles),  # noqa: S704 - files of this package
        policy=page_assets.policy,
        case=story.config,
        cap=story.cap,
        head=story.published,
        estimate=story.estimate,
        answer=_answer(story),
        rows=rows,
        published=published,
        worked_out=len(rows) - len(published),
        missed=int((~story.comparison["reproduced"]).sum()),
        scenarios=[_scenario(name, story) for name, _ in FILL_SCENARIOS],
        readings=story.readings,
        implied=story.implied,
        urls={source.id: source for source in story.config.sources},
        assumed=bool(story.calls["date_basis"].str.startswith("assumed").all()),
        code_version=story.code_version,
        period=day_range(story.config.period.start, story.config.period.end),
    )


def exact(value: float) -> str:
    """A number to the barrel or tonne.

    >>> exact(124950.0)
    '124,950'
    """
    return f"{value:,.0f}"


def figure_text(value: float, quantity: str, step: float = 1.0) -> str:
    """A figure with its unit, and the digits of the step that it was rounded to.

    >>> [figure_text(share, "share_of_cap", 0.01) for share in (0.25, 7.56)], figure_text(1559, "break_even_t_per_call")
    (['25 %', '756 %'], '1,559 t')
    """
    if quantity in {"share_of_cap", "break_even_fill"}:
        return f"{100 * value:.{_digits(100 * step)}f} %"
    return f"{value:,.{_digits(step)}f} {'t' if quantity == 'break_even_t_per_call' else 'bbl'}"


def _digits(step: float) -> int:
    """Number of decimals that a step needs."""
    return next((n for n in range(6) if round(step * 10**n, 6) >= 1), 6)


def _row(row: Mapping[Any, Any], config: CaseConfig) -> dict[str, Any]:
    figure = next(f for f in config.figures if f.what == row["what"])
    step = figure.rounded_to
    zero = abs(row["difference"]) < step / 2
    return {
        "what": row["what"],
        "origin": row["origin"],
        "published": figure_text(row["published"], row["quantity"], step),
        "computed": figure_text(row["computed_rounded"], row["quantity"], step),
        "unrounded": figure_text(row["computed"], row["quantity"], step / 10),
        "difference": "0" if zero else figure_text(row["difference"], row["quantity"], step),
        "reproduced": bool(row["reproduced"]),
        "source": figure.source,
    }


def _scenario(name: str, story: CaseStory) -> dict[str, Any]:
    total = story.published.scenario_bbl[name]
    calls = story.published.calls_counted
    rows = story.comparison
    stated = rows[(rows["quantity"] == "barrels") & (rows["fill"] == name)].to_dict("records")
    to_the_barrel = [
        r["computed_rounded"] for r in stated for f in story.config.figures if f.what == r["what"] and f.rounded_to == 1
    ]
    return {
        "words": FILL_WORDS[name],
        "total": to_the_barrel[0] if to_the_barrel else total,  # one rounding for one sum on the page
        "share": total / story.cap.barrels,
        "per_call": total / calls if calls else 0.0,
        "published": bool(stated),
    }


def _answer(story: CaseStory) -> str:
    """The opening sentence of the page."""
    count, n_missed = len(story.comparison), int((~story.comparison["reproduced"]).sum())
    n_derived = int((story.comparison["origin"] == "derived").sum())
    if n_missed:
        outcome = f"{n_missed} of {count} figures {'does' if n_missed == 1 else 'do'} not come out as stated."
    elif n_derived == count:
        outcome = "What follows from the published count comes out as we derived it."
    else:
        outcome = "The published figure comes out." if count - n_derived == 1 else "The published figures come out."
    head = story.estimate
    return (
        f"{outcome} Our own estimate for the same {head.calls_counted} calls is {barrels(head.barrels_p50)} barrels "
        f"(90 % interval {barrels(head.barrels_p5)} to {barrels(head.barrels_p95)}), {percent(head.share_p50)} of the "
        f"annual cap of {story.cap.barrels:,.0f} barrels."
    )
