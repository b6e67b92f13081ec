"""`capwatch prepare`: what the first run would compile or simulate is there before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.chain.sources import gather
from pipeline.commands import prepare
from pipeline.console import Console
from pipeline.errors import ConfigError, EnvironmentFault
from pipeline.ingest.catalogue.cache import SEAL
from pipeline.ingest.place import load_place
from pipeline.workspace import configs_root, load_run_config


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
        prepare.compile_loops()


def made(folder):
    """When each file was written; the seal's time says when it was last used."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != SEAL}


def test_images_of_a_demo_are_simulated_where_its_run_will_look_for_them(tmp_path, monkeypatch):
    monkeypatch.setenv("CAPWATCH_CACHE", str(tmp_path / "cache"))
    root = configs_root()
    small = tmp_path / "small.yaml"
    small.write_text((root / "vostochny.yaml").read_text().replace("vostochny-march-2024", "tiny"))
    prepare.simulate_demos([str(small)], Console(quiet=True))
    (kept,) = (tmp_path / "cache" / "simulated").iterdir()
    before = made(kept)
    config = load_run_config(small, {})
    inputs = gather(config, root, load_place(config.aoi, root), Console(quiet=True))
    assert inputs.base == kept
    assert made(kept) == before


def test_only_a_demo_can_be_simulated_and_nothing_is_before_that_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("CAPWATCH_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ConfigError, match=r"^genoa: source\.kind is files"):
        prepare.simulate_demos(["vostochny", "genoa"], Console(quiet=True))
    assert not (tmp_path / "cache").exists()
