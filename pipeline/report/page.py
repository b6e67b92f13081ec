"""The report: one HTML file that holds all its pictures and opens without a network."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.report.sensitivity_section import moves
from pipeline.report.story import Story
from pipeline.report.wording import answer, barrels, day_counts, interval, moment, percent, unverified

TEMPLATES = Path(__file__).parent / "templates"
EVIDENCE_WORDS = {
    "A": "AIS entry, stop and exit",
    "B": "AIS in part",
    "C": "two or more images",
    "D": "one image",
}


def render(story: Story, figures: dict[str, str], folder: Path) -> str:
    """The page as HTML text. Everything from the data is escaped; the figures are our own SVG."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"barrels": barrels, "percent": percent, "moment": moment}
    calls = _calls(story, folder)
    return environment.get_template("report.html.j2").render(
        story=story,
        head=story.headline,
        answer=answer(story),
        days=day_counts(story),
        figures={name: Markup(svg) for name, svg in figures.items()},  # noqa: S704 - drawn by us, labels escaped by matplotlib
        counted=[c for c in calls if c["counts"]],
        others=[c for c in calls if not c["counts"]],
        scenes=_scenes(story),
        unverified=unverified(story.tables["scenes"]),
        facts=story.config.aoi.facts,
        volume=story.config.volume,
        moves=moves(story),
    )


def _calls(story: Story, folder: Path) -> list[dict[str, Any]]:
    """Each call with its cargo and chips, in order of arrival."""
    chips = story.tables["detections"].set_index("detection_id")
    both = story.tables["port_calls"].merge(story.tables["liftings"], on="call_id", suffixes=("", "_lifting"))
    out = []
    for row in both.to_dict("records"):
        looks = [_chip(chips.loc[d], folder) for d in row["detection_ids"] if d in chips.index]
        out.append(
            {
                "id": row["call_id"],
                "name": row["name"] or "not identified",
                "berth": row["berth_id"],
                "arrival": f"{moment(row['arrival_lo'])} to {moment(row['arrival_hi'])}",
                "departure": f"{moment(row['departure_lo'])} to {moment(row['departure_hi'])}",
                "arrival_day": row["arrival_hi"].strftime("%Y-%m-%d"),
                "counts": bool(row["counts_lifting"]),
                "why_not": row["cause"],
                "evidence": f"{row['evidence_class']}: {EVIDENCE_WORDS[row['evidence_class']]}",
                "seen": f"{row['n_seen']} of {row['n_looks']} usable looks",
                "length": interval(row["length_m"], row["length_lo_m"], row["length_hi_m"], "m"),
                "beam": interval(row["beam_m"], row["beam_lo_m"], row["beam_hi_m"], "m"),
                "dwt": f"{barrels(row['dwt_p50_t'])} t ({barrels(row['dwt_p5_t'])} to {barrels(row['dwt_p95_t'])})",
                "draughts": _pair(row["draught_in_m"], row["draught_out_m"]),
                "freeboards": _pair(row["freeboard_in_m"], row["freeboard_out_m"]),
                "p_lifting": percent(row["p_lifting"]),
                "barrels": barrels(row["barrels_p50"]),
                "range": f"{barrels(row['barrels_p5'])} to {barrels(row['barrels_p95'])}",
                "scenarios": [barrels(row[f"barrels_at_{name}"]) for name in ("33", "50", "60", "90", "100")],
                "method": row["method"],
                "flags": ", ".join(row["flags"]),
                "chips": looks,
            }
        )
    return out


def _pair(first: float, last: float) -> str:
    if pd.isna(first) and pd.isna(last):
        return "not known"
    return " to ".join("not known" if pd.isna(v) else f"{v:.1f} m" for v in (first, last))


def _chip(row: pd.Series, folder: Path) -> dict[str, str]:
    path = folder / row["chip"] if row["chip"] else None
    data = base64.b64encode(path.read_bytes()).decode() if path is not None and path.is_file() else ""
    length = interval(row["length_m"], row["length_lo_m"], row["length_hi_m"], "m")
    side = "" if pd.isna(row["freeboard_m"]) else f", freeboard {row['freeboard_m']:.1f} m"
    return {
        "png": data,
        "caption": f"{moment(row['acquired'])} UTC, {row['sensor']}, length {length}{side}",
        "flags": ", ".join(row["flags"]),
    }


def _scenes(story: Story) -> list[dict[str, str]]:
    out = []
    for row in story.tables["scenes"].sort_values(["acquired", "scene_id"]).itertuples():
        out.append(
            {
                "acquired": moment(row.acquired),
                "sensor": row.sensor,
                "id": row.scene_id,
                "status": row.status,
                "cause": row.cause,
                "cloud": "" if pd.isna(row.cloud_fraction) else percent(row.cloud_fraction),
                "hash": row.sha256[:12],
                "verified": "checksum agreed" if row.verified else "unverified",
            }
        )
    return out
