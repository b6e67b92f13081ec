"""The cache: entries made once, whole or not at all, checked when used, and limited in size."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.ingest.catalogue.cache import SEAL, STALE_PART_S, Cache, key_of


def maker(text="content", calls=None):
    def make(folder):
        if calls is not None:
            calls.append(folder)
        (folder / "sub").mkdir()
        (folder / "sub/file.bin").write_text(text)

    return make


def test_an_entry_is_made_once(tmp_path):
    cache, calls = Cache(tmp_path, 1e9), []
    first = cache.entry({"a": 1}, maker(calls=calls))
    assert cache.entry({"a": 1}, maker(calls=calls)) == first
    assert len(calls) == 1
    assert first.name == key_of({"a": 1})
    assert (first / "sub/file.bin").read_text() == "content"
    assert cache.entry({"a": 2}, maker(calls=calls)) != first


def test_an_entry_that_fails_leaves_nothing(tmp_path):
    def make(folder):
        (folder / "half.bin").write_text("half")
        raise InputError("scene", "is not to be had")

    with pytest.raises(InputError):
        Cache(tmp_path, 1e9).entry({}, make)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("harm", ["byte", "missing", "more", "seal", "no seal"])
def test_an_entry_that_changed_is_made_again(tmp_path, harm):
    cache, calls = Cache(tmp_path, 1e9), []
    folder = cache.entry({}, maker(calls=calls))
    target = folder / "sub/file.bin"
    if harm == "byte":
        target.write_text("c0ntent")
    elif harm == "missing":
        target.unlink()
    elif harm == "more":
        (folder / "other").write_text("x")
    elif harm == "seal":
        (folder / SEAL).write_text("{}")
    else:
        (folder / SEAL).unlink()
    assert (cache.entry({}, maker(calls=calls)) / "sub/file.bin").read_text() == "content"
    assert len(calls) == 2


def test_the_longest_unused_go_first_and_those_in_use_stay(tmp_path):
    cache = Cache(tmp_path, 2500)
    folders = [cache.entry({"n": n}, maker("x" * 1000)) for n in range(4)]
    for age, folder in enumerate(folders):
        os.utime(folder / SEAL, (1000 + age, 1000 + age))
    cache.entry({"n": 1}, maker())  # used again
    assert cache.prune(kept={folders[0]}) == 2
    assert [f.is_dir() for f in folders] == [True, True, False, False]
    assert cache.prune(kept={folders[0]}) == 0


def test_an_entry_that_another_process_removes_meanwhile_is_gone(tmp_path, monkeypatch):
    """When two runs tidy one cache, the slower must not fail with "no such file"."""
    cache = Cache(tmp_path, 500)
    for n in range(2):
        cache.entry({"n": n}, maker("x" * 1000))
    real = Path.rglob

    def rglob(folder, pattern):
        found = list(real(folder, pattern))
        shutil.rmtree(folder)
        return found

    monkeypatch.setattr(Path, "rglob", rglob)
    cache.prune()
    assert list(tmp_path.iterdir()) == []


def test_two_who_make_the_same_entry_at_once_both_get_it(tmp_path):
    cache, meet, got = Cache(tmp_path, 1e9), threading.Barrier(2, timeout=10), []

    def make(folder):
        meet.wait()
        (folder / "f").write_text("same")

    threads = [threading.Thread(target=lambda: got.append(cache.entry({}, make))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(got) == 2
    assert (got[0] / "f").read_text() == "same"
    assert [p.name for p in tmp_path.iterdir()] == [key_of({})]


def test_what_a_killed_process_left_goes_in_time(tmp_path):
    cache = Cache(tmp_path, 1e9)
    left, written = tmp_path / ".abc.1.12345678.part", tmp_path / ".abc.2.12345678.part"
    for part in (left, written):
        part.mkdir()
        (part / "half.bin").write_text("half")
    long_ago = left.stat().st_mtime - STALE_PART_S - 60
    os.utime(left, (long_ago, long_ago))
    folder = cache.entry({}, maker())
    assert sorted(tmp_path.iterdir()) == sorted([folder, written])


def test_an_entry_of_a_cache_that_is_only_read_is_used(tmp_path, monkeypatch):
    cache, calls = Cache(tmp_path, 1e9), []
    folder = cache.entry({}, maker(calls=calls))

    def refused(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "utime", refused)
    assert cache.entry({}, maker(calls=calls)) == folder
    assert len(calls) == 1
