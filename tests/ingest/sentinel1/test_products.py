"""A product with known numbers against arithmetic by hand; real annotations against withheld points and themselves."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.geolocation import GridGeolocation, ground_spacing_m
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.safe.manifest import read_manifest
from pipeline.ingest.scenes import open_scene
from pipeline.ingest.sentinel1.calibration import SIGMA0_FLOOR, Noise, Table, fill_zero_noise, strips
from pipeline.ingest.sentinel1.orbit import grid_at_height
from pipeline.ingest.sentinel1.product_xml import read_annotation, read_calibration, read_noise
from pipeline.ingest.sentinel1.products import COARSE_LN, STRIP_ROWS, relative_orbit
from pipeline.types import Radiometry, Sensor, Window
from tests.builders import REAL_DATA, needs_real_data
from tests.ingest.sentinel1.safe_product import (
    NOISE_NEW,
    NOISE_OLD,
    PRODUCT,
    STEM,
    Recipe,
    annotation,
    place,
    write_manifest,
    write_safe,
    zipped,
)

GEOD = Geod(ellps="WGS84")
LAYOUT = REAL_DATA / "s1_safe_layout"


def real_annotations() -> list[Path]:
    return sorted(LAYOUT.glob("*/annotation/*-001.xml"))


@pytest.mark.parametrize("latitude", [0.0, 45.0, 70.0, 78.0, 81.0, 81.8])
@pytest.mark.parametrize("northward", [True, False])
def test_a_pass_and_a_heading_of_two_moments_a_minute_apart(latitude, northward):
    """Napier: cos(inclination) = cos(latitude) sin(heading). Near the poles the pass turns within a product."""
    sine = min(1.0, -np.cos(np.radians(98.18)) / np.cos(np.radians(latitude)))  # westward, as all its orbits are
    inclined = float(np.degrees(np.arcsin(sine)))
    heading = 360.0 - inclined if northward else 180.0 + inclined

    def told(degrees, word):
        text = annotation(Recipe(), "vv").replace("-168.0<", f"{degrees}<").replace("Descending<", f"{word}<")
        return read_annotation(text.encode(), "polar").pass_direction

    turned = 14.0 if latitude > 80 else 0.0  # in half a minute
    true, other = ("Ascending", "Descending") if northward else ("Descending", "Ascending")
    for degrees in (heading - turned, heading, heading + turned):
        assert told(degrees, true) == true.lower()
    if latitude < 80:
        with pytest.raises(InputError, match="says otherwise"):
            told(heading, other)


def test_metadata_come_from_the_product(tmp_path):
    scene = open_scene(write_safe(tmp_path))
    assert (scene.scene_id, scene.product_id, scene.platform) == (PRODUCT, PRODUCT, "sentinel-1a")
    assert (scene.sensor, scene.radiometry, scene.bands) == (Sensor.SENTINEL1, Radiometry.SIGMA0, ("VV", "VH"))
    assert scene.source.verified
    assert not scene.simulated
    assert scene.degraded == ()
    assert scene.radar is not None
    assert scene.radar.wavelength_m == pytest.approx(0.0555, abs=1e-4)
    assert scene.radar.platform_heading_deg == pytest.approx(192.0)
    assert scene.radar.slice_number == 3
    first, last = scene.time_of_row(0), scene.time_of_row(79)
    assert (last - first).total_seconds() == pytest.approx(79 * 1.5e-3, abs=1e-6)
    assert first < scene.acquired < last


def test_slant_range_and_incidence_follow_the_grid(tmp_path):
    radar = open_scene(write_safe(tmp_path)).radar
    assert np.interp(50, *radar.slant_range_m) == pytest.approx((5.3e-3 + 50 * 3e-8) * 299_792_458 / 2, abs=1)
    assert np.interp(50, *radar.incidence_deg) == pytest.approx(31.5, abs=0.01)


NOISE_ZERO = re.sub(r"[\d ]+</noiseLut>", lambda powers: re.sub(r"\d+", "0", powers[0]), NOISE_OLD)


@pytest.mark.parametrize(
    ("noise", "factor"),
    [(NOISE_OLD, 1.0), (None, None), (NOISE_ZERO, None)],
    ids=["before 2.90", "no noise table", "a noise table of zeros"],
)
def test_sigma0_by_hand(tmp_path, noise, factor):
    scene = open_scene(write_safe(tmp_path, Recipe(noise=noise)))
    tile = scene.read(Window(40, 50, 1, 1))
    # halfway between the vectors of lines 0 and 80, at pixel 50: A = (450 + 650) / 2, eta = (200 + 400) / 2
    eta = 0.0 if factor is None else 300.0 * factor
    assert tile.band("VV")[0, 0] == pytest.approx((100**2 - eta) / 550**2, rel=1e-6)
    assert any("noise stays in" in d for d in scene.degraded) == (factor is None)


def test_azimuth_noise_factors_hold_in_their_own_block(tmp_path):
    """eta(40, 49) = (198 + 398) / 2 times 1.5 in IW1; eta(40, 50) = 300 times 1 in IW2."""
    tile = open_scene(write_safe(tmp_path)).read(Window(40, 49, 1, 2))
    gain = np.array([(449 + 649) / 2, 550.0])
    eta = np.array([298 * 1.5, 300.0])
    np.testing.assert_allclose(tile.band("VH")[0], (100**2 - eta) / gain**2, rtol=1e-6)


def test_zero_is_no_data_and_noise_never_makes_negative_power(tmp_path):
    dn = np.full((80, 100), 5, np.uint16)  # 25 lies below every noise value
    dn[:10] = 0
    scene = open_scene(write_safe(tmp_path, Recipe(dn={"VV": dn})))
    tile = scene.read(Window(0, 0, 80, 100))
    assert np.isnan(tile.band("VV")[:10]).all()
    assert not tile.valid[:10].any()
    assert tile.valid[10:].all()
    np.testing.assert_array_equal(scene.read.measured(tile.window), tile.valid)
    assert np.unique(tile.band("VV")[10:]) == np.float32(SIGMA0_FLOOR)
    assert float(scene.tags["clamped_share_VV"]) == 1.0
    assert float(scene.tags["clamped_share_VH"]) == 0.0


def test_a_window_is_a_crop_of_the_whole(tmp_path):
    dn = np.random.default_rng(0).integers(1, 500, (80, 100)).astype(np.uint16)
    scene = open_scene(write_safe(tmp_path, Recipe(dn={"VV": dn, "VH": dn})))
    whole = scene.read(Window(0, 0, 80, 100))
    part = scene.read(Window(33, 41, 17, 23))
    np.testing.assert_array_equal(part.data, whole.data[:, 33:50, 41:64])


def test_a_zip_reads_as_its_folder(tmp_path):
    root = write_safe(tmp_path)
    folder, archive = open_scene(root), open_scene(zipped(root, tmp_path / "download.zip"))
    assert folder.source.sha256 == archive.source.sha256
    assert folder.scene_id == archive.scene_id
    window = Window(10, 10, 20, 20)
    np.testing.assert_array_equal(folder.read(window).data, archive.read(window).data)


def test_positions_are_those_of_the_grid(tmp_path):
    recipe = Recipe()
    scene = open_scene(write_safe(tmp_path, recipe))
    lon, lat = scene.geolocation.lonlat([0, 17.5], [0, 61.25])
    assert (lon[0], lat[0]) == pytest.approx(recipe.origin, abs=1e-9)
    assert (lon[1], lat[1]) == pytest.approx(place(recipe, 17.5, 61.25), abs=1e-9)
    row, col = scene.geolocation.rowcol(lon, lat)
    assert row == pytest.approx([0, 17.5], abs=1e-4)
    assert col == pytest.approx([0, 61.25], abs=1e-4)


def test_a_marker_file_says_simulated(tmp_path):
    assert open_scene(write_safe(tmp_path, Recipe(simulated=True))).simulated


def _measurement(root: Path, pol: str = "vv") -> Path:
    return root / "measurement" / (STEM.format(pol=pol, number=1 if pol == "vv" else 2) + ".tiff")


def test_one_changed_byte_names_the_file(tmp_path):
    root = write_safe(tmp_path)
    raw = bytearray(_measurement(root).read_bytes())
    raw[-7] ^= 1
    _measurement(root).write_bytes(raw)
    with pytest.raises(InputError, match=r"measurement/s1a-iw-grd-vv-.*MD5 differs from manifest.safe"):
        open_scene(root)


def test_missing_measurement_and_missing_manifest_are_named(tmp_path):
    root = write_safe(tmp_path)
    _measurement(root, "vh").unlink()
    with pytest.raises(InputError, match=r"grd-vh-.*missing"):
        open_scene(root)
    (root / "manifest.safe").unlink()
    with pytest.raises(InputError, match=r"manifest.safe: is missing"):
        open_scene(root)


def test_name_and_content_must_agree(tmp_path):
    root = write_safe(tmp_path, Recipe(product=PRODUCT.replace("S1A", "S1B")))
    with pytest.raises(InputError, match="its name says S1B"):
        open_scene(root)


@pytest.mark.parametrize("beam", ["S1", "S2", "S3", "S4", "S5", "S6"])
def test_strip_map_is_named_by_its_beam(tmp_path, beam):
    """Product Specification: where the name has the beam, S1 to S6, the annotation has the mode, SM."""
    root = write_safe(tmp_path, Recipe(product=PRODUCT.replace("_IW_", f"_{beam}_")))
    with pytest.raises(InputError, match="its name says S1A SM"):
        open_scene(root)  # of wide swaths
    for path in (root / "annotation").glob("*.xml"):
        path.write_text(path.read_text().replace("<mode>IW</mode><swath>IW<", f"<mode>SM</mode><swath>{beam}<"))
    listed = read_manifest((root / "manifest.safe").read_bytes(), "manifest").files
    write_manifest(root, [(one.name, one.kind) for one in listed], "2024-03-07T10:00:00")
    scene = open_scene(root)
    assert (scene.tags["mode"], scene.product_id) == ("SM", root.stem)


def test_a_folder_is_known_by_what_lies_in_it(tmp_path):
    """The name that a user gives it may begin like another satellite's."""
    root = write_safe(tmp_path)
    renamed = root.rename(tmp_path / "S2 to S6, harbour")
    assert open_scene(renamed).sensor is Sensor.SENTINEL1


