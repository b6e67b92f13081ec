"""`capwatch detect` on pictures: what it finds, what it says, and what it goes on without."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine

from pipeline.errors import MemoryShort
from tests.builders import ship_picture
from tests.ingest.sentinel2.safe_product import TILE, write_safe
from tests.ingest.sentinel2.test_loose import taken_out


@pytest.mark.parametrize("suffix", ["csv", "parquet", "geojson"])
def test_detect_finds_the_ship_of_a_georeferenced_picture(capwatch, tmp_path, suffix):
    image = tmp_path / "sea.tif"
    row, col = ship_picture(image, crs="EPSG:32653", transform=Affine(10, 0, 330000, 0, -10, 4735000))
    out = tmp_path / f"ships.{suffix}"
    code, _, err = capwatch("detect", image, "--sensor", "sentinel-1", "-o", out)
    assert code in (0, 3), err
    import geopandas as gpd

    table = (
        pd.read_csv(out) if suffix == "csv" else gpd.read_parquet(out) if suffix == "parquet" else gpd.read_file(out)
    )
    ships = table[table["accepted"].astype(str) == "True"]
    assert len(ships) == 1
    assert ships["row"].iloc[0] == pytest.approx(row, abs=1)
    assert ships["col"].iloc[0] == pytest.approx(col, abs=1)
    assert ships["length_lo_m"].iloc[0] < 180 < ships["length_hi_m"].iloc[0]
    assert ships["lat"].notna().all()


def test_detections_of_a_simulated_image_say_so(capwatch, tmp_path):
    image = tmp_path / "sea.tif"
    ship_picture(image)
    words = ("detect", image, "--sensor", "sentinel-1", "--pixel-spacing", "10", "-o")
    assert capwatch(*words, tmp_path / "real.csv")[0] in (0, 3)
    with rasterio.open(image, "r+") as raster:
        raster.update_tags(SIMULATED="YES")
    assert capwatch(*words, tmp_path / "made.csv")[0] in (0, 3)
    assert "simulated" not in pd.read_csv(tmp_path / "real.csv")
    assert pd.read_csv(tmp_path / "made.csv")["simulated"].all()


def test_detect_without_georeference_gives_pixels_only(capwatch, tmp_path):
    image = tmp_path / "sea.tif"
    row, _ = ship_picture(image)
    code, _, _ = capwatch("detect", image, "--sensor", "sentinel-1", "--pixel-spacing", "10", "-o", f"{tmp_path}/out/")
    assert code in (0, 3)
    table = pd.read_csv(tmp_path / "out" / "sea.csv")
    ship = table[table["accepted"].astype(str) == "True"].iloc[0]
    assert ship["row"] == pytest.approx(row, abs=1)
    assert np.isnan(ship["lon"])


def test_an_image_that_is_too_large_for_the_memory_is_skipped_among_others(capwatch, tmp_path, monkeypatch):
    from pipeline import detection

    images = [tmp_path / name for name in ("large.tif", "small.tif")]
    for image in images:
        ship_picture(image)
    usual = detection.detect

    def short(scene, **given):
        if scene.scene_id == "large":
            raise MemoryShort("large.tif: not enough memory to read it")
        return usual(scene, **given)

    monkeypatch.setattr(detection, "detect", short)
    words = ("--sensor", "sentinel-1", "--pixel-spacing", "10", "-o", f"{tmp_path}/out/")
    code, _, err = capwatch("detect", *images, *words)
    assert (code, "large.tif: not enough memory to read it (image skipped, no table written)" in err) == (3, True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["small.csv"]
    assert capwatch("detect", images[0], *words)[0] == 5


def test_detect_skips_a_broken_image_and_does_the_rest(capwatch, tmp_path):
    good, bad = tmp_path / "good.tif", tmp_path / "bad.tif"
    ship_picture(good)
    bad.write_bytes(b"not an image")
    code, _, err = capwatch(
        "detect", bad, good, "--sensor", "sentinel-1", "--pixel-spacing", "10", "-o", f"{tmp_path}/out/", "--quiet"
    )
    assert code == 3
    assert len([line for line in err.splitlines() if "bad.tif" in line]) == 1
    assert (tmp_path / "out" / "good.csv").is_file()
    assert not (tmp_path / "out" / "bad.csv").exists()


def test_detect_tells_each_doubt_of_a_scene(capwatch, tmp_path):
    image = tmp_path / "sea_20240308.tif"
    ship_picture(image)
    words = ("detect", image, "--sensor", "sentinel-1", "--pixel-spacing", "10", "-o", tmp_path / "out.csv", "--quiet")
    code, _, err = capwatch(*words)
    assert code == 3
    assert "time of day unknown; the file name gives the date (scene degraded)" in err
    assert set(pd.read_csv(tmp_path / "out.csv")["flags"].str.contains("time_of_day_unknown")) == {True}


def test_detect_goes_on_after_an_image_whose_sensor_nobody_knows(capwatch, tmp_path):
    unknown, good = tmp_path / "unknown.tif", tmp_path / "S1A_IW_GRDH_1SDV_20240308T021000_cut.tif"
    ship_picture(unknown)
    ship_picture(good)
    code, _, err = capwatch("detect", unknown, good, "--pixel-spacing", "10", "-o", f"{tmp_path}/out/", "--quiet")
    assert code == 3
    assert "unknown.tif: nothing in the file or its name tells its sensor" in err
    assert "into unknown.json beside it; capwatch detect also takes --sensor" in err, "capwatch run does not"
    assert (tmp_path / "out" / f"{good.stem}.csv").is_file()
    assert capwatch("detect", unknown, "--pixel-spacing", "10", "-o", tmp_path / "one.csv")[0] == 2


@pytest.mark.parametrize(("value", "expected"), [(90, "one value fills the image"), (0, "holds no measurement")])
def test_detect_writes_no_empty_table_of_an_image_that_shows_nothing(capwatch, tmp_path, value, expected):
    """Its table without a ship read as a look at empty water."""
    image = tmp_path / "blank.tif"
    with rasterio.open(image, "w", driver="GTiff", width=300, height=300, count=1, dtype="uint8") as out:
        out.write(np.full((1, 300, 300), value, np.uint8))
    words = ("detect", str(image), "--sensor", "optical", "--pixel-spacing", "1", "-o", str(tmp_path / "o.csv"))
    code, _, err = capwatch(*words)
    assert (code, (tmp_path / "o.csv").exists()) == (4, False)
    assert f"blank.tif: {expected}" in err.replace("is no picture: ", "")


def test_detect_names_the_images_that_would_share_a_table(capwatch, tmp_path):
    images = [tmp_path / "a.tif", tmp_path / "b.tif", tmp_path / "a.png"]
    code, _, err = capwatch("detect", *images, "--sensor", "sentinel-1", "-o", f"{tmp_path}/out/")
    assert code == 2
    assert f"{images[0]} and {images[2]} would write the same table, {tmp_path}/out/a.csv" in err


def test_detect_tells_when_quiet_that_an_image_shows_no_water(capwatch, tmp_path):
    """An empty table without a word would be taken for an empty port."""
    rng, levels = np.random.default_rng(0), (0.1, 0.12, 0.14, 0.25, 0.25)  # of bare ground
    land = np.stack([np.exp(rng.normal(np.log(1e4 * level), 0.3, (200, 200))) + 1000 for level in levels])
    image = tmp_path / "S2A_MSIL2A_20240307T021029_N0510_R003_T52SXX_20240307T060000.tif"
    with rasterio.open(
        image, "w", driver="GTiff", width=200, height=200, count=5, dtype="uint16", crs="EPSG:32652",
        transform=Affine(10, 0, 500_000, 0, -10, 4_700_000),
    ) as raster:  # fmt: skip
        raster.write(land.astype(np.uint16))
        raster.descriptions = ("B02", "B03", "B04", "B08", "B11")
    code, _, err = capwatch("detect", image, "-o", tmp_path / "t.csv", "--quiet")
    assert (code, len(pd.read_csv(tmp_path / "t.csv"))) == (0, 0)
    (line,) = err.splitlines()
    assert "no usable water in the image" in line


def test_bands_of_one_image_in_files_of_their_own_write_one_table(capwatch, tmp_path):
    """By the image's name; of each band by itself a table was written, in which no water could be told."""
    folder = taken_out(write_safe(tmp_path), tmp_path / "loose")
    bands = sorted(folder.glob("*_B*.jp2"))
    code, _, err = capwatch("detect", *bands, "-o", f"{tmp_path}/out/")
    assert (code, [path.name for path in (tmp_path / "out").iterdir()]) == (3, [f"{TILE}.csv"])
    assert err.count(f"a band of {TILE}, which is read as one image") == len(bands) - 1
    assert capwatch("detect", bands[-1], "-o", tmp_path / "one.csv")[0] == 3
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "out" / f"{TILE}.csv").read_bytes()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-o", "ships.shp"), "end the name in .parquet"),
        (("-o", "o.csv", "--bands", "R=1,G=1"), "--bands G=1: that band has another name already"),
        (("-o", "o.csv", "--bands", "R=1,R=2"), "--bands R=2: R appears twice"),
    ],
)
def test_what_no_image_can_mend_is_said_before_any_is_opened(capwatch, tmp_path, words, expected):
    code, _, err = capwatch("detect", tmp_path / "not_there.tif", "--sensor", "optical", *words)
    assert code == 2
    assert expected in err
    assert "not_there" not in err


def test_a_format_for_folders_beside_one_table_of_another_is_refused(capwatch, tmp_path):
    """It wrote CSV where GeoJSON was asked for."""
    code, _, err = capwatch("detect", tmp_path / "a.tif", "--format", "geojson", "-o", tmp_path / "a.csv")
    assert (code, "--format geojson is for a folder; one table's format is that of its name" in err) == (2, True)
