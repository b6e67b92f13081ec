"""Fixtures shared by many tests: one finished run of the small scenario, made once for all workers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from pipeline.console import Console
from pipeline.errors import PipelineError
from pipeline.run import run
from pipeline.workspace import configs_root, load_run_config
from tests.in_process import exit_code
from tests.servers import Site

settings.register_profile("patient", settings(), deadline=None)  # a deadline would fail on a busy machine
settings.load_profile("patient")

TINY = {
    "source": {"scenario": "scenarios/tiny.yaml"},
    "period": {"start": "2024-03-07T00:00:00Z", "end": "2024-03-09T00:00:00Z"},
    "volume": {"draws": 400},
    "engine": {"kind": "serial"},
}


@pytest.fixture(scope="session")
def shared_tmp(tmp_path_factory, worker_id) -> Path:
    """A folder that all workers of this test session share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session", autouse=True)
def own_cache(shared_tmp):
    """Keep simulated inputs in the session's own folder, never in the user's cache."""
    before = os.environ.get("CAPWATCH_CACHE")
    os.environ["CAPWATCH_CACHE"] = str(shared_tmp / "cache")
    yield
    if before is None:
        del os.environ["CAPWATCH_CACHE"]
    else:
        os.environ["CAPWATCH_CACHE"] = before


def run_tiny(out: Path, **more) -> Path:
    """Run the small scenario; returns the run's folder."""
    root = configs_root()
    config = load_run_config(root / "vostochny.yaml", TINY | more)
    return run(config, root, out, Console(quiet=True)).folder


@pytest.fixture(scope="session")
def tiny_run(shared_tmp) -> Path:
    """The folder of a finished run of the small scenario. Tests only read it."""
    with FileLock(shared_tmp / "tiny.lock"):
        pointer = shared_tmp / "tiny-run.txt"
        if not pointer.is_file():
            try:
                pointer.write_text(str(run_tiny(shared_tmp / "runs")))
            except PipelineError as error:
                pytest.fail(f"the small scenario does not run: {error}")
        return Path(pointer.read_text())


@pytest.fixture
def capwatch(capsys, monkeypatch):
    """Run the command in this process: exit code, stdout, stderr."""

    def call(*words: object) -> tuple[int, str, str]:
        code = exit_code(["capwatch", *words], monkeypatch)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return call


@pytest.fixture
def site(tmp_path):
    """A local web site for one test, on loopback."""
    folder = tmp_path / "site"
    folder.mkdir()
    served = Site(folder)
    yield served
    served.close()
