"""`capwatch prepare`: what the first run would compile is compiled before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.commands import prepare
from pipeline.errors import EnvironmentFault


def test_after_it_the_hot_loops_are_kept_as_machine_code_and_nothing_else_is(tmp_path):
    home = {"TMPDIR": str(tmp_path / "tmp"), "CAPWATCH_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-m", "pipeline", "prepare"]
    done = subprocess.run(command, env=os.environ | home, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "compiled" in done.stdout
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "runs").exists()
    kept = os.environ.get("NUMBA_CACHE_DIR")
    found = Path(kept).rglob("*.nbc") if kept else Path(prepare.__file__).parents[1].rglob("*.nbc")
    names = {path.name.split("-")[0] for path in found}
    assert {"hull_model._search", "side._costs", "scan._scan", "line_evidence.evidence"} <= names


def test_a_small_run_that_fails_says_how(monkeypatch):
    monkeypatch.setattr(prepare, "SMALL_RUN", ("volume.draws=none",))
    with pytest.raises(EnvironmentFault, match=r"ended with 2: error: .*volume\.draws"):
        prepare.prepare()
