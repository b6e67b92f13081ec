"""A call's length and beam: as measured, or as the registry lists them where that is surer. Neither is mixed in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.tables.ships import LISTED_SD_M
from pipeline.volume.cells import BROADEST_M, LONGEST_M, Refused, Row, positive, sd, text

LARGEST_M = {"length": LONGEST_M, "beam": BROADEST_M}
ANOTHER_SD = 3.0  # farther apart than this, the listed ship may not be the one that was measured (our choice)


@dataclass(frozen=True, slots=True)
class Hull:
    """Length and beam [m] with their standard errors [m]; None where nobody says. ``listed`` names what is listed."""

    length_m: float | None
    beam_m: float | None
    length_sd_m: float
    beam_sd_m: float
    listed: tuple[str, ...] = ()


def hull_of(call: Row) -> tuple[Hull, list[str]]:
    """The hull that capacity is reckoned by, and what is doubtful of it; Refused where it is nonsense."""
    sizes = {name: _size(call, name) for name in LARGEST_M}
    (length, length_sd, _, _), (beam, beam_sd, _, _) = sizes.values()
    if length is not None and beam is not None and beam >= length:
        raise Refused(f"beam {beam:g} m is not below length {length:g} m; they may be swapped")
    listed = tuple(name for name, (_, _, is_listed, _) in sizes.items() if is_listed)
    return Hull(length, beam, length_sd, beam_sd, listed), [doubt for *_, doubt in sizes.values() if doubt]


def _size(call: Row, name: str) -> tuple[float | None, float, bool, str]:
    """Length or beam [m], its standard error, whether it is the listed one, and how both contradict each other."""
    measured, listed = positive(call, f"{name}_m", LARGEST_M[name]), positive(call, f"listed_{name}_m", LARGEST_M[name])
    error = sd(call, name, measured, LARGEST_M[name])
    if listed is None:
        return measured, error, False, ""
    if measured is None:
        return listed, LISTED_SD_M[name], True, ""
    if abs(measured - listed) > ANOTHER_SD * math.hypot(error, LISTED_SD_M[name]):
        doubt = f"{name} {measured:.4g} m is far from the {listed:g} m that the registry lists; she may be another ship"
        return measured, error, False, doubt
    if error <= LISTED_SD_M[name]:
        return measured, error, False, ""
    return listed, LISTED_SD_M[name], True, ""


def told_by_registry(call: Row, hull: Hull) -> str:
    """What of her size the registry told, and where it has that from; "" where it told nothing.

    >>> told_by_registry({"gt": 962.0, "listed_source": "class register"}, Hull(90.0, None, 1.0, 0.0, ("length",)))
    'gt, length: class register'
    """
    source = text(call, "listed_source")
    if not source:
        return ""
    told = [name for name, column in (("deadweight", "dwt_t"), ("gt", "gt")) if text(call, column)]
    return f"{', '.join((*told, *hull.listed))}: {source}" if told or hull.listed else ""
