"""Searches a catalogue for scenes, and saves the answer as the run's list of inputs.

Only the oldest, everywhere supported part of the protocol is used: collections, bbox, datetime, small pages. Filters
and sorting are left out on purpose, because some servers answer an unsupported filter with no items and no error; what
does not fit is dropped here, and counted. The whole answer is taken before any pixel is asked for, as a slow reader of
a long search loses it when the connection breaks.
"""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.config.stac import Catalogue, StacConfig
from pipeline.errors import ConfigError, EnvironmentFault, InputError, printable
from pipeline.ingest.catalogue.products import (
    Product,
    acquired_of,
    acquisition_of,
    platform_of_item,
    product_name,
    product_of,
    safe_name,
)
from pipeline.ingest.catalogue.services import KNOWN, Service, policy_of, service_of
from pipeline.ingest.catalogue.web import Deadline, WebClient, WebRequest, bare_address
from pipeline.ingest.found import Found
from pipeline.ingest.json_text import parse_json
from pipeline.storage import write_bytes
from pipeline.times_places.longitudes import BBox, split_box
from pipeline.types import Sensor

PAGE = 100  # items; our choice: larger pages are refused or time out on some servers
MAX_ITEMS = 200_000  # our choice: 12 ports and ten years have some 60,000
MAX_FILE = 1 << 30  # bytes of a saved search
NAMELESS = "without id or properties"
MISSING = ("acquisition", "acquired", "sensor", "cause")
_ADDRESS = re.compile(r"\S*://\S*")
_USABLE_MODE = "IW"  # the mode over coasts; EW is too coarse for these ships, WV has no coverage, SM is rare


@dataclass(slots=True)
class SearchResult:
    """The catalogues' answers: items by catalogue and sensor in a fixed order, and what was set aside."""

    items: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # for whoever watches
    missing: list[dict[str, Any]] = field(default_factory=list)  # acquisitions that only the second catalogue has

    def products(self) -> list[Product | Found]:
        """The items as products; those that are none as inputs that were not had, with the cause and the time."""
        out: list[Product | Found] = []
        for item in self.items:
            origin = item["capwatch"]
            sensor = Sensor(origin["sensor"])
            try:
                out.append(product_of(item, origin["catalogue"], sensor, origin["base"]))
            except InputError as error:
                out.append(_unusable_item(item, origin["catalogue"], sensor, error.cause))
        return out


def _unusable_item(item: dict[str, Any], catalogue: Catalogue, sensor: Sensor, cause: str) -> Found:
    """An item that is not a usable product: an unknown look at its time."""
    stated = item.get("properties")
    properties = stated if isinstance(stated, dict) else {}
    name = product_name(str(item.get("id") or ""), properties)
    href = f"{catalogue}:{printable(item.get('id'))[:80]}"
    return Found(
        Path(href),
        cause,
        name=href,
        acquired=acquired_of(properties, name),
        sensor=sensor,
        platform=platform_of_item(name, properties),
    )


def search(config: StacConfig, bbox: BBox, start: datetime, end: datetime) -> SearchResult:
    """All scenes of a box (west, south, east, north; across 180 degrees where west > east or east > 180) and a period.

    ``start`` is included, ``end`` is not. Raises EnvironmentFault where a catalogue cannot be asked to the end.
    """
    out = SearchResult()
    for sensor, name in ((Sensor.SENTINEL1, config.sentinel1), (Sensor.SENTINEL2, config.sentinel2)):
        if name is None:
            continue
        found, listed = _search_one(name, sensor, config, bbox, start, end, out.notes)
        out.items += found
        if config.compare_with is not None and config.compare_with != name:
            other, _ = _search_one(config.compare_with, sensor, config, bbox, start, end, [])
            out.missing += _unlisted_acquisitions(other, listed, sensor, f"in {config.compare_with}, not in {name}")
    if not config.sentinel1 and not config.sentinel2:
        raise ConfigError("source.kind is stac, but source.stac names no catalogue (sentinel1 or sentinel2)")
    return out


def save(found: SearchResult, path: Path, *, public: bool = False) -> bytes:
    """The search as an item collection; the same items give the same bytes. ``public`` leaves out queries of addresses,
    which may hold tokens."""
    items = [_without_queries(i) for i in found.items] if public else found.items
    content = {"type": "FeatureCollection", "features": items, "capwatch:missing": found.missing}
    raw = json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False).encode()
    if not path.is_file() or path.read_bytes() != raw:
        write_bytes(path, raw)
    return raw


