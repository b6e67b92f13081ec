"""Wrong bytes with the right length and ETag: what can be noticed, and what is done about it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import rasterio

from pipeline.errors import InputError
from pipeline.ingest.catalogue.cache_use import CacheUse
from pipeline.ingest.catalogue.fetch import FetchTask, fetch
from pipeline.ingest.catalogue.products import product_of
from pipeline.ingest.catalogue.soundness import make_checked
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor
from tests.ingest.catalogue.builders import config_for, optical_item, radar_item, tiled, write_bands
from tests.ingest.sentinel1.safe_product import Recipe, place, write_safe
from tests.servers import Fault

MIDDLE = place(Recipe(), 40, 50)
BOX = (MIDDLE[0] - 0.002, MIDDLE[1] - 0.002, MIDDLE[0] + 0.002, MIDDLE[1] + 0.002)
SEA = np.random.default_rng(2).integers(20, 200, (80, 100)).astype(np.uint16)
SEAS = {"VV": SEA, "VH": SEA[::-1].copy()}


@pytest.fixture
def item(site):
    """A small sound product on the site, with measurements uncompressed and without a checksum."""
    return radar_item(write_safe(site.root, Recipe(dn=SEAS)), site.url)


def had(site, item, cache, sensor=Sensor.SENTINEL1, box=BOX, **more):
    return fetch(FetchTask(product_of(item, "earth-search", sensor), box, config_for(site.url), cache, **more))


def band_of(found, polarisation="vv"):
    with rasterio.open(next(found.path.glob(f"measurement/*-{polarisation}-*"))) as image:
        return image.read(1)


def test_lost_rows_that_come_once_are_fetched_anew(site, item, tmp_path):
    """Otherwise the zeros would be sealed in the cache, and read by every later run."""
    site.faults = [Fault(r"-vv-.*\.tiff", "zeros", times=1)]
    found = had(site, item, tmp_path / "cache")
    assert site.faults[0].times == 0
    np.testing.assert_array_equal(band_of(found), SEA)


def test_lost_rows_that_stay_are_how_the_image_is(site, item, tmp_path):
    """The server gives the same bytes twice, and nobody else can tell."""
    site.faults = [Fault(r"-vv-.*\.tiff", "zeros", times=-1)]
    found = had(site, item, tmp_path / "cache")
    assert (band_of(found) == 0).all(axis=1).sum() > 20
    assert "rows of zeros between measured rows" in found.doubt


@pytest.mark.parametrize(
    ("cache_use", "asked"), [(CacheUse.ALL, False), (CacheUse.UNDOUBTED, True), (CacheUse.NONE, True)]
)
def test_what_came_odd_twice_alike_is_asked_for_again_by_later_runs(site, item, tmp_path, cache_use, asked):
    """A server's fault may last an hour, and must not stay for as long as the cache."""
    site.faults = [Fault(r"-vv-.*\.tiff", "zeros", times=-1)]
    odd = had(site, item, tmp_path / "cache")
    site.faults = []
    again = had(site, item, tmp_path / "cache", cache_use=cache_use)
    assert (again.requests > 0) == asked
    assert again.path == odd.path
    np.testing.assert_array_equal((band_of(again) == SEA).all(), asked)
    assert (again.doubt == "") == asked


def test_what_stays_odd_is_the_same_folder_to_the_byte(site, item, tmp_path):
    """Others may be reading it."""
    site.faults = [Fault(r"-vv-.*\.tiff", "zeros", times=-1)]
    odd = had(site, item, tmp_path / "cache")
    before = odd.path.parent.stat().st_ino
    assert had(site, item, tmp_path / "cache", cache_use=CacheUse.UNDOUBTED).doubt == odd.doubt
    assert odd.path.parent.stat().st_ino == before


def test_what_is_odd_is_used_while_the_server_is_away(site, item, tmp_path):
    site.faults = [Fault(r"-vv-.*\.tiff", "zeros", times=-1)]
    odd = had(site, item, tmp_path / "cache")
    site.faults = [Fault(r".", "status", times=-1, status=404)]
    assert had(site, item, tmp_path / "cache", cache_use=CacheUse.UNDOUBTED).path == odd.path


@pytest.mark.parametrize(("cache_use", "right"), [(CacheUse.UNDOUBTED, False), (CacheUse.NONE, True)])
def test_wrong_pixels_that_look_like_an_image_go_when_nothing_kept_is_wanted(site, item, tmp_path, cache_use, right):
    """They cannot be noticed, so `--fresh` must ignore the cache as well as earlier runs."""
    path = next(site.root.glob("*/measurement/*-vv-*"))
    whole = path.read_bytes()
    site.faults = [Fault(r"-vv-.*\.tiff", "noise", times=-1)]
    del item["assets"]["safe-manifest"]
    had(site, item, tmp_path / "cache")
    site.faults = []
    assert path.read_bytes() == whole
    found = had(site, item, tmp_path / "cache", cache_use=cache_use)
    assert (band_of(found) == SEA).all() == right


