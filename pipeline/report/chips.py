"""Draws image chips of sightings: a plain one, and one with hull outline, shadow and scale bar."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from pipeline.errors import InputError
from pipeline.storage import write_bytes, write_json
from pipeline.types import Radiometry, Scene, Window

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import FloatImage

INDEX = "chips.json"
SIDE_PX = 360  # enlarged to this, a hull's parts can be distinguished (our choice)
MIN_SIDE_M = 320.0  # so that a small ship has recognisable surroundings (our choice)
HULL_LENGTHS = 2.6  # a chip is this many hull lengths wide
# Chips that show what a freeboard was read from: edges metres apart
MEASURED_SIDE_M, MEASURED_HULL_LENGTHS = 120.0, 1.35
OUTLINE = (255, 176, 0)  # amber: distinct from grey and from blue water for all readers
SHADOW = (86, 180, 233)  # Okabe and Ito's sky blue
SCALE = (255, 255, 255)  # white, with a dark edge where it is text
DECK_EDGE, BOOT_TOP = (240, 228, 66), (213, 94, 0)  # Okabe and Ito's yellow and vermilion
SHAPES = {"hull": OUTLINE, "shadow": SHADOW, "waterline": SCALE, "deck_edge": DECK_EDGE, "boot_top": BOOT_TOP}
LINES = {"shadow_end": "shadow"}  # kinds of `measured_lines` named differently here
COLUMNS = {"hull": ("geometry",), "shadow": ("shadow", "shadow_geometry"), "waterline": ("waterline",)}
SHADOW_GAMMA = 0.6  # below 1: brightens the dark greys in which the shadow ends (our choice)
VISIBLE = {"B", "G", "R", "pan", "B02", "B03", "B04"}


def draw_chips(
    scenes: Sequence[Scene], detections: pd.DataFrame, detection_ids: Sequence[str], folder: Path, threads: int = 1
) -> dict[str, str]:
    """Write ``<detection_id>.png``, a plain ``<detection_id>.webp`` and ``chips.json``; returns file names by id.

    ``chips.json`` holds by detection id: ``side_m`` (ground width [m]), ``north_deg`` (direction of north, clockwise
    from up; null where unknown) and ``shapes``: name -> list of [x, y], from 0 to 1 from the upper left corner.
    ``threads`` chips are drawn at a time.
    """
    by_id = {s.scene_id: s for s in scenes}
    wanted = detections[detections["detection_id"].isin(set(detection_ids))]
    rows = [row for row in wanted.itertuples() if row.scene_id in by_id]
    index: dict[str, Any] = {}
    with ThreadPoolExecutor(threads) as pool:
        for row, chip in zip(rows, pool.map(lambda row: _chip(by_id[row.scene_id], row), rows), strict=True):
            if chip is not None:
                write_bytes(folder / f"{row.detection_id}.webp", chip[0])
                write_bytes(folder / f"{row.detection_id}.png", chip[1])
                index[row.detection_id] = chip[2]
    if index:
        write_json(folder / INDEX, index)
    return {detection_id: f"{detection_id}.png" for detection_id in index}


def _chip(scene: Scene, row: Any) -> tuple[bytes, bytes, dict[str, Any]] | None:
    """The plain picture, the drawn one, and what was drawn; None if the image can no longer be read."""
    try:
        plain, overlay = plain_chip(scene, row)
    except InputError:
        return None
    return _encode(plain, "WEBP", quality=80), _encode(_with_overlay(plain, overlay), "PNG"), overlay


def plain_chip(scene: Scene, row: Any) -> tuple[Image.Image, dict[str, Any]]:
    """The plain chip of a detection's row, and what to draw on it (an entry of ``chips.json``)."""
    side_m = max(MIN_SIDE_M, HULL_LENGTHS * float(row.length_m))
    measured = _measured_lines(row)
    if measured:
        side_m = max(MEASURED_SIDE_M, MEASURED_HULL_LENGTHS * float(row.length_m))
    half = [max(4, round(side_m / 2 / s)) for s in scene.pixel_spacing_m]
    centre = round(float(row.row)) - scene.corner[0], round(float(row.col)) - scene.corner[1]
    grey = _grey(scene, _window(scene, centre, half), centre, half)
    if measured:  # the shadow is among the darkest pixels
        grey = np.asarray(255 * (grey / 255.0) ** SHADOW_GAMMA, np.uint8)
    plain = Image.fromarray(grey)
    plain = plain.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
    shapes = measured | {n: s for n, names in COLUMNS.items() if (s := _first_outline(row, names)) is not None}
    down, left = _flips(scene, centre)
    if down:
        plain = plain.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if left:
        plain = plain.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    drawn = {n: _flipped(_chip_coordinates(s, scene, centre, half), down=down, left=left) for n, s in shapes.items()}
    overlay = {
        "side_m": round(float((2 * half[1] + 1) * scene.pixel_spacing_m[1]), 1),
        "north_deg": _north(scene, centre, down=down, left=left),
        "shapes": {name: line for name, line in drawn.items() if line},
    }
    return plain, overlay


