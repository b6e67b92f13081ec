"""The stored values of an image and which of them are nodata, for calibration and for guessing its scaling alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ingest.metadata.channels import Channels
from pipeline.ingest.metadata.usable_data import UsableData
from pipeline.ingest.nodata import NodataRule
from pipeline.ingest.rasters import RasterFile
from pipeline.types import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray

BLOCK_PX = 512  # usual side of the blocks in which large files are packed
LARGE_PX = 16_000_000  # our choice: smaller images decode in a tenth of a second
MIN_SHARE = 0.02  # share of values that must be measured for every fourth block to represent the file (our choice)


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The bands of an image as stored, and the operator's usable-data mask beside it.

    ``radar``: is a zero in any band nodata?
    """

    raster: RasterFile
    channels: Channels
    nodata_rule: NodataRule
    radar: bool
    usable: UsableData | None = None

    def read(self, window: Window, *, alone: bool = False) -> tuple[NDArray[Any], BoolImage]:
        """Values of a window and True where they are nodata, both of shape (bands, rows, cols).

        ``alone``: see `RasterFile.read`.
        """
        bands = self.raster.read(window, self._indexes, alone=alone)
        measured = self.raster.measured(window)
        if self.usable is not None:
            measured = measured & ~self.usable.missing(window)
        return self._split_masks(bands, self.nodata_rule, window, measured)

    def sample(self, side: int) -> tuple[NDArray[Any], BoolImage]:
        """The same for at most side x side pixels of the whole image; a frame of zeros is not masked."""
        bands = self.raster.sample(side, self._indexes)
        whole = Window(0, 0, *bands.shape[1:])
        measured = self.raster.measured_sample(side)
        if self.usable is not None:
            measured = measured & ~self.usable.missing_sample(side)
        return self._split_masks(bands, replace(self.nodata_rule, border=None), whole, measured)

    def scattered_sample(self, side: int) -> tuple[NDArray[Any], BoolImage]:
        """Some side x side pixels from all over the image, unordered, and nodata: both of shape (bands, pixels).

        In a large file without overviews a sample would decode everything, so a quarter of its blocks is used, unless
        these are nearly all nodata, as in a file with an image in only one corner.
        """
        rows, cols = self.raster.shape
        if not self.raster.reduced and rows * cols >= LARGE_PX:
            picture, gap = self._sample_blocks(side)
            if np.count_nonzero((picture != 0) & ~gap) >= MIN_SHARE * gap.size:
                return picture, gap
        picture, gap = self.sample(side)
        return picture.reshape(len(picture), -1), gap.reshape(len(gap), -1)

    def _sample_blocks(self, side: int) -> tuple[NDArray[Any], BoolImage]:
        rows, cols = self.raster.shape
        every = max(1, int(np.sqrt(rows * cols / 4)) // side)
        parts = []
        for top in range(0, rows, 2 * BLOCK_PX):
            for left in range(0, cols, 2 * BLOCK_PX):
                block = Window(top, left, min(BLOCK_PX, rows - top), min(BLOCK_PX, cols - left))
                parts.append([a[:, ::every, ::every].reshape(len(a), -1) for a in self.read(block, alone=True)])
        picture, gap = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
        return picture, gap

    @property
    def is_plain(self) -> bool:
        """Are the values unsigned with at most 16 bits, and is nodata determined by them alone?"""
        by_values_only = (
            self.nodata_rule.border is None
            and not self.raster.masked
            and not self.channels.masks
            and self.usable is None
        )
        return by_values_only and self.raster.dtype in ("uint8", "uint16") and not self.radar

    @property
    def _indexes(self) -> tuple[int, ...]:
        return self.channels.indexes + tuple(mask.index for mask in self.channels.masks)

    def _split_masks(
        self, bands: NDArray[Any], nodata_rule: NodataRule, window: Window, measured: BoolImage
    ) -> tuple[NDArray[Any], BoolImage]:
        picture = bands[: len(self.channels.indexes)]
        gap = nodata_rule.mask(picture, window, radar=self.radar) | ~measured
        for mask, mask_values in zip(self.channels.masks, bands[len(picture) :], strict=True):
            gap = gap | ((mask_values != 0) if mask.zero_is_good else (mask_values == 0))
        return picture, gap


def values_or_nan(picture: NDArray[Any], gap: BoolImage) -> FloatArray:
    """Stored values, NaN for nodata."""
    return np.where(gap, np.nan, picture.astype(float))
