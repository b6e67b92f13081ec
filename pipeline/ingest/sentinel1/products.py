"""Opens Sentinel-1 ground-range products (GRD), as SAFE folders or zips, in radar geometry.

Everything comes from the product itself: its checksums are verified before anything is used, positions come from the
annotation's grid moved to sea level, and sigma0 from its calibration and noise tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.geolocation import GridGeolocation, footprint_of, ground_spacing_m
from pipeline.ingest.metadata.band_names import POLARISATIONS
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.rasters import RasterFile
from pipeline.ingest.safe.files import MANIFEST, SafeFiles, open_files
from pipeline.ingest.safe.manifest import Manifest, read_manifest
from pipeline.ingest.sentinel1.annotation import Annotation
from pipeline.ingest.sentinel1.calibration import SIGMA0_FLOOR, Noise, Table, fill_zero_noise, sigma0_of, strips
from pipeline.ingest.sentinel1.cutout import Cut, read_cut
from pipeline.ingest.sentinel1.orbit import grid_at_height
from pipeline.ingest.sentinel1.product_xml import read_annotation, read_calibration, read_noise
from pipeline.ingest.watermask import Water, WaterMixin, water_of
from pipeline.times_places.geoid import geoid_height_m
from pipeline.types import Counts, RadarView, Radiometry, Scene, Sensor, Source, Tile, Window
from pipeline.units import LIGHT_M_S, METRES_PER_DEGREE

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import BoolImage

MEASUREMENT = "s1Level1MeasurementSchema"
SIMULATED = "SIMULATED.txt"
POLARISATIONS_BY_CODE = {  # Sentinel-1 Product Specification, product naming: single or dual, by transmission
    "SV": {"VV"},
    "SH": {"HH"},
    "DV": {"VV", "VH"},
    "DH": {"HH", "HV"},
    "VV": {"VV"},
    "VH": {"VH"},
    "HH": {"HH"},
    "HV": {"HV"},
}
# Sentinel-1 Product Definition (S1-RS-MDA-52-7440), table of IW GRDH: azimuth x ground range, mean of the sub-swaths
RESOLUTION_M = {"IW": (22.6, 20.4)}
_FIRST_TRACK = {"S1A": 73, "S1B": 27, "S1C": 172}  # orbit number of track 1; 175 orbits repeat in 12 days
STRIP_ROWS = 32  # calibration varies over thousands of lines, noise scalloping over hundreds
COARSE_LN = 0.032  # largest change of noise within so many rows in real products, except at breaks
_MAX_ORBIT_MISFIT_M = 30.0  # our choice: with a larger difference, the product's orbit and grid do not belong together


@dataclass(frozen=True, slots=True, eq=False)
class Polarisation:
    """One measurement with its annotation and calibration tables."""

    name: str
    raster: RasterFile
    annotation: Annotation
    gain: Table
    noise: Noise | None


@dataclass(frozen=True, slots=True, eq=False)
class SafeReader(WaterMixin):
    """Reads windows of a product as tiles of linear sigma0."""

    polarisations: tuple[Polarisation, ...]
    water: Water

    def __call__(self, window: Window) -> Tile:
        """Sigma0 of a window."""
        self._require_on_image(window)
        data = np.stack([_sigma0(p, window)[0] for p in self.polarisations])
        valid = np.isfinite(data).all(axis=0)
        return Tile(window, tuple(p.name for p in self.polarisations), data, valid, self.water(window))

    def measured(self, window: Window) -> BoolImage:
        """`valid` of a window's tile, without computing sigma0: only a stored zero is nodata."""
        self._require_on_image(window)
        return np.logical_and.reduce([p.raster.read(window, (1,))[0] != 0 for p in self.polarisations])

    def counts(self, window: Window) -> Counts:
        """Stored pixels of a window with calibration and noise for every `STRIP_ROWS` rows, fewer where noise jumps."""
        breaks = [p.noise.breaks(STRIP_ROWS) for p in self.polarisations if p.noise is not None]
        strip, rows = strips(window, STRIP_ROWS, np.concatenate([*breaks, np.zeros(0, np.int64)]))
        gain = np.stack([p.gain.values(window, rows) for p in self.polarisations])
        noise = np.zeros_like(gain)
        for band, p in zip(noise, self.polarisations, strict=True):
            if p.noise is not None:
                band[:] = p.noise.values(window, rows)
        stored = np.stack([p.raster.read(window, (1,))[0] for p in self.polarisations])
        water = self.water(window) if self.water.has_land else None
        return Counts(stored, (1 / (gain * gain)).astype(np.float32), noise, strip, SIGMA0_FLOOR, water, COARSE_LN)