def _first_outline(row: Any, names: Sequence[str]) -> BaseGeometry | None:
    """The outline in the first of these columns that holds one."""
    for name in names:
        shape = getattr(row, name, None)
        if shape is not None and hasattr(shape, "geom_type") and not shape.is_empty:
            return shape
    return None


def _measured_lines(row: Any) -> dict[str, BaseGeometry]:
    """The lines that a freeboard was read from, by name; of two of one kind the first (on the longer shadow's side)."""
    from shapely.geometry import shape

    text = getattr(row, "measured_lines", None)
    out: dict[str, BaseGeometry] = {}
    for feature in json.loads(text)["features"] if isinstance(text, str) and text else ():
        kind = feature["properties"]["kind"]
        out.setdefault(LINES.get(kind, kind), shape(feature["geometry"]))
    return {name: line for name, line in out.items() if name in SHAPES}


def _encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _window(scene: Scene, centre: tuple[int, int], half: list[int]) -> Window:
    row0, col0 = max(0, centre[0] - half[0]), max(0, centre[1] - half[1])
    row1 = min(scene.shape[0], centre[0] + half[0] + 1)
    col1 = min(scene.shape[1], centre[1] + half[1] + 1)
    return Window(row0, col0, max(0, row1 - row0), max(0, col1 - col0))


def brightness(scene: Scene, window: Window) -> FloatImage:
    """Brightness of a window for display: radar in dB, optical as the mean of its visible bands; NaN: no pixel."""
    bands = scene.read(window).data
    if scene.radiometry in {Radiometry.SIGMA0, Radiometry.POWER}:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(10 * np.log10(bands[0]), np.float32)
    visible = [n for n, b in enumerate(scene.bands) if b in VISIBLE]
    return np.asarray(bands[visible or [0]].mean(axis=0), np.float32)


def stretched(value: FloatImage, low_percentile: float = 2, high_percentile: float = 99.7) -> NDArray[Any]:
    """Grey levels 0 to 255 between two percentiles of the finite values; NaN becomes 0."""
    known = value[np.isfinite(value)]
    low, high = np.percentile(known, (low_percentile, high_percentile)) if len(known) else (0.0, 1.0)
    with np.errstate(invalid="ignore"):
        scaled = np.clip((value - low) / max(high - low, 1e-9), 0, 1)
    return np.asarray(np.nan_to_num(scaled) * 255, np.uint8)


def _grey(scene: Scene, window: Window, centre: tuple[int, int], half: list[int]) -> NDArray[np.uint8]:
    """Stretched brightness, padded with black where the chip extends beyond the image."""
    out = np.zeros((2 * half[0] + 1, 2 * half[1] + 1), np.uint8)
    top, left = window.row0 - (centre[0] - half[0]), window.col0 - (centre[1] - half[1])
    out[top : top + window.rows, left : left + window.cols] = stretched(brightness(scene, window))
    return out


