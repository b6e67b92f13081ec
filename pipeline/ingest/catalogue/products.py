"""Extracts the trustworthy parts of a catalogue item: satellite, time, and the addresses of its files.

The three catalogues name the same files differently (``safe-manifest`` and ``safe_manifest``, ``B08``, ``nir`` and
``B08_10m``); here they get one name each. An item's footprint, ``proj:*`` and offset flags are not used: for GRD two of
the catalogues make up the first two from the bounding box, and the flags contradict the pixels.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from pipeline.config.stac import Catalogue
from pipeline.errors import InputError, printable
from pipeline.ingest.catalogue.web import bare_address
from pipeline.ingest.metadata.acquisition import parse_time, platform_of
from pipeline.ingest.metadata.band_names import POLARISATIONS, S2_USED
from pipeline.types import Sensor

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_BAND_OF_ASSET = {
    "blue": "B02",
    "green": "B03",
    "red": "B04",
    "nir": "B08",
    "swir16": "B11",
    "swir22": "B12",
    "scl": "SCL",
}
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|COM\d|LPT\d)(\.|$)", re.IGNORECASE)
_TIME = re.compile(r"\d{8}T\d{6}")
MAX_DATA_TAKE = timedelta(hours=1)  # our choice: both missions image for some 30 to 40 minutes of a 100-minute orbit
MAX_EARLIER = timedelta(minutes=-1)  # our choice, for rounded seconds
MAX_NAME = 80  # characters; our choice: a product name has 67
# mission, mode, times, orbit and data take identify an acquisition; what follows identifies one processing of it
_S1_NAME = re.compile(
    r"(S1[A-Z])_(\w\w)_GRD\w_\d\w{3}_(\d{8}T\d{6})_(\d{8}T\d{6})_(\d{6})_([0-9A-F]{6})", re.IGNORECASE
)
_S2_NAME = re.compile(r"(S2[A-Z])_MSIL2A_(\d{8}T\d{6})_(?:N(\d{4})_)?R(\d{3})_T(\w{5})")


class NotCovered(InputError):
    """A sound product that shows nothing of the AOI; its true outline (EPSG:4326) is known."""

    def __init__(self, item: object, cause: str, outline: BaseGeometry) -> None:
        super().__init__(item, cause)
        self.outline = outline

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.item, self.cause, self.outline)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a product: its unsigned address, and the size and checksum that the catalogue states."""

    href: str
    size: int | None = None
    checksum: str = ""  # multihash, hex


@dataclass(frozen=True, slots=True)
class Product:
    """One item, in our terms. ``files`` by role: product-VV, calibration-VV, noise-VV, manifest, VV; B08, SCL."""

    catalogue: Catalogue
    sensor: Sensor
    item_id: str
    name: str  # safe as a file name
    acquired: datetime | None  # for Sentinel-2 and for failed looks; for radar the annotation states it
    platform: str
    files: dict[str, RemoteFile]
    facts: dict[str, Any] = field(default_factory=dict)  # sun, cloud, baseline: numbers and texts

    @property
    def href(self) -> str:
        """The product's name in tables."""
        return f"{self.catalogue}:{printable(self.item_id)[:MAX_NAME]}"


def product_of(item: dict[str, Any], catalogue: Catalogue, sensor: Sensor, base: str = "") -> Product:
    """The product that an item describes; InputError if it names no usable image."""
    item_id = str(item.get("id") or "")
    if not item_id:
        raise InputError(f"{catalogue} item", "has no id")
    stated = item.get("properties")
    properties = stated if isinstance(stated, dict) else {}
    files_by_role = _radar_files if sensor is Sensor.SENTINEL1 else _optical_files
    files = files_by_role(_assets(item, base))
    operators_name = product_name(item_id, properties)
    name = safe_name(operators_name)
    return Product(
        catalogue=catalogue,
        sensor=sensor,
        item_id=item_id,
        name=name,
        acquired=acquired_of(properties, operators_name),
        platform=platform_of_item(name, properties),
        files=files,
        facts=_facts(properties, operators_name) if sensor is Sensor.SENTINEL2 else {},
    )


def product_name(item_id: str, properties: dict[str, Any]) -> str:
    """The operator's product name, as far as the item gives it.

    >>> product_name("S1A_IW_GRDH_1SDV_20240307T092000_20240307T092025_052870_066610_ABCD_COG", {})
    'S1A_IW_GRDH_1SDV_20240307T092000_20240307T092025_052870_066610_ABCD'
    """
    name = str(properties.get("s2:product_uri") or item_id)
    return name.removesuffix(".SAFE").removesuffix("_COG")


def acquisition_of(name: str) -> str:
    """The part of the name that products of one acquisition share; for Sentinel-2 it includes the tile.

    >>> acquisition_of("S1D_IW_GRDH_1SDV_20260307T092000_20260307T092025_002870_006610_ABCD")
    'S1D_IW_20260307T092000_20260307T092025_002870_006610'
    """
    if found := _S1_NAME.match(name):
        return "_".join(found.groups()).upper()
    if found := _S2_NAME.match(name):
        mission, time, _, orbit, tile = found.groups()
        return f"{mission}_{time}_R{orbit}_T{tile}"
    return name


