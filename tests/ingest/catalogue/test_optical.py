"""Cut-outs of Sentinel-2 L2A: reflectance by the pixels, not by a flag; one grid; a sidecar of measured values."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer

from pipeline.errors import InputError
from pipeline.ingest.catalogue import optical
from pipeline.ingest.catalogue.products import NotCovered
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Radiometry, Sensor, Window
from tests.ingest.catalogue.builders import (
    S2_PRODUCT,
    access_for,
    config_for,
    optical_product,
    write_bands,
)

TO_LONLAT = Transformer.from_crs("EPSG:32653", "EPSG:4326", always_xy=True)
WEST, SOUTH = TO_LONLAT.transform(335_800, 4_734_200)
EAST, NORTH = TO_LONLAT.transform(337_000, 4_735_300)
AOI = (WEST, SOUTH, EAST, NORTH)


def cut(product, folder, site, bbox=AOI):
    folder.mkdir(exist_ok=True)
    access = access_for(config_for(site.url))
    return open_scene(
        optical.cut_out(product, bbox, folder, access, access.web.deadline(), 4), OpenOptions(search_land=False)
    )


def test_a_cut_out_holds_the_bands_on_one_grid_with_reflectance(site, tmp_path):
    """Truth: DN = 10,000 * reflectance + 1,000, and the object lies at rows and columns 100 to 109, 129."""
    scene = cut(optical_product(write_bands(site.root / "b"), site.url), tmp_path / "c", site)
    assert scene.sensor is Sensor.SENTINEL2
    assert scene.bands == ("B02", "B03", "B04", "B08", "B11")
    assert scene.radiometry is Radiometry.REFLECTANCE
    assert scene.platform == "sentinel-2b"
    assert scene.product_id == S2_PRODUCT
    assert scene.acquired == datetime(2024, 3, 7, 2, 8, 12, tzinfo=UTC)
    assert scene.optical.sun_elevation_deg == 36.5
    tile = scene.read(Window(0, 0, *scene.shape))
    for band, level in (("B02", 0.07), ("B08", 0.025), ("B11", 0.009)):
        assert np.median(tile.data[scene.bands.index(band)]) == pytest.approx(level, abs=2e-4)
    lon, lat = TO_LONLAT.transform(335_000 + 1150, 4_736_000 - 1050)
    row, col = (round(float(v)) for v in scene.geolocation.rowcol(lon, lat))
    assert tile.data[scene.bands.index("B08"), row, col] > 0.2
    assert tile.data[scene.bands.index("B11"), row, col] > 0.19, "the 20 m band fits onto the 10 m grid"


@pytest.mark.parametrize(
    ("stored_offset", "flag", "baseline", "wanted"),
    [
        (1000, True, "05.10", -1000),
        (1000, False, "05.10", -1000),
        (0, True, "05.10", 0),
        (0, False, "05.10", 0),
        (0, None, "02.14", 0),
        (1000, None, "", -1000),
        (0, None, "", 0),
    ],
)
def test_the_pixels_decide_on_the_offset_whatever_a_flag_says(site, tmp_path, stored_offset, flag, baseline, wanted):
    """A mirror may have removed the 1,000 or not, and its flag may be wrong either way: reflectance is the same."""
    told = {"s2:processing_baseline": baseline, "s2:product_uri": "", "earthsearch:boa_offset_applied": flag}
    product = optical_product(write_bands(site.root / "b", offset=stored_offset), site.url, **told)
    scene = cut(product, tmp_path / "c", site)
    assert optical.offset_dn(np.full(100, 90 + stored_offset, np.uint16), baseline).dn == wanted
    tile = scene.read(Window(0, 0, *scene.shape))
    assert np.median(tile.data[scene.bands.index("B08")]) == pytest.approx(0.025, abs=2e-4)


def test_a_reprocessed_product_from_before_2022_has_the_offset_by_its_baseline():
    """Collection 1: sensed in 2018, processed as 05.00. The date decides nothing."""
    assert optical.offset_dn(np.full(100, 1150, np.uint16), "05.00").dn == -1000


@pytest.mark.parametrize("catalogue", ["earth-search", "planetary-computer", "cdse"])
def test_each_catalogue_names_its_bands_in_its_way(site, tmp_path, catalogue):
    scene = cut(optical_product(write_bands(site.root / "b"), site.url, catalogue), tmp_path / "c", site)
    assert scene.bands == ("B02", "B03", "B04", "B08", "B11")


def test_cloud_is_counted_over_the_aoi_from_the_products_own_classification(site, tmp_path):
    """Truth: the top quarter of the whole image is cloud, and the window begins where its transform says."""
    scene = cut(optical_product(write_bands(site.root / "b"), site.url), tmp_path / "c", site)
    with rasterio.open(tmp_path / "c" / f"{S2_PRODUCT}.tif") as image:
        top = round((4_736_000 - image.transform.f) / 10)
        assert scene.optical.cloud_fraction == pytest.approx((100 - top) / image.height, abs=0.01)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("2024-03-07T11:08:12+09:00", "02:08:12"),
        ("2024-03-07T02:05:29.024Z", "02:05:29"),
        ("2024-03-07", "02:05:29"),  # a day is not a time
        ("2024-03-07T11:08:12Z", "02:05:29"),  # Vostochny's local time of that day, labelled UTC
        ("2024-03-09T02:08:12Z", "02:05:29"),
        (None, "02:05:29"),
    ],
)
def test_the_time_is_the_catalogues_only_where_the_operators_name_allows_it(site, told, wanted):
    """The name states the start of the take (ESA): 2024-03-07 02:05:29 UTC, and no take lasts an hour."""
    product = optical_product(site.root, site.url, datetime=told)
    assert product.acquired.strftime("%Y-%m-%d %H:%M:%S") == f"2024-03-07 {wanted}"


def test_an_item_that_names_another_projection_is_not_used(site, tmp_path):
    product = optical_product(write_bands(site.root / "b"), site.url, **{"proj:code": "EPSG:32652"})
    with pytest.raises(InputError, match=r"in EPSG:32653, its catalogue says EPSG:32652"):
        cut(product, tmp_path / "c", site)


@pytest.mark.parametrize(
    ("band", "shape", "place"),
    [
        ("B03", (150, 400), (10.0, 0.0, 0.0, -10.0)),
        ("B03", (400, 100), (10.0, 0.0, 0.0, -10.0)),
        ("B11", (20, 200), (20.0, 0.0, 0.0, -20.0)),
        ("B04", (400, 400), (10.0, 0.0, 0.0, -20.0)),
        ("B04", (400, 400), (10.0, 3.0, 3.0, -10.0)),
        ("B04", (400, 400), (10.0, 0.0, 0.0, 10.0)),
    ],
)
def test_a_band_that_covers_other_ground_than_the_first_is_not_laid_upon_it(site, tmp_path, band, shape, place):
    """Each begins where the other bands do, with pixels as wide as theirs or twice as wide."""
    product = optical_product(write_bands(site.root / "b"), site.url)
    a, b, d, e = place
    with rasterio.open(
        site.root / "b" / f"{band}.tif", "w", driver="GTiff", height=shape[0], width=shape[1], count=1, dtype="uint16",
        crs="EPSG:32653", transform=Affine(a, b, 335_000.0, d, e, 4_736_000.0),
    ) as out:  # fmt: skip
        out.write(np.full(shape, 1500, np.uint16), 1)
    with pytest.raises(InputError, match=rf"{band}: does not lie on the grid of the 10 m bands"):
        cut(product, tmp_path / "c", site)


def test_a_tile_beside_the_aoi_is_no_unknown_look(site, tmp_path):
    product = optical_product(write_bands(site.root / "b"), site.url)
    with pytest.raises(NotCovered, match="shows nothing of the AOI"):
        cut(product, tmp_path / "c", site, bbox=(10.0, 42.0, 10.1, 42.1))


def test_only_the_blocks_of_the_window_travel(site, tmp_path):
    folder = write_bands(site.root / "b", side=2000)
    size = sum(p.stat().st_size for p in folder.iterdir())
    access = access_for(config_for(site.url))
    deadline = access.web.deadline()
    optical.cut_out(optical_product(folder, site.url), AOI, tmp_path, access, deadline, 4)
    assert deadline.bytes < 0.3 * size
