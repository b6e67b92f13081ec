"""Images of every kind opened in one way."""

from __future__ import annotations

import hashlib
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from pipeline.errors import ConfigError, InputError
from pipeline.ingest import proven, scenes
from pipeline.ingest.hashing import sha256_of
from pipeline.ingest.metadata.acquisition import acquired_of, implausible
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Radiometry, Sensor, Window, tiles
from tests.cases.desk import radar
from tests.ingest.test_rasters import write

UTM = {"crs": "EPSG:32652", "transform": Affine(10, 0, 500_000, 0, -10, 4_740_000)}
RADAR = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10)
OPTICAL = OpenOptions(sensor=Sensor.OPTICAL, pixel_spacing_m=0.5)


def noise(shape=(120, 90), seed=0):
    return np.random.default_rng(seed).integers(20, 250, shape)


def test_a_file_is_hashed_while_it_is_decoded_in_quarantine(tmp_path, monkeypatch):
    opening = threading.Event()
    monkeypatch.setattr(scenes, "open_proven", lambda *a, **k: opening.set() or proven.open_proven(*a, **k))
    monkeypatch.setattr(scenes, "sha256_of", lambda path, given_up: opening.wait(30) and sha256_of(path))
    image = write(tmp_path / "a.tif", noise().astype(np.uint16))
    assert open_scene(image, RADAR).source.sha256 == hashlib.sha256(image.read_bytes()).hexdigest()


def test_who_leaves_before_a_file_is_hashed_does_not_wait_for_its_end(tmp_path, monkeypatch):
    """An interrupt while the file is decoded: hashing is abandoned and the interrupt goes on."""
    stopped = []

    def endless(path, given_up):
        stopped.append(given_up.wait(30))

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(scenes, "sha256_of", endless)
    image = write(tmp_path / "a.tif", noise().astype(np.uint16))
    with pytest.raises(KeyboardInterrupt):
        open_scene(image, RADAR, meanwhile=interrupted)
    assert stopped == [True]


def test_what_has_another_hash_than_stated_is_not_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(scenes, "open_raster", lambda *a, **k: pytest.fail("was decoded"))
    image = write(tmp_path / "a.tif", noise().astype(np.uint16))
    (tmp_path / "a.json").write_text(json.dumps(SIDECAR | {"sha256": "0" * 64}))
    with pytest.raises(InputError, match="SHA-256"):
        open_scene(image, RADAR)


def describe(path, *names):
    with rasterio.open(path, "r+") as out:
        out.descriptions = names
    return path


@pytest.mark.parametrize("suffix", ["tif", "png", "jp2", "jpg"])
def test_every_format_gives_its_pixels(tmp_path, suffix):
    driver = {"tif": "GTiff", "png": "PNG", "jp2": "JP2OpenJPEG", "jpg": "JPEG"}[suffix]
    data = np.full((64, 64), 90, np.uint8)
    data[20:40, 10:50] = 200
    more = {"jp2": {"QUALITY": "100", "REVERSIBLE": "YES"}, "jpg": {"QUALITY": "100"}}.get(suffix, {})
    scene = open_scene(write(tmp_path / f"a.{suffix}", data, driver=driver, **more), OPTICAL)
    tile = scene.read(Window(10, 5, 30, 20))
    assert np.abs(tile.data[0] * 255 - data[10:40, 5:25]).max() <= (3 if suffix == "jpg" else 0.01)
    assert scene.pixel_spacing_m == (0.5, 0.5)
    assert scene.geolocation is None


def test_tiles_of_any_size_add_up_to_the_whole(tmp_path):
    scene = open_scene(
        write(tmp_path / "a.tif", noise().astype(np.uint16), tiled=True, blockxsize=32, blockysize=32), RADAR
    )
    whole = scene.read(Window(0, 0, 120, 90))
    for size in (17, 50):
        for window in tiles(scene.shape, size):
            part = scene.read(window)
            cut = np.s_[window.row0 : window.row1, window.col0 : window.col1]
            np.testing.assert_array_equal(part.data[0], whole.data[0][cut])


