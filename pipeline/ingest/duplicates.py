"""Finds scenes of the same acquisition, and decides which one to keep.

About one in a hundred Sentinel-1 images exists more than once, under another name or sliced differently; counting
each as a look would count ships twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from pipeline.ingest.metadata.acquisition import MAYBE_WRITTEN
from pipeline.types import RADARS, Radiometry, Scene, Sensor

_OVERLAP = 0.2  # share of the shorter slice; neighbouring slices of one pass share about a line
_PRODUCT = re.compile(r"(S1[A-Z]_\w\w_GRD\w_\d\w{3}_\d{8}T\d{6}_\d{8}T\d{6}_\d{6}_[0-9A-F]{6})_[0-9A-F]{4}")
_TILE = re.compile(
    r"(?P<platform>S2[A-Z])_MSI(?P<level>L[12][AC])_(?P<time>\d{8}T\d{6})_(?:N\d{4}_)?R\d{3}_T(?P<tile>\w{5})"
)
_TILE_FILE = re.compile(r"(?<![A-Z0-9])T(\d\d[C-X][A-Z]{2})_(\d{8}T\d{6})(?!\d)")
_S2_BANDS_RANKED = ("B12", "B11", "B8A", "B08")  # preference among single bands, best (for telling water) last
_SAME_S = 1.0  # tolerance between times written for one image (our choice)
_RADAR_BANDS_RANKED = ("HV", "VH", "HH", "VV", "intensity")  # preference among single polarisations, best last
_MIN_SHARE_SHOWN = 0.98  # share of a scene that another must show to replace it; our choice, as for coverage


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A scene replaced by another."""

    of: str
    cause: str


def find_duplicates(scenes: Sequence[tuple[Scene, float | None]]) -> dict[str, Duplicate]:
    """Scenes (given with their share of the AOI) that are duplicates of another, by scene_id.

    Checked in this order: equal bytes (keeps the first by name); one product processed twice (keeps the newest; for
    Sentinel-2 the higher level); one data take sliced twice (keeps the one that shows more of the AOI, then the
    newest); one Sentinel-2 pass in two tiles, if one tile shows all that the other does, or in one file per band; one
    optical image in two renderings, repacked, in two pixel sizes, or cropped from another (keeps the one that shows
    more, then the calibrated one, then the finer, for Sentinel-2 the one with more bands); one radar image in two
    files, or in one file per polarisation (keeps the calibrated one, then the one with more polarisations).
    Ships under two *different* passes or neighbouring slices are handled elsewhere.
    """
    found: dict[str, Duplicate] = {}
    kept: list[tuple[Scene, float]] = []
    for scene, coverage in sorted(scenes, key=lambda s: s[0].scene_id):
        twin = next((k for k, _ in kept if (k.source.sha256, k.bands) == (scene.source.sha256, scene.bands)), None)
        if twin is not None:
            found[scene.scene_id] = Duplicate(twin.scene_id, "same bytes")
        else:
            kept.append((scene, coverage or 0.0))
    kept.sort(key=lambda s: _rank(*s), reverse=True)
    best: list[tuple[Scene, bool]] = []
    for scene, coverage in kept:
        whole = coverage > _MIN_SHARE_SHOWN
        for other, other_whole in best:
            if cause := _same_acquisition(scene, other, both_whole=whole and other_whole):
                found[scene.scene_id] = Duplicate(other.scene_id, cause)
                break
        else:
            best.append((scene, whole))
    return found


def find_clashes(scenes: Sequence[Scene]) -> dict[str, str]:
    """Products with the same name but different bytes, by scene_id, with the cause.

    If exactly one of them agrees with its own manifest, that one is used; otherwise none can be trusted. Copies that
    agree with the same manifest count as equal, even if one lacks a preview or has an extra note.
    """
    named: dict[str, list[Scene]] = {}
    for scene in scenes:
        if scene.sensor is Sensor.SENTINEL1 and scene.product_id and "data_take" in scene.tags:
            named.setdefault(scene.product_id, []).append(scene)
    found = {}
    for same in named.values():
        trusted = {_content_id(s) for s in same if s.source.verified}
        if len({_content_id(s) for s in same}) < 2:
            continue
        for scene in same:
            if len(trusted) != 1 or _content_id(scene) not in trusted:
                found[scene.scene_id] = "another product of the same name has other bytes"
    return found