def safe_name(text: str) -> str:
    """A safe file name: letters, digits and ``._-`` only; not reserved, hidden or longer than ``MAX_NAME``.

    >>> safe_name("../../x"), safe_name("CON"), len(safe_name("a" * 300))
    ('_.._x-9cdf6a', 'CON-a3dbc4', 80)
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", text)
    if plain == text and len(text) <= MAX_NAME and not _RESERVED.match(text) and text.strip(". ") == text and text:
        return text
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{plain.lstrip('.')[: MAX_NAME - 7].rstrip('.')}-{mark}"


def _assets(item: dict[str, Any], base: str) -> dict[str, RemoteFile]:
    found = {}
    assets = item.get("assets")
    for key, asset in assets.items() if isinstance(assets, dict) else ():
        href = asset.get("href") if isinstance(asset, dict) else None
        if not isinstance(href, str) or not href:
            continue
        size = asset.get("file:size")
        found[str(key)] = RemoteFile(
            _absolute_href(base, href),
            size if isinstance(size, int) and size > 0 else None,
            str(asset.get("file:checksum") or asset.get("checksum:multihash") or "").lower(),
        )
    return found


def _absolute_href(base: str, href: str) -> str:
    """An asset's address; one that cannot be joined stays as it is, and is refused when requested."""
    if not base or "://" in bare_address(href):
        return href
    try:
        return urljoin(base, href)
    except ValueError:
        return href


def _radar_files(assets: dict[str, RemoteFile]) -> dict[str, RemoteFile]:
    """The files of a GRD product by role; keys are compared regardless of case, with ``_`` equal to ``-``."""
    plain = {key.lower().replace("_", "-"): file for key, file in assets.items()}
    files = {"manifest": plain["safe-manifest"]} if "safe-manifest" in plain else {}
    for polarisation in POLARISATIONS:
        pol = polarisation.lower()
        if pol not in plain:
            continue
        files[polarisation] = plain[pol]
        for role in ("product", "calibration", "noise"):
            key = f"schema-{role}-{pol}"
            if key in plain:
                files[f"{role}-{polarisation}"] = plain[key]
    if not any(p in files for p in POLARISATIONS):
        raise InputError("item", f"names no polarisation; its assets are {printable(', '.join(sorted(assets)))[:80]}")
    return files


def _optical_files(assets: dict[str, RemoteFile]) -> dict[str, RemoteFile]:
    files: dict[str, RemoteFile] = {}
    for key, file in sorted(assets.items()):
        plain = key.lower()
        band = _BAND_OF_ASSET.get(plain)
        if band is None and (found := re.fullmatch(r"(b\d\d|b8a|scl)(?:_(\d\d)m)?", plain)):
            finest = {"SCL": "20", "B11": "20", "B12": "20"}.get(found.group(1).upper(), "10")
            band = found.group(1).upper() if found.group(2) in (None, finest) else None
        if band in (*S2_USED, "SCL") and band not in files:
            files[band] = file
    missing = [b for b in ("B03", "B04", "B08") if b not in files]
    if missing:
        raise InputError("item", f"names no band {', '.join(missing)}")
    return files


def acquired_of(properties: dict[str, Any], name: str) -> datetime | None:
    """The catalogue's time if it lies within the data take that the operator's name gives, else that take's start."""
    stated = _moment(properties)
    named = _S1_NAME.match(name) or _S2_NAME.match(name)
    take_start = None if named is None else parse_time(next(g for g in named.groups() if _TIME.fullmatch(g or "")))
    if take_start is None or (stated is not None and MAX_EARLIER <= stated - take_start <= MAX_DATA_TAKE):
        return stated
    return take_start


def _moment(properties: dict[str, Any]) -> datetime | None:
    for key in ("datetime", "start_datetime"):
        if isinstance(properties.get(key), str) and (moment := parse_time(properties[key])) is not None:
            return moment
    return None


def platform_of_item(name: str, properties: dict[str, Any]) -> str:
    """The satellite according to the operator's product name, else to the item."""
    stated = properties.get("platform")
    return platform_of(name) or (printable(stated).lower()[:40] if isinstance(stated, str) else "")


def _facts(properties: dict[str, Any], name: str) -> dict[str, Any]:
    """Sun angles, cloud cover and processing baseline, where they are plain numbers."""
    zenith = _number(properties, "s2:mean_solar_zenith")
    sun = _number(properties, "view:sun_elevation")
    cloud = _number(properties, "eo:cloud_cover")
    named = _S2_NAME.match(name)
    baseline = str(properties.get("s2:processing_baseline") or properties.get("processing:version") or "")
    if named is not None and named.group(3):
        baseline = f"{named.group(3)[:2]}.{named.group(3)[2:]}"  # the name is the operator's; properties are a copy
    return {
        "sun_elevation_deg": sun if sun is not None else None if zenith is None else 90.0 - zenith,
        "sun_azimuth_deg": _number(properties, "view:sun_azimuth", "s2:mean_solar_azimuth"),
        "cloud_share": None if cloud is None else cloud / 100.0,
        "baseline": baseline if re.fullmatch(r"\d{2}\.\d{2}", baseline) else "",
        "epsg": _epsg(properties),
        "offset_applied": properties.get("earthsearch:boa_offset_applied"),
    }


def _number(properties: dict[str, Any], *keys: str) -> float | None:
    for key in keys:
        value = properties.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6:
            return float(value)
    return None


def _epsg(properties: dict[str, Any]) -> int | None:
    code = properties.get("proj:code") or properties.get("proj:epsg")
    found = re.fullmatch(r"(?:EPSG:)?(\d{4,5})", str(code)) if code is not None else None
    return int(found.group(1)) if found else None
