"""The ``source.stac`` section: which public catalogues are asked, what may be reached, and how patiently."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.config.base import Section
from pipeline.config.mistakes import PROFILE

Catalogue = Literal["earth-search", "planetary-computer", "cdse"]

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def _normal_origin(text: str) -> str:
    if not re.fullmatch(r"(https?://[A-Za-z0-9.-]+(:\d{1,5})?|s3://[a-z0-9][a-z0-9.-]{1,62})", text):
        raise ValueError("write an origin, as https://data.example.org, http://127.0.0.1:8080 or s3://bucket")
    scheme, _, place = text.lower().partition("://")
    return f"{scheme}://{place.removesuffix(_DEFAULT_PORTS.get(scheme, ''))}"  # addresses are compared without it


def _normal_address(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?", text):
        raise ValueError("write an address without user, query or fragment, as https://host/path")
    return text.rstrip("/")


Origin = Annotated[str, AfterValidator(_normal_origin)]
Address = Annotated[str, AfterValidator(_normal_address)]


class ServiceConfig(Section):
    """Other addresses for one catalogue: a mirror, a proxy, or a server on this machine."""

    api: Address | None = None
    """Root of its STAC API."""
    s3: Address | None = None
    """Its S3 endpoint."""
    tokens: Address | None = None
    """Address that issues tokens for its storage (planetary-computer)."""
    storage: Address | None = None
    """Replaces the storage that these tokens give access to; account and container follow in the path."""
    profile: str | None = Field(default=None, pattern=PROFILE)
    """AWS profile with its S3 keys; null: the profile named like the catalogue, otherwise the usual AWS chain."""


class StacConfig(Section):
    """Where live scenes come from. Requests go only to the catalogue's own hosts and to those named here."""

    sentinel1: Catalogue | None = "planetary-computer"
    """Catalogue of Sentinel-1 GRD; null: no radar. planetary-computer needs no account."""
    sentinel2: Catalogue | None = "earth-search"
    """Catalogue of Sentinel-2 L2A; null: no Sentinel-2."""
    compare_with: Catalogue | None = None
    """A second catalogue, used only to list scenes: those missing from the first are reported."""
    max_cloud: float = Field(default=0.95, ge=0, le=1)
    """Sentinel-2 products with a larger share of cloud in their metadata are listed but not fetched."""
    items: str | None = None
    """A saved search (items.json) to use in place of a new one, relative to the config's folder."""
    services: dict[Catalogue, ServiceConfig] = Field(default={})
    """Other addresses, by catalogue."""
    hosts: tuple[Origin, ...] = ()
    """Further origins from which files may be fetched."""
    connections: int = Field(default=4, ge=1, le=64)
    """Simultaneous requests, over all workers. The Copernicus Data Space allows 4."""
    tries: int = Field(default=5, ge=1, le=20)
    """Attempts at a request before its scene is given up."""
    silence_s: float = Field(default=30.0, gt=0, le=600)
    """A server that sends nothing for this long is treated as unreachable."""
    scene_limit_s: float = Field(default=900.0, gt=0, le=86_400)
    """Time after which a scene (or a search) is given up, waiting included."""
    cache_gb: float = Field(default=20.0, gt=0, le=100_000)
    """Size of the cache of fetched scenes; the least recently used are removed first."""
