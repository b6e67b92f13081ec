"""The radiometric offset of Sentinel-2: DN = 10,000 * reflectance + 1,000 since processing baseline 04.00.

ESA, Sentinel-2 Products Specification Document, January 2022. Mirrors and analysts remove it but keep the product's
name, so the darkest pixels decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# As above
OFFSET_DN = 1000
FIRST_BASELINE = (4, 0)

LOW_PERCENTILE = 2.0  # of the darkest band; our choice: robust to a few dead pixels
_SPLIT_DN = 700  # below: the offset was removed. Half-way between -0.03 with the offset and the sea without it
_TILE_NAME = re.compile(r"(?i)T\d\d[C-X][A-Z]{2}_\d{8}T\d{6}|S2[A-Z]_\d{1,2}[C-X][A-Z]{2}_\d{8}_\d+_L[12][AC]")
_IN_NAME = re.compile(r"S2[A-Z]_MSIL\d[A-Z]_\d{8}T\d{6}_N(\d{4})(?!\d)")


@dataclass(frozen=True, slots=True)
class Offset:
    """The number added to a DN before division by 10,000, and why."""

    dn: int
    reason: str


def baseline_of(text: str) -> tuple[int, ...]:
    """The numbers of a processing baseline; empty if the text is not one.

    >>> baseline_of("05.09"), baseline_of(" 2.14"), baseline_of("N0400"), baseline_of("")
    ((5, 9), (2, 14), (4, 0), ())
    """
    found = re.fullmatch(r"(\d+)\.(\d+)|N(\d\d)(\d\d)", text.strip())
    return tuple(int(part) for part in found.groups() if part is not None) if found else ()


def baseline_in_name(name: str) -> str:
    """The baseline in the name of an ESA product, or of a file that kept that name; "" if there is none.

    >>> baseline_in_name("S2B_MSIL2A_20240307T020659_N0510_R103_T52TGP_stack.tif"), baseline_in_name("N0510.tif")
    ('N0510', '')
    """
    found = _IN_NAME.search(name)
    return f"N{found[1]}" if found else ""


def is_tile_name(name: str) -> bool:
    """Is it the name of a tile's bands as in their products, which does not give the baseline?

    >>> [is_tile_name(n) for n in ("T53TKJ_20240307T020531", "S2A_53TKJ_20240307_0_L2A", "T53TKJ_20240307T020531_cut")]
    [True, True, False]
    """
    return _TILE_NAME.fullmatch(name) is not None


def offset_of(low_dn: float | None, baseline: str) -> Offset:
    """The offset of an image, from its baseline and the ``LOW_PERCENTILE`` of its DN (None: no pixels).

    >>> offset_of(1150, "05.09").dn, offset_of(150, "05.09").dn, offset_of(150, "02.14").dn
    (-1000, 0, 0)
    """
    known = baseline_of(baseline)
    label = f"baseline {baseline}" if baseline else "baseline unknown"
    if known and known < FIRST_BASELINE:
        return Offset(0, f"{label}: there was none yet")
    if low_dn is None:
        return Offset(-OFFSET_DN if known else 0, f"{label}; no pixel to judge by")
    if low_dn < _SPLIT_DN:
        return Offset(0, f"{label}, but its darkest pixels have {low_dn:.0f}: the offset was taken away")
    return Offset(-OFFSET_DN, f"{label}, and its darkest pixels have {low_dn:.0f}: the offset is still there")
