"""Render an optical scene as top-of-atmosphere reflectance: sea, land, quays, ships with sides and shadows, clouds.

Pure: arrays out. Ships and quays are triangles, projected to the camera and to the sun through depth buffers, so that
sides, overhangs, houses, neighbours and quays hide and shade one another correctly. The detector shares none of this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, shift

from pipeline.simulation.deck_gear import ship_mesh
from pipeline.simulation.mesh import Mesh, box
from pipeline.simulation.sea_and_air import REFRACTION, Conditions, apply_sensor, draw_conditions, smooth_noise, waves
from pipeline.simulation.shadows import depth_buffer, lit_share
from pipeline.simulation.ships import ShipState, Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray, FloatImage


BANDS = ("B", "G", "R", "N")
# Reflectance of the ground by band. Our choice after looking at images; no single source.
LAND = (0.040, 0.065, 0.090, 0.185)
CONCRETE = (0.160, 0.170, 0.185, 0.210)
CRANE = (0.200, 0.160, 0.140, 0.160)
CLOUD = (0.600, 0.600, 0.610, 0.620)
SUN_RADIUS_DEG = 0.27  # half of the sun's apparent diameter of 0.53 degrees
CELL_M = 0.15  # target cell size of a depth buffer under fine pixels
OVERSAMPLE = 4  # most cells along a pixel's side
DEPTHS = 6  # layers of the water column
GRIME = 0.06  # wear and dirt on paint, relative, over a metre or so
FINE_M = 1.2  # pixel size below which the sun is a disc, not a point


@dataclass(frozen=True)
class MapFrame:
    """North-up pixels on a map: (row, col) centre at ``east0 + col * pixel_m``, ``north0 - row * pixel_m``."""

    epsg: int
    east0: float
    north0: float
    pixel_m: float
    shape: tuple[int, int]

    def rowcol(self, east: FloatArray, north: FloatArray) -> FloatArray:
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
    def lean(self) -> FloatArray:
        """Displacement (east, north) of a point one metre up: away from the satellite."""
        return -np.tan(np.radians(self.off_nadir_deg)) * _horizontal_direction(self.view_azimuth_deg)

    @property
    def shade(self) -> FloatArray:
        """Where on flat ground (east, north) the shadow of a point one metre up falls."""
        return -_horizontal_direction(self.sun_azimuth_deg) / np.tan(np.radians(self.sun_elevation_deg))

    @property
    def drift(self) -> FloatArray:
        """Displacement (east, north) between light entering the water and leaving it from a depth of one metre."""
        down = _refracted_tangent(90 - self.sun_elevation_deg) * -_horizontal_direction(self.sun_azimuth_deg)
        return down + _refracted_tangent(self.off_nadir_deg) * _horizontal_direction(self.view_azimuth_deg)


def _horizontal_direction(azimuth_deg: float) -> FloatArray:
    angle = np.radians(azimuth_deg)
    return np.array([np.sin(angle), np.cos(angle)])


def _refracted_tangent(zenith_deg: float) -> float:
    """Tangent of a ray's angle from the vertical under water (Snell)."""
    return float(np.tan(np.arcsin(np.sin(np.radians(zenith_deg)) / REFRACTION)))


