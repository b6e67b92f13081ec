"""Drop draughts and freeboards impossible for a ship of that size: they are no evidence on cargo or direction.

Such a number is reported and ignored, and the call counts by what else is known: a typing error, or a draught typed to
mislead, takes no cargo out of the sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.ships.hull_depth import lightest_draught_m, usual_depth_m
from pipeline.ships.largest import HIGHEST_M, LARGEST_T
from pipeline.volume.cells import Refused, Row, read_draught, read_positive, read_tonnage_kind
from pipeline.volume.evidence import DEPTH_SPREAD
from pipeline.volume.full_draught import MAX_LOG_MISFIT
from pipeline.volume.particulars import TONNAGE_KINDS, Particulars, capacity_from_particulars
from pipeline.volume.stated_hull import hull_of
from pipeline.volume.usual_hull import hull_for_loads

DRAUGHTS = ("draught_in_m", "draught_out_m")
FREEBOARDS = ("freeboard_in_m", "freeboard_out_m")
DEEPEST_SD = 2.5  # spreads above the usual depth beyond which a depth is not hers: one in 160 is deeper (our choice)


@dataclass(frozen=True, slots=True)
class Depth:
    """Her largest possible depth, keel to deck [m], and its source in words."""

    limit_m: float
    words: str


def drop_impossible(call: Row) -> tuple[Row, list[str]]:
    """The call without draughts and freeboards that cannot be hers, and the reasons.

    Where her size is invalid (reported where it is read), only what is impossible for any ship is dropped.

    >>> hull = {"length_m": 98.0}
    >>> drop_impossible(hull | {"draught_in_m": 0.3})[1]
    ['draught_in_m 0.3 m is less than an empty tanker of 98 m draws (0.61 m): not used']
    >>> call, doubts = drop_impossible(hull | {"draught_in_m": 3.6, "draught_out_m": 14.0})
    >>> call["draught_in_m"], call["draught_out_m"], doubts
    (3.6, None, ['draught_out_m 14 m is more than the depth of a tanker of 98 m can be (9.1 m): not used'])
    """
    values, causes = _possible_numbers(call)
    try:
        length_m, depth = _length_and_depth(call)
    except Refused:
        length_m, depth = None, None
    causes |= _too_shallow(values, length_m)
    if depth is not None:
        too_high = {name: value for name, value in values.items() if value >= depth.limit_m}
        causes |= {name: f"{name} {value:g} m is more than {depth.words}: not used" for name, value in too_high.items()}
    return (call | dict.fromkeys(causes) if causes else call), list(causes.values())


def _possible_numbers(call: Row) -> tuple[dict[str, float], dict[str, str]]:
    """Draughts and freeboards possible for some ship [m], and reasons for those that are not."""
    values, causes = {}, {}
    for name in (*DRAUGHTS, *FREEBOARDS):
        try:
            value = read_draught(call, name) if name in DRAUGHTS else read_positive(call, name, HIGHEST_M)
        except Refused as refused:
            causes[name] = f"{refused}: not used"
        else:
            if value is not None:
                values[name] = value
    return values, causes


def _too_shallow(values: dict[str, float], length_m: float | None) -> dict[str, str]:
    """Reasons for draughts too small for her to float, even with nothing aboard."""
    if length_m is None:
        return {}
    least = lightest_draught_m(length_m)
    ship_words = f"an empty tanker of {round(length_m, 1):g} m draws ({least:.2f} m)"
    shallow = {name: values[name] for name in DRAUGHTS if name in values and values[name] < least}
    return {name: f"{name} {value:g} m is less than {ship_words}: not used" for name, value in shallow.items()}


def _length_and_depth(call: Row) -> tuple[float | None, Depth | None]:
    """Her length [m], else the usual one for her deadweight, and her largest depth; None if unknown.

    The depth is the listed one, if it fits a hull of that length and she is the listed ship.
    """
    hull, _ = hull_of(call)
    length_m = _usual_length_m(call) if hull.length_m is None else hull.length_m
    try:
        listed = None if hull.contradicted else read_positive(call, "depth_m", HIGHEST_M)
    except Refused:  # reported where the listed depth is read (``full_draught``)
        listed = None
    if listed is not None and (length_m is None or _fits(listed, usual_depth_m(length_m))):
        return length_m, Depth(listed, f"her depth ({listed:.1f} m)")
    if length_m is None:
        return None, None
    spread = math.hypot(DEPTH_SPREAD, 0.0 if hull.length_m is None else hull.length_sd_m / hull.length_m)
    limit_m = (1 + DEEPEST_SD * spread) * usual_depth_m(length_m)
    return length_m, Depth(limit_m, f"the depth of a tanker of {round(length_m, 1):g} m can be ({limit_m:.1f} m)")


def _fits(listed_m: float, usual_m: float) -> bool:
    return abs(math.log(listed_m / usual_m)) <= MAX_LOG_MISFIT


def _usual_length_m(call: Row) -> float | None:
    """The usual length for her deadweight; None if none is stated, or it may be a gross tonnage."""
    stated = {name: read_positive(call, name, LARGEST_T) for name in ("dwt_t", "gt")}
    kind = read_tonnage_kind(call)
    if kind not in TONNAGE_KINDS:
        return None
    size, _ = capacity_from_particulars(Particulars(stated["dwt_t"], stated["gt"], kind))
    usual = hull_for_loads({"dwt_p50_t": math.exp(size.log_dwt)}) if size.method == "dwt_given" else None
    return None if usual is None else usual.length_m