def test_empty_calibration_is_refused(tmp_path):
    empty = '<calibration><calibrationVectorList count="0"></calibrationVectorList></calibration>'
    with pytest.raises(InputError, match="no calibration vectors"):
        open_scene(write_safe(tmp_path, Recipe(calibration=empty)))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><calibration>&x;</calibration>", "DOCTYPE"),
        ("<calibration><broken></calibration>", "well-formed"),
        ("<rfi></rfi>", "<calibration> is wanted"),
    ],
    ids=["entities", "broken", "another kind"],
)
def test_hostile_xml_is_refused(tmp_path, text, cause):
    with pytest.raises(InputError, match=cause):
        open_scene(write_safe(tmp_path, Recipe(calibration=text)))


def test_a_product_is_no_optical_image(tmp_path):
    with pytest.raises(ConfigError, match="Sentinel-1 product"):
        open_scene(write_safe(tmp_path), OpenOptions(sensor=Sensor.OPTICAL))


@needs_real_data
@pytest.mark.parametrize("path", real_annotations(), ids=lambda p: p.name[:14])
def test_track_number_agrees_with_the_manifest(path):
    told = re.search(r'relativeOrbitNumber type="start">(\d+)<', (path.parents[1] / "manifest.safe").read_text())
    annotation = read_annotation(path.read_bytes(), path.name)
    assert relative_orbit(annotation.mission, annotation.absolute_orbit) == int(told.group(1))


