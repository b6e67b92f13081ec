"""Metadata files that operators deliver beside their images: Planet (JSON, XML), Airbus (DIMAP 2), Maxar (IMD, XML).

Each becomes the same `Sidecar` that an analyst would write by hand. Field names follow the operators' public product
guides. What a file does not say stays unknown. Angles of view are wanted at the ground; where only the satellite's own
off-nadir angle is told, it is turned into the ground's by the orbit's usual height.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pydantic import ValidationError

from pipeline.config.loading import causes_of
from pipeline.errors import InputError
from pipeline.ingest.json_text import unrepeated
from pipeline.ingest.metadata.acquisition import parse_time
from pipeline.ingest.metadata.dimap import dimap_of, read_dimap
from pipeline.ingest.metadata.operator_text import first, head_of, names_beside, number, text_of, xml_of, zoned
from pipeline.ingest.metadata.sidecar import Sidecar
from pipeline.ingest.metadata.view_angles import ORBIT_KM, at_ground_deg

ONE_TAKE = timedelta(minutes=2)  # our choice: strips of one pass that a Maxar file joins are seconds apart
PLANET_SR_SCALE = 1e-4  # surface reflectance is stored as whole ten-thousandths
PLANET_BANDS = {
    1: ("pan",),
    3: ("R", "G", "B"),
    4: ("B", "G", "R", "N"),
    5: ("B", "G", "R", "RE", "N"),
    8: ("CB", "B", "GI", "G", "Y", "R", "RE", "N"),
}
IMD_BANDS = {"P": "pan", "C": "CB", "B": "B", "G": "G", "Y": "Y", "R": "R", "RE": "RE", "N": "N", "N2": "N2"}

Reader = Callable[[list[Path], Path, int], dict[str, Any]]


class Mosaic(Exception):
    """An image that was put together from several acquisitions."""


def read_operator(image: Path, bands: int) -> Sidecar | None:
    """The metadata of an image by its operator's file beside it; None where there is none.

    ``bands`` is the number of bands in the image. Raises InputError for a file that cannot be read as what it is.
    """
    read, paths = _reader_of(image)
    if read is None:
        return None
    try:
        content = read(paths, image, bands)
    except Mosaic as error:
        raise InputError(paths[0].name, str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, ElementTree.ParseError) as error:
        raise InputError(paths[0].name, f"is not the metadata file it looks like ({error})"[:160]) from error
    if read is _read_planet and "_SR" in image.stem.upper():
        content |= {"scale": PLANET_SR_SCALE, "scales": None}
    return _checked(paths[0], content)


def operator_files(image: Path) -> list[Path]:
    """The files that `read_operator` reads."""
    return _reader_of(image)[1]


def _reader_of(image: Path) -> tuple[Reader | None, list[Path]]:
    """What reads the operator's files of an image, and those files; nothing where there are none."""
    beside = names_beside(image)
    for find, read in ((_imd_of, _read_imd), (dimap_of, read_dimap), (_planet_of, _read_planet)):
        if paths := find(image, beside):
            return read, paths
    return None, []


def _checked(path: Path, content: dict[str, Any]) -> Sidecar:
    stated = {k: v for k, v in content.items() if v is not None}
    try:
        return Sidecar.model_validate(stated)
    except ValidationError as error:
        raise InputError(path.name, causes_of(Sidecar, stated, error)) from error


# --- Maxar


def _imd_of(image: Path, beside: dict[str, Path]) -> list[Path]:
    """``<x>.IMD`` or ``<x>.XML`` of the image's own name, or of the product that it is a tile of (``..._R1C1-...``)."""
    stem = image.stem.upper()
    for name in dict.fromkeys((stem, re.sub(r"_R\d+C\d+(?=-|$)", "", stem))):
        if (found := beside.get(f"{name}.IMD")) is not None:
            return [found]
        xml = beside.get(f"{name}.XML")
        if xml is not None and "<IMD>" in head_of(xml).upper():
            return [xml]
    return []


def _read_imd(paths: list[Path], image: Path, bands: int) -> dict[str, Any]:
    """IMD text, or the IMD part of the XML that holds the same names in capitals."""
    if paths[0].suffix.upper() == ".IMD":
        groups, pairs = _imd_text(text_of(paths[0]))
    else:
        root = xml_of(paths[0])
        groups = [e.tag for e in root.iter() if e.tag.startswith("BAND_")]
        pairs = [(e.tag.lower(), e.text.strip()) for e in root.iter() if e.text and e.text.strip()]
    fields = dict(pairs)
    _refuse_mosaic([zoned(value) for name, value in pairs if name == "firstlinetime"])
    if "meansunel" not in fields and "firstlinetime" not in fields:
        raise ValueError("no meanSunEl and no firstLineTime")
    names = tuple(IMD_BANDS.get(g.removeprefix("BAND_"), g) for g in groups)
    elevation, nadir = number(fields.get("meansatel")), number(fields.get("meanoffnadirviewangle"))
    view = 90 - elevation if elevation is not None else None
    if view is None and nadir is not None:
        view = at_ground_deg(nadir, ORBIT_KM["maxar"])
    cloud = number(fields.get("cloudcover"))
    return {
        "acquired": zoned(fields.get("firstlinetime") or fields.get("tlctime")),
        "platform": fields.get("satid", ""),
        "product_id": fields.get("catid", ""),
        "bands": names if len(names) == bands else None,
        "sun_elevation_deg": number(fields.get("meansunel")),
        "sun_azimuth_deg": number(fields.get("meansunaz")),
        "view_off_nadir_deg": view,
        "view_azimuth_deg": number(fields.get("meansataz")),
        "cloud_fraction": cloud if cloud is None or cloud <= 1 else cloud / 100,
    }


