"""The helper that decodes first may crash, hang or grow in our place, and the next file gets a new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio

from pipeline.errors import EnvironmentFault, InputError
from pipeline.ingest import decoder, quarantine
from pipeline.ingest.decoder import MEMORY_BYTES, examine_raster, lost_sector
from pipeline.ingest.gdal_settings import ENVIRONMENT
from pipeline.ingest.quarantine import Helper, examine
from pipeline.ingest.rasters import open_raster
from tests.ingest.test_rasters import write


@pytest.fixture
def image(tmp_path):
    return write(tmp_path / "a.tif", np.arange(400, dtype=np.uint16).reshape(20, 20) + 1)


def test_a_sound_file_comes_back_without_a_doubt(image):
    assert examine(str(image), "a.tif", "GTiff", whole=True) == ""


def test_there_is_time_to_do_something_meanwhile(image, monkeypatch):
    """Work runs after the request is sent and before the answer is awaited; if it fails, only that helper is lost."""
    done, select = [], quarantine.select.select
    monkeypatch.setattr(quarantine.select, "select", lambda *a: done.append("waited") or select(*a))
    examine(str(image), "a.tif", "GTiff", whole=True, meanwhile=lambda: done.append("worked"))
    assert done == ["worked", "waited", "waited"]  # for the sign that it is at work, and for the answer
    with pytest.raises(ImportError):
        examine(str(image), "a.tif", "GTiff", whole=True, meanwhile=lambda: __import__("no_such_module"))
    assert examine(str(image), "a.tif", "GTiff", whole=True) == ""


def test_one_helper_serves_many_files_and_a_dead_one_is_replaced(image):
    examine(str(image), "a.tif", "GTiff", whole=False)
    first = quarantine._IDLE[-1]  # there may be others, from tests that read in threads
    examine(str(image), "a.tif", "GTiff", whole=False)
    assert quarantine._IDLE[-1] is first
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    assert open_raster(image).shape == (20, 20)
    assert not any(kept is first for kept in quarantine._IDLE)


READY = "print('{\"ready\": true}', flush=True)\n"


def standing_in(program: str) -> Helper:
    """A helper that does something else once ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", READY + program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,  # as for the real one: no line is read before it is waited for
    )
    return Helper(process)


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        ("import os, signal; input(); os.kill(os.getpid(), signal.SIGSEGV)", "the decoder ended with SIGSEGV"),
        ("import os, signal; input(); os.kill(os.getpid(), signal.SIGXCPU)", "too much processor time"),
        ("import os, signal; input(); os.kill(os.getpid(), signal.SIGKILL)", "was killed, as when memory runs out"),
        ("input(); raise SystemExit(3)", "the decoder gave up"),
        ("import time; input(); time.sleep(60)", "it takes longer than 0.5 s"),
    ],
    ids=["crash", "processor time", "killed", "exit", "hang"],
)
def test_whatever_happens_to_it_is_one_line_about_one_file(image, monkeypatch, program, cause):
    monkeypatch.setattr(quarantine, "WAIT_S", 0.5 if "longer" in cause else 60.0)
    monkeypatch.setattr(quarantine, "idle_helper", lambda: standing_in(program))
    with pytest.raises(InputError, match=f"a.tif: cannot be decoded: .*{cause}"):
        examine(str(image), "a.tif", "GTiff", whole=True)


