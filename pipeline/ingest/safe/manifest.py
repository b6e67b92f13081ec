"""Reads ``manifest.safe``, and parses XML files of products safely.

Fields as in the Sentinel-1 and Sentinel-2 Product Specifications (S1-RS-MDA-52-7441, S2-PDGS-TAS-DI-PSD).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

from pipeline.errors import InputError


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One data object of the manifest."""

    name: str  # inside the product
    kind: str  # repID, such as s1Level1MeasurementSchema
    md5: str
    sha3_256: str = ""  # instead of MD5 in newer Sentinel-2 products


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of ``manifest.safe``."""

    files: tuple[ListedFile, ...]
    processed: str  # end of processing, as written; later means newer
    software: str  # version of the instrument processing facility
    relative_orbit: int | None = None  # in the repeat cycle, if stated


def parse_xml(raw: bytes, item: str, root: str) -> ElementTree.Element:
    """The root of an XML file; refuses entities, other encodings, broken XML and another root element."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(item, "is not UTF-8") from error
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise InputError(item, "declares a DOCTYPE or entities, which no product does (refused)")
    try:
        found = ElementTree.fromstring(text)  # noqa: S314 - no DOCTYPE, so no entities to expand
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(item, f"is no well-formed XML ({error})") from error
    if found.tag.rpartition("}")[2] != root:
        raise InputError(item, f"is a <{found.tag.rpartition('}')[2]}> file; <{root}> is wanted")
    return found


def read_manifest(raw: bytes, item: str) -> Manifest:
    """The manifest of a product."""
    root = parse_xml(raw, item, "XFDU")
    files = []
    for entry in root.iter("dataObject"):
        location, checksum = entry.find("byteStream/fileLocation"), entry.find("byteStream/checksum")
        name = "" if location is None else location.get("href", "").removeprefix("./")
        if not name or name.startswith("/") or ".." in name.split("/"):
            raise InputError(item, f"lists a file by the name {name[:80]!r}")
        kind = "" if checksum is None else checksum.get("checksumName", "").upper()
        checksum_value = "" if checksum is None else (checksum.text or "").strip().lower()
        by_kind = {kind: checksum_value}
        files.append(ListedFile(name, entry.get("repID", ""), by_kind.get("MD5", ""), by_kind.get("SHA3-256", "")))
    if not files:
        raise InputError(item, "lists no files")
    processing = next((e for e in root.iter() if e.tag.endswith("}processing") and e.get("stop")), None)
    software = next((e for e in root.iter() if e.tag.endswith("}software") and "IPF" in e.get("name", "")), None)
    return Manifest(
        files=tuple(sorted(files, key=lambda f: f.name)),
        processed="" if processing is None else processing.get("stop", ""),
        software="" if software is None else software.get("version", ""),
        relative_orbit=_relative_orbit(root),
    )


def _relative_orbit(root: ElementTree.Element) -> int | None:
    """Relative orbit, 1 to 175, stated in the manifest; None if it is not."""
    text = next((e.text for e in root.iter() if e.tag.endswith("}relativeOrbitNumber")), None)
    number = int(text) if text is not None and text.strip().isdigit() else 0
    return number if 1 <= number <= 175 else None
