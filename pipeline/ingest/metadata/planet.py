"""Planet's metadata: an item's JSON, and XML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.ingest.json_text import unrepeated
from pipeline.ingest.metadata.operator_text import first, number, text_of, xml_of, zoned
from pipeline.ingest.metadata.view_angles import ORBIT_KM, at_ground_deg

SR_SCALE = 1e-4  # surface reflectance is stored in units of 1/10,000
PLANET_BANDS = {
    1: ("pan",),
    3: ("R", "G", "B"),
    4: ("B", "G", "R", "N"),
    5: ("B", "G", "R", "RE", "N"),
    8: ("CB", "B", "GI", "G", "Y", "R", "RE", "N"),
}


def planet_of(image: Path, beside: dict[str, Path]) -> list[Path]:
    """``<item>_metadata.json`` and ``..._metadata.xml`` with the longest ``<item>`` that begins the image's name."""
    stem, out = image.stem.upper(), []
    for ending in ("_METADATA.JSON", "_METADATA.XML", "_METADATA_CLIP.XML"):
        heads = [n for n in beside if n.endswith(ending) and stem.startswith(n.removesuffix(ending))]
        if heads:
            out.append(beside[max(heads, key=len)])
    return out


def read_planet(paths: list[Path], image: Path, bands: int) -> dict[str, Any]:
    """Sidecar fields from Planet's metadata; surface reflectance has its own scale."""
    told: dict[str, Any] = {"bands": PLANET_BANDS.get(bands)}
    for path in reversed(paths):  # the JSON takes precedence over the XML
        part = _planet_json(path) if path.suffix.upper() == ".JSON" else _planet_xml(path, bands)
        told |= {k: v for k, v in part.items() if v is not None}
    if "_SR" in image.stem.upper():
        told |= {"scale": SR_SCALE, "scales": None}
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
    """Fields from Planet's XML. Its ``azimuthAngle`` is that of the image lines; the satellite's is in the JSON."""
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
