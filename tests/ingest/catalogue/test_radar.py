"""Cut-outs of GRD: every pixel has the same position, time and sigma0 as in the whole product."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.ingest.catalogue import radar
from pipeline.ingest.catalogue.products import NotCovered, RemoteFile
from pipeline.ingest.catalogue.remote import RemoteImage
from pipeline.ingest.sentinel1.products import open_safe
from pipeline.types import Window
from tests.ingest.catalogue.builders import access_for, big_product, config_for, radar_item, radar_product, tiled
from tests.ingest.sentinel1.safe_product import NOISE_OLD, Recipe, place

# by the builder's plane, line 900 and pixel 450 of 1,800 x 900: 0.004 degrees are some 40 pixels
CENTRE = place(Recipe(), 900, 450)
AOI = (CENTRE[0] - 0.004, CENTRE[1] - 0.004, CENTRE[0] + 0.004, CENTRE[1] + 0.004)
SMALL_MARGIN = (300.0, 200.0)


@pytest.fixture
def narrow(monkeypatch):
    """Margins smaller than the test's image."""
    monkeypatch.setattr(radar, "RADAR_MARGIN_M", SMALL_MARGIN)


def cut(product, folder, site, **more):
    access = access_for(config_for(site.url, **more))
    root = radar.cut_out(product, AOI, folder, access, access.web.deadline(), 4)
    return open_safe(root, _options())


def _options():
    from pipeline.ingest.metadata.options import OpenOptions

    return OpenOptions()


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("noise", [None, NOISE_OLD, "new"], ids=["no noise", "old noise", "new noise"])
def test_a_cut_out_agrees_with_the_whole_product_bit_for_bit(site, tmp_path, noise):
    more = {} if noise == "new" else {"noise": noise}
    whole_root = tiled(big_product(site.root, **more))
    scene = cut(radar_product(whole_root, site.url), tmp_path / "cut", site)
    _refit(whole_root)
    whole = open_safe(whole_root, _options())
    first_row, first_col = (round(float(v)) for v in whole.geolocation.rowcol(*scene.geolocation.lonlat(0, 0)))
    rows, cols = scene.shape
    assert (rows, cols) != whole.shape
    assert 0 < first_row < 900
    part = Window(first_row, first_col, rows, cols)
    np.testing.assert_array_equal(scene.read(Window(0, 0, rows, cols)).data, whole.read(part).data)
    at = np.array([0.0, 11.5, rows - 1]), np.array([0.0, 20.25, cols - 1])
    for one, other in zip(
        scene.geolocation.lonlat(*at), whole.geolocation.lonlat(at[0] + first_row, at[1] + first_col), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-9)
    assert abs((scene.time_of_row(7) - whole.time_of_row(7 + first_row)).total_seconds()) < 1e-5
    assert not scene.source.verified
    assert scene.product_id == whole.product_id
    assert scene.tags["data_take"] == whole.tags["data_take"]


def _refit(root):
    """A manifest that fits the tiled measurements."""
    from tests.ingest.sentinel1.safe_product import write_manifest

    kinds = {"calibration-": "s1Level1CalibrationSchema", "noise-": "s1Level1NoiseSchema"}
    listed = [(f"measurement/{p.name}", "s1Level1MeasurementSchema") for p in sorted((root / "measurement").iterdir())]
    for path in sorted((root / "annotation").rglob("*.xml")):
        kind = next((k for start, k in kinds.items() if path.name.startswith(start)), "s1Level1ProductSchema")
        listed.append((path.relative_to(root).as_posix(), kind))
    write_manifest(root, listed, "2024-03-07T10:00:00.000000")


@pytest.mark.usefixtures("narrow")
def test_the_window_shows_the_aoi_and_a_margin(site, tmp_path):
    scene = cut(radar_product(tiled(big_product(site.root)), site.url), tmp_path / "cut", site)
    for lon in AOI[::2]:
        for lat in AOI[1::2]:
            row, col = (float(v) for v in scene.geolocation.rowcol(lon, lat))
            assert 25 <= row <= scene.shape[0] - 25, "300 m along the track"
            assert 15 <= col <= scene.shape[1] - 15, "200 m across it"


@pytest.mark.usefixtures("narrow")
def test_only_the_blocks_of_the_window_travel(site, tmp_path):
    root = tiled(big_product(site.root))
    size = sum(p.stat().st_size for p in (root / "measurement").iterdir())
    access = access_for(config_for(site.url))
    deadline = access.web.deadline()
    radar.cut_out(radar_product(root, site.url), AOI, tmp_path / "cut", access, deadline, 4)
    assert deadline.bytes < 0.5 * size
    assert len(site.asked("measurement")) <= 8, "two images: a header each, and neighbouring blocks together"


@pytest.mark.usefixtures("narrow")
def test_false_projection_metadata_of_an_item_moves_nothing(site, tmp_path):
    """The item claims a grid 13 degrees away; the ship stays where the annotation puts her."""
    root = tiled(big_product(site.root))
    scene = cut(radar_product(root, site.url), tmp_path / "cut", site)
    truth = place(Recipe(), 900, 450)
    row, col = (float(v) for v in scene.geolocation.rowcol(*truth))
    lon, lat = (float(v) for v in scene.geolocation.lonlat(row, col))
    assert (lon, lat) == pytest.approx(truth, abs=1e-6)
    other = cut(replace(radar_product(root, site.url), facts={"x": 1}), tmp_path / "other", site)
    assert other.source.sha256 == scene.source.sha256


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("catalogue", ["earth-search", "planetary-computer", "cdse"])
def test_each_catalogue_names_its_files_in_its_way(site, tmp_path, catalogue):
    """safe-manifest or safe_manifest, ids with and without _COG: the same scene."""
    root = tiled(big_product(site.root))
    product = radar_product(root, site.url, catalogue)
    assert product.name == root.name.removesuffix(".SAFE")
    assert cut(product, tmp_path / "cut", site).bands == ("VV", "VH")


