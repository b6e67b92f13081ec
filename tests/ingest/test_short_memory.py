"""A sound file is not called damaged when memory runs out while it is decoded."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import rasterio

from pipeline.errors import EnvironmentFault, MemoryShort
from pipeline.ingest.gdal_errors import is_out_of_memory
from pipeline.ingest.rasters import _gdal_errors_as_input_errors

READ = """
import resource, sys
from pipeline.errors import EnvironmentFault
from pipeline.ingest.rasters import opened
from rasterio.windows import Window
with opened(sys.argv[1], "a.tif", "GTiff") as image:
    image.read(1, window=Window(0, 0, 9, 9))  # what is loaded on first use is there now
used = int(next(line for line in open("/proc/self/status") if line.startswith("VmSize")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    with opened(sys.argv[2], "b.tif", "GTiff") as image:
        image.read(1, window=Window(0, 0, 9, 9))
except EnvironmentFault as error:
    print(error)
"""


def packed(path, side):
    """One strip, which GDAL must unpack whole for any of its pixels."""
    form = {"driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "uint16", "blockysize": side}
    with rasterio.open(path, "w", compress="deflate", zlevel=1, **form) as image:
        image.write(np.random.default_rng(0).integers(1, 60000, (1, side, side)).astype(np.uint16))
    return str(path)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("room", [0.5, 1.3], ids=["GDAL's block", "libtiff's buffer"])
def test_a_sound_file_is_not_called_damaged(tmp_path, room):
    """With too little memory GDAL cannot hold the block; with a little more, libtiff cannot hold the packed data."""
    side = 6000  # 72 MB
    files = [packed(tmp_path / "a.tif", 16), packed(tmp_path / "b.tif", side)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    given = [sys.executable, "-W", "ignore", "-c", READ, *files, str(int(room * 2 * side**2))]
    told = subprocess.run(given, env=environment, capture_output=True, text=True)
    assert told.stdout == "b.tif: not enough memory to read it\n", told.stderr


def test_an_error_of_another_kind_is_none_of_memory():
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(ValueError("cannot be read"))
    assert not is_out_of_memory(None)


def test_one_told_within_another_read_stays_what_it_is():
    """As when threads reopen an open file: an EnvironmentFault is an OSError, like GDAL's errors."""
    with (
        pytest.raises(MemoryShort, match=r"b.tif: not enough memory to read it"),
        _gdal_errors_as_input_errors("b.tif", "b.tif", "GTiff"),
        _gdal_errors_as_input_errors("b.tif", "b.tif", "GTiff"),
    ):
        raise MemoryError


def test_the_engine_meets_it_as_a_lack_of_memory_and_a_command_as_a_fault_of_the_machine():
    """Also across processes, so that engine.memory_gb gives up only that scene."""
    error = pickle.loads(pickle.dumps(MemoryShort("a.tif: not enough memory to read it")))
    assert isinstance(error, MemoryError)
    assert isinstance(error, EnvironmentFault)
    assert (str(error), error.exit_code) == ("a.tif: not enough memory to read it", 5)
