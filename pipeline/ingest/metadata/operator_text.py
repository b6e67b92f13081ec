"""Helpers to read operators' metadata files: text, XML without namespaces, numbers, times."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

MAX_BYTES = 16 << 20  # our choice: metadata have some 10 kB, with footprints and masks some 100 kB


class Mosaic(Exception):
    """An image that was put together from several acquisitions."""


def files_in_folder(image: Path) -> dict[str, Path]:
    """Regular files of the image's folder by their names in upper case; links are not followed."""
    try:
        with os.scandir(image.parent) as entries:  # which knows a file from a folder without asking for each again
            names = sorted(e.name for e in entries if e.is_file(follow_symlinks=False))
    except OSError:
        return {}
    return {name.upper(): image.parent / name for name in names}


def read_text(path: Path) -> str:
    """All of a file, which may not be larger than `MAX_BYTES`."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES >> 20} MB")
    return path.read_text("utf-8", errors="replace")


def read_head(path: Path) -> str:
    """The beginning of a file, which tells its kind."""
    with path.open("rb") as stream:
        return stream.read(4096).decode("utf-8", errors="replace")


def read_xml(path: Path) -> ElementTree.Element:
    """`parse_xml` a file."""
    return parse_xml(read_text(path))


def parse_xml(text: str) -> ElementTree.Element:
    """The tree of an XML text, its names without namespaces. Entities are refused: no metadata file defines any."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("defines entities")
    root = ElementTree.fromstring(text)  # noqa: S314 - no DOCTYPE, so no entities to expand
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    return root


def first_text(root: ElementTree.Element, *names: str) -> str | None:
    """The text of the first element of the first of these names that has one."""
    for name in names:
        found = root.find(f".//{name}")
        if found is not None and found.text and found.text.strip():
            return found.text.strip()
    return None


def parse_number(text: Any) -> float | None:
    """A number; None if there is none, or if it is the operators' nodata value -999."""
    if text is None or text == "":
        return None
    value = float(text)
    return None if not math.isfinite(value) or value <= -999 else value


def with_zone(moment: str | None) -> str | None:
    """An ISO time, in UTC if it states no zone, with its fraction shortened."""
    if not moment:
        return None
    moment = re.sub(r"(\.\d{6})\d+", r"\1", moment.strip().strip('"').replace(" ", "T"))
    return moment if re.search(r"(Z|[+-]\d\d:?\d\d)$", moment) else moment + "Z"
