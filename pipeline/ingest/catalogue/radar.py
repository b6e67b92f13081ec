"""Makes a cut-out of a Sentinel-1 GRD product in a catalogue: small files whole, measurements only around the AOI.

The AOI is located in the image from the product's annotation alone (its geolocation grid, moved to sea level). Two of
the catalogues fill ``proj:*`` of GRD items from the bounding box, which is kilometres off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from pipeline.errors import InputError
from pipeline.ingest.catalogue.products import NotCovered, Product, RemoteFile
from pipeline.ingest.catalogue.remote import RemoteImage, read_small
from pipeline.ingest.catalogue.signing import Access
from pipeline.ingest.catalogue.web import Damaged, Deadline, Refused
from pipeline.ingest.cut import RADAR_MARGIN_M, window_around
from pipeline.ingest.geolocation import footprint_of
from pipeline.ingest.inputs import NOTHING_OF_AOI
from pipeline.ingest.metadata.band_names import POLARISATIONS
from pipeline.ingest.rasters import rasterio_window
from pipeline.ingest.safe.files import MANIFEST
from pipeline.ingest.safe.manifest import Manifest, parse_xml, read_manifest
from pipeline.ingest.sentinel1.annotation import Annotation
from pipeline.ingest.sentinel1.cutout import CUTOUT, cut_json
from pipeline.ingest.sentinel1.product_xml import read_annotation, read_calibration, read_noise
from pipeline.ingest.sentinel1.products import MEASUREMENT, SIMULATED, sea_level_geolocation
from pipeline.times_places.longitudes import BBox
from pipeline.types import Window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.ingest.geolocation import GridGeolocation

SIMULATED_MARK = b"SIMULATED by capwatch"  # in every XML file of a simulated product; the cut-out is marked too
ROLES = {"product": "s1Level1ProductSchema", "calibration": "s1Level1CalibrationSchema", "noise": "s1Level1NoiseSchema"}
STRIP_ROWS = 2048  # rows held in memory at once while copying


@dataclass(frozen=True, slots=True)
class SmallFiles:
    """The small files of one polarisation, as the operator wrote them."""

    product: bytes
    calibration: bytes
    noise: bytes | None


def cut_out(product: Product, bbox: BBox, folder: Path, access: Access, deadline: Deadline, connections: int) -> Path:
    """Fetch the AOI's part of a GRD product into ``folder/<name>.SAFE``; InputError if it cannot be had."""
    manifest_raw, manifest = _manifest(product, access, deadline)
    pols = tuple(p for p in POLARISATIONS if p in product.files)
    small = {pol: _small_files(product, pol, manifest, access, deadline) for pol in pols}
    first = read_annotation(small[pols[0]].product, f"annotation {pols[0]}")
    geolocation, _ = sea_level_geolocation(first, product.name)
    window = window_of(geolocation, first, bbox, product.name)
    root = folder / f"{product.name}.SAFE"
    listed: list[tuple[str, str]] = []
    for pol in pols:
        stem = f"cut-{pol.lower()}-{first.mode.lower()}"
        for role, content in (("", small[pol].product), ("calibration-", small[pol].calibration)):
            place = f"annotation/{'calibration/' if role else ''}{role}{stem}.xml"
            listed.append((_write(root, place, content), ROLES["calibration" if role else "product"]))
        if (noise := small[pol].noise) is not None:
            listed.append((_write(root, f"annotation/calibration/noise-{stem}.xml", noise), ROLES["noise"]))
        name = f"measurement/{stem}.tiff"
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        image = RemoteImage(product.files[pol], pol, access, deadline, connections)
        copy_window(image, window, first.shape, root / name)
        listed.append((name, MEASUREMENT))
    if manifest_raw is not None:
        _write(root, "origin/manifest.safe", manifest_raw)
    origin = {
        "catalogue": product.catalogue,
        "item": product.item_id,
        "small_files": "compared with the manifest" if manifest is not None else "unverified: no manifest",
    }
    if SIMULATED_MARK in small[pols[0]].product:
        listed.append((_write(root, SIMULATED, SIMULATED_MARK), "notice"))
    _write(root, CUTOUT, cut_json(window, first.shape, origin))
    _write(root, MANIFEST, _own_manifest(root, listed, manifest))
    return root


def window_of(geolocation: GridGeolocation, annotation: Annotation, bbox: BBox, item: str) -> Window:
    """The window that shows a box, with a margin; InputError if the image shows nothing of it."""
    along, across = (ceil(m / s) for m, s in zip(RADAR_MARGIN_M, annotation.spacing_m, strict=True))
    window = window_around(geolocation, annotation.shape, bbox, (along, across))
    if window is None:
        raise NotCovered(item, NOTHING_OF_AOI, footprint_of(geolocation, annotation.shape, item))
    return window


def copy_window(image: RemoteImage, window: Window, full_shape: tuple[int, int], target: Path) -> None:
    """Write a window of a remote uint16 image as GeoTIFF, strip by strip. The same window gives the same bytes."""
    import rasterio

    from pipeline.ingest.gdal_settings import SETTINGS

    with (
        rasterio.Env(**SETTINGS),
        rasterio.open(
            target, "w", driver="GTiff", width=window.cols, height=window.rows, count=1, dtype="uint16",
            tiled=True, blockxsize=512, blockysize=512, compress="deflate", predictor=2, zlevel=1,
        ) as out,
        closing(_strips(image, window, full_shape)) as strips,
    ):  # fmt: skip
        for row0, part in strips:
            out.write(part, 1, window=rasterio_window(Window(row0, 0, *part.shape)))


