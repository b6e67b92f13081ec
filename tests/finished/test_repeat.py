"""A run repeated after its inputs changed: what changed is named, not only the files that differ for it."""

import numpy as np
import pytest

from pipeline.console import Console
from pipeline.errors import RunDiffers
from pipeline.finished.repeat import rerun
from tests.cases.desk import Desk, radar, speckle


@pytest.fixture
def finished(tmp_path):
    desk = Desk(tmp_path / "desk").furnished()
    return desk, desk.run().folder


def test_inputs_that_changed_came_or_went_are_told_before_the_files_that_differ(finished, capsys):
    """Before, "60 of 80 files differ when run again" read as a result that cannot be had twice."""
    desk, folder = finished
    first, second = sorted(desk.images.glob("*.tif"))
    radar(first, np.flip(speckle(7), axis=1).copy(), sidecar=True)
    second.rename(desk.images / "look_vv_20240309T092000.tif")
    with pytest.raises(RunDiffers, match=r"files differ when run again, on \d inputs not the same$"):
        rerun(folder, Console(quiet=True))
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if "input" in line] == told[: len([line for line in told if "input" in line])]
    done = "(run again with what lies there now)"
    assert f"error: {first}: input changed since the run {done}" in told
    assert f"error: {second}: input not there any more, or not to be read {done}" in told
    assert f"error: {desk.images}/look_vv_20240309T092000.tif: input that the run did not have {done}" in told
    assert any(line.startswith(f"error: {folder}/detections.parquet: differs") for line in told)


def test_with_the_same_inputs_nothing_is_told_of_them(finished, capsys):
    _, folder = finished
    rerun(folder, Console(quiet=True))
    assert capsys.readouterr().err == ""
