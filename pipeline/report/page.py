"""Renders the report: one HTML file with all its images and scripts, usable offline."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.config import MOVED
from pipeline.plurals import number_of
from pipeline.report.assets import as_json, assets
from pipeline.report.cards import EVIDENCE_WORDS, cards
from pipeline.report.extrapolated import looks_show_line, mostly_extrapolated
from pipeline.report.file_names import shortener, with_short_names
from pipeline.report.opening import caveats, opening_text, shown_alone
from pipeline.report.page_data import page_data
from pipeline.report.sensitivity_section import section_content
from pipeline.report.story import Story
from pipeline.report.warnings_list import warnings
from pipeline.report.wording import (
    barrels,
    counted_place,
    counted_zones,
    crossing_words,
    day_counts,
    day_range,
    outside_period_words,
    passing,
    percent,
    product_sources,
    simulated_words,
    tonnes_line,
    zones_without_estimate,
)
from pipeline.tables.accounts import FILL_SCENARIOS
from pipeline.times_places.moments import moment, moment_of_image
from pipeline.types import RADARS

TEMPLATES = Path(__file__).parent / "templates"
STATIC_FIGURES = ("map", "timeline", "account")  # shown if scripts do not run; the map also in print


def render(story: Story, figures: dict[str, str], folder: Path) -> str:
    """The page as HTML text. Everything from the data is escaped; the figures are our own SVG."""
    from markupsafe import Markup

    page_assets = assets()
    story = with_short_names(story.at_image_times())
    calls = cards(story, folder)
    return environment().get_template("report.html.j2").render(
        story=story,
        head=story.headline,
        **dict(zip(("moved", "moving"), MOVED[story.config.volume.counted], strict=True)),
        unknown_zones=zones_without_estimate(story),
        answer=opening_text(story),
        caveats=caveats(story),
        shown=shown_alone(story),
        counted_place=counted_place(story),
        simulated_words=simulated_words(story),
        any_counts=bool(counted_zones(story)),
        looks_show=looks_show_line(story),
        unseen_sum=story.headline.corrected_bbl is not None and story.headline.corrected_bbl[2] > 0,
        mostly_extrapolated=mostly_extrapolated(story),
        tonnes_line=tonnes_line(story.headline),
        crossing=crossing_words(story.headline),
        account_year=story.cap.account_year_words(story.headline.account_year),
        product_sources=product_sources(story.config.volume),
        outside_period=outside_period_words(story.tables["port_calls"]),
        days=day_counts(story),
        period=day_range(story.config.period.start, story.config.period.end),
        figures={name: Markup(figures.get(name, "")) for name in STATIC_FIGURES},  # noqa: S704 - drawn by us, labels escaped by matplotlib
        styles=Markup(page_assets.styles),  # noqa: S704 - files of this package
        scripts=[Markup(text) for text in page_assets.scripts],  # noqa: S704 - files of this package
        policy=page_assets.policy,
        data=Markup(as_json(page_data(story, folder))),  # noqa: S704 - no "<" is left in it
        calls=calls,
        evidence_words=EVIDENCE_WORDS,
        scenario_names=[name for name, _ in FILL_SCENARIOS],
        scenes=_scenes(story),
        inputs=_other_inputs(story),
        warnings=warnings(story),
        sensitivity=section_content(story),
        reviews=_reviews(story),
        recalls=_recalls(story),
        stays=_stays(story),
        as_detected=story.as_detected.headline if story.as_detected is not None else None,
    )  # fmt: skip


@cache
def environment() -> Any:
    """Jinja with autoescape and our filters; an undefined name is an error. Shared by all pages of this process, so
    that templates are compiled once; for more filters take an overlay."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {"barrels": barrels, "percent": percent, "moment": moment, "number_of": number_of}
    jinja.filters["passing"] = passing
    return jinja


def _other_inputs(story: Story) -> list[dict[str, Any]]:
    """Input files other than scenes, usually AIS."""
    scenes, shorten = set(story.tables["scenes"]["href"]), shortener(story)
    return [{**record, "path": shorten(str(record["path"]))} for record in story.inputs if record["path"] not in scenes]


def _scenes(story: Story) -> list[dict[str, Any]]:
    out = []
    for row in story.tables["scenes"].sort_values(["acquired", "scene_id"]).itertuples():
        out.append(
            {
                "acquired": moment_of_image(row.acquired, row.acquired_precision),
                "sensor": row.sensor,
                "id": row.scene_id,
                "status": row.status,
                "cause": row.cause,
                "cloud": _cloud(row),
                "pixel": "" if pd.isna(row.pixel_spacing_m) else f"{row.pixel_spacing_m:.3g} m",
                "hash": row.sha256[:12],
                "full_hash": row.sha256,
                "verified": "checksum agreed" if row.verified else "unverified",
                "simulated": bool(row.simulated),
            }
        )
    return out


def _cloud(row: Any) -> str:
    """Share of an image under cloud; radar sees through it."""
    if pd.notna(row.cloud_fraction):
        return percent(row.cloud_fraction)
    return "not known" if row.sensor not in RADARS else ""


def _reviews(story: Story) -> list[dict[str, Any]]:
    """Analysts' verdicts, those that could not be applied first."""
    table = story.tables.get("reviews")
    if table is None or not len(table):
        return []
    order = {"orphaned": 0, "refused": 1, "applied": 2, "superseded": 3}
    rows = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    return sorted(rows, key=lambda r: (order[r["outcome"]], r["line"]))


def _stays(story: Story) -> str:
    """How long ships stay at counted berths, and how that is known; "" in a run without the table."""
    table = story.tables.get("stay_laws")
    if table is None:
        return ""
    declared, used = table.to_dict("records")
    days = "{stay_d:.1f} days (nine in ten {stay_lo_d:.1f} to {stay_hi_d:.1f})"
    evidence = [
        (used["heard"], "stay", "heard whole"),
        (used["unended"], "stay", "not over when AIS ends"),
        (used.get("pairs", 0), "pair", "of consecutive looks at ships without AIS"),
    ]
    shown = [f"{number_of(count, thing)} {what}" for count, thing, what in evidence if count]
    if not shown:
        return f"{days.format(**used)}, as declared; neither AIS nor images correct it."
    return f"{days.format(**used)}. Declared are {days.format(**declared)}, corrected by {', '.join(shown)}."


def _recalls(story: Story) -> list[dict[str, Any]]:
    """Recall of looks, for the kinds of image and place in this run, each row with its number of trials."""
    table = story.tables.get("recalls")
    if table is None:
        return []
    scenes = story.tables["scenes"]
    sensors = set(scenes.loc[scenes["status"].isin(["used", "degraded"]), "sensor"])
    rows = table[(table["size"] == "all") & table["sensor"].isin(sensors)]
    return [
        {
            "sensor": r.sensor,
            "where": r.context.replace("_", " "),
            "tried": f"{r.hits} of {r.tries}" if r.tries else "none transmitted",
            "recall": f"{percent(r.recall)} ({percent(r.recall_lo)} to {percent(r.recall_hi)})",
        }
        for r in rows.itertuples()
    ]
