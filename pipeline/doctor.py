"""What to send along with a question: versions, drivers, folders."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

from pipeline.provenance import code_version, library_versions
from pipeline.workspace import cache_root, configs_root

DRIVERS = ("GTiff", "PNG", "JP2OpenJPEG")


def lines() -> list[str]:
    """One fact a line."""
    import rasterio

    out = [f"capwatch {code_version()}", f"Python {platform.python_version()} on {platform.platform()}"]
    out += [f"{name} {version}" for name, version in library_versions().items()]
    with rasterio.Env() as env:
        known = env.drivers()
    out += [f"raster driver {d}: {'yes' if d in known else 'MISSING'}" for d in DRIVERS]
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    out.append(f"free disk here: {free:.1f} GB")
    out.append(f"configs: {configs_root()}")
    out.append(f"cache: {cache_root()}")
    return out
