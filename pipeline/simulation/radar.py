"""Render a Sentinel-1-like scene: sea, land, quays and ships as sigma nought, with speckle and the sensor's blur.

Pure: arrays out, no files. Every random number comes from the generator that is passed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

from pipeline.simulation.frame import RadarFrame
from pipeline.simulation.ground import land_power
from pipeline.simulation.ships import Hull, ShipState, Structure
from pipeline.units import KNOT_M_S, LIGHT_M_S

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatImage


# Geometry of the Sentinel-1 interferometric wide swath, as its annotations state it.
WAVELENGTH_M = LIGHT_M_S / 5.405e9
VELOCITY_M_S = 7590.0
PRF_HZ = 1451.6  # middle sub-swath
BLUR_PX = 0.85  # Gaussian sigma: 20 m resolution (3 dB width) on 10 m pixels is 2.35 sigma
LOOK_WEIGHTS = (1.0, 1.0, 1.0, 0.75, 0.6)  # unequal looks: (sum w)^2 / sum w^2 = 4.8, less after correlation: 4.4
NOISE_DB = -25.0  # noise-equivalent sigma0, mid-swath


@dataclass(frozen=True, slots=True)
class SeaState:
    """Sea clutter: mean sigma0 at 38 degrees, by polarisation, and its texture."""

    vv_db: float
    vh_db: float
    texture_shape: float  # of a gamma law: the smaller, the patchier

    @classmethod
    def of_wind(cls, wind_m_s: float) -> SeaState:
        """A rough curve through the published behaviour of CMOD-like models: about 6 dB per doubling of wind."""
        vv = -15.0 + 20.0 * np.log10(max(wind_m_s, 1.0) / 7.0)
        return cls(vv_db=float(vv), vh_db=float(min(vv - 11.0, -22.0)), texture_shape=12.0)


@dataclass(frozen=True, slots=True)
class RadarPass:
    """Geometry of a satellite pass, from which azimuth ambiguities and Doppler shifts follow."""

    heading_deg: float
    incidence_deg: float = 38.0
    slant_range_m: float = 850_000.0

    @property
    def ambiguity_shift_m(self) -> float:
        """Distance along track of the first azimuth ambiguity: lambda R PRF / (2 V)."""
        return WAVELENGTH_M * self.slant_range_m * PRF_HZ / (2 * VELOCITY_M_S)

    def doppler_shift_m(self, state: ShipState) -> float:
        """Along-track displacement of a moving ship: -R v_r / V, where v_r is its speed away from the radar along the
        line of sight. A ship moving toward the radar is displaced in the direction of flight."""
        away = np.radians(state.course_deg - (self.heading_deg + 90.0))
        v_r = state.speed_kn * KNOT_M_S * np.cos(away) * np.sin(np.radians(self.incidence_deg))
        return float(-self.slant_range_m * v_r / VELOCITY_M_S)


def render(
    frame: RadarFrame,
    water: BoolImage,
    ships: Sequence[ShipState],
    structures: Sequence[Structure],
    radar_pass: RadarPass,
    sea: SeaState,
    seed: np.random.SeedSequence,
) -> dict[str, FloatImage]:
    """sigma0 [linear power] of VV and VH, shape of the frame, thermal noise included. ``water`` is True on sea."""
    streams = [np.random.default_rng(s) for s in seed.spawn(4)]
    texture = _texture(frame.shape, sea.texture_shape, streams[0])
    land = land_power(frame, BLUR_PX)
    targets = _target_power(frame, ships, structures, radar_pass, streams[2])
    out = {}
    for band, sea_db, land_db, target_db in (("VV", sea.vv_db, -8.0, 0.0), ("VH", sea.vh_db, -14.0, -7.0)):
        spread = np.where(water, 10 ** (sea_db / 10) * texture, 10 ** (land_db / 10) * land)
        measured = (spread + 10 ** (NOISE_DB / 10)) * _speckle(frame.shape, streams[3])
        out[band] = (measured + targets * 10 ** (target_db / 10)).astype(np.float32)
    return out


def _texture(shape: tuple[int, int], law_shape: float, rng: np.random.Generator) -> FloatImage:
    """Gamma-like texture of mean 1 with a correlation length of some 60 m: the exponential of a Gaussian field."""
    field = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), 6.0)
    field /= field.std()
    # log-normal of the same variance as the gamma law (1 / shape); its tail is a little longer
    sigma = np.sqrt(np.log1p(1.0 / law_shape))
    return np.exp(sigma * field - sigma**2 / 2).astype(np.float32)


def _speckle(shape: tuple[int, int], rng: np.random.Generator) -> FloatImage:
    """Multi-looked speckle of mean 1: weighted sum of complex Gaussian looks, each blurred by the impulse response."""
    total = np.zeros(shape, np.float32)
    for weight in LOOK_WEIGHTS:
        for _part in range(2):  # real and imaginary
            part = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), BLUR_PX * np.sqrt(2) / 2)
            part /= part.std()
            part *= part
            part *= weight
            total += part
    total /= total.mean()
    return total


def _target_power(
    frame: RadarFrame,
    ships: Sequence[ShipState],
    structures: Sequence[Structure],
    radar_pass: RadarPass,
    rng: np.random.Generator,
) -> FloatImage:
    """Power of hard targets: scatterers at subpixel positions with their azimuth ambiguities, blurred together."""
    rows: list[np.ndarray] = []
    cols: list[np.ndarray] = []
    power: list[np.ndarray] = []
    for state in sorted(ships, key=lambda s: s.hull.ship_id):
        row, col, watts = _ship_scatterers(frame, state, rng)
        row = row + radar_pass.doppler_shift_m(state) / frame.spacing_m
        ghost = 10 ** (rng.uniform(-32.0, -26.0) / 10)
        step = radar_pass.ambiguity_shift_m / frame.spacing_m
        for offset, share in ((0.0, 1.0), (step, ghost), (-step, ghost * 0.8)):
            rows.append(row + offset)
            cols.append(col)
            power.append(watts * share)
    for structure in structures:
        row, col, watts = _structure_scatterers(frame, structure)
        rows.append(row)
        cols.append(col)
        power.append(watts)
    image = np.zeros(frame.shape, np.float32)
    if rows:
        _splat(image, np.concatenate(rows), np.concatenate(cols), np.concatenate(power))
    return gaussian_filter(image, BLUR_PX)


def mean_rcs_m2(hull: Hull) -> float:
    """Mean radar cross-section of a ship, 0.08 l^(7/3) [m2, l in m] (Vachon et al. 1997), times her own strength."""
    return float(0.08 * hull.length_m ** (7 / 3) * 10 ** (hull.radar_strength_db / 10))


def _ship_scatterers(
    frame: RadarFrame, state: ShipState, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and power (sigma0 of one pixel) of a ship's scatterers: rails, deck, and a bright house."""
    hull = state.hull
    n = int(np.clip(hull.length_m / 2.5, 8, 200))
    along = rng.uniform(-0.5, 0.5, n) * hull.length_m
    along[:2] = (-0.5 * hull.length_m, 0.5 * hull.length_m)  # stern and stem always scatter
    taper = np.clip((0.5 * hull.length_m - along) / (0.12 * hull.length_m), 0.0, 1.0)
    across = rng.uniform(-0.5, 0.5, n) * hull.beam_m * taper
    house = {"aft": -0.38, "midships": 0.0, "forward": 0.35}[hull.superstructure] * hull.length_m
    in_house = np.abs(along - house) < 0.08 * hull.length_m
    strength = rng.exponential(1.0, n) * np.where(in_house, 6.0, 1.0) + 0.15
    strength *= mean_rcs_m2(hull) / strength.sum() / frame.spacing_m**2
    row0, col0 = frame.rowcol(state.lon, state.lat)
    ahead = frame.pixel_direction(state.heading_deg) / frame.spacing_m
    abeam = frame.pixel_direction(state.heading_deg + 90.0) / frame.spacing_m
    return row0 + along * ahead[0] + across * abeam[0], col0 + along * ahead[1] + across * abeam[1], strength


