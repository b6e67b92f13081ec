"""Writes the run as one GeoPackage with a default QGIS style for every layer."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from pipeline.report.page_data import tracks
from pipeline.report.qgis_styles import STYLES
from pipeline.report.wording import barrels
from pipeline.storage import cannot_write, write_bytes
from pipeline.table_files import flat_table

if TYPE_CHECKING:
    import geopandas

    from pipeline.report.story import Story

WRITTEN = "2000-01-01T00:00:00.000Z"  # fixed: the time of writing would make every file different
SPARE = 1 << 20  # bytes (our choice): SQLite's journals for such a file are smaller
_STYLE_TABLE = """
CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
 f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
 styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)
"""


def write_geopackage(story: Story, path: Path) -> None:
    """Write the layers land, structures, looks, zones, tracks, detections and calls, bottom layer first."""
    os.environ.setdefault("OGR_CURRENT_DATE", WRITTEN)
    with tempfile.TemporaryDirectory(prefix="capwatch-gpkg-") as folder:
        part = Path(folder) / "run.gpkg"
        try:
            _write_layers(story, part)
        finally:
            _require_room(part)
        write_bytes(path, _with_styles(part.read_bytes(), path))


def _write_layers(story: Story, part: Path) -> None:
    import pyogrio

    for name, layer in layers(story).items():
        kind = {"tracks": "LineString", "calls": "Point"}.get(name, "MultiPolygon")
        pyogrio.write_dataframe(
            layer, part, layer=name, driver="GPKG", append=part.exists(), geometry_type=kind,
            promote_to_multi=kind == "MultiPolygon",
            layer_options={"DESCRIPTION": _description(story, name), "DATETIME_PRECISION": "MILLISECOND"},
            dataset_options=None if part.exists() else {"VERSION": "1.3"},
        )  # fmt: skip


def _require_room(part: Path) -> None:
    """Raise EnvironmentFault if the disk is full, when GDAL leaves a torn file without a clear error. Checked by
    writing a second file of that size, plus room for journals, beside it."""
    probe = part.with_name("probe")
    try:
        probe.write_bytes((part.read_bytes() if part.exists() else b"") + bytes(SPARE))
    except OSError as error:
        raise cannot_write(part, error) from error
    probe.unlink()


def layers(story: Story) -> dict[str, geopandas.GeoDataFrame]:
    """Layers by name, in EPSG:4326, with text columns where QGIS styles by value."""
    return {
        "land": _layer([{"name": "land", "geometry": story.place.land}] if story.place.land is not None else []),
        "structures": _layer([{"scenes": k, "geometry": s} for k, s in sorted(story.structures.items())]),
        "looks": _flat(story.tables["scenes"].rename_geometry("geometry")),
        "zones": _layer(
            [
                {"zone_id": z.zone_id, "name": z.name or z.zone_id, "kind": z.kind,
                 "counts": "yes" if z.counts else "no", "cargo": z.cargo, "source": z.source, "geometry": z.geometry}
                for z in story.place.zones
            ]
        ),
        "tracks": _layer(
            [
                {"track_id": t["id"], "mmsi": t["mmsi"], "name": t["name"], "from_utc": _utc(t["line"][0][2]),
                 "to_utc": _utc(t["line"][-1][2]), "geometry": shapely.LineString([(p[1], p[0]) for p in t["line"]])}
                for t in tracks(story) if len(t["line"]) > 1
            ]
        ),
        "detections": _detections(story),
        "calls": _calls(story),
    }  # fmt: skip


def _layer(rows: list[dict[str, Any]]) -> geopandas.GeoDataFrame:
    import geopandas

    frame = pd.DataFrame(rows if rows else {"name": [], "geometry": []})
    return _flat(geopandas.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326"))


def _flat(table: pd.DataFrame) -> geopandas.GeoDataFrame:
    """Lists and secondary geometries as text, and no formulas; times stay times, so that QGIS can sort and animate."""
    import geopandas

    flat = flat_table(table, keep_geometry=True)
    for name in table.columns:
        if isinstance(table[name].dtype, pd.DatetimeTZDtype):
            flat[name] = table[name]
    geometry_columns = [c for c in flat.columns if c != "geometry" and str(flat[c].dtype) == "geometry"]
    for name in geometry_columns:
        flat[name] = [None if g is None else g.wkt for g in flat[name]]
    return geopandas.GeoDataFrame(flat, geometry="geometry", crs="EPSG:4326")


def _utc(seconds: int) -> pd.Timestamp:
    return pd.Timestamp(seconds, unit="s", tz="UTC")


def _detections(story: Story) -> geopandas.GeoDataFrame:
    table = story.tables["detections"]
    partner = story.tables["matches"].set_index("det_id")["mmsi"]
    mmsi = table["detection_id"].map(partner)
    kind = [
        "flagged" if not ok else "none" if pd.isna(m) else "ais" for ok, m in zip(table["accepted"], mmsi, strict=True)
    ]
    return _flat(table.assign(mmsi=mmsi, kind=kind))


def _calls(story: Story) -> geopandas.GeoDataFrame:
    """Points side by side from the middle of the berth on, so that none hides another; ``placed`` says where else.

    A call at no zone of the place is put where looks saw her, or in the middle of the box.
    """
    calls = story.at_image_times().calls_with_liftings()
    middles = {z.zone_id: (z.geometry.centroid, "middle of the berth") for z in story.place.zones}
    seen = story.tables["detections"].set_index("detection_id")[["lon", "lat"]].dropna()
    box_middle = shapely.box(*story.place.bbox).centroid, "middle of the box: where she lay is not known"
    rows, n_at = [], Counter[tuple[float, float]]()
    mark = "SIMULATED " if story.simulated else ""
    for r in calls.sort_values(["arrival_hi", "call_id"]).to_dict("records"):
        position = seen.loc[[d for d in r["detection_ids"] if d in seen.index]].mean()
        fallback = box_middle if position.isna().any() else (shapely.Point(position), "middle of her sightings")
        point, placed = middles.get(r["berth_id"], fallback)
        n = n_at[point.x, point.y]
        n_at[point.x, point.y] += 1
        counted = bool(r["counts_lifting"])
        sums = {k: r[k] if counted else None for k in ("barrels_p5", "barrels_p50", "barrels_p95")}  # as in calls.csv
        rows.append(
            {
                "call_id": r["call_id"], "ship": r["name"] or "not identified", "berth_id": r["berth_id"],
                "arrival_utc": r["arrival_hi"], "arrival_not_before": r["arrival_lo"],  # other times as in calls.csv
                "departure_not_before": r["departure_lo"], "departure_not_after": r["departure_hi"],
                "placed": placed, "evidence_class": r["evidence_class"],
                "counted": "yes" if counted else "no", **sums, "p_lifting": r["p_lifting"],
                "flags": ";".join(r["flags"]),
                "label": f"{mark}{r['arrival_hi']:%d %b}: {barrels(r['barrels_p50'])} bbl" if counted else "",
                "simulated": story.simulated,
                "geometry": shapely.Point(point.x + 4e-4 * (n % 8), point.y + 4e-4 * (n // 8)),
            }
        )  # fmt: skip
    return _layer(rows)


def _description(story: Story, name: str) -> str:
    mark = "SIMULATED: no real ship, image or message. " if story.simulated else ""
    return f"{mark}{name} of capwatch run {story.run_id}, {story.place.name}"


def _with_styles(content: bytes, path: Path) -> bytes:
    """The GeoPackage with a default style for each layer."""
    database = sqlite3.connect(":memory:")
    try:
        database.deserialize(content)
        database.execute(_STYLE_TABLE)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
            (WRITTEN,),
        )
        for name, qml in STYLES.items():
            database.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                "styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time) "
                "VALUES ('', '', ?, 'geom', 'capwatch', ?, '', 1, ?, '', ?)",
                (name, qml, f"as in the report of {path.parent.name}", WRITTEN),
            )
        database.commit()
        return database.serialize()
    finally:
        database.close()
