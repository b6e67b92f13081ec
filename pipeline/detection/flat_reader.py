"""Read a radar scene with the permanent power of quays removed, so that the detector sees only water and ships."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.types import Tile, Window, digest_of

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

CHANGED = (3.0, 5.0)  # power over the usual: no change below, certain change (beyond 4.4-look speckle) above
CHANGED_NEAR = (1.7, 2.5)  # the same for a mean over 9 pixels and two bands, about 30 looks


@dataclass(frozen=True, slots=True, eq=False)
class FlatReader:
    """Reader that divides a scene by its permanent structures: power ``usual`` in units of the sea's, (bands, rows,
    cols) from ``corner`` on, where ``known``. Where the change is certain, the usual power is subtracted instead, which
    leaves the hull's own. Land ``land_beside`` is set to the sea's power: its leakage is part of the usual power
    already."""

    read: Callable[[Window], Tile]
    corner: tuple[int, int]
    usual: FloatImage
    known: BoolImage
    land_beside: BoolImage
    sea: FloatArray
    shape: tuple[int, int]
    n_looks: int = 1

    @property
    def digest(self) -> str:
        """Hash of everything that makes its pixels differ from the file's."""
        out = hashlib.sha256(repr((self.corner, self.usual.shape, self.n_looks, digest_of(self.read))).encode())
        for part in (self.usual, self.known, self.land_beside, self.sea):
            out.update(part.tobytes())
        return out.hexdigest()

    def usual_in(self, window: Window) -> tuple[FloatImage, BoolImage]:
        """``usual`` and ``known`` of a window; ``usual`` is 0 where nothing is known."""
        usual = np.zeros((len(self.usual), window.rows, window.cols), np.float32)
        known = np.zeros((window.rows, window.cols), bool)
        here, there = self._overlap(window)
        if here is not None and there is not None:
            usual[(slice(None), *here)] = self.usual[(slice(None), *there)]
            known[here] = self.known[there]
        return usual, known

    def _overlap(self, window: Window) -> tuple[tuple[slice, slice] | None, tuple[slice, slice] | None]:
        """Overlap with the known part, as slices of the window and of the known part; None where there is none."""
        r0, c0 = max(window.row0, self.corner[0]), max(window.col0, self.corner[1])
        r1 = min(window.row1, self.corner[0] + self.known.shape[0])
        c1 = min(window.col1, self.corner[1] + self.known.shape[1])
        if r1 <= r0 or c1 <= c0:
            return None, None
        here = np.s_[r0 - window.row0 : r1 - window.row0, c0 - window.col0 : c1 - window.col0]
        there = np.s_[r0 - self.corner[0] : r1 - self.corner[0], c0 - self.corner[1] : c1 - self.corner[1]]
        return here, there

    def __call__(self, window: Window) -> Tile:
        """Pixels of a window."""
        around = window.padded(1, self.shape)
        here, there = self._overlap(around)
        if here is None or there is None:
            return self.read(window)
        tile = self.read(around)
        data, water = tile.data.astype(np.float32), tile.water.copy()
        part, known = data[(slice(None), *here)], self.known[there]
        sea = self.sea[:, None, None].astype(np.float32)
        part = np.where(known, _without_usual_power(part, self.usual[(slice(None), *there)], sea), part)
        water[here] |= known
        dry = self.land_beside[there] & tile.valid[here] & ~water[here]
        data[(slice(None), *here)] = np.where(dry, sea, part)
        r, c = window.row0 - around.row0, window.col0 - around.col0
        cut = np.s_[r : r + window.rows, c : c + window.cols]
        return Tile(window, tile.bands, data[(slice(None), *cut)], tile.valid[cut], water[cut])


def _without_usual_power(power: FloatImage, usual: FloatImage, sea: FloatImage) -> FloatImage:
    """Power with the usual structure (``usual``, in units of the sea) divided out; subtracted instead where the power
    far exceeds it, in a pixel or in the mean over 3 x 3 pixels and all bands. Arrays (bands, rows, cols)."""
    divided = power / (1.0 + usual)
    ratio = divided / sea
    near = ndimage.uniform_filter(np.nan_to_num(ratio.mean(axis=0)), 3, mode="nearest")
    share = np.maximum(_ramp(ratio, CHANGED), _ramp(near, CHANGED_NEAR))
    return np.asarray(divided + share * sea * usual * np.maximum(ratio - 1.0, 0.0), np.float32)


def _ramp(ratio: FloatArray | FloatImage, bounds: tuple[float, float]) -> FloatArray | FloatImage:
    return np.asarray(np.clip((ratio - bounds[0]) / (bounds[1] - bounds[0]), 0.0, 1.0))
