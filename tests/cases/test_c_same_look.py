"""Cases C: coverage and duplicates. The same acquisition counts once, and only where it shows the place."""

from __future__ import annotations

import shutil
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import Affine

from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.scenes import open_scene
from tests.builders import place_of
from tests.cases.desk import LOOKS, describe, radar, speckle, stamp
from tests.cases.test_b_safe import relisted
from tests.ingest.sentinel1.safe_product import PRODUCT, Recipe, write_safe, zipped

case = pytest.mark.case


def numbers(outcome) -> pd.DataFrame:
    """The account of a run: what must not change."""
    return pd.read_parquet(outcome.folder / "ledger.parquet")


@pytest.fixture
def clean(done_once):
    """The account of the desk as it is."""
    return pd.read_parquet(next(done_once.runs.rglob("ledger.parquet")))


@case("C-01")
def test_the_same_image_under_two_names(desk, clean, saw):
    first = sorted(desk.images.glob("*.tif"))[0]
    again = desk.images / "sub" / f"again_vv_{stamp(LOOKS[0])}.tif"
    again.parent.mkdir()
    shutil.copy(first, again)
    describe(again)
    outcome = desk.run()
    scenes = pd.read_parquet(outcome.folder / "scenes.parquet")
    assert sorted(scenes["status"]) == ["duplicate_of", "used", "used"]
    row = scenes[scenes["status"] == "duplicate_of"].iloc[0]
    assert row["duplicate_of"] in set(scenes.loc[scenes["status"] == "used", "scene_id"])
    pd.testing.assert_frame_equal(numbers(outcome), clean)
    saw(f"duplicate_of {row['duplicate_of']}: {row['cause']}; no number changes")


@case("C-02")
def test_a_product_processed_again(tmp_path, saw):
    write_safe(tmp_path, Recipe(processed="2024-03-07T10:00:00"))
    newer = PRODUCT[:-4] + "0001"
    write_safe(tmp_path, Recipe(product=newer, processed="2024-06-01T10:00:00"))
    used, table = open_inputs([tmp_path])
    assert [s.scene_id for s in used] == [newer]
    row = table[table["scene_id"] == PRODUCT].iloc[0]
    assert (row["status"], row["duplicate_of"]) == ("duplicate_of", newer)
    saw(f"duplicate_of the newer: {row['cause']}")


@case("C-03")
def test_a_data_take_cut_again(tmp_path, saw):
    write_safe(tmp_path / "1", Recipe(slice_number=3))
    again = PRODUCT.replace("20240307T092025", "20240307T092027")
    write_safe(tmp_path / "2", Recipe(product=again, seconds=0.03, slice_number=0))
    used, table = open_inputs([tmp_path])
    assert len(used) == 1
    row = table[table["status"] == "duplicate_of"].iloc[0]
    assert row["cause"] == "same data take, cut at other lines"
    saw(f"one look; the other: {row['cause']}")


@case("C-04")
def test_neighbouring_slices_that_both_show_the_berth(desk, saw):
    """The second slice begins some lines above the pier, seconds later in the same pass."""
    first = sorted(desk.images.glob("*.tif"))[0]
    whole = open_scene(first)
    with rasterio.open(first) as image:
        data, transform = image.read(1), image.transform
    later = LOOKS[0] + timedelta(seconds=20)
    cut = desk.images / f"look_vv_{stamp(later)}.tif"
    radar(cut, data[60:], transform=Affine(*transform[:5], transform[5] - 600), sidecar=True)
    outcome = desk.run()
    detections = pd.read_parquet(outcome.folder / "detections.parquet")
    near = detections[(detections["berth_id"] == "pier") & (detections["acquired"] < "2024-03-08")]
    assert len(near) == 2
    assert near["accepted"].sum() == 1
    assert [list(f) for f in near.loc[~near["accepted"], "flags"]] == [["neighbouring_slice"]]
    looks = pd.read_parquet(outcome.folder / "looks.parquet")
    looks = looks[(looks["zone_id"] == "pier") & (looks["acquired"] < "2024-03-08")]
    assert list(looks["scene_id"]) == [whole.scene_id]
    calls = pd.read_parquet(outcome.folder / "port_calls.parquet")
    assert (calls["n_seen"].sum(), calls["n_looks"].sum()) == (2, 2)
    saw("one accepted detection, the other flagged neighbouring_slice; one look")


