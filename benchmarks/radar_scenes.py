"""Simulated radar scenes with known ships and ghosts, for the accuracy benchmark. They do not use the tests' simulator,
so that a detector cannot do well by sharing its assumptions.

Each scene has 2000 x 2000 pixels of 10 m, VV and VH, about 4.4 looks after the sensor's blur, 60 ships of 15 to 380 m
and their azimuth ghosts. All figures made from these are simulated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.ndimage import gaussian_filter

from pipeline.types import RadarView, Radiometry, Scene, Sensor, Source, Tile, Window

SIDE = 2000
SPACING_M = 10.0
BLUR_PX = 0.85  # 20 m resolution on 10 m pixels
SPECKLE_BLUR_PX = 0.85  # neighbours then correlate by 0.5, as intensity of 20 m resolution does on 10 m pixels
LOOK_WEIGHTS = (1.0, 1.0, 1.0, 0.75, 0.6)  # 4.8 looks, 4.4 as fitted to the logarithm
NOISE_DB = -25.0
SHIPS = 60
STRONGER_DB = 5.0
GHOST_DB = (-30.0, -24.0)
SEAS = {"calm": (-22.0, 20.0), "moderate": (-15.0, 12.0), "rough": (-9.0, 8.0)}  # VV in dB, order of the texture
TEXTURES = ("k", "lognormal", "g0")
WAVELENGTH_M, SLANT_M, PRF_HZ, VELOCITY_M_S = 0.05547, 850e3, 1451.6, 7590.0
GHOST_STEP_PX = WAVELENGTH_M * SLANT_M * PRF_HZ / (2 * VELOCITY_M_S) / SPACING_M
ROOM_PX = 60  # least distance between centres of ships; for ghosts, in addition to their lengths


@dataclass(frozen=True)
class Ship:
    """One true ship; rows and columns of her centre, metres, degrees from the column axis."""

    row: float
    col: float
    length_m: float
    beam_m: float
    axis_rad: float


@dataclass(frozen=True)
class Truth:
    """A scene and its content."""

    scene: Scene
    ships: tuple[Ship, ...]
    ghosts: tuple[tuple[float, float, float], ...]  # row, column, power of the strongest pixel over the sea's


def make(sea: str, texture: str, seed: int) -> Truth:
    """Draw one scene."""
    rng = np.random.default_rng([seed, list(SEAS).index(sea), TEXTURES.index(texture)])
    vv_db, order = SEAS[sea]
    levels = {"VV": vv_db, "VH": min(vv_db - 11.0, -22.0)}
    ships = _place(rng)
    drawn, ghosts = _targets(ships, rng)
    field = texture_field(texture, order, rng)
    bands, ghost_over = [], []
    for name, level in levels.items():
        cross_db = 0.0 if name == "VV" else -7.0
        sea_power = 10 ** (level / 10) * field + 10 ** (NOISE_DB / 10)
        bands.append((sea_power * speckle(rng) + drawn * 10 ** (cross_db / 10)).astype(np.float32))
        if name == "VV":
            ghost_over = [p / (10 ** (level / 10) + 10 ** (NOISE_DB / 10)) for *_, p in ghosts]
    kept = tuple((r, c, o) for (r, c, _), o in zip(ghosts, ghost_over, strict=True))
    return Truth(scene_of(np.stack(bands), f"{sea}-{texture}-{seed}"), ships, kept)


def scene_of(data: np.ndarray, name: str) -> Scene:
    """Power of shape (2, SIDE, SIDE), VV and VH, as a scene of 10 m pixels that is all water."""

    def read(window: Window) -> Tile:
        part = data[:, window.row0 : window.row1, window.col0 : window.col1]
        fine = np.ones(part.shape[1:], bool)
        return Tile(window, ("VV", "VH"), part, fine, fine)

    view = RadarView(
        slant_range_m=(np.array([0.0, SIDE]), np.array([SLANT_M, SLANT_M])), wavelength_m=WAVELENGTH_M,
        prf_hz=(PRF_HZ,), satellite_velocity_m_s=VELOCITY_M_S, resolution_m=(20.0, 20.0),
    )  # fmt: skip
    return Scene(
        scene_id=name, sensor=Sensor.SENTINEL1, platform="simulated", acquired=None, shape=data.shape[1:],
        bands=("VV", "VH"), radiometry=Radiometry.SIGMA0, pixel_spacing_m=(SPACING_M, SPACING_M), read=read,
        source=Source("memory", "0" * 64, data.nbytes), radar=view, simulated=True, tags={"land": "none"},
    )  # fmt: skip


def _place(rng: np.random.Generator) -> tuple[Ship, ...]:
    """Sixty ships, none on another ship or its ghost; lengths log-uniform, a fifth of them below 30 m."""
    lengths = np.sort(np.exp(rng.uniform(np.log(15.0), np.log(380.0), SHIPS)))[::-1]
    ships: list[Ship] = []
    taken: list[tuple[float, float]] = []
    while len(ships) < SHIPS:
        row, col = rng.uniform(40, SIDE - 40, 2)
        spots = [(row + k * GHOST_STEP_PX, col) for k in (-2, -1, 0, 1, 2)]
        if any(np.hypot(r - a, c - b) < ROOM_PX for r, c in spots for a, b in taken):
            continue
        length = float(lengths[len(ships)])
        ships.append(Ship(row, col, length, length / rng.uniform(4.6, 8.0), float(rng.uniform(0, np.pi))))
        taken += spots
    return tuple(ships)


def _targets(ships: tuple[Ship, ...], rng: np.random.Generator) -> tuple[np.ndarray, list[tuple[float, float, float]]]:
    """Blurred image of scatterers and ghosts; and the ghosts' places with the power of their strongest pixel.

    Mean cross-section 0.08 l^(7/3) m2 (Vachon et al. 1997), with 3 dB between ships; ghosts 26 to 32 dB below.
    """
    image = np.zeros((SIDE, SIDE), np.float32)
    ghosts = []
    for ship in ships:
        n = int(np.clip(ship.length_m / 2.5, 8, 200))
        along, across = rng.uniform(-0.5, 0.5, (2, n))
        along[:2] = (-0.5, 0.5)
        across *= np.clip((0.5 - along) / 0.12, 0, 1)
        strength = (rng.exponential(1.0, n) + 0.15) * np.where(np.abs(along + 0.38) < 0.08, 6.0, 1.0)
        area = 0.08 * ship.length_m ** (7 / 3) * 10 ** (rng.normal(STRONGER_DB, 3.0) / 10)
        strength *= area / strength.sum() / SPACING_M**2
        x, y = along * ship.length_m / SPACING_M, across * ship.beam_m / SPACING_M
        rows = ship.row + x * np.sin(ship.axis_rad) + y * np.cos(ship.axis_rad)
        cols = ship.col + x * np.cos(ship.axis_rad) - y * np.sin(ship.axis_rad)
        share = 10 ** (rng.uniform(*GHOST_DB) / 10)
        for step, part in ((0, 1.0), (1, share), (-1, share * 0.8), (2, share * 0.15), (-2, share * 0.15)):
            splat(image, rows + step * GHOST_STEP_PX, cols, strength * part)
            row = ship.row + step * GHOST_STEP_PX
            if step and 0 <= row < SIDE:
                ghosts.append((row, ship.col, float(strength.max() * part * 0.22)))
    return gaussian_filter(image, BLUR_PX, mode="constant"), ghosts


def splat(image: np.ndarray, row: np.ndarray, col: np.ndarray, power: np.ndarray) -> None:
    """Add point powers to an image, each shared among its four nearest pixels (in place)."""
    r0, c0 = np.floor(row).astype(int), np.floor(col).astype(int)
    fr, fc = row - r0, col - c0
    for dr, dc in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = (fr if dr else 1 - fr) * (fc if dc else 1 - fc)
        r, c = r0 + dr, c0 + dc
        inside = (r >= 0) & (r < image.shape[0]) & (c >= 0) & (c < image.shape[1])
        np.add.at(image, (r[inside], c[inside]), (power * share)[inside])


def texture_field(kind: str, order: float, rng: np.random.Generator) -> np.ndarray:
    """Texture of mean 1 and variance 1 / order with a correlation length of 60 m: gamma (K law), log-normal, or
    inverse gamma (G0 law, Frery et al. 1997)."""
    field = gaussian_filter(rng.standard_normal((SIDE, SIDE), dtype=np.float32), 6.0, mode="wrap")
    field /= field.std()
    if kind == "lognormal":
        sigma = np.sqrt(np.log1p(1 / order))
        return np.exp(sigma * field - sigma**2 / 2)
    grid = np.linspace(-6, 6, 2001)
    share = special.ndtr(grid)
    if kind == "k":
        values = special.gammaincinv(order, share) / order
    else:
        values = (order + 1) / special.gammainccinv(order + 2, share)  # mean 1, variance 1 / order
    return np.interp(field, grid, values).astype(np.float32)


def speckle(rng: np.random.Generator) -> np.ndarray:
    """Speckle power of mean 1 with unequal looks, shape (SIDE, SIDE), blurred like the sensor."""
    total = np.zeros((SIDE, SIDE), np.float32)
    for weight in LOOK_WEIGHTS:
        for _part in range(2):
            part = gaussian_filter(rng.standard_normal((SIDE, SIDE), dtype=np.float32), SPECKLE_BLUR_PX, mode="wrap")
            total += weight * (part / part.std()) ** 2
    return total / total.mean()