def open_safe(path: Path, options: OpenOptions, land: BaseGeometry | None = None) -> Scene:
    """Open a GRD product; raises InputError naming the file inside it that is missing, altered or unsuitable."""
    files = open_files(path)
    if options.sensor not in (None, Sensor.SENTINEL1):
        raise ConfigError(f"{path.name} is a Sentinel-1 product; --sensor says {options.sensor}")
    stamps = files.stamps()
    manifest = read_manifest(files.text(MANIFEST), files.item(MANIFEST))
    cut = read_cut(files)
    intact = _verify(files, manifest)
    verified = intact and cut is None  # a cut-out has no operator's checksum
    polarisations = _polarisations(files, manifest, intact, cut)
    first = polarisations[0].annotation
    _require_name(files.product, first, {p.name for p in polarisations})
    geolocation, place_doubt = sea_level_geolocation(first, files.product)
    water, land_doubt = water_of(files.product, first.shape, geolocation, options.land, land)
    doubts = [place_doubt, land_doubt]
    doubts += [f"{p.name}: no noise table, thermal noise stays in" for p in polarisations if p.noise is None]
    if not verified and cut is None:
        doubts.append("the manifest holds no checksum of the measurements: unverified")
    doubts += [f"{p.name}: {p.raster.doubt}" for p in polarisations if p.raster.doubt]
    if "VH" not in [p.name for p in polarisations] and "HV" not in [p.name for p in polarisations]:
        doubts.append(f"single polarisation: {first.polarisation} alone")
    return Scene(
        scene_id=files.product,
        sensor=Sensor.SENTINEL1,
        platform=f"sentinel-1{first.mission[2:].lower()}",
        acquired=first.first_line + timedelta(seconds=first.line_interval_s * (first.shape[0] - 1) / 2),
        shape=first.shape,
        bands=tuple(p.name for p in polarisations),
        radiometry=Radiometry.SIGMA0,
        pixel_spacing_m=ground_spacing_m(geolocation, first.shape),
        read=SafeReader(polarisations, water),
        source=Source(str(path), files.sha256(), sum(files.sizes.values()), verified, stamps),
        geolocation=geolocation,
        footprint=footprint_of(geolocation, first.shape, files.product),
        radar=_view(first, doubts, manifest.relative_orbit),
        product_id=files.product,
        simulated=SIMULATED in files.sizes,
        degraded=tuple(d for d in doubts if d),
        tags=_tags(manifest, first, polarisations) | {"manifest": files.digest(MANIFEST).sha256} | _origin(cut),
    )


def relative_orbit(mission: str, absolute_orbit: int) -> int | None:
    """Relative orbit (1 to 175) in the repeat cycle; None for a satellite whose phase is not known here.

    >>> relative_orbit("S1A", 45618)
    46
    """
    if mission not in _FIRST_TRACK or absolute_orbit < 1:
        return None
    return (absolute_orbit - _FIRST_TRACK[mission]) % 175 + 1


def _verify(files: SafeFiles, manifest: Manifest) -> bool:
    """Compare every listed file that is present with its MD5; True if all measurements had one. Raises InputError if
    one differs."""
    measurements = [f for f in manifest.files if f.kind == MEASUREMENT]
    if not measurements:
        raise InputError(files.item(MANIFEST), "lists no measurement")
    for listed in manifest.files:
        if listed.name not in files.sizes:
            if listed.kind == MEASUREMENT:
                raise InputError(files.item(listed.name), "is listed in manifest.safe, but missing")
            continue
        if listed.md5 and files.digest(listed.name).md5 != listed.md5:
            raise InputError(files.item(listed.name), "MD5 differs from manifest.safe (altered or damaged)")
    return all(f.md5 for f in measurements)


