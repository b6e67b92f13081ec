"""Finding inputs in folders: each once, with links and unreadable folders reported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.ingest.found import find_inputs
from pipeline.ingest.inputs import open_inputs
from tests.ingest.test_inputs import OPTICAL, image


def test_a_link_beside_its_image_changes_nothing(tmp_path):
    """The link sorts before the image, both by itself and through a linked folder."""
    folder = tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    real = image(folder / "sub" / "x.tif")
    before = find_inputs([folder])
    (folder / "a.tif").symlink_to(real)
    (folder / "a_sub").symlink_to(folder / "sub", target_is_directory=True)
    assert [found.path for found in find_inputs([folder])] == [found.path for found in before] == [real]


def test_a_folder_that_may_not_be_entered_stops_nothing(tmp_path, monkeypatch):
    """Without permission to enter a folder, every question about its contents is an error."""
    image(tmp_path / "x.tif")
    locked = tmp_path / "locked"
    locked.mkdir()
    ask, enter = Path.stat, os.access

    def stat(path, **how):
        if path.parent == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return ask(path, **how)

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(os, "access", lambda path, mode: path != locked and enter(path, mode))
    found = find_inputs([tmp_path])
    assert [(f.path.name, bool(f.refused)) for f in found] == [("locked", True), ("x.tif", False)]


def test_links_that_lead_back_are_walked_once(tmp_path):
    """Two links to their own folder, as "latest" and "current" may be, must not be followed without end."""
    kept = image(tmp_path / "x.tif")
    (tmp_path / "sub").mkdir()
    for name in ("latest", "current", "sub/up"):
        (tmp_path / name).symlink_to(tmp_path)
    assert [f.path for f in find_inputs([tmp_path])] == [kept]


@pytest.mark.parametrize("target", ["self.tif", "gone.tif"])
def test_a_link_that_leads_nowhere_is_one_row(tmp_path, target):
    image(tmp_path / "x.tif")
    (tmp_path / "self.tif").symlink_to(target)
    _, table = open_inputs([tmp_path])
    causes = dict(zip(table["scene_id"], table["cause"], strict=True))
    assert causes["self.tif"] == "is a link that leads nowhere"
    assert len(causes) == 2


def test_links_out_of_the_folder_are_refused(tmp_path):
    outside = image(tmp_path / "outside_20240307.tif")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.tif").symlink_to(outside)
    used, table = open_inputs([folder], OPTICAL)
    assert used == []
    assert "link that leads out" in table["cause"].iloc[0]
