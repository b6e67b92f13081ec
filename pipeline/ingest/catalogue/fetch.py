"""The worker's task: turn one product of a catalogue into one cut-out in the cache.

A task holds addresses and plain settings, never pixels; its result is a path or one line that says why there is none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config.stac import Catalogue, StacConfig
from pipeline.errors import InputError
from pipeline.ingest.catalogue import optical, radar
from pipeline.ingest.catalogue.cache import Cache
from pipeline.ingest.catalogue.cache_use import CacheUse
from pipeline.ingest.catalogue.products import NotCovered, Product
from pipeline.ingest.catalogue.services import policy_of, service_of
from pipeline.ingest.catalogue.signing import Access
from pipeline.ingest.catalogue.soundness import make_checked, recorded_doubt
from pipeline.ingest.catalogue.web import WebClient, bare_address
from pipeline.ingest.cut import RADAR_MARGIN_M
from pipeline.times_places.longitudes import BBox
from pipeline.types import Sensor

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_LOCK = threading.Lock()
FORMAT = 3  # of what is made, and of what is looked at before it is kept; a change makes every cut-out anew


@dataclass(frozen=True, slots=True, eq=False)
class FetchTask:
    """One product to make a cut-out of."""

    product: Product
    bbox: BBox
    config: StacConfig
    cache: Path
    connections: int = 1  # that this task may use at once
    cache_use: CacheUse = CacheUse.ALL


@dataclass(frozen=True, slots=True)
class Fetched:
    """A cut-out and what is odd about it, or why there is none; ``requests`` and ``bytes`` are its cost this time."""

    product: Product
    path: Path | None
    cause: str = ""
    outline: BaseGeometry | None = None  # of a product that turned out to lie beside the AOI
    requests: int = 0
    bytes: int = 0
    doubt: str = ""


def fetch(task: FetchTask) -> Fetched:
    """The cut-out of a product: from the cache, or fetched."""
    product = task.product
    cutter = radar if product.sensor is Sensor.SENTINEL1 else optical
    with _LOCK:  # else threads that begin at once make one each
        access = _access(product.catalogue, task.config.model_dump_json())
    deadline = access.web.deadline()

    def make(folder: Path) -> None:
        make_checked(lambda to: cutter.cut_out(product, task.bbox, to, access, deadline, task.connections), folder)

    try:
        folder = _entry(task, make)
    except InputError as error:
        cause = error.cause if error.item == product.name else str(error)
        outline = error.outline if isinstance(error, NotCovered) else None
        return Fetched(product, None, cause, outline, deadline.requests, deadline.bytes)
    path = folder / (f"{product.name}.SAFE" if product.sensor is Sensor.SENTINEL1 else f"{product.name}.tif")
    return Fetched(product, path, "", None, deadline.requests, deadline.bytes, recorded_doubt(folder))


def _entry(task: FetchTask, make: Callable[[Path], None]) -> Path:
    """The cut-out's folder in the cache, made again if the task does not accept the cached one."""
    cache, recipe = Cache(task.cache, task.config.cache_gb * 1e9), recipe_of(task.product, task.bbox)
    if task.cache_use is CacheUse.UNDOUBTED and (cached := cache.find(recipe)) is not None and recorded_doubt(cached):
        try:
            return cache.entry(recipe, make, refresh=True)
        except InputError:
            return cached
    return cache.entry(recipe, make, refresh=task.cache_use is CacheUse.NONE)


def recipe_of(product: Product, bbox: BBox) -> dict[str, Any]:
    """The cache key of a cut-out: all that decides its content. URL queries are left out: they change, and may be
    secret."""
    files = {role: [bare_address(file.href), file.size, file.checksum] for role, file in sorted(product.files.items())}
    fields = asdict(product)
    return {
        "format": FORMAT,
        "bbox": list(bbox),
        "files": files,
        "margins": [RADAR_MARGIN_M, optical.MARGIN_PX],
        "product": {k: fields[k] for k in ("catalogue", "sensor", "item_id", "name", "platform", "facts")},
        "acquired": str(product.acquired),
    }


@lru_cache(maxsize=4)
def _access(catalogue: Catalogue, settings: str) -> Access:
    """One client a catalogue and process: connections are kept, and so are tokens, whose desk allows few requests
    (PlanetaryComputer issue 457)."""
    config = StacConfig.model_validate_json(settings)
    return Access(service_of(catalogue, config), WebClient(policy_of(config, catalogue)))
