"""In what pieces an image is read: arrays of a size that costs little, and each block seldom twice.

Arrays above 32 MB are handed back to the system and faulted in anew at every use, which costs as much as the sums on
them. No result depends on the pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.types import Tile, Window

if TYPE_CHECKING:
    from pipeline.types import BoolImage

SURVEY_PX = (512, 2048)  # most rows and columns of a piece: whole blocks of most files
SEARCH_PX = (960, 1280)  # the same, without its margins; whole blocks of the hull network


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A window with a margin, as it is searched; masks have the tile's shape."""

    tile: Tile
    core: Window  # objects whose middle lies here are this piece's own
    cloud: BoolImage
    shadow: BoolImage | None  # of clouds; None where it is not told


def rows_of_windows(shape: tuple[int, int], rows: int, cols: int) -> list[list[Window]]:
    """Windows of at most so many rows and columns that cover an image once: a list for each row of them.

    What reads a whole row of windows, one after the other, decodes little twice, in tiled and in striped files.

    >>> [[(w.rows, w.cols) for w in row] for row in rows_of_windows((3, 5), 2, 4)]
    [[(2, 4), (2, 1)], [(1, 4), (1, 1)]]
    """
    return [
        [Window(r, c, min(rows, shape[0] - r), min(cols, shape[1] - c)) for c in range(0, shape[1], cols)]
        for r in range(0, shape[0], rows)
    ]
