"""Compile the hot loops before they are needed: a small simulated run, thrown away."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.errors import EnvironmentFault

SMALL_RUN = (  # one radar image, one optical image, one ship with a transponder: what a run compiles
    "source.scenario=scenarios/tiny.yaml",
    "period.start=2024-03-07T00:00:00Z",
    "period.end=2024-03-09T00:00:00Z",
    "volume.draws=400",
)


def prepare() -> None:
    """Run the chain on two small simulated images in a process and a folder of their own; nothing of it is kept but
    the machine code, which Numba stores beside the sources or in ``NUMBA_CACHE_DIR``."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pipeline", "run", "vostochny", "--quiet", "--out", str(Path(folder) / "runs")]
        for setting in SMALL_RUN:
            command += ["--set", setting]
        own_cache = os.environ | {"CAPWATCH_CACHE": str(Path(folder) / "cache")}
        done = subprocess.run(command, env=own_cache, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise EnvironmentFault(f"the small run that compiles the hot loops ended with {done.returncode}: {said[-1]}")