def _origin(cut: Cut | None) -> dict[str, str]:
    """A cut-out's statements on its original product."""
    return {} if cut is None else {f"origin_{key}": str(value) for key, value in sorted(cut.origin.items())}


def _polarisations(files: SafeFiles, manifest: Manifest, verified: bool, cut: Cut | None) -> tuple[Polarisation, ...]:
    names = [f.name for f in manifest.files if f.kind == MEASUREMENT and f.name.lower().endswith((".tiff", ".tif"))]
    found = sorted(
        (_polarisation(files, name, verified, cut) for name in names), key=lambda p: POLARISATIONS.index(p.name)
    )
    if not found:
        raise InputError(files.product, "lists no measurement in TIFF")
    if len({p.name for p in found}) < len(found):
        raise InputError(files.product, f"has more than one measurement in {found[0].name}; one product is wanted")
    for other in found[1:]:
        if other.annotation.shape != found[0].annotation.shape:
            raise InputError(files.product, f"{found[0].name} and {other.name} differ in size")
    return tuple(found)


def _polarisation(files: SafeFiles, measurement: str, verified: bool, cut: Cut | None) -> Polarisation:
    """One polarisation; measurement, annotation and tables are associated by their common file name."""
    stem = Path(measurement).stem
    annotation = read_annotation(files.text(f"annotation/{stem}.xml"), files.item(f"annotation/{stem}.xml"))
    item = files.item(measurement)
    if cut is not None:
        annotation = cut.annotation(annotation, item)
    if annotation.product_type != "GRD":
        raise InputError(item, f"is a {annotation.product_type} product; ground-range detected (GRD) is wanted")
    if annotation.polarisation not in POLARISATIONS or f"-{annotation.polarisation.lower()}-" not in stem:
        raise InputError(item, f"its annotation says {annotation.polarisation}, its name does not")
    raster = files.raster(measurement, verified=verified and cut is None)  # a cut-out has no checksum: decoded whole
    if raster.dtype != "uint16" or raster.count != 1:
        raise InputError(item, f"holds {raster.count} x {raster.dtype}; one band of uint16 amplitude is wanted")
    if raster.shape != annotation.shape:
        raise InputError(item, f"has {raster.shape} pixels, its annotation says {annotation.shape}")
    calibration, noise = (f"annotation/calibration/{kind}-{stem}.xml" for kind in ("calibration", "noise"))
    vectors = read_calibration(files.text(calibration), files.item(calibration))
    gain = Table(vectors if cut is None else cut.vectors(vectors))
    noise_power = None
    if noise in files.sizes:
        vectors, blocks = read_noise(files.text(noise), files.item(noise))
        if any((v.value > 0).any() for v in vectors):  # zeros alone tell nothing: no receiver is without noise
            vectors = fill_zero_noise(vectors)
            if cut is not None:
                vectors, blocks = cut.vectors(vectors), cut.blocks(blocks)
            noise_power = Noise(Table(vectors), blocks)
    return Polarisation(annotation.polarisation, raster, annotation, gain, noise_power)


def _sigma0(polarisation: Polarisation, window: Window) -> tuple[np.ndarray, int]:
    dn = polarisation.raster.read(window, (1,))[0]
    noise = None if polarisation.noise is None else polarisation.noise.values(window)
    return sigma0_of(dn, polarisation.gain.values(window), noise)


def _require_name(product: str, annotation: Annotation, polarisations: set[str]) -> None:
    """Raise InputError if a folder named like a product holds a different one."""
    named = re.match(r"(S1[A-Z])_(\w\w)_(GRD\w?)_+1S(\w\w)_(\d{8}T\d{6})_", product)
    if named is None:
        return
    wanted = POLARISATIONS_BY_CODE.get(named.group(4))
    if wanted is None or not polarisations <= wanted:
        raise InputError(product, f"its name says {named.group(4)}, its files {' '.join(sorted(polarisations))}")
    mode = re.sub(r"S[1-6]", "SM", named.group(2))  # stripmap products are named by beam, the annotation's swath
    stated = (named.group(1), mode, named.group(5))
    found = (annotation.mission, annotation.mode, f"{annotation.start:%Y%m%dT%H%M%S}")
    if stated != found:
        raise InputError(product, f"its name says {' '.join(stated)}, its annotation {' '.join(found)}")


