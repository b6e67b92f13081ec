"""Write a simulated optical image as operators deliver them: GeoTIFF and metadata in one of four layouts.

The layouts follow their public descriptions, independently of the readers, so that these are tested as on real files.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.simulation.optical import BANDS, Light, MapFrame
from pipeline.storage import write_bytes

if TYPE_CHECKING:
    from pipeline.types import FloatImage

REFLECTANCE_SCALE = 1e-4  # stored as whole ten-thousandths, as the operators do
EARTH_KM, ORBIT_KM = 6371.0, 500.0  # mean radius; a usual height of sub-metre satellites
AIRBUS_BANDS = {"B": "B0", "G": "B1", "R": "B2", "N": "B3", "pan": "P"}
MAXAR_BANDS = {"B": "BAND_B", "G": "BAND_G", "R": "BAND_R", "N": "BAND_N", "pan": "BAND_P"}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A drawn look: ``image`` has the bands B, G, R, N; ``bands`` are those to write (or ("pan",)). True azimuths."""

    name: str
    frame: MapFrame
    image: FloatImage
    bands: tuple[str, ...]
    platform: str
    time: datetime
    light: Light


def write_picture(folder: Path, picture: Picture, style: str = "minimal") -> Path:
    """Write image and metadata into a folder; the image's path. The metadata appear first, both by rename."""
    folder.mkdir(parents=True, exist_ok=True)
    content = _geotiff(picture)
    name, parts = {"minimal": _minimal, "planet": _planet, "airbus": _airbus, "maxar": _maxar}[style](picture, content)
    for part, text in parts.items():
        write_bytes(folder / part, text.encode())
    write_bytes(folder / name, content)
    return folder / name


def at_satellite_deg(incidence_deg: float) -> float:
    """Off-nadir angle at the satellite for an angle from the vertical on the ground, Earth as a sphere."""
    return float(np.degrees(np.arcsin(np.sin(np.radians(incidence_deg)) * EARTH_KM / (EARTH_KM + ORBIT_KM))))


