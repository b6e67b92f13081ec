"""Opens Sentinel-2 products, L1C and L2A, from SAFE folder or zip: the bands used for detection, as one scene."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.geolocation import footprint_of, geobox_of, ground_spacing_m
from pipeline.ingest.hashing import pieces
from pipeline.ingest.metadata.band_names import S2_USED
from pipeline.ingest.metadata.channels import Channels
from pipeline.ingest.nodata import NodataRule
from pipeline.ingest.raster_reader import RasterReader
from pipeline.ingest.safe.files import MANIFEST, SafeFiles
from pipeline.ingest.safe.manifest import read_manifest
from pipeline.ingest.scaling import Scaling
from pipeline.ingest.sentinel2.layers import NO_DATA, BandStack, stack_product_bands
from pipeline.ingest.sentinel2.product_metadata import ProductMetadata, read_product_metadata
from pipeline.ingest.stored import Stored
from pipeline.ingest.watermask import locate_raster, water_of
from pipeline.types import OpticalView, Radiometry, Scene, Sensor, Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapely.geometry.base import BaseGeometry

    from pipeline.ingest.metadata.options import OpenOptions
    from pipeline.ingest.safe.manifest import ListedFile

SIMULATED = "SIMULATED.txt"
_BAND_FILE = re.compile(
    r"GRANULE/[^/]+/IMG_DATA/(?:R(\d\d)m/)?[^/]*_(B\d\d|B8A)(?:_\d\dm)?\.(?:jp2|tiff?)", re.IGNORECASE
)
_UNKNOWN_SIZE_M = 0  # pixel size if the file name does not give it: L1C has each band only once


def open_product(
    files: SafeFiles, options: OpenOptions, land: BaseGeometry | None = None, *, all_read: bool = False
) -> Scene:
    """Open a product; raises InputError naming the file inside it that is missing, altered or unsuitable.

    With ``all_read`` its bands are decoded now, since all of them will be read.
    """
    if options.sensor not in (None, Sensor.SENTINEL2):
        raise ConfigError(f"{files.path.name} is a Sentinel-2 product; --sensor says {options.sensor}")
    stamps = files.stamps()
    names = band_files(files.sizes)
    if not names:
        raise InputError(files.product, f"holds none of the bands {', '.join(S2_USED)}")
    verified, missing = _verify(files, names)
    metadata = read_product_metadata(files)
    raster = _raster(files, names, verified=verified, all_read=all_read)
    geolocation, place_doubt = locate_raster(raster)
    if geolocation is None:
        raise InputError(files.product, "its bands have no georeference")
    water, land_doubt = water_of(raster.item, raster.shape, geolocation, options.land, land)
    stored = Stored(
        raster, Channels(tuple(names), tuple(range(1, len(names) + 1))), NodataRule(NO_DATA, zero=True), False
    )
    scaling = scaling_of_product(metadata, tuple(names))
    unverified = "" if verified else "the manifest holds no checksum of the measurements: unverified"
    return Scene(
        scene_id=files.product,
        sensor=Sensor.SENTINEL2,
        platform=metadata.platform,
        acquired=metadata.acquired,
        shape=raster.shape,
        bands=tuple(names),
        radiometry=scaling.radiometry,
        pixel_spacing_m=ground_spacing_m(geolocation, raster.shape),
        read=RasterReader(stored, scaling, water),
        source=Source(str(files.path), files.sha256(), sum(files.sizes.values()), verified, stamps),
        geolocation=geolocation,
        footprint=footprint_of(geolocation, raster.shape, files.product),
        grid=geobox_of(geolocation),
        optical=OpticalView(sun_elevation_deg=metadata.sun_elevation_deg, sun_azimuth_deg=metadata.sun_azimuth_deg),
        product_id=metadata.name,
        simulated=SIMULATED in files.sizes,
        degraded=tuple(d for d in (raster.doubt, place_doubt, land_doubt, unverified, missing) if d),
        tags={"scaling": scaling.reason, "processed": metadata.processed},
    )


def band_files(names: Iterable[str]) -> dict[str, str]:
    """The file of each of `S2_USED`, in their order; if a product has several, the one with the smallest pixels.

    >>> fine, coarse = (f"GRANULE/L2A_T32TMQ/IMG_DATA/R{m}m/T32TMQ_20230710T101601_B02_{m}m.jp2" for m in (10, 20))
    >>> band_files([coarse, fine, fine.replace("B02", "TCI")]) == {"B02": fine}
    True
    """
    found: dict[str, tuple[int, str]] = {}
    for name in sorted(names):
        match = _BAND_FILE.fullmatch(name)
        if match is not None and (band := match[2].upper()) in S2_USED:
            found[band] = min(found.get(band, (100, "")), (int(match[1] or _UNKNOWN_SIZE_M), name))
    return {band: found[band][1] for band in S2_USED if band in found}


def scaling_of_product(metadata: ProductMetadata, bands: tuple[str, ...]) -> Scaling:
    """The scaling to reflectance stated by the product's metadata."""
    gain = 1 / metadata.quantification
    offsets = tuple(metadata.offset_dn.get(band, 0.0) * gain for band in bands)
    offsets_text = ", ".join(f"{metadata.offset_dn.get(band, 0.0):g}" for band in bands)
    reason = f"(DN + offset) / {metadata.quantification:g} by its metadata, offsets {offsets_text}"
    return Scaling("linear", Radiometry.REFLECTANCE, reason, gains=(gain,) * len(bands), offsets=offsets)


def _raster(files: SafeFiles, names: dict[str, str], *, verified: bool, all_read: bool) -> BandStack:
    bands = {band: files.raster(name, verified=verified, all_read=all_read) for band, name in names.items()}
    return stack_product_bands(bands, str(files.path), files.product)


def _verify(files: SafeFiles, bands: dict[str, str]) -> tuple[bool, str]:
    """Compare each band with its checksum; True if all had one, and a doubt about bands that are listed but missing.

    A band whose finest file is missing is read from a coarser one, which resolves ships less well.
    """
    if MANIFEST not in files.sizes:
        return False, ""
    listed = {file.name: file for file in read_manifest(files.text(MANIFEST), files.item(MANIFEST)).files}
    absent = [band for band, name in band_files(listed).items() if name not in files.sizes]
    missing, coarser = [b for b in absent if b not in bands], [b for b in absent if b in bands]
    doubts = [f"without {', '.join(missing)}: listed in manifest.safe, but missing"] if missing else []
    if coarser:
        doubts.append(f"{', '.join(coarser)} in coarser pixels: the finest are listed in manifest.safe, but missing")
    # All are checked, even if the first one fails
    compared = [name in listed and _is_verified(files, listed[name]) for name in bands.values()]
    return all(compared), "; ".join(doubts)


def _is_verified(files: SafeFiles, listed: ListedFile) -> bool:
    """Was a file compared with its checksum? Raises InputError if it differs."""
    if listed.md5:
        kind, same = "MD5", files.digest(listed.name).md5 == listed.md5
    elif listed.sha3_256:
        digest = hashlib.sha3_256()
        with files.stream(listed.name) as source:
            for piece in pieces(source):
                digest.update(piece)
        kind, same = "SHA3-256", digest.hexdigest() == listed.sha3_256
    else:
        return False
    if not same:
        raise InputError(files.item(listed.name), f"{kind} differs from manifest.safe (altered or damaged)")
    return True
