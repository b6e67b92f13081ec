"""Probability that each call loaded, from its draughts and freeboards; for a joined visit, from all its looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.calls.direction import p_loading
from pipeline.calls.freeboards import FREEBOARD_COLUMNS, MIN_P_SAME_HULL, deeper_by, freeboards
from pipeline.quantiles import Z90
from pipeline.ships.retyping import RETYPED, is_changed, retyped_shares_by_others
from pipeline.ships.sides import Hull, side_likelihoods
from pipeline.ships.signs_of_cargo import BEST_SIDE_SD_M, freeboard_change_likelihood
from pipeline.ships.stay_times import stay_times_of
from pipeline.ships.turnover import turnover

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.config import CallsConfig
    from pipeline.types import Place, Zone

Row = dict[str, Any]
OF_TWO_HULLS, WEAK = "freeboards_of_two_hulls", "weak_draught"


def habits_of(rows: Iterable[Mapping[Any, Any]]) -> list[float]:
    """For each row, the share of crews that type a new draught, from the other rows that count."""
    steps = [deeper_m(row) if row["counts"] else None for row in rows]
    return retyped_shares_by_others([None if step is None else is_changed(step) for step in steps])


def deeper_m(row: Mapping[Any, Any]) -> float | None:
    """Draught on departure less that on arrival [m]; None without both."""
    draught_in_m, draught_out_m = _number(row, "draught_in_m"), _number(row, "draught_out_m")
    return None if draught_in_m is None or draught_out_m is None else draught_out_m - draught_in_m


def chance_of_loading(row: Mapping[Any, Any], zone: Zone, config: CallsConfig, habit: float = RETYPED) -> float:
    """Probability that cargo came aboard; 0 at an anchorage that does not count.

    At an anchorage that counts, cargo goes from ship to ship, and the ship that gave it leaves lighter.
    """
    if zone.kind != "berth" and not zone.counts:
        return 0.0
    prior = config.prior_p_loading
    return p_loading(prior, deeper_m(row), freeboard_likelihood(row, prior, config.stay_d), habit)


def freeboard_likelihood(row: Mapping[Any, Any], prior: float, stay_d: tuple[float, float]) -> float | None:
    """Likelihood of a call's freeboards if cargo came aboard, 1 less that if not; None without freeboards.

    By their heights and when in the stay they were seen; for a ship of unknown length by their change alone.
    """
    stated_p_same_hull = _number(row, "p_same_hull")
    p_same_hull = 1.0 if stated_p_same_hull is None else stated_p_same_hull
    stay, length_m = stay_times_of(row, stay_d), _number(row, "length_m")
    if stay is None or length_m is None:
        change = deeper_by(row)
        return None if change is None else freeboard_change_likelihood(*change, p_same_hull)
    low, high = _number(row, "length_lo_m"), _number(row, "length_hi_m")
    log_sd = 0.0 if low is None or high is None else (high - low) / (2 * Z90 * length_m)
    hull = Hull(length_m, log_sd, _number(row, "depth_m"), _number(row, "design_draught_m"))
    return side_likelihoods(hull, stay, _freeboard(row, "in"), _freeboard(row, "out")).loading_likelihood(
        prior, p_same_hull
    )


def _freeboard(row: Mapping[Any, Any], end: str) -> tuple[float, float] | None:
    height_m, error_m = _number(row, f"freeboard_{end}_m"), _number(row, f"freeboard_{end}_sd_m")
    return None if height_m is None else (height_m, max(error_m or 0.0, BEST_SIDE_SD_M))


def freeboard_flags(row: Mapping[Any, Any]) -> dict[str, bool]:
    """Flags on doubts about a call's freeboards, each with whether it is set."""
    p_same_hull = _number(row, "p_same_hull")
    draughts_seen_m = [_number(row, f"draught_seen_{end}_m") for end in ("in", "out")]
    return {
        OF_TWO_HULLS: p_same_hull is not None and p_same_hull < MIN_P_SAME_HULL,
        WEAK: draughts_seen_m != [None, None],
    }


def visit_fields(
    visit: Mapping[Any, Any], detections: pd.DataFrame, place: Place, config: CallsConfig, habit: float
) -> Row:
    """Fields of a call that an analyst joined from several: freeboards from all looks, and what follows from them.

    A look that was early or late in a call of its own may be the opposite in the visit. That all looks show one hull is
    the analyst's judgement.
    """
    sightings = detections[detections["detection_id"].isin(list(visit["detection_ids"]))]
    fields = {name: pd.NaT if name.endswith("_at") else float("nan") for name in FREEBOARD_COLUMNS} | freeboards(
        sightings, None, turnover(config.stay_d, 1, 1), visit
    )
    fields |= {"p_same_hull": 1.0} if pd.notna(fields["p_same_hull"]) else {}
    updated_visit = dict(visit) | fields
    doubts = freeboard_flags(updated_visit)
    flags = [flag for flag in visit["flags"] if flag not in doubts] + [flag for flag, on in doubts.items() if on]
    zone = place.zone(visit["berth_id"])
    chance = visit["p_loading"] if zone is None else chance_of_loading(updated_visit, zone, config, habit)
    return fields | {"flags": flags, "p_loading": chance}


def _number(row: Mapping[Any, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None or pd.isna(value) else float(value)
