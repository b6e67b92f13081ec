"""Catalogue items in the style of three catalogues, for products that a test wrote to disk. All synthetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

from pipeline.config.stac import StacConfig
from pipeline.ingest.catalogue.products import Product, product_of
from pipeline.ingest.catalogue.services import policy_of, service_of
from pipeline.ingest.catalogue.signing import Access
from pipeline.ingest.catalogue.web import WebClient
from pipeline.types import Sensor
from tests.ingest.sentinel1.safe_product import Recipe, write_safe

FALSE_PROJ = {  # as two of the catalogues derive it from the bounding box: kilometres off, shape swapped
    "proj:epsg": 4326,
    "proj:shape": [100, 80],
    "proj:transform": [0.01, 0.0, 120.0, 0.0, -0.01, 50.0],
}
S2_NAMES = {
    "earth-search": {"B02": "blue", "B03": "green", "B04": "red", "B08": "nir", "B11": "swir16", "SCL": "scl"},
    "planetary-computer": {b: b for b in ("B02", "B03", "B04", "B08", "B11", "SCL")},
    "cdse": {
        "B02": "B02_10m",
        "B03": "B03_10m",
        "B04": "B04_10m",
        "B08": "B08_10m",
        "B11": "B11_20m",
        "SCL": "SCL_20m",
    },
}
S2_PRODUCT = "S2B_MSIL2A_20240307T020529_N0510_R017_T53TKJ_20240307T045211"
UTM53 = "EPSG:32653"


def radar_item(root: Path, base: str, catalogue: str = "earth-search", **properties: Any) -> dict[str, Any]:
    """An item about a SAFE folder that is served below ``base``."""
    assets: dict[str, Any] = {}
    for measurement in sorted((root / "measurement").glob("*.tiff")):
        stem, pol = measurement.stem, "vv" if "-vv-" in measurement.stem else "vh"
        assets[pol] = {"href": f"{base}/{root.name}/measurement/{measurement.name}"}
        assets[f"schema-product-{pol}"] = {"href": f"{base}/{root.name}/annotation/{stem}.xml"}
        for role in ("calibration", "noise"):
            if (root / f"annotation/calibration/{role}-{stem}.xml").is_file():
                href = f"{base}/{root.name}/annotation/calibration/{role}-{stem}.xml"
                assets[f"schema-{role}-{pol}"] = {"href": href}
    manifest = "safe_manifest" if catalogue == "cdse" else "safe-manifest"
    assets[manifest] = {"href": f"{base}/{root.name}/manifest.safe"}
    name = root.name.removesuffix(".SAFE")
    if catalogue == "cdse":
        return _item(f"{name}_COG", "sentinel-1-grd", {"product:type": "IW_GRDH_1S"} | properties, assets)
    told = {"sar:product_type": "GRD", "sar:instrument_mode": "IW"} | FALSE_PROJ
    return _item(name, "sentinel-1-grd", told | properties, assets)


def optical_item(folder: Path, base: str, catalogue: str = "earth-search", **properties: Any) -> dict[str, Any]:
    """An item about the bands that `write_bands` wrote to a folder served below ``base``."""
    names = S2_NAMES[catalogue]
    assets = {key: {"href": f"{base}/{folder.name}/{band}.tif"} for band, key in names.items()}
    told = {
        "datetime": "2024-03-07T02:08:12Z",
        "s2:product_uri": f"{S2_PRODUCT}.SAFE",
        "s2:processing_baseline": "05.10",
        "eo:cloud_cover": 12.0,
        "view:sun_elevation": 36.5,
        "view:sun_azimuth": 156.0,
        "proj:code": UTM53,
    }
    collection = "sentinel-2-c1-l2a" if catalogue == "earth-search" else "sentinel-2-l2a"
    return _item("S2B_T53TKJ_20240307T020529_L2A", collection, told | properties, assets)


def _item(name: str, collection: str, properties: dict[str, Any], assets: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": collection,
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[132, 42], [134, 42], [134, 44], [132, 44], [132, 42]]],
        },
        "bbox": [132.0, 42.0, 134.0, 44.0],
        "properties": {"datetime": "2024-03-07T09:20:12Z"} | properties,
        "assets": assets,
        "links": [],
    }


def write_bands(folder: Path, *, offset: int = 1000, side: int = 400, seed: int = 7, crs: str = UTM53) -> Path:
    """Bands of a square of ``side`` 10 m pixels, sea with one bright object, as numbers with an additive offset."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    levels = {"B02": 700, "B03": 600, "B04": 400, "B08": 250, "B11": 90, "SCL": 6}
    for band, level in levels.items():
        step = 2 if band in ("B11", "SCL") else 1
        shape = (side // step, side // step)
        if band == "SCL":
            image = np.full(shape, 6, np.uint8)
            image[: shape[0] // 4] = 9
        else:
            image = (level + offset + rng.normal(0, 15, shape)).astype(np.uint16)
            image[100 // step : 110 // step, 100 // step : 130 // step] += 2000
        place = Affine(10.0 * step, 0.0, 335_000.0, 0.0, -10.0 * step, 4_736_000.0)
        with rasterio.open(
            folder / f"{band}.tif", "w", driver="GTiff", width=shape[1], height=shape[0], count=1, dtype=image.dtype,
            crs=crs, transform=place, tiled=True, blockxsize=128, blockysize=128,
            compress="deflate", nodata=0,
        ) as out:  # fmt: skip
            out.write(image, 1)
    return folder


def big_product(folder: Path, **recipe: Any) -> Path:
    """A SAFE folder of 1,800 x 900 pixels of speckle, larger than the margins of a cut-out."""
    rng = np.random.default_rng(5)
    shape = (1800, 900)
    dn = {pol: rng.integers(20, 200, shape).astype(np.uint16) for pol in ("VV", "VH")}
    return write_safe(folder, Recipe(shape=shape, dn=dn, **recipe))


def tiled(root: Path) -> Path:
    """Tile the measurements of a SAFE folder, as cloud copies are; its manifest no longer matches them."""
    for path in (root / "measurement").glob("*.tiff"):
        with rasterio.open(path) as source:
            image = source.read(1)
        with rasterio.open(
            path, "w", driver="GTiff", width=image.shape[1], height=image.shape[0], count=1, dtype="uint16",
            tiled=True, blockxsize=128, blockysize=128, compress="deflate",
        ) as out:  # fmt: skip
            out.write(image, 1)
    return root


def config_for(site_url: str, **more: Any) -> StacConfig:
    """Settings that allow one loopback site, without waiting times."""
    told = {"hosts": [site_url], "tries": 3, "silence_s": 2.0, "scene_limit_s": 20.0, "sentinel1": "earth-search"}
    return StacConfig.model_validate(told | more)


def access_for(config: StacConfig, catalogue: str = "earth-search") -> Access:
    """Access to a catalogue under a config, without pauses between retries."""
    from dataclasses import replace

    policy = replace(policy_of(config, catalogue), first_pause_s=0.01)
    return Access(service_of(catalogue, config), WebClient(policy))


def radar_product(root: Path, base: str, catalogue: str = "earth-search", **properties: Any) -> Product:
    """The product described by an item about a SAFE folder."""
    return product_of(radar_item(root, base, catalogue, **properties), catalogue, Sensor.SENTINEL1)


def optical_product(folder: Path, base: str, catalogue: str = "earth-search", **properties: Any) -> Product:
    """The product described by an item about a folder of bands."""
    return product_of(optical_item(folder, base, catalogue, **properties), catalogue, Sensor.SENTINEL2)
