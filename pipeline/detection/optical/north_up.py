"""An image shown to the hull network north up and east to the right, however it is stored.

Networks are not indifferent to how a picture lies: turned by a quarter, they see one ship in twenty otherwise (see
`docs/accuracy_optical.md`). So all pictures of a place are shown one way, with one lattice of blocks, from the corner
that is its north-west. A picture without a place is shown as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.detection.optical.bearings import REACH_PX, bearing_deg
from pipeline.detection.optical.reading import Piece
from pipeline.detection.optical.sentinel2 import NetworkHull, hulls_of
from pipeline.detection.optical.spectral import ScaledView
from pipeline.types import Scene, Tile, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.detection.optical.water import Levels


@dataclass(frozen=True, slots=True)
class Turn:
    """What sets an image right: rows and columns swapped, then either of them reversed. Shapes are (rows, cols)."""

    swapped: bool = False
    rows_reversed: bool = False
    cols_reversed: bool = False

    def image(self, image: NDArray[Any]) -> NDArray[Any]:
        """An image of shape (..., rows, cols), set right.

        >>> Turn(swapped=True, cols_reversed=True).image(np.array([[1, 2], [3, 4]]))
        array([[3, 1],
               [4, 2]])
        """
        right = image.swapaxes(-1, -2) if self.swapped else image
        ways = slice(None, None, -1 if self.rows_reversed else 1), slice(None, None, -1 if self.cols_reversed else 1)
        return np.ascontiguousarray(right[(..., *ways)])

    def shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """The shape of an image set right."""
        return (shape[1], shape[0]) if self.swapped else shape

    def window(self, window: Window, shape: tuple[int, int]) -> Window:
        """Where a window of an image of that shape lies in it set right."""
        rows, cols = self.shape(shape)
        row0, col0 = (window.col0, window.row0) if self.swapped else (window.row0, window.col0)
        size = self.shape((window.rows, window.cols))
        row0 = rows - row0 - size[0] if self.rows_reversed else row0
        col0 = cols - col0 - size[1] if self.cols_reversed else col0
        return Window(row0, col0, *size)

    def back(self, row: Any, col: Any, shape: tuple[int, int]) -> tuple[Any, Any]:
        """Where places of the image set right lie in the image itself, which has that shape."""
        rows, cols = self.shape(shape)
        row = rows - 1 - row if self.rows_reversed else row
        col = cols - 1 - col if self.cols_reversed else col
        return (col, row) if self.swapped else (row, col)

    def first(self, shape: tuple[int, int], step: int) -> tuple[int, int]:
        """Rows and columns before a lattice's first whole step in the image itself, if the last is cut when set right.

        >>> Turn(rows_reversed=True).first((700, 500), 320), Turn().first((700, 500), 320)
        ((60, 0), (0, 0))
        """
        reversed_ = (self.rows_reversed, self.cols_reversed)
        by_rows, by_cols = reversed_[::-1] if self.swapped else reversed_
        return (shape[0] % step if by_rows else 0), (shape[1] % step if by_cols else 0)


def turn_of(scene: Scene) -> Turn:
    """What brings north up and east to the right, to the nearest quarter; no turn where no place is known."""
    if scene.geolocation is None:
        return Turn()
    row, col = ((n - 1) / 2 for n in scene.shape)
    down = np.radians(bearing_deg(scene, (row - REACH_PX, col), (row + REACH_PX, col)))
    right = np.radians(bearing_deg(scene, (row, col - REACH_PX), (row, col + REACH_PX)))
    swapped = bool(abs(np.cos(right)) > abs(np.cos(down)))
    down, right = (right, down) if swapped else (down, right)
    return Turn(swapped, bool(np.cos(down) > 0), bool(np.sin(right) < 0))


def hulls_north_up(scene: Scene, levels: Levels, piece: Piece, view: ScaledView, threads: int = 1) -> list[NetworkHull]:
    """As `hulls_of`, from the image set right; hulls in pixels of the image itself."""
    turn = turn_of(scene)
    if turn == Turn():
        return hulls_of(scene, levels, piece, view, threads)
    tile, right = _tile(piece.tile, turn, scene.shape), _levels(levels, turn)
    spacing = scene.pixel_spacing_m[::-1] if turn.swapped else scene.pixel_spacing_m
    shown = replace(scene, shape=turn.shape(scene.shape), pixel_spacing_m=spacing)
    searched = Piece(tile, turn.window(piece.core, scene.shape), turn.image(piece.cloud), None)
    found = hulls_of(shown, right, searched, ScaledView(tile, right), threads)
    return [_back(hull, turn, scene.shape) for hull in found]


def _tile(tile: Tile, turn: Turn, shape: tuple[int, int]) -> Tile:
    clouded = None if tile.clouded is None else turn.image(tile.clouded)
    data, valid, water = (turn.image(image) for image in (tile.data, tile.valid, tile.water))
    return Tile(turn.window(tile.window, shape), tile.bands, data, valid, water, clouded)


def _levels(levels: Levels, turn: Turn) -> Levels:
    rows_px, cols_px = levels.block_px
    water, noise = (None if grid is None else turn.image(grid) for grid in (levels.local_water, levels.local_noise))
    block_px = (cols_px, rows_px) if turn.swapped else (rows_px, cols_px)
    return replace(levels, block_px=block_px, local_water=water, local_noise=noise)


def _back(hull: NetworkHull, turn: Turn, shape: tuple[int, int]) -> NetworkHull:
    """A hull of the image set right, in the image itself; its axis points down the rows again, as ever."""
    box = hull.rectangle
    south = -box.axis[0] if turn.rows_reversed else box.axis[0]
    east = -box.axis[1] if turn.cols_reversed else box.axis[1]
    axis = (east, south) if turn.swapped else (south, east)
    axis = axis if axis[0] >= 0 else (-axis[0], -axis[1])
    row, col = turn.back(box.row, box.col, shape)
    rows, cols = turn.back(hull.rows, hull.cols, shape)
    return replace(hull, rectangle=replace(box, row=row, col=col, axis=axis), rows=rows, cols=cols)
