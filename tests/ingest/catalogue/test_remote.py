"""Windows over the network: only the bytes needed, few requests, and the true cause when something is wrong."""

from __future__ import annotations

import itertools
import tempfile

import numpy as np
import pytest
import rasterio

from pipeline.errors import EnvironmentFault, InputError
from pipeline.ingest import quarantine
from pipeline.ingest.catalogue.products import RemoteFile
from pipeline.ingest.catalogue.remote import RemoteImage, blocks_of, merge_spans
from pipeline.types import Window
from tests.ingest.catalogue.builders import access_for, config_for
from tests.ingest.test_quarantine import standing_in
from tests.servers import Fault

IMAGE = np.random.default_rng(3).integers(0, 60_000, (1200, 1000)).astype(np.uint16)
CORNER = Window(900, 700, 200, 200)
PROFILES = {
    "tiles": {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate", "predictor": 2},
    "strips": {"blockysize": 1},
    "big": {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "lzw", "BIGTIFF": "YES"},
    "jp2": {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES", "BLOCKXSIZE": "256", "BLOCKYSIZE": "256"},
}


def served(site, profile="tiles", image=IMAGE):
    told = {"driver": "GTiff"} | PROFILES[profile]
    path = site.root / ("x.jp2" if profile == "jp2" else "x.tif")
    height, width = image.shape
    with rasterio.open(path, "w", width=width, height=height, count=1, dtype=image.dtype, **told) as out:
        out.write(image, 1)
    return path


def remote(site, path, **more):
    access = access_for(config_for(site.url, **more))
    return RemoteImage(RemoteFile(f"{site.url}/{path.name}"), "the image", access, access.web.deadline(), 4)


def window_of(image, window=CORNER):
    with image.opened() as dataset:
        return image.window(dataset, window)


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("window", [Window(0, 0, 10, 10), Window(300, 280, 500, 400), Window(1190, 990, 10, 10)])
def test_a_window_is_what_the_whole_image_holds_there(site, profile, window):
    image = remote(site, served(site, profile))
    with image.opened() as dataset:
        found = image.window(dataset, window)
    np.testing.assert_array_equal(found, IMAGE[window.row0 : window.row1, window.col0 : window.col1])


def test_few_requests_and_no_guesses_at_side_files(site):
    image = remote(site, served(site))
    with image.opened() as dataset:
        image.window(dataset, Window(300, 280, 500, 400))
    assert {a.path for a in site.log} == {"/x.tif"}, "nobody asks for .aux.xml, .ovr or .msk"
    assert len(site.log) <= 4


def test_strips_that_follow_one_another_come_in_one_request(site):
    """1,200 strips of one row each, as the operator writes them."""
    image = remote(site, served(site, "strips"))
    before = len(site.log)
    with image.opened() as dataset:
        head = len(site.log) - before
        image.window(dataset, Window(300, 0, 500, 1000))
    assert len(site.log) - before - head <= 2


def test_an_image_that_changes_under_the_reader_is_not_used(site):
    path = served(site)
    image = remote(site, path)
    served(site, image=IMAGE[::-1].copy())
    with pytest.raises(InputError, match="the image: changed while it was read"):
        window_of(image)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("x.tif", "html", times=-1), "HTML page instead of the file"),
        (Fault("x.tif", "status", times=-1, status=404), "is not there"),
        (Fault("x.tif", "whole", times=-1), "no Range support"),
        (Fault("x.tif", "status", times=-1, status=503, after=1), r"answers HTTP 503 \(3 tries\)"),
        (Fault("x.tif", "cut", times=-1, after=1), "the connection broke off"),
    ],
    ids=["html", "404", "no ranges", "503 in the middle", "cut in the middle"],
)
def test_the_cause_survives_the_way_through_gdal(site, fault, words):
    path = served(site)
    site.faults = [fault]
    with pytest.raises(InputError, match=f"^the image: .*{words}"):
        window_of(remote(site, path))


@pytest.mark.parametrize("fault", [Fault("x.tif", "status", times=1, status=503, after=1), Fault("x.tif", "cut", 1)])
def test_a_fault_that_passes_changes_nothing(site, fault):
    path = served(site)
    site.faults = [fault]
    image = remote(site, path)
    with image.opened() as dataset:
        np.testing.assert_array_equal(image.window(dataset, Window(900, 700, 200, 200)), IMAGE[900:1100, 700:900])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is declined|has no bytes|HTTP 416"),
        (b"<html>log in</html>", "page of text"),
        (b"<VRTDataset rasterXSize='1' rasterYSize='1'/>", "page of text"),
        (b"\x00" * 100, "is no GeoTIFF or JPEG2000 file"),
        (b"II*\0" + b"\xff" * 200, "is damaged, or no true GTiff file"),
    ],
    ids=["empty", "html", "vrt", "zeros", "torn"],
)
def test_what_is_no_image_is_said_to_be_none(site, content, words):
    (site.root / "x.tif").write_bytes(content)
    with pytest.raises(InputError, match=words):
        window_of(remote(site, site.root / "x.tif"))


