"""Zones that lie on each other: whose water is whose. One answer for hulls in images and for transponders."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.types import Zone


def inner_first(zones: Iterable[Zone]) -> list[Zone]:
    """Berths before anchorages, of each kind the smaller before the larger: water of several is that of the first.

    The smaller outline says more: a berth within a port, whichever of them counts. Of two outlines of one size the one
    that counts comes first; neither the order in the file nor, but for such twins, a zone's name decides.
    """
    return sorted(zones, key=lambda z: (z.kind != "berth", z.geometry.area, not z.counts, z.zone_id))
