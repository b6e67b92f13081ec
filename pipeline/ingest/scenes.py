"""Opens any image as a calibrated `Scene`, or says in one line why that is impossible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError, printable
from pipeline.ingest import unpacked
from pipeline.ingest.cut import CutReader
from pipeline.ingest.geolocation import MapGeolocation, footprint_of, geobox_of, ground_spacing_m, skew_deg
from pipeline.ingest.hashing import hashing, sha256_of
from pipeline.ingest.in_passing import PassingRaster, open_in_passing
from pipeline.ingest.metadata.acquisition import platform_of
from pipeline.ingest.metadata.channels import channels_of, picture_bands
from pipeline.ingest.metadata.loose_bands import LooseBands, loose_bands
from pipeline.ingest.metadata.operators import read_operator
from pipeline.ingest.metadata.options import COARSEST_M, OpenOptions
from pipeline.ingest.metadata.sensors import refuse_masks, sensor_of
from pipeline.ingest.metadata.side_files import side_files
from pipeline.ingest.metadata.sidecar import Sidecar, merged, read_sidecar
from pipeline.ingest.metadata.stated import time_of
from pipeline.ingest.metadata.sunlight import usable_view
from pipeline.ingest.metadata.usable_data import usable_data
from pipeline.ingest.metadata.world_file import placed_by_world_file
from pipeline.ingest.nodata import nodata_rule_of
from pipeline.ingest.proven import open_proven
from pipeline.ingest.radiometry import scaling_of
from pipeline.ingest.raster_reader import RasterReader
from pipeline.ingest.rasters import RasterFile, open_raster, require_file, stamp_of
from pipeline.ingest.rpc import rpc_beside, rpc_from_fields, rpc_of
from pipeline.ingest.safe.files import is_safe, is_sentinel2, open_files
from pipeline.ingest.stored import Stored
from pipeline.ingest.watermask import locate_raster, water_of
from pipeline.times_places.longitudes import WrappedGeolocation, wrap_geometry
from pipeline.types import RADARS, OpticalView, RadarView, Scene, Sensor, SideFile, Source, Window

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pipeline.types import BoolImage

__all__ = ["OpenOptions", "open_scene"]

_SPACING_TAGS = ("PIXEL_SPACING_M", "GSD_M")
_SIMULATED = ("yes", "true", "1")
_SPACING_HINT = '--pixel-spacing, or "pixel_spacing_m" in a sidecar'
_FINE_M = 3.5  # largest pixel in which a freeboard is looked for
_SKEW_DEG = 5.0  # tolerated deviation of rows and columns from a right angle: lengths err by 4 % at most (our choice)
_MAX_SPACING_MISFIT = 0.2  # relative difference of stated spacing and georeference above which it is reported


class NotPlaced(InputError):
    """An image without a georeference and without a stated pixel spacing.

    ``unplaced``: why a world file beside it does not georeference it.
    """

    def __init__(self, item: str, cause: str, unplaced: str = "") -> None:
        super().__init__(item, f"{cause}; {unplaced}" if unplaced else cause)
        self.unplaced = unplaced


def open_scene(
    path: Path,
    options: OpenOptions | None = None,
    land: BaseGeometry | None = None,
    meanwhile: Callable[[], object] = lambda: None,
    *,
    all_read: bool = False,
) -> Scene:
    """Open an image file, or the SAFE folder or zip of a Sentinel-1 or -2 product.

    ``land`` (EPSG:4326) is the AOI's; a mask or GeoJSON in ``options`` takes precedence. ``meanwhile`` is called while
    an image file is hashed and decoded in the background, to load what comes next. ``all_read`` says that this process
    will read the whole image: it is decoded only once if that is slow, and a large one of Sentinel-1 or -2 may be
    decoded as it is read, so it is not known to be sound before `with_decoding_doubt`. Raises InputError for an
    unusable image, ConfigError for invalid options.
    """
    options = options or OpenOptions()
    path = Path(path)
    if is_safe(path):
        scene = _open_safe_scene(path, options, land, all_read=all_read)
    else:
        scene = _open_raster_scene(path, options, land, meanwhile, all_read=all_read)
    for side_file in scene.source.side_files:
        if not side_file.sha256:  # evidence needs its hash, even if the reader used it
            raise InputError(side_file.name, "cannot be read")
    return replace(scene, tags=scene.tags | {"land": "auto" if options.search_land else "none"})


def bands_of(path: Path, options: OpenOptions) -> LooseBands | None:
    """The Sentinel-2 image that a file is a band of; None if the user names its bands or another sensor."""
    alone = options.bands is not None or options.sensor not in (None, Sensor.SENTINEL2)
    return None if alone else loose_bands(path)


def with_decoding_doubt(scene: Scene) -> Scene:
    """The scene after its whole file was decoded in quarantine, with any doubt; InputError if it is damaged.

    If it was opened to be decoded later, nothing from it may be reported before this.
    """
    raster = scene.read.stored.raster if isinstance(scene.read, RasterReader) else None
    doubt = raster.passing.finish() if isinstance(raster, PassingRaster) else ""
    return replace(scene, degraded=(doubt, *scene.degraded)) if doubt else scene


def once_decoded(scene: Scene) -> Scene:
    """The scene for a task that reads all of it: a slowly decoding file is decoded once, not at each read.

    Its values are kept on disk (those of a small part in memory) as long as the returned scene lives, so many scenes
    may be open and few unpacked. Raises InputError if the file can no longer be decoded.
    """
    part = scene.read.part if isinstance(scene.read, CutReader) else None
    reader = scene.read.whole if isinstance(scene.read, CutReader) else scene.read
    if not isinstance(reader, RasterReader):
        return scene
    before = reader.stored.raster
    raster = unpacked.once_decoded(before, part)
    if raster is before:
        return scene
    reader = replace(reader, stored=replace(reader.stored, raster=raster))
    return replace(scene, read=reader if part is None else CutReader(reader, part))


def with_land(scene: Scene, more: BaseGeometry) -> Scene:
    """The scene with these polygons (EPSG:4326) added to its land mask; it must come from `open_scene`."""
    add_land = getattr(scene.read, "with_land", None)
    if add_land is None:
        raise TypeError(f"{scene.scene_id}: its reader knows no land")
    return replace(scene, read=add_land(more))


def with_longitudes_near(scene: Scene, middle: float | None) -> Scene:
    """The scene with longitudes wrapped about ``middle``, for a place across 180 degrees; unchanged if None."""
    if middle is None or scene.geolocation is None:
        return scene
    where, read = WrappedGeolocation(scene.geolocation, middle), scene.read
    if hasattr(read, "water"):
        read = replace(read, water=replace(read.water, geolocation=where))  # type: ignore[type-var]
    return replace(scene, geolocation=where, read=read, footprint=wrap_geometry(scene.footprint, middle))


def without_water(scene: Scene) -> Scene:
    """The scene without a land mask, which saves time if only the valid pixels matter."""
    plain = getattr(scene.read, "without_water", None)
    return scene if plain is None else replace(scene, read=plain())


def measured(scene: Scene, window: Window) -> BoolImage:
    """`valid` of the scene's tile of a window, shape (rows, cols), without computing its values if possible."""
    reader_measured = getattr(scene.read, "measured", None)
    return scene.read(window).valid if reader_measured is None else np.asarray(reader_measured(window))


