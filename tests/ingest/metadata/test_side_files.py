"""Files beside an image are evidence: each that says something about it is found and hashed, and no other."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.metadata.side_files import parse_line, side_files, to_lines
from pipeline.ingest.scenes import open_scene
from pipeline.ingest.unchanged import require_unchanged
from pipeline.simulation.optical import Light, MapFrame
from pipeline.simulation.optical_products import Picture, write_picture
from pipeline.types import utc
from tests.cases.desk import describe, radar

FRAME = MapFrame(32653, 5e5, 4.7e6, 0.5, (24, 24))
LIGHT = Light(33.4, 151.2, 17.3, 248.9)


@pytest.fixture
def product(tmp_path):
    """An image as an operator delivers it, in one of several layouts."""
    pixels = np.full((4, 24, 24), 0.06, np.float32)
    picture = Picture("sim1", FRAME, pixels, ("B", "G", "R", "N"), "SIM-1", utc("2024-03-08T02:10:00Z"), LIGHT)
    return lambda style: write_picture(tmp_path, picture, style)


@pytest.mark.parametrize("style", ["minimal", "planet", "airbus", "maxar"])
def test_every_metadata_file_of_an_operator_is_there_with_its_hash(product, style):
    """Truth: every file that the writer put beside the image, hashed by hashlib."""
    image = product(style)
    there = sorted(p for p in image.parent.iterdir() if p != image)
    assert there
    told = {one.name: one.sha256 for one in side_files(image)}
    assert told == {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in there}
    assert open_scene(image).source.side_files == side_files(image)


def test_polynomials_count_and_foreign_files_do_not(product):
    image = product("minimal")
    (image.parent / f"{image.stem}.RPB").write_text("lineOffset = 1;")
    (image.parent / f"{image.stem}.tfw").write_text("1\n0\n0\n1\n0\n0\n")
    (image.parent / f"{image.name}.aux.xml").write_text("<PAMDataset/>")
    (image.parent / "neighbour.json").write_text('{"acquired": "2024-03-08T02:10:00Z"}')
    assert [one.name for one in side_files(image)] == [f"{image.stem}.RPB", f"{image.stem}.json"]


def test_a_json_of_the_same_name_about_something_else_is_no_side_file(tmp_path):
    image = radar(tmp_path / "a_20240308.tif")
    image.with_suffix(".json").write_text('{"type": "Feature"}')
    assert side_files(image) == ()


def test_a_sidecar_that_makes_its_image_unusable_is_listed_with_it(tmp_path):
    image = radar(tmp_path / "a_20240308.tif")
    image.with_suffix(".json").write_text("no JSON")
    _, table = open_inputs([image])
    assert table.loc[0, "status"] == "skipped"
    assert table.loc[0, "side_files"] == [f"{hashlib.sha256(b'no JSON').hexdigest()}  a_20240308.json"]


def test_an_image_is_not_read_by_a_sidecar_that_nobody_could_hash(tmp_path, monkeypatch):
    """The first read, for the hash, fails as a disk may; the second, for its content, would succeed."""
    image = radar(tmp_path / "a_20240308.tif", sidecar=True)

    def failing(path):
        raise InputError(path, "cannot be read")

    monkeypatch.setattr("pipeline.ingest.metadata.side_files.sha256_of", failing)
    _, table = open_inputs([image])
    assert (table.loc[0, "status"], "a_20240308.json: cannot be read" in table.loc[0, "cause"]) == ("skipped", True)


def test_a_list_can_be_read_back(tmp_path):
    image = radar(tmp_path / "two  blanks.tif", sidecar=True)
    (one,) = side_files(image)
    assert [parse_line(line) for line in to_lines([one])] == [(one.sha256, "two  blanks.json")]


def test_a_sidecar_that_changes_after_its_image_was_opened_is_told(tmp_path):
    image = radar(tmp_path / "a_20240308.tif", sidecar=True)
    source = open_scene(image).source
    require_unchanged(source)
    before = json.loads(image.with_suffix(".json").read_text())
    describe(image, **before)
    require_unchanged(source)  # rewritten with the same bytes
    describe(image, acquired="2024-03-09T00:00:00Z")
    with pytest.raises(InputError, match="changed while it was read"):
        require_unchanged(source)
    image.with_suffix(".json").unlink()
    with pytest.raises(InputError, match="vanished"):
        require_unchanged(replace(source))
