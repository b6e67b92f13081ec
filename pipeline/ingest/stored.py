"""The numbers that a file stores, and which of them are measurements: one answer for its pixels and for all guesses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ingest.gaps import Gaps
from pipeline.ingest.metadata.channels import Channels
from pipeline.ingest.metadata.usable import UsableData
from pipeline.ingest.rasters import RasterFile
from pipeline.types import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray

BLOCK_PX = 512  # usual side of the blocks in which large files are packed
LARGE_PX = 16_000_000  # our choice: what decodes in a tenth of a second need not be spared
FEWEST = 0.02  # of the numbers of every fourth block must be measured for them to stand for the file (our choice)


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The bands of an image as they are stored, and the operator's mask beside it.

    ``radar``: is a zero in one band already no measurement?
    """

    raster: RasterFile
    channels: Channels
    gaps: Gaps
    radar: bool
    usable: UsableData | None = None

    def read(self, window: Window, *, alone: bool = False) -> tuple[NDArray[Any], BoolImage]:
        """Numbers of a window and True where they are no measurement, both of shape (bands, rows, cols).

        ``alone``: see `RasterFile.read`.
        """
        bands = self.raster.read(window, self._indexes, alone=alone)
        measured = self.raster.measured(window)
        if self.usable is not None:
            measured = measured & ~self.usable.missing(window)
        return self._parted(bands, self.gaps, window, measured)

    def sample(self, side: int) -> tuple[NDArray[Any], BoolImage]:
        """The same for at most side x side pixels of the whole image; a frame of zeros stays in it."""
        bands = self.raster.sample(side, self._indexes)
        whole = Window(0, 0, *bands.shape[1:])
        measured = self.raster.measured_sample(side)
        if self.usable is not None:
            measured = measured & ~self.usable.missing_sample(side)
        return self._parted(bands, replace(self.gaps, border=None), whole, measured)

    def scattered(self, side: int) -> tuple[NDArray[Any], BoolImage]:
        """Some side x side pixels from all over the image, in no order: both of shape (bands, pixels).

        Of a large file without smaller copies of itself a sample would decode everything: a quarter of its blocks does,
        unless hardly anything was measured there, as where one corner of the file is all that holds an image.
        """
        rows, cols = self.raster.shape
        if not self.raster.reduced and rows * cols >= LARGE_PX:
            picture, gap = self._of_every_fourth_block(side)
            if np.count_nonzero((picture != 0) & ~gap) >= FEWEST * gap.size:
                return picture, gap
        picture, gap = self.sample(side)
        return picture.reshape(len(picture), -1), gap.reshape(len(gap), -1)

    def _of_every_fourth_block(self, side: int) -> tuple[NDArray[Any], BoolImage]:
        rows, cols = self.raster.shape
        every = max(1, int(np.sqrt(rows * cols / 4)) // side)
        parts = []
        for top in range(0, rows, 2 * BLOCK_PX):
            for left in range(0, cols, 2 * BLOCK_PX):
                block = Window(top, left, min(BLOCK_PX, rows - top), min(BLOCK_PX, cols - left))
                parts.append([a[:, ::every, ::every].reshape(len(a), -1) for a in self.read(block, alone=True)])
        picture, gap = (np.concatenate(one, axis=1) for one in zip(*parts, strict=True))
        return picture, gap

    @property
    def plain(self) -> bool:
        """Are the numbers unsigned and short, and is what is missing told by them alone?"""
        told = self.gaps.border is None and not self.raster.masked and not self.channels.masks and self.usable is None
        return told and self.raster.dtype in ("uint8", "uint16") and not self.radar

    @property
    def _indexes(self) -> tuple[int, ...]:
        return self.channels.indexes + tuple(mask.index for mask in self.channels.masks)

    def _parted(
        self, bands: NDArray[Any], gaps: Gaps, window: Window, measured: BoolImage
    ) -> tuple[NDArray[Any], BoolImage]:
        picture = bands[: len(self.channels.indexes)]
        gap = gaps.mask(picture, window, radar=self.radar) | ~measured
        for mask, said in zip(self.channels.masks, bands[len(picture) :], strict=True):
            gap = gap | ((said != 0) if mask.zero_is_good else (said == 0))
        return picture, gap


def known_numbers(picture: NDArray[Any], gap: BoolImage) -> FloatArray:
    """Stored numbers, NaN where nothing was measured."""
    return np.where(gap, np.nan, picture.astype(float))
