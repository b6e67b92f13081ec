"""An optical image looked at north up and east to the right, however it is stored.

Blocks, cells and tiles begin at an image's first corner, and networks are not indifferent to how a picture lies (see
`docs/accuracy_optical.md`). So a picture of a known place is read as one that begins in the north-west, and what is
found in it is put back where it lies in the file. A picture without a place is looked at as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.detection.optical.bearings import REACH_PX, bearing_deg
from pipeline.types import Geolocation, Scene, Tile, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.detection.candidates import Candidate
    from pipeline.types import FloatArray


@dataclass(frozen=True, slots=True)
class Turn:
    """Rows and columns of an image swapped, then either of them reversed. Shapes are (rows, cols)."""

    swapped: bool = False
    rows_reversed: bool = False
    cols_reversed: bool = False

    @property
    def undone(self) -> Turn:
        """The turn that brings back what this one turned.

        >>> image = np.arange(6).reshape(2, 3)
        >>> turn = Turn(swapped=True, cols_reversed=True)
        >>> bool((turn.undone.image(turn.image(image)) == image).all())
        True
        """
        reversed_ = (self.rows_reversed, self.cols_reversed)
        return Turn(self.swapped, *(reversed_[::-1] if self.swapped else reversed_))

    def image(self, image: NDArray[Any]) -> NDArray[Any]:
        """An image of shape (..., rows, cols), turned.

        >>> Turn(swapped=True, cols_reversed=True).image(np.array([[1, 2], [3, 4]]))
        array([[3, 1],
               [4, 2]])
        """
        turned = image.swapaxes(-1, -2) if self.swapped else image
        ways = slice(None, None, -1 if self.rows_reversed else 1), slice(None, None, -1 if self.cols_reversed else 1)
        return np.ascontiguousarray(turned[(..., *ways)])

    def shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """The shape of an image, turned."""
        return (shape[1], shape[0]) if self.swapped else shape

    def window(self, window: Window, shape: tuple[int, int]) -> Window:
        """Where a window of an image of that shape lies in it when it is turned."""
        row, col = (window.row0, window.col0), (window.row1 - 1, window.col1 - 1)
        rows, cols = zip(self.place(*row, shape), self.place(*col, shape), strict=True)
        return Window(min(rows), min(cols), *self.shape((window.rows, window.cols)))

    def place(self, row: Any, col: Any, shape: tuple[int, int]) -> tuple[Any, Any]:
        """Where pixels of an image of that shape lie in it when it is turned."""
        rows, cols = self.shape(shape)
        row, col = (col, row) if self.swapped else (row, col)
        return (rows - 1 - row if self.rows_reversed else row), (cols - 1 - col if self.cols_reversed else col)

    def way(self, down: float, along: float) -> tuple[float, float]:
        """A direction in an image, down its rows and along its columns, when it is turned."""
        down, along = (along, down) if self.swapped else (down, along)
        return (-down if self.rows_reversed else down), (-along if self.cols_reversed else along)


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


def turned(scene: Scene, turn: Turn) -> Scene:
    """The scene as one whose pixels lie turned; what says how they lie in a file or on a map's grid is left out."""
    if turn == Turn():
        return scene
    shape, back, read = turn.shape(scene.shape), turn.undone, scene.read

    def read_turned(window: Window) -> Tile:
        tile = read(back.window(window, shape))
        data, valid, water = (turn.image(image) for image in (tile.data, tile.valid, tile.water))
        return Tile(window, tile.bands, data, valid, water, None if tile.clouded is None else turn.image(tile.clouded))

    return replace(
        scene,
        shape=shape,
        pixel_spacing_m=scene.pixel_spacing_m[::-1] if turn.swapped else scene.pixel_spacing_m,
        read=read_turned,
        geolocation=None if scene.geolocation is None else _Turned(scene.geolocation, turn, scene.shape),
        grid=None,
        corner=(0, 0),
    )


@dataclass(frozen=True, slots=True)
class _Turned:
    """Where the pixels of a turned image lie on Earth."""

    plain: Geolocation
    turn: Turn
    shape: tuple[int, int]  # of the image itself

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        row, col = (np.asarray(at, float) for at in (row, col))
        return self.plain.lonlat(*self.turn.undone.place(row, col, self.turn.shape(self.shape)))

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        return self.turn.place(*self.plain.rowcol(lon, lat), self.shape)


def put_back(found: list[Candidate], turn: Turn, shape: tuple[int, int]) -> list[Candidate]:
    """What was found in an image turned, in the image itself, which has that shape."""
    return found if turn == Turn() else [_put_back(one, turn.undone, turn.shape(shape)) for one in found]


def _put_back(one: Candidate, back: Turn, shape: tuple[int, int]) -> Candidate:
    row, col = back.place(one.row, one.col, shape)
    lines = tuple((kind, _points(points, back, shape)) for kind, points in one.lines)
    return replace(
        one, row=row, col=col, axis=back.way(*one.axis), outline=_points(one.outline, back, shape), lines=lines
    )


def _points(points: FloatArray, back: Turn, shape: tuple[int, int]) -> FloatArray:
    """Rows and columns, shape (n, 2)."""
    return np.column_stack(back.place(points[:, 0], points[:, 1], shape))