@pytest.mark.parametrize("tear", [lambda raw: raw[: len(raw) // 2], lambda raw: raw[:8] + b"\xff" * 300 + raw[308:]])
def test_a_torn_image_has_the_same_cause_each_time(site, tear):
    """A run's tables hold the cause, and a repeated run must reproduce them to the byte."""
    path = served(site)
    path.write_bytes(tear(path.read_bytes()))
    causes = set()
    for _ in range(3):
        with pytest.raises(InputError, match="is damaged") as torn:
            window_of(remote(site, path))
        causes.add(str(torn.value))
    assert len(causes) == 1


def test_a_damaged_block_is_refused(site):
    path = served(site)
    raw = bytearray(path.read_bytes())
    raw[len(raw) * 3 // 4 : len(raw) * 3 // 4 + 400] = b"\xa5" * 400
    path.write_bytes(raw)
    with pytest.raises(InputError, match="is damaged"):
        window_of(remote(site, path), Window(0, 0, 1200, 1000))


def test_blocks_that_crash_the_decoder_crash_the_helper_alone(site, monkeypatch):
    """Its copy holds only the header and the window's blocks; the rest takes no space."""
    program = """if True:
        import json, os, signal
        header = json.loads(input())
        assert header["window"] == [0, 0, 0, 0]
        print(json.dumps({"cause": "", "doubt": ""}), flush=True)
        told = json.loads(input())
        size = os.stat(told["path"])
        assert told["window"] == [300, 280, 50, 40] and 0 < size.st_blocks * 512 < size.st_size
        os.kill(os.getpid(), signal.SIGSEGV)"""
    monkeypatch.setattr(quarantine, "_IDLE", [standing_in(program)])
    image = remote(site, served(site, image=np.tile(IMAGE, (3, 3))))
    with pytest.raises(InputError, match="the decoder ended with SIGSEGV"):
        window_of(image, Window(300, 280, 50, 40))


@pytest.mark.parametrize("profile", ["tiles", "jp2"])
def test_a_header_that_crashes_the_decoder_is_met_by_the_helper_first(site, monkeypatch, profile):
    import rasterio as gdal

    program = "import os, signal; input(); os.kill(os.getpid(), signal.SIGSEGV)"
    image = remote(site, served(site, profile))
    monkeypatch.setattr(quarantine, "_IDLE", [standing_in(program)])
    monkeypatch.setattr(gdal, "open", lambda *_, **__: pytest.fail("opened in this process"))
    with pytest.raises(InputError, match="the decoder ended with SIGSEGV"):
        window_of(image)


@pytest.mark.parametrize("profile", list(PROFILES))
def test_the_helper_fetches_what_it_needs_and_nothing_is_fetched_twice(site, profile):
    """The helper decodes the window first; everything that this process reads afterwards is already there."""
    image = remote(site, served(site, profile, image=np.tile(IMAGE, (3, 3))))
    asked: list[tuple[int, int]] = []
    real = image._fetch
    image._fetch = lambda span: (asked.append(span), real(span))[1]
    with image.opened() as dataset:
        image.window(dataset, Window(2000, 1900, 100, 90))
    spans = sorted(asked)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_blocks_are_where_the_file_says(site):
    """The stored bytes of a block, decoded by another program (zlib), are its pixels."""
    import zlib

    path = served(site)
    with rasterio.open(path) as dataset:
        ((start, end),) = blocks_of(dataset, Window(256, 512, 1, 1))
    raw = zlib.decompress(path.read_bytes()[start + 4 : end - 4])
    differences = np.frombuffer(raw, "<u2").reshape(256, 256)
    np.testing.assert_array_equal(np.cumsum(differences, axis=1, dtype=np.uint16), IMAGE[256:512, 512:768])


def test_spans_are_joined_across_small_gaps_only():
    assert merge_spans([(0, 10), (20, 30), (1000, 1010)], gap_bytes=10) == [(0, 30), (1000, 1010)]
    assert merge_spans([], gap_bytes=10) == []


def test_no_room_for_what_is_fetched_is_no_damaged_image(site, tmp_path, monkeypatch):
    image = remote(site, served(site))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with pytest.raises(EnvironmentFault, match=r"not there.*No such file or directory"), image.opened():
        pass