def render(
    frame: MapFrame,
    water: BoolImage,
    ships: Sequence[tuple[ShipState, tuple[float, float]]],
    structures: Sequence[tuple[Structure, tuple[float, float]]],
    light: Light,
    cloud_cover: float,
    wind_m_s: float,
    seed: np.random.SeedSequence,
    conditions: Conditions | None = None,
    surface: Surface | None = None,
) -> FloatImage:
    """Reflectance, shape (4, rows, cols) for B, G, R, N. Ships and structures come with their (east, north).

    ``surface`` draws the place without ships, instead of the default sea and land.
    """
    streams = [np.random.default_rng(s) for s in seed.spawn(4)]
    air = conditions or draw_conditions(streams[3], wind_m_s)
    layers = (surface or _default_surface)(frame, water, air, streams[0])
    for state, centre in ships:
        if state.speed_kn > 1:
            _add_wake(layers, frame, state, centre, streams[1])
    solids = [_structure_mesh(s).placed(s.heading_deg, centre) for s, centre in structures]
    solids += [ship_mesh(s).placed(s.heading_deg, centre) for s, centre in ships]
    image = layers.still + layers.glint + layers.column
    for group, (r0, r1, c0, c1) in _group_solids(solids, frame, light):
        here = np.s_[:, r0:r1, c0:c1]
        part = MapFrame(
            frame.epsg,
            frame.east0 + c0 * frame.pixel_m,
            frame.north0 - r0 * frame.pixel_m,
            frame.pixel_m,
            (r1 - r0, c1 - c0),
        )
        image[here] = _render_group(part, group, light, air, layers.cut(here), streams[1])
    if cloud_cover > 0:
        _add_clouds(image, frame, cloud_cover, light, streams[2])
    return apply_sensor(image, air, streams[3])


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Radiance of a place without ships: the part no shadow affects, glint, and light from water column or ground."""

    still: FloatImage
    glint: FloatImage
    column: FloatImage

    def cut(self, here: tuple[slice, ...]) -> Layers:
        """A part of all three."""
        return Layers(self.still[here], self.glint[here], self.column[here])


Surface = Callable[[MapFrame, "BoolImage", Conditions, np.random.Generator], Layers]
"""Draws an empty place: frame, water, conditions and random numbers to its layers."""


def _default_surface(frame: MapFrame, water: BoolImage, air: Conditions, rng: np.random.Generator) -> Layers:
    """Sea with waves and glint, land with relief."""
    height = waves(frame.shape, frame.pixel_m, air, rng)
    patches = smooth_noise(frame.shape, 120.0 / frame.pixel_m, rng)
    relief = smooth_noise(frame.shape, 60.0 / frame.pixel_m, rng)
    grain = rng.standard_normal(frame.shape, dtype=np.float32)
    sea = 1 + (0.01 + 0.006 * air.wind_m_s) * height
    ground = np.exp(0.25 * relief + 0.10 * grain)
    shine = np.clip(air.glint * (1 + 0.9 * height + 0.3 * patches), 0, None)
    foam, silt = 1 + 0.1 * patches, 1 + 0.05 * patches
    still, column = (np.empty((len(BANDS), *frame.shape), np.float32) for _ in range(2))
    for b in range(len(BANDS)):  # in place: whole scenes are large
        np.multiply(sea, air.sky[b], out=still[b])
        still[b] *= foam
        np.copyto(still[b], 0.0, where=~water)
        still[b] += air.path[b]
        np.multiply(ground, LAND[b], out=column[b])
        np.multiply(silt, air.column[b], out=column[b], where=water)
    np.copyto(shine, 0.0, where=~water)
    return Layers(still, np.broadcast_to(shine, still.shape), column)


def _structure_mesh(structure: Structure) -> Mesh:
    long, wide = structure.length_m / 2, structure.width_m / 2
    paint = CRANE if structure.kind == "crane" else CONCRETE
    if structure.kind != "crane":
        return box((-long, long), (-wide, wide), (0.0, structure.height_m), paint, CONCRETE)
    legs = [
        box((x - 1, x + 1), (y - 1, y + 1), (0.0, 0.8 * structure.height_m), paint)
        for x in (-0.6 * long, 0.2 * long)
        for y in (-wide, wide)
    ]
    return Mesh.merged(
        [*legs, box((-long, long), (-0.25 * wide, 0.25 * wide), (0.8 * structure.height_m, structure.height_m), paint)]
    )


def _group_solids(
    solids: Sequence[Mesh], frame: MapFrame, light: Light
) -> list[tuple[Mesh, tuple[int, int, int, int]]]:
    """Groups of solids whose footprints, sides or shadows may overlap, with the pixels (r0, r1, c0, c1) they cover."""
    boxes: list[tuple[list[Mesh], FloatArray]] = []
    for solid in solids:
        flat = [solid.corners[..., :2] + solid.corners[..., 2:] * s for s in (np.zeros(2), light.lean, light.shade)]
        points = np.concatenate(flat).reshape(-1, 2)
        corners = frame.rowcol(points[:, 0], points[:, 1])
        bounds = np.r_[corners.min(axis=0) - 4 - 3.0 / frame.pixel_m, corners.max(axis=0) + 5 + 3.0 / frame.pixel_m]
        if (bounds[2:] < 0).any() or bounds[0] > frame.shape[0] or bounds[1] > frame.shape[1]:
            continue
        members = [solid]
        for other in [b for b in boxes if _boxes_overlap(b[1], bounds)]:
            boxes.remove(other)
            members += other[0]
            bounds = np.r_[np.minimum(bounds[:2], other[1][:2]), np.maximum(bounds[2:], other[1][2:])]
        boxes.append((members, bounds))
    out = []
    for members, bounds in boxes:
        r0, c0 = (int(v) for v in np.maximum(0, np.floor(bounds[:2])))
        r1, c1 = (int(min(n, np.ceil(v))) for n, v in zip(frame.shape, bounds[2:], strict=True))
        if r1 > r0 and c1 > c0:
            out.append((Mesh.merged(members), (r0, r1, c0, c1)))
    return out


def _boxes_overlap(a: FloatArray, b: FloatArray) -> bool:
    return bool((a[:2] < b[2:]).all() and (b[:2] < a[2:]).all())


def _render_group(
    frame: MapFrame, solids: Mesh, light: Light, air: Conditions, ground: Layers, rng: np.random.Generator
) -> FloatImage:
    """The pixels of one group of solids over their ground."""
    k = int(np.clip(np.ceil(frame.pixel_m / CELL_M), 3, OVERSAMPLE))
    cell = frame.pixel_m / k
    shape = (frame.shape[0] * k, frame.shape[1] * k)
    edge = (k - 1) / 2 * cell
    origin = np.array([frame.east0 - edge, frame.north0 + edge])
    seen, owner = depth_buffer(solids.corners, light.lean, origin, cell, shape)
    lit, dark = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    suns = _sun_points(light, disc=frame.pixel_m < FINE_M)
    for sun in suns:
        first, _ = depth_buffer(solids.corners, sun.shade, origin, cell, shape)
        lit_share(seen, light.lean, first, sun.shade, cell, lit)
        dark += first > 0
    lit /= len(suns)
    dark = gaussian_filter(dark / len(suns), (0.08 + 0.02 * air.wind_m_s) / cell)
    deep = _column_shadow(dark, light, air.light_depth_m, cell)
    covered, dark, deep = (_block_means(a, k) for a in ((owner > 0).astype(np.float32), dark, deep))
    colours = _reflected_light(solids, owner, lit, light, air)
    dirt = 1 + GRIME * smooth_noise(frame.shape, 1.0 / frame.pixel_m, rng)
    bands = []
    for b in range(len(BANDS)):
        open_water = ground.still[b] + ground.glint[b] * (1 - dark)
        open_water = open_water + ground.column[b] * (1 - (1 - air.diffuse[b]) * deep)
        bands.append((1 - covered) * open_water + covered * air.path[b] + dirt * _block_means(colours[b], k))
    return np.stack(bands).astype(np.float32)


def _sun_points(light: Light, *, disc: bool) -> list[Light]:
    if not disc:
        return [light]
    r = SUN_RADIUS_DEG * 0.6
    return [
        Light(
            light.sun_elevation_deg + de,
            light.sun_azimuth_deg + da / np.cos(np.radians(light.sun_elevation_deg)),
            light.off_nadir_deg,
            light.view_azimuth_deg,
        )
        for de, da in ((r, 0.0), (-r / 2, 0.87 * r), (-r / 2, -0.87 * r))
    ]


def _column_shadow(dark: FloatImage, light: Light, depth_m: float, cell_m: float) -> FloatImage:
    """Share of the column's light removed by a shadow on the surface: mean over depths, each displaced by `drift`."""
    out = np.zeros_like(dark)
    for share in (np.arange(DEPTHS) + 0.5) / DEPTHS:
        east, north = light.drift * (-depth_m * np.log(1 - share)) / cell_m
        out += np.roll(dark, (-round(north), round(east)), (0, 1))
    return np.asarray(out / DEPTHS, np.float32)


