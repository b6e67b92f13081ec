"""Reads the XML metadata of a Sentinel-2 product: time, sun angles, and radiometric scale.

Fields as in ESA's Sentinel-2 Products Specification Document, issue 14.9 (2021) and 15.0 (2023), and of L2A before
baseline 02.07 (autumn 2018) as Sen2Cor then wrote them, with L2A in its field names. Times are UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from pipeline.errors import InputError
from pipeline.ingest.metadata.acquisition import parse_time
from pipeline.ingest.safe.manifest import parse_xml

if TYPE_CHECKING:
    from pipeline.ingest.safe.files import SafeFiles

# By their number in the metadata (band_id)
BAND_IDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
_PRODUCT = re.compile(r"MTD_MSI(L[12][AC])\.xml")
_TAGS_OF_LEVEL = {
    "L1C": ("QUANTIFICATION_VALUE", "RADIO_ADD_OFFSET"),
    "L2A": ("BOA_QUANTIFICATION_VALUE", "BOA_ADD_OFFSET"),
}


@dataclass(frozen=True, slots=True)
class ProductMetadata:
    """``reflectance = (DN + offset_dn[band]) / quantification``; a product before baseline 04.00 has no offsets."""

    name: str
    platform: str
    acquired: datetime
    quantification: float
    offset_dn: dict[str, float] = field(default_factory=dict)
    processed: str = ""
    sun_elevation_deg: float | None = None
    sun_azimuth_deg: float | None = None


def read_product_metadata(files: SafeFiles) -> ProductMetadata:
    """The metadata of the product and of its one tile; InputError if either is missing or unusable."""
    main = next(((name, found[1]) for name in files.sizes if (found := _PRODUCT.fullmatch(name))), None)
    if main is None:
        raise InputError(files.product, "has no MTD_MSIL1C.xml or MTD_MSIL2A.xml, so its numbers cannot be read")
    name, level = main
    product = parse_xml(files.text(name), files.item(name), f"Level-{level[1:]}_User_Product")
    tiles = [n for n in files.sizes if re.fullmatch(r"GRANULE/[^/]+/MTD_TL\.xml", n)]
    if len(tiles) != 1:
        raise InputError(files.product, f"holds {len(tiles)} tiles; one is wanted")
    tile = parse_xml(files.text(tiles[0]), files.item(tiles[0]), f"Level-{level[1:]}_Tile_ID")
    acquired = parse_time(_text(tile, "SENSING_TIME"))
    if acquired is None:
        raise InputError(files.item(tiles[0]), "has no SENSING_TIME")
    scale, offset = _TAGS_OF_LEVEL[level]
    quantification = _number(product, scale) or _number(product, f"L2A_{scale}")
    if quantification is None or quantification <= 0:
        raise InputError(files.item(name), f"has no {scale}, so its numbers cannot be read")
    zenith = _number(tile, "Mean_Sun_Angle/ZENITH_ANGLE")
    return ProductMetadata(
        name=(_text(product, "PRODUCT_URI") or _text(product, "PRODUCT_URI_2A")).removesuffix(".SAFE") or files.product,
        platform=_text(product, "SPACECRAFT_NAME").lower(),
        acquired=acquired,
        quantification=quantification,
        offset_dn=_offsets(product, offset, files.item(name)),
        processed=_text(product, "GENERATION_TIME"),
        sun_elevation_deg=None if zenith is None else 90.0 - zenith,
        sun_azimuth_deg=_number(tile, "Mean_Sun_Angle/AZIMUTH_ANGLE"),
    )


def _offsets(product: ElementTree.Element, tag: str, item: str) -> dict[str, float]:
    """The offset added to the DN of each band."""
    out = {}
    for entry in product.iter(tag):
        number, value = entry.get("band_id", ""), _parse_number(entry.text)
        if not number.isdigit() or int(number) >= len(BAND_IDS) or value is None:
            raise InputError(item, f"has a {tag} that is no number of a band")
        out[BAND_IDS[int(number)]] = value
    return out


def _text(root: ElementTree.Element, path: str) -> str:
    return (root.findtext(f".//{path}") or "").strip()


def _number(root: ElementTree.Element, path: str) -> float | None:
    return _parse_number(root.findtext(f".//{path}"))


def _parse_number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) < 1e6 else None