def _content_id(scene: Scene) -> str:
    """Identifies a product's content: by its manifest if verified against it, else by its hash."""
    return scene.tags["manifest"] if scene.source.verified else scene.source.sha256


_Rank = tuple[float, str, bool, tuple[bool, str, float, int, int, float], int, str]


def _rank(scene: Scene, coverage: float) -> _Rank:
    """Sort key: the scene with the greatest is kept; coverage counts in steps of 2 %."""
    measured = scene.radiometry not in (Radiometry.RELATIVE, Radiometry.POWER)
    known = _RADAR_BANDS_RANKED if scene.sensor in RADARS else _S2_BANDS_RANKED
    band_rank = known.index(scene.bands[0]) if scene.bands[0] in known else -1
    fineness = -round(float(np.prod(scene.pixel_spacing_m)), 1)
    named, optical = _TILE.match(scene.product_id), scene.sensor is Sensor.OPTICAL
    colours = len(scene.bands), band_rank if len(scene.bands) == 1 else 0
    content = (
        measured,
        named["level"] if named else "",
        fineness if optical else 0.0,
        *colours,
        fineness if scene.sensor is Sensor.SENTINEL2 else 0.0,
    )
    shows, processed = round(coverage * 50), scene.tags.get("processed", "")
    return shows, processed, scene.source.verified, content, -len(scene.degraded), scene.scene_id


def _same_acquisition(scene: Scene, other: Scene, *, both_whole: bool) -> str:
    """Why two scenes are of one acquisition, or "". ``both_whole``: does each show all of the AOI?"""
    if scene.sensor is Sensor.OPTICAL and other.sensor is Sensor.OPTICAL:
        return _same_picture(scene, other)
    if scene.sensor is Sensor.SENTINEL2 and other.sensor is Sensor.SENTINEL2:
        # Names are more reliable than times
        both_named = _TILE.match(scene.product_id) and _TILE.match(other.product_id)
        picture_cause = "" if both_named else _same_picture(scene, other)
        return _other_band(scene, other) or _same_datatake(scene, other) or picture_cause
    if scene.sensor is not Sensor.SENTINEL1 or other.sensor is not Sensor.SENTINEL1:
        return ""
    name, other_name = (_PRODUCT.match(s.product_id) for s in (scene, other))
    cut_out = scene.tags.get("data_take") is None or other.tags.get("data_take") is None
    if cut_out:  # GeoTIFFs cut from one product may show different places
        return _same_radar_image(scene, other, both_whole=both_whole)
    if name and other_name and name.group(1) == other_name.group(1):
        alike = scene.tags["manifest"] == other.tags["manifest"]
        return "same product, in another copy" if alike else "same product, processed again"
    same_take = scene.platform == other.platform and scene.tags["data_take"] == other.tags["data_take"]
    return "same data take, cut at other lines" if same_take and _overlap(scene, other) > _OVERLAP else ""


def _same_datatake(scene: Scene, other: Scene) -> str:
    """Sentinel-2 passes are divided into tiles that overlap by 10 km, and old passes are reprocessed."""
    name, other_name = (_TILE.match(s.product_id) for s in (scene, other))
    if name is None or other_name is None:
        return _same_tile(scene, other)
    if name.group("platform", "time") != other_name.group("platform", "time"):
        return ""
    if name.group("tile") == other_name.group("tile"):
        same_level = name.group("level") == other_name.group("level")
        return "same product, processed again" if same_level else "same product, at another level of processing"
    return "same pass, in a neighbouring tile" if _shows_no_more(scene, other) else ""


def _same_tile(scene: Scene, other: Scene) -> str:
    """Bands outside their product have its tile and the start of its pass in their names, but no other time."""
    tile, other_tile = _tile_and_time(scene), _tile_and_time(other)
    same = tile is not None and tile == other_tile and _shows_no_more(scene, other)
    return "same tile and pass, in another file" if same else ""


def _tile_and_time(scene: Scene) -> tuple[str, str] | None:
    """Tile and time, from the product's name or that of one of its files."""
    if (named := _TILE.match(scene.product_id)) is not None:
        return named["tile"], named["time"]
    found = _TILE_FILE.search(Path(scene.source.href).name.upper())
    return (found[1], found[2]) if found is not None else None