def _open_safe_scene(path: Path, options: OpenOptions, land: BaseGeometry | None, *, all_read: bool) -> Scene:
    files = open_files(path)
    if is_sentinel2(files):
        from pipeline.ingest.sentinel2.products import open_product

        return open_product(files, options, land, all_read=all_read)
    from pipeline.ingest.sentinel1.products import open_safe

    return open_safe(path, options, land)


def _open_raster_scene(
    path: Path, options: OpenOptions, land: BaseGeometry | None, meanwhile: Callable[[], object], *, all_read: bool
) -> Scene:
    bands = bands_of(path, options)
    given, path = path, path if bands is None else bands.as_one
    files_beside = side_files(given)
    own, sidecar_doubt = read_sidecar(path)
    source, raster = _source_and_raster(given, bands, own, files_beside, meanwhile, options, all_read=all_read)
    refuse_masks(raster)
    operator = read_operator(path, len(picture_bands(raster)))
    sidecar = merged(own, operator)
    raster, geolocation, place_doubt = _locate(raster, path, sidecar)
    spacing, spacing_doubt = _spacing(raster, geolocation, options, sidecar, place_doubt)
    sensor = options.sensor or sensor_of(
        raster, path, sidecar, by_operator=operator is not None, spacing_m=float(np.mean(spacing))
    )
    stored, mask_doubt = _stored(raster, path, sensor, geolocation, options, sidecar)
    scaling = scaling_of(stored, sensor, options.scaling, sidecar)
    water, land_doubt = water_of(raster.item, raster.shape, geolocation, options.land, land)
    acquired, time_doubt = time_of(sidecar, raster.tags, path.stem)
    product = (sidecar.product_id if sidecar else "") or raster.tags.get("SCENE", "")
    simulated = raster.tags.get("SIMULATED", "").lower() in _SIMULATED or bool(sidecar and sidecar.simulated)
    footprint = None if geolocation is None else footprint_of(geolocation, raster.shape, raster.item)
    stated, fine = sidecar.view() if sidecar else OpticalView(), sensor is Sensor.OPTICAL and max(spacing) <= _FINE_M
    check_sun = not (stored.radar or simulated)
    view, view_doubt = usable_view(stated, acquired, time_doubt, footprint, check_sun=check_sun, fine=fine)
    doubts = [raster.doubt, sidecar_doubt, scaling.doubt, stored.nodata_rule.doubt, stored.channels.doubt]
    doubts += [place_doubt, spacing_doubt, _skew_doubt(raster, geolocation), time_doubt]
    doubts += [land_doubt, view_doubt, mask_doubt]
    return Scene(
        scene_id=path.stem,
        sensor=sensor,
        platform=(sidecar.platform if sidecar else "") or platform_of(product) or platform_of(path.name),
        acquired=acquired,
        shape=raster.shape,
        bands=stored.channels.names,
        radiometry=scaling.radiometry,
        pixel_spacing_m=spacing,
        read=RasterReader(stored, scaling, water, raster.palette()),
        source=source,
        geolocation=geolocation,
        footprint=footprint,
        grid=geobox_of(geolocation),
        radar=_radar_view(raster) if stored.radar else None,
        optical=None if stored.radar else view,
        product_id=product,
        simulated=simulated,
        degraded=tuple(d for d in doubts if d),
        tags={**raster.tags, "scaling": scaling.reason},
    )