@case("C-05")
@case("C-06")
@pytest.mark.parametrize("other", ["S1C, hours later", "ascending, hours later"])
def test_two_passes_of_a_day_are_two_looks(tmp_path, saw, other):
    write_safe(tmp_path / "1")
    second = write_safe(tmp_path / "2", Recipe(seconds=11.5 * 3600, data_take=5))
    name = "S1A_IW_GRDH_1SDV_20240307T205000_20240307T205025_052877_066650_0002"
    for path in (second / "annotation").glob("*.xml"):
        text = path.read_text().replace("Descending", "Ascending" if "asc" in other else "Descending")
        if "asc" in other:
            text = text.replace("<platformHeading>-168.0<", "<platformHeading>-12.0<")
        path.write_text(text.replace("S1A<", "S1C<") if "S1C" in other else text)
    relisted(second)
    second.rename(second.with_name((name.replace("S1A", "S1C") if "S1C" in other else name) + ".SAFE"))
    used, table = open_inputs([tmp_path])
    assert len(used) == 2
    assert set(table["status"]) == {"used"}
    saw("two looks")


@case("C-07")
def test_one_name_with_two_contents(tmp_path, saw):
    write_safe(tmp_path / "1")
    second = write_safe(tmp_path / "2", Recipe(dn={"VV": np.full((80, 100), 7, np.uint16)}))
    used, table = open_inputs([tmp_path])
    assert used == []
    assert set(table["cause"]) == {"another product of the same name has other bytes"}
    tiff = next((second / "measurement").glob("*vv*"))
    tiff.write_bytes(tiff.read_bytes()[:-1] + b"\x99")
    used, _ = open_inputs([tmp_path])
    assert len(used) == 1
    saw(f"both skipped: {table['cause'].iloc[0]}; where one fits its own checksums, that one is used")


@case("C-08")
def test_an_image_of_elsewhere(desk, clean, saw):
    radar(desk.images / f"far_vv_{stamp(LOOKS[0])}.tif", transform=Affine(10, 0, 500_000, 0, -10, 4_000_000))
    outcome = desk.run()
    scenes = pd.read_parquet(outcome.folder / "scenes.parquet").set_index("scene_id")
    row = scenes.loc[f"far_vv_{stamp(LOOKS[0])}"]
    assert (row["status"], row["cause"]) == ("skipped", "shows nothing of the AOI")
    pd.testing.assert_frame_equal(numbers(outcome), clean)
    saw(f"skipped: {row['cause']}; no number changes")


@case("C-09")
def test_half_of_the_aoi(desk, saw):
    image = sorted(desk.images.glob("*.tif"))[0]
    data = speckle(0)
    data[:, 60:] = np.nan
    radar(image, data, sidecar=True)
    outcome = desk.run()
    scenes = pd.read_parquet(outcome.folder / "scenes.parquet").set_index("scene_id")
    assert scenes.loc[image.stem, "aoi_coverage"] == pytest.approx(0.37, abs=0.03)
    looks = pd.read_parquet(outcome.folder / "looks.parquet").set_index(["scene_id", "zone_id"])
    assert looks.loc[(image.stem, "pier"), "state"] == "unknown"
    assert looks.loc[(image.stem, "roads"), "state"] == "usable"
    saw(f"coverage {scenes.loc[image.stem, 'aoi_coverage']:.2f}; the pier is unknown, the roads usable")


@case("C-03")
def test_a_zip_and_its_folder_are_one(tmp_path):
    zipped(write_safe(tmp_path), tmp_path / "again.zip")
    used, table = open_inputs([tmp_path], None, place_of(bbox=(133.0, 42.745, 133.01, 42.75)))
    assert len(used) == 1
    assert sorted(table["status"]) == ["duplicate_of", "used"]
