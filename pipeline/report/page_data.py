"""Data for the page's scripts: map layers, looks, calls and the account as plain numbers and text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from pipeline.config import MOVED
from pipeline.report.assets import data_uri
from pipeline.report.extrapolated import mostly_extrapolated
from pipeline.report.opening import shown_alone
from pipeline.report.quicklooks import read_quicklooks
from pipeline.report.wording import call_numbers, counted_place, zones_in_order
from pipeline.tables.accounts import FILL_SCENARIOS
from pipeline.types import ONLY_DATED, TO_THE_DAY

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.report.story import Story

MOST_FLAGGED = 1500  # rejected objects, best scores first: more would clutter the map
MOST_ACCEPTED = 4000  # dots that a browser still draws smoothly (our choice)
MOST_PICTURE_BYTES = 4_000_000  # quicklooks in one page
SILENCE = pd.Timedelta(hours=2)  # a track is not drawn through a longer one
EPOCH = pd.Timestamp(0, tz="UTC")
TRACK_TOLERANCE_DEG = 1.5e-4  # some 15 m: the width of the line on the screen
COAST_TOLERANCE_DEG = 2e-5  # some 2 m: less than a pixel of Sentinel's


def page_data(story: Story, folder: Path) -> dict[str, Any]:
    """Everything that the page's scripts need, ready for JSON."""
    return {
        "simulated": story.simulated,
        "place": story.place.name,
        "aoi": story.config.aoi.id,
        "bbox": list(story.place.bbox),
        "start": seconds(story.config.period.start),
        "end": seconds(story.config.period.end),
        "account": account(story),
        "moved": MOVED[story.config.volume.counted][0],
        "zones": _zones(story),
        "counted": counted_place(story),
        "land": _land(story),
        "coast": _coast(story),
        "credit": story.place.coast_credit,
        "structures": [r for shape in story.structures.values() for r in rings(shape)],
        "looks": _looks(story),
        "scenes": _scenes(story, folder),
        "detections": detections(story),
        "tracks": tracks(story),
        "calls": _calls(story),
    }


def seconds(moment: Any) -> int | None:
    """Seconds since 1970, UTC; None without a time."""
    return None if moment is None or pd.isna(moment) else int(pd.Timestamp(moment).timestamp())


def rings(shape: BaseGeometry | None, tolerance_deg: float = 0.0) -> list[list[list[float]]]:
    """Outlines as [lat, lon] pairs rounded to a metre; holes are separate outlines."""
    if shape is None or shape.is_empty:
        return []
    simple = shape.simplify(tolerance_deg) if tolerance_deg else shape
    lines = [r for p in shapely.get_parts(simple) if p.geom_type == "Polygon" for r in (p.exterior, *p.interiors)]
    return [[[round(y, 5), round(x, 5)] for x, y in np.asarray(line.coords)[:, :2]] for line in lines]


def account(story: Story) -> dict[str, Any]:
    """The ledger's columns, days of the period only."""
    ledger = story.tables["ledger"]
    first, last = story.config.period.start.strftime("%Y-%m-%d"), story.config.period.end.strftime("%Y-%m-%d")
    shown = ledger[(ledger["day"] >= first) & (ledger["day"] <= last)]
    columns = ["observed_p5", "observed_p50", "observed_p95", "corrected_p5", "corrected_p50", "corrected_p95"]
    columns += [f"at_{name}" for name, _ in FILL_SCENARIOS]
    series = {c: [_rounded(v) for v in shown[c]] for c in columns}
    alone = shown_alone(story)
    before = story.as_detected.tables["ledger"].set_index("day") if story.as_detected is not None else None
    if before is not None:
        series["as_detected_p50"] = [_rounded(before["observed_p50"].get(day)) for day in shown["day"]]
    return {
        "days": list(shown["day"]), "looked": list(shown["looked"]), "cap": story.headline.cap_bbl, "series": series,
        "alone": None if alone is None else _rounded(alone.alone_bbl), "extrapolated": bool(mostly_extrapolated(story)),
    }  # fmt: skip


