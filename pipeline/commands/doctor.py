"""`capwatch doctor`, for support requests: versions, drivers, folders, optional packages, which credentials are set."""

from __future__ import annotations

import os
import platform
import shutil
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import EnvironmentFault
from pipeline.provenance import code_version, library_versions
from pipeline.storage import megabytes
from pipeline.workspace import cache_root, configs_root

RASTER_DRIVERS = ("GTiff", "PNG", "JP2OpenJPEG")
VECTOR_DRIVERS = ("GPKG", "GeoJSON")
OPTIONAL = {
    "roaring_landmask": "coast of new AOIs",
    "distributed": "Dask clusters",
    "jupytext": "notebooks",
    "onnxruntime": "neural detector",
    "pystac_client": "public catalogues",
}
CREDENTIALS = (  # only whether they are set is ever shown
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "CDSE_S3_ACCESS_KEY", "CDSE_S3_SECRET_KEY",
    "PC_SDK_SUBSCRIPTION_KEY", "EARTHDATA_TOKEN",
)  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def doctor_lines() -> list[str]:
    """One fact per line, never the value of a credential."""
    import pyogrio
    import rasterio

    out = [f"capwatch {code_version()}", f"Python {platform.python_version()} on {platform.platform()}"]
    out += [f"{name} {version}" for name, version in library_versions().items()]
    with rasterio.Env() as env:
        known = env.drivers()
    vector = pyogrio.list_drivers()
    out += [f"raster driver {d}: {'yes' if d in known else 'MISSING'}" for d in RASTER_DRIVERS]
    out += [f"vector driver {d}: {'yes' if 'w' in vector.get(d, '') else 'MISSING'}" for d in VECTOR_DRIVERS]
    out += [f"optional {name} ({use}): {'yes' if find_spec(name) else 'no'}" for name, use in OPTIONAL.items()]
    out.append(f"browser for PDF: {browser() or 'none found'}")
    out += [f"credential {name}: {'set' if os.environ.get(name) else 'not set'}" for name in CREDENTIALS]
    netrc = Path(os.path.expanduser("~"), ".netrc")  # unlike Path.home, also for a user without a home
    out.append(f"credential file ~/.netrc: {'present' if netrc.is_file() else 'absent'}")
    out.append(f"processors: {os.cpu_count()}, memory: {_memory_gb():.1f} GB")
    out.append(f"free disk here: {shutil.disk_usage(Path.cwd()).free / 1e9:.1f} GB")
    here = Path("configs").resolve()
    out.append(f"configs: {f'{here}, then ' if here.is_dir() and here != configs_root() else ''}{configs_root()}")
    out.append(_cache_line())
    return out


def _cache_line() -> str:
    """Where the cache is, how big it is, and that it may be deleted."""
    try:
        folder = cache_root()
    except EnvironmentFault as fault:
        return f"cache: {fault}"
    size_mb = megabytes(folder)
    how = "; it may be deleted while nothing runs; what is needed is made or fetched again" if size_mb else ""
    return f"cache: {folder}, {size_mb:,.0f} MB{how}"


def browser() -> str | None:
    """Path of a Chromium-based browser that can print to PDF, if one is on the PATH."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def _memory_gb() -> float:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError, AttributeError):  # not available on every system
        return float("nan")