@needs_real_data
def test_spline_puts_withheld_points_within_a_metre():
    """A third of the real grid's lines and columns is used, and the others are compared."""
    annotation = read_annotation(real_annotations()[0].read_bytes(), "S1A")
    rows, cols = np.arange(0, len(annotation.grid_line), 2), np.arange(0, len(annotation.grid_pixel), 2)
    sparse = GridGeolocation(
        annotation.grid_line[rows],
        annotation.grid_pixel[cols],
        annotation.grid_lon[np.ix_(rows, cols)],
        annotation.grid_lat[np.ix_(rows, cols)],
    )
    row, col = np.meshgrid(annotation.grid_line, annotation.grid_pixel, indexing="ij")
    lon, lat = sparse.lonlat(row, col)
    _, _, off_m = GEOD.inv(lon, lat, annotation.grid_lon, annotation.grid_lat)
    assert off_m.max() < 1.0
    back_row, back_col = sparse.rowcol(annotation.grid_lon, annotation.grid_lat)
    assert np.hypot(back_row - row, back_col - col).max() < 0.1  # a tenth of a pixel, 1 m


@needs_real_data
@pytest.mark.parametrize(("index", "limit_m"), [(0, 0.05), (1, 0.5)], ids=["sea", "Alps, to 2,818 m"])
def test_range_doppler_reproduces_the_annotation(index, limit_m):
    """Solved at the annotated heights, orbit and slant range must give the annotated positions."""
    annotation = read_annotation(real_annotations()[index].read_bytes(), "real")
    lon, lat = grid_at_height(annotation, annotation.grid_height_m)
    _, _, off_m = GEOD.inv(lon, lat, annotation.grid_lon, annotation.grid_lat)
    assert off_m.max() < limit_m