def _rounded(value: Any) -> float | None:
    """To a hundredth: the scripts round to three digits, and whole barrels rounded again may differ from the text."""
    return None if value is None or pd.isna(value) else round(float(value), 2)


def _zones(story: Story) -> list[dict[str, Any]]:
    return [
        {"id": z.zone_id, "name": z.name or z.zone_id, "kind": z.kind, "counts": z.counts, "rings": rings(z.geometry)}
        for z in zones_in_order(story)
    ]


def _land(story: Story) -> list[list[list[list[float]]]]:
    """Polygons, each a list of rings: outline first, then holes."""
    if story.place.land is None:
        return []
    west, south, east, north = story.place.bbox
    margin = 0.5 * max(east - west, north - south)
    land = shapely.clip_by_rect(story.place.land, west - margin, south - margin, east + margin, north + margin)
    return [rings(p, COAST_TOLERANCE_DEG) for p in shapely.get_parts(land) if p.geom_type == "Polygon"]


def _coast(story: Story) -> list[list[list[float]]]:
    """The shoreline: the border of the land without the straight edges at which its file was clipped."""
    if story.place.land is None or story.place.land.is_empty:
        return []
    frame = shapely.box(*story.place.land.bounds).exterior.buffer(1e-4)
    shore = story.place.land.boundary.difference(frame).simplify(COAST_TOLERANCE_DEG)
    lines = [p for p in shapely.get_parts(shore) if p.geom_type == "LineString"]
    return [[[round(y, 5), round(x, 5)] for x, y in np.asarray(line.coords)[:, :2]] for line in lines]


def _looks(story: Story) -> list[dict[str, Any]]:
    """Looks in order of time, with ``berth`` (occupied, empty or unknown) if the look had a basis for a verdict."""
    rows = story.tables["looks"].sort_values(["acquired", "look_id"])
    occupancy = story.tables.get("occupancy")
    verdicts = {} if occupancy is None else {k.look_id: k for k in occupancy.itertuples() if k.basis != "none"}
    return [
        {
            "zone": r.zone_id, "scene": r.scene_id, "t": seconds(r.acquired), "state": r.state,
            "covered": None if pd.isna(r.covered) else round(r.covered, 2), "cause": r.cause, "n": int(r.n_detections),
            **_berth_verdict(verdicts.get(r.look_id)),
        }
        for r in rows.itertuples() if pd.notna(r.acquired)
    ]  # fmt: skip


def _berth_verdict(verdict: Any) -> dict[str, Any]:
    """A look's verdict on its berth; empty if it is not a berth, or there was no basis for a verdict."""
    if verdict is None:
        return {}
    known = pd.notna(verdict.probability)
    return {"berth": verdict.verdict, "p": round(float(verdict.probability), 4) if known else None}


def _scenes(story: Story, folder: Path) -> list[dict[str, Any]]:
    """Scenes with a footprint, and their quicklooks as long as the page stays small enough to email."""
    index, spent, out = read_quicklooks(folder / "quicklooks"), 0, []
    for r in story.tables["scenes"].sort_values(["acquired", "scene_id"]).itertuples():
        entry: dict[str, Any] = {
            "id": r.scene_id, "t": seconds(r.acquired), "sensor": r.sensor, "status": r.status,
            "rings": rings(r.footprint),
            "pixel_m": None if pd.isna(r.pixel_spacing_m) else float(f"{r.pixel_spacing_m:.3g}"),
        }  # fmt: skip
        if r.acquired_precision == TO_THE_DAY:
            entry["dated"] = True
        look = index.get(r.scene_id)
        if look is not None and spent < MOST_PICTURE_BYTES:
            entry |= {"image": data_uri(folder / "quicklooks" / look["file"]), "bounds": look["bounds"]}
            spent += len(entry["image"])
        out.append(entry)
    return out


