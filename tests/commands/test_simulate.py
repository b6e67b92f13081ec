"""A simulation that could not be finished leaves nothing that could be taken for one."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.config import load
from pipeline.console import Console
from pipeline.errors import EnvironmentFault
from pipeline.simulation import ais_files, simulate
from pipeline.simulation.scenario import Scenario
from pipeline.stages import images
from pipeline.workspace import configs_root, find_config


@pytest.mark.parametrize("made_before", [False, True])
def test_a_full_disk_leaves_no_half_simulation(monkeypatch, tmp_path, made_before):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(simulate, "write_ais", lambda *_: [])
    monkeypatch.setattr(simulate, "_write_look", lambda *_: Path("look"))
    monkeypatch.setattr(simulate, "_write_truth", full)
    out = tmp_path / "sim"
    if made_before:
        out.mkdir()
    with pytest.raises(EnvironmentFault, match=r"sim: cannot be written: the disk is full \(nothing was changed\)"):
        images.simulate(
            configs_root() / "scenarios" / "tiny.yaml", find_config("vostochny"), out, 0, Console(quiet=True)
        )
    assert not out.exists()


def test_a_part_in_which_nobody_was_heard_has_no_file(monkeypatch, tmp_path):
    """A table with a header and no rows was told as an error of every run of such a demo, and ended it with 3."""
    world = SimpleNamespace(scenario=load(Scenario, configs_root() / "scenarios" / "tiny.yaml"))
    monkeypatch.setattr(ais_files, "messages", lambda *_: [])
    assert ais_files.write_ais(world, tmp_path, np.random.SeedSequence(0)) == []
    assert not list(tmp_path.iterdir())
