"""`capwatch prepare`, before the first run: compiles hot loops in a small simulated run, and simulates demo images."""

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

SMALL_RUN = (  # one radar image, one optical image, one ship with AIS: enough to compile everything a run needs
    "source.scenario=scenarios/tiny.yaml",
    "period.start=2024-03-07T00:00:00Z",
    "period.end=2024-03-09T00:00:00Z",
    "volume.draws=400",
)


def compile_loops() -> None:
    """Run the chain on two small simulated images in a separate process and a temporary folder. Only the compiled code
    is kept, which Numba caches beside the sources or in ``NUMBA_CACHE_DIR``."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pipeline", "run", "vostochny", "--quiet", "--out", str(Path(folder) / "runs")]
        for setting in SMALL_RUN:
            command += ["--set", setting]
        own_cache = os.environ | {"CAPWATCH_CACHE": str(Path(folder) / "cache")}
        process = subprocess.run(command, env=own_cache, capture_output=True, text=True, check=False)  # noqa: S603
    if process.returncode:
        stderr_lines = process.stderr.strip().splitlines() or ["it said nothing"]
        raise EnvironmentFault(
            f"the small run that compiles the hot loops ended with {process.returncode}: {stderr_lines[-1]}"
        )


def simulate_demos(aois: Sequence[str], console: Console) -> None:
    """Simulate the images and AIS of these run files into the cache, where their first run looks for them.

    ConfigError, before anything is simulated, if one of them is not a demo.
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
