"""Metadata files that operators deliver beside their images: Planet (JSON, XML), Airbus (DIMAP 2), Maxar (IMD, XML).

Each becomes the same `Sidecar` that an analyst would write by hand. Field names follow the operators' public product
guides. What a file does not say stays unknown. Angles of view are wanted at the ground; where only the satellite's own
off-nadir angle is told, it is turned into the ground's by the orbit's usual height.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pydantic import ValidationError

from pipeline.errors import InputError
from pipeline.ingest.json_text import unrepeated
from pipeline.ingest.metadata.sidecar import Sidecar

MAX_BYTES = 16 << 20  # our choice: metadata have some 10 kB, with footprints and masks some 100 kB
EARTH_KM = 6371.0  # mean radius
ORBIT_KM = {"planet": 475.0, "maxar": 620.0, "airbus": 694.0}  # usual heights, from the operators' fact sheets
PLANET_SR_SCALE = 1e-4  # surface reflectance is stored as whole ten-thousandths
PLANET_BANDS = {
    1: ("pan",),
    3: ("R", "G", "B"),
    4: ("B", "G", "R", "N"),
    5: ("B", "G", "R", "RE", "N"),
    8: ("CB", "B", "GI", "G", "Y", "R", "RE", "N"),
}
DIMAP_BANDS = {"P": "pan", "PAN": "pan", "B0": "B", "B1": "G", "B2": "R", "B3": "N", "NIR": "N", "RE": "RE", "DB": "CB"}
IMD_BANDS = {"P": "pan", "C": "CB", "B": "B", "G": "G", "Y": "Y", "R": "R", "RE": "RE", "N": "N", "N2": "N2"}

Reader = Callable[[list[Path], int], dict[str, Any]]


def read_operator(image: Path, bands: int) -> Sidecar | None:
    """The metadata of an image by its operator's file beside it; None where there is none.

    ``bands`` is the number of bands in the image. Raises InputError for a file that cannot be read as what it is.
    """
    read, paths = _reader_of(image)
    if read is None:
        return None
    try:
        content = read(paths, bands)
    except (ValueError, KeyError, TypeError, AttributeError, ElementTree.ParseError) as error:
        raise InputError(paths[0].name, f"is not the metadata file it looks like ({error})"[:160]) from error
    if read is _read_planet and "_SR" in image.stem.upper():
        content |= {"scale": PLANET_SR_SCALE, "scales": None}
    return _checked(paths[0], content)


def operator_files(image: Path) -> list[Path]:
    """The files that `read_operator` reads."""
    return _reader_of(image)[1]


def at_ground_deg(off_nadir_deg: float, orbit_km: float) -> float:
    """Angle from the vertical at the ground for a satellite's off-nadir angle, Earth as a sphere.

    >>> round(at_ground_deg(20.0, 500.0), 2)
    21.65
    """
    sine = math.sin(math.radians(off_nadir_deg)) * (EARTH_KM + orbit_km) / EARTH_KM
    return math.degrees(math.asin(min(1.0, sine)))


def azimuth_to_satellite_deg(scan_deg: float, along_deg: float, across_deg: float) -> float:
    """Azimuth from the scene to the satellite, from DIMAP's azimuth of the scan and the two parts of its incidence.

    The convention is that of the Orfeo Toolbox: scan azimuth - atan2(tan(across), tan(along)).

    >>> round(azimuth_to_satellite_deg(180.0, 10.0, 0.0), 6), round(azimuth_to_satellite_deg(180.0, 0.0, 10.0), 6)
    (180.0, 90.0)
    """
    turn = math.atan2(math.tan(math.radians(across_deg)), math.tan(math.radians(along_deg)))
    return (scan_deg - math.degrees(turn)) % 360.0


def _reader_of(image: Path) -> tuple[Reader | None, list[Path]]:
    """What reads the operator's files of an image, and those files; nothing where there are none."""
    beside = names_beside(image)
    for find, read in ((_imd_of, _read_imd), (_dimap_of, _read_dimap), (_planet_of, _read_planet)):
        if paths := find(image, beside):
            return read, paths
    return None, []


