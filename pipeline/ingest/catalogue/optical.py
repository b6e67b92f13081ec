"""Makes a cut-out of a Sentinel-2 L2A product in a catalogue: one GeoTIFF of the AOI's pixels with its sidecar.

Bands of 20 m are repeated onto the 10 m grid (2 x 2), never interpolated. Position and projection come from the images
themselves; where an item names another projection, something is wrong and the product is not used.

**The offset.** Some mirrors have removed the 1,000 of newer baselines (`ingest.baseline`) and some have not, and their
flags are wrong in both directions. So the pixels decide: with the offset still in, hardly any pixel can be below 1,000;
with it removed, open water in the short-wave infrared is at some 0 to 300. The decision is kept with its reason.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from math import dist
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from pipeline.errors import InputError
from pipeline.ingest.baseline import LOW_PERCENTILE, Offset, offset_of
from pipeline.ingest.catalogue.products import NotCovered, Product
from pipeline.ingest.catalogue.remote import RemoteImage
from pipeline.ingest.catalogue.signing import Access
from pipeline.ingest.catalogue.web import Deadline
from pipeline.ingest.cut import OPTICAL_MARGIN_M, window_around
from pipeline.ingest.geolocation import MapGeolocation, footprint_of
from pipeline.ingest.inputs import NOTHING_OF_AOI
from pipeline.ingest.metadata.band_names import S2_USED
from pipeline.times_places.longitudes import BBox, wrap_centre, wrap_geometry
from pipeline.types import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

MARGIN_PX = round(OPTICAL_MARGIN_M / 10)  # around the AOI, on the 10 m grid
CLOUD_CLASSES = (8, 9, 10)  # classes of the scene classification: cloud of medium and high probability, thin cirrus
NO_DATA = 0  # ESA, Sentinel-2 Products Specification Document: 0 is no data, in bands and in the scene classification
ALIGNED_M = 0.01  # tolerance between corners of one tile's bands, for rounded headers; our choice
MAX_PIXELS = 60_000_000  # of one band; our choice: a whole tile has 120 million, an AOI some 3


@dataclass(frozen=True, slots=True)
class Grid:
    """A map grid: projection, and the transform (a, b, c, d, e, f) from (col, row) of pixel corners to x, y."""

    wkt: str
    epsg: int | None
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]


def cut_out(product: Product, bbox: BBox, folder: Path, access: Access, deadline: Deadline, connections: int) -> Path:
    """Fetch the AOI's part of an L2A product into ``folder/<name>.tif`` with its sidecar."""
    bands = [b for b in S2_USED if b in product.files]
    reference = _image(product, "B08", access, deadline, connections)
    with reference.opened() as dataset:
        grid = _grid(dataset, reference.item)
        _require_projection(grid, product)
        window = _window(grid, bbox, product.name)
        simulated = dataset.tags().get("SIMULATED", "") == "yes"
        layers: dict[str, NDArray[np.uint16]] = {"B08": reference.window(dataset, window)}
    for band in bands:
        if band not in layers:
            image = _image(product, band, access, deadline, connections)
            layers[band] = _read_layer(image, grid, window)
    classes = None
    if "SCL" in product.files:
        classes = _read_layer(_image(product, "SCL", access, deadline, connections), grid, window)
    stack = np.stack([layers[b] for b in bands])
    if (stack == NO_DATA).all():
        raise NotCovered(
            product.name,
            NOTHING_OF_AOI,
            wrap_geometry(_outline(grid, product.name), wrap_centre(bbox)).difference(shapely.box(*bbox)),
        )
    offset = offset_dn(layers.get("B12", layers.get("B11", layers["B08"])), str(product.facts.get("baseline", "")))
    _write_image(folder / f"{product.name}.tif", stack, bands, grid, window, simulated=simulated)
    sidecar = _sidecar(product, bands, offset, _cloud_share(classes, layers["B08"]), simulated=simulated)
    (folder / f"{product.name}.json").write_text(json.dumps(sidecar, sort_keys=True, indent=1) + "\n", "utf-8")
    description = {"origin": {"catalogue": product.catalogue, "item": product.item_id}, "offset": offset.reason}
    (folder / "cutout.txt").write_text(json.dumps(description, sort_keys=True, indent=1) + "\n", "utf-8")
    return folder / f"{product.name}.tif"


def offset_dn(dark: NDArray[np.uint16], baseline: str) -> Offset:
    """The offset of an image, from its baseline and its darkest band (any shape; 0 is no data).

    >>> sea = np.full((50, 50), 1150, np.uint16)
    >>> offset_dn(sea, "05.09").dn, offset_dn(sea - 1000, "05.09").dn
    (-1000, 0)
    """
    good = dark[dark != NO_DATA]
    return offset_of(float(np.percentile(good, LOW_PERCENTILE)) if good.size else None, baseline)


def _image(product: Product, band: str, access: Access, deadline: Deadline, connections: int) -> RemoteImage:
    return RemoteImage(product.files[band], band, access, deadline, connections)


def _grid(dataset: Any, item: str) -> Grid:
    if dataset.crs is None or dataset.transform.is_identity:
        raise InputError(item, "has no georeference")
    if dataset.dtypes[0] not in ("uint16", "uint8"):
        raise InputError(item, f"holds {dataset.dtypes[0]}; uint16 is wanted")
    return Grid(
        dataset.crs.to_wkt(), dataset.crs.to_epsg(), tuple(dataset.transform)[:6], (dataset.height, dataset.width)
    )


