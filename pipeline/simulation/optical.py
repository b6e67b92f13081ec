"""Draw an optical scene as top-of-atmosphere reflectance: sea, land, quays, hulls with side and shadow, clouds.

Pure: arrays out. Heights shift a point away from the satellite by ``h tan(off nadir)``; the sun throws it to
``h / tan(elevation)`` on the other side from the sun. So a ship's shadow on the water measures her side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, shift, zoom
from shapely.geometry import MultiPoint, Polygon
from skimage.draw import polygon2mask

from pipeline.simulation.ships import ShipState, Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatImage = NDArray[np.float32]

BANDS = ("B", "G", "R", "N")
# Reflectance at the top of the atmosphere, by band. Our choice after looking at images; no single source.
WATER = (0.075, 0.062, 0.040, 0.022)
LAND = (0.085, 0.095, 0.110, 0.190)
CONCRETE = (0.160, 0.170, 0.185, 0.210)
HULL_SIDE = (0.060, 0.055, 0.060, 0.070)
BOOT_TOPPING = (0.060, 0.055, 0.130, 0.140)  # the red paint below the load line, seen on a light ship
HOUSE = (0.450, 0.460, 0.470, 0.480)
PIPES = (0.300, 0.300, 0.300, 0.310)
CLOUD = (0.600, 0.600, 0.610, 0.620)
DECK_TINT = (0.55, 0.65, 1.30, 1.40)  # times the deck's shade: red-brown primer
SHADOW = 0.42  # share of light left on water in shadow: sky light, and what the water column scatters
HOUSE_HEIGHT_M = 11.0  # above deck
OVERSAMPLE = 3


@dataclass(frozen=True)
class MapFrame:
    """North-up pixels on a map: (row, col) centre at ``east0 + col * pixel_m``, ``north0 - row * pixel_m``."""

    epsg: int
    east0: float
    north0: float
    pixel_m: float
    shape: tuple[int, int]

    def rowcol(self, east: NDArray[np.float64], north: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) rows and columns of map positions."""
        return np.column_stack([(self.north0 - north) / self.pixel_m, (east - self.east0) / self.pixel_m])


@dataclass(frozen=True, slots=True)
class Light:
    """Sun and satellite: azimuths from the scene to each."""

    sun_elevation_deg: float
    sun_azimuth_deg: float
    off_nadir_deg: float
    view_azimuth_deg: float

    @property
    def lean(self) -> NDArray[np.float64]:
        """Displacement (east, north) of a point one metre up: away from the satellite."""
        away = np.radians(self.view_azimuth_deg + 180)
        return np.tan(np.radians(self.off_nadir_deg)) * np.array([np.sin(away), np.cos(away)])

    @property
    def shade(self) -> NDArray[np.float64]:
        """Where on flat ground (east, north) the shadow of a point one metre up falls."""
        away = np.radians(self.sun_azimuth_deg + 180)
        return np.array([np.sin(away), np.cos(away)]) / np.tan(np.radians(self.sun_elevation_deg))


@dataclass(frozen=True, slots=True)
class Solid:
    """A prism on the ship: outline (n, 2) east, north; from ``base_m`` to ``top_m`` above water; colours."""

    outline: NDArray[np.float64]
    base_m: float
    top_m: float
    side: tuple[float, ...]
    roof: tuple[float, ...]


def draw(
    frame: MapFrame,
    water: NDArray[np.bool_],
    ships: Sequence[tuple[ShipState, tuple[float, float]]],
    structures: Sequence[tuple[Structure, tuple[float, float]]],
    light: Light,
    cloud_cover: float,
    wind_m_s: float,
    seed: np.random.SeedSequence,
) -> FloatImage:
    """Reflectance, shape (4, rows, cols) for B, G, R, N. Ships and structures come with their (east, north)."""
    streams = [np.random.default_rng(s) for s in seed.spawn(4)]
    image = _surface(frame, water, wind_m_s, streams[0])
    for structure, centre in structures:
        _paint(image, frame, [_structure_solid(structure, centre)], light)
    for state, centre in ships:
        if state.speed_kn > 1:
            _wake(image, frame, state, centre, streams[1])
        _paint(image, frame, ship_solids(state, centre), light)
        _deck_lines(image, frame, state, centre, light)
    if cloud_cover > 0:
        _clouds(image, frame, cloud_cover, light, streams[2])
    image = np.stack([gaussian_filter(band, 0.55) for band in image])
    image += 0.0025 * streams[3].standard_normal(image.shape, dtype=np.float32)
    return np.clip(image, 0.001, 1.5).astype(np.float32)


