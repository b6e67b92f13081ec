"""Which zone applies where zones overlap: one rule for hulls in images and for AIS positions."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.types import Zone


def inner_first(zones: Iterable[Zone]) -> list[Zone]:
    """Berths before anchorages, and smaller before larger; where zones overlap, the first one applies.

    The smaller outline is more specific: a berth within a port, whichever of them counts. Of two outlines of equal size
    the one that counts comes first, then the id decides; the order in the file never does.
    """
    return sorted(zones, key=lambda z: (z.kind != "berth", z.geometry.area, not z.counts, z.zone_id))