@pytest.mark.usefixtures("narrow")
def test_an_annotation_entry_that_leads_to_the_interference_report_is_put_right(site, tmp_path):
    """A known fault of one catalogue: schema-product-vv names annotation/rfi/rfi-... instead of annotation/..."""
    root = tiled(big_product(site.root))
    (root / "annotation/rfi").mkdir()
    item = radar_item(root, site.url, "planetary-computer")
    for key in ("schema-product-vv", "schema-product-vh"):
        folder, _, name = item["assets"][key]["href"].rpartition("/")
        item["assets"][key]["href"] = f"{folder}/rfi/rfi-{name}"
        (root / "annotation/rfi" / f"rfi-{name}").write_text('<?xml version="1.0"?><rfi><adsHeader/></rfi>')
    from pipeline.ingest.catalogue.products import product_of
    from pipeline.types import Sensor

    product = product_of(item, "planetary-computer", Sensor.SENTINEL1)
    assert cut(product, tmp_path / "cut", site).shape[0] > 0


@pytest.mark.usefixtures("narrow")
def test_an_annotation_that_differs_from_the_manifest_is_not_used(site, tmp_path):
    root = tiled(big_product(site.root))
    path = next((root / "annotation").glob("*-vv-*.xml"))
    path.write_text(path.read_text().replace("<height>", "<height>9", 1))
    with pytest.raises(InputError, match=r"product VV: MD5 differs from manifest.safe"):
        cut(radar_product(root, site.url), tmp_path / "cut", site)


@pytest.mark.usefixtures("narrow")
def test_without_a_manifest_the_scene_says_that_it_is_unverified(site, tmp_path):
    root = tiled(big_product(site.root))
    (root / "manifest.safe").unlink()
    scene = cut(radar_product(root, site.url), tmp_path / "cut", site)
    assert "unverified" in scene.tags["origin_small_files"]


def test_a_product_beside_the_aoi_is_no_unknown_look(site, tmp_path):
    """The annotation gives its outline, so no berth of the AOI is unknown because of it."""
    root = tiled(big_product(site.root, origin=(140.0, 42.75)))
    with pytest.raises(NotCovered, match="shows nothing of the AOI") as caught:
        cut(radar_product(root, site.url), tmp_path / "cut", site)
    assert caught.value.outline.bounds[0] > 139


@pytest.mark.usefixtures("narrow")
def test_an_image_that_does_not_fit_its_annotation_is_refused(site, tmp_path):
    root = tiled(big_product(site.root))
    other = tiled(big_product(site.root / "b", data_take=1))
    from tests.ingest.sentinel1.safe_product import write_safe

    small = write_safe(site.root / "c", Recipe(shape=(80, 100)))
    shutil.copy(next((small / "measurement").glob("*-vv-*")), next((root / "measurement").glob("*-vv-*")))
    assert other.is_dir()
    with pytest.raises(InputError, match=r"VV: has \(80, 100\) pixels, its annotation says \(1800, 900\)"):
        cut(radar_product(root, site.url), tmp_path / "cut", site)


@pytest.mark.usefixtures("narrow")
def test_a_size_or_checksum_that_its_catalogue_states_must_fit(site, tmp_path):
    product = radar_product(tiled(big_product(site.root)), site.url)
    wrong_size = product.files | {"VV": RemoteFile(product.files["VV"].href, size=12345)}
    with pytest.raises(InputError, match=r"VV: has \d+ bytes; its catalogue says 12345"):
        cut(replace(product, files=wrong_size), tmp_path / "a", site)
    wrong_sum = product.files | {"noise-VH": RemoteFile(product.files["noise-VH"].href, checksum="1220" + "0" * 64)}
    with pytest.raises(InputError, match=r"noise VH: differs from the checksum in its catalogue"):
        cut(replace(product, files=wrong_sum), tmp_path / "b", site)


@pytest.mark.usefixtures("narrow")
def test_simulated_stays_simulated(site, tmp_path):
    root = tiled(big_product(site.root))
    (root / "manifest.safe").unlink()
    for path in (root / "annotation").glob("*.xml"):
        path.write_text(path.read_text().replace("<product>", "<!-- SIMULATED by capwatch --><product>"))
    assert cut(radar_product(root, site.url), tmp_path / "cut", site).simulated


def test_a_disk_that_takes_nothing_is_no_damaged_image(site, tmp_path):
    """A full disk must not end in "is damaged (also when fetched anew)", with the look unknown."""
    product = radar_product(tiled(big_product(site.root)), site.url)
    access = access_for(config_for(site.url))
    image = RemoteImage(product.files["VV"], "VV", access, access.web.deadline())
    with pytest.raises(OSError, match="No such file or directory"):
        radar.copy_window(image, Window(0, 0, 100, 100), (1800, 900), tmp_path / "no folder" / "x.tif")