def _stored(
    raster: RasterFile, path: Path, sensor: Sensor, geolocation: Any, options: OpenOptions, sidecar: Sidecar | None
) -> tuple[Stored, str]:
    """How the file holds the image (channels, gaps, pixels its maker calls unusable); a doubt about the last."""
    channels, radar = channels_of(raster, sensor, options, sidecar), sensor in RADARS
    usable, doubt = (None, "") if radar else usable_data(path, raster.shape, geolocation)
    return Stored(raster, channels, nodata_rule_of(raster, sensor, channels.indexes), radar, usable), doubt


def _locate(raster: RasterFile, path: Path, sidecar: Sidecar | None) -> tuple[RasterFile, Any, str]:
    """The raster, its geolocation (None if there is none), and a doubt about it or the reason why there is none."""
    geolocation, doubt = _geolocation(raster, path, sidecar)
    if geolocation is None:
        raster, doubt = placed_by_world_file(raster, path, sidecar)
        geolocation, _ = locate_raster(raster)
    _require_same_crs(raster, sidecar)
    return raster, geolocation, doubt


def _geolocation(raster: RasterFile, path: Path, sidecar: Sidecar | None) -> tuple[Any, str]:
    """A map grid or GCPs, else rational polynomials at sea level; and what is doubtful about them."""
    found, doubt = locate_raster(raster)
    if found is not None:
        return found, doubt
    height = sidecar.sea_height_m if sidecar else None
    rpc_path = rpc_beside(path)
    if rpc_path is not None:
        return rpc_of(path, rpc_path, height), ""
    if raster.rpc is not None:
        return rpc_from_fields(raster.rpc, height), ""
    return None, ""


def _spacing(
    raster: RasterFile, geolocation: Any, options: OpenOptions, sidecar: Sidecar | None, unplaced: str
) -> tuple[tuple[float, float], str]:
    """Pixel spacing on the ground [m]: computed on the ellipsoid if georeferenced, else as stated.

    ``unplaced``: why a world file beside it does not georeference it.
    """
    stated = options.pixel_spacing_m or (sidecar.pixel_spacing_m if sidecar else None)
    for key in _SPACING_TAGS:
        if stated is None and key in raster.tags:
            stated = _spacing_in_tag(raster, key)
    if geolocation is not None:
        found = ground_spacing_m(geolocation, raster.shape)
        if not all(np.isfinite(found)) or min(found) <= 0:
            raise InputError(raster.item, "its georeference does not lie on Earth")
        _refuse_coarse(raster, max(found))
        if stated is not None and max(abs(f / stated - 1) for f in found) > _MAX_SPACING_MISFIT:
            return found, f"pixel spacing stated as {stated:g} m; the georeference gives {found[0]:.2f} m and is used"
        return found, ""
    if stated is None:
        cause = f"has no georeference, so give its pixel spacing in metres ({_SPACING_HINT})"
        raise NotPlaced(raster.item, cause, unplaced)
    _refuse_coarse(raster, stated)
    return (stated, stated), ""


