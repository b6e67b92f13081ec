"""Images as people really have them: what is not a measurement, which sensor and time, and which band is which."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.metadata.acquisition import acquired_of
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Radiometry, Sensor, Window
from tests.ingest.test_rasters import write

COARSE = {"crs": "EPSG:32652", "transform": Affine(10, 0, 500_000, 0, -10, 4_740_000)}
FINE = {"crs": "EPSG:32652", "transform": Affine(3, 0, 500_000, 0, -3, 4_740_000)}
SIDE = 40
WHOLE = Window(0, 0, SIDE, SIDE)
LEFT = np.s_[:, :, :12]  # what is missing


def stack(count=4, dtype="float32", seed=0):
    values = np.random.default_rng(seed).uniform(0.02, 0.3, (count, SIDE, SIDE))
    return (values if dtype == "float32" else values * 10_000).astype(dtype)


def made(path, data, names=(), mask=None, profile=COARSE, **tags):
    """A GeoTIFF with these descriptions, tags and internal mask."""
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        write(path, data, **profile)
        with rasterio.open(path, "r+") as out:
            out.update_tags(**tags)
            if names:
                out.descriptions = names
            if mask is not None:
                out.write_mask(mask)
    return path


def assert_left_is_missing(scene):
    valid = scene.read(WHOLE).valid
    assert not valid[:, :12].any()
    assert valid[:, 12:].all()


# --- what is not a measurement


@pytest.mark.parametrize("dtype", ["float32", "int16", "uint16"])
def test_zeros_in_all_bands_are_no_measurement(tmp_path, dtype):
    data = stack(dtype=dtype)
    data[LEFT] = 0
    data[0, 30, 30] = 0  # in one band: a dark pixel, not a missing one
    assert_left_is_missing(open_scene(made(tmp_path / "a.tif", data, ("B02", "B03", "B04", "B08"))))


def test_of_one_band_a_frame_of_zeros_is_missing_and_a_slick_is_not(tmp_path):
    data = stack(1)
    data[LEFT] = 0
    data[0, 20:23, 30:33] = 0
    assert_left_is_missing(open_scene(made(tmp_path / "a.tif", data), OpenOptions(sensor=Sensor.OPTICAL)))


def test_the_files_own_mask_is_read(tmp_path):
    data = stack(dtype="uint16")
    data[LEFT] = 500  # not zero: only the mask tells
    mask = np.full((SIDE, SIDE), 255, np.uint8)
    mask[:, :12] = 0
    assert_left_is_missing(open_scene(made(tmp_path / "a.tif", data, ("B02", "B03", "B04", "B08"), mask)))


@pytest.mark.parametrize(("name", "good"), [("dataMask", 1), ("alpha", 65535), ("mask", 255), ("udm1", 0)])
def test_a_band_called_a_mask_is_one(tmp_path, name, good):
    data = stack(5, "uint16") + 1
    data[4] = good
    data[4, :, :12] = 0 if good else 1
    scene = open_scene(made(tmp_path / "a.tif", data, ("B02", "B03", "B04", "B08", name)))
    assert scene.bands == ("B02", "B03", "B04", "B08")
    assert_left_is_missing(scene)


def test_a_layer_of_classes_is_no_band(tmp_path):
    scene = open_scene(made(tmp_path / "a.tif", stack(3), ("B03", "B08", "SCL")))
    assert scene.bands == ("B03", "B08")


# --- which sensor


def test_a_sidecar_that_names_no_sensor_leaves_the_question_to_the_file(tmp_path):
    path = made(tmp_path / "a.tif", stack(), ("B02", "B03", "B04", "B08"))
    (tmp_path / "a.json").write_text('{"acquired": "2024-03-08T02:10:00Z"}')
    assert open_scene(path).sensor is Sensor.SENTINEL2
    (tmp_path / "a.json").write_text('{"acquired": "2024-03-08T02:10:00Z", "sensor": "optical"}')
    assert open_scene(path).sensor is Sensor.OPTICAL


@pytest.mark.parametrize(
    ("name", "sensor"),
    [
        ("S2B_MSIL2A_20230817T101031_N0509_R122_T31SEA.tif", Sensor.SENTINEL2),
        ("2023-08-17-00:00_2023-08-17-23:59_Sentinel-2_L2A_B08_(Raw).tiff", Sensor.SENTINEL2),
        ("T31SEA_20230817T101031_B08_10m.tif", Sensor.SENTINEL2),
        ("S1A_IW_GRDH_1SDV_20230817T101031_port.tif", Sensor.SENTINEL1),
        ("s1a-iw-grd-vv-20230817t101031-20230817t101056-049920-06012a-001.tiff", Sensor.SENTINEL1),
    ],
)
def test_the_name_tells_the_sensor(tmp_path, name, sensor):
    assert open_scene(made(tmp_path / name, stack(1, "uint16"))).sensor is sensor


@pytest.mark.parametrize(("profile", "sensor"), [(COARSE, Sensor.SENTINEL2), (FINE, Sensor.OPTICAL)])
def test_bands_in_words_are_sentinel2s_where_pixels_are_as_coarse(tmp_path, profile, sensor):
    names = ("Blue", "Green", "Red", "NIR")
    assert open_scene(made(tmp_path / "a.tif", stack(), names, profile=profile)).sensor is sensor


def test_without_any_sign_the_message_names_both_ways_to_tell(tmp_path):
    with pytest.raises(ConfigError, match=r'"sensor".*a\.json.*--sensor'):
        open_scene(made(tmp_path / "a.tif", stack(1)))
    with pytest.raises(ConfigError, match=r'"sensor": "sentinel-1".*port_vv\.json'):
        open_scene(made(tmp_path / "port_vv.tif", stack(1)))


# --- which band


@pytest.mark.parametrize("where", ["descriptions", "sidecar"])
def test_words_for_bands_are_understood(tmp_path, where):
    names = ["near infrared", "Red", "Band 3 - Green", "BLUE (450-510 nm)"]
    path = made(tmp_path / "a.tif", stack(), names if where == "descriptions" else (), profile=FINE)
    if where == "sidecar":
        (tmp_path / "a.json").write_text(json.dumps({"bands": names}))
    assert open_scene(path, OpenOptions(sensor=Sensor.OPTICAL)).bands == ("N", "R", "G", "B")


def test_two_bands_of_one_name_have_none(tmp_path):
    scene = open_scene(made(tmp_path / "a.tif", stack(), ("B02", "B03", "B08", "B08")))
    assert scene.bands == ("B02", "B03", "band3", "band4")
    assert any("several bands are called B08" in d for d in scene.degraded)


# --- which scale


def test_the_files_own_scale_and_offset_are_used(tmp_path):
    path = made(tmp_path / "a.tif", stack(dtype="uint16") + 1000, ("B02", "B03", "B04", "B08"))
    with rasterio.open(path, "r+") as out:
        out.scales, out.offsets = [1e-4] * 4, [-0.1] * 4
    scene = open_scene(path)
    assert scene.radiometry is Radiometry.REFLECTANCE
    np.testing.assert_allclose(scene.read(WHOLE).data, stack(dtype="uint16") * 1e-4, atol=1e-6)
    assert not any("scale" in d for d in scene.degraded)


def test_a_scale_that_makes_no_reflectance_is_not_used(tmp_path):
    path = made(tmp_path / "a.tif", stack(dtype="uint16"), ("B02", "B03", "B04", "B08"))
    with rasterio.open(path, "r+") as out:
        out.scales = [0.01] * 4  # radiance
    assert open_scene(path).read(WHOLE).data.max() < 1


# --- which time

WRITTEN = {"TIFFTAG_DATETIME": "2024:01:15 08:00:00"}


@pytest.mark.parametrize(
    ("tags", "name", "expected", "doubt"),
    [
        (WRITTEN, "port_20230819T101031", "2023-08-19T10:10:31", "TIFFTAG_DATETIME says 2024-01-15T08:00:00Z"),
        (WRITTEN, "port_20240115T080300", "2024-01-15T08:03:00", ""),
        (WRITTEN, "port_20240115", "2024-01-15T08:00:00", "may be the time of writing"),
        (WRITTEN, "port_20230819", "2023-08-19T12:00:00", "time of day unknown"),
        (WRITTEN | {"DATE": "2023-08-19"}, "port", "2023-08-19T12:00:00", "time of day unknown"),
        ({"DATE": "2023-08-19"}, "port_20230819T101031", "2023-08-19T10:10:31", ""),
    ],
)
def test_the_time_of_writing_goes_behind_a_name(tags, name, expected, doubt):
    moment, said = acquired_of(tags, name)
    assert moment.isoformat()[:19] == expected
    assert (doubt in said) if doubt else (said == "")


def test_a_scene_whose_day_alone_is_known_says_so(tmp_path):
    names = ("B02", "B03", "B04", "B08")
    assert open_scene(made(tmp_path / "a_20240308.tif", stack(), names)).only_dated
    assert not open_scene(made(tmp_path / "a_20240308T021000.tif", stack(), names)).only_dated


# --- what lies beside

ACQUIRED = '{"acquired": "2024-03-08T02:10:00Z"}'
MOMENT = datetime(2024, 3, 8, 2, 10, tzinfo=UTC)


def bare(folder):
    folder.mkdir(exist_ok=True)
    return made(folder / "a.tif", stack(), ("B02", "B03", "B04", "B08"))


def test_a_sidecar_may_end_in_capitals_and_hold_any_key(tmp_path):
    path = bare(tmp_path)
    (tmp_path / "a.JSON").write_text(ACQUIRED)
    assert open_scene(path).acquired == MOMENT
    (tmp_path / "a.JSON").write_text('{"sun_elevation_deg": 40}')
    assert open_scene(path).optical.sun_elevation_deg == 40


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        ("2024-03-10T02:10:00Z", ""),
        ("2024-03-10T11:45:00+09:00", ""),  # mid-take; the name gives the start of the take
        ("2024-03-10T11:10:00Z", "its own tag or name says 2024-03-10T02:10:00Z"),  # local time labelled UTC
        ("2023-03-10T02:10:00Z", "its own tag or name says 2024-03-10T02:10:00Z"),  # copied from another image
    ],
)
def test_a_sidecar_that_contradicts_the_images_own_time_is_told(beside, told, tmp_path):
    """The sidecar's time is used, as documented, but a look on another day must not pass for a sure one."""
    path = bare(tmp_path).rename(tmp_path / "a_20240310T021000.tif")
    (tmp_path / "a_20240310T021000.json").write_text(json.dumps({"acquired": beside}))
    scene = open_scene(path)
    assert scene.acquired == datetime.fromisoformat(beside)
    said = [doubt for doubt in scene.degraded if "time" in doubt]
    assert said == ([f"time from the file beside it; {told}"] if told else [])


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        ("2024-03-10T02:10:00Z", ""),
        ("2024-03-09T23:30:00Z", ""),  # the name gives the day by a clock in the east
        ("2024-03-11T01:00:00Z", ""),  # or in the west
        ("2024-03-06T02:10:00Z", "its own tag or name says 2024-03-10"),
    ],
)
def test_a_sidecar_of_another_day_than_the_images_name_is_told(beside, told, tmp_path):
    path = bare(tmp_path).rename(tmp_path / "a_20240310.tif")
    (tmp_path / "a_20240310.json").write_text(json.dumps({"acquired": beside}))
    scene = open_scene(path)
    assert scene.acquired == datetime.fromisoformat(beside)
    said = [doubt for doubt in scene.degraded if "time" in doubt]
    assert said == ([f"time from the file beside it; {told}"] if told else [])