def test_a_window_outside_the_image_is_a_mistake(tmp_path):
    scene = open_scene(write(tmp_path / "a.tif", noise().astype(np.uint16)), RADAR)
    with pytest.raises(ValueError, match="leaves the image"):
        scene.read(Window(100, 0, 30, 10))


def test_many_threads_and_other_processes_read_the_same(tmp_path):
    scene = open_scene(write(tmp_path / "a.tif", noise().astype(np.uint16), **UTM), RADAR)
    copy = pickle.loads(pickle.dumps(scene))
    windows = list(tiles(scene.shape, 20)) * 4
    with ThreadPoolExecutor(8) as pool:
        for window, tile in zip(windows, pool.map(copy.read, windows), strict=True):
            np.testing.assert_array_equal(tile.data, scene.read(window).data)


def test_the_grid_of_a_map_image_is_kept(tmp_path):
    scene = open_scene(write(tmp_path / "a.tif", noise().astype(np.uint16), **UTM), RADAR)
    assert scene.grid.shape == (120, 90)
    assert scene.grid.crs.epsg == 32652
    assert scene.grid.resolution.x == 10
    lon, lat = scene.geolocation.lonlat(60, 45)
    assert scene.footprint.contains(shapely.Point(float(lon), float(lat)))
    assert scene.pixel_spacing_m == pytest.approx((10, 10), rel=1e-3)


def test_without_georeference_the_spacing_is_asked_for(tmp_path):
    path = write(tmp_path / "a.png", noise().astype(np.uint8), driver="PNG")
    with pytest.raises(InputError, match="--pixel-spacing"):
        open_scene(path, OpenOptions(sensor=Sensor.OPTICAL))
    with pytest.raises(ConfigError, match="--sensor"):
        open_scene(path, OpenOptions(pixel_spacing_m=1))


def test_a_spacing_that_contradicts_the_georeference_is_said(tmp_path):
    path = write(tmp_path / "a.tif", noise().astype(np.uint16), **UTM)
    scene = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=20))
    assert scene.pixel_spacing_m == pytest.approx((10, 10), rel=1e-3)
    assert any("stated as 20 m" in d for d in scene.degraded)


def test_bands_by_description_option_and_order(tmp_path):
    path = describe(write(tmp_path / "a.tif", noise((3, 40, 40)).astype(np.uint16) * 50, **UTM), "B2", "nir", "B8A")
    scene = open_scene(path)
    assert (scene.sensor, scene.bands) == (Sensor.SENTINEL2, ("B02", "B08", "B8A"))
    named = open_scene(path, OpenOptions(sensor=Sensor.SENTINEL2, bands={"B08": 2, "B02": 1}))
    window = Window(3, 4, 5, 6)
    np.testing.assert_array_equal(named.read(window).band("B08"), scene.read(window).band("B08"))
    with pytest.raises(InputError, match="--bands asks for number 9"):
        open_scene(path, OpenOptions(bands={"B02": 9}))


def test_radar_bands_by_description_and_by_name(tmp_path):
    path = describe(write(tmp_path / "a.tif", noise((2, 40, 40)).astype(np.uint16)), "Amplitude_VH", "Amplitude_VV")
    assert open_scene(path, RADAR).bands == ("VH", "VV")
    assert open_scene(write(tmp_path / "port_vv.tif", noise().astype(np.uint16)), RADAR).bands == ("VV",)


def test_a_grey_picture_in_three_channels_is_one_band(tmp_path):
    grey = noise().astype(np.uint8)
    one = open_scene(write(tmp_path / "one.png", grey, driver="PNG"), RADAR)
    three = open_scene(write(tmp_path / "three.png", np.stack([grey] * 3), driver="PNG"), RADAR)
    assert three.bands == one.bands
    window = Window(0, 0, 50, 50)
    np.testing.assert_array_equal(three.read(window).data, one.read(window).data)