def _imd_text(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Names of the band groups in order, and all fields with lower-case names, in order."""
    groups = re.findall(r"BEGIN_GROUP\s*=\s*(BAND_\w+)", text)
    pairs = re.findall(r"^\s*(\w+)\s*=\s*([^;(\n]+);", text, re.MULTILINE)
    if not pairs:
        raise ValueError("no lines of the form name = value;")
    return groups, [(name.lower(), value.strip().strip('"')) for name, value in pairs]


def _refuse_mosaic(said: list[str | None]) -> None:
    """One image has one time: of a mosaic of several passes nobody knows which ship was seen when, and by which sun."""
    times = sorted(t for text in said if text and (t := parse_time(text)) is not None)
    if times and times[-1] - times[0] > ONE_TAKE:
        told = f"{times[0]:%Y-%m-%dT%H:%MZ} and {times[-1]:%Y-%m-%dT%H:%MZ}"
        raise Mosaic(f"joins images of {told}, so no one time holds for a ship in it")


# --- Planet


def _planet_of(image: Path, beside: dict[str, Path]) -> list[Path]:
    """``<item>_metadata.json`` and ``..._metadata.xml`` whose name before that begins the image's name."""
    stem, out = image.stem.upper(), []
    for ending in ("_METADATA.JSON", "_METADATA.XML", "_METADATA_CLIP.XML"):
        heads = [n for n in beside if n.endswith(ending) and stem.startswith(n.removesuffix(ending))]
        if heads:
            out.append(beside[max(heads, key=len)])
    return out


def _read_planet(paths: list[Path], image: Path, bands: int) -> dict[str, Any]:
    told: dict[str, Any] = {"bands": PLANET_BANDS.get(bands)}
    for path in reversed(paths):  # what the JSON says goes before the XML
        part = _planet_json(path) if path.suffix.upper() == ".JSON" else _planet_xml(path, bands)
        told |= {k: v for k, v in part.items() if v is not None}
    return told


def _planet_json(path: Path) -> dict[str, Any]:
    feature = unrepeated(text_of(path))
    p = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(p, dict):
        raise ValueError("no properties")
    own = number(p.get("view_angle"))
    return {
        "acquired": zoned(p.get("acquired")),
        "platform": p.get("satellite_id"),
        "product_id": feature.get("id"),
        "sun_elevation_deg": number(p.get("sun_elevation")),
        "sun_azimuth_deg": number(p.get("sun_azimuth")),
        "view_off_nadir_deg": None if own is None else at_ground_deg(abs(own), ORBIT_KM["planet"]),
        "view_azimuth_deg": number(p.get("satellite_azimuth")),
        "cloud_fraction": number(p.get("cloud_cover")),
    }


def _planet_xml(path: Path, bands: int) -> dict[str, Any]:
    """Planet's XML. Its ``azimuthAngle`` is that of the image's lines, not of the satellite, which the JSON tells."""
    root = xml_of(path)
    if first(root, "illuminationElevationAngle") is None:
        raise ValueError("no illuminationElevationAngle")
    scales = [
        (int(first(e, "bandNumber") or 0), number(first(e, "reflectanceCoefficient")))
        for e in root.findall(".//bandSpecificMetadata")
    ]
    ordered = [s for _, s in sorted(scales) if s is not None]
    own, ground = number(first(root, "spaceCraftViewAngle")), number(first(root, "incidenceAngle"))
    if own is not None:
        ground = at_ground_deg(abs(own), ORBIT_KM["planet"])
    surface = "_SR" in path.name.upper()  # surface reflectance has its own scale of 1 / 10000
    return {
        "acquired": zoned(first(root, "acquisitionDateTime", "acquisitionDate")),
        "platform": first(root, "serialIdentifier"),
        "product_id": first(root, "identifier"),
        "sun_elevation_deg": number(first(root, "illuminationElevationAngle")),
        "sun_azimuth_deg": number(first(root, "illuminationAzimuthAngle")),
        "view_off_nadir_deg": None if ground is None else abs(ground),
        "scales": tuple(ordered) if len(ordered) == bands and not surface else None,
    }
