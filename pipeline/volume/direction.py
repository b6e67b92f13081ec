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
from pipeline.volume.cells import Refused, Row, read_bool, read_draught, read_number, read_positive, read_share
from pipeline.volume.evidence import EVIDENCE_COLUMNS, FREEBOARD_SD_M

if TYPE_CHECKING:
    from pipeline.config import VolumeConfig

PROBABLE = 0.5  # probability from which a direction is named
OTHER_END = {"in": "out", "out": "in"}


@dataclass(frozen=True, slots=True)
class Direction:
    """Probabilities that cargo came aboard and that it went ashore; the rest is that neither happened."""

    p_loading: float
    p_discharging: float
    has_evidence: bool  # there is evidence for it, or a prior of the place; else it is assumed

    @property
    def name(self) -> str:
        """loading, discharging, neither, or unknown."""
        neither = 1 - self.p_loading - self.p_discharging
        ways = {"loading": self.p_loading, "discharging": self.p_discharging, "neither": neither}
        likeliest = max(ways, key=lambda way: ways[way])
        return likeliest if self.has_evidence and ways[likeliest] >= PROBABLE else "unknown"


def direction_of(call: Row, config: VolumeConfig) -> Direction:
    """Direction of one call: as stated, else by draughts or freeboards, else as counted; Refused if invalid."""
    loading, discharging = read_number(call, "p_loading"), read_number(call, "p_discharging")
    if loading is not None or discharging is not None:
        p_loading = read_share(call, "p_loading") if loading is not None else 1 - read_share(call, "p_discharging")
        p_discharging = read_share(call, "p_discharging") if discharging is not None else 1 - p_loading
        if p_loading + p_discharging > 1 + 1e-9:
            raise Refused(f"p_loading {p_loading:g} and p_discharging {p_discharging:g} add up to more than 1")
        return Direction(p_loading, p_discharging, True)
    draught_in_m, draught_out_m = read_draught(call, "draught_in_m"), read_draught(call, "draught_out_m")
    assumed = 1.0 if config.counted == "loading" else 0.0
    deeper = None
    if draught_in_m is not None and draught_out_m is not None and is_changed(draught_out_m - draught_in_m):
        deeper = draught_out_m > draught_in_m
    elif (rise_m := _freeboard_rise_m(call)) is not None and abs(rise_m[0]) > 2 * rise_m[1]:
        deeper = rise_m[0] < 0
    p_loading = assumed if deeper is None else update_assumed(assumed, draught_change_likelihood(deeper=deeper))
    return Direction(p_loading, 1 - p_loading, deeper is not None)


def update_assumed(assumed: float, likelihood: float) -> float:
    """A direction that is only assumed (0 or 1), updated by evidence with this likelihood for loading.

    It is unchanged where the evidence agrees, so that evidence for a cargo never lowers it; otherwise the evidence
    replaces it.

    >>> update_assumed(1.0, 0.95), update_assumed(1.0, 0.05), update_assumed(0.0, 0.05)
    (1.0, 0.05, 0.0)
    """
    agrees = likelihood >= PROBABLE if assumed else likelihood <= PROBABLE
    return assumed if agrees else likelihood


def retyped_shares(calls: Iterable[Row | None]) -> list[float]:
    """For each call, the share of second draughts that are newly typed, from the other calls that count and have both.

    None is a row that is no evidence for others.
    """
    return retyped_shares_by_others([None if call is None else _is_retyped(call) for call in calls])


def _is_retyped(call: Row) -> bool | None:
    """Do the two draughts differ? None without both, or where the call does not count."""
    try:
        draught_in_m, draught_out_m = read_draught(call, "draught_in_m"), read_draught(call, "draught_out_m")
        counts = read_bool(call, "counts")
    except Refused:
        return None
    return (
        is_changed(draught_out_m - draught_in_m)
        if draught_in_m is not None and draught_out_m is not None and counts
        else None
    )


def _freeboard_rise_m(call: Row) -> tuple[float, float] | None:
    """Last less first freeboard with its standard error [m]; None without both, or where they may be of two hulls."""
    first, last = read_positive(call, "freeboard_in_m", HIGHEST_M), read_positive(call, "freeboard_out_m", HIGHEST_M)
    if first is None or last is None or read_share(call, "p_same_hull") < PROBABLE:
        return None
    return last - first, math.hypot(
        *(read_positive(call, f"freeboard_{end}_sd_m", HIGHEST_M) or FREEBOARD_SD_M for end in OTHER_END)
    )


def usable_evidence(call: Row, config: VolumeConfig) -> Row:
    """Draughts and freeboards that are evidence on a counted cargo; Refused where one is impossible.

    A ship that moved cargo the other way moved none that counts: her draughts or freeboards are then dropped. Draughts
    that are the same within their step are evidence for a small cargo, as far as both were typed.
    """
    evidence = _read_evidence(call)
    light = "in" if config.counted == "loading" else "out"
    laden = OTHER_END[light]
    shallow, deep = evidence[f"draught_{light}_m"], evidence[f"draught_{laden}_m"]
    if shallow is not None and deep is not None and shallow > deep and is_changed(deep - shallow):
        evidence["draught_in_m"] = evidence["draught_out_m"] = None
    high, low = evidence[f"freeboard_{light}_m"], evidence[f"freeboard_{laden}_m"]
    if high is not None and low is not None:
        errors = math.hypot(*(evidence[f"freeboard_{end}_sd_m"] or FREEBOARD_SD_M for end in (light, laden)))
        if low - high > 2 * errors:
            evidence["freeboard_in_m"] = evidence["freeboard_out_m"] = None
    return evidence


def _read_evidence(call: Row) -> Row:
    """Draughts, freeboards and their errors as the table states them; Refused where one is nonsense."""
    evidence: Row = {}
    for name in EVIDENCE_COLUMNS:
        evidence[name] = (
            read_draught(call, name) if name.startswith("draught") else read_positive(call, name, HIGHEST_M)
        )
        if name.endswith("_sd_m") and evidence[name] is not None:
            evidence[name] = max(evidence[name], BEST_SIDE_SD_M)
    evidence["p_same_hull"] = None if read_number(call, "p_same_hull") is None else read_share(call, "p_same_hull")
    return evidence