def _skew_doubt(raster: RasterFile, geolocation: Any) -> str:
    """The doubt about an image whose pixels are not rectangles on the ground, as hull measurements assume.

    A sheared map grid is refused, since it can be warped to a regular one.
    """
    skew = 0.0 if geolocation is None else skew_deg(geolocation, raster.shape)
    if skew <= _SKEW_DEG or skew > 89.0:  # degenerate: `footprint_of` refuses it
        return ""
    description = f"its rows and columns meet at {90 - skew:.0f} degrees on the ground, not at a right angle"
    if isinstance(geolocation, MapGeolocation):
        raise InputError(raster.item, f"{description}, so lengths would be wrong; warp it to a map grid")
    return f"{description}: lengths may be wrong by some {50 * np.tan(np.radians(skew)):.0f} %"


def _spacing_in_tag(raster: RasterFile, key: str) -> float:
    """The pixel spacing that a tag states."""
    try:
        stated = float(raster.tags[key])
    except ValueError as error:
        raise InputError(raster.item, f"its tag {key} is not a number") from error
    if not 0 < stated < np.inf:
        raise InputError(raster.item, f"its tag {key} is no distance: {stated:g}")
    return stated


def _refuse_coarse(raster: RasterFile, spacing_m: float) -> None:
    """Refuse pixels too coarse to show ships: such an image must not count as a look at an empty berth."""
    if spacing_m > COARSEST_M:
        raise InputError(raster.item, f"has pixels of {spacing_m:,.0f} m, which show no ship (limit {COARSEST_M:g} m)")


def _require_same_crs(raster: RasterFile, sidecar: Sidecar | None) -> None:
    """Refuse an image whose sidecar states another CRS than the file: its position is ambiguous."""
    if sidecar is None or sidecar.crs is None or raster.crs_wkt is None:
        return
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    own = CRS.from_wkt(raster.crs_wkt)
    try:
        stated = CRS.from_string(sidecar.crs)
    except CRSError as error:
        raise InputError(raster.item, f"its sidecar says {sidecar.crs}, which is no coordinate system") from error
    flat = (own.sub_crs_list[0] if own.is_compound else own).to_2d()  # heights do not move a pixel
    if stated not in (own, flat):
        code = own.to_epsg()
        raise InputError(
            raster.item, f"its sidecar says {sidecar.crs}, the file {f'EPSG:{code}' if code else printable(own.name)}"
        )


def _source_and_raster(
    path: Path,
    bands: LooseBands | None,
    sidecar: Sidecar | None,
    files_beside: tuple[SideFile, ...],
    meanwhile: Callable[[], object],
    options: OpenOptions,
    *,
    all_read: bool,
) -> tuple[Source, RasterFile]:
    """The file's source record and raster. Unless its hash is stated, it is hashed while decoded in quarantine."""
    require_file(path, path.name)
    stamp = stamp_of(path)
    expected = sidecar.sha256.lower() if sidecar and sidecar.sha256 else None
    with hashing(1) as begin:
        digest = begin(partial(sha256_of, path))
        if expected is not None and digest.result() != expected:
            raise InputError(path.name, "differs from the SHA-256 in its sidecar (altered, or the wrong sidecar)")
        if bands is not None:
            from pipeline.ingest.sentinel2.loose import open_bands

            raster: RasterFile = open_bands(bands, all_read=all_read, proven=options.proven)
        elif all_read and unpacked.decodes_slowly(path):
            raster = unpacked.open_unpacked(path, whole=expected is None, meanwhile=meanwhile)
        elif all_read and options.sensor in (Sensor.SENTINEL1, Sensor.SENTINEL2) and expected is None:
            raster = open_in_passing(path, meanwhile)
        elif expected is None:
            raster = open_proven(path, options.proven, meanwhile)
        else:
            raster = open_raster(path, whole=False, meanwhile=meanwhile)
    stamps = (stamp, *(side_file.stamp for side_file in files_beside))
    return Source(str(path), digest.result(), stamp.size_bytes, expected is not None, stamps, files_beside), raster


def _radar_view(raster: RasterFile) -> RadarView:
    """The little that a bare radar raster says about its viewing geometry."""
    direction = raster.tags.get("PASS", "").lower()
    return RadarView(pass_direction=direction if direction in ("ascending", "descending") else None)
