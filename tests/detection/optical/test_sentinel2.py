"""Ships at a quay and at anchor in 10 m pixels: found once, whatever the scale, tiles, bands or orientation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.optical import network, unnamed_bands
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Radiometry, Sensor
from tests.builders import array_scene, box_zone, place_of
from tests.detection.optical.ten_metre import ALONGSIDE, AT_ANCHOR, SHAPE, port

pytest.importorskip("onnxruntime", reason="the hull network needs ONNX Runtime")
REFLECTANCE = {"sensor": Sensor.SENTINEL2, "radiometry": Radiometry.REFLECTANCE}


def scene_of(bands, **more):
    return array_scene(bands, **(REFLECTANCE | more))


def ships(scene, **config):
    table, _ = detect(scene, config=DetectionConfig(**config))
    return table[table["accepted"]].reset_index(drop=True)


def assert_both_found(found, places=(AT_ANCHOR, ALONGSIDE)):
    assert len(found) == len(places)
    for row, place in zip(found.sort_values("row").itertuples(), sorted(places), strict=True):
        assert (row.row, row.col) == pytest.approx(place[:2], abs=2.0)


def test_a_ship_at_the_quay_and_one_at_anchor_are_found_and_measured():
    found = ships(scene_of(port()))
    assert_both_found(found)
    assert found["method"].str.startswith("hull-network").all()
    for row, place in zip(found.sort_values("row").itertuples(), (AT_ANCHOR, ALONGSIDE), strict=True):
        assert row.length_lo_m < place[2] < row.length_hi_m
        assert row.beam_lo_m < place[3] < row.beam_hi_m
        assert np.sin(np.radians(row.heading_deg - place[4])) == pytest.approx(0, abs=0.1)


def test_an_empty_quay_has_no_ship():
    assert len(ships(scene_of(port([])))) == 0


@pytest.mark.parametrize("tile_px", [64, 321, 4096])
def test_tiles_leave_no_trace(tile_px):
    whole, _ = detect(scene_of(port()), config=DetectionConfig(tile_px=2048))
    tiled, _ = detect(scene_of(port()), config=DetectionConfig(tile_px=tile_px))
    pd.testing.assert_frame_equal(
        pd.DataFrame(tiled.drop(columns="geometry")), pd.DataFrame(whole.drop(columns="geometry"))
    )


def test_ten_metre_bands_alone_are_enough():
    image = port()
    assert_both_found(ships(scene_of({name: image[name] for name in ("B02", "B03", "B04", "B08")})))


@pytest.mark.parametrize("bands", ["B02 B03 B11", "B08 B11"])
def test_with_two_or_three_bands_open_water_still_speaks(bands):
    """At the quay so few bands may not suffice; the ship at anchor must be found, and no false ship."""
    image = port()
    found = ships(scene_of({name: image[name] for name in bands.split()}))
    at_anchor = np.hypot(found["row"] - AT_ANCHOR[0], found["col"] - AT_ANCHOR[1]) < 3
    at_quay = np.hypot(found["row"] - ALONGSIDE[0], found["col"] - ALONGSIDE[1]) < 3
    assert at_anchor.sum() == 1
    assert (at_anchor | at_quay).all()


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_image_shows_the_same_ships(turns):
    image = {name: np.rot90(band, turns) for name, band in port().items()}
    places = []
    for row, col, *rest in (ALONGSIDE, AT_ANCHOR):
        for _ in range(turns):
            row, col = SHAPE[1] - 1 - col, row
        places.append((row, col, *rest))
    assert_both_found(ships(scene_of(image)), places)


def written(tmp_path, scale, offset=0.0, dtype="uint16", order=("B02", "B03", "B04", "B08", "B11"), **tags):
    """The port as a GeoTIFF with stored numbers ``reflectance * scale + offset``, and the scene opened from it."""
    image = port()
    path = tmp_path / "port.tif"
    stored = np.stack([image[name] for name in order]) * scale + offset
    if dtype == "uint16":
        stored = np.clip(np.rint(stored), 1, 65535)
    profile = {"driver": "GTiff", "count": 5, "height": SHAPE[0], "width": SHAPE[1], "dtype": dtype}
    with rasterio.open(path, "w", crs="EPSG:32653", transform=Affine(10, 0, 5e5, 0, -10, 4.73e6), **profile) as target:
        target.write(stored.astype(dtype))
        target.update_tags(**tags)
    names = ("B02", "B03", "B04", "B08", "B11")
    options = OpenOptions(sensor=Sensor.SENTINEL2, bands={name: i for i, name in enumerate(names, 1)})
    return open_scene(path, options)


@pytest.mark.parametrize(
    ("scale", "offset", "dtype", "tags"),
    [
        (1.0, 0.0, "float32", {}),
        (10_000.0, 0.0, "uint16", {}),
        (65_535.0, 0.0, "uint16", {}),
        (10_000.0, 1_000.0, "uint16", {"PROCESSING_BASELINE": "05.09"}),
        (10_000.0, 1_000.0, "uint16", {}),
    ],
    ids=["0-1", "0-10000", "0-65535", "offset stated", "offset unsaid"],
)
def test_scale_and_offset_move_no_ship(tmp_path, scale, offset, dtype, tags):
    assert_both_found(ships(written(tmp_path, scale, offset, dtype, **tags)))


def test_bands_in_the_wrong_order_are_no_crash_and_no_flood(tmp_path):
    """With red and blue swapped, ships still stand out; the scene must not fill with detections."""
    scene = written(tmp_path, 10_000.0, order=("B04", "B03", "B02", "B11", "B08"))
    assert len(ships(scene)) <= 6


def test_all_cloud_all_land_and_no_water_have_no_ship():
    rng = np.random.default_rng(0)
    bands = ("B02", "B03", "B04", "B08", "B11")
    cloud = {b: 0.6 + rng.normal(0, 0.01, SHAPE) for b in bands}
    land = {
        b: np.exp(rng.normal(np.log(level), 0.3, SHAPE))
        for b, level in zip(bands, (0.1, 0.12, 0.14, 0.25, 0.25), strict=True)
    }
    for image in (cloud, land):
        assert len(ships(scene_of(image))) == 0
    dry = scene_of(port(), water=np.zeros(SHAPE, bool))
    assert len(ships(dry)) == 0


def test_without_the_runtime_contrast_alone_speaks(monkeypatch):
    monkeypatch.setattr(network, "is_available", lambda: False)
    table, _ = detect(scene_of(port()))
    assert (table["method"] == "optical-moments").all()
    at_anchor = table[table["accepted"] & (np.hypot(table["row"] - AT_ANCHOR[0], table["col"] - AT_ANCHOR[1]) < 3)]
    assert len(at_anchor) == 1


def test_mapped_land_takes_a_hull_out_and_says_so():
    rows, _ = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    scene = scene_of(port(), water=rows < 140)
    table, _ = detect(scene)
    assert_both_found(table[table["accepted"]], [AT_ANCHOR])
    assert any("land_leak" in flags for flags in table["flags"])


def test_a_block_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError, match="A block has shape"):
        network.run_ensemble(np.zeros((5, 8, 8), np.float32), (True,) * 5)


def test_gaps_in_the_image_are_no_ships():
    image = port()
    scene = scene_of(image)
    read = scene.read

    def holed(window):
        tile = read(window)
        data = tile.data.copy()
        cols = np.arange(window.col0, window.col1)
        data[:, :, (cols >= 200) & (cols < 215)] = np.nan
        return replace(tile, data=data, valid=np.isfinite(data).all(axis=0))

    assert_both_found(ships(replace(scene, read=holed)))


def test_haze_over_half_a_berth_leaves_that_half_unknown():
    """Water as bright as dull decks hides them: that part is unseen, and coverage says so."""
    image = port([], land=True)
    cols = np.arange(SHAPE[1])
    veil = np.where(cols < 120, 0.16, 0.0)  # haze over the western half
    hazy = {name: band + veil * (1.0 if name != "B11" else 0.9) for name, band in image.items()}
    scene = scene_of(hazy)
    place = berth_of(scene)
    _, diagnostics = detect(scene, place=place)
    assert diagnostics["zone_covered"]["berth"] == pytest.approx(0.5, abs=0.15)
    _, clear = detect(scene_of(image), place=place)
    assert clear["zone_covered"]["berth"] == pytest.approx(1.0, abs=0.02)


BERTH = (110, 60, 145, 180)  # first row and column, last row and column: on the water in front of the quay


def berth_of(scene):
    lon, lat = scene.geolocation.lonlat(np.array(BERTH[::2]), np.array(BERTH[1::2]))
    return place_of(box_zone("berth", lon[0], lat[1], lon[1], lat[0]))


def flat(level, spread=0.01, seed=0):
    rng = np.random.default_rng(seed)
    return {b: level + rng.normal(0, spread, SHAPE) for b in ("B02", "B03", "B04", "B08", "B11")}


def all_land():
    rng = np.random.default_rng(0)
    levels = {"B02": 0.1, "B03": 0.12, "B04": 0.14, "B08": 0.25, "B11": 0.25}
    return {b: np.exp(rng.normal(np.log(level), 0.3, SHAPE)) for b, level in levels.items()}


@pytest.mark.parametrize("image", [flat(0.6), all_land()], ids=["all cloud", "all land"])
def test_without_water_the_berth_is_unknown_and_one_line_says_so(image):
    """No detection under cloud does not mean an empty berth."""
    scene = scene_of(image)
    table, diagnostics = detect(scene, place=berth_of(scene))
    assert not table["accepted"].any()
    assert diagnostics["zone_covered"]["berth"] == 0.0
    assert [note for note in diagnostics["unknown"] if "no usable water" in note]


@pytest.mark.parametrize("names", [("band1", "band2", "band3", "band4"), ("B02", "B03", "band3", "band4")])
def test_where_nobody_knows_the_bands_the_berth_is_unknown(names):
    """Else no ship would be found, and the berth would count as seen and empty."""
    scene = scene_of(dict(zip(names, list(port().values())[:4], strict=True)))
    table, diagnostics = detect(scene, place=berth_of(scene))
    assert len(table) == 0
    assert diagnostics["zone_covered"]["berth"] == 0.0
    assert any("its bands are unknown" in note for note in diagnostics["unknown"])


@pytest.mark.parametrize("band", ["B04", "B08"])
def test_a_grey_picture_of_a_band_that_nobody_names_leaves_the_berth_unknown(band):
    """A colour-mapped picture of a port: no ship of four is found, so the looks must not count as usable."""
    scene = scene_of({"pan": port()[band]})
    _, diagnostics = detect(scene, place=berth_of(scene))
    assert diagnostics["zone_covered"]["berth"] == 0.0
    assert any("its bands are unknown" in note for note in diagnostics["unknown"])


@pytest.mark.parametrize("land", ["unknown", "map", "said to be none"])
@pytest.mark.parametrize("names", [("B02", "B03", "B04"), ("R", "G", "B"), ("B04",)])
def test_without_an_infrared_band_the_berth_is_unknown(names, land):
    """In a true-colour picture of a port with mangroves, one ship of ten is found and twenty patches of land: the berth
    must not count as seen. With a known coast, objects in the water are kept."""
    painted = dict(zip(("R", "G", "B"), ("B04", "B03", "B02"), strict=True))
    image = {name: port()[painted.get(name, name)] for name in names}
    rows, _ = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    scene = scene_of(image, **({"water": rows < 152} if land == "map" else {}))
    scene = replace(scene, tags=scene.tags | {"land": "none" if land == "said to be none" else "auto"})
    table, diagnostics = detect(scene, place=berth_of(scene))
    assert diagnostics["zone_covered"]["berth"] == 0.0
    assert any("no infrared band" in note for note in diagnostics["unknown"])
    assert len(table) > 0
    assert all("land_unknown" in flags for flags in table["flags"]) == (land == "unknown")
    assert table["accepted"].any() == (land != "unknown")


def test_the_ground_names_bands_that_have_no_names(monkeypatch):
    """The painted port is too small to identify its bands, so their order is given instead."""
    order = ("B11", "B08", "B04", "B03", "B02")
    monkeypatch.setattr(unnamed_bands, "only_possible_order", lambda values, bands: order)
    scene = scene_of({f"band{n}": port()[name] for n, name in enumerate(order, 1)})
    table, diagnostics = detect(scene, place=berth_of(scene))
    assert_both_found(table[table["accepted"]].reset_index(drop=True))
    assert diagnostics["zone_covered"]["berth"] > 0.9
    assert any("only the order B11, B08, B04, B03, B02 fits the ground" in note for note in diagnostics["notes"])
    assert diagnostics["unknown"] == []


def test_water_under_an_offset_that_nobody_told_asks_for_it():
    _, diagnostics = detect(scene_of({band: values + 0.25 for band, values in port().items()}))
    assert any("is an offset of -1000 missing?" in note for note in diagnostics["notes"])


def test_a_map_without_water_is_said():
    _, diagnostics = detect(scene_of(port(), water=np.zeros(SHAPE, bool)))
    assert any("no water" in note for note in diagnostics["unknown"])


def test_infrared_for_blue_is_asked_about():
    image = port()
    image["B02"], image["B08"] = image["B08"], image["B02"]
    _, diagnostics = detect(scene_of(image))
    assert any("in the right order" in note for note in diagnostics["notes"])


def test_a_good_image_needs_no_remark():
    _, diagnostics = detect(scene_of(port()))
    assert diagnostics["notes"] == []


def test_a_hull_made_of_the_edge_repeated_beyond_the_image_alone_is_none(monkeypatch):
    """The repeated edge may vote for a centre inside the image, but no pixel of the image is hull."""

    def beyond_the_edge(scaled, present, gain=None, marked=None):
        output = np.zeros((4, *scaled.shape[1:]), np.float32)
        output[:2] = -20.0
        row, edge = network.HALO_PX + 60, network.HALO_PX + SHAPE[1]
        output[0, row - 2 : row + 3, edge + 1 : edge + 6] = 5.0
        output[1, row, edge - 2] = 5.0
        rows, cols = np.indices(scaled.shape[1:])
        output[2], output[3] = (row - rows) / 16.0, (edge - 2 - cols) / 16.0
        return output

    monkeypatch.setattr(network, "run_ensemble", beyond_the_edge)
    table, _ = detect(scene_of(port()), config=DetectionConfig())
    assert not table["method"].str.startswith("hull-network").any()
