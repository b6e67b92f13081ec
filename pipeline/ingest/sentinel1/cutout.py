"""Cut-outs of Sentinel-1 products: a window of the measurements with the whole product's annotation.

A cut-out keeps annotation, calibration and noise files as the operator wrote them, in lines and pixels of the whole
image, but measurement files hold only a window. Reading shifts the tables to the window, so a pixel of a cut-out has
the position, the time and the sigma0 that it has in the whole product.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.sentinel1.annotation import Annotation, AzimuthNoise, Vector
from pipeline.types import Window

if TYPE_CHECKING:
    from pipeline.ingest.safe.files import SafeFiles

CUTOUT = "cutout.json"
FORMAT = 1  # version of our cutout.json; incremented when its fields change


@dataclass(frozen=True, slots=True)
class Cut:
    """The window of a product that was cut out, and what is known about the product."""

    window: Window
    full_shape: tuple[int, int]
    origin: dict[str, Any]

    def annotation(self, whole: Annotation, item: str) -> Annotation:
        """The annotation in lines and pixels of the window."""
        if whole.shape != self.full_shape:
            raise InputError(item, f"is cut from {self.full_shape} pixels, its annotation says {whole.shape}")
        row0, col0 = self.window.row0, self.window.col0
        passed_s = row0 * whole.line_interval_s
        return replace(
            whole,
            shape=(self.window.rows, self.window.cols),
            first_line=whole.first_line + timedelta(seconds=passed_s),
            grid_line=whole.grid_line - row0,
            grid_pixel=whole.grid_pixel - col0,
            grid_time_s=whole.grid_time_s - passed_s,
            orbit_time_s=whole.orbit_time_s - passed_s,
        )

    def vectors(self, whole: tuple[Vector, ...]) -> tuple[Vector, ...]:
        """A look-up table in lines and pixels of the window, without entries far from it."""
        row0, col0, rows, cols = self.window.row0, self.window.col0, self.window.rows, self.window.cols
        kept = _around(np.array([v.line for v in whole]), row0, row0 + rows - 1)
        out = []
        for vector in whole[kept]:
            near = _around(vector.pixel, col0, col0 + cols - 1)
            out.append(Vector(vector.line - row0, vector.pixel[near] - col0, vector.value[near]))
        return tuple(out)

    def blocks(self, whole: tuple[AzimuthNoise, ...]) -> tuple[AzimuthNoise, ...]:
        """Azimuth noise in lines and pixels of the window; blocks outside it are left out."""
        row0, col0, rows, cols = self.window.row0, self.window.col0, self.window.rows, self.window.cols
        out = []
        for block in whole:
            first_line, last_line = block.first_line - row0, block.last_line - row0
            first_pixel, last_pixel = block.first_pixel - col0, block.last_pixel - col0
            if last_line >= 0 and first_line < rows and last_pixel >= 0 and first_pixel < cols:
                moved = block.line - row0
                near = _around(moved, 0, rows - 1)
                out.append(
                    AzimuthNoise(first_line, last_line, first_pixel, last_pixel, moved[near], block.factor[near])
                )
        return tuple(out)


def _around(positions: Any, low: float, high: float) -> slice:
    """Slice of the positions between two bounds plus one on each side, as needed for linear interpolation."""
    first = max(0, int(np.searchsorted(positions, low, side="right")) - 1)
    last = min(len(positions), int(np.searchsorted(positions, high, side="left")) + 1)
    return slice(first, max(last, first + 1))


def cut_json(window: Window, full_shape: tuple[int, int], origin: dict[str, Any]) -> bytes:
    """The text of ``cutout.json``."""
    content = {
        "format": FORMAT,
        "window": {"row0": window.row0, "col0": window.col0, "rows": window.rows, "cols": window.cols},
        "full_shape": list(full_shape),
        "origin": origin,
    }
    return (json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def read_cut(files: SafeFiles) -> Cut | None:
    """The cut-out's description; None for a whole product."""
    if CUTOUT not in files.sizes:
        return None
    item = files.item(CUTOUT)
    try:
        content = json.loads(files.text(CUTOUT))
        window = Window(*(int(content["window"][k]) for k in ("row0", "col0", "rows", "cols")))
        rows, cols = (int(n) for n in content["full_shape"])
        version, origin = content["format"], dict(content["origin"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(item, "is no description of a cut-out") from error
    if version != FORMAT:
        raise InputError(item, f"is of format {version}; this reads {FORMAT}")
    if not window.is_within((rows, cols)):
        raise InputError(item, "its window leaves the image")
    return Cut(window, (rows, cols), origin)
