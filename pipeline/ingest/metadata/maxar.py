"""Maxar's metadata: IMD text, or the XML that holds the same names in capitals."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipeline.ingest.metadata.acquisition import parse_time
from pipeline.ingest.metadata.operator_text import Mosaic, parse_number, read_head, read_text, read_xml, with_zone
from pipeline.ingest.metadata.view_angles import ORBIT_KM, incidence_deg

ONE_TAKE = timedelta(minutes=2)  # our choice: strips of one pass that a Maxar file joins are seconds apart
IMD_BANDS = {"P": "pan", "C": "CB", "B": "B", "G": "G", "Y": "Y", "R": "R", "RE": "RE", "N": "N", "N2": "N2"}


def imd_of(image: Path, folder_files: dict[str, Path]) -> list[Path]:
    """``<x>.IMD`` or ``<x>.XML`` of the image's own name, or of the product that it is a tile of (``..._R1C1-...``)."""
    stem = image.stem.upper()
    for name in dict.fromkeys((stem, re.sub(r"_R\d+C\d+(?=-|$)", "", stem))):
        if (found := folder_files.get(f"{name}.IMD")) is not None:
            return [found]
        xml = folder_files.get(f"{name}.XML")
        if xml is not None and "<IMD>" in read_head(xml).upper():
            return [xml]
    return []


def read_imd(paths: list[Path], image: Path, bands: int) -> dict[str, Any]:
    """IMD text, or the IMD part of the XML that holds the same names in capitals."""
    if paths[0].suffix.upper() == ".IMD":
        groups, pairs = _parse_imd(read_text(paths[0]))
    else:
        root = read_xml(paths[0])
        groups = [e.tag for e in root.iter() if e.tag.startswith("BAND_")]
        pairs = [(e.tag.lower(), e.text.strip()) for e in root.iter() if e.text and e.text.strip()]
    fields = dict(pairs)
    _refuse_mosaic([with_zone(value) for name, value in pairs if name == "firstlinetime"])
    if "meansunel" not in fields and "firstlinetime" not in fields:
        raise ValueError("no meanSunEl and no firstLineTime")
    names = tuple(IMD_BANDS.get(g.removeprefix("BAND_"), g) for g in groups)
    elevation, nadir = parse_number(fields.get("meansatel")), parse_number(fields.get("meanoffnadirviewangle"))
    view = 90 - elevation if elevation is not None else None
    if view is None and nadir is not None:
        view = incidence_deg(nadir, ORBIT_KM["maxar"])
    cloud = parse_number(fields.get("cloudcover"))
    return {
        "acquired": with_zone(fields.get("firstlinetime") or fields.get("tlctime")),
        "platform": fields.get("satid", ""),
        "product_id": fields.get("catid", ""),
        "bands": names if len(names) == bands else None,
        "sun_elevation_deg": parse_number(fields.get("meansunel")),
        "sun_azimuth_deg": parse_number(fields.get("meansunaz")),
        "view_off_nadir_deg": view,
        "view_azimuth_deg": parse_number(fields.get("meansataz")),
        "cloud_fraction": cloud if cloud is None or cloud <= 1 else cloud / 100,
    }


def _parse_imd(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Names of the band groups in order, and all fields with lower-case names, in order."""
    groups = re.findall(r"BEGIN_GROUP\s*=\s*(BAND_\w+)", text)
    pairs = re.findall(r"^\s*(\w+)\s*=\s*([^;(\n]+);", text, re.MULTILINE)
    if not pairs:
        raise ValueError("no lines of the form name = value;")
    return groups, [(name.lower(), value.strip().strip('"')) for name, value in pairs]


def _refuse_mosaic(texts: list[str | None]) -> None:
    """Refuse mosaics of several passes: an image must have one time and one sun position."""
    times = sorted(t for text in texts if text and (t := parse_time(text)) is not None)
    if times and times[-1] - times[0] > ONE_TAKE:
        first_and_last = f"{times[0]:%Y-%m-%dT%H:%MZ} and {times[-1]:%Y-%m-%dT%H:%MZ}"
        raise Mosaic(f"joins images of {first_and_last}, so no one time holds for a ship in it")