def test_a_link_beside_the_image_is_followed_within_its_folder_alone(tmp_path):
    path = bare(tmp_path / "images")
    (tmp_path / "elsewhere.json").write_text(ACQUIRED)
    (tmp_path / "images" / "all.json").write_text(ACQUIRED)
    link = tmp_path / "images" / "a.json"
    link.symlink_to("all.json")
    assert open_scene(path).acquired == MOMENT
    link.unlink()
    link.symlink_to(tmp_path / "elsewhere.json")
    scene = open_scene(path)
    assert scene.acquired is None
    assert any("leads out of its folder (ignored)" in d for d in scene.degraded)


@pytest.mark.parametrize(
    ("text", "said"), [('{"aquired": "2024-03-08"}', True), ("[1]", True), ('{"type": "FeatureCollection"}', False)]
)
def test_what_is_no_sidecar_is_said_unless_it_is_plainly_something_else(tmp_path, text, said):
    path = bare(tmp_path)
    (tmp_path / "a.json").write_text(text)
    doubts = [d for d in open_scene(path).degraded if "no key of a sidecar" in d]
    assert [d.endswith("(ignored)") for d in doubts] == [True] * said
    assert all(("did you mean acquired?" in d) == ("aquired" in text) for d in doubts)


# --- deliveries of several files

