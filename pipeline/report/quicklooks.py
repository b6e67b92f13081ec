"""Draws quicklooks for the map: each scene in Web Mercator, in grey, transparent where it has no pixels."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from pipeline.errors import InputError
from pipeline.report.chips import brightness, stretched
from pipeline.storage import write_bytes, write_json
from pipeline.types import Scene, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatImage, Place

INDEX = "quicklooks.json"
SIDE_PX = 640  # of the longer side (our choice: a harbour is recognisable at that size)
MIN_SIDE_PX = 200  # smaller pictures show no harbour (our choice)
FULL_SIZE_LOOKS = 40  # with more looks than this all are drawn smaller, so that the report can still be emailed
MOST_PIXELS = 4_000_000  # read at once (our choice: some 100 MB with all bands)
SMALLEST_PART = 32  # samples per side; below, halving saves too little memory for its extra reads (our choice)
NODE_PX = 8  # between nodes: over so few the mapping departs from a line by less than a pixel (our choice)
EARTH_RADIUS_M = 6378137.0  # of Web Mercator (EPSG:3857), a sphere


def draw_quicklooks(scenes: Sequence[Scene], place: Place, folder: Path, threads: int = 1) -> dict[str, dict[str, Any]]:
    """Write ``<scene_id>.webp`` for each georeferenced scene, and ``quicklooks.json`` with their bounds.

    By scene id: ``file`` and ``bounds`` (west, south, east, north [deg]); rows are evenly spaced in Web Mercator, as
    web maps stretch pictures. A scene whose pixels cannot be read has none. ``threads`` scenes are drawn at a time.
    """
    side = SIDE_PX if len(scenes) <= FULL_SIZE_LOOKS else int(SIDE_PX * math.sqrt(FULL_SIZE_LOOKS / len(scenes)))
    placed = [(scene, bounds) for scene in scenes if (bounds := _bounds(scene, place)) is not None]
    index: dict[str, dict[str, Any]] = {}
    with ThreadPoolExecutor(threads) as pool:
        contents = pool.map(lambda item: _quicklook_or_none(item[0], item[1], max(side, MIN_SIDE_PX)), placed)
        for (scene, bounds), content in zip(placed, contents, strict=True):
            if content is not None:
                name = f"{scene.scene_id}.webp"
                write_bytes(folder / name, content)
                index[scene.scene_id] = {"file": name, "bounds": [round(b, 7) for b in bounds]}
    if index:
        write_json(folder / INDEX, index)
    return index


def _quicklook_or_none(scene: Scene, bounds: tuple[float, float, float, float], side_px: int) -> bytes | None:
    """The picture; None if the image cannot be read any more: the detector met the same error, and reported it."""
    try:
        return quicklook_webp(scene, bounds, side_px)
    except InputError:
        return None


def read_quicklooks(folder: Path) -> dict[str, dict[str, Any]]:
    """The index of a folder of quicklooks; empty if there is none."""
    path = folder / INDEX
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def _bounds(scene: Scene, place: Place) -> tuple[float, float, float, float] | None:
    """The part of the AOI's box that the scene can show."""
    if scene.geolocation is None or scene.footprint is None:
        return None
    west, south, east, north = scene.footprint.bounds
    box = (
        max(west, place.bbox[0]), max(south, place.bbox[1]), min(east, place.bbox[2]), min(north, place.bbox[3])
    )  # fmt: skip
    return box if box[0] < box[2] and box[1] < box[3] else None


