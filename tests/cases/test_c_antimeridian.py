"""Case C-14: an AOI across 180 degrees gives what its twin further west gives."""

from __future__ import annotations

import json

import geopandas
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import mapping

from pipeline import volume
from pipeline.chain.verification import differences
from pipeline.finished.opened import open_run
from tests.cases.desk import LOOKS, SHAPE, lonlat, radar, speckle, stamp, zones

SHIFT = 180.0 - lonlat(80, 80)[0]  # brings the ship of the desk onto 180 degrees


def around(lon: float) -> float:
    return lon if lon <= 180 else lon - 360


def as_cut(ring: list[list[float]]) -> dict:
    """As RFC 7946 wants it: one part each side of 180 degrees."""
    whole = shapely.Polygon(ring)
    west, east = whole & shapely.box(0, 0, 180, 90), whole & shapely.box(180, 0, 360, 90)
    parts = [west, shapely.transform(east, lambda xy: xy - [360.0, 0.0])]
    return mapping(shapely.MultiPolygon([p for p in parts if not p.is_empty]))


NOTATIONS = {
    "cut at 180": as_cut,
    "beyond 180": lambda ring: {"type": "Polygon", "coordinates": [ring]},
    "with a jump": lambda ring: {"type": "Polygon", "coordinates": [[[around(x), y] for x, y in ring]]},
}


def move_across_180(desk, notation: str) -> None:
    """Box, zones, images and AIS the same number of degrees further east: maps keep their shape about a meridian."""
    meridian = "+proj=tmerc +lat_0=0 +lon_0={} +k=0.9996 +x_0=500000 +y_0=0 +datum=WGS84 +units=m"
    for number, moment in enumerate(LOOKS):
        name = desk.images / f"look_vv_{stamp(moment)}.tif"
        radar(name, speckle(number), sidecar=True, crs=meridian.format(135.0 + SHIFT))
    told = zones()
    for feature in told["features"]:
        ring = [[x + SHIFT, y] for x, y in feature["geometry"]["coordinates"][0]]
        feature["geometry"] = NOTATIONS[notation](ring)
    (desk.root / "zones.geojson").write_text(json.dumps(told))
    head, *rows = [line.split(",") for line in desk.ais.read_text().splitlines()]
    at = head.index("lon")
    for row in rows:
        row[at] = f"{around(float(row[at]) + SHIFT):.6f}"
    desk.ais.write_text("\n".join(",".join(row) for row in [head, *rows]) + "\n")
    (west, north), (east, south) = lonlat(4, 4), lonlat(SHAPE[0] - 5, SHAPE[1] - 5)
    desk.write_run_file(west=west + SHIFT, south=south, east=around(east + SHIFT), north=north)


@pytest.mark.case("C-14")
@pytest.mark.parametrize("notation", NOTATIONS)
def test_an_aoi_across_180_degrees(desk, done_once, tmp_path, saw, notation):
    """The twin: everything, box, zones, images and AIS, the same number of degrees further east."""
    here = next(p.parent for p in done_once.runs.rglob("manifest.json"))
    move_across_180(desk, notation)
    outcome = desk.run(tmp_path / "there")
    assert outcome.exit_code == 0
    there = outcome.folder

    for name, key in (("scenes", "scene_id"), ("detections", "detection_id")):
        one, two = (geopandas.read_parquet(f / f"{name}.parquet").sort_values(key) for f in (here, there))
        assert list(one[key]) == list(two[key])
    np.testing.assert_allclose((two["lon"] - one["lon"] - SHIFT) % 360 % 360, 0, atol=2e-6)
    for column in ("lat", "length_m", "heading_deg", "score"):
        np.testing.assert_allclose(one[column], two[column], atol=1e-4)
    assert list(one["berth_id"]) == list(two["berth_id"])
    for name in ("looks", "port_calls"):
        one, two = (pd.read_parquet(f / f"{name}.parquet") for f in (here, there))
        same = [c for c in one.columns if c not in ("call_id", "evidence", "evidence_hashes", "assumptions_id")]
        pd.testing.assert_frame_equal(one[same], two[same], rtol=1e-4)
    # a call's name holds its longitude, and seeds its draws: with one name the cargo is the same
    named = two.assign(call_id=one["call_id"])
    config = desk.config()
    cargo = [volume.liftings(calls, config.volume, config.seed)["barrels_p50"] for calls in (one, named)]
    assert cargo[0].gt(0).any()
    np.testing.assert_allclose(*cargo, rtol=1e-4)
    for name in ("scenes", "detections"):
        west, _, east, _ = geopandas.read_parquet(there / f"{name}.parquet").total_bounds
        assert -180 <= west <= east <= 180
    tracks = pd.read_parquet(there / "tracks.parquet")
    assert tracks["lon"].between(-180, 180).all()
    assert differences(there) == []
    saw(f"the same calls, liftings and account as {SHIFT:.2f} degrees further west; files hold -180 to 180")


def test_a_finished_run_across_180_degrees_is_drawn_in_one_piece(desk, tmp_path):
    """Its files hold the ship on 180 degrees cut in two, which ended the notebooks; tracks lay a turn from the map."""
    move_across_180(desk, "cut at 180")
    opened = open_run(desk.run(tmp_path / "there").folder)
    found, tracks = opened.table("detections"), opened.table("tracks")
    assert len(tracks)
    for lon in (found["lon"], tracks["lon"]):
        assert lon.between(opened.place.bbox[0] - 1, opened.place.bbox[2] + 1).all()
    assert set(found.geom_type) == {"Polygon"}
    scene = opened.scene(found["scene_id"].iloc[0])
    figure, axes = plt.subplots()
    drawn = opened.draw(axes, scene)
    assert len(drawn) == (found["scene_id"] == scene.scene_id).sum() > 0
    plt.close(figure)
