"""Warns of probable mistakes in a valid place: a wrong digit in the box, a copied line, the coast of another place."""

from __future__ import annotations

import shapely

from pipeline.types import Place

MOST_ON_LAND = 0.9  # of a zone (our choice): hand-drawn outlines reach ashore, by a quarter in our ports
LEAST_WITHIN = 0.5  # of a zone, inside the box (our choice)


def zone_doubts(place: Place) -> list[str]:
    """Zones outside the box, duplicate names, and a place where no zone counts."""
    doubts = []
    if place.left_out:  # or of another AOI
        doubts.append(f"outside the box of {place.aoi_id}, not looked at: {', '.join(place.left_out)}")
    box = shapely.box(*place.bbox)
    shares = {z.zone_id: z.geometry.intersection(box).area / z.geometry.area for z in place.zones}
    if outside := [zone_id for zone_id, share in shares.items() if share < LEAST_WITHIN]:
        doubts.append(f"mostly outside the box of {place.aoi_id}, not looked at there: {', '.join(outside)}")
    ids_by_name: dict[str, list[str]] = {}
    for zone in place.zones:
        ids_by_name.setdefault(zone.name.casefold(), []).append(zone.zone_id)
    for zone_ids in ids_by_name.values():
        if len(zone_ids) > 1:
            doubts.append(f"zones {', '.join(zone_ids)} have the same name: readers cannot tell them apart")
    if not any(zone.counts for zone in place.zones):
        doubts.append(f"no zone of {place.aoi_id} counts (counts: false), so no call there will")
    return doubts


def coast_doubts(place: Place) -> list[str]:
    """A coast without land in the box, and zones that lie on land."""
    if place.land is None:
        return []
    if not place.land.intersects(shapely.box(*place.bbox)):
        return [f"has no land in the box of {place.aoi_id}, so quays may be taken for ships"]
    shares = {z.zone_id: z.geometry.intersection(place.land).area / z.geometry.area for z in place.zones}
    ashore = [zone_id for zone_id, share in shares.items() if share > MOST_ON_LAND]
    return [f"its land covers {', '.join(ashore)}, where ships should lie"] if ashore else []
