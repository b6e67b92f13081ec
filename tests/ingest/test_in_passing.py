"""A raster decoded while it is read gives the same numbers, causes and doubts as one decoded whole in advance."""

from __future__ import annotations

import os
import signal
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.errors import EnvironmentFault, InputError
from pipeline.ingest import decoder, in_passing
from pipeline.ingest.in_passing import Passing, PassingRaster, open_in_passing
from pipeline.ingest.rasters import open_raster
from pipeline.ingest.scenes import open_scene, with_decoding_doubt
from pipeline.types import Window
from tests.ingest.test_rasters import write
from tests.ingest.test_scenes import RADAR

SHAPE = (100, 90)


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch):
    monkeypatch.setattr(in_passing, "MIN_PX", 0)
    monkeypatch.setattr(in_passing, "BUFFER_BYTES", 1 << 16)
    monkeypatch.setattr(in_passing, "STRIP_ROWS", 16)


def sea(bands=2):
    return np.random.default_rng(0).integers(1, 500, (bands, *SHAPE)).astype(np.uint16)


@pytest.fixture
def image(tmp_path):
    return write(
        tmp_path / "a.tif", sea(), compress="deflate", tiled=True, blockxsize=16, blockysize=16, interleave="band"
    )


def strips():
    return [Window(row, 0, min(30, SHAPE[0] - row), SHAPE[1]) for row in range(0, SHAPE[0], 30)]


def test_windows_hold_what_is_stored_before_and_after_all_has_passed(image):
    raster = open_in_passing(image)
    assert isinstance(raster, PassingRaster)
    np.testing.assert_array_equal(raster.read(Window(3, 5, 70, 11), (2,)), sea()[1:, 3:73, 5:16])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(raster.read, strips()))
    np.testing.assert_array_equal(np.concatenate(found, axis=1), sea())
    assert raster.passing.finished
    np.testing.assert_array_equal(raster.read(Window(3, 5, 70, 11), (2,)), sea()[1:, 3:73, 5:16])


def walked(raster, **how):
    """Windows from left to right, strip by strip, each with the stored pixels."""
    for row in range(0, SHAPE[0], in_passing.STRIP_ROWS):
        rows = min(in_passing.STRIP_ROWS, SHAPE[0] - row)
        for col in range(0, SHAPE[1], 40):
            window = Window(row, col, rows, min(40, SHAPE[1] - col))
            here = np.s_[:, row : row + rows, col : col + window.cols]
            np.testing.assert_array_equal(raster.read(window, **how), sea()[here])


def test_windows_beside_each_other_have_their_strip_handed_over_once(image, monkeypatch):
    asked = []
    monkeypatch.setattr(Passing, "_ask", lambda self, what, ask=Passing._ask: asked.append(what) or ask(self, what))
    raster = open_in_passing(image)
    walked(raster)
    assert raster.passing.finished
    handed = [(what["band"], what["window"][0]) for what in asked if "window" in what]
    assert sorted(handed) == [(band, row) for band in (1, 2) for row in range(0, 100, 16)]
    walked(raster)  # and read normally afterwards


def test_a_window_alone_has_nothing_decoded_for_its_neighbours(image):
    raster = open_in_passing(image)
    walked(raster, alone=True)
    assert not raster.passing.finished
    assert not raster.passing._passed.any()


def test_threads_that_come_later_take_the_rooms_of_those_that_went(image):
    raster = open_in_passing(image)
    for row in range(0, 80, 16):
        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(raster.read, Window(row, 0, 16, 50)).result()
        np.testing.assert_array_equal(found, sea()[:, row : row + 16, :50])
    assert raster.passing._n_buffers == 1


def test_more_threads_than_the_helper_reaches_at_once(image):
    """It releases the room that it has mapped the longest, and maps it again when asked."""
    threads = 2 * decoder.MAX_BUFFERS
    together = threading.Barrier(threads)

    def both_ways(n):
        together.wait(60)
        return [raster.read(Window(row, n, 16, 50)) for row in (0, 16)]

    raster = open_in_passing(image)
    with ThreadPoolExecutor(threads) as pool:
        for n, found in enumerate(pool.map(both_ways, range(threads))):
            np.testing.assert_array_equal(np.concatenate(found, axis=1), sea()[:, :32, n : n + 50])


def test_no_memory_for_one_more_thread_is_no_fault_of_the_file(image, monkeypatch):
    raster = open_in_passing(image)

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "ftruncate", full)
    with pytest.raises(EnvironmentFault, match=r"a.tif: not enough memory"):
        raster.read(Window(0, 0, 16, 50))


def test_what_was_not_read_is_decoded_in_the_end(image):
    raster = open_in_passing(image)
    raster.read(Window(30, 0, 30, SHAPE[1]), (1,))
    assert not raster.passing.finished
    assert raster.passing.finish() == ""
    assert raster.passing.finished


def test_other_reads_wait_for_the_whole(image):
    raster = open_in_passing(image)
    assert raster.sample(10).shape == (2, 10, 9)
    assert raster.passing.finished


def damaged(image):
    """The file with some of the last band's bytes overwritten."""
    content = bytearray(image.read_bytes())
    content[-3000:-2000] = b"\xff" * 1000
    image.write_bytes(content)
    return image


def test_damage_has_the_same_cause_whenever_it_is_met(image):
    damaged(image)
    with pytest.raises(InputError) as early:
        open_raster(image)
    raster = open_in_passing(image)
    with pytest.raises(InputError) as late:
        [raster.read(window) for window in strips()]
    assert str(late.value) == str(early.value)
    with pytest.raises(InputError, match=r"a.tif: is damaged"):  # and the next read fails too
        raster.passing.finish()


