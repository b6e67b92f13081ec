"""Planet's metadata: an item's JSON, and XML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.ingest.json_text import parse_json
from pipeline.ingest.metadata.operator_text import first_text, parse_number, read_text, read_xml, with_zone
from pipeline.ingest.metadata.view_angles import ORBIT_KM, incidence_deg

SR_SCALE = 1e-4  # surface reflectance is stored in units of 1/10,000
PLANET_BANDS = {
    1: ("pan",),
    3: ("R", "G", "B"),
    4: ("B", "G", "R", "N"),
    5: ("B", "G", "R", "RE", "N"),
    8: ("CB", "B", "GI", "G", "Y", "R", "RE", "N"),
}


def planet_of(image: Path, folder_files: dict[str, Path]) -> list[Path]:
    """``<item>_metadata.json`` and ``..._metadata.xml`` with the longest ``<item>`` that begins the image's name."""
    stem, out = image.stem.upper(), []
    for ending in ("_METADATA.JSON", "_METADATA.XML", "_METADATA_CLIP.XML"):
        heads = [n for n in folder_files if n.endswith(ending) and stem.startswith(n.removesuffix(ending))]
        if heads:
            out.append(folder_files[max(heads, key=len)])
    return out


def read_planet(paths: list[Path], image: Path, bands: int) -> dict[str, Any]:
    """Sidecar fields from Planet's metadata; surface reflectance has its own scale."""
    fields: dict[str, Any] = {"bands": PLANET_BANDS.get(bands)}
    for path in reversed(paths):  # the JSON takes precedence over the XML
        part = _planet_json(path) if path.suffix.upper() == ".JSON" else _planet_xml(path, bands)
        fields |= {k: v for k, v in part.items() if v is not None}
    if "_SR" in image.stem.upper():
        fields |= {"scale": SR_SCALE, "scales": None}
    return fields


def _planet_json(path: Path) -> dict[str, Any]:
    feature = parse_json(read_text(path))
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise ValueError("no properties")
    off_nadir = parse_number(properties.get("view_angle"))
    return {
        "acquired": with_zone(properties.get("acquired")),
        "platform": properties.get("satellite_id"),
        "product_id": feature.get("id"),
        "sun_elevation_deg": parse_number(properties.get("sun_elevation")),
        "sun_azimuth_deg": parse_number(properties.get("sun_azimuth")),
        "view_off_nadir_deg": None if off_nadir is None else incidence_deg(abs(off_nadir), ORBIT_KM["planet"]),
        "view_azimuth_deg": parse_number(properties.get("satellite_azimuth")),
        "cloud_fraction": parse_number(properties.get("cloud_cover")),
    }


def _planet_xml(path: Path, bands: int) -> dict[str, Any]:
    """Fields from Planet's XML. Its ``azimuthAngle`` is that of the image lines; the satellite's is in the JSON."""
    root = read_xml(path)
    if first_text(root, "illuminationElevationAngle") is None:
        raise ValueError("no illuminationElevationAngle")
    scales = [
        (int(first_text(e, "bandNumber") or 0), parse_number(first_text(e, "reflectanceCoefficient")))
        for e in root.findall(".//bandSpecificMetadata")
    ]
    ordered = [s for _, s in sorted(scales) if s is not None]
    off_nadir, incidence = (
        parse_number(first_text(root, "spaceCraftViewAngle")),
        parse_number(first_text(root, "incidenceAngle")),
    )
    if off_nadir is not None:
        incidence = incidence_deg(abs(off_nadir), ORBIT_KM["planet"])
    surface = "_SR" in path.name.upper()  # surface reflectance has its own scale of 1 / 10000
    return {
        "acquired": with_zone(first_text(root, "acquisitionDateTime", "acquisitionDate")),
        "platform": first_text(root, "serialIdentifier"),
        "product_id": first_text(root, "identifier"),
        "sun_elevation_deg": parse_number(first_text(root, "illuminationElevationAngle")),
        "sun_azimuth_deg": parse_number(first_text(root, "illuminationAzimuthAngle")),
        "view_off_nadir_deg": None if incidence is None else abs(incidence),
        "scales": tuple(ordered) if len(ordered) == bands and not surface else None,
    }