def _chip_coordinates(shape: BaseGeometry, scene: Scene, centre: tuple[int, int], half: list[int]) -> list[list[float]]:
    """An outline or line in the chip's own coordinates, 0 to 1."""
    line = getattr(shape, "exterior", shape)
    if scene.geolocation is None or not hasattr(line, "coords"):
        return []
    lon, lat = np.asarray(line.coords).T[:2]
    rows, cols = scene.geolocation.rowcol(lon, lat)
    y = (rows - (centre[0] - half[0]) + 0.5) / (2 * half[0] + 1)
    x = (cols - (centre[1] - half[1]) + 0.5) / (2 * half[1] + 1)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return []
    return [[round(float(a), 4), round(float(b), 4)] for a, b in zip(x, y, strict=True)]


def _direction(scene: Scene, centre: tuple[int, int], east_deg: float, north_deg: float) -> tuple[float, float]:
    """The image displacement (up, right) [m] of a step on the ground; NaN if unknown."""
    if scene.geolocation is None:
        return float("nan"), float("nan")
    lon, lat = scene.geolocation.lonlat(np.array([centre[0]]), np.array([centre[1]]))
    rows, cols = scene.geolocation.rowcol(lon + east_deg, lat + north_deg)
    up_m = (centre[0] - rows[0]) * scene.pixel_spacing_m[0]
    return float(up_m), float((cols[0] - centre[1]) * scene.pixel_spacing_m[1])


def _flips(scene: Scene, centre: tuple[int, int]) -> tuple[bool, bool]:
    """Is north down, is east left? The rows of a radar image follow the satellite's track, so it may be mirrored."""
    north_up, north_right = _direction(scene, centre, 0.0, 1e-3)
    _, east_right = _direction(scene, centre, 1e-3, 0.0)
    if abs(north_right) > abs(north_up):  # rotated by 90 degrees: no flip puts north up
        return False, False
    return north_up < 0, east_right < 0


def _flipped(line: list[list[float]], *, down: bool, left: bool) -> list[list[float]]:
    """A line's coordinates on the mirrored chip."""
    return [[round(1 - x, 4) if left else x, round(1 - y, 4) if down else y] for x, y in line]


def _north(scene: Scene, centre: tuple[int, int], *, down: bool, left: bool) -> float | None:
    """Direction of north on the mirrored chip, degrees clockwise from up."""
    up_m, right_m = _direction(scene, centre, 0.0, 1e-3)
    up_m, right_m = -up_m if down else up_m, -right_m if left else right_m
    return round(float(np.degrees(np.arctan2(right_m, up_m)) % 360), 1) if np.isfinite(up_m + right_m) else None


def scale_bar_m(side_m: float) -> float:
    """A round length that takes about a third of the chip.

    >>> scale_bar_m(320), scale_bar_m(700)
    (100.0, 200.0)
    """
    return max(length for length in (50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0) if length <= max(50.0, 0.4 * side_m))


def _with_overlay(plain: Image.Image, overlay: dict[str, Any]) -> Image.Image:
    """The chip with its shapes and scale bar."""
    out = plain.convert("RGB")
    draw = ImageDraw.Draw(out)
    for name, line in overlay["shapes"].items():
        draw.line([(x * SIDE_PX, y * SIDE_PX) for x, y in line], fill=SHAPES[name], width=2)
    length_m = scale_bar_m(overlay["side_m"])
    width, y = length_m / overlay["side_m"] * SIDE_PX, SIDE_PX - 12
    draw.line([(10, y), (10 + width, y)], fill=(0, 0, 0), width=5)
    draw.line([(10, y), (10 + width, y)], fill=SCALE, width=3)
    draw.text((12, y - 16), f"{length_m:.0f} m", fill=SCALE, stroke_width=2, stroke_fill=(0, 0, 0))
    return out