def _minimal(p: Picture, content: bytes) -> tuple[str, dict[str, str]]:
    sidecar = {
        "acquired": f"{p.time:%Y-%m-%dT%H:%M:%SZ}",
        "platform": p.platform,
        "sensor": "optical",
        "bands": list(p.bands),
        "scale": REFLECTANCE_SCALE,
        "offset": 0.0,
        "sun_elevation_deg": round(p.light.sun_elevation_deg, 3),
        "sun_azimuth_deg": round(p.light.sun_azimuth_deg, 3),
        "view_off_nadir_deg": p.light.off_nadir_deg,
        "view_azimuth_deg": p.light.view_azimuth_deg,
        "cloud_fraction": None,
        "simulated": True,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return f"{p.name}.tif", {f"{p.name}.json": json.dumps(sidecar, indent=1) + "\n"}


def _planet(p: Picture, content: bytes) -> tuple[str, dict[str, str]]:
    """Planet's item metadata: a GeoJSON feature named after the item, beside ``<item>_3B_AnalyticMS_SR.tif``."""
    properties: dict[str, Any] = {
        "acquired": f"{p.time:%Y-%m-%dT%H:%M:%S.000000Z}",
        "cloud_cover": 0.0,
        "gsd": p.frame.pixel_m,
        "instrument": "SIM",
        "item_type": "PSScene",
        "pixel_resolution": p.frame.pixel_m,
        "provider": "planetscope",
        "satellite_azimuth": round(p.light.view_azimuth_deg, 1),
        "satellite_id": p.platform,
        "sun_azimuth": round(p.light.sun_azimuth_deg, 1),
        "sun_elevation": round(p.light.sun_elevation_deg, 1),
        "view_angle": round(at_satellite_deg(p.light.off_nadir_deg), 1),
    }
    text = json.dumps({"id": p.name, "type": "Feature", "geometry": None, "properties": properties}, indent=1)
    kind = "SkySatScene_ortho" if p.frame.pixel_m < 1 else "3B_AnalyticMS_SR"
    return f"{p.name}_{kind}.tif", {f"{p.name}_metadata.json": text}


def _airbus(p: Picture, content: bytes) -> tuple[str, dict[str, str]]:
    """DIMAP 2 as delivered with Pleiades and SPOT: ``DIM_<name>.XML`` beside ``IMG_<name>_R1C1.TIF``."""
    light = p.light
    # Along and across track for a satellite that flies by 190 degrees: the azimuth to it follows from both
    scan = 190.0
    turn = np.radians(scan - light.view_azimuth_deg)
    along = np.degrees(np.arctan(np.tan(np.radians(light.off_nadir_deg)) * np.cos(turn)))
    across = np.degrees(np.arctan(np.tan(np.radians(light.off_nadir_deg)) * np.sin(turn)))
    bands = "".join(
        f"<Band_Reflectance><BAND_ID>{AIRBUS_BANDS[b]}</BAND_ID><GAIN>{1 / REFLECTANCE_SCALE:g}</GAIN><BIAS>0</BIAS>"
        "</Band_Reflectance>"
        for b in p.bands
    )
    spectra = "".join(f"<Raster_Index><BAND_ID>{AIRBUS_BANDS[b]}</BAND_ID><BAND_INDEX>{n}</BAND_INDEX></Raster_Index>"
                      for n, b in enumerate(p.bands, 1))  # fmt: skip
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<Dimap_Document>
 <Metadata_Identification><METADATA_FORMAT version="2.15">DIMAP</METADATA_FORMAT></Metadata_Identification>
 <Dataset_Identification><DATASET_NAME>{p.name}</DATASET_NAME></Dataset_Identification>
 <Dataset_Content><CLOUD_COVERAGE unit="percent">0</CLOUD_COVERAGE></Dataset_Content>
 <Processing_Information><Product_Settings><Radiometric_Settings>
  <RADIOMETRIC_PROCESSING>REFLECTANCE</RADIOMETRIC_PROCESSING></Radiometric_Settings></Product_Settings>
 </Processing_Information>
 <Raster_Data><Raster_Dimensions><NBANDS>{len(p.bands)}</NBANDS></Raster_Dimensions>
  <Raster_Display><Raster_Index_List>{spectra}</Raster_Index_List></Raster_Display></Raster_Data>
 <Radiometric_Data><Radiometric_Calibration><Instrument_Calibration><Band_Measurement_List>{bands}</Band_Measurement_List>
 </Instrument_Calibration></Radiometric_Calibration></Radiometric_Data>
 <Geometric_Data><Use_Area>
  <Located_Geometric_Values><LOCATION_TYPE>Top Center</LOCATION_TYPE></Located_Geometric_Values>
  <Located_Geometric_Values><LOCATION_TYPE>Center</LOCATION_TYPE><TIME>{p.time:%Y-%m-%dT%H:%M:%S.000Z}</TIME>
   <Acquisition_Angles><AZIMUTH_ANGLE unit="deg">{scan}</AZIMUTH_ANGLE>
    <VIEWING_ANGLE unit="deg">{at_satellite_deg(light.off_nadir_deg):.4f}</VIEWING_ANGLE>
    <INCIDENCE_ANGLE_ALONG_TRACK unit="deg">{along:.5f}</INCIDENCE_ANGLE_ALONG_TRACK>
    <INCIDENCE_ANGLE_ACROSS_TRACK unit="deg">{across:.5f}</INCIDENCE_ANGLE_ACROSS_TRACK>
    <INCIDENCE_ANGLE unit="deg">{light.off_nadir_deg:.5f}</INCIDENCE_ANGLE></Acquisition_Angles>
   <Solar_Incidences><SUN_AZIMUTH unit="deg">{light.sun_azimuth_deg:.4f}</SUN_AZIMUTH>
    <SUN_ELEVATION unit="deg">{light.sun_elevation_deg:.4f}</SUN_ELEVATION></Solar_Incidences>
  </Located_Geometric_Values></Use_Area></Geometric_Data>
 <Dataset_Sources><Source_Identification><Strip_Source><MISSION>{p.platform}</MISSION><MISSION_INDEX>1</MISSION_INDEX>
  <IMAGING_DATE>{p.time:%Y-%m-%d}</IMAGING_DATE><IMAGING_TIME>{p.time:%H:%M:%S}.0Z</IMAGING_TIME></Strip_Source>
 </Source_Identification></Dataset_Sources>
</Dimap_Document>
"""
    return f"IMG_{p.name}_R1C1.TIF", {f"DIM_{p.name}.XML": text}


def _maxar(p: Picture, content: bytes) -> tuple[str, dict[str, str]]:
    """An IMD file of that name beside the image, as delivered with WorldView."""
    lines = [
        'version = "28.4";',
        f'bandId = "{"P" if p.bands == ("pan",) else "Multi"}";',
        'productLevel = "LV2A";',
        'radiometricLevel = "Corrected";',
    ]
    for band in p.bands:
        group = MAXAR_BANDS[band]
        lines += [f"BEGIN_GROUP = {group}", "\tTLCTime = 0;", f"END_GROUP = {group}"]
    lines += [
        "BEGIN_GROUP = IMAGE_1",
        f'\tsatId = "{p.platform}";',
        f"\tfirstLineTime = {p.time:%Y-%m-%dT%H:%M:%S}.000000Z;",
        f"\tmeanSunAz = {p.light.sun_azimuth_deg:.1f};",
        f"\tmeanSunEl = {p.light.sun_elevation_deg:.1f};",
        f"\tmeanSatAz = {p.light.view_azimuth_deg:.1f};",
        f"\tmeanSatEl = {90 - p.light.off_nadir_deg:.1f};",
        f"\tmeanOffNadirViewAngle = {at_satellite_deg(p.light.off_nadir_deg):.1f};",
        "\tcloudCover = 0.000;",
        "END_GROUP = IMAGE_1",
        "END;",
    ]
    return f"{p.name}.TIF", {f"{p.name}.IMD": "\n".join(lines) + "\n"}


def _geotiff(p: Picture) -> bytes:
    from rasterio.io import MemoryFile
    from rasterio.transform import Affine

    frame, image = p.frame, p.image
    image = image[:3].mean(axis=0, keepdims=True) if p.bands == ("pan",) else image[[BANDS.index(b) for b in p.bands]]
    half = frame.pixel_m / 2  # the frame refers to pixel centres, a GeoTIFF to corners
    transform = Affine(frame.pixel_m, 0, frame.east0 - half, 0, -frame.pixel_m, frame.north0 + half)
    digital = np.rint(image / REFLECTANCE_SCALE).clip(1, 65535).astype(np.uint16)
    profile = {
        "driver": "GTiff",
        "width": frame.shape[1],
        "height": frame.shape[0],
        "count": len(digital),
        "dtype": "uint16",
        "crs": f"EPSG:{frame.epsg}",
        "transform": transform,
        "nodata": 0,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
        "zlevel": 1,
        "predictor": 2,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(digital)
            out.descriptions = p.bands
            out.update_tags(SIMULATED="yes")
        return memory.read()