def test_a_scene_is_not_settled_while_a_band_that_nobody_read_is_damaged(image):
    options = replace(RADAR, bands={"VV": 1})
    scene = open_scene(damaged(image), options, all_read=True)
    assert scene.read(Window(0, 0, 100, 90)).valid.all()
    with pytest.raises(InputError, match=r"a.tif: is damaged"):
        with_decoding_doubt(scene)


def test_a_decoder_that_crashes_costs_only_the_file(image):
    raster = open_in_passing(image)
    raster.read(strips()[0])
    process = raster.passing._helper.process
    os.kill(process.pid, signal.SIGSEGV)
    with pytest.raises(InputError, match=r"a.tif: cannot be decoded: the decoder ended with SIGSEGV"):
        raster.read(strips()[1])
    assert open_raster(image).count == 2  # the next read finds another helper


def test_a_lost_sector_is_a_doubt_of_the_scene(tmp_path):
    """On the last line of one strip or the first of another, where only one neighbour is in the strip."""
    for line in (10, 29, 30, 99):
        data = np.random.default_rng(0).integers(1, 500, (1, 100, 600)).astype(np.uint16)
        data[0, line, 100:400] = 0
        image = write(tmp_path / f"{line}.tif", data)
        scene = open_scene(image, RADAR, all_read=True)
        for row in range(0, 60, 30):
            scene.read(Window(row, 0, 30, 600))
        assert with_decoding_doubt(scene).degraded == open_scene(image, RADAR).degraded
        assert f"line {line} holds 300 zeros" in with_decoding_doubt(scene).degraded[0]


def test_a_frame_of_zeros_that_ends_with_a_strip_is_no_lost_sector(tmp_path):
    data = np.random.default_rng(0).integers(1, 500, (1, 100, 600)).astype(np.uint16)
    data[0, 29:60] = 0  # in the strip up to line 29 only one line is empty
    scene = open_scene(write(tmp_path / "a.tif", data), RADAR, all_read=True)
    for row in range(0, 100, 30):
        scene.read(Window(row, 0, min(30, 100 - row), 600))
    assert with_decoding_doubt(scene).degraded == scene.degraded


@pytest.mark.parametrize("data", [sea().astype(np.float32), sea().astype(np.uint8)], ids=["float32", "uint8"])
def test_other_numbers_are_decoded_in_advance(tmp_path, data):
    raster = open_in_passing(write(tmp_path / "a.tif", data))
    assert not isinstance(raster, PassingRaster)


def test_without_shared_memory_a_file_is_decoded_in_advance(image, monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    assert not isinstance(open_in_passing(image), PassingRaster)
    with pytest.raises(InputError, match="is damaged"):
        open_in_passing(damaged(image))


def test_proc_may_count_processes_otherwise(image, monkeypatch):
    """In a process namespace of its own under the outer /proc, its own number is another process there."""
    beyond_all = SimpleNamespace(**{**vars(os), "getpid": lambda: 2**22 + 1})
    monkeypatch.setattr(in_passing, "os", beyond_all)
    raster = open_in_passing(image)
    assert isinstance(raster, PassingRaster)
    np.testing.assert_array_equal(raster.read(Window(0, 0, *SHAPE)), sea())


@pytest.mark.parametrize("where", ["here", "there"])
def test_where_memory_cannot_be_shared_after_all_a_file_is_decoded_in_advance(image, monkeypatch, where):
    """Either no more files can be opened here, or the helper's /proc shows no other process's files."""
    if where == "here":
        monkeypatch.setattr(os, "memfd_create", lambda name: os.open("/proc/self/no such file", os.O_RDWR))
    else:
        monkeypatch.setattr(in_passing.os.path, "realpath", lambda path: "/proc/0")
    assert not isinstance(open_in_passing(image), PassingRaster)
    with pytest.raises(InputError, match="is damaged"):
        open_in_passing(damaged(image))


def test_a_damaged_file_is_let_go_at_once(image):
    """Its shared memory too: many such files in a batch must not add up until Python collects garbage."""
    raster = open_in_passing(damaged(image))
    gone = weakref.ref(raster.passing)
    with pytest.raises(InputError) as met:
        raster.passing.finish()
    del met, raster
    assert gone() is None


def test_a_raster_that_nobody_finishes_frees_its_helper(image):
    raster = open_in_passing(image)
    process = raster.passing._helper.process
    assert isinstance(raster.passing, Passing)
    del raster
    assert process.wait(10) != 0


@pytest.mark.parametrize("sensor", ["sentinel-1", "sentinel-2"])
@pytest.mark.parametrize("fault", ["none", "damaged"])
def test_detect_answers_as_if_the_file_had_been_decoded_in_advance(
    capwatch, image, tmp_path, monkeypatch, fault, sensor
):
    """The exit code, message and table (or none) are the same."""
    if fault == "damaged":
        damaged(image)
    words = ("detect", image, "--sensor", sensor, "--pixel-spacing", "10", "--quiet", "-o")
    words = (*words[:2], "--bands", "B03=1,B08=2", *words[2:]) if sensor == "sentinel-2" else words
    late = capwatch(*words, tmp_path / "late.csv")
    monkeypatch.setattr(in_passing, "MIN_PX", 10**9)
    assert capwatch(*words, tmp_path / "early.csv") == late
    tables = [p.read_bytes() if p.exists() else b"" for p in (tmp_path / "late.csv", tmp_path / "early.csv")]
    assert tables[0] == tables[1]
    assert bool(tables[0]) == (fault == "none")
