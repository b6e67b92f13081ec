"""The three public catalogues: their addresses, collections, and storage.

As found in their documentation and in the code of their users, July to November 2026. Every address can be replaced in
the config (``source.stac.services``), since none of this can be looked up where there is no network.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from pipeline.config.stac import Catalogue, ServiceConfig, StacConfig
from pipeline.ingest.catalogue.web import WebPolicy, origin_of
from pipeline.types import Sensor

TOKENS_VARIABLE = "PC_SDK_SAS_URL"  # the name that the Planetary Computer's own library uses


@dataclass(frozen=True, slots=True)
class Service:
    """One catalogue and the storage behind it. ``access``: open, s3 (keys), or tokens (handed out for the asking)."""

    name: Catalogue
    api: str
    collections: dict[Sensor, str]
    origins: tuple[str, ...]  # where its files may lie
    access: dict[Sensor, str]
    s3: str = ""
    region: str = "us-east-1"
    requester_pays: bool = False
    tokens: str = ""
    storage: str = ""  # a stand-in for the storage that tokens open
    profile: str | None = None


EARTH_SEARCH = Service(
    name="earth-search",
    api="https://earth-search.aws.element84.com/v1",
    collections={Sensor.SENTINEL1: "sentinel-1-grd", Sensor.SENTINEL2: "sentinel-2-c1-l2a"},
    origins=(
        "https://e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com",
        "https://sentinel-cogs.s3.us-west-2.amazonaws.com",
        "s3://sentinel-s1-l1c",
    ),
    access={Sensor.SENTINEL1: "s3", Sensor.SENTINEL2: "open"},
    s3="https://s3.eu-central-1.amazonaws.com",
    region="eu-central-1",
    requester_pays=True,
)
PLANETARY_COMPUTER = Service(
    name="planetary-computer",
    api="https://planetarycomputer.microsoft.com/api/stac/v1",
    collections={Sensor.SENTINEL1: "sentinel-1-grd", Sensor.SENTINEL2: "sentinel-2-l2a"},
    origins=("https://sentinel1euwest.blob.core.windows.net", "https://sentinel2l2a01.blob.core.windows.net"),
    access={Sensor.SENTINEL1: "tokens", Sensor.SENTINEL2: "tokens"},
    tokens="https://planetarycomputer.microsoft.com/api/sas/v1/token",
)
CDSE = Service(
    name="cdse",
    api="https://stac.dataspace.copernicus.eu/v1",
    collections={Sensor.SENTINEL1: "sentinel-1-grd", Sensor.SENTINEL2: "sentinel-2-l2a"},
    origins=("s3://eodata",),
    access={Sensor.SENTINEL1: "s3", Sensor.SENTINEL2: "s3"},
    s3="https://eodata.dataspace.copernicus.eu",
    region="default",
)
KNOWN = {service.name: service for service in (EARTH_SEARCH, PLANETARY_COMPUTER, CDSE)}


def service_of(name: Catalogue, config: StacConfig) -> Service:
    """A catalogue with the config's addresses in place of the public ones."""
    service, overrides = KNOWN[name], config.services.get(name, ServiceConfig())
    from_environment = os.environ.get(TOKENS_VARIABLE, "") if service.tokens else ""
    return replace(
        service,
        api=overrides.api or service.api,
        s3=overrides.s3 or service.s3,
        tokens=overrides.tokens or from_environment or service.tokens,
        storage=overrides.storage or "",
        profile=overrides.profile,
    )


def policy_of(config: StacConfig, *names: Catalogue) -> WebPolicy:
    """What these catalogues need to reach, and what the config allows besides."""
    allowed = set(config.hosts)
    for name in names:
        service = service_of(name, config)
        allowed.update(service.origins)
        allowed.update(origin_of(url) for url in (service.api, service.s3, service.tokens, service.storage) if url)
    return WebPolicy(frozenset(allowed), config.tries, config.silence_s, config.scene_limit_s)