def read(path: Path) -> SearchResult:
    """A saved search; ConfigError if the file is not one."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(f"{printable(path)}: is too large for a saved search (limit {MAX_FILE} bytes)")
        content = parse_json(path.read_text("utf-8"))
        items = content["features"]
        origins = [item["capwatch"] for item in items]
        good = all(t["catalogue"] in KNOWN and Sensor(t["sensor"]) and isinstance(t["base"], str) for t in origins)
        missing = [{k: str(m[k]) for k in MISSING} for m in content.get("capwatch:missing", [])]
        good = good and all(Sensor(m["sensor"]) for m in missing)
    except OSError as error:
        raise ConfigError(f"{printable(path)}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{printable(path)}: is no search that capwatch saved") from error
    if not good:
        raise ConfigError(f"{printable(path)}: is no search that capwatch saved")
    return SearchResult(items, [], missing)


def _search_one(
    name: Catalogue,
    sensor: Sensor,
    config: StacConfig,
    bbox: BBox,
    start: datetime,
    end: datetime,
    notes: list[str],
) -> tuple[list[dict[str, Any]], set[str]]:
    """One catalogue's items of one sensor, each once, in order of time and id; and the acquisitions that it lists,
    also of items that were set aside."""
    service = service_of(name, config)
    web = WebClient(policy_of(config, name))
    unique: dict[str, dict[str, Any]] = {}
    set_aside: Counter[str] = Counter()
    listed: set[str] = set()
    for box in split_box(bbox):  # catalogues differ in what they make of one across 180 degrees
        for item in _pages(service, sensor, web, box, start, end):
            reason = _unfit_reason(item, sensor, config)
            if reason != NAMELESS:
                listed.add(acquisition_of(product_name(item["id"], item["properties"])))
            if reason:
                set_aside[reason] += 1
            elif (key := str(item.get("id"))) in unique:
                set_aside["listed twice"] += 1
            else:
                unique[key] = _with_origin(item, name, sensor, service.api)
    if set_aside:
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(set_aside.items()))
        notes.append(f"{name}: {len(unique)} {sensor} items taken; set aside: {counts}")
    return sorted(unique.values(), key=lambda i: (str(i["properties"].get("datetime")), str(i["id"]))), listed


def _pages(
    service: Service, sensor: Sensor, web: WebClient, box: BBox, start: datetime, end: datetime
) -> Iterable[dict[str, Any]]:
    import pystac_client
    from pystac.errors import STACError, STACTypeError
    from pystac_client.errors import ClientTypeError
    from pystac_client.exceptions import APIError, ParametersError
    from pystac_client.warnings import PystacClientWarning
    from requests.exceptions import RequestException

    # for the process, as several searches may run at once: what a server does not conform to is seen by its answers
    warnings.filterwarnings("ignore", category=PystacClientWarning)
    deadline = web.deadline()
    last = end - timedelta(microseconds=1)
    try:
        client = pystac_client.Client.open(service.api, stac_io=_transport(service, web, deadline))
        found = client.search(
            collections=[service.collections[sensor]],
            bbox=list(box),
            datetime=f"{start:%Y-%m-%dT%H:%M:%SZ}/{last:%Y-%m-%dT%H:%M:%S.%fZ}",
            limit=PAGE,
            max_items=MAX_ITEMS,
        )
        return list(found.items_as_dicts())
    except InputError as error:
        raise EnvironmentFault(f"{service.name}: {error.cause} (search incomplete, nothing was run)") from error
    except EnvironmentFault:
        raise
    except (
        # the two libraries' own, which have no common root; the last is raised, too, by what says it cannot search
        *(APIError, ClientTypeError, ParametersError, STACError, STACTypeError, PystacClientWarning),
        RequestException,  # for what is no address
        # for a key that is not there, or a value of another kind
        *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, NotImplementedError),
    ) as error:
        raise EnvironmentFault(
            f"{service.name}: answers with what is no STAC search ({type(error).__name__}; nothing was run)"
        ) from error


def _transport(service: Service, web: WebClient, deadline: Deadline) -> Any:
    """pystac-client's requests, through our client; a link to a further page that comes twice ends the search."""
    from pystac import Link
    from pystac_client.stac_api_io import StacApiIO

    seen: set[str] = set()

    class Transport(StacApiIO):
        def read_text(self, source: Any, *args: Any, **more: Any) -> str:
            if isinstance(source, Link):
                link = source.to_dict()
                page = json.dumps([link.get(k) for k in ("href", "method", "body")], sort_keys=True)
                if page in seen:
                    raise InputError(service.name, "its pages go in a circle")
                seen.add(page)
                return str(super().read_text(source, *args, **more))
            return self.request(str(source), *args, **more)  # the parent opens what is no URL as a file

        def request(self, href: str, method: str | None = None, headers: Any = None, parameters: Any = None) -> str:
            from requests import Request

            posted = parameters if (method or "GET").upper() == "POST" else None
            url = Request("GET", href, params=None if posted is not None else parameters).prepare().url or href
            ask = WebRequest(
                url, f"{service.name} search", {"Accept": "application/geo+json, application/json"}, json=posted
            )
            return web.get(ask, deadline).body.decode("utf-8")

    return Transport()