def sea_level_geolocation(annotation: Annotation, item: str) -> tuple[GridGeolocation, str]:
    """Bicubic splines on the annotation's grid, at sea level."""
    lon, lat = annotation.grid_lon, annotation.grid_lat
    if np.abs(lat).max() > 90 or np.abs(lon).max() > 360:
        raise InputError(item, "its geolocation grid does not lie on Earth")
    doubt = ""
    sea_m = geoid_height_m(lon, lat)
    off_sea_m = float(np.abs(annotation.grid_height_m - sea_m).max())
    if off_sea_m > 1.0:
        doubt = f"its grid lies up to {off_sea_m:.0f} m off sea level, and its orbit does not fit to move it there"
        if len(annotation.orbit_time_s) >= 2:
            computed = grid_at_height(annotation, annotation.grid_height_m)
            cos_lat = np.cos(np.radians(lat))
            east_m = METRES_PER_DEGREE * ((computed[0] - lon + 180) % 360 - 180) * cos_lat
            off_m = np.hypot(east_m, METRES_PER_DEGREE * (computed[1] - lat))
            if np.nanmax(off_m) < _MAX_ORBIT_MISFIT_M:
                (lon, lat), doubt = grid_at_height(annotation, sea_m), ""
    return GridGeolocation(annotation.grid_line, annotation.grid_pixel, lon, lat), doubt


def _view(annotation: Annotation, doubts: list[str], track_number: int | None) -> RadarView:
    middle = len(annotation.grid_line) // 2
    known = annotation.absolute_orbit > 0
    if not known:
        doubts.append(f"orbit number {annotation.absolute_orbit} is impossible")
    track = annotation.orbit_velocity_m_s
    view = RadarView(
        incidence_deg=(annotation.grid_pixel, annotation.grid_incidence_deg[middle]),
        slant_range_m=(annotation.grid_pixel, annotation.grid_slant_range_m[middle]),
        azimuth_time=(annotation.first_line, annotation.line_interval_s),
        platform_heading_deg=annotation.platform_heading_deg,
        pass_direction=annotation.pass_direction,
        absolute_orbit=annotation.absolute_orbit if known else None,
        relative_orbit=relative_orbit(annotation.mission, annotation.absolute_orbit) or track_number,
        slice_number=annotation.slice_number,
        wavelength_m=LIGHT_M_S / annotation.radar_frequency_hz,
        prf_hz=annotation.prf_hz,
        satellite_velocity_m_s=float(np.linalg.norm(track, axis=1).mean()) if len(track) else None,
    )
    if annotation.mode not in RESOLUTION_M:
        return view
    return replace(view, resolution_m=RESOLUTION_M[annotation.mode])


def _tags(manifest: Manifest, annotation: Annotation, polarisations: tuple[Polarisation, ...]) -> dict[str, str]:
    tags = {
        "scaling": "sigma0 = (DN^2 - noise) / A^2 by the product's own tables",
        "mode": annotation.mode,
        "data_take": str(annotation.data_take),
        "processed": manifest.processed,
        "processor": manifest.software,
    }
    for polarisation in polarisations:
        tags[f"clamped_share_{polarisation.name}"] = f"{_clamped_share(polarisation):.4f}"
    tags["clamped_to"] = f"{SIGMA0_FLOOR:g}"
    return tags


def _clamped_share(polarisation: Polarisation) -> float:
    """Share of pixels that noise removal took below the floor, in eight strips of 32 rows."""
    rows, cols = polarisation.annotation.shape
    height = min(32, rows)
    clamped = total = 0
    for top in np.unique(np.linspace(0, rows - height, 8).astype(int)):
        window = Window(int(top), 0, height, cols)
        sigma0, below = _sigma0(polarisation, window)
        clamped, total = clamped + below, total + int(np.isfinite(sigma0).sum())
    return clamped / total if total else 0.0