def names_beside(image: Path) -> dict[str, Path]:
    """Regular files of the image's folder by their names in upper case; links are not followed."""
    try:
        with os.scandir(image.parent) as entries:  # which knows a file from a folder without asking for each again
            names = sorted(e.name for e in entries if e.is_file(follow_symlinks=False))
    except OSError:
        return {}
    return {name.upper(): image.parent / name for name in names}


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES >> 20} MB")
    return path.read_text("utf-8", errors="replace")


def _xml(path: Path) -> ElementTree.Element:
    """The tree, its names without namespaces. Entities are refused: no metadata file defines any."""
    text = _text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("defines entities")
    root = ElementTree.fromstring(text)  # noqa: S314 - no DOCTYPE, so no entities to expand
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    return root


def _first(root: ElementTree.Element, *names: str) -> str | None:
    for name in names:
        found = root.find(f".//{name}")
        if found is not None and found.text and found.text.strip():
            return found.text.strip()
    return None


def _number(text: Any) -> float | None:
    """A number, or None where there is none or where it is the operators' -999."""
    if text is None or text == "":
        return None
    value = float(text)
    return None if not math.isfinite(value) or value <= -999 else value


def _checked(path: Path, content: dict[str, Any]) -> Sidecar:
    try:
        return Sidecar.model_validate({k: v for k, v in content.items() if v is not None})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(p) for p in first["loc"])
        raise InputError(path.name, f"{where}: {first['msg'].removeprefix('Value error, ')}") from error


def _zoned(moment: str | None) -> str | None:
    """An ISO time, UTC where it tells no zone, without needless digits of its fraction."""
    if not moment:
        return None
    moment = re.sub(r"(\.\d{6})\d+", r"\1", moment.strip().strip('"').replace(" ", "T"))
    return moment if re.search(r"(Z|[+-]\d\d:?\d\d)$", moment) else moment + "Z"


# --- Maxar


def _imd_of(image: Path, beside: dict[str, Path]) -> list[Path]:
    stem = image.stem.upper()
    found = beside.get(f"{stem}.IMD")
    if found is not None:
        return [found]
    xml = beside.get(f"{stem}.XML")
    return [xml] if xml is not None and "<IMD>" in _head(xml).upper() else []


