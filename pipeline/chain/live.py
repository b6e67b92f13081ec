"""SOURCE=stac: from a question to cut-outs in the cache, by one saved search and one task per product.

The design is described in `pipeline.ingest.catalogue`. The order: check credentials; make and save the search (or read
a saved one); cut out the products, several at once but with no more requests over all workers than the config allows.
A product that could not be fetched keeps its row and its time: the look is unknown, not empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.config import RunConfig
from pipeline.config.stac import StacConfig
from pipeline.console import Console
from pipeline.engine import map_tasks
from pipeline.ingest.catalogue import search as catalogue
from pipeline.ingest.catalogue.cache import Cache
from pipeline.ingest.catalogue.cache_use import CacheUse
from pipeline.ingest.catalogue.fetch import Fetched, FetchTask, fetch
from pipeline.ingest.catalogue.products import Product
from pipeline.ingest.catalogue.services import service_of
from pipeline.ingest.catalogue.signing import check_credentials
from pipeline.ingest.found import Found
from pipeline.ingest.metadata.acquisition import parse_time
from pipeline.plurals import number_of
from pipeline.types import Sensor
from pipeline.workspace import cache_root

ITEMS = "items.json"


@dataclass(frozen=True, slots=True)
class LiveInputs:
    """The result of a search: inputs, their names, and the search itself as published."""

    images: tuple[Found, ...]
    names: dict[str, str]  # path -> name in tables
    items: bytes


def gather_live(config: RunConfig, root: Path, console: Console, cache_use: CacheUse = CacheUse.ALL) -> LiveInputs:
    """The cut-outs of all products that the config's catalogues have for its place and period.

    ``cache_use``: which cached cut-outs are used as they are.
    """
    settings = config.source.stac
    require_credentials(settings)
    search = read_or_run_search(config, root, console)
    items = catalogue.save(search, cache_root() / "searches" / "last.json", public=True)
    unavailable = [_unavailable_image(missing) for missing in search.missing]
    products: list[Product] = []
    for product in search.products():
        if isinstance(product, Found):
            unavailable.append(product)
        else:
            products.append(product)
    results = _fetch_all(products, config, console, cache_use)
    images, names = list(unavailable), {str(image.path): f"{image.name}" for image in unavailable}
    for result in results:
        image = _image_of(result)
        images.append(image)
        names[str(image.path)] = result.product.href
    return LiveInputs(tuple(images), names, items)


def read_or_run_search(config: RunConfig, root: Path, console: Console) -> catalogue.SearchResult:
    """The config's saved search, or a new one."""
    settings = config.source.stac
    if settings.items is not None:
        return catalogue.read(root / settings.items)
    search = catalogue.search(settings, config.aoi.bbox, config.period.start, config.period.end)
    for note in search.notes:
        console.note(note)
    for sensor, name in ((Sensor.SENTINEL1, settings.sentinel1), (Sensor.SENTINEL2, settings.sentinel2)):
        if name is not None:
            count = sum(item["capwatch"]["sensor"] == sensor for item in search.items)
            where = f"{config.aoi.id} from {config.period.start:%Y-%m-%d} to {config.period.end:%Y-%m-%d}"
            console.note(
                f"{name}: {number_of(count, f'{sensor} product') if count else f'no {sensor} product'} of {where}"
            )
    return search


def config_of_saved_search(config: RunConfig) -> RunConfig:
    """The config that repeats a run from its saved search, without querying a catalogue."""
    stac = config.source.stac.model_copy(update={"items": ITEMS})
    return config.model_copy(update={"source": config.source.model_copy(update={"stac": stac})})


def require_credentials(settings: StacConfig) -> None:
    """Raise ConfigError, before any request, if required credentials are missing."""
    for sensor, name in ((Sensor.SENTINEL1, settings.sentinel1), (Sensor.SENTINEL2, settings.sentinel2)):
        if name is not None:
            check_credentials(service_of(name, settings), sensor)


def _fetch_all(products: list[Product], config: RunConfig, console: Console, cache_use: CacheUse) -> list[Fetched]:
    settings = config.source.stac
    at_once = max(1, min(config.engine.workers, settings.connections))
    connections_per_task = max(1, settings.connections // at_once)
    folder = cache_root() / "live"
    tasks = [
        FetchTask(product, config.aoi.bbox, settings, folder, connections_per_task, cache_use) for product in products
    ]
    with console.progress("fetch", len(tasks)) as step:
        results = map_tasks(
            fetch,
            tasks,
            config.engine,
            done=lambda task: step(task.product.name),
            lost=lambda task, why: Fetched(task.product, None, why),
            at_once=at_once,
        )
    n_requests, n_bytes = sum(result.requests for result in results), sum(result.bytes for result in results)
    if n_requests:
        console.note(f"{n_requests} requests, {n_bytes / 1e6:.1f} MB for {len(tasks)} products")
    Cache(folder, settings.cache_gb * 1e9).prune({result.path.parent for result in results if result.path is not None})
    return results


def _image_of(result: Fetched) -> Found:
    product = result.product
    if result.path is not None:
        return Found(result.path, doubt=result.doubt)
    return Found(
        Path(product.href),
        result.cause,
        name=product.name,
        acquired=product.acquired,
        sensor=product.sensor,
        platform=product.platform,
        footprint=result.outline,
    )


def _unavailable_image(missing: dict[str, str]) -> Found:
    """An acquisition that only the second catalogue has."""
    name = missing["acquisition"]
    return Found(
        Path(name),
        missing["cause"],
        name=name,
        acquired=parse_time(missing["acquired"]),
        sensor=Sensor(missing["sensor"]),
    )
