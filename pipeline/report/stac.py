"""Writes the run as a self-contained STAC collection: one item per look, with hash, status and thumbnail."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.report.quicklooks import read_quicklooks
from pipeline.storage import write_json
from pipeline.times_places.longitudes import as_geojson, wrap_longitudes
from pipeline.types import LAST_OF_DAY, TO_THE_DAY

if TYPE_CHECKING:
    from pipeline.report.story import Story

MEDIA = {
    "report.html": ("text/html", ["overview"], "The report"),
    "calls.csv": ("text/csv", ["data"], "Port calls in the form of UN annexes"),
    "detections.parquet": ("application/vnd.apache.parquet", ["data"], "Detections, GeoParquet"),
    "run.gpkg": ("application/geopackage+sqlite3", ["data"], "The run for QGIS, with styles"),
    "manifest.json": ("application/json", ["metadata"], "Hashes of all inputs and outputs"),
}
NOWHERE = "/stac"  # pystac needs absolute links and cannot handle backslashes in folders; made relative afterwards


def write_stac(story: Story, folder: Path) -> None:
    """Write ``collection.json`` and one folder for each used scene that has a footprint and a time."""
    import pystac

    looks = read_quicklooks(folder.parent / "quicklooks")
    scenes = story.tables["scenes"]
    used = scenes["status"].isin(["used", "degraded"]) & scenes["acquired"].notna() & scenes["footprint"].notna()
    collection = _collection(story, scenes.loc[used, "footprint"])
    for row in scenes[used].itertuples():
        item = pystac.Item(
            id=row.scene_id,
            geometry=as_geojson(row.footprint),
            bbox=_box(row.footprint.bounds),
            properties=_properties(row),
            **_datetime_fields(row),
        )
        if (source := source_link(row.href)) is not None:
            title = "The image, where the run found it"
            item.add_asset("source", pystac.Asset(href=source, roles=["data"], title=title))
        if row.scene_id in looks:
            name = looks[row.scene_id]["file"]
            item.add_asset(
                "overview",
                pystac.Asset(href=f"../../quicklooks/{name}", media_type="image/webp", roles=["overview"]),
            )
        collection.add_item(item)
    collection.normalize_hrefs(NOWHERE)
    for item in collection.get_items():
        path = folder / item.get_self_href().removeprefix(f"{NOWHERE}/")
        write_json(path, _relative(item.to_dict(include_self_link=False)))
    write_json(folder / "collection.json", _relative(collection.to_dict(include_self_link=False)))


def source_link(href: str) -> str | None:
    """Absolute address of an image; None if its name is relative.

    A name relative to the run's working folder would be resolved relative to the item, and be broken. Nor can it be
    made relative to the item: a run that is repeated elsewhere, or moved, must have the same bytes.

    >>> source_link("/data/port calls/x.tif"), source_link("https://host/x.tif"), source_link("data/x.tif")
    ('file:///data/port%20calls/x.tif', 'https://host/x.tif', None)
    """
    if "://" in href:
        return href
    path = Path(href)
    return path.as_uri() if path.is_absolute() else None


def _box(bounds: tuple[float, float, float, float]) -> list[float]:
    """West, south, east, north as RFC 7946 writes them: west > east across 180 degrees."""
    west, south, east, north = bounds
    return [float(wrap_longitudes(west)), south, float(wrap_longitudes(east)), north]


def _collection(story: Story, footprints: Iterable[Any]) -> Any:
    """The collection without its items; its extent covers the place and every footprint, as the specification asks."""
    import pystac

    period = story.config.period
    boxes = [story.place.bbox, *(shape.bounds for shape in footprints)]
    extent = tuple(limit(box[n] for box in boxes) for n, limit in enumerate((min, min, max, max)))
    collection = pystac.Collection(
        id=f"capwatch-{story.config.aoi.id}-{story.run_id}",
        title=f"{'SIMULATED: ' if story.simulated else ''}{story.place.name}",
        description=f"{'SIMULATED. ' if story.simulated else ''}Looks of one capwatch run at {story.place.name}.",
        extent=pystac.Extent(
            pystac.SpatialExtent([_box(extent)]),
            pystac.TemporalExtent([[period.start, period.end]]),
        ),
        keywords=["ship detection", "AIS", "sanctions", story.config.aoi.id],
        license="other",
        extra_fields={"capwatch:run_id": story.run_id, "capwatch:simulated": story.simulated},
    )
    for name, (media, roles, title) in MEDIA.items():
        collection.add_asset(name, pystac.Asset(href=f"../{name}", media_type=media, roles=roles, title=title))
    return collection


def _datetime_fields(row: Any) -> dict[str, Any]:
    """The time of a look, or the range of its day if only that is known, as STAC requires."""
    if row.acquired_precision != TO_THE_DAY:
        return {"datetime": row.acquired.to_pydatetime()}
    day = row.acquired.floor("D").to_pydatetime()
    return {"datetime": None, "start_datetime": day, "end_datetime": day + LAST_OF_DAY}


def _properties(row: Any) -> dict[str, Any]:
    """Common metadata where known, and our own fields under a prefix."""
    out = {
        "title": row.scene_id,
        "platform": row.platform or None,
        "instruments": [row.sensor],
        "gsd": None if pd.isna(row.pixel_spacing_m) else round(float(row.pixel_spacing_m), 3),
        "capwatch:status": row.status,
        "capwatch:cause": row.cause or None,
        "capwatch:simulated": bool(row.simulated),
        "capwatch:href": row.href,
        "capwatch:sha256": row.sha256,
        "capwatch:side_files": list(row.side_files) or None,
        "capwatch:aoi_coverage": None if pd.isna(row.aoi_coverage) else round(float(row.aoi_coverage), 4),
        "capwatch:cloud_fraction": None if pd.isna(row.cloud_fraction) else round(float(row.cloud_fraction), 4),
    }
    return {k: v for k, v in out.items() if v is not None}


def _relative(content: dict[str, Any]) -> dict[str, Any]:
    """The same document with links relative to the file, so that a run folder can move."""
    up = "./" if content.get("type") == "Collection" else "../"

    def moved(link: dict[str, Any]) -> dict[str, Any]:
        return link | {"href": link["href"].replace(f"{NOWHERE}/", up)}

    assets = {name: moved(asset) for name, asset in content.get("assets", {}).items()}
    return content | {"links": [moved(link) for link in content["links"]]} | ({"assets": assets} if assets else {})