def detections(story: Story) -> list[dict[str, Any]]:
    """Objects on the map by kind: ``ais`` (matched to AIS), ``none`` (not matched), or ``flagged`` (rejected)."""
    table = story.tables["detections"]
    table = table[table["lon"].notna()].sort_values(
        ["accepted", "score", "detection_id"], ascending=[False, False, True]
    )
    accepted, flagged = table[table["accepted"].astype(bool)], table[~table["accepted"].astype(bool)]
    shown = pd.concat([accepted.head(MOST_ACCEPTED), flagged.head(MOST_FLAGGED)])
    partner = story.tables["matches"].set_index("det_id")["mmsi"]
    call_of = {d: c.call_id for c in story.tables["port_calls"].itertuples() for d in c.detection_ids}
    out = []
    for r in shown.itertuples():
        matched = r.detection_id in partner.index and pd.notna(partner[r.detection_id])
        out.append(
            {
                "id": r.detection_id, "scene": r.scene_id, "t": seconds(r.acquired),
                "at": [round(r.lat, 5), round(r.lon, 5)], "ring": next(iter(rings(r.geometry)), []),
                "kind": "flagged" if not r.accepted else "ais" if matched else "none",
                "mmsi": int(partner[r.detection_id]) if matched else None, "sensor": r.sensor, "zone": r.berth_id,
                "length": [round(r.length_m), round(r.length_lo_m), round(r.length_hi_m)],
                "score": round(r.score, 4),  # at two decimals, 99.2 % would not be "over 99 %", as her card has it
                "flags": list(r.flags), "call": call_of.get(r.detection_id, ""),
            }
        )  # fmt: skip
    return out


def tracks(story: Story) -> list[dict[str, Any]]:
    """Fixes without flags, joined unless a silence lies between, thinned to screen resolution: [lat, lon, seconds]."""
    table, names = story.tables["tracks"], _reports_by_mmsi(story)
    out = []
    for track_id, track in table[table["flags"].map(len) == 0].groupby("track_id"):
        silent = (track["time_utc"].diff() > SILENCE).cumsum()
        mmsi = int(track["mmsi"].iloc[0])
        for _, part in track.groupby(silent):
            points = np.column_stack([part["lon"], part["lat"], (part["time_utc"] - EPOCH) // pd.Timedelta("1s")])
            if len(points) > 2:
                points = np.asarray(shapely.LineString(points).simplify(TRACK_TOLERANCE_DEG).coords)
            line = [[y, x, int(t)] for x, y, t in points.round(5).tolist()]
            out.append({"id": str(track_id), "mmsi": mmsi, "name": _name_at(names.get(mmsi), part), "line": line})
    return out


def _reports_by_mmsi(story: Story) -> dict[int, pd.DataFrame]:
    static = story.tables["static"]
    return {int(m): reports for m, reports in static[static["name"].notna() & (static["name"] != "")].groupby("mmsi")}


def _name_at(reports: pd.DataFrame | None, part: pd.DataFrame) -> str:
    """The ship's name at the time of a track segment: an MMSI may pass from one ship to another."""
    if reports is None:
        return ""
    by_then = reports[reports["time_utc"] <= part["time_utc"].iloc[-1]]
    return str(by_then["name"].iloc[-1] if len(by_then) else reports["name"].iloc[0])


def _calls(story: Story) -> list[dict[str, Any]]:
    calls = story.calls_with_liftings()
    numbers = call_numbers(story)
    return [
        {
            "id": r["call_id"], "number": numbers.get(r["call_id"]), "name": r["name"] or "not identified",
            "zone": r["berth_id"],
            "t": [seconds(moment) for moment in (
                r["arrival_lo"], *sorted([r["arrival_hi"], r["departure_lo"]]), r["departure_hi"]
            )],
            "counts": bool(r["counts_lifting"]), "bbl": _rounded(r["barrels_p50"]) if r["counts_lifting"] else None,
            "evidence": r["evidence_class"],
            **({"dated": True} if ONLY_DATED in r["flags"] else {}),
        }
        for r in calls.sort_values(["arrival_hi", "call_id"]).to_dict("records")
    ]  # fmt: skip
