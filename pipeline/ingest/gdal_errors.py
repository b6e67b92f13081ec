"""Classifies errors raised while GDAL decodes: a fault of the file, of the machine, of this GDAL build, or our own."""

from __future__ import annotations

import re
import traceback

REPACK_HINT = "write it anew, as with gdal_translate -co COMPRESS=DEFLATE"
_CODEC_MESSAGES = {  # by GDAL and its libraries
    r"Unsupported JPEG data precision (\d+)": "JPEG of {} bits",
    r"missing codec (\w+)": "{}",
}
_NO_BUFFER = "No space for data buffer"  # libtiff, for a strip or tile; GDAL passes it on without a specific class


def missing_codec(error: BaseException | None) -> str:
    """The compression missing in this GDAL build, if the error or its causes say so; else "".

    Such a file is sound, but cannot be decoded here.
    """
    while error is not None:
        for pattern, words in _CODEC_MESSAGES.items():
            if (found := re.search(pattern, str(error))) is not None:
                return words.format(found[1])
        error = error.__cause__
    return ""


def is_out_of_memory(error: BaseException | None) -> bool:
    """Does the error, or one of its causes, say that memory could not be allocated?

    That is due to the machine or a limit, not a sign of a damaged file. rasterio's class for GDAL's error has no public
    name.
    """
    while error is not None:
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if kinds & {"MemoryError", "CPLE_OutOfMemoryError"} or _NO_BUFFER in str(error):
            return True
        error = error.__cause__
    return False


def is_from_rasterio(error: BaseException) -> bool:
    """Was the error raised by rasterio, and not by code working on the pixels while the file is open?"""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(str(frame.f_globals.get("__name__", "")).startswith("rasterio.") for frame in frames)
