"""Process optical images north up, however they are stored, so that results do not depend on the orientation.

Blocks, cells and tiles begin at an image's first corner, and the network's output depends on orientation (see
`docs/accuracy_optical.md`). So a geolocated image is read as if it began in the north-west, and detections are
transformed back to the file's pixels. An image without geolocation is processed as it is.
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
    """A change of orientation: rows and columns swapped, then either of them reversed. Shapes are (rows, cols)."""

    swapped: bool = False
    rows_reversed: bool = False
    cols_reversed: bool = False

    @property
    def inverse(self) -> Turn:
        """The inverse turn.

        >>> image = np.arange(6).reshape(2, 3)
        >>> turn = Turn(swapped=True, cols_reversed=True)
        >>> bool((turn.inverse.image(turn.image(image)) == image).all())
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
        turn_scene = image.swapaxes(-1, -2) if self.swapped else image
        ways = slice(None, None, -1 if self.rows_reversed else 1), slice(None, None, -1 if self.cols_reversed else 1)
        return np.ascontiguousarray(turn_scene[(..., *ways)])

    def shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """The shape of an image, turned."""
        return (shape[1], shape[0]) if self.swapped else shape

    def window(self, window: Window, shape: tuple[int, int]) -> Window:
        """A window of an image of shape ``shape``, as a window of the turned image."""
        row, col = (window.row0, window.col0), (window.row1 - 1, window.col1 - 1)
        rows, cols = zip(self.place(*row, shape), self.place(*col, shape), strict=True)
        return Window(min(rows), min(cols), *self.shape((window.rows, window.cols)))

    def place(self, row: Any, col: Any, shape: tuple[int, int]) -> tuple[Any, Any]:
        """Rows and columns of an image of shape ``shape``, as those of the turned image."""
        rows, cols = self.shape(shape)
        row, col = (col, row) if self.swapped else (row, col)
        return (rows - 1 - row if self.rows_reversed else row), (cols - 1 - col if self.cols_reversed else col)

    def direction(self, down: float, along: float) -> tuple[float, float]:
        """A direction (down the rows, along the columns), as one of the turned image."""
        down, along = (along, down) if self.swapped else (down, along)
        return (-down if self.rows_reversed else down), (-along if self.cols_reversed else along)


def north_up_turn(scene: Scene) -> Turn:
    """The turn that brings north up and east to the right, to the nearest quarter; none without geolocation."""
    if scene.geolocation is None:
        return Turn()
    row, col = ((n - 1) / 2 for n in scene.shape)
    down = np.radians(bearing_deg(scene, (row - REACH_PX, col), (row + REACH_PX, col)))
    right = np.radians(bearing_deg(scene, (row, col - REACH_PX), (row, col + REACH_PX)))
    swapped = bool(abs(np.cos(right)) > abs(np.cos(down)))
    down, right = (right, down) if swapped else (down, right)
    return Turn(swapped, bool(np.cos(down) > 0), bool(np.sin(right) < 0))


def turn_scene(scene: Scene, turn: Turn) -> Scene:
    """The scene with turned pixels; its map grid and its corner in the file no longer hold and are dropped."""
    if turn == Turn():
        return scene
    shape, back, read = turn.shape(scene.shape), turn.inverse, scene.read

    def read_turned(window: Window) -> Tile:
        tile = read(back.window(window, shape))
        data, valid, water = (turn.image(image) for image in (tile.data, tile.valid, tile.water))
        return Tile(window, tile.bands, data, valid, water, None if tile.clouded is None else turn.image(tile.clouded))

    return replace(
        scene,
        shape=shape,
        pixel_spacing_m=scene.pixel_spacing_m[::-1] if turn.swapped else scene.pixel_spacing_m,
        read=read_turned,
        geolocation=None if scene.geolocation is None else _TurnedGeolocation(scene.geolocation, turn, scene.shape),
        grid=None,
        corner=(0, 0),
    )


@dataclass(frozen=True, slots=True)
class _TurnedGeolocation:
    """Geolocation of a turned image."""

    original: Geolocation
    turn: Turn
    shape: tuple[int, int]  # of the image itself

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        row, col = (np.asarray(at, float) for at in (row, col))
        return self.original.lonlat(*self.turn.inverse.place(row, col, self.turn.shape(self.shape)))

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        return self.turn.place(*self.original.rowcol(lon, lat), self.shape)


def turn_back(found: list[Candidate], turn: Turn, shape: tuple[int, int]) -> list[Candidate]:
    """Candidates of a turned image, transformed to the original image of shape ``shape``."""
    return (
        found
        if turn == Turn()
        else [_turn_candidate_back(candidate, turn.inverse, turn.shape(shape)) for candidate in found]
    )


def _turn_candidate_back(candidate: Candidate, back: Turn, shape: tuple[int, int]) -> Candidate:
    row, col = back.place(candidate.row, candidate.col, shape)
    lines = tuple((kind, _points(points, back, shape)) for kind, points in candidate.lines)
    return replace(
        candidate,
        row=row,
        col=col,
        axis=back.direction(*candidate.axis),
        outline=_points(candidate.outline, back, shape),
        lines=lines,
    )


def _points(points: FloatArray, back: Turn, shape: tuple[int, int]) -> FloatArray:
    """Rows and columns, shape (n, 2)."""
    return np.column_stack(back.place(points[:, 0], points[:, 1], shape))
