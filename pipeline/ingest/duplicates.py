"""Which scenes show the same acquisition, and which of them stands for the others.

About one in a hundred Sentinel-1 images exists more than once, under another name or cut at other lines; counting
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
_INFRARED = ("B12", "B11", "B8A", "B08")  # of single bands the last one tells water best
_SAME_S = 1.0  # by which times of one image may differ as they are written (our choice)
_WAVES = ("HV", "VH", "HH", "VV", "intensity")  # of single polarisations the last one is rather kept
_WITHIN = 0.98  # of a scene that another of the same pass shows as well; our choice, as for coverage


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One scene that gives way to another."""

    of: str
    cause: str


def find_duplicates(scenes: Sequence[tuple[Scene, float | None]]) -> dict[str, Duplicate]:
    """Scenes (each with its share of the AOI) that another stands for, by scene_id.

    In this order: equal bytes (the first by name stays); one product processed twice (the newest stays; of
    Sentinel-2's levels the higher); one data take cut twice (the one that shows more of the AOI stays, then the
    newest); one Sentinel-2 pass in two tiles, where one tile shows all that the other does, or in one file for each
    band; one optical image in two renderings, packed anew, in pixels of two sizes, or cut out of another (the one that
    shows more stays, then the one that measures, then the finer, of Sentinel-2 the one with more bands); one radar
    image in two files, or in one file for each polarisation (the one that measures stays, then the one with more
    polarisations).
    Ships under two *different* passes or neighbouring slices are no matter of this module.
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
        whole = coverage > _WITHIN
        for other, other_whole in best:
            if cause := _same_acquisition(scene, other, both_whole=whole and other_whole):
                found[scene.scene_id] = Duplicate(other.scene_id, cause)
                break
        else:
            best.append((scene, whole))
    return found


def find_clashes(scenes: Sequence[Scene]) -> dict[str, str]:
    """Products of one name with different bytes, by scene_id, with the cause.

    Where exactly one of them agrees with its own manifest, that one is used; else none can be trusted. Copies that
    agree with one manifest are one content, though a preview or a note may have been left out of one, or put in.
    """
    named: dict[str, list[Scene]] = {}
    for scene in scenes:
        if scene.sensor is Sensor.SENTINEL1 and scene.product_id and "data_take" in scene.tags:
            named.setdefault(scene.product_id, []).append(scene)
    found = {}
    for same in named.values():
        trusted = {_content(s) for s in same if s.source.verified}
        if len({_content(s) for s in same}) < 2:
            continue
        for scene in same:
            if len(trusted) != 1 or _content(scene) not in trusted:
                found[scene.scene_id] = "another product of the same name has other bytes"
    return found


def _content(scene: Scene) -> str:
    """What stands for a product's bytes: the manifest that they agree with, else themselves."""
    return scene.tags["manifest"] if scene.source.verified else scene.source.sha256


_Rank = tuple[float, str, bool, tuple[bool, str, float, int, int, float], int, str]


def _rank(scene: Scene, coverage: float) -> _Rank:
    """The greater, the rather a scene is kept; coverage counts in steps of 2 %."""
    measured = scene.radiometry not in (Radiometry.RELATIVE, Radiometry.POWER)
    known = _WAVES if scene.sensor in RADARS else _INFRARED
    telling = known.index(scene.bands[0]) if scene.bands[0] in known else -1
    fine = -round(float(np.prod(scene.pixel_spacing_m)), 1)
    named, optical = _TILE.match(scene.product_id), scene.sensor is Sensor.OPTICAL
    colours = len(scene.bands), telling if len(scene.bands) == 1 else 0
    content = (
        measured,
        named["level"] if named else "",
        fine if optical else 0.0,
        *colours,
        fine if scene.sensor is Sensor.SENTINEL2 else 0.0,
    )
    shows, processed = round(coverage * 50), scene.tags.get("processed", "")
    return shows, processed, scene.source.verified, content, -len(scene.degraded), scene.scene_id


def _same_acquisition(scene: Scene, other: Scene, *, both_whole: bool) -> str:
    """``both_whole``: does each show all of the AOI?"""
    if scene.sensor is Sensor.OPTICAL and other.sensor is Sensor.OPTICAL:
        return _same_picture(scene, other)
    if scene.sensor is Sensor.SENTINEL2 and other.sensor is Sensor.SENTINEL2:
        told = _TILE.match(scene.product_id) and _TILE.match(other.product_id)  # names know better than times
        unnamed = "" if told else _same_picture(scene, other)
        return _other_band(scene, other) or _same_datatake(scene, other) or unnamed
    if scene.sensor is not Sensor.SENTINEL1 or other.sensor is not Sensor.SENTINEL1:
        return ""
    one, two = (_PRODUCT.match(s.product_id) for s in (scene, other))
    cut_out = scene.tags.get("data_take") is None or other.tags.get("data_take") is None
    if cut_out:  # GeoTIFFs cut from one product may show different places
        return _same_radar_image(scene, other, both_whole=both_whole)
    if one and two and one.group(1) == two.group(1):
        alike = scene.tags["manifest"] == other.tags["manifest"]
        return "same product, in another copy" if alike else "same product, processed again"
    same_take = scene.platform == other.platform and scene.tags["data_take"] == other.tags["data_take"]
    return "same data take, cut at other lines" if same_take and _overlap(scene, other) > _OVERLAP else ""