def quicklook_webp(scene: Scene, bounds: tuple[float, float, float, float], side_px: int) -> bytes:
    """The scene between bounds as a grey WebP with transparency; the longer side has at most ``side_px`` pixels."""
    west, south, east, north = bounds
    top, bottom = mercator_y(north), mercator_y(south)
    width_m, height_m = math.radians(east - west) * EARTH_RADIUS_M, top - bottom
    true_m = max(width_m, height_m) * math.cos(math.radians((south + north) / 2))
    longest = max(8, min(side_px, round(true_m / min(scene.pixel_spacing_m))))
    cols = max(1, round(longest * width_m / max(width_m, height_m)))
    rows = max(1, round(longest * height_m / max(width_m, height_m)))
    lon = west + (np.arange(cols) + 0.5) / cols * (east - west)
    lat = latitude(top - (np.arange(rows) + 0.5) / rows * height_m)
    pixel_m = true_m / longest
    value = _sample_brightness(scene, lon, lat, pixel_m)
    grey = stretched(value, 2, 99.5)
    alpha = np.where(np.isfinite(value), 255, 0).astype(np.uint8)
    out = io.BytesIO()
    Image.merge("RGBA", [*[Image.fromarray(grey)] * 3, Image.fromarray(alpha)]).save(out, "WEBP", quality=60, method=4)
    return out.getvalue()


def _sample_brightness(scene: Scene, lon: NDArray[Any], lat: NDArray[Any], pixel_m: float) -> FloatImage:
    """Local mean brightness at each node of a grid; NaN where the scene has no pixel.

    The grid is halved only until the pixels under a part fit in memory: every part decodes whole blocks of the file.
    """
    from scipy.ndimage import uniform_filter

    row, col = _pixels_of(scene, lon, lat)
    out = np.full(row.shape, np.nan, np.float32)
    inside = (row > -0.5) & (row < scene.shape[0] - 0.5) & (col > -0.5) & (col < scene.shape[1] - 0.5)
    if not inside.any():
        return out
    r, c = np.rint(row[inside]).astype(int), np.rint(col[inside]).astype(int)
    size = [max(1, round(pixel_m / s)) for s in scene.pixel_spacing_m]
    window = Window(r.min(), c.min(), int(np.ptp(r)) + 1, int(np.ptp(c)) + 1).padded(max(size) // 2, scene.shape)
    if window.rows * window.cols > MOST_PIXELS and max(len(lat), len(lon)) > SMALLEST_PART:
        if len(lat) >= len(lon):
            half = len(lat) // 2
            return np.concatenate([_sample_brightness(scene, lon, part, pixel_m) for part in (lat[:half], lat[half:])])
        half = len(lon) // 2
        return np.concatenate(
            [_sample_brightness(scene, part, lat, pixel_m) for part in (lon[:half], lon[half:])], axis=1
        )
    value = brightness(scene, window)
    if max(size) > 1:
        known = np.isfinite(value)
        if known.all():
            value = uniform_filter(value, size)
        else:
            weight = uniform_filter(known.astype(np.float32), size)
            mean = uniform_filter(np.where(known, value, 0), size) / np.maximum(weight, 1e-6)
            value = np.where(known, mean, np.nan)
    out[inside] = value[r - window.row0, c - window.col0]
    return out


def _pixels_of(scene: Scene, lon: NDArray[Any], lat: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rows and columns of the scene's pixels under a grid, computed at every eighth node and interpolated."""
    from scipy.ndimage import map_coordinates

    nodes = [max(2, -(-len(axis) // NODE_PX) + 1) for axis in (lat, lon)]
    node_positions = [np.linspace(0, len(axis) - 1, n) for axis, n in zip((lat, lon), nodes, strict=True)]
    grid = np.meshgrid(
        np.interp(node_positions[1], range(len(lon)), lon), np.interp(node_positions[0], range(len(lat)), lat)
    )
    y, x = (np.arange(len(axis)) * (n - 1) / max(len(axis) - 1, 1) for axis, n in zip((lat, lon), nodes, strict=True))
    sample_positions = np.meshgrid(y, x, indexing="ij")
    return tuple(map_coordinates(a, sample_positions, order=1) for a in scene.geolocation.rowcol(*grid))  # type: ignore[union-attr]


def mercator_y(lat_deg: float) -> float:
    """Northing [m] of Web Mercator."""
    return EARTH_RADIUS_M * math.log(math.tan(math.pi / 4 + math.radians(lat_deg) / 2))


def latitude(mercator_m: NDArray[Any]) -> NDArray[Any]:
    """Latitude [deg] of a northing of Web Mercator; the inverse of ``mercator_y``."""
    return np.degrees(2 * np.arctan(np.exp(mercator_m / EARTH_RADIUS_M)) - np.pi / 2)