def _reflected_light(
    solids: Mesh, owner: NDArray[np.int32], lit: FloatImage, light: Light, air: Conditions
) -> list[FloatImage]:
    """Light reflected by the visible solids, by band (0 on the ground): sun on lit faces, sky on all."""
    a, b, c = (solids.corners[:, n] for n in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    camera = np.array([*-light.lean, 1.0])
    normal *= np.where(normal @ camera < 0, -1.0, 1.0)[:, None]
    high = np.radians(light.sun_elevation_deg)
    sun = np.array([*(np.cos(high) * _horizontal_direction(light.sun_azimuth_deg)), np.sin(high)])
    direct = np.r_[0.0, np.clip(normal @ sun, 0, None) / np.sin(high)].astype(np.float32)
    sky = np.r_[0.0, 0.5 + 0.5 * np.abs(normal[:, 2])].astype(np.float32)
    out = []
    for band, diffuse in enumerate(air.diffuse):
        paint = np.r_[0.0, solids.colours[:, band]].astype(np.float32)
        out.append((paint * diffuse * sky)[owner] + (paint * (1 - diffuse) * direct)[owner] * lit)
    return out


def _block_means(image: FloatImage, k: int) -> FloatImage:
    rows, cols = image.shape[0] // k, image.shape[1] // k
    return image.reshape(rows, k, cols, k).mean(axis=(1, 3))


def _add_wake(
    layers: Layers, frame: MapFrame, state: ShipState, centre: tuple[float, float], rng: np.random.Generator
) -> None:
    """A bright, fading strip of churned water behind a moving ship."""
    hull = state.hull
    ahead = _horizontal_direction(state.heading_deg)
    row, col = np.mgrid[0 : frame.shape[0], 0 : frame.shape[1]].astype(np.float32)
    east = frame.east0 + col * frame.pixel_m - centre[0]
    north = frame.north0 - row * frame.pixel_m - centre[1]
    behind = -(east * ahead[0] + north * ahead[1]) - 0.5 * hull.length_m
    aside = np.abs(east * ahead[1] - north * ahead[0])
    fade = np.clip(1 - behind / 300.0, 0, 1) * (behind > 0) * (aside < hull.beam_m * (0.35 + 0.0016 * behind))
    layers.column[:] += np.float32(0.05 * rng.uniform(0.7, 1.0)) * fade * (layers.glint > 0)


def _add_clouds(image: FloatImage, frame: MapFrame, cover: float, light: Light, rng: np.random.Generator) -> None:
    """Cumulus of some hundred metres over the stated share of the image, 900 m up, with its shadows."""
    field = smooth_noise(frame.shape, 350.0 / frame.pixel_m, rng) + 0.35 * smooth_noise(
        frame.shape, 60.0 / frame.pixel_m, rng
    )
    edge = np.quantile(field, 1 - cover) if cover < 1 else field.min() - 1.0
    thickness = np.clip((field - edge) / 0.45, 0, 1).astype(np.float32)
    moved = 900.0 * light.shade / frame.pixel_m
    shaded = shift(thickness, (-moved[1], moved[0]), order=1, mode="reflect")
    for n in range(len(image)):
        image[n] *= 1 - 0.5 * shaded
        image[n] += thickness * (CLOUD[n] - image[n])