def test_a_colour_picture_keeps_its_bands_and_a_mask_band_hides(tmp_path):
    data = noise((4, 40, 40)).astype(np.uint8)
    data[3] = 255
    data[3, :10] = 0
    scene = open_scene(write(tmp_path / "a.png", data, driver="PNG"), OPTICAL)
    assert scene.bands == ("R", "G", "B")
    tile = scene.read(Window(0, 0, 40, 40))
    assert not tile.valid[:10].any()
    assert tile.valid[10:].all()


def test_no_data_is_not_a_number(tmp_path):
    data = noise((2, 40, 40)).astype(np.float32) / 1000
    data[0, 5, 5], data[1, 6, 6], data[:, 7, 7] = np.nan, np.inf, -9999
    tile = open_scene(write(tmp_path / "a.tif", data, nodata=-9999, **UTM), OPTICAL).read(Window(0, 0, 40, 40))
    assert sorted(zip(*np.nonzero(~tile.valid), strict=True)) == [(5, 5), (6, 6), (7, 7)]
    assert np.isnan(tile.data[:, 7, 7]).all()
    assert np.isfinite(tile.data[:, 8, 8]).all()


def test_only_a_frame_of_zeros_is_missing_in_a_picture(tmp_path):
    """Dark slicks are zeros too, and stay."""
    data = noise((200, 200)).astype(np.uint8)
    data[:, :30] = 0
    data[100:103, 100:103] = 0
    tile = open_scene(write(tmp_path / "a.png", data, driver="PNG"), OPTICAL).read(Window(0, 0, 200, 200))
    assert not tile.valid[:, :29].any()
    assert tile.valid[:, 30:].all()


def test_saturated_pixels_are_valid(tmp_path):
    tile = open_scene(write(tmp_path / "a.png", np.full((50, 50), 255, np.uint8), driver="PNG"), OPTICAL).read(
        Window(0, 0, 50, 50)
    )
    assert tile.valid.all()


def test_palette_images_are_read_by_brightness(tmp_path):
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=4, height=4, count=1, dtype="uint8", photometric="palette"
    ) as out:
        out.write(np.array([[0, 1, 2, 3]] * 4, np.uint8), 1)
        out.write_colormap(1, {0: (255, 255, 255), 1: (0, 0, 0), 2: (51, 51, 51), 3: (102, 102, 102)})
    tile = open_scene(path, OPTICAL).read(Window(0, 0, 1, 4))
    np.testing.assert_allclose(tile.data[0, 0] * 255, [255, 0, 51, 102], atol=1e-3)


SIDECAR = {
    "acquired": "2024-03-08T12:10:00+10:00",
    "platform": "test-1",
    "sensor": "optical",
    "bands": ["pan"],
    "scale": 0.001,
    "offset": -0.1,
    "sun_elevation_deg": 40,
    "sun_azimuth_deg": -170,
    "cloud_fraction": None,
    "simulated": True,
}


def test_a_sidecar_gives_time_angles_scale_and_origin(tmp_path):
    image = write(tmp_path / "a.tif", np.full((20, 20), 400, np.uint16), **UTM)
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    (tmp_path / "a.json").write_text(json.dumps(SIDECAR | {"sha256": digest}))
    scene = open_scene(image)
    assert scene.acquired == datetime(2024, 3, 8, 2, 10, tzinfo=UTC)
    assert (scene.platform, scene.simulated, scene.source.verified) == ("test-1", True, True)
    assert (scene.optical.sun_elevation_deg, scene.optical.sun_azimuth_deg) == (40, 190)
    assert scene.optical.view_off_nadir_deg is None
    assert scene.radiometry is Radiometry.REFLECTANCE
    assert scene.read(Window(0, 0, 1, 1)).data == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"sun_elevation_deg": 95}, "sun_elevation_deg"),
        ({"acquired": "2024-03-08T02:10:00"}, "acquired"),
        ({"sun_height": 3}, "sun_height"),
        ({"bands": ["R", "G"]}, "sidecar names 2"),
    ],
    ids=["altered image", "sun above the zenith", "time without zone", "unknown key", "wrong bands"],
)
def test_a_sidecar_that_makes_no_sense_is_refused(tmp_path, change, cause):
    image = write(tmp_path / "a.tif", np.full((20, 20), 400, np.uint16), **UTM)
    (tmp_path / "a.json").write_text(json.dumps(SIDECAR | change))
    with pytest.raises(InputError, match=cause):
        open_scene(image)


