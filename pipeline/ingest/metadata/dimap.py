"""Airbus' metadata, DIMAP 2 and 3: Pleiades, Pleiades Neo, SPOT."""

from __future__ import annotations

import math
import re
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from pipeline.ingest.metadata.operator_text import first_text, parse_number, read_head, read_xml, with_zone
from pipeline.ingest.metadata.view_angles import ORBIT_KM, azimuth_to_satellite_deg, incidence_deg

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

BANDS = {
    "P": "pan", "PAN": "pan", "B0": "B", "B1": "G", "B2": "R", "B3": "N", "NIR": "N", "RE": "RE", "DB": "CB",
}  # fmt: skip
CHANNELS = ("RED_CHANNEL", "GREEN_CHANNEL", "BLUE_CHANNEL", "ALPHA_CHANNEL")


def dimap_of(image: Path, folder_files: dict[str, Path]) -> list[Path]:
    """``DIM_<x>.XML`` for ``IMG_<x>.TIF``, ``IMG_<x>_R1C1.TIF`` or ``IMG_<x>_<part>_R1C1.TIF``, or of its own name.

    Pleiades Neo's parts are P, RGB, NED and so on: several files of one acquisition that share its metadata.
    """
    stem = image.stem.upper()
    core = re.sub(r"_R\d+C\d+$", "", stem.removeprefix("IMG_"))
    wider = [n for n in folder_files if re.fullmatch(r"DIM_.+\.XML", n) and core.startswith(n[4:-4] + "_")]
    names = [f"DIM_{core}.XML", f"{stem}.XML", f"{core}.XML", *sorted(wider, key=len, reverse=True)]
    for found in (folder_files.get(name) for name in names):
        if found is not None and "DIMAP_DOCUMENT" in read_head(found).upper():
            return [found]
    return []


def tile_corner(image: Path, folder_files: dict[str, Path]) -> tuple[int, int] | None:
    """Row and column of a tile's first pixel in the whole image, for products cut into tiles; None if unknown."""
    match = re.search(r"_R(\d+)C(\d+)$", image.stem.upper())
    row, col = (int(n) for n in match.groups()) if match else (1, 1)
    if (row, col) == (1, 1):
        return 0, 0
    found = dimap_of(image, folder_files)
    size = read_xml(found[0]).find(".//NTILES_SIZE") if found else None
    rows, cols = (int(size.get(name) or 0) for name in ("nrows", "ncols")) if size is not None else (0, 0)
    return ((row - 1) * rows, (col - 1) * cols) if rows > 0 and cols > 0 else None


