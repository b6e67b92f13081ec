"""All other files in the inputs' folders are found in a single walk."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.ingest import unread_files


def test_a_folder_is_walked_once_even_where_it_is_named_for_images_and_for_ais(tmp_path, monkeypatch):
    """On a network disk a walk takes minutes."""
    for name in ("b.tar.gz", "._a.tif", "deep/c.nc", "S1A.SAFE/d.bmp", ".hidden/e.nc", "f.tif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    walked, walk = [], os.walk
    monkeypatch.setattr(unread_files.os, "walk", lambda folder, *more: walked.append(folder) or walk(folder, *more))
    (hidden, harmless), (unread, look_missing) = unread_files.unread_messages([tmp_path, tmp_path], [tmp_path])
    assert walked.count(tmp_path) == 1
    assert "hidden files are left out (2, the first: ._a.tif)" in hidden
    assert "2 files of kinds that are not read (the first: b.tar.gz)" in unread
    assert (harmless, look_missing) == (False, True)


def test_of_a_folder_of_ais_only_hidden_files_are_told(tmp_path):
    for name in ("b.tar.gz", "._a.csv"):
        (tmp_path / name).write_bytes(b"x")
    ((line, _),) = unread_files.unread_messages([], [tmp_path])
    assert "hidden files are left out (1, " in line
    assert unread_files.unread_messages([Path(tmp_path, "b.tar.gz")], []) == [], "a file holds nothing"
