"""Files that decode slowly are decoded whole only once: when the note of it is believed, and what it may never hide."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.ingest import proven
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.proven import open_proven
from pipeline.ingest.rasters import open_raster
from pipeline.ingest.scenes import open_scene
from tests.ingest.test_rasters import write
from tests.ingest.test_unpacked import LOSSLESS, SHAPE, loose_tile, numbers


@pytest.fixture
def image(tmp_path):
    return write(tmp_path / "a.jp2", numbers(1, np.uint16), **LOSSLESS)


@pytest.fixture
def decoded(monkeypatch):
    """Names of the files that were decoded whole."""
    seen = []

    def noted(path, **options):
        if options.get("whole", True):
            seen.append(path.name)
        return open_raster(path, **options)

    monkeypatch.setattr(proven, "open_raster", noted)
    return seen


def test_equal_bytes_are_decoded_whole_once_under_any_name(image, tmp_path, decoded):
    first = open_proven(image, tmp_path / "notes")
    other = tmp_path / "b.jp2"
    other.write_bytes(image.read_bytes())
    again = open_proven(image, tmp_path / "notes")
    open_proven(other, tmp_path / "notes")
    assert decoded == ["a.jp2"]
    assert again == first


def test_what_was_doubtful_is_told_again(tmp_path, decoded):
    sea = np.full((SHAPE[0], 400), 7, np.uint16)
    sea[SHAPE[0] // 2] = 0
    path = write(tmp_path / "a.jp2", sea, **LOSSLESS)
    doubts = [open_proven(path, tmp_path / "notes").doubt for _ in range(2)]
    assert decoded == ["a.jp2"]
    assert doubts[0] == doubts[1] != ""


def damaged(content: bytes) -> bytes:
    """The same length, with a tile in the middle overwritten."""
    middle = len(content) // 2
    return content[:middle] + bytes(400) + content[middle + 400 :]


@pytest.mark.parametrize("spoil", [damaged, lambda content: content[: len(content) // 2]], ids=["zeros", "cut off"])
def test_a_file_that_was_sound_and_no_longer_is_is_judged_by_what_it_is_now(image, tmp_path, decoded, spoil):
    open_proven(image, tmp_path / "notes")
    image.write_bytes(spoil(image.read_bytes()))
    verdicts = []
    for notes in (None, tmp_path / "notes"):
        try:
            verdicts.append(open_proven(image, notes).doubt)
        except InputError as error:
            verdicts.append(error.cause)
    assert verdicts[0] == verdicts[1]  # overwritten bytes may decode to other numbers without any error
    assert decoded == ["a.jp2"] * 3


def test_a_refusal_is_never_noted(image, tmp_path, decoded):
    image.write_bytes(image.read_bytes()[: image.stat().st_size // 2])
    for _ in range(2):
        with pytest.raises(InputError, match="damaged"):
            open_proven(image, tmp_path / "notes")
    assert len(decoded) == 2


def edited(text: str) -> str:
    return json.dumps(json.loads(text) | {"doubt": "nothing to see here"})


@pytest.mark.parametrize("spoil", [edited, lambda text: text[:20], lambda _: "[]", lambda _: ""])
def test_a_note_that_is_torn_or_edited_is_none(image, tmp_path, decoded, spoil):
    open_proven(image, tmp_path / "notes")
    (note,) = (tmp_path / "notes").iterdir()
    note.write_text(spoil(note.read_text()))
    assert open_proven(image, tmp_path / "notes").doubt == ""
    assert decoded == ["a.jp2", "a.jp2"]


def test_another_version_of_the_code_or_of_a_library_believes_no_note(image, tmp_path, decoded, monkeypatch):
    open_proven(image, tmp_path / "notes")
    monkeypatch.setattr(proven, "library_versions", lambda: {"gdal (rasterio)": "0"})
    open_proven(image, tmp_path / "notes")
    assert decoded == ["a.jp2", "a.jp2"]


def test_without_a_place_for_notes_it_is_decoded_each_time(image, tmp_path, decoded):
    (tmp_path / "file").write_text("no folder")
    for notes in (None, None, tmp_path / "file" / "notes"):
        open_proven(image, notes)
    assert len(decoded) == 3


def test_a_file_that_changes_while_it_is_decoded_is_not_noted(image, tmp_path, monkeypatch):
    def meddled(path, **options):
        raster = open_raster(path, **options)
        path.write_bytes(path.read_bytes() + b"\0")
        return raster

    monkeypatch.setattr(proven, "open_raster", meddled)
    open_proven(image, tmp_path / "notes")
    assert not (tmp_path / "notes").exists()


def test_loose_bands_are_decoded_once_and_one_that_breaks_is_still_left_out(tmp_path, decoded):
    first = loose_tile(tmp_path / "set") / "T52SXX_20240310T020621_B02_10m.jp2"
    options = OpenOptions(proven=tmp_path / "notes")
    sound = open_scene(first, options)
    assert open_scene(first, options).degraded == sound.degraded
    assert len(decoded) == 5
    green = first.with_name("T52SXX_20240310T020621_B03_10m.jp2")
    green.write_bytes(green.read_bytes()[:2000])
    scene = open_scene(first, options)
    assert "B03" not in scene.bands
    assert any("without B03" in doubt for doubt in scene.degraded)
