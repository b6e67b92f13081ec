"""A folder of good, bad and duplicate images gives one row for each, and nothing is counted twice."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from rasterio.transform import Affine

from pipeline.errors import ConfigError
from pipeline.ingest.found import Found, find_inputs
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.tables import SCENES
from pipeline.types import Sensor
from tests.builders import place_of
from tests.ingest.sentinel1.safe_product import PRODUCT, Recipe, write_manifest, write_safe, zipped
from tests.ingest.test_rasters import write

MARCH = (datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC))
DEGREES = {"crs": "EPSG:4326", "transform": Affine(1e-4, 0, 133.0, 0, -1e-4, 42.75)}
HERE = place_of(bbox=(133.0, 42.74, 133.01, 42.75))  # the first 100 x 100 pixels of such an image
OPTICAL = OpenOptions(sensor=Sensor.OPTICAL)


def image(path, seed=0, shape=(100, 100), **more):
    data = np.random.default_rng(seed).integers(20, 250, shape).astype(np.uint8)
    return write(path, data, **(DEGREES | more))


def rows(table):
    return {r.scene_id: (r.status, r.cause, r.duplicate_of) for r in table.itertuples()}


def test_every_input_has_one_row_and_one_bad_file_stops_nothing(tmp_path):
    image(tmp_path / "good_20240307.tif")
    (tmp_path / "empty.tif").touch()
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "notes.md").write_text("no image")
    (tmp_path / "S1A_X.SAFE.zip.part").write_bytes(b"PK")
    image(tmp_path / "april_20240401.tif", seed=1)
    image(tmp_path / "elsewhere_20240308.tif", seed=2, transform=Affine(1e-4, 0, 10.0, 0, -1e-4, 42.75))
    write(tmp_path / "bare_20240308.png", np.full((9, 9), 9, np.uint8), driver="PNG")
    used, table = open_inputs([tmp_path], OpenOptions(sensor=Sensor.OPTICAL, pixel_spacing_m=1), HERE, *MARCH)
    assert [s.scene_id for s in used] == ["good_20240307"]
    found = rows(table)
    assert len(found) == 7
    assert found["good_20240307"][0] == "degraded"
    assert "time of day unknown" in found["good_20240307"][1]
    for name, cause in {
        "empty.tif": "is empty",
        "text.png": "is no GeoTIFF",
        "S1A_X.SAFE.zip.part": "under way",
        "april_20240401": "acquired 2024-04-01, outside the period",  # its name states no hour, so noon is not shown
        "elsewhere_20240308": "nothing of the AOI",
        "bare_20240308": "no georeference",
    }.items():
        assert found[name][0] == "skipped"
        assert cause in found[name][1]
    SCENES.check(table)


def test_the_table_says_how_well_the_time_of_each_image_is_known(tmp_path):
    """Also for duplicates and images outside the period, where noon must not pass for a time."""
    image(tmp_path / "day_20240307.tif")
    shutil.copy(tmp_path / "day_20240307.tif", tmp_path / "same_20240307.tif")
    image(tmp_path / "april_20240401.tif", seed=1)
    image(tmp_path / "hour_20240308T021000.tif", seed=2)
    (tmp_path / "text.png").write_text("no image")
    _, table = open_inputs([tmp_path], OPTICAL, HERE, *MARCH)
    known = table.set_index("scene_id")["acquired_precision"].to_dict()
    assert known.pop("text.png") == ""
    assert {name.partition("_")[0]: word for name, word in known.items()} == {
        "day": "day", "same": "day", "april": "day", "hour": "moment"
    }  # fmt: skip


def test_equal_bytes_are_one_scene_under_any_name(tmp_path):
    image(tmp_path / "a_20240307.tif")
    (tmp_path / "sub").mkdir()
    shutil.copy(tmp_path / "a_20240307.tif", tmp_path / "sub" / "b_20240307.tif")
    shutil.copy(tmp_path / "a_20240307.tif", tmp_path / "sub" / "a_20240307.tif")
    used, table = open_inputs([tmp_path], OPTICAL, HERE)
    assert len(used) == 1
    assert sorted(r[0] for r in rows(table).values()) == ["degraded", "duplicate_of", "duplicate_of"]
    assert {r[2] for r in rows(table).values()} == {"", used[0].scene_id}


def test_order_of_paths_does_not_matter(tmp_path):
    for seed in range(3):
        image(tmp_path / f"a{seed}_2024030{seed + 1}.tif", seed)
    files = sorted(tmp_path.iterdir())
    first, second = (open_inputs(paths, OPTICAL, HERE)[1] for paths in (files, [*files[::-1], tmp_path]))
    assert first.astype(str).equals(second.astype(str))


def test_a_folder_and_its_zip_are_one_look(tmp_path):
    root = write_safe(tmp_path)
    zipped(root, tmp_path / "again.zip")
    used, table = open_inputs([tmp_path])
    assert len(used) == 1
    assert sorted(table["status"]) == ["duplicate_of", "used"]
    assert table["verified"].all()


def test_of_a_product_processed_twice_the_newest_stays(tmp_path):
    write_safe(tmp_path, Recipe(processed="2024-03-07T10:00:00"))
    write_safe(tmp_path, Recipe(product=PRODUCT[:-4] + "0001", processed="2024-06-01T10:00:00"))
    used, table = open_inputs([tmp_path])
    assert [s.scene_id for s in used] == [PRODUCT[:-4] + "0001"]
    assert rows(table)[PRODUCT] == ("duplicate_of", "same product, processed again", used[0].scene_id)


def test_a_data_take_cut_twice_is_one_look_and_the_next_slice_another(tmp_path):
    """The pass lasts 0.12 s here: a cut 0.03 s later overlaps by three quarters, one 0.15 s later not at all."""
    write_safe(tmp_path / "1")
    later = Recipe(product=PRODUCT[:-4] + "0002", seconds=0.15, origin=(132.998, 42.743), slice_number=4)
    later.product = "S1A_IW_GRDH_1SDV_20240307T092000_20240307T092026_052870_066610_0002"
    write_safe(tmp_path / "2", later)
    again = Recipe(seconds=0.03, slice_number=0)
    again.product = "S1A_IW_GRDH_1SDV_20240307T092000_20240307T092027_052870_066610_0003"
    write_safe(tmp_path / "3", again)
    used, table = open_inputs([tmp_path])
    causes = [r[1] for r in rows(table).values() if r[0] == "duplicate_of"]
    assert causes == ["same data take, cut at other lines"]
    assert later.product in [s.scene_id for s in used]
    assert len(used) == 2


@pytest.mark.parametrize("left_out", [(), ("noise-*",)], ids=["a preview put in", "noise left out"])
def test_copies_that_agree_with_one_manifest_are_one_look(tmp_path, left_out):
    """If two copies differ, the complete one is used, whichever comes first."""
    whole, other = write_safe(tmp_path / "2"), write_safe(tmp_path / "1")
    (whole / "preview").mkdir()
    (whole / "preview" / "quick-look.png").write_bytes(b"made since")
    for pattern in left_out:
        for path in list(other.rglob(pattern)):
            path.unlink()
    used, table = open_inputs([tmp_path])
    assert len(used) == 1
    assert set(table["cause"]) == {"", "same product, in another copy"}
    assert not left_out or used[0].source.href == str(whole)


def test_one_name_with_two_contents_is_refused_unless_one_is_sound(tmp_path):
    write_safe(tmp_path / "1")
    write_safe(tmp_path / "2", Recipe(dn={"VV": np.full((80, 100), 7, np.uint16)}))
    used, table = open_inputs([tmp_path])
    assert used == []
    assert set(table["cause"]) == {"another product of the same name has other bytes"}
    root = tmp_path / "2" / f"{PRODUCT}.SAFE"
    tiff = next((root / "measurement").glob("*vv*"))
    raw = bytearray(tiff.read_bytes())
    raw[-3] ^= 1
    tiff.write_bytes(raw)
    used, table = open_inputs([tmp_path])
    assert len(used) == 1
    assert table.loc[table["status"] == "skipped", "cause"].str.contains("MD5 differs").all()


def test_what_was_odd_about_a_fetched_image_is_in_its_row(tmp_path):
    """Rows of zeros that come again when fetched anew are used, but with a warning."""
    path = image(tmp_path / "x.tif")
    (row,) = rows(open_inputs([Found(path, doubt="band 1 holds 4 rows of zeros")], OPTICAL)[1]).values()
    assert row[0] == "degraded"
    assert row[1].startswith("band 1 holds 4 rows of zeros (alike when fetched anew)")


def test_a_time_that_is_not_known_cannot_be_in_the_period(tmp_path):
    image(tmp_path / "a.tif")
    assert len(open_inputs([tmp_path], OPTICAL, HERE)[0]) == 1
    used, table = open_inputs([tmp_path], OPTICAL, HERE, *MARCH)
    assert used == []
    assert "time unknown" in table["cause"].iloc[0]


def test_a_damaged_image_is_unknown_at_the_time_that_its_sidecar_or_name_states(tmp_path):
    """The lost look has a day; a day without an hour, or one outside the period, is not given as a time."""
    names = ("a_20240308T021000.tif", "b.tif", "c_20240309.tif", "d_20240501T021000.tif", "e.tif")
    for name in names:
        (tmp_path / name).write_bytes(b"II*\0 and no more")
    (tmp_path / "b.json").write_text('{"acquired": "2024-03-07T10:00:00+09:00"}')
    (tmp_path / "e.json").write_text("{no json")
    _, table = open_inputs([tmp_path], OPTICAL, HERE, *MARCH)
    assert (table["status"] == "skipped").all()
    times = table.set_index("scene_id")["acquired"]
    assert f"{times['a_20240308T021000.tif']:%d %H:%M}" == "08 02:10"
    assert f"{times['b.tif']:%d %H:%M}" == "07 01:00"
    assert times[list(names[2:])].isna().all()
    assert open_inputs([tmp_path], OPTICAL, HERE)[1]["acquired"].notna().sum() == 3, "of no period it tells May, too"


def test_options_that_make_no_sense_stop_the_run(tmp_path):
    with pytest.raises(ConfigError, match="scaling"):
        open_inputs([tmp_path], OpenOptions(scaling="loud"))
    with pytest.raises(ConfigError, match="land mask"):
        open_inputs([tmp_path], OpenOptions(land=tmp_path / "none.tif"))


def test_a_missing_path_is_a_row_and_no_input_is_an_empty_table(tmp_path):
    _, table = open_inputs([Path(tmp_path / "gone.tif")])
    assert "no such file" in table["cause"].iloc[0]
    used, table = open_inputs([tmp_path])
    assert (used, len(table)) == ([], 0)
    assert find_inputs([tmp_path]) == []


def test_a_manifest_path_means_its_product(tmp_path):
    root = write_safe(tmp_path)
    used, _ = open_inputs([root / "manifest.safe", root])
    assert [s.scene_id for s in used] == [PRODUCT]
    write_manifest(root, [], "x")
    assert "lists no files" in open_inputs([root])[1]["cause"].iloc[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html>Please log in", "but a web page (a download that failed, or wanted a login)"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "but a pointer of Git LFS"),
        (b"%PDF-1.7\n", "but a PDF"),
        (b"\x89HDF\r\n\x1a\n", "but HDF5, as netCDF files are"),
        (b"PK\x03\x04", "but a zip archive under another name"),
        (b"\x00\x01\x02", "file"),
    ],
)
def test_what_a_file_is_in_place_of_an_image_is_told(tmp_path, content, said):
    (tmp_path / "S2A_20240310.tif").write_bytes(content)
    _, table = open_inputs([tmp_path])
    assert table["cause"][0].startswith("is no GeoTIFF, PNG, JPEG or JPEG2000 file")
    assert said in table["cause"][0]
    assert table["cause"][0].endswith(said) or "LFS" in said


def test_a_picture_that_lies_nowhere_is_not_asked_for_its_pixel_size_where_a_place_is_asked_about(tmp_path):
    """A screenshot cannot be laid over the AOI, whatever its pixel size."""
    write(tmp_path / "shot.png", np.random.default_rng(0).integers(0, 255, (3, 90, 90)).astype(np.uint8), driver="PNG")
    (tmp_path / "shot.pgw").write_text("1\n0\n0\n-1\n0\n0\n")
    _, table = open_inputs([tmp_path], None, HERE)
    assert table["cause"][0].startswith("has no georeference, so it cannot be laid over the AOI; ")
    assert "pixel spacing" not in table["cause"][0]
    assert "give its pixel spacing" in open_inputs([tmp_path])[1]["cause"][0]


def test_a_name_of_two_lines_is_told_once(tmp_path):
    image(tmp_path / "new\nline.tif")
    _, table = open_inputs([tmp_path])
    assert table["cause"][0].startswith("nothing in the file or its name tells its sensor")
