"""What each counted call would be without its weakest evidence, found by removing it and running the chain again.

Which evidence is weakest is a rule of ours, not a measurement: first a freeboard from a shadow, then a draught typed
by the crew, then the sighting with the lowest score, then AIS. A sighting is removed with its look, as if the image
had never been taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.report.look_words import SENSOR_WORDS
from pipeline.tables import ROBUSTNESS
from pipeline.times_places.moments import at_image_times, moment
from pipeline.times_places.passes import passes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_CALLS = 60  # our choice: the largest calls first; each one costs a run of calls and volume
FREEBOARDS = ("freeboard_m", "freeboard_lo_m", "freeboard_hi_m")  # columns of sightings
DRAUGHTS = ("draught_in_m", "draught_out_m")


@dataclass(frozen=True, slots=True)
class Chain:
    """The stages after the sightings, as functions of tables."""

    calls: Callable[[pd.DataFrame, pd.DataFrame, pd.DataFrame], pd.DataFrame]  # detections, looks, matches
    account: Callable[[pd.DataFrame], tuple[pd.DataFrame, float]]  # port calls -> liftings, median of the sum
    loading: Callable[[Mapping[Any, Any]], float]  # row of a call -> probability that it loaded


def without_weakest(tables: Mapping[str, pd.DataFrame], chain: Chain) -> pd.DataFrame:
    """One row of ROBUSTNESS per counted call, at most ``MOST_CALLS``."""
    liftings = tables["liftings"]
    counted = liftings[liftings["counts"].astype(bool)].sort_values("barrels_mean", ascending=False).head(MOST_CALLS)
    if not len(counted):
        return ROBUSTNESS.empty()
    calls = tables["port_calls"].set_index("call_id", drop=False)
    sightings = at_image_times(tables["detections"], tables["scenes"])
    _, base_total = chain.account(tables["port_calls"])
    rows = []
    for lifting in counted.itertuples():
        call = calls.loc[lifting.call_id]
        kind, removed, detection_id = weakest(call, str(lifting.method), sightings)
        others = _calls_without(call, kind, detection_id, tables, chain)
        after, total = chain.account(others)
        remaining = _same_call(call, others, after)
        rows.append(
            {
                "call_id": lifting.call_id,
                "removed_kind": kind,
                "removed": removed,
                "still_counts": remaining is not None,
                **{
                    f"barrels_{p}": np.nan if remaining is None else remaining[f"barrels_{p}"]
                    for p in ("p5", "p50", "p95")
                },
                "sum_p50": total,
                "base_sum_p50": base_total,
            }
        )
    return ROBUSTNESS.check(ROBUSTNESS.from_rows(rows))


def weakest(call: Any, method: str, detections: pd.DataFrame) -> tuple[str, str, str]:
    """Kind of a call's weakest evidence, the same in words, and its detection id if it is a sighting."""
    seen = detections[detections["detection_id"].isin(list(call["detection_ids"]))]
    if "freeboard" in method:
        return "freeboard", "the freeboards measured from shadows", ""
    if "draught" in method:
        return "draught", "the draughts that her crew typed", ""
    if not len(seen):
        return "transponder", "her transponder, the only evidence", ""
    width = seen["length_hi_m"] - seen["length_lo_m"]
    ranked = seen.assign(width=width).sort_values(["score", "width", "detection_id"], ascending=[True, False, True])
    worst = ranked.iloc[0]
    when = "" if pd.isna(worst["acquired"]) else f" of {moment(worst['acquired'], worst['flags'])}"
    only = ", the only one" if len(seen) == 1 and pd.isna(call["mmsi"]) else ""
    sensor = SENSOR_WORDS.get(worst["sensor"], worst["sensor"])
    words = f"the {sensor} sighting{when}{only} (score {worst['score']:.2f})"
    return "sighting", words, str(worst["detection_id"])


def _calls_without(
    call: Any, kind: str, detection_id: str, tables: Mapping[str, pd.DataFrame], chain: Chain
) -> pd.DataFrame:
    """The table of port calls without that evidence."""
    calls = tables["port_calls"]
    if kind == "transponder":
        return calls[calls["call_id"] != call["call_id"]]
    if kind == "draught":
        changed, is_call = calls.copy(), calls["call_id"] == call["call_id"]
        changed.loc[is_call, list(DRAUGHTS)] = np.nan
        # Draughts are evidence of the direction, too
        changed.loc[is_call, "p_loading"] = chain.loading(call.to_dict() | dict.fromkeys(DRAUGHTS))
        return changed
    detections, looks, matches = tables["detections"], tables["looks"].copy(), tables["matches"]
    if kind == "freeboard":
        without_freeboards = detections.copy()
        without_freeboards.loc[
            without_freeboards["detection_id"].isin(list(call["detection_ids"])), list(FREEBOARDS)
        ] = np.nan
        return chain.calls(without_freeboards, looks, matches)
    scene = detections.loc[detections["detection_id"] == detection_id, "scene_id"].iloc[0]
    pass_of = passes(detections, looks)
    of_pass = looks["scene_id"].map(pass_of) == pass_of[scene]  # a look bears the id of the pass's best image
    is_blinded = of_pass & (looks["zone_id"] == call["berth_id"])
    looks.loc[is_blinded, "state"] = "unknown"
    return chain.calls(
        detections[detections["detection_id"] != detection_id], looks, matches[matches["det_id"] != detection_id]
    )


def _same_call(call: Any, calls: pd.DataFrame, liftings: pd.DataFrame) -> dict[str, Any] | None:
    """What remains of a call: the counted lifting at its berth that shares its MMSI or a sighting."""
    counted = liftings[liftings["counts"].astype(bool)].set_index("call_id")
    sighting_ids = set(call["detection_ids"])
    for row in calls.itertuples():
        if row.call_id not in counted.index or row.berth_id != call["berth_id"]:
            continue
        same_ship = pd.notna(call["mmsi"]) and pd.notna(row.mmsi) and row.mmsi == call["mmsi"]
        overlap = row.arrival_hi <= call["departure_lo"] and call["arrival_hi"] <= row.departure_lo
        if row.call_id == call["call_id"] or sighting_ids & set(row.detection_ids) or (same_ship and overlap):
            return dict(counted.loc[row.call_id])
    return None