@needs_real_data
def test_sea_level_moves_a_hill_by_its_height_over_tan_incidence():
    annotation = read_annotation(real_annotations()[1].read_bytes(), "S1B")
    lon, lat = grid_at_height(annotation, 0.0)
    azimuth, _, off_m = GEOD.inv(annotation.grid_lon, annotation.grid_lat, lon, lat)
    expected_m = annotation.grid_height_m / np.tan(np.radians(annotation.grid_incidence_deg))
    np.testing.assert_allclose(off_m, expected_m, rtol=0.01, atol=1.0)  # the Earth curves under 4 km
    towards_radar = (annotation.platform_heading_deg - 90) % 360  # it looks right, so the satellite is on the left
    high = annotation.grid_height_m > 500
    # meridians converge from below the satellite to the target, and the Earth turns under the track: some degrees
    assert np.abs((azimuth[high] - towards_radar + 180) % 360 - 180).max() < 10


@needs_real_data
def test_rows_of_a_real_product_are_a_little_more_than_ten_metres_apart():
    """On the ground the nominal 10 m in azimuth are line interval times ground speed (orbital speed times R / r)."""
    annotation = read_annotation(real_annotations()[0].read_bytes(), "S1A")
    grid = GridGeolocation(annotation.grid_line, annotation.grid_pixel, annotation.grid_lon, annotation.grid_lat)
    row_m, col_m = ground_spacing_m(grid, annotation.shape)
    height_ratio = 6_378e3 / np.linalg.norm(annotation.orbit_position_m, axis=1).mean()
    speed_m_s = np.linalg.norm(annotation.orbit_velocity_m_s, axis=1).mean() * height_ratio
    assert row_m == pytest.approx(annotation.line_interval_s * speed_m_s, rel=0.01)
    assert col_m == pytest.approx(10.0, abs=0.01)