def _same_picture(scene: Scene, other: Scene) -> str:
    """Operators deliver several renderings of one image, and users repack and crop it.

    No two satellites image a place within a second, and none images it twice: a panchromatic image and the
    multispectral one of the same moment are one look.
    """
    if not _is_same_time(scene, other) or not _shows_no_more(scene, other):
        return ""
    other_satellites = _are_other_satellites(scene, other)
    if not np.allclose(scene.pixel_spacing_m, other.pixel_spacing_m, rtol=0.02):
        both_s2 = scene.sensor is other.sensor is Sensor.SENTINEL2  # its satellites fly half an orbit apart
        known = bool(scene.platform) and scene.platform == other.platform
        same_satellite = known or (both_s2 and not other_satellites)
        return "same moment, place and satellite, in pixels of another size" if same_satellite else ""
    if scene.product_id and scene.product_id == other.product_id:
        return "same image, in another rendering"
    return "" if other_satellites else "same moment and place, in another file"


def _same_radar_image(scene: Scene, other: Scene, *, both_whole: bool) -> str:
    """GeoTIFFs of one acquisition: repacked, recalibrated, reprojected to a map grid, or one per polarisation.

    The frame of a map grid is larger than the rotated image inside it, so it does not tell what is shown.
    """
    if scene.acquired is None or other.acquired is None or scene.only_dated or other.only_dated:
        return ""
    (start, end), (other_start, other_end) = _time_span(scene), _time_span(other)
    apart_s = max((other_start - end).total_seconds(), (start - other_end).total_seconds())
    if _are_other_satellites(scene, other) or apart_s > _SAME_S:
        return ""
    if not (both_whole or _made_from(scene, other) or _shows_no_more(scene, other)):
        return ""
    other_polarisation = not set(scene.bands) & set(other.bands) and "intensity" not in scene.bands + other.bands
    if other_polarisation:
        return "another polarisation of the same image; stack both in one file to use both"
    return "same acquisition, in another file"


def _made_from(scene: Scene, other: Scene) -> bool:
    """Does a file's name contain that of the whole product it was made from? Then it shows no more than that."""
    whole = "data_take" in other.tags and bool(other.product_id)
    return whole and other.product_id.upper() in Path(scene.source.href).name.upper()


def _other_band(scene: Scene, other: Scene) -> str:
    """Some providers deliver Sentinel-2 as one file per band."""
    single = len(scene.bands) == len(other.bands) == 1 and scene.bands != other.bands and scene.acquired is not None
    same = single and scene.platform == other.platform and scene.acquired == other.acquired
    return "another band of the same image" if same and _shows_no_more(scene, other) else ""


def _is_same_time(scene: Scene, other: Scene) -> bool:
    """Do both have the same time, within rounding, that is neither a mere date nor perhaps the file's own time?"""
    if scene.acquired is None or other.acquired is None:
        return False
    if any(s.only_dated or MAYBE_WRITTEN in s.degraded for s in (scene, other)):
        return False
    return abs((scene.acquired - other.acquired).total_seconds()) <= _SAME_S


def _are_other_satellites(scene: Scene, other: Scene) -> bool:
    """Are they known to be from two different satellites?"""
    return bool(scene.platform and other.platform and scene.platform != other.platform)


def _shows_no_more(scene: Scene, other: Scene) -> bool:
    """Does the other scene show practically all that this one shows?"""
    if scene.footprint is None or other.footprint is None or scene.footprint.area == 0:
        return False
    return bool(scene.footprint.intersection(other.footprint).area / scene.footprint.area > _MIN_SHARE_SHOWN)


def _overlap(scene: Scene, other: Scene) -> float:
    """Overlap of two scenes in time, as a share of the shorter one's duration."""
    (start, end), (other_start, other_end) = _time_span(scene), _time_span(other)
    shared = (min(end, other_end) - max(start, other_start)).total_seconds()
    shorter = min((end - start).total_seconds(), (other_end - other_start).total_seconds())
    return shared / shorter if shorter > 0 else 0.0


def _time_span(scene: Scene) -> tuple[datetime, datetime]:
    """Time of its first and last line; the scene's time twice if lines have none of their own."""
    if scene.radar is None or scene.radar.azimuth_time is None:
        assert scene.acquired is not None
        return scene.acquired, scene.acquired
    first, step_s = scene.radar.azimuth_time
    return first, first + timedelta(seconds=step_s * (scene.shape[0] - 1))
