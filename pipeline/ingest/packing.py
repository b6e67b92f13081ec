"""Compressions that the GDAL at hand was built without: a file in one of them is sound, and cannot be decoded."""

from __future__ import annotations

import re

PACK_ANEW = "write it anew, as with gdal_translate -co COMPRESS=DEFLATE"
_SAID = {  # by GDAL and its libraries
    r"Unsupported JPEG data precision (\d+)": "JPEG of {} bits",
    r"missing codec (\w+)": "{}",
}


def unknown_packing(error: BaseException | None) -> str:
    """What such an error, or what caused it, says of the compression; "" where it says something else."""
    while error is not None:
        for said, words in _SAID.items():
            if (found := re.search(said, str(error))) is not None:
                return words.format(found[1])
        error = error.__cause__
    return ""
