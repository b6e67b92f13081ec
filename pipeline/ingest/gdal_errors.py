"""What an error that came up while GDAL decoded means: the file's fault, the machine's, this GDAL's, or our own."""

from __future__ import annotations

import re
import traceback

PACK_ANEW = "write it anew, as with gdal_translate -co COMPRESS=DEFLATE"
_SAID = {  # by GDAL and its libraries
    r"Unsupported JPEG data precision (\d+)": "JPEG of {} bits",
    r"missing codec (\w+)": "{}",
}
_NO_ROOM = "No space for data buffer"  # libtiff, of a strip or tile; GDAL passes it on as an error of no kind


def unknown_packing(error: BaseException | None) -> str:
    """What such an error, or what caused it, says of a compression that this GDAL was built without; "" otherwise.

    A file in one of them is sound, and cannot be decoded here.
    """
    while error is not None:
        for said, words in _SAID.items():
            if (found := re.search(said, str(error))) is not None:
                return words.format(found[1])
        error = error.__cause__
    return ""


def memory_ran_out(error: BaseException | None) -> bool:
    """Does such an error, or what caused it, say that memory could not be had?

    That is the machine's story, or a limit's, and no sign of a damaged file. GDAL's own kind of error for it is a class
    of rasterio's that has no public name.
    """
    while error is not None:
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if kinds & {"MemoryError", "CPLE_OutOfMemoryError"} or _NO_ROOM in str(error):
            return True
        error = error.__cause__
    return False


def of_rasterio(error: BaseException) -> bool:
    """Did rasterio raise it, and not what is done with the pixels while the file is open?"""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(str(frame.f_globals.get("__name__", "")).startswith("rasterio.") for frame in frames)