def _structure_scatterers(frame: RadarFrame, structure: Structure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and power of a pier or crane row: scatterers every few metres, brighter with height; the same in
    every look."""
    rng = np.random.default_rng([round(abs(structure.lon) * 1e6), round(abs(structure.lat) * 1e6)])
    n = int(np.clip(structure.length_m * structure.width_m / 60.0, 4, 400))
    along = rng.uniform(-0.5, 0.5, n) * structure.length_m
    across = rng.uniform(-0.5, 0.5, n) * structure.width_m
    strength = rng.exponential(1.0, n) * structure.height_m * 4.0 / frame.spacing_m**2
    row0, col0 = frame.rowcol(structure.lon, structure.lat)
    ahead = frame.pixel_direction(structure.heading_deg) / frame.spacing_m
    abeam = frame.pixel_direction(structure.heading_deg + 90.0) / frame.spacing_m
    return row0 + along * ahead[0] + across * abeam[0], col0 + along * ahead[1] + across * abeam[1], strength


def _splat(image: FloatImage, row: np.ndarray, col: np.ndarray, power: np.ndarray) -> None:
    """Add point powers to an image, each shared among its four nearest pixels by distance."""
    r0, c0 = np.floor(row).astype(int), np.floor(col).astype(int)
    fr, fc = row - r0, col - c0
    for dr, dc, share in (
        (0, 0, (1 - fr) * (1 - fc)),
        (0, 1, (1 - fr) * fc),
        (1, 0, fr * (1 - fc)),
        (1, 1, fr * fc),
    ):
        r, c = r0 + dr, c0 + dc
        inside = (r >= 0) & (r < image.shape[0]) & (c >= 0) & (c < image.shape[1])
        np.add.at(image, (r[inside], c[inside]), (power * share)[inside])