UDM2 = ("clear", "snow", "shadow", "haze_light", "haze_heavy", "cloud", "confidence", "udm1")


def test_of_a_planet_delivery_the_measured_image_is_the_one_look(tmp_path):
    item = {"id": "20240308_021000_1003", "properties": {"acquired": "2024-03-08T02:10:00Z", "satellite_id": "1003"}}
    (tmp_path / "20240308_021000_1003_metadata.json").write_text(json.dumps(item))
    made(tmp_path / "20240308_021000_1003_3B_AnalyticMS_SR.tif", stack(dtype="uint16"), profile=FINE)
    made(tmp_path / "20240308_021000_1003_3B_Visual.tif", stack(3, "uint16").astype("uint8"), profile=FINE)
    clear = np.zeros((8, SIDE, SIDE), "uint8")
    clear[0] = 1
    made(tmp_path / "20240308_021000_1003_3B_udm2.tif", clear, UDM2, profile=FINE)
    used, table = open_inputs([tmp_path])
    assert [scene.scene_id for scene in used] == ["20240308_021000_1003_3B_AnalyticMS_SR"]
    assert set(table["cause"]) >= {"same image, in another rendering"}
    assert len(table) == 2


def test_a_mask_under_any_name_is_no_image(tmp_path):
    with pytest.raises(InputError, match="is a mask, not an image"):
        open_scene(made(tmp_path / "a.tif", np.ones((8, SIDE, SIDE), "uint8"), UDM2))


def test_one_file_for_each_band_is_one_look_and_asks_for_a_stack(tmp_path):
    for n, band in enumerate(("B02", "B03", "B08")):
        (tmp_path / band).mkdir()  # in one folder they would be stacked
        made(tmp_path / band / f"T31SEA_20230817T101031_{band}_10m.tif", stack(1, "uint16", seed=n))
    used, table = open_inputs([tmp_path])
    assert [scene.bands for scene in used] == [("B08",)]
    assert sorted(table["status"]) == ["degraded", "duplicate_of", "duplicate_of"]
    assert any("stack the bands" in d for d in used[0].degraded)


def test_a_sentinel2_product_is_not_taken_for_sentinel1(tmp_path):
    folder = tmp_path / "S2B_MSIL2A_20230817T101031_N0509_R122_T31SEA_20230817T130000.SAFE"
    folder.mkdir()
    (folder / "manifest.safe").write_text("<xfdu:XFDU/>")
    with pytest.raises(InputError, match="holds none of the bands B02, B03"):
        open_scene(folder)