def _strips(
    image: RemoteImage, window: Window, full_shape: tuple[int, int]
) -> Generator[tuple[int, NDArray[np.uint16]]]:
    """First row, counted within the window, and pixels of each strip. Errors raised here are the image's fault, errors
    while a strip is written the disk's."""
    with image.opened() as dataset:
        if (dataset.height, dataset.width) != full_shape:
            raise InputError(image.item, f"has {dataset.shape} pixels, its annotation says {full_shape}")
        if dataset.dtypes[0] != "uint16" or dataset.count != 1:
            raise InputError(image.item, f"holds {dataset.count} x {dataset.dtypes[0]}; one band of uint16 is wanted")
        for row0 in range(window.row0, window.row1, STRIP_ROWS):
            rows = min(STRIP_ROWS, window.row1 - row0)
            yield row0 - window.row0, image.window(dataset, Window(row0, window.col0, rows, window.cols))


def _manifest(product: Product, access: Access, deadline: Deadline) -> tuple[bytes | None, Manifest | None]:
    """The product's own manifest; None if the catalogue has none."""
    file = product.files.get("manifest")
    if file is None:
        return None, None
    item = MANIFEST
    try:
        raw = read_small(file, item, access, deadline)
    except Refused as error:
        if error.status == 404:
            return None, None
        raise
    return raw, read_manifest(raw, item)


def _small_files(
    product: Product, pol: str, manifest: Manifest | None, access: Access, deadline: Deadline
) -> SmallFiles:
    """Annotation and tables of a polarisation, each checked for its kind and against its MD5."""
    raw: dict[str, bytes] = {}
    for role in ROLES:
        file = product.files.get(f"{role}-{pol}")
        item = f"{role} {pol}"
        if file is None:
            if role == "noise":
                continue
            raise InputError(product.name, f"its catalogue names no {role} file of {pol}")
        raw[role] = _read_xml_of_kind(file, role, item, access, deadline)
        _require_listed(raw[role], ROLES[role], manifest, item)
    annotation = read_annotation(raw["product"], f"annotation {pol}")
    if annotation.polarisation != pol:
        raise InputError(product.name, f"its annotation of {pol} is about {annotation.polarisation}")
    read_calibration(raw["calibration"], f"calibration {pol}")
    if "noise" in raw:
        read_noise(raw["noise"], f"noise {pol}")
    return SmallFiles(raw["product"], raw["calibration"], raw.get("noise"))


def _read_xml_of_kind(file: RemoteFile, role: str, item: str, access: Access, deadline: Deadline) -> bytes:
    """A small XML file. The Planetary Computer's annotation entry may point to the interference report beside it, whose
    path differs by a folder and a prefix; then the annotation itself is fetched."""
    raw = read_small(file, item, access, deadline)
    if role == "product" and "/rfi/rfi-" in file.href and raw.lstrip()[:400].find(b"<rfi") >= 0:
        raw = read_small(RemoteFile(file.href.replace("/rfi/rfi-", "/")), item, access, deadline)
    try:
        parse_xml(raw, item, role)  # the role is also the root element's name
    except InputError as error:
        raise Damaged(error.item, error.cause) from error
    return raw


def _require_listed(raw: bytes, kind: str, manifest: Manifest | None, item: str) -> None:
    """Require an MD5 that the manifest lists for this kind of file; by kind, since catalogues rename files."""
    if manifest is None:
        return
    listed_md5s = {f.md5 for f in manifest.files if f.kind == kind and f.md5}
    if listed_md5s and hashlib.md5(raw, usedforsecurity=False).hexdigest() not in listed_md5s:
        raise Damaged(item, "MD5 differs from manifest.safe (altered or damaged)")


def _own_manifest(root: Path, listed: list[tuple[str, str]], source: Manifest | None) -> bytes:
    """A manifest of the cut-out's contents, so that its files are checked like those of any product."""
    objects = []
    for number, (name, kind) in enumerate(listed):
        md5 = hashlib.md5((root / name).read_bytes(), usedforsecurity=False).hexdigest()
        objects.append(
            f'<dataObject ID="o{number}" repID={quoteattr(kind)}><byteStream>'
            f'<fileLocation locatorType="URL" href={quoteattr("./" + name)}/>'
            f'<checksum checksumName="MD5">{md5}</checksum></byteStream></dataObject>'
        )
    stop, version = (source.processed, source.software) if source else ("", "")
    track = source.relative_orbit if source else None
    orbit = "" if track is None else f"<safe:relativeOrbitNumber>{track}</safe:relativeOrbitNumber>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel-1.0">'
        f'<safe:processing name="cut-out" stop={quoteattr(stop)}>'
        f'<safe:software name="Sentinel-1 IPF" version={quoteattr(version)}/></safe:processing>{orbit}'
        f"<dataObjectSection>{''.join(objects)}</dataObjectSection></xfdu:XFDU>\n"
    ).encode()


def _write(root: Path, name: str, content: bytes) -> str:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return name
