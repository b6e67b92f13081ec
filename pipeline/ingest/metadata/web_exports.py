"""Single bands as the browsers of Copernicus and Sentinel Hub export them: whole numbers that fill their type."""

from __future__ import annotations

import re

_RAW = re.compile(r"SENTINEL-2_L[12][AC]_(?:B\w\w_)?\(RAW\)", re.IGNORECASE)
_FULL = {"uint8": 255.0, "uint16": 65535.0}  # where they put a reflectance of 1 (Copernicus Browser, image downloads)


def full_scale(name: str, dtype: str) -> float | None:
    """The number that stands for a reflectance of 1 in such an export, by its name; None where it is none.

    >>> full_scale("2024-03-15-10_30_2024-03-15-10_45_Sentinel-2_L2A_B04_(Raw).tiff", "uint16")
    65535.0
    >>> full_scale("2024-03-15-10_30_2024-03-15-10_45_Sentinel-2_L2A_True_Color.tiff", "uint8") is None
    True
    """
    return _FULL.get(dtype) if _RAW.search(name) else None
