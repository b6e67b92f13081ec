"""Exports for other programs: the table of calls in the form of UN annexes, detections for GIS, STAC items."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.report.geopackage import write_geopackage
from pipeline.report.stac import write_stac
from pipeline.report.story import Story
from pipeline.report.wording import barrels
from pipeline.storage import write_json
from pipeline.table_files import SIMULATED_WORDS, marked, write_table
from pipeline.times_places.longitudes import as_geojson

ANNEX = (  # columns of calls.csv, even if it has no calls
    "ship", "imo", "arrival_date", "dwt_t", "estimated_barrels", "barrels_p5", "barrels_p95", "counted",
    "p_lifting", "berth", "arrival_not_before", "arrival_not_after", "departure_not_before", "departure_not_after",
    "evidence_class", "looks_that_saw_her", "method", "flags", "cause", "detection_ids", "call_id", "simulated",
)  # fmt: skip


def write_exports(story: Story, folder: Path) -> None:
    """``calls.csv``, ``detections.geojson``, ``structures.geojson``, ``run.gpkg`` for QGIS, and ``stac/``."""
    write_table(annex_table(story), folder / "calls.csv")
    write_table(marked(story.tables["detections"], story.simulated), folder / "detections.geojson")
    write_structures(story, folder / "structures.geojson")
    write_geopackage(story, folder / "run.gpkg")
    write_stac(story, folder / "stac")


def write_structures(story: Story, path: Path) -> None:
    """Write the permanent structures in the water learnt from the looks as GeoJSON, for maps and for checking."""
    features = [
        {"type": "Feature", "properties": {"scenes": kind}, "geometry": as_geojson(shape)}
        for kind, shape in sorted(story.structures.items())
    ]
    metadata = {"description": SIMULATED_WORDS} if story.simulated else {}
    write_json(path, {"type": "FeatureCollection", **metadata, "features": features})


def annex_table(story: Story) -> pd.DataFrame:
    """The columns of the 2018 annex (ship, arrival date, deadweight, estimated amount), then evidence and range."""
    rows = []
    for row in story.at_image_times().calls_with_liftings().to_dict("records"):
        # Only counted calls get an amount, as on the page: a coal ship's barrels of oil would be meaningless
        sums = {k: _rounded(row[f"barrels_{k}"]) if row["counts_lifting"] else None for k in ("p5", "p50", "p95")}
        rows.append(
            {
                "ship": row["name"] or "not identified",
                "imo": row["imo"],
                "arrival_date": row["arrival_hi"].strftime("%Y-%m-%d"),
                "dwt_t": _rounded(row["dwt_p50_t"], 2),
                "estimated_barrels": sums["p50"],
                "barrels_p5": sums["p5"],
                "barrels_p95": sums["p95"],
                "counted": bool(row["counts_lifting"]),
                "p_lifting": round(row["p_lifting"], 2),  # 0.963 would be 963 in a spreadsheet with decimal commas
                "berth": row["berth_id"],
                "arrival_not_before": row["arrival_lo"].floor("s"),  # one form of time, which a table reader can tell
                "arrival_not_after": row["arrival_hi"].floor("s"),
                "departure_not_before": row["departure_lo"].floor("s"),
                "departure_not_after": row["departure_hi"].floor("s"),
                "evidence_class": row["evidence_class"],
                "looks_that_saw_her": row["n_seen"],
                "method": row["method"],
                "flags": row["flags"],
                "cause": row["cause"],  # why a call that counts is not in this account, or has no amount
                "detection_ids": row["detection_ids"],
                "call_id": row["call_id"],
                "simulated": story.simulated,
            }
        )
    return pd.DataFrame(rows, columns=list(ANNEX))


def _rounded(value: float, most_digits: int = 3) -> float | None:
    """The number that the page prints."""
    text = barrels(value, most_digits)
    return None if text == "–" else float(text.replace(",", ""))
