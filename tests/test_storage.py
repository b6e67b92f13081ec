"""Files appear by rename only, the same bytes each time, and what cannot be written changes nothing."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import storage
from pipeline.errors import EnvironmentFault
from pipeline.storage import replacing, write_bytes, write_json, write_text


def names_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


# by rename only


@given(st.binary(max_size=2000))
def test_what_was_written_is_what_is_read(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "bytes"
    write_bytes(path, content)
    assert path.read_bytes() == content


def test_folders_are_made_on_the_way(tmp_path):
    write_text(tmp_path / "a" / "b" / "c.txt", "Владивосток\n")
    assert (tmp_path / "a/b/c.txt").read_bytes() == "Владивосток\n".encode()


def test_the_file_has_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "out.csv"
    with replacing(path) as part:
        part.write_text("half")
        assert not path.exists()
        assert part.parent == path.parent, "a rename is atomic inside one file system only"
        part.write_text("whole")
    assert path.read_text() == "whole"
    assert names_in(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path, interruption):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def write_half():
        with replacing(path) as part:
            part.write_text("half of the n")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["out.csv"]


def test_the_content_is_synced_before_it_gets_its_name(tmp_path, monkeypatch):
    done = []
    sync, rename = os.fsync, os.replace
    monkeypatch.setattr(storage.os, "fsync", lambda fd: (done.append("sync"), sync(fd))[1])
    monkeypatch.setattr(storage.os, "replace", lambda a, b: (done.append("rename"), rename(a, b))[1])
    write_text(tmp_path / "a", "x")
    assert done == ["sync", "rename"]


def test_a_reader_of_the_old_file_is_not_disturbed(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old content")
    with path.open() as reader:
        write_text(path, "new")
        assert reader.read() == "old content"
    assert path.read_text() == "new"


# where it cannot be written


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EACCES, "permission denied"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_fault_of_the_machine_is_named_and_changes_nothing(tmp_path, monkeypatch, number, cause):
    path = tmp_path / "out.json"
    path.write_text("old")

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(storage.os, "replace", fail)
    with pytest.raises(EnvironmentFault, match=rf"out\.json: cannot be written: {cause} \(nothing was changed\)"):
        write_json(path, {})
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["out.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_without_permission_is_a_fault_of_the_machine(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    for path in (closed / "out.csv", closed / "below" / "out.csv"):
        with pytest.raises(EnvironmentFault, match="permission denied"):
            write_text(path, "x")


def test_a_folder_that_cannot_be_made_is_a_fault_of_the_machine(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", fail)
    with pytest.raises(EnvironmentFault, match="permission denied"):
        write_text(tmp_path / "new" / "out.csv", "x")


def test_a_file_where_a_folder_should_be_is_a_fault_of_the_machine(tmp_path):
    (tmp_path / "runs").write_text("in the way")
    for path in (tmp_path / "runs" / "out.csv", tmp_path / "runs" / "below" / "out.csv"):
        with pytest.raises(EnvironmentFault, match="cannot be written"):
            write_text(path, "x")
    assert (tmp_path / "runs").read_text() == "in the way"


def test_a_folder_where_the_file_should_be_is_a_fault_of_the_machine(tmp_path):
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        write_text(tmp_path / "out.csv", "x")
    assert names_in(tmp_path) == ["out.csv"]


def test_a_name_is_shown_on_one_line(tmp_path):
    (tmp_path / "a\nb").mkdir()
    with pytest.raises(EnvironmentFault, match=r"a\\nb: cannot be written"):
        write_text(tmp_path / "a\nb", "x")


# JSON


def test_json_is_sorted_readable_and_ends_in_a_newline(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": ["ß", None]})
    text = (tmp_path / "a.json").read_text("utf-8")
    assert text == '{\n "a": [\n  "ß",\n  null\n ],\n "b": 1\n}\n'
    assert json.loads(text) == {"a": ["ß", None], "b": 1}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_refuses_what_json_cannot_say_and_keeps_the_old_file(tmp_path, number):
    (tmp_path / "a.json").write_text("old")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"a": number})
    assert (tmp_path / "a.json").read_text() == "old"
