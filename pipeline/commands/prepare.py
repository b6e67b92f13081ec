"""Before the first run: hot loops are compiled, by a small simulated run, and the images of a demo simulated."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.config import RunConfig
from pipeline.console import Console
from pipeline.errors import ConfigError, EnvironmentFault

SMALL_RUN = (  # one radar image, one optical image, one ship with a transponder: what a run compiles
    "source.scenario=scenarios/tiny.yaml",
    "period.start=2024-03-07T00:00:00Z",
    "period.end=2024-03-09T00:00:00Z",
    "volume.draws=400",
)


def compile_loops() -> None:
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


def simulate_demos(aois: Sequence[str], console: Console) -> None:
    """Put the simulated images and AIS of these run files into the cache, where their first run looks for them.

    ConfigError where one of them is no demo, before anything is simulated.
    """
    from pipeline.chain.sources import gather
    from pipeline.ingest.place import load_place
    from pipeline.workspace import config_root, find_config, load_run_config

    demos: list[tuple[RunConfig, Path]] = []
    for aoi in aois:
        path = find_config(aoi)
        config = load_run_config(path, {})
        if config.source.kind != "demo":
            raise ConfigError(f"{aoi}: source.kind is {config.source.kind}; only a demo's images can be simulated")
        demos.append((config, config_root(path, config)))
    for config, root in demos:
        gather(config, root, load_place(config.aoi, root), console)
