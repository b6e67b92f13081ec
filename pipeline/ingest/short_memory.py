"""Memory that ran out while GDAL decoded: the machine's story, or a limit's, and no sign of a damaged file."""

from __future__ import annotations

_NO_ROOM = "No space for data buffer"  # libtiff, of a strip or tile; GDAL passes it on as an error of no kind


def memory_ran_out(error: BaseException | None) -> bool:
    """Does such an error, or what caused it, say that memory could not be had?

    GDAL's own kind of error for it is a class of rasterio's that has no public name.
    """
    while error is not None:
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if kinds & {"MemoryError", "CPLE_OutOfMemoryError"} or _NO_ROOM in str(error):
            return True
        error = error.__cause__
    return False
