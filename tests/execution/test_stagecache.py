"""What stages made: found again under the same parts, never under others, and never where a bit of it changed."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.execution.stagecache import StageCache


@pytest.fixture
def cache(tmp_path) -> StageCache:
    return StageCache(tmp_path, common={"code": "1", "libraries": {"numpy": "2.1", "gdal": "3.10"}})


def test_what_was_stored_comes_back(cache):
    slot = cache.slot("detect", "scene", settings={"a": 1}, input="abc")
    assert slot.load() is None
    assert slot.why() == "run: nothing kept"
    slot.store(b"table", {"n": 3})
    assert slot.load() == (b"table", {"n": 3})
    assert slot.why() == "kept"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"settings": {"a": 2, "b": {"c": 1}}}, "run: changed a"),
        ({"settings": {"a": 1, "b": {"c": 5}}}, "run: changed b.c"),
        ({"input": "other"}, "run: changed the input"),
    ],
    ids=["a setting", "an inner setting", "the input"],
)
def test_another_question_is_told_by_what_changed(cache, change, why):
    parts = {"settings": {"a": 1, "b": {"c": 1}}, "input": "abc"}
    cache.slot("detect", "scene", **parts).store(b"x", {})
    slot = cache.slot("detect", "scene", **(parts | change))
    assert slot.load() is None
    assert slot.why() == why


@pytest.mark.parametrize(
    ("common", "why"),
    [({"code": "2", "libraries": {"numpy": "2.1", "gdal": "3.10"}}, "the code"),
     ({"code": "1", "libraries": {"numpy": "2.1", "gdal": "3.12"}}, "gdal")],
    ids=["code", "a library"],
)  # fmt: skip
def test_other_code_and_other_libraries_find_nothing(cache, tmp_path, common, why):
    cache.slot("detect", "scene", input="abc").store(b"x", {})
    slot = StageCache(tmp_path, common=common).slot("detect", "scene", input="abc")
    assert slot.load() is None
    assert slot.why() == f"run: changed {why}"


@settings(deadline=None, max_examples=30)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), note=st.booleans())
def test_no_changed_bit_is_believed(tmp_path_factory, place, bit, note):
    slot = StageCache(tmp_path_factory.mktemp("c"), common={}).slot("detect", "scene")
    slot.store(b"some table", {"law": "gamma", "n": 3})
    path = slot.note if note else slot.payload
    raw = bytearray(path.read_bytes())
    raw[int(place * len(raw))] ^= 1 << bit
    path.write_bytes(raw)
    assert slot.load() in (None, (b"some table", {"law": "gamma", "n": 3}))
    if not note:
        assert slot.load() is None
        assert slot.why() == "run: what was kept is damaged"


def test_fresh_reads_nothing_and_keeps_what_it_makes(cache, tmp_path):
    cache.slot("detect", "scene").store(b"old", {})
    fresh = StageCache(tmp_path, ignore=True, common=cache.common).slot("detect", "scene")
    assert fresh.load() is None
    assert fresh.why() == "run: --fresh"
    fresh.store(b"new", {})
    assert cache.slot("detect", "scene").load() == (b"new", {})


def test_the_oldest_results_go_first(cache):
    slots = [cache.slot("detect", f"scene {n}") for n in range(4)]
    for n, slot in enumerate(slots):
        slot.store(bytes(100), {})
        os.utime(slot.payload, (1000 + n, 1000 + n))
    cache.tidy(limit_bytes=250)
    assert [slot.load() is not None for slot in slots] == [False, False, True, True]
