"""Image chips: each sighting as a picture, with the hull's outline and a scale bar."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from pipeline.errors import InputError
from pipeline.storage import write_bytes
from pipeline.types import Radiometry, Scene, Window

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

SIDE_PX = 288
MIN_SIDE_M = 320.0
LENGTHS = 2.6  # a chip is this many hull lengths wide
OUTLINE = (255, 176, 0)  # amber: told from grey and from blue water by all readers
SCALE = (255, 255, 255)


def draw_chips(
    scenes: Sequence[Scene], detections: pd.DataFrame, detection_ids: Sequence[str], folder: Path
) -> dict[str, str]:
    """Write ``<detection_id>.png`` for each wanted detection; the file name by detection id."""
    by_id = {s.scene_id: s for s in scenes}
    wanted = detections[detections["detection_id"].isin(set(detection_ids))]
    out = {}
    for row in wanted.itertuples():
        scene = by_id.get(row.scene_id)
        if scene is None:
            continue
        name = f"{row.detection_id}.png"
        try:
            picture = chip_png(scene, row)
        except InputError:  # the image went away after it was searched; the sighting stays
            continue
        write_bytes(folder / name, picture)
        out[row.detection_id] = name
    return out


def chip_png(scene: Scene, row: object) -> bytes:
    """One chip as PNG bytes: image row order, north not necessarily up; the outline tells the hull."""
    side_m = max(MIN_SIDE_M, LENGTHS * float(row.length_m))  # type: ignore[attr-defined]
    half = [max(4, round(side_m / 2 / s)) for s in scene.pixel_spacing_m]
    centre = round(float(row.row)), round(float(row.col))  # type: ignore[attr-defined]
    window = _window(scene, centre, half)
    picture = Image.fromarray(_grey(scene, window, centre, half))
    picture = picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC).convert("RGB")
    draw = ImageDraw.Draw(picture)
    _outline(draw, scene, row, centre, half)
    _scale_bar(draw, side_m)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _window(scene: Scene, centre: tuple[int, int], half: list[int]) -> Window:
    row0, col0 = max(0, centre[0] - half[0]), max(0, centre[1] - half[1])
    row1 = min(scene.shape[0], centre[0] + half[0] + 1)
    col1 = min(scene.shape[1], centre[1] + half[1] + 1)
    return Window(row0, col0, max(0, row1 - row0), max(0, col1 - col0))


def _grey(scene: Scene, window: Window, centre: tuple[int, int], half: list[int]) -> NDArray[np.uint8]:
    """Stretched brightness, padded with black where the chip reaches over the image's edge."""
    tile = scene.read(window)
    bands = tile.data
    if scene.radiometry in {Radiometry.SIGMA0, Radiometry.POWER}:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = 10 * np.log10(bands[0])
    else:
        visible = [n for n, b in enumerate(scene.bands) if b in {"B", "G", "R", "pan", "B02", "B03", "B04"}]
        value = bands[visible or [0]].mean(axis=0)
    known = value[np.isfinite(value)]
    low, high = np.percentile(known, (2, 99.7)) if len(known) else (0.0, 1.0)
    stretched = np.clip((value - low) / max(high - low, 1e-9), 0, 1)
    out = np.zeros((2 * half[0] + 1, 2 * half[1] + 1), np.uint8)
    top, left = window.row0 - (centre[0] - half[0]), window.col0 - (centre[1] - half[1])
    out[top : top + window.rows, left : left + window.cols] = (np.nan_to_num(stretched) * 255).astype(np.uint8)
    return out


def _outline(draw: ImageDraw.ImageDraw, scene: Scene, row: object, centre: tuple[int, int], half: list[int]) -> None:
    outline = row.geometry  # type: ignore[attr-defined]
    if outline is None or outline.is_empty or scene.geolocation is None:
        return
    lon, lat = np.asarray(outline.exterior.coords).T[:2]
    rows, cols = scene.geolocation.rowcol(lon, lat)
    y = (rows - (centre[0] - half[0]) + 0.5) * SIDE_PX / (2 * half[0] + 1)
    x = (cols - (centre[1] - half[1]) + 0.5) * SIDE_PX / (2 * half[1] + 1)
    draw.line([(float(a), float(b)) for a, b in zip(x, y, strict=True)], fill=OUTLINE, width=2)


def _scale_bar(draw: ImageDraw.ImageDraw, side_m: float) -> None:
    length_m = 100.0 if side_m < 800 else 500.0
    width = length_m / side_m * SIDE_PX
    y = SIDE_PX - 12
    draw.line([(10, y), (10 + width, y)], fill=(0, 0, 0), width=5)
    draw.line([(10, y), (10 + width, y)], fill=SCALE, width=3)
    draw.text((12, y - 16), f"{length_m:.0f} m", fill=SCALE, stroke_width=2, stroke_fill=(0, 0, 0))
