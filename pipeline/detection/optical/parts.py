"""Choose where in a block the network runs: few rectangles that cover all marked pixels, each with a halo.

A convolution costs in proportion to its area. Along a coast, or around one ship at anchor, most of a block can be
skipped; where two marks lie far apart, two small runs cost less than one that covers both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from pipeline.types import BoolImage

CELL_PX = 8  # sides and corners of the network's input are multiples of this, as its three scales require
HALO_CELLS = 6  # around what is asked: as much as a block has around its core
RIM_CELLS = 1  # around a mark: the rest of its hull
RUN_COST = 50  # cells: fixed cost of one more run; our choice
CUT_EVERY = 4  # cells between places where a rectangle may be cut in two; our choice


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of pixels that is ``core`` about, and the larger one to be ``padded`` for it: rows, columns."""

    core: tuple[slice, slice]
    padded: tuple[slice, slice]


def cover_marks(marked: BoolImage) -> list[Part]:
    """Disjoint rectangles that cover every marked pixel and its rim; sides are multiples of `CELL_PX`.

    They depend on the marks alone: a rectangle is cut where that saves most, as long as it saves.

    >>> marks = np.zeros((416, 416), bool)
    >>> marks[100, 200] = True
    >>> [(p.core, p.padded) for p in cover_marks(marks)]
    [((slice(88, 112, None), slice(192, 216, None)), (slice(40, 160, None), slice(144, 264, None)))]
    """
    rows, cols = (n // CELL_PX for n in marked.shape)
    cells = marked.reshape(rows, CELL_PX, cols, CELL_PX).any(axis=(1, 3))
    if not cells.any():
        return []
    cells = np.asarray(ndimage.binary_dilation(cells, np.ones((3, 3), bool), iterations=RIM_CELLS), bool)
    return [_part(box, cells.shape) for box in _split_boxes(cells, (0, rows, 0, cols))]


_Box = tuple[int, int, int, int]  # cells: first row, row after the last, first column, column after the last


def _split_boxes(cells: BoolImage, within: _Box) -> list[_Box]:
    """Boxes around the marks in a part of the cells, cut in two recursively while that saves."""
    box = _bounding_box(cells, within)
    if box is None:
        return []
    row0, row1, col0, col1 = box
    best, halves = _cost(box, cells.shape), None
    rows = [((row0, at, col0, col1), (at, row1, col0, col1)) for at in range(row0 + CUT_EVERY, row1, CUT_EVERY)]
    cols = [((row0, row1, col0, at), (row0, row1, at, col1)) for at in range(col0 + CUT_EVERY, col1, CUT_EVERY)]
    for two in rows + cols:
        cost = sum(_cost(found, cells.shape) for half in two if (found := _bounding_box(cells, half)) is not None)
        if cost < best:
            best, halves = cost, two
    return [box] if halves is None else [found for half in halves for found in _split_boxes(cells, half)]


def _bounding_box(cells: BoolImage, within: _Box) -> _Box | None:
    """The smallest box that holds the marks of a part."""
    row0, row1, col0, col1 = within
    here = cells[row0:row1, col0:col1]
    rows, cols = np.flatnonzero(here.any(axis=1)), np.flatnonzero(here.any(axis=0))
    if not len(rows):
        return None
    return row0 + int(rows[0]), row0 + int(rows[-1]) + 1, col0 + int(cols[0]), col0 + int(cols[-1]) + 1


def _with_halo(box: _Box, shape: tuple[int, ...]) -> _Box:
    """A box and its halo, within the image."""
    row0, row1, col0, col1 = box
    return (
        max(0, row0 - HALO_CELLS),
        min(shape[0], row1 + HALO_CELLS),
        max(0, col0 - HALO_CELLS),
        min(shape[1], col1 + HALO_CELLS),
    )


def _cost(box: _Box, shape: tuple[int, ...]) -> int:
    row0, row1, col0, col1 = _with_halo(box, shape)
    return (row1 - row0) * (col1 - col0) + RUN_COST


def _part(box: _Box, shape: tuple[int, ...]) -> Part:
    core, padded = (
        (slice(b[0] * CELL_PX, b[1] * CELL_PX), slice(b[2] * CELL_PX, b[3] * CELL_PX))
        for b in (box, _with_halo(box, shape))
    )
    return Part(core, padded)
