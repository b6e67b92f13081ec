"""Cases E: clocks, languages, zones, hash seeds, workers and the order of inputs move no byte."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cases.desk import same_answers
from tests.cases.sweep import tree

case = pytest.mark.case
REPOSITORY = Path(__file__).resolve().parents[2]


@case("E-15")
def test_a_clock_that_jumps(desk, done_once, monkeypatch):
    import pipeline.ingest.inputs as inputs

    class Jumping(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(random.choice([2025, 2031]), 1, 1, tzinfo=tz or UTC)

    monkeypatch.setattr(inputs, "datetime", Jumping)
    ticks = iter(range(2_000_000_000, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: float(next(ticks)))
    for path in desk.images.iterdir():
        os.utime(path, (4e9, 4e9))
    desk.run()
    assert same_answers(desk, done_once)


@case("E-16")
@case("E-18")
def test_another_language_zone_mask_and_hash_seed(done_once, tmp_path, saw):
    """The same files, by a process that lives elsewhere: every byte of the run is the same."""
    environment = os.environ | {
        "LC_ALL": "C", "LANG": "C", "TZ": "Asia/Vladivostok", "PYTHONHASHSEED": str(random.randrange(1, 2**32)),
    }  # fmt: skip
    command = f"umask 077 && exec {sys.executable} -m pipeline.cli run {done_once.file} --out {tmp_path}/runs --quiet"
    subprocess.run(["sh", "-c", command], cwd=REPOSITORY, env=environment, check=True, capture_output=True)
    assert tree(tmp_path / "runs") == tree(done_once.runs)
    saw(f"{len(tree(done_once.runs))} files, every byte the same")


@case("E-17")
@pytest.mark.parametrize("workers", [pytest.param(2, marks=pytest.mark.fuzz), 8])
def test_workers_and_order_of_inputs(done_once, tmp_path, workers):
    images = [str(p) for p in done_once.images.glob("*.tif")]
    random.shuffle(images)
    source = {"kind": "files", "images": images, "ais": [str(done_once.ais)]}
    outcome = done_once.run(tmp_path, source=source, engine={"kind": "threads", "workers": workers})
    whole = next(p.parent for p in done_once.runs.rglob("manifest.json"))
    assert outcome.folder.name == whole.name
    a, b = tree(outcome.folder), tree(whole)
    asked = {"config.yaml", "manifest.json"}  # the order in which the images were named stands there
    assert {k: v for k, v in a.items() if k not in asked} == {k: v for k, v in b.items() if k not in asked}