def _head(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(4096).decode("utf-8", errors="replace")


def _read_imd(paths: list[Path], bands: int) -> dict[str, Any]:
    """IMD text, or the IMD part of the XML that holds the same names in capitals."""
    if paths[0].suffix.upper() == ".IMD":
        groups, fields = _imd_text(_text(paths[0]))
    else:
        root = _xml(paths[0])
        groups = [e.tag for e in root.iter() if e.tag.startswith("BAND_")]
        fields = {e.tag.lower(): e.text.strip() for e in root.iter() if e.text and e.text.strip()}
    if "meansunel" not in fields and "firstlinetime" not in fields:
        raise ValueError("no meanSunEl and no firstLineTime")
    names = tuple(IMD_BANDS.get(g.removeprefix("BAND_"), g) for g in groups)
    elevation, nadir = _number(fields.get("meansatel")), _number(fields.get("meanoffnadirviewangle"))
    view = 90 - elevation if elevation is not None else None
    if view is None and nadir is not None:
        view = at_ground_deg(nadir, ORBIT_KM["maxar"])
    cloud = _number(fields.get("cloudcover"))
    return {
        "acquired": _zoned(fields.get("firstlinetime") or fields.get("tlctime")),
        "platform": fields.get("satid", ""),
        "product_id": fields.get("catid", ""),
        "bands": names if len(names) == bands else None,
        "sun_elevation_deg": _number(fields.get("meansunel")),
        "sun_azimuth_deg": _number(fields.get("meansunaz")),
        "view_off_nadir_deg": view,
        "view_azimuth_deg": _number(fields.get("meansataz")),
        "cloud_fraction": cloud if cloud is None or cloud <= 1 else cloud / 100,
    }


def _imd_text(text: str) -> tuple[list[str], dict[str, str]]:
    """Names of the band groups in order, and all fields by lower-case name (the last of a name counts)."""
    groups = re.findall(r"BEGIN_GROUP\s*=\s*(BAND_\w+)", text)
    pairs = re.findall(r"^\s*(\w+)\s*=\s*([^;(\n]+);", text, re.MULTILINE)
    if not pairs:
        raise ValueError("no lines of the form name = value;")
    return groups, {name.lower(): value.strip().strip('"') for name, value in pairs}


# --- Airbus


def _dimap_of(image: Path, beside: dict[str, Path]) -> list[Path]:
    """``DIM_<x>.XML`` for ``IMG_<x>.TIF`` or ``IMG_<x>_R1C1.TIF``, or an XML of the image's own name."""
    stem = image.stem.upper()
    core = re.sub(r"_R\d+C\d+$", "", stem.removeprefix("IMG_"))
    names = (f"DIM_{core}.XML", f"{stem}.XML", f"{core}.XML")
    for found in (beside.get(name) for name in names):
        if found is not None and "DIMAP_DOCUMENT" in _head(found).upper():
            return [found]
    return []


def _read_dimap(paths: list[Path], bands: int) -> dict[str, Any]:
    root = _xml(paths[0])
    places = root.findall(".//Located_Geometric_Values")
    if not places:
        raise ValueError("no Located_Geometric_Values: DIMAP before version 2 is not read")
    middle = next((p for p in places if _first(p, "LOCATION_TYPE") == "Center"), places[len(places) // 2])
    names = [e.text.strip() for e in root.findall(".//Raster_Index/BAND_ID") if e.text]
    measured = {_first(e, "BAND_ID"): e for e in root.findall(".//Band_Radiance")}
    names = names or [n for n in measured if n]
    date, clock = _first(root, "IMAGING_DATE"), _first(root, "IMAGING_TIME")
    cloud = _number(_first(root, "CLOUD_COVERAGE"))
    told = {
        "acquired": _zoned(_first(middle, "TIME") or (f"{date}T{clock}" if date and clock else None)),
        "platform": " ".join(p for p in (_first(root, "MISSION"), _first(root, "MISSION_INDEX")) if p),
        "product_id": _first(root, "DATASET_NAME"),
        "bands": tuple(DIMAP_BANDS.get(n, n) for n in names) if len(names) == bands else None,
        "sun_elevation_deg": _number(_first(middle, "SUN_ELEVATION")),
        "sun_azimuth_deg": _number(_first(middle, "SUN_AZIMUTH")),
        "cloud_fraction": None if cloud is None else cloud / 100,
    }
    return told | _dimap_view(middle) | _dimap_scale(root, names if len(names) == bands else [], measured, told)


def _dimap_view(middle: ElementTree.Element) -> dict[str, Any]:
    scan, along, across, whole, own = (
        _number(_first(middle, name))
        for name in (
            "AZIMUTH_ANGLE",
            "INCIDENCE_ANGLE_ALONG_TRACK",
            "INCIDENCE_ANGLE_ACROSS_TRACK",
            "INCIDENCE_ANGLE",
            "VIEWING_ANGLE",
        )
    )
    if whole is None and own is not None:
        whole = at_ground_deg(own, ORBIT_KM["airbus"])
    azimuth = None
    if scan is not None and along is not None and across is not None:
        both = math.degrees(math.atan(math.hypot(math.tan(math.radians(along)), math.tan(math.radians(across)))))
        whole = both if whole is None else whole
        if abs(both - abs(whole)) < 1.0:  # else the parts do not make up the whole, and their direction is doubtful
            azimuth = azimuth_to_satellite_deg(scan, along, across)
    return {"view_off_nadir_deg": None if whole is None else abs(whole), "view_azimuth_deg": azimuth}


def _dimap_scale(
    root: ElementTree.Element, names: list[str], measured: dict[str | None, ElementTree.Element], told: dict[str, Any]
) -> dict[str, Any]:
    """Reflectance = scale x DN + offset: by gain alone where DN are reflectances, else by the sun's irradiance."""
    gains = [_number(_first(measured[n], "GAIN")) if n in measured else None for n in names]
    biases = [(_number(_first(measured[n], "BIAS")) or 0.0) if n in measured else 0.0 for n in names]
    if not gains or any(g is None or g <= 0 for g in gains):
        return {}
    scales = [1 / g for g in gains if g is not None]
    if (_first(root, "RADIOMETRIC_PROCESSING") or "").upper() == "REFLECTANCE":
        return {"scales": tuple(scales), "offsets": tuple(biases)}
    suns = {_first(e, "BAND_ID"): _number(_first(e, "VALUE")) for e in root.findall(".//Band_Solar_Irradiance")}
    height = told["sun_elevation_deg"]
    if height is None or height <= 0 or any(not suns.get(n) for n in names):
        return {}
    per_watt = [math.pi / (float(suns[n] or 1.0) * math.sin(math.radians(height))) for n in names]
    return {
        "scales": tuple(s * w for s, w in zip(scales, per_watt, strict=True)),
        "offsets": tuple(b * w for b, w in zip(biases, per_watt, strict=True)),
    }


# --- Planet


def _planet_of(image: Path, beside: dict[str, Path]) -> list[Path]:
    """``<item>_metadata.json`` and ``..._metadata.xml`` whose name before that begins the image's name."""
    stem, out = image.stem.upper(), []
    for ending in ("_METADATA.JSON", "_METADATA.XML", "_METADATA_CLIP.XML"):
        heads = [n for n in beside if n.endswith(ending) and stem.startswith(n.removesuffix(ending))]
        if heads:
            out.append(beside[max(heads, key=len)])
    return out


def _read_planet(paths: list[Path], bands: int) -> dict[str, Any]:
    told: dict[str, Any] = {"bands": PLANET_BANDS.get(bands)}
    for path in reversed(paths):  # what the JSON says goes before the XML
        part = _planet_json(path) if path.suffix.upper() == ".JSON" else _planet_xml(path, bands)
        told |= {k: v for k, v in part.items() if v is not None}
    return told


def _planet_json(path: Path) -> dict[str, Any]:
    feature = unrepeated(_text(path))
    p = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(p, dict):
        raise ValueError("no properties")
    own = _number(p.get("view_angle"))
    return {
        "acquired": _zoned(p.get("acquired")),
        "platform": p.get("satellite_id"),
        "product_id": feature.get("id"),
        "sun_elevation_deg": _number(p.get("sun_elevation")),
        "sun_azimuth_deg": _number(p.get("sun_azimuth")),
        "view_off_nadir_deg": None if own is None else at_ground_deg(abs(own), ORBIT_KM["planet"]),
        "view_azimuth_deg": _number(p.get("satellite_azimuth")),
        "cloud_fraction": _number(p.get("cloud_cover")),
    }


def _planet_xml(path: Path, bands: int) -> dict[str, Any]:
    root = _xml(path)
    if _first(root, "illuminationElevationAngle") is None:
        raise ValueError("no illuminationElevationAngle")
    scales = [
        (int(_first(e, "bandNumber") or 0), _number(_first(e, "reflectanceCoefficient")))
        for e in root.findall(".//bandSpecificMetadata")
    ]
    ordered = [s for _, s in sorted(scales) if s is not None]
    own, ground = _number(_first(root, "spaceCraftViewAngle")), _number(_first(root, "incidenceAngle"))
    if own is not None:
        ground = at_ground_deg(abs(own), ORBIT_KM["planet"])
    surface = "_SR" in path.name.upper()  # surface reflectance has its own scale of 1 / 10000
    return {
        "acquired": _zoned(_first(root, "acquisitionDateTime", "acquisitionDate")),
        "platform": _first(root, "serialIdentifier"),
        "product_id": _first(root, "identifier"),
        "sun_elevation_deg": _number(_first(root, "illuminationElevationAngle")),
        "sun_azimuth_deg": _number(_first(root, "illuminationAzimuthAngle")),
        "view_off_nadir_deg": None if ground is None else abs(ground),
        "view_azimuth_deg": _number(_first(root, "azimuthAngle")),
        "scales": tuple(ordered) if len(ordered) == bands and not surface else None,
    }
