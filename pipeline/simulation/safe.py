"""Write a simulated radar scene as a Sentinel-1 SAFE folder: measurements, annotation, calibration, noise, manifest."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.simulation.radar import NOISE_DB
from pipeline.simulation.safe_xml import ProductFacts, annotation_xml, calibration_xml, manifest_xml, noise_xml

if TYPE_CHECKING:
    from pipeline.types import FloatImage

NOTICE = "SIMULATED by capwatch: no satellite took this image, and no real ship is in it.\n"


def write_safe(facts: ProductFacts, sigma0: dict[str, FloatImage], folder: Path) -> Path:
    """Write ``folder/<product name>.SAFE`` and return it; it appears by rename. ``sigma0`` holds power with noise."""
    files: dict[str, bytes] = {"SIMULATED.txt": NOTICE.encode()}
    for number, (band, power) in enumerate(sorted(sigma0.items(), reverse=True), start=1):
        stem = facts.file_stem(band, number)
        files[f"measurement/{stem}.tiff"] = _measurement(facts, power)
        files[f"annotation/{stem}.xml"] = annotation_xml(facts, band, number).encode()
        files[f"annotation/calibration/calibration-{stem}.xml"] = calibration_xml(facts, band, number).encode()
        noise = noise_xml(facts, band, number, 10 ** (NOISE_DB / 10))
        files[f"annotation/calibration/noise-{stem}.xml"] = noise.encode()
    target = folder / f"{facts.name}.SAFE"
    part = folder / f".{facts.name}.SAFE.part"
    shutil.rmtree(part, ignore_errors=True)
    for path, content in files.items():
        (part / path).parent.mkdir(parents=True, exist_ok=True)
        (part / path).write_bytes(content)
    (part / "manifest.safe").write_text(manifest_xml(facts, files), "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    return target


def _measurement(facts: ProductFacts, power: FloatImage) -> bytes:
    """A GeoTIFF of digital numbers, DN = A sqrt(sigma0), with ground control points as real products carry them."""
    from rasterio.control import GroundControlPoint
    from rasterio.crs import CRS
    from rasterio.io import MemoryFile

    rows, cols = power.shape
    gain = facts.amplitude_gain(np.arange(cols))
    digital = np.clip(np.rint(np.sqrt(np.maximum(power, 0)) * gain), 1, 65535).astype(np.uint16)
    points = []
    for row in np.linspace(0, rows - 1, 5):
        for col in np.linspace(0, cols - 1, 5):
            lon, lat = facts.frame.lonlat(row, col)
            points.append(GroundControlPoint(row=row + 0.5, col=col + 0.5, x=float(lon), y=float(lat), z=0.0))
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=cols,
            height=rows,
            count=1,
            dtype="uint16",
            gcps=points,
            crs=CRS.from_epsg(4326),
            compress="deflate",
            predictor=2,
            zlevel=1,
        ) as image:
            image.write(digital, 1)
            image.update_tags(SIMULATED="yes")
        return memory.read()