def _same_datatake(scene: Scene, other: Scene) -> str:
    """Sentinel-2 cuts one pass into tiles that overlap by 10 km, and processes old passes anew."""
    one, two = (_TILE.match(s.product_id) for s in (scene, other))
    if one is None or two is None:
        return _same_tile(scene, other)
    if one.group("platform", "time") != two.group("platform", "time"):
        return ""
    if one.group("tile") == two.group("tile"):
        same_level = one.group("level") == two.group("level")
        return "same product, processed again" if same_level else "same product, at another level of processing"
    return "same pass, in a neighbouring tile" if _shows_no_more(scene, other) else ""


def _same_tile(scene: Scene, other: Scene) -> str:
    """Bands outside their product have its tile and the begin of its pass in their names, and no other time of it."""
    one, two = _tile_and_time(scene), _tile_and_time(other)
    same = one is not None and one == two and _shows_no_more(scene, other)
    return "same tile and pass, in another file" if same else ""


def _tile_and_time(scene: Scene) -> tuple[str, str] | None:
    """By the product's name, or that of a file of it."""
    if (named := _TILE.match(scene.product_id)) is not None:
        return named["tile"], named["time"]
    found = _TILE_FILE.search(Path(scene.source.href).name.upper())
    return (found[1], found[2]) if found is not None else None


def _same_picture(scene: Scene, other: Scene) -> str:
    """Operators deliver one image in several renderings of the same pixels, and users pack it anew and cut it out.

    No two satellites show one place within a second, and none shows it twice: a panchromatic image and the colours of
    the same moment are one look.
    """
    if not _near_in_time(scene, other) or not _shows_no_more(scene, other):
        return ""
    elsewhere = _elsewhere(scene, other)
    if not np.allclose(scene.pixel_spacing_m, other.pixel_spacing_m, rtol=0.02):
        both_s2 = scene.sensor is other.sensor is Sensor.SENTINEL2  # satellites that fly half an orbit apart
        known = bool(scene.platform) and scene.platform == other.platform
        one = known or (both_s2 and not elsewhere)
        return "same moment, place and satellite, in pixels of another size" if one else ""
    if scene.product_id and scene.product_id == other.product_id:
        return "same image, in another rendering"
    return "" if elsewhere else "same moment and place, in another file"


def _same_radar_image(scene: Scene, other: Scene, *, both_whole: bool) -> str:
    """GeoTIFFs of one acquisition: packed or calibrated anew, put on a map grid, or one for each polarisation.

    The frame of a map grid is larger than the image that stands aslant in it: it tells nothing of what is shown.
    """
    if scene.acquired is None or other.acquired is None or scene.only_dated or other.only_dated:
        return ""
    (start, end), (other_start, other_end) = _span(scene), _span(other)
    apart_s = max((other_start - end).total_seconds(), (start - other_end).total_seconds())
    if _elsewhere(scene, other) or apart_s > _SAME_S:
        return ""
    if not (both_whole or _made_from(scene, other) or _shows_no_more(scene, other)):
        return ""
    alone = not set(scene.bands) & set(other.bands) and "intensity" not in scene.bands + other.bands
    if alone:
        return "another polarisation of the same image; stack both in one file to use both"
    return "same acquisition, in another file"


def _made_from(scene: Scene, other: Scene) -> bool:
    """Does a file keep in its name that of the whole product which it was made from? Then it shows no more."""
    whole = "data_take" in other.tags and bool(other.product_id)
    return whole and other.product_id.upper() in Path(scene.source.href).name.upper()


def _other_band(scene: Scene, other: Scene) -> str:
    """Some providers cut Sentinel-2 into one file for each band."""
    single = len(scene.bands) == len(other.bands) == 1 and scene.bands != other.bands and scene.acquired is not None
    same = single and scene.platform == other.platform and scene.acquired == other.acquired
    return "another band of the same image" if same and _shows_no_more(scene, other) else ""


def _near_in_time(scene: Scene, other: Scene) -> bool:
    """Have both one time, as nearly as it is written, that is neither a day alone nor perhaps the file's own?"""
    if scene.acquired is None or other.acquired is None:
        return False
    if any(s.only_dated or MAYBE_WRITTEN in s.degraded for s in (scene, other)):
        return False
    return abs((scene.acquired - other.acquired).total_seconds()) <= _SAME_S


def _elsewhere(scene: Scene, other: Scene) -> bool:
    """Are they known to be of two satellites?"""
    return bool(scene.platform and other.platform and scene.platform != other.platform)


def _shows_no_more(scene: Scene, other: Scene) -> bool:
    """Does the other show as good as all that this one shows?"""
    if scene.footprint is None or other.footprint is None or scene.footprint.area == 0:
        return False
    return bool(scene.footprint.intersection(other.footprint).area / scene.footprint.area > _WITHIN)


def _overlap(scene: Scene, other: Scene) -> float:
    """Time that two scenes share, over the shorter one's duration."""
    (start, end), (other_start, other_end) = _span(scene), _span(other)
    shared = (min(end, other_end) - max(start, other_start)).total_seconds()
    shorter = min((end - start).total_seconds(), (other_end - other_start).total_seconds())
    return shared / shorter if shorter > 0 else 0.0


def _span(scene: Scene) -> tuple[datetime, datetime]:
    """When its lines were measured; its one time twice where no line has its own."""
    if scene.radar is None or scene.radar.azimuth_time is None:
        assert scene.acquired is not None
        return scene.acquired, scene.acquired
    first, step_s = scene.radar.azimuth_time
    return first, first + timedelta(seconds=step_s * (scene.shape[0] - 1))
