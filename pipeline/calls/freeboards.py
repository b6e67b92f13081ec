"""What the freeboards of one stay say of her cargo: how much deeper she lies at the last look than at the first.

Two freeboards of one hull differ by the change of draught whatever her depth, so their change is better evidence of
cargo than either alone. It counts only if both looks show the same hull. The probability of that goes with it: from her
transponder where she has one, else from how long ships stay and how alike the two looks are. How much was loaded
between the looks depends on when in her stay they were.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.calls.counting import empty_since
from pipeline.calls.same_ship import freeboard_change
from pipeline.quantiles import Z90
from pipeline.ships.signs_of_cargo import BEST_SIDE_SD_M
from pipeline.ships.stay_times import stay_times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.ships.turnover import EmptyLook, Turnover

MAX_P_MATCH = 0.995  # no match with a transponder is surer than this (our choice)
FREEBOARD_COLUMNS = (  # columns of PORT_CALLS that this module fills
    *(f"freeboard_{end}_{k}" for end in ("in", "out") for k in ("m", "sd_m", "at")),
    *(f"draught_seen_{end}_{k}" for end in ("in", "out") for k in ("m", "lo_m", "hi_m")),
    *(f"freeboard_change_{k}" for k in ("m", "lo_m", "hi_m")),
    "p_same_hull",
)
MIN_P_SAME_HULL = 0.5  # below, the looks more likely show two hulls


def freeboards(sightings: pd.DataFrame, mmsi: int | None, turns: Turnover, stay: Mapping[Any, Any]) -> dict[str, Any]:
    """First and last freeboard of a stay's sightings, their times and change, and the draughts that go with them.

    A single freeboard counts as first or last by how much of her stay had passed, as far as the bounds of ``stay``
    (``arrival_lo`` to ``departure_hi``) tell. Keys are columns of PORT_CALLS; unknown values are left out.
    """
    ordered = sightings.sort_values(["acquired", "detection_id"]) if len(sightings) else sightings
    measured = ordered[ordered["freeboard_m"].notna()] if len(sightings) else sightings
    if not len(measured):
        return {}
    ends = [("in", 0), ("out", -1)]
    if len(measured) == 1:
        ends = [("in", 0)] if _share_passed(measured["acquired"].iloc[0], stay, turns) < 0.5 else [("out", 0)]
    out: dict[str, Any] = {}
    for end, at in ends:
        look = measured.iloc[at]
        out[f"freeboard_{end}_m"] = float(look["freeboard_m"])
        out[f"freeboard_{end}_sd_m"] = float(look["freeboard_hi_m"] - look["freeboard_lo_m"]) / (2 * Z90)
        out[f"freeboard_{end}_at"] = look["acquired"]
        out |= {f"draught_seen_{end}_{k}": float(look[f"draught_{k}"]) for k in ("m", "lo_m", "hi_m")}
    if len(ends) == 2:
        first, last = measured.iloc[0].to_dict(), measured.iloc[-1].to_dict()
        after = ordered[ordered["acquired"].between(first["acquired"], last["acquired"], inclusive="right")]
        missed = float(after["missed_before"].prod()) if "missed_before" in after else 1.0
        empty = empty_since(first, [look for between in after.get("empty_before", ()) for look in between])
        change = freeboard_change(first, last, _prior_same_hull(first, last, mmsi, turns, missed, empty))
        if change is not None:
            out |= {
                "freeboard_change_m": change.change_m,
                "freeboard_change_lo_m": change.lo_m,
                "freeboard_change_hi_m": change.hi_m,
                "p_same_hull": change.p_same_ship,
            }
    return out


def _share_passed(look: pd.Timestamp, stay: Mapping[Any, Any], turns: Turnover) -> float:
    """Share of her stay that had passed at a look (median)."""
    low, high = (None if pd.isna(stay[name]) else stay[name] for name in ("arrival_lo", "departure_hi"))
    return stay_times((low, stay["arrival_hi"]), (stay["departure_lo"], high), look, None, turns.stay_d).median_share


def _prior_same_hull(
    first: dict[str, Any],
    last: dict[str, Any],
    mmsi: int | None,
    turns: Turnover,
    missed: float,
    empty: Sequence[EmptyLook],
) -> float:
    """Prior probability that both looks show one hull, before sizes and decks are compared.

    ``missed`` is the probability that all looks between them that did not show her missed her; those of them that show
    the spot empty (``empty``) did not show another ship either.
    """
    gap_d = (last["acquired"] - first["acquired"]).total_seconds() / 86_400
    still, another = missed * turns.p_still_there(0.0, gap_d), turns.p_another(0.0, gap_d, empty=empty)
    chance = still / (still + another) if still + another > 0 else 0.0
    if mmsi is not None and first.get("mmsi") == last.get("mmsi") == mmsi:
        # Where the hull beside may be hers, the same one may be taken for her in both looks
        chance = max(chance, float(first["match_probability"]) * float(last["match_probability"]))
    return min(MAX_P_MATCH, max(0.01, chance))


def deeper_by(row: Mapping[Any, Any]) -> tuple[float, float] | None:
    """How much deeper she lay at the last look [m], and its standard error; None without two freeboards."""
    change = row.get("freeboard_change_m")
    if change is None or not math.isfinite(change):
        return None
    reach = float(row["freeboard_change_hi_m"]) - float(row["freeboard_change_lo_m"])
    return -float(change), max(reach / (2 * Z90), BEST_SIDE_SD_M)
