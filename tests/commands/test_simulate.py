"""A simulation that could not be finished leaves nothing that could be taken for one."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from pipeline.console import Console
from pipeline.errors import EnvironmentFault
from pipeline.simulation import simulate
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