def _surface(frame: MapFrame, water: NDArray[np.bool_], wind_m_s: float, rng: np.random.Generator) -> FloatImage:
    """Sea with swell and glint, land with relief."""
    swell = gaussian_filter(rng.standard_normal(frame.shape, dtype=np.float32), (2.0, 0.8))
    swell /= swell.std()
    relief = _smooth_noise(frame.shape, 60.0 / frame.pixel_m, rng)
    grain = rng.standard_normal(frame.shape, dtype=np.float32)
    sea = 1 + 0.012 * wind_m_s * swell
    ground = np.exp(0.25 * relief + 0.10 * grain)
    return np.stack([np.where(water, w * sea, g * ground) for w, g in zip(WATER, LAND, strict=True)]).astype(np.float32)


def _smooth_noise(shape: tuple[int, int], sigma_px: float, rng: np.random.Generator) -> FloatImage:
    """Unit-variance noise of a long correlation length, made on a coarse grid and enlarged."""
    step = max(1, int(sigma_px / 3))
    small = (shape[0] // step + 3, shape[1] // step + 3)
    field = gaussian_filter(rng.standard_normal(small, dtype=np.float32), sigma_px / step)
    field = (field - field.mean()) / field.std()
    return zoom(field, step, order=1)[: shape[0], : shape[1]]


def hull_outline(
    length_m: float, beam_m: float, heading_deg: float, centre: tuple[float, float]
) -> NDArray[np.float64]:
    """Deck outline (n, 2) east, north: a pointed bow over the first 15 % of the length, a rounded stern."""
    shape = np.array(
        [
            (0.5, 0.0),
            (0.46, 0.22),
            (0.40, 0.40),
            (0.33, 0.5),
            (-0.46, 0.5),
            (-0.5, 0.35),
            (-0.5, -0.35),
            (-0.46, -0.5),
            (0.33, -0.5),
            (0.40, -0.40),
            (0.46, -0.22),
        ]
    )
    return _placed(shape * [length_m, beam_m], heading_deg, centre)


def _placed(ahead_abeam: NDArray[np.float64], heading_deg: float, centre: tuple[float, float]) -> NDArray[np.float64]:
    """Ship coordinates (ahead, to starboard) [m] as (east, north)."""
    h = np.radians(heading_deg)
    ahead, abeam = np.array([np.sin(h), np.cos(h)]), np.array([np.cos(h), -np.sin(h)])
    return centre + ahead_abeam[:, :1] * ahead + ahead_abeam[:, 1:] * abeam


def _box(ahead: tuple[float, float], abeam: tuple[float, float]) -> NDArray[np.float64]:
    return np.array([(ahead[0], abeam[0]), (ahead[1], abeam[0]), (ahead[1], abeam[1]), (ahead[0], abeam[1])])


def ship_solids(state: ShipState, centre: tuple[float, float]) -> list[Solid]:
    """Hull (with boot-topping where she rides high) and house."""
    hull = state.hull
    length, beam = hull.length_m, hull.beam_m
    deck = tuple(min(1.0, hull.deck_shade * t) for t in DECK_TINT)
    outline = hull_outline(length, beam, state.heading_deg, centre)
    load_line = max(0.0, hull.design_draught_m - state.draught_m)
    middle = {"aft": -0.38, "midships": 0.0, "forward": 0.32}[hull.superstructure] * length
    house = _box((middle - 0.06 * length, middle + 0.06 * length), (-0.42 * beam, 0.42 * beam))
    top = state.freeboard_m + min(HOUSE_HEIGHT_M, 0.8 * beam)
    return [
        Solid(outline, 0.0, load_line, BOOT_TOPPING, BOOT_TOPPING),
        Solid(outline, load_line, state.freeboard_m, HULL_SIDE, deck),
        Solid(_placed(house, state.heading_deg, centre), state.freeboard_m, top, HOUSE, HOUSE),
    ]


def _structure_solid(structure: Structure, centre: tuple[float, float]) -> Solid:
    box = _box((-structure.length_m / 2, structure.length_m / 2), (-structure.width_m / 2, structure.width_m / 2))
    return Solid(_placed(box, structure.heading_deg, centre), 0.0, structure.height_m, CONCRETE, CONCRETE)


def _paint(image: FloatImage, frame: MapFrame, solids: Sequence[Solid], light: Light) -> None:
    """Shadow of all solids first, then each solid's visible sides and roof, bottom up."""
    shadows = [_hull_of(s.outline + s.base_m * light.shade, s.outline + s.top_m * light.shade) for s in solids]
    for shadow in shadows:
        _blend(image, frame, shadow, None)
    for solid in solids:
        foot, roof = solid.outline + solid.base_m * light.lean, solid.outline + solid.top_m * light.lean
        _blend(image, frame, _hull_of(foot, roof), solid.side)
        _blend(image, frame, roof, solid.roof)


def _hull_of(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convex hull of two outlines: what a prism sweeps."""
    swept = MultiPoint(np.concatenate([a, b])).convex_hull
    return np.asarray(swept.exterior.coords)[:-1] if isinstance(swept, Polygon) else a


def _blend(image: FloatImage, frame: MapFrame, outline: NDArray[np.float64], colour: tuple[float, ...] | None) -> None:
    """Paint a polygon by the share of each pixel that it covers; without a colour, darken to shadow."""
    corners = frame.rowcol(outline[:, 0], outline[:, 1])
    r0, c0 = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
    r1, c1 = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 2, frame.shape)
    if r1 <= r0 or c1 <= c0:
        return
    fine = (corners - (r0, c0) + 0.5) * OVERSAMPLE - 0.5
    rows, cols = r1 - r0, c1 - c0
    mask = polygon2mask((rows * OVERSAMPLE, cols * OVERSAMPLE), fine)
    share = mask.reshape(rows, OVERSAMPLE, cols, OVERSAMPLE).mean(axis=(1, 3)).astype(np.float32)
    for n in range(len(image)):
        part = image[n, r0:r1, c0:c1]
        target = part * SHADOW if colour is None else colour[n]
        part += share * (target - part)


def _deck_lines(
    image: FloatImage, frame: MapFrame, state: ShipState, centre: tuple[float, float], light: Light
) -> None:
    """What tells a tanker's deck: a pipe rack along the middle and a manifold across; bulkers have hatches."""
    hull, lean = state.hull, state.freeboard_m * light.lean
    length, beam = hull.length_m, hull.beam_m
    if hull.is_tanker:
        parts = [_box((-0.28 * length, 0.36 * length), (-0.06 * beam, 0.06 * beam))]
        parts.append(_box((0.01 * length, 0.04 * length), (-0.42 * beam, 0.42 * beam)))
        colour = PIPES
    elif hull.kind in {"bulk_carrier", "general_cargo"}:
        starts = np.linspace(-0.26, 0.32, 6)
        parts = [_box((s * length, (s + 0.07) * length), (-0.3 * beam, 0.3 * beam)) for s in starts]
        colour = CONCRETE
    elif hull.kind == "container_ship":
        starts = np.linspace(-0.26, 0.36, 9)
        parts = [_box((s * length, (s + 0.06) * length), (-0.48 * beam, 0.48 * beam)) for s in starts]
        colour = (0.16, 0.12, 0.22, 0.26)
    else:
        return
    for part in parts:
        _blend(image, frame, _placed(part, state.heading_deg, centre) + lean, colour)


def _wake(
    image: FloatImage, frame: MapFrame, state: ShipState, centre: tuple[float, float], rng: np.random.Generator
) -> None:
    """A bright, fading strip of churned water behind a moving ship."""
    hull = state.hull
    for n in range(12):
        start = -0.5 * hull.length_m - 25.0 * n
        width = hull.beam_m * (0.35 + 0.04 * n)
        box = _box((start - 25.0, start), (-width, width))
        strength = 0.05 * (1 - n / 12) * rng.uniform(0.7, 1.0)
        colour = tuple(w + strength for w in WATER)
        _blend(image, frame, _placed(box, state.heading_deg, centre), colour)


def _clouds(image: FloatImage, frame: MapFrame, cover: float, light: Light, rng: np.random.Generator) -> None:
    """Cumulus of some hundred metres over the stated share of the image, 900 m up, with its shadows."""
    field = _smooth_noise(frame.shape, 350.0 / frame.pixel_m, rng) + 0.35 * _smooth_noise(
        frame.shape, 60.0 / frame.pixel_m, rng
    )
    edge = np.quantile(field, 1 - cover) if cover < 1 else field.min() - 1.0
    thickness = np.clip((field - edge) / 0.45, 0, 1).astype(np.float32)
    moved = 900.0 * light.shade / frame.pixel_m
    shaded = shift(thickness, (-moved[1], moved[0]), order=1, mode="reflect")
    for n in range(len(image)):
        image[n] *= 1 - 0.5 * shaded
        image[n] += thickness * (CLOUD[n] - image[n])