def _unfit_reason(item: Any, sensor: Sensor, config: StacConfig) -> str:
    """Why an item is not used, worded so that equal causes can be counted; "" if it is used."""
    if not isinstance(item, dict):
        return NAMELESS
    properties = item.get("properties")
    if not isinstance(item.get("id"), str) or not item["id"] or not isinstance(properties, dict):
        return NAMELESS
    name = product_name(item["id"], properties)
    if sensor is Sensor.SENTINEL1:
        mode = str(
            properties.get("sar:instrument_mode") or (re.findall(r"^S1[A-Z]_(\w\w)_", name) or [_USABLE_MODE])[0]
        )
        if mode != _USABLE_MODE:
            return f"in mode {printable(mode)[:4]}"
        kind = str(properties.get("product:type") or properties.get("sar:product_type") or "GRD")
        return "" if "GRD" in kind.upper() else "of another product type"
    cloud = properties.get("eo:cloud_cover")
    cloudy = isinstance(cloud, int | float) and cloud > 100 * config.max_cloud
    return f"with more than {100 * config.max_cloud:.0f} % cloud" if cloudy else ""


def _with_origin(item: dict[str, Any], name: Catalogue, sensor: Sensor, api: str) -> dict[str, Any]:
    """The item as the catalogue gave it, without its links, and with where it came from."""
    links = item.get("links") if isinstance(item.get("links"), list) else []
    own_href = next(
        (k["href"] for k in links or [] if isinstance(k, dict) and k.get("rel") == "self" and k.get("href")), ""
    )
    out = {k: v for k, v in item.items() if k != "links"}
    out["capwatch"] = {"catalogue": name, "sensor": str(sensor), "base": str(own_href or api)}
    return _without_nan(out)


def _without_nan(value: Any) -> Any:
    """NaN and infinity, which JSON does not have, become null."""
    if isinstance(value, dict):
        return {str(k): _without_nan(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and value - value != 0 else value


def _unlisted_acquisitions(
    other: list[dict[str, Any]], listed: set[str], sensor: Sensor, cause: str
) -> list[dict[str, Any]]:
    """Acquisitions that one catalogue has and the other does not list, each at the time that may be believed."""
    from pipeline.table_files import iso_z

    named: dict[str, datetime | None] = {}
    for item in other:
        name = product_name(item["id"], item["properties"])
        named[acquisition_of(name)] = acquired_of(item["properties"], name)
    return [
        {"acquisition": safe_name(name), "acquired": iso_z(at) if at else "", "sensor": str(sensor), "cause": cause}
        for name, at in sorted(named.items())
        if name not in listed
    ]


def _without_queries(item: dict[str, Any]) -> dict[str, Any]:
    """The item with every address in it bare, wherever it stands: assets, its own address, links among properties."""
    out: dict[str, Any] = _without_address_queries(item)
    if not isinstance(item.get("assets"), dict):
        return out
    for asset in out["assets"].values():
        if isinstance(asset, dict):
            asset.pop("alternate", None)
            asset["href"] = bare_address(str(asset.get("href", "")))  # one below the item's own address, too
    return out


def _without_address_queries(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_address_queries(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_address_queries(inner) for inner in value]
    return _ADDRESS.sub(lambda found: bare_address(found[0]), value) if isinstance(value, str) else value
