"""The numbers that a file stores, and which of them are measurements: one answer for its pixels and for all guesses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.ingest.gaps import Gaps
from pipeline.ingest.metadata.channels import Channels
from pipeline.ingest.metadata.usable import UsableData
from pipeline.ingest.rasters import RasterFile
from pipeline.types import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage


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

    def read(self, window: Window) -> tuple[NDArray[Any], BoolImage]:
        """Numbers of a window and True where they are no measurement, both of shape (bands, rows, cols)."""
        bands = self.raster.read(window, self._indexes)
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
