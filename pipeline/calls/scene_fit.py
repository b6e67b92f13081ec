"""Fit what all ships of a scene share: the image's offset, the radar's shift of moving ships, the remaining scatter.

A side-looking radar displaces a moving target along its track, by ``R v_r / V`` (R slant range, V speed of the
satellite, v_r the target's speed away from the radar along the line of sight): Raney, IEEE Trans. AES 7, 1971. For
Sentinel-1 that is 55 to 92 m for each m/s of ground speed away from the radar (R 800-960 km, incidence 31-46 degrees, V
7.5 km/s). An approaching ship appears shifted in the direction of flight. The pass direction is known from the product;
where it is not, both are tried, and none.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.calls.motion import PositionMixture
from pipeline.units import KNOT_M_S

if TYPE_CHECKING:
    from pipeline.types import FloatArray

INCLINATION_DEG = 98.18  # of Sentinel-1's orbit
SHIFTS_S = (55.0, 65.0, 75.0, 85.0, 92.0)  # metres of shift for each m/s of ground range speed
FINER_S = np.arange(-8.0, 8.1, 2.0)  # finer steps about the likeliest of these
SHIFT_SPREAD_S = 7.0  # a tenth of a usual shift: what one number for a whole swath leaves; the same for all shifts,
# or the likelihood would favour small ones for their small spread
UNKNOWN_SHIFT_S = 40.0 / KNOT_M_S  # the same where the pass is unknown: 40 m for each knot
CLOCK_S = 5.0  # by which an optical image's time may be off (our choice); it displaces nothing that moves
SCATTERS_M = ((60.0, 0.0), (100.0, -1.0), (150.0, -3.0), (250.0, -6.0))
"""Standard deviation of a hull's middle about its antenna, and its log prior: half a hull is usual, more must be shown
by several ships (our choice)."""
PASS_LOG_PRIOR = -1.0  # log prior of each radar geometry against "none" (our choice)
MIN_FOR_OFFSET = 6  # least number of transponders near detections for a common offset
OFFSET_LOG_PRIOR = -3.0  # log prior of an image with an offset against one without (our choice)


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a scene displaces moving ships: directions of flight and look as (east, north), and the shift in m per m/s.

    ``spread_s`` is the standard deviation of that shift, also in m per m/s.
    """

    name: str
    flight: tuple[float, float] = (0.0, 0.0)
    look: tuple[float, float] = (0.0, 0.0)
    shift_s: float = 0.0
    spread_s: float = SHIFT_SPREAD_S


class Components(NamedTuple):
    """Positions of all transponders of a scene, one row per normal distribution; ``of`` is the transponder's index."""

    of: np.ndarray
    east: FloatArray
    north: FloatArray
    east_m_s: FloatArray
    north_m_s: FloatArray
    sd_m: FloatArray
    weight: FloatArray

    @classmethod
    def stack(cls, spots: list[PositionMixture]) -> Components:
        """The distributions of all transponders."""
        of = np.repeat(np.arange(len(spots)), [len(s.east) for s in spots])
        names = ("east", "north", "east_m_s", "north_m_s", "sd_m", "weight")
        return cls(of, *(np.concatenate([getattr(s, n) for s in spots]) for n in names))


@dataclass(frozen=True, slots=True)
class SceneFit:
    """The likeliest geometry, offset [m] and scatter [m] of a scene."""

    geometry: Geometry
    offset: tuple[float, float]
    scatter_m: float
    log_likelihood: float


def possible_geometries(lat: float, pass_direction: str | None, *, radar: bool | None) -> list[Geometry]:
    """The geometries possible for a scene; ``radar`` and ``pass_direction`` are None where unknown."""
    if radar is False:
        return [Geometry("none", spread_s=CLOCK_S)]
    none = Geometry("none", spread_s=UNKNOWN_SHIFT_S)
    passes = [pass_direction] if pass_direction in ("ascending", "descending") else ["ascending", "descending"]
    out = [] if radar and pass_direction else [none]
    for name in passes:
        # ground heading of the orbit from its inclination (spherical; the Earth's turn adds at most 4 degrees)
        sine = np.cos(np.radians(INCLINATION_DEG)) / np.cos(np.radians(lat))
        heading = np.arcsin(np.clip(sine, -1, 1)) if name == "ascending" else np.pi - np.arcsin(np.clip(sine, -1, 1))
        flight = (float(np.sin(heading)), float(np.cos(heading)))
        look = (flight[1], -flight[0])  # to the right of it
        out += [_radar_geometry(name, flight, look, shift) for shift in SHIFTS_S]
    return out