def test_another_json_beside_an_image_is_no_sidecar(tmp_path):
    image = write(tmp_path / "a.tif", np.full((20, 20), 400, np.uint16), **UTM)
    (tmp_path / "a.json").write_text('{"ships": []}')
    assert open_scene(image, OPTICAL).acquired is None


@pytest.mark.parametrize(
    ("tags", "name", "expected", "doubt"),
    [
        ({"TIME_UTC": "2016/1/31.10:17:0"}, "x", "2016-01-31T10:17:00", ""),
        ({"ACQUISITIONDATETIME": "2024-03-08T12:10:00+10:00"}, "x", "2024-03-08T02:10:00", ""),
        ({"TIFFTAG_DATETIME": "2024:03:08 02:10:00"}, "x", "2024-03-08T02:10:00", "may be the time of writing"),
        ({}, "S1A_IW_GRDH_1SDV_20150902T102505_x", "2015-09-02T10:25:05", ""),
        ({}, "s1a-iw-grd-vv-20150902t102505-20150902t102534-007535-00a699-001", "2015-09-02T10:25:05", ""),
        ({}, "2023-07-10-00:00_2023-07-10-23:59_Sentinel-2_L2A_B08_(Raw)", "2023-07-10T12:00:00", "time of day"),
        ({}, "2023-07-01-00_00_2023-07-10-23_59_Sentinel-2_L2A_B08_(Raw)", None, "2023-07-01 to 2023-07-10"),
        ({}, "genoa_20230710", "2023-07-10T12:00:00", "time of day unknown"),
        ({}, "genoa_20231399", None, "unknown"),
        ({"TIME_UTC": "nonsense"}, "x", None, "unknown"),
    ],
)
def test_times(tags, name, expected, doubt):
    moment, said = acquired_of(tags, name)
    assert (moment.isoformat()[:19] if moment else None) == expected
    assert (doubt in said) if doubt else (said == "")


def test_times_that_cannot_be():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert "future" in implausible(datetime(2026, 1, 2, tzinfo=UTC), now)
    assert "before" in implausible(datetime(1970, 1, 1, tzinfo=UTC), now)
    assert implausible(datetime(2024, 2, 29, 23, 59, tzinfo=UTC), now) == ""


@pytest.mark.parametrize("spacing_m", [300, 53_000])
def test_pixels_wider_than_ships_are_no_look(tmp_path, spacing_m):
    """An overview of the region must not be a usable look at each of its berths, without a ship."""
    path = radar(tmp_path / "overview.tif", transform=Affine(spacing_m, 0, 300_000, 0, -spacing_m, 4_740_000))
    with pytest.raises(InputError, match=r"overview\.tif: has pixels of [\d,]+ m, which show no ship \(limit 100 m\)"):
        open_scene(path)


@pytest.mark.parametrize("tag", ["0", "-10", "nan", "inf", "1e999"])
@pytest.mark.parametrize("crs", [None, "EPSG:32653"])
def test_a_tag_that_states_no_distance_is_refused(tmp_path, tag, crs):
    """A 0 must not end in a division by zero beside a georeference, nor make pixels of no size without one."""
    path = radar(tmp_path / "look.tif", crs=crs)
    with rasterio.open(path, "r+") as file:
        file.update_tags(PIXEL_SPACING_M=tag)
    with pytest.raises(InputError, match=r"look\.tif: its tag PIXEL_SPACING_M is no distance"):
        open_scene(path, OpenOptions(sensor=Sensor.SENTINEL1))