def read_dimap(paths: list[Path], image: Path, bands: int) -> dict[str, Any]:
    """Sidecar fields from DIMAP 2 or 3, for one image of its product."""
    root = read_xml(paths[0])
    places = root.findall(".//Located_Geometric_Values")
    if not places:
        raise ValueError("no Located_Geometric_Values: DIMAP before version 2 is not read")
    middle = next((p for p in places if first_text(p, "LOCATION_TYPE") == "Center"), places[len(places) // 2])
    names = _bands_of(root, image.name, bands)
    date, clock = first_text(root, "IMAGING_DATE"), first_text(root, "IMAGING_TIME")
    cloud = parse_number(first_text(root, "CLOUD_COVERAGE"))
    height = parse_number(first_text(middle, "SUN_ELEVATION"))
    fields = {
        "acquired": with_zone(first_text(middle, "TIME") or (f"{date}T{clock}" if date and clock else None)),
        "platform": " ".join(p for p in (first_text(root, "MISSION"), first_text(root, "MISSION_INDEX")) if p),
        "product_id": first_text(root, "DATASET_NAME"),
        "bands": tuple(BANDS.get(n, n) for n in names) or None,
        "sun_elevation_deg": height,
        "sun_azimuth_deg": parse_number(first_text(middle, "SUN_AZIMUTH")),
        "cloud_fraction": None if cloud is None else cloud / 100,
    }
    return fields | _view(middle) | _scale(root, names, height)


def _bands_of(root: Element, image: str, bands: int) -> list[str]:
    """Airbus' names of an image's bands in file order; empty if not stated.

    From the band indexes, else from the display order, which is the order of the pixels: a Pleiades file holds red,
    green, blue, near infrared, while its calibrations are listed from blue to near infrared. If a product's bands are
    in several files, the group of files that the image belongs to is used.
    """
    groups = [g for g in root.findall(".//Data_Files") if image.upper() in _files_of(g)]
    for part in (*groups, root):
        indexed = [
            (int(first_text(e, "BAND_INDEX") or 0), first_text(e, "BAND_ID") or "") for e in part.iter("Raster_Index")
        ]
        if sorted(n for n, _ in indexed) == list(range(1, len(indexed) + 1)):
            indexed.sort()
        shown = dict.fromkeys(n for c in CHANNELS if (n := first_text(part, f"Band_Display_Order/{c}")))
        for names in ([n for _, n in indexed], list(shown)):
            if len(names) == bands:
                return names
    calibrated = [n for e in root.iter("Band_Radiance") if (n := first_text(e, "BAND_ID"))]
    return calibrated if len(calibrated) == bands == 1 else []


def _files_of(group: Element) -> set[str]:
    """Names of a group's files, in upper case."""
    return {PureWindowsPath(e.get("href", "")).name.upper() for e in group.iter("DATA_FILE_PATH")}


def _view(middle: Element) -> dict[str, Any]:
    """Angles at the ground. Pleiades Neo names the azimuth of the scan ``IMAGE_ORIENTATION``, and its ``AZIMUTH_ANGLE``
    points to the satellite, as the ephemeris of real products shows; elsewhere that is the azimuth of the scan.
    """
    orientation, stated_azimuth, along, across, incidence, off_nadir = (
        parse_number(first_text(middle, name))
        for name in (
            "IMAGE_ORIENTATION",
            "AZIMUTH_ANGLE",
            "INCIDENCE_ANGLE_ALONG_TRACK",
            "INCIDENCE_ANGLE_ACROSS_TRACK",
            "INCIDENCE_ANGLE",
            "VIEWING_ANGLE",
        )
    )
    if incidence is None and off_nadir is not None:
        incidence = incidence_deg(off_nadir, ORBIT_KM["airbus"])
    azimuth = None
    if orientation is not None:
        azimuth = stated_azimuth
    elif stated_azimuth is not None and along is not None and across is not None:
        combined = math.degrees(math.atan(math.hypot(math.tan(math.radians(along)), math.tan(math.radians(across)))))
        incidence = combined if incidence is None else incidence
        # Further apart, the components contradict the total, and their direction is doubtful
        if abs(combined - abs(incidence)) < 1.0:
            azimuth = azimuth_to_satellite_deg(stated_azimuth, along, across)
    return {"view_off_nadir_deg": None if incidence is None else abs(incidence), "view_azimuth_deg": azimuth}


def _scale(root: Element, names: list[str], sun_elevation_deg: float | None) -> dict[str, Any]:
    """Reflectance = scale x DN + offset, depending on the product's radiometric processing.

    In a reflectance product `Band_Reflectance` gives the scale, and `Band_Radiance` converts further to radiance.
    Stretched products cannot be converted back, whatever calibration is listed.
    """
    kind = (first_text(root, "RADIOMETRIC_PROCESSING") or "BASIC").upper()
    lists = {"REFLECTANCE": "Band_Reflectance", "BASIC": "Band_Radiance"}
    measured = {first_text(e, "BAND_ID"): e for e in root.iter(lists[kind])} if kind in lists else {}
    gains = [parse_number(first_text(measured[n], "GAIN")) if n in measured else None for n in names]
    biases = [(parse_number(first_text(measured[n], "BIAS")) or 0.0) if n in measured else 0.0 for n in names]
    if not gains or any(g is None or g <= 0 for g in gains):
        return {}
    scales = [1 / g for g in gains if g is not None]
    if kind == "REFLECTANCE":
        return {"scales": tuple(scales), "offsets": tuple(biases)}
    suns = {first_text(e, "BAND_ID"): parse_number(first_text(e, "VALUE")) for e in root.iter("Band_Solar_Irradiance")}
    if sun_elevation_deg is None or sun_elevation_deg <= 0 or any(not suns.get(n) for n in names):
        return {}
    per_watt = [math.pi / (float(suns[n] or 1.0) * math.sin(math.radians(sun_elevation_deg))) for n in names]
    return {
        "scales": tuple(s * w for s, w in zip(scales, per_watt, strict=True)),
        "offsets": tuple(b * w for b, w in zip(biases, per_watt, strict=True)),
    }