def _require_projection(grid: Grid, product: Product) -> None:
    stated_epsg = product.facts.get("epsg")
    if stated_epsg is not None and grid.epsg is not None and stated_epsg != grid.epsg:
        raise InputError(product.name, f"its image is in EPSG:{grid.epsg}, its catalogue says EPSG:{stated_epsg}")


def _window(grid: Grid, bbox: BBox, item: str) -> Window:
    """The 10 m window of a box with a margin, on even pixels so that 20 m bands fit onto it."""
    covered = window_around(
        MapGeolocation(grid.wkt, grid.transform, grid.shape), grid.shape, bbox, (MARGIN_PX, MARGIN_PX)
    )
    if covered is None:
        raise NotCovered(item, NOTHING_OF_AOI, _outline(grid, item))
    window = replace(covered, rows=max(2, covered.rows // 2 * 2), cols=max(2, covered.cols // 2 * 2))
    if window.rows * window.cols > MAX_PIXELS:
        raise InputError(item, f"the AOI has {window.rows} x {window.cols} pixels of it (limit {MAX_PIXELS})")
    return window


def _outline(grid: Grid, item: str) -> BaseGeometry:
    return footprint_of(MapGeolocation(grid.wkt, grid.transform, grid.shape), grid.shape, item)


def _read_layer(image: RemoteImage, grid: Grid, window: Window) -> NDArray[np.uint16]:
    """A band on a window of the 10 m grid; its pixels must span 1 or 2 of the grid's, and align with them."""
    with image.opened() as dataset:
        band_grid = _grid(dataset, image.item)
        step = round(band_grid.transform[0] / grid.transform[0])
        if step not in (1, 2) or band_grid.epsg != grid.epsg or not _is_aligned(band_grid, grid, step):
            raise InputError(image.item, "does not lie on the grid of the 10 m bands")
        part = Window(window.row0 // step, window.col0 // step, window.rows // step, window.cols // step)
        pixels = image.window(dataset, part)
    return pixels if step == 1 else pixels.repeat(2, axis=0).repeat(2, axis=1)


def _is_aligned(band: Grid, grid: Grid, step: int) -> bool:
    """Do a band's corners match the grid's, if each of its pixels spans ``step`` x ``step`` of the grid's?"""
    from affine import Affine

    rows, cols = grid.shape
    if any(abs(own * step - whole) >= step for own, whole in zip(band.shape, grid.shape, strict=True)):
        return False
    band_transform, grid_transform = Affine(*band.transform) @ Affine.scale(1 / step), Affine(*grid.transform)
    return (
        max(dist(band_transform @ corner, grid_transform @ corner) for corner in ((0, 0), (cols, 0), (0, rows)))
        <= ALIGNED_M
    )


def _cloud_share(classes: NDArray[Any] | None, seen: NDArray[Any]) -> float | None:
    """Share of the seen pixels that the product's own classification marks as cloud."""
    if classes is None:
        return None
    valid = (seen != NO_DATA) & (classes != NO_DATA)
    return float(np.isin(classes[valid], CLOUD_CLASSES).mean()) if valid.any() else None


def _write_image(
    path: Path, stack: NDArray[np.uint16], bands: list[str], grid: Grid, window: Window, *, simulated: bool
) -> None:
    import rasterio
    from affine import Affine

    from pipeline.ingest.gdal_settings import SETTINGS

    a, b, c, d, e, f = grid.transform
    col0, row0 = window.col0, window.row0
    transform = Affine(a, b, c + a * col0 + b * row0, d, e, f + d * col0 + e * row0)
    with (
        rasterio.Env(**SETTINGS),
        rasterio.open(
            path, "w", driver="GTiff", width=window.cols, height=window.rows, count=len(bands), dtype="uint16",
            crs=grid.wkt, transform=transform, nodata=NO_DATA, tiled=True, blockxsize=512, blockysize=512,
            compress="deflate", predictor=2, zlevel=1, interleave="band",
        ) as out,
    ):  # fmt: skip
        out.write(stack)
        for index, band in enumerate(bands, 1):
            out.set_band_description(index, band)
        out.update_tags(SENSOR="sentinel-2", **({"SIMULATED": "yes"} if simulated else {}))


def _sidecar(
    product: Product, bands: list[str], offset: Offset, cloud: float | None, *, simulated: bool
) -> dict[str, Any]:
    from pipeline.table_files import iso_z

    if product.acquired is None:
        raise InputError(product.name, "its catalogue gives no time of acquisition")
    sidecar = {
        "acquired": iso_z(product.acquired),
        "platform": product.platform,
        "sensor": "sentinel-2",
        "product_id": product.name,
        "bands": bands,
        "scale": 1e-4,
        "offset": offset.dn * 1e-4,
        "sun_elevation_deg": product.facts.get("sun_elevation_deg"),
        "sun_azimuth_deg": product.facts.get("sun_azimuth_deg"),
        "cloud_fraction": cloud,
        "simulated": simulated,
    }
    return {k: v for k, v in sidecar.items() if v is not None}