def test_a_helper_that_never_was_ready_says_nothing_about_the_file(image, monkeypatch):
    """A helper without the memory to load its libraries ends before it takes a request."""
    process = subprocess.Popen(
        [sys.executable, "-c", "input(); raise SystemExit(1)"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    monkeypatch.setattr(quarantine, "idle_helper", lambda: Helper(process))
    with pytest.raises(EnvironmentFault, match="the decoder cannot be started"):
        examine(str(image), "a.tif", "GTiff", whole=True)


LIMITED = """
import ctypes, resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process: no capability is left
ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)())
from pipeline.ingest import quarantine
from pipeline.ingest.rasters import open_raster
quarantine.os.environ["OPENBLAS_NUM_THREADS"] = "1"
from pathlib import Path
print(open_raster(Path(sys.argv[1])).shape)
"""


def test_a_limit_of_memory_from_outside_is_kept_to(image):
    """As set by `ulimit -v` and engine.memory_gb; only root may raise it, so all capabilities are dropped first."""
    program = LIMITED.format(limit=MEMORY_BYTES // 2)
    done = subprocess.run([sys.executable, "-c", program, str(image)], capture_output=True, text=True)
    assert done.stdout == "(20, 20)\n", done.stderr


def test_a_helper_that_says_that_it_is_at_work_may_take_its_time(image, monkeypatch):
    """A large JPEG2000 takes longer than any silence that is allowed."""
    working = "import time; input(); [(print('{\"rows\": [1, 1]}', flush=True), time.sleep(0.4)) for _ in range(3)]"
    monkeypatch.setattr(quarantine, "WAIT_S", 0.9)
    monkeypatch.setattr(
        quarantine, "idle_helper", lambda: standing_in(working + '; print(\'{"cause": "", "doubt": "told"}\')')
    )
    assert examine(str(image), "a.tif", "GTiff", whole=True) == "told"


def test_what_decodes_slowly_is_allowed_more_time():
    """Lossless Sentinel-2 bands take 105 s per gigabyte, deflate 5: each may take at least five times that."""
    gigabytes = SimpleNamespace(width=40_000, height=50_000, dtypes=("uint16",))
    for driver, usual_s in (("GTiff", 5), ("JP2OpenJPEG", 105)):
        gigabytes.driver = driver
        assert decoder._cpu_limit_s(gigabytes) > 5 * 4 * usual_s


PROBE = """
import resource, sys
sys.argv = ["x"]
from pipeline.ingest import decoder
import rasterio
with rasterio.Env() as env:
    print("VRT" in env.drivers())
import io
sys.stdin = io.StringIO("")
decoder.main()
print(resource.getrlimit(resource.RLIMIT_AS)[0])
"""


def test_the_helper_has_no_vrt_driver_and_a_limit_of_memory():
    """The setting only works if it is in the environment before GDAL starts."""
    environment = os.environ | ENVIRONMENT
    done = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False", '{"ready": true}', str(MEMORY_BYTES)]


def test_memory_that_runs_out_is_the_files_fault(image, monkeypatch):
    def hungry(*_):
        raise MemoryError

    monkeypatch.setattr(decoder, "_limit_cpu", lambda _s: None)  # no limits on the process of the tests
    monkeypatch.setattr(decoder, "_decode_all", hungry)
    found = examine_raster(str(image), "a.tif", "GTiff", True)
    assert found["cause"] == "needs more than 4 GiB of memory to decode"


def test_memory_that_a_limit_from_outside_withholds_is_not_the_files_fault(image, monkeypatch):
    def hungry(*_):
        raise MemoryError

    monkeypatch.setattr(decoder, "_limit_cpu", lambda _s: None)
    monkeypatch.setattr(decoder, "_decode_all", hungry)
    monkeypatch.setattr(decoder.resource, "getrlimit", lambda _: (1 << 30, decoder.resource.RLIM_INFINITY))
    found = examine_raster(str(image), "a.tif", "GTiff", True)
    assert found["cause"].startswith("needs more than 1 GiB of memory to decode, which a memory limit set from outside")


def sea() -> np.ndarray:
    return np.random.default_rng(0).integers(1, 500, (40, 600)).astype(np.uint16)


@pytest.mark.parametrize(("start", "stop"), [(0, 256), (100, 356), (344, 600)], ids=["left", "inside", "right"])
def test_a_lost_sector_is_zeros_in_one_line(start, stop):
    data = sea()
    data[17, start:stop] = 0
    assert lost_sector(data, top=1000).startswith("line 1017 holds 256 zeros in a row")


def test_a_lost_sector_is_found_among_a_thousand_runs_of_another_kind():
    """Such as the zeros on both sides of a radar frame: two runs a line."""
    data = np.pad(np.ones((700, 600), np.uint16), ((0, 0), (200, 200)))
    data[600, 300:600] = 0
    assert lost_sector(data).startswith("line 600 holds 300 zeros")


def test_land_borders_and_slicks_are_zeros_in_neighbouring_lines_too():
    for cut in (np.s_[:, :200], np.s_[:9, :], np.s_[10:14, 100:500], np.s_[20, 100:150]):
        data = sea()
        data[cut] = 0
        assert lost_sector(data) == ""
    slanted = sea()
    for row in range(40):
        slanted[row, : 100 + 9 * row] = 0
    assert lost_sector(slanted) == ""


@pytest.mark.parametrize("turned", [np.s_[:, :], np.s_[::-1], np.s_[:, ::-1], np.s_[::-1, ::-1]])
def test_the_border_of_an_image_turned_by_little_is_no_lost_sector(turned):
    """A step of one line per 400 pixels, as a warp from one map grid to another leaves it; the next line has none."""
    data = sea()
    data[0, 200:] = 0
    assert lost_sector(data[turned], height=len(data)) == ""
    data[0, 560:] = 7
    assert "360 zeros" in lost_sector(data[turned], height=len(data))  # a run that ends within a line is no border


def test_a_dark_line_of_a_jpeg_is_no_lost_sector(tmp_path, monkeypatch):
    monkeypatch.setattr(decoder, "_limit_cpu", lambda _s: None)  # no limits on the process of the tests
    data = np.full((1, 64, 640), 60, np.uint8)
    data[0, 31, 100:500] = 0
    damaged = examine_raster(str(write(tmp_path / "a.tif", data)), "a.tif", "GTiff", whole=True)
    assert "lost disk sector" in damaged["doubt"]
    picture = write(tmp_path / "a.jpg", data, driver="JPEG", QUALITY=100)
    assert examine_raster(str(picture), "a.jpg", "JPEG", whole=True) == {"cause": "", "doubt": ""}
    packed = write(tmp_path / "b.tif", data, compress="jpeg", JPEG_QUALITY=100)
    assert examine_raster(str(packed), "b.tif", "GTiff", whole=True) == {"cause": "", "doubt": ""}
    with rasterio.open(picture) as image:
        assert lost_sector(image.read(1))  # by its pixels alone it would be one