@pytest.mark.parametrize(("room", "raised"), [(1 << 24, InputError), (1 << 16, OSError)])
def test_a_disk_that_is_full_at_the_last_bytes_is_no_damaged_image(tmp_path, room, raised):
    """GDAL does not report a failed write on closing a file, which would look like a damaged image."""
    resource = pytest.importorskip("resource")

    def torn(folder):
        with rasterio.open(folder / "x.tif", "w", width=100, height=80, count=1, dtype="uint16", driver="GTiff") as out:
            out.write(SEA, 1)
        with (folder / "x.tif").open("r+b") as file:
            file.truncate(100)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(raised):
            make_checked(torn, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_blocks_that_do_not_decode_are_fetched_anew_and_then_given_up(site, item, tmp_path):
    tiled(next(site.root.glob("*.SAFE")))
    site.faults = [Fault(r"-vh-.*\.tiff", "noise", times=1)]
    np.testing.assert_array_equal(band_of(had(site, item, tmp_path / "cache"), "vh"), SEA[::-1])
    item["id"] += "X"
    site.faults = [Fault(r"-vh-.*\.tiff", "noise", times=-1)]
    lost = had(site, item, tmp_path / "cache")
    assert lost.path is None
    assert lost.cause.startswith("VH: is damaged")
    assert lost.cause.endswith("(also when fetched anew)")
    assert len(list((tmp_path / "cache").iterdir())) == 1, "of what was given up nothing is kept"


@pytest.mark.parametrize(
    ("key", "kind"), [("file:checksum", "1220"), ("checksum:multihash", "d50110")], ids=["sha256", "md5, older name"]
)
def test_an_image_fetched_whole_is_compared_with_the_checksum_in_its_catalogue(site, item, tmp_path, key, kind):
    """In uncompressed pixels noise looks like an image; a checksum of the whole file reveals it."""
    path = next(site.root.glob("*/measurement/*-vv-*"))
    name = {"1220": "sha256", "d50110": "md5"}[kind]
    item["assets"]["vv"][key] = kind + hashlib.new(name, path.read_bytes()).hexdigest()
    site.faults = [Fault(r"-vv-.*\.tiff", "noise", times=1)]
    np.testing.assert_array_equal(band_of(had(site, item, tmp_path / "cache")), SEA)
    item["id"] += "X"
    site.faults = [Fault(r"-vv-.*\.tiff", "noise", times=-1)]
    told = had(site, item, tmp_path / "cache").cause
    assert told == "VV: differs from the checksum in its catalogue (also when fetched anew)"


def test_noise_tables_are_read_before_anything_is_kept(site, item, tmp_path):
    """Without a manifest a damaged one would be sealed, and the product refused in every later run."""
    del item["assets"]["safe-manifest"]
    path = next(site.root.glob("*/annotation/calibration/noise-*-vv-*"))
    path.write_text(path.read_text().replace("100 300", "100 x"))
    found = had(site, item, tmp_path / "cache")
    assert found.path is None
    assert found.cause.startswith("noise VV: ")


def test_bands_of_an_optical_image_that_are_damaged_once(site, tmp_path):
    folder = write_bands(site.root / "bands")
    from tests.ingest.catalogue.test_optical import AOI

    whole = had(site, optical_item(folder, site.url), tmp_path / "one", Sensor.SENTINEL2, AOI)
    site.faults = [Fault("B03", "noise", times=1)]
    again = had(site, optical_item(folder, site.url), tmp_path / "two", Sensor.SENTINEL2, AOI)
    assert site.faults[0].times == 0
    assert again.path.read_bytes() == whole.path.read_bytes()


def test_other_bytes_each_time_are_not_used(tmp_path):
    made = iter((7, 8))

    def make(folder):
        image = np.full((9, 9), next(made), np.uint16)
        image[4] = 0
        with rasterio.open(folder / "x.tif", "w", driver="GTiff", width=9, height=9, count=1, dtype="uint16") as out:
            out.write(image, 1)

    told = r"^x\.tif: band 1 holds 1 row of zeros between measured rows \(other bytes when fetched anew\)$"
    with pytest.raises(InputError, match=told):
        make_checked(make, tmp_path)


def test_a_lost_sector_of_a_cut_out_is_told(site, tmp_path):
    """Its manifest is ours, so its checksums do not cover what the server sent."""
    lost = SEA.repeat(4, axis=1)
    lost[40, 30:330] = 0
    root = write_safe(site.root, Recipe(shape=lost.shape, dn={"VV": lost, "VH": lost}))
    found = had(site, radar_item(root, site.url), tmp_path / "cache")
    assert any("a lost disk sector?" in doubt for doubt in open_scene(found.path, OpenOptions()).degraded)


def test_what_was_looked_at_is_not_kept_open(site, item, tmp_path):
    """Memory would grow by 0.4 MB a product, and files removed from the cache would still take up the disk."""
    files = Path("/proc/self/fd")
    if not files.is_dir():
        pytest.skip("no list of open files here")
    had(site, item, tmp_path / "cache")
    assert [p for file in files.iterdir() if (p := file.resolve()).is_relative_to(tmp_path / "cache")] == []
