"""Windows in which an image is read: small enough arrays, and few file blocks decoded twice.

The allocator returns arrays above 32 MB to the system, and their pages fault in again at every use, which costs as much
as the arithmetic on them. No result depends on the windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.types import Tile, Window

if TYPE_CHECKING:
    from pipeline.types import BoolImage

SURVEY_PX = (512, 2048)  # most rows and columns of a window: whole blocks of most files
SEARCH_PX = (960, 1280)  # the same for the search, without margins; whole blocks of the hull network


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A window with its margin, as it is searched; masks have the tile's shape."""

    tile: Tile
    core: Window  # objects whose middle lies here belong to this piece
    cloud: BoolImage
    shadow: BoolImage | None  # of clouds; None where unknown


def rows_of_windows(shape: tuple[int, int], rows: int, cols: int) -> list[list[Window]]:
    """Windows of at most ``rows`` by ``cols`` that cover an image of ``shape`` once: a list for each row of them.

    Reading a whole row of windows in sequence decodes little twice, in tiled and in striped files.

    >>> [[(w.rows, w.cols) for w in row] for row in rows_of_windows((3, 5), 2, 4)]
    [[(2, 4), (2, 1)], [(1, 4), (1, 1)]]
    """
    return [
        [Window(r, c, min(rows, shape[0] - r), min(cols, shape[1] - c)) for c in range(0, shape[1], cols)]
        for r in range(0, shape[0], rows)
    ]
