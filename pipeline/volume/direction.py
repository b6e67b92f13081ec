"""Probability that a call loaded or discharged, and which draughts and freeboards are evidence on the cargo.

Loading: the ship leaves deeper than she came; discharging: lighter; neither: no cargo moved. Two equal draughts mostly
mean that nobody typed the second one; how often follows from the table's other calls. What the table states
(``p_loading``, ``p_discharging``) has priority over the draughts. A table without either is assumed to list only what
the account counts: draughts and freeboards that agree leave it so, those that contradict it are believed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.ships.largest import HIGHEST_M
from pipeline.ships.retyping import is_changed, retyped_shares_by_others
from pipeline.ships.signs_of_cargo import BEST_SIDE_SD_M, draught_change_likelihood
from pipeline.volume.cells import Refused, Row, draught, number, positive, share, truth
from pipeline.volume.evidence import COLUMNS, FREEBOARD_SD_M

if TYPE_CHECKING:
    from pipeline.config import VolumeConfig

SURE = 0.5  # probability from which a direction is named
OTHER_END = {"in": "out", "out": "in"}


@dataclass(frozen=True, slots=True)
class Direction:
    """Probabilities that cargo came aboard and that it went ashore; the rest is that neither happened."""

    p_loading: float
    p_discharging: float
    told: bool  # there is evidence for it, or a prior of the place; else it is assumed

    @property
    def name(self) -> str:
        """loading, discharging, neither, or unknown."""
        neither = 1 - self.p_loading - self.p_discharging
        ways = {"loading": self.p_loading, "discharging": self.p_discharging, "neither": neither}
        likeliest = max(ways, key=lambda way: ways[way])
        return likeliest if self.told and ways[likeliest] >= SURE else "unknown"


def direction_of(call: Row, config: VolumeConfig) -> Direction:
    """Direction of one call: as stated, else by draughts or freeboards, else as counted; Refused if invalid."""
    loading, discharging = number(call, "p_loading"), number(call, "p_discharging")
    if loading is not None or discharging is not None:
        p_loading = share(call, "p_loading") if loading is not None else 1 - share(call, "p_discharging")
        p_discharging = share(call, "p_discharging") if discharging is not None else 1 - p_loading
        if p_loading + p_discharging > 1 + 1e-9:
            raise Refused(f"p_loading {p_loading:g} and p_discharging {p_discharging:g} add up to more than 1")
        return Direction(p_loading, p_discharging, True)
    into, out = draught(call, "draught_in_m"), draught(call, "draught_out_m")
    granted = 1.0 if config.counted == "loading" else 0.0
    deeper = None
    if into is not None and out is not None and is_changed(out - into):
        deeper = out > into
    elif (risen := _risen_m(call)) is not None and abs(risen[0]) > 2 * risen[1]:
        deeper = risen[0] < 0
    p_loading = granted if deeper is None else heard(granted, draught_change_likelihood(deeper=deeper))
    return Direction(p_loading, 1 - p_loading, deeper is not None)


def heard(granted: float, likely: float) -> float:
    """A direction that is only assumed (0 or 1), updated by evidence of likelihood ``likely`` for loading.

    It is unchanged where the evidence agrees, so that evidence for a cargo never lowers it; otherwise the evidence
    replaces it.

    >>> heard(1.0, 0.95), heard(1.0, 0.05), heard(0.0, 0.05)
    (1.0, 0.05, 0.0)
    """
    agrees = likely >= SURE if granted else likely <= SURE
    return granted if agrees else likely


def habits_of(calls: Iterable[Row | None]) -> list[float]:
    """For each call, the share of second draughts that are newly typed, from the other calls that count and have both.

    None is a row that is no evidence for others.
    """
    return retyped_shares_by_others([None if call is None else _typed_anew(call) for call in calls])


def _typed_anew(call: Row) -> bool | None:
    """Do the two draughts differ? None without both, or where the call does not count."""
    try:
        into, out = draught(call, "draught_in_m"), draught(call, "draught_out_m")
        counts = truth(call, "counts")
    except Refused:
        return None
    return is_changed(out - into) if into is not None and out is not None and counts else None


def _risen_m(call: Row) -> tuple[float, float] | None:
    """Last less first freeboard with its standard error [m]; None without both, or where they may be of two hulls."""
    first, last = positive(call, "freeboard_in_m", HIGHEST_M), positive(call, "freeboard_out_m", HIGHEST_M)
    if first is None or last is None or share(call, "p_same_hull") < SURE:
        return None
    return last - first, math.hypot(
        *(positive(call, f"freeboard_{end}_sd_m", HIGHEST_M) or FREEBOARD_SD_M for end in OTHER_END)
    )


def usable_evidence(call: Row, config: VolumeConfig) -> Row:
    """Draughts and freeboards that are evidence on a counted cargo; Refused where one is impossible.

    A ship that moved cargo the other way moved none that counts: her draughts or freeboards are then dropped. Draughts
    that are the same within their step are evidence for a small cargo, as far as both were typed.
    """
    seen = _seen(call)
    light = "in" if config.counted == "loading" else "out"
    laden = OTHER_END[light]
    shallow, deep = seen[f"draught_{light}_m"], seen[f"draught_{laden}_m"]
    if shallow is not None and deep is not None and shallow > deep and is_changed(deep - shallow):
        seen["draught_in_m"] = seen["draught_out_m"] = None
    high, low = seen[f"freeboard_{light}_m"], seen[f"freeboard_{laden}_m"]
    if high is not None and low is not None:
        errors = math.hypot(*(seen[f"freeboard_{end}_sd_m"] or FREEBOARD_SD_M for end in (light, laden)))
        if low - high > 2 * errors:
            seen["freeboard_in_m"] = seen["freeboard_out_m"] = None
    return seen


def _seen(call: Row) -> Row:
    """Draughts, freeboards and their errors as the table states them; Refused where one is nonsense."""
    seen: Row = {}
    for name in COLUMNS:
        seen[name] = draught(call, name) if name.startswith("draught") else positive(call, name, HIGHEST_M)
        if name.endswith("_sd_m") and seen[name] is not None:
            seen[name] = max(seen[name], BEST_SIDE_SD_M)
    seen["p_same_hull"] = None if number(call, "p_same_hull") is None else share(call, "p_same_hull")
    return seen
