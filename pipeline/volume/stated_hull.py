"""Choose a call's length and beam: as measured or as registered, whichever is more certain, never a mixture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.ships.largest import BROADEST_M, LONGEST_M
from pipeline.tables.ships import LISTED_SD_M
from pipeline.volume.cells import Refused, Row, read_positive, read_sd, read_text, read_tonnage_kind

LARGEST_M = {"length": LONGEST_M, "beam": BROADEST_M}
ANOTHER_SD = 3.0  # standard deviations apart beyond which the listed ship may not be the measured one (our choice)
# Length over beam: 4.8 to 9.2 for the 58 tankers of benchmarks/published_hulls.csv; a slip to feet is a factor of 3.3
# (our choice: halfway to that)
SLENDER = (3.5, 12.0)


@dataclass(frozen=True, slots=True)
class Hull:
    """Length and beam [m] with standard errors [m]; None if unknown. ``listed`` names those from the registry."""

    length_m: float | None
    beam_m: float | None
    length_sd_m: float
    beam_sd_m: float
    listed: tuple[str, ...] = ()
    contradicted: bool = False  # by the registry, which may list another ship


def hull_of(call: Row) -> tuple[Hull, list[str]]:
    """The hull used for capacity, and doubts about it; Refused where it is impossible.

    If one listed size contradicts the measured one, no listed size is used: half of each would be no ship's hull.
    """
    doubts = [doubt for name in LARGEST_M if (doubt := _contradiction(call, name))]
    sizes = {name: _size(call, name, may_be_listed=not doubts) for name in LARGEST_M}
    (length, length_sd, _), (beam, beam_sd, _) = sizes.values()
    if length is not None and beam is not None and beam >= length:
        raise Refused(f"beam {beam:g} m is not below length {length:g} m; they may be swapped")
    listed = tuple(name for name, (_, _, is_listed) in sizes.items() if is_listed)
    hull = Hull(length, beam, length_sd, beam_sd, listed, bool(doubts))
    return hull, [*doubts, *_shape_doubt(hull)]


def _shape_doubt(hull: Hull) -> list[str]:
    """Doubt about typed sizes whose ratio is no tanker's; measured ones have errors and are not tested.

    >>> _shape_doubt(Hull(98.0, 49.0, 0.0, 0.0)), _shape_doubt(Hull(98.0, 15.0, 0.0, 0.0))
    (['the length 98 m is 2 times the beam 49 m (tankers: 5 to 9): is one in feet?'], [])
    """
    if hull.length_m is None or hull.beam_m is None or hull.length_sd_m or hull.beam_sd_m:
        return []
    ratio = hull.length_m / hull.beam_m
    if SLENDER[0] <= ratio <= SLENDER[1]:
        return []
    ratio_words = f"the length {hull.length_m:g} m is {ratio:.2g} times the beam {hull.beam_m:g} m (tankers: 5 to 9)"
    return [f"{ratio_words}: is one in feet?"]


def _read_sizes(call: Row, name: str) -> tuple[float | None, float, float | None]:
    """Length or beam as measured, its standard error, and as listed [m].

    A size without bounds was typed. It has no error of its own here: the regression was fitted to typed sizes too,
    those of registers and transponders, so its spread includes their errors.
    """
    measured = read_positive(call, f"{name}_m", LARGEST_M[name])
    error = read_sd(call, name, measured, LARGEST_M[name])
    return measured, error, read_positive(call, f"listed_{name}_m", LARGEST_M[name])


def _contradiction(call: Row, name: str) -> str:
    """Text for a measured and a listed size that contradict each other; "" where they agree, or one is missing."""
    measured, error, listed = _read_sizes(call, name)
    if measured is None or listed is None:
        return ""
    if abs(measured - listed) <= ANOTHER_SD * math.hypot(error, LISTED_SD_M[name]):
        return ""
    return f"{name} {measured:.4g} m is far from the {listed:g} m that the registry lists; she may be another ship"


def _size(call: Row, name: str, *, may_be_listed: bool) -> tuple[float | None, float, bool]:
    """Length or beam [m], its standard error, and whether it is the listed one: the more certain of both."""
    measured, error, listed = _read_sizes(call, name)
    if listed is None or not may_be_listed or (measured is not None and error <= LISTED_SD_M[name]):
        return measured, error, False
    return listed, LISTED_SD_M[name], True


def registry_source(call: Row, hull: Hull, depths: Row) -> str:
    """Which of her particulars came from the registry, and its source; "" for none.

    ``depths`` are depth and summer draught as far as used, which no other column of a report shows.

    >>> call, hull = {"gt": 962.0, "listed_source": "class register"}, Hull(90.0, None, 1.0, 0.0, ("length",))
    >>> registry_source(call, hull, {"depth_m": 5.2, "design_draught_m": None})
    'gt, length, depth 5.2 m: class register'
    """
    source = read_text(call, "listed_source")
    if not source:
        return ""
    stated = "tonnage" if read_tonnage_kind(call) == "unknown" else "deadweight"
    listed = [name for name, column in ((stated, "dwt_t"), ("gt", "gt")) if read_text(call, column)]
    listed += hull.listed
    words = {"depth": depths.get("depth_m"), "summer draught": depths.get("design_draught_m")}
    listed += [f"{name} {value:g} m" for name, value in words.items() if value is not None]
    return f"{', '.join(listed)}: {source}" if listed else ""