def _radar_geometry(
    pass_direction: str, flight: tuple[float, float], look: tuple[float, float], shift_s: float
) -> Geometry:
    return Geometry(f"{pass_direction}, {shift_s:.0f} m per m/s", flight, look, shift_s)


def fit_scene(
    east: FloatArray, north: FloatArray, components: Components, options: list[Geometry], dark_m2: float, gate_m: float
) -> SceneFit:
    """The most probable fit of a scene, each detection being a transponder's ship or a dark one.

    The shift is chosen from a coarse grid, then from a finer one: ships under way determine it to a few per cent, and
    it depends on a scene's incidence angle.
    """
    coarse = _likeliest_fit(east, north, components, options, dark_m2, gate_m)
    geometry = coarse.geometry
    if geometry.shift_s == 0.0:
        return coarse
    pass_direction = geometry.name.split(",")[0]
    shifts = [s for s in geometry.shift_s + FINER_S if SHIFTS_S[0] <= s <= SHIFTS_S[-1]]
    finer = [_radar_geometry(pass_direction, geometry.flight, geometry.look, float(s)) for s in shifts]
    return _likeliest_fit(east, north, components, finer, dark_m2, gate_m)


def _likeliest_fit(
    east: FloatArray, north: FloatArray, components: Components, options: list[Geometry], dark_m2: float, gate_m: float
) -> SceneFit:
    best: SceneFit | None = None
    for geometry in options:
        prior = 0.0 if geometry.name == "none" or len(options) == 1 else PASS_LOG_PRIOR
        shown_at = displaced_positions(components, geometry)
        common_offset = _common_offset(east, north, shown_at, components.of, gate_m)
        offsets = [((0.0, 0.0), 0.0)] + ([(common_offset, OFFSET_LOG_PRIOR)] if common_offset != (0.0, 0.0) else [])
        for (offset, offset_prior), (scatter, scatter_prior) in product(offsets, SCATTERS_M):
            off_east = east[:, None] - offset[0] - shown_at[0]
            off_north = north[:, None] - offset[1] - shown_at[1]
            density = densities(off_east, off_north, components, geometry, scatter)
            log_posterior = float(np.log(dark_m2 + density.sum(axis=1)).sum()) + prior + scatter_prior + offset_prior
            if best is None or log_posterior > best.log_likelihood + 1e-9:
                best = SceneFit(geometry, offset, scatter, log_posterior)
    assert best is not None  # there is always an option
    return best


def displaced_positions(components: Components, geometry: Geometry) -> tuple[FloatArray, FloatArray]:
    """Where the image shows each component."""
    range_speed_m_s = components.east_m_s * geometry.look[0] + components.north_m_s * geometry.look[1]
    shift_m = -geometry.shift_s * range_speed_m_s
    return components.east + shift_m * geometry.flight[0], components.north + shift_m * geometry.flight[1]


def densities(
    off_east: FloatArray, off_north: FloatArray, components: Components, geometry: Geometry, scatter_m: float
) -> FloatArray:
    """Density [1/m2] of each component at these offsets from its position, shape (detections, components)."""
    speed_m_s = np.hypot(components.east_m_s, components.north_m_s)
    shift_sd_m = geometry.spread_s * speed_m_s
    variance = scatter_m**2 + components.sd_m**2 + shift_sd_m**2
    return components.weight * np.exp(-0.5 * (off_east**2 + off_north**2) / variance) / (2 * np.pi * variance)


def _common_offset(
    east: FloatArray, north: FloatArray, shown_at: tuple[FloatArray, FloatArray], transponder: np.ndarray, gate_m: float
) -> tuple[float, float]:
    """Common displacement [m] of all near pairs; zero with too few transponders (each counts once).

    The median over detections of the vector to the nearest place, taken twice.
    """
    shift = np.zeros(2)
    for _ in range(2):
        de, dn = east[:, None] - shift[0] - shown_at[0], north[:, None] - shift[1] - shown_at[1]
        distances = np.hypot(de, dn)
        nearest = distances.argmin(axis=1)
        rows = np.flatnonzero(distances.min(axis=1) < gate_m / 2)
        if len(np.unique(transponder[nearest[rows]])) < MIN_FOR_OFFSET:
            return 0.0, 0.0
        shift += np.median([de[rows, nearest[rows]], dn[rows, nearest[rows]]], axis=1)
    return float(shift[0]), float(shift[1])