def test_a_sidecar_with_a_coordinate_system_that_nobody_knows_costs_its_image_alone(tmp_path):
    path = radar(tmp_path / "look.tif")
    path.with_suffix(".json").write_text('{"sensor": "sentinel-1", "crs": "EPSG:999999"}')
    with pytest.raises(InputError, match=r"look\.tif: its sidecar says EPSG:999999, which is no coordinate system"):
        open_scene(path)


def test_a_sidecars_coordinate_system_is_that_of_an_image_which_names_heights_too(tmp_path):
    """Catalogues state only the map's code."""
    path = radar(tmp_path / "look.tif", crs="EPSG:32653+5773")
    path.with_suffix(".json").write_text('{"sensor": "sentinel-1", "crs": "EPSG:32653"}')
    assert open_scene(path).geolocation is not None


def test_a_sheared_grid_is_refused_and_a_turned_one_is_not(tmp_path):
    """Hulls are measured as if pixels were rectangles: on a grid sheared by 45 degrees 130 m would become 204 m."""
    data = noise().astype(np.uint16)
    east, north = 10 * np.cos(np.radians(30)), 10 * np.sin(np.radians(30))
    turned = Affine(east, north, 500_000, north, -east, 4_740_000)
    told = open_scene(write(tmp_path / "a.tif", data, crs="EPSG:32652", transform=turned), RADAR).degraded
    assert not any("degrees on the ground" in doubt for doubt in told)
    for shear_m, told in ((10, 45), (1.8, 80)):
        sheared = Affine(10, shear_m, 500_000, 0, -10, 4_740_000)
        with pytest.raises(InputError, match=f"meet at {told} degrees on the ground.*warp it to a map grid"):
            open_scene(write(tmp_path / "b.tif", data, crs="EPSG:32652", transform=sheared), RADAR)


def test_of_oblique_control_points_the_error_of_lengths_is_told(tmp_path):
    """In theory a length along the diagonal is off by half the tangent of the skew: 8.8 % at 10 degrees."""
    from rasterio.control import GroundControlPoint

    tall, wide = 120, 90
    lean = np.tan(np.radians(10)) * 1e-4
    points = [
        GroundControlPoint(row, col, 133.0 + 1e-4 * col + lean * row, -1e-4 * row)
        for row in (0, tall) for col in (0, wide)
    ]  # fmt: skip
    path = write(tmp_path / "a.tif", noise((tall, wide)).astype(np.uint16))
    with rasterio.open(path, "r+") as image:
        image.gcps = (points, "EPSG:4326")
    assert any("meet at 80 degrees" in d and "wrong by some 9 %" in d for d in open_scene(path, RADAR).degraded)


@pytest.mark.parametrize(("azimuth", "used"), [(152, True), (-152, False)], ids=["right", "swapped sign"])
def test_a_sun_that_cannot_stand_there_then_is_not_used(tmp_path, azimuth, used):
    """129 E, 42.8 N on 8 March 2024, 02:10 UTC: 10:35 solar time, with the sun 39 degrees high at azimuth 152."""
    image = write(tmp_path / "a.tif", np.full((20, 20), 400, np.uint16), **UTM)
    told = SIDECAR | {"simulated": False, "sun_azimuth_deg": azimuth, "view_off_nadir_deg": 0.0}
    (tmp_path / "a.json").write_text(json.dumps(told))
    scene = open_scene(image)
    assert (scene.optical.sun_azimuth_deg == 152) is used
    assert any("is azimuth told from the south?" in doubt for doubt in scene.degraded) is not used