@needs_real_data
def test_calibration_and_incidence_of_a_real_product_agree():
    """sigma0 and gamma0 differ by cos(incidence): an independent check of the same file."""
    folder = next(LAYOUT.glob("S1A*"))
    path = next((folder / "annotation" / "calibration").glob("calibration-*-001.xml"))
    sigma = read_calibration(path.read_bytes(), "cal")
    gamma_text = path.read_text().replace("sigmaNought", "unused").replace("gamma", "sigmaNought")
    gamma = read_calibration(gamma_text.encode(), "cal")
    annotation = read_annotation(next((folder / "annotation").glob("*-001.xml")).read_bytes(), "ann")
    window = Window(9700, 0, 1, annotation.shape[1])
    ratio = Table(gamma).values(window)[0] / Table(sigma).values(window)[0]
    cos_incidence = ratio**2
    expected = np.interp(
        np.arange(annotation.shape[1]),
        annotation.grid_pixel,
        annotation.grid_incidence_deg[len(annotation.grid_line) // 2],
    )
    np.testing.assert_allclose(np.degrees(np.arccos(cos_incidence)), expected, atol=0.1)


@needs_real_data
def test_noise_of_a_real_product_with_ragged_vectors():
    """Lengths of 632 and 633 occur; IW VV noise is between -30 and -20 dB of sigma0."""
    folder = next(LAYOUT.glob("S1A*")) / "annotation" / "calibration"
    vectors, blocks = read_noise(next(folder.glob("noise-*-001.xml")).read_bytes(), "noise")
    assert {len(v.pixel) for v in vectors} == {632, 633}
    gain = Table(read_calibration(next(folder.glob("calibration-*-001.xml")).read_bytes(), "cal"))
    assert vectors[0].value[-1] == 0  # the far sub-swaths begin later: no sub-swath, not "no noise"
    window = Window(700, 0, 700, 25117)
    nesz_db = 10 * np.log10(Noise(Table(fill_zero_noise(vectors)), blocks).values(window) / gain.values(window) ** 2)
    assert nesz_db.min() > -32
    assert nesz_db.max() < -18
    after = 10 * np.log10(Noise(Table(fill_zero_noise(vectors))).values(Window(700, 12_000, 3000, 1))[:, 0])
    assert np.ptp(after) < 0.3  # the range noise of IW2 is as high before its first full vector as after it


@needs_real_data
@pytest.mark.parametrize("col", [4_000, 8_500, 12_000, 17_300, 20_000], ids=["IW1", "IW1|2", "IW2", "IW2|3", "IW3"])
def test_noise_of_a_real_product_hardly_changes_within_a_strip(col):
    """So the scan, which uses one row's noise for a whole strip, is as close to the tiles as it claims, also where
    noise blocks end and sub-swaths begin: on lines 722 and 1368 of this product."""
    for path in LAYOUT.glob("*/annotation/calibration/noise-*.xml"):
        vectors, blocks = read_noise(path.read_bytes(), "noise")
        window, noise = Window(0, col, 600 * STRIP_ROWS, 1), Noise(Table(fill_zero_noise(vectors)), blocks)
        strip, rows = strips(window, STRIP_ROWS, noise.breaks(STRIP_ROWS))
        assert 0 < np.abs(np.log(noise.values(window) / noise.values(window, rows)[strip])).max() < COARSE_LN


def test_counts_have_the_noise_of_their_own_block(tmp_path):
    """Lines 0 to 39 have the factor 2, later ones 1, on a flat table: each row has its own, as in a tile, though both
    are in one strip of 32 rows (32 to 63)."""
    flat = re.sub(
        r">[\d ]+</noiseRangeLut>",
        lambda m: ">" + " ".join(["200"] * len(m[0].split())) + "</noiseRangeLut>",
        NOISE_NEW,
    )
    swath = flat[flat.index("<noiseAzimuthVector>") : flat.rindex("</noiseAzimuthVectorList>")]
    block = (
        "<noiseAzimuthVector><firstAzimuthLine>{0}</firstAzimuthLine><firstRangeSample>0</firstRangeSample>"
        "<lastAzimuthLine>{1}</lastAzimuthLine><lastRangeSample>99</lastRangeSample><line count='2'>{0} {1}</line>"
        "<noiseAzimuthLut count='2'>{2} {2}</noiseAzimuthLut></noiseAzimuthVector>"
    )
    noise = flat.replace(swath, block.format(0, 39, 2.0) + block.format(40, 79, 1.0))
    reader = open_scene(write_safe(tmp_path, Recipe(noise=noise))).read
    counts, rows = reader.counts(Window(8, 0, 64, 10)), np.arange(8, 72)
    np.testing.assert_allclose(counts.noise[:, counts.strip, 0], [np.where(rows < 40, 400.0, 200.0)] * 2)


def test_track_numbers_start_at_the_published_orbits_and_wrap():
    assert relative_orbit("S1A", 0) is None
    assert relative_orbit("S1D", 1000) is None
    assert [relative_orbit("S1A", 73), relative_orbit("S1A", 72), relative_orbit("S1B", 27)] == [1, 175, 1]


@pytest.mark.parametrize(("told", "track"), [("1", 1), ("175", 175), ("176", None), ("0", None), ("-3", None)])
def test_a_manifest_tells_one_of_the_175_tracks(tmp_path, told, track):
    text = (write_safe(tmp_path) / "manifest.safe").read_text()
    number = f"<safe:relativeOrbitNumber>{told}</safe:relativeOrbitNumber><dataObjectSection>"
    assert read_manifest(text.replace("<dataObjectSection>", number).encode(), "m").relative_orbit == track
