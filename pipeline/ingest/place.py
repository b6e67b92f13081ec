"""Reads and checks an AOI's place: its coast and zones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import shapely
from pydantic import Field
from shapely.geometry import shape

from pipeline.config.aoi import MAX_SIDE_DEG, AoiConfig
from pipeline.config.base import Section
from pipeline.config.loading import build
from pipeline.config.mistakes import ZONE_NAME
from pipeline.errors import ConfigError, printable
from pipeline.ingest.coast import read_credit, read_json, read_land, require_degrees
from pipeline.ingest.features import feature_words
from pipeline.ships.largest import LONGEST_M
from pipeline.times_places.longitudes import wrap_centre, wrap_geometry
from pipeline.types import Cargo, Place, Zone

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MAX_BYTES = 64 << 20  # our choice: a zone file has some kilobytes, a detailed coast some megabytes
MIN_ZONE_M2 = 100.0  # our choice: no ship fits into less
MAX_SHARED = 0.05  # of the smaller of two zones (our choice): neighbours drawn by hand may touch by some metres


class ZoneProperties(Section):
    """Properties of a berth or anchorage in the zones file."""

    zone_id: str = Field(pattern=ZONE_NAME)
    """Short name, unique in the file."""
    kind: Literal["berth", "anchorage"]
    """Berth or anchorage."""
    name: str = ""
    """Display name."""
    cargo: Cargo = "unknown"
    """What is handled there. At a berth of `oil_products` or `crude` a ship without AIS is probably a tanker
    (`calls.prior_p_tanker_at_oil_berth`); at other berths she is probably not, and does not count."""
    counts: bool = True
    """Do stays here count toward the account?"""
    max_length_m: float | None = Field(default=None, gt=0, le=LONGEST_M)
    """Longer ships belong to another trade and do not count."""
    source: str = ""
    """Where the outline comes from."""


def load_place(aoi: AoiConfig, root: Path) -> Place:
    """The place of an AOI; file names are relative to ``root``, the folder of configs.

    Zones that do not intersect the AOI's box are left out, so that several AOIs can share a file.
    Raises ConfigError naming file, feature and cause.
    """
    middle = wrap_centre(aoi.bbox)
    land = read_land(root / aoi.coast) if aoi.coast else None
    land = None if land is None else wrap_geometry(land, middle)
    path = root / aoi.zones
    zones = read_zones(path, middle)
    box = shapely.box(*aoi.bbox)
    inside = tuple(z for z in zones if z.geometry.intersects(box))
    _refuse_shared_water(path, inside)
    if not inside:
        swapped = any(shapely.transform(z.geometry, lambda p: p[:, ::-1]).intersects(box) for z in zones)
        hint = "lon and lat are swapped" if swapped else f"the box is {aoi.bbox}"
        raise ConfigError(f"{printable(path)}: none of its {len(zones)} zones lies in the AOI; {hint}")
    credit = read_credit(root / aoi.coast) if aoi.coast else ""
    left_out = tuple(z.zone_id for z in zones if not z.geometry.intersects(box))
    return Place(aoi.id, aoi.name, aoi.bbox, land, inside, credit, left_out)


def read_zones(path: Path, middle: float | None = None) -> tuple[Zone, ...]:
    """Berths and anchorages of a GeoJSON file, in file order; longitudes wrapped about ``middle`` if given."""
    content = _read_geojson(path)
    features = content.get("features")
    if content.get("type") != "FeatureCollection" or not isinstance(features, list) or not features:
        raise ConfigError(f"{printable(path)}: holds no features; a FeatureCollection of zones is wanted")
    named = zip(feature_words(features), features, strict=True)
    zones = tuple(_zone(f"{printable(path)}: {words}", feature, middle) for words, feature in named)
    seen: set[str] = set()
    for zone in zones:
        if zone.zone_id in seen:
            raise ConfigError(f"{printable(path)}: two zones are named {zone.zone_id}")
        seen.add(zone.zone_id)
    return zones


def _refuse_shared_water(path: Path, zones: Sequence[Zone]) -> None:
    """Refuse overlapping zones of one kind that both count: a ship there would be two calls.

    A berth within an anchorage is allowed: the stay then belongs to the berth.
    """
    counted = [zone for zone in zones if zone.counts]
    for one, other in combinations(counted, 2):
        if one.kind != other.kind or not one.geometry.intersects(other.geometry):
            continue
        shared = one.geometry.intersection(other.geometry).area / min(one.geometry.area, other.geometry.area)
        if shared > MAX_SHARED:
            raise ConfigError(
                f"{printable(path)}: zones {one.zone_id} and {other.zone_id} share {100 * shared:.0f} % of the "
                "smaller one, so a ship there would count twice; draw them apart, or let one of them have counts: false"
            )


def checked_polygon(geometry: Any, where: str, middle: float | None = None) -> BaseGeometry:
    """A GeoJSON (multi-)polygon as a 2D, valid geometry in lon, lat; otherwise ConfigError naming ``where``.

    With ``middle``, longitudes are wrapped about it, however the file writes them: cut at 180 degrees, continuing
    beyond, or jumping from 179.9 to -179.9.
    """
    if not geometry:
        raise ConfigError(f"{where}: has no geometry")
    try:
        found = shapely.force_2d(shape(geometry))
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(f"{where}: its geometry cannot be read ({' '.join(str(error).split())[:80]})") from error
    if found.is_empty:
        raise ConfigError(f"{where}: its geometry is empty")
    if found.geom_type not in ("Polygon", "MultiPolygon"):
        raise ConfigError(f"{where}: is a {found.geom_type}; a polygon is wanted")
    found = _checked_degrees(found, where, middle)
    if not found.is_valid:
        raise ConfigError(f"{where}: is not a valid polygon ({shapely.is_valid_reason(found)})")
    west, south, east, north = found.bounds
    if max(east - west, north - south) > MAX_SIDE_DEG:
        raise ConfigError(f"{where}: spans {max(east - west, north - south):.0f} degrees (limit {MAX_SIDE_DEG:g})")
    return found


def _checked_degrees(found: BaseGeometry, where: str, middle: float | None) -> BaseGeometry:
    """A geometry after checking that its coordinates can be degrees, wrapped about ``middle``."""
    west, south, east, north = found.bounds
    if not all(abs(v) < 1e300 for v in found.bounds):
        raise ConfigError(f"{where}: has a coordinate that is no number")
    far = max(abs(west), abs(east))
    if far > 360:
        raise ConfigError(f"{where}: has coordinates up to {far:.0f}; degrees (EPSG:4326) are wanted")
    if max(abs(south), abs(north)) > 90:
        raise ConfigError(f"{where}: has a latitude beyond 90 degrees; lon and lat may be swapped")
    if middle is None and far > 180:
        raise ConfigError(f"{where}: has a longitude beyond 180 degrees; write it between -180 and 180")
    if middle is None and east - west > 180:
        middle = 180.0  # no zone is so wide: it crosses 180 degrees
    return wrap_geometry(found, middle)


def _zone(where: str, feature: Any, middle: float | None) -> Zone:
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise ConfigError(f"{where}: has no properties")
    properties = build(ZoneProperties, feature["properties"], where=where)
    geometry = checked_polygon(feature.get("geometry"), where, middle)
    area_m2 = _area_m2(geometry)
    if area_m2 < MIN_ZONE_M2:
        raise ConfigError(f"{where}: covers {area_m2:.0f} m2; a zone has {MIN_ZONE_M2:g} m2 or more")
    return Zone(
        zone_id=properties.zone_id,
        kind=properties.kind,
        name=properties.name or properties.zone_id,
        geometry=geometry,
        counts=properties.counts,
        cargo=properties.cargo,
        max_length_m=properties.max_length_m,
        source=properties.source,
    )


def _read_geojson(path: Path) -> dict[str, Any]:
    if os.path.exists(path) and not os.path.isfile(path):  # reading a pipe might block
        raise ConfigError(f"{printable(path)}: is not a regular file")
    if os.path.isfile(path) and (size := os.path.getsize(path)) > MAX_BYTES:
        raise ConfigError(f"{printable(path)}: {size} bytes is too large (limit {MAX_BYTES})")
    content = read_json(path)
    if not isinstance(content, dict):
        raise ConfigError(f"{printable(path)}: is not GeoJSON")
    require_degrees(content, path)
    return content


def _area_m2(geometry: BaseGeometry) -> float:
    from pyproj import Geod

    return abs(Geod(ellps="WGS84").geometry_area_perimeter(geometry)[0])
