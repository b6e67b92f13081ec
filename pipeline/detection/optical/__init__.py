"""Find ships in an optical scene: contrast over water, hull shape, and in fine pixels hull edges and shadow.

Here is decided what an image shows and what remains unknown; `search` finds and measures what is in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import DetectionConfig
from pipeline.detection import screening
from pipeline.detection.candidates import Candidate, DetectorResult
from pipeline.detection.optical.clouds import Coverage
from pipeline.detection.optical.first_look import COARSE_FROM_M, FirstLook, can_be_searched, take_first_look
from pipeline.detection.optical.north_up import north_up_turn, turn_back, turn_scene
from pipeline.detection.optical.objects import object_floor
from pipeline.detection.optical.quay_recall import recall_at_quays
from pipeline.detection.optical.search import search_image
from pipeline.detection.optical.unnamed_bands import BANDS_UNKNOWN, name_bands
from pipeline.detection.optical.water import (
    BRIGHTEST_WATER,
    Levels,
    are_bands_known,
    is_order_implausible,
    is_visible_only,
    normalise,
)
from pipeline.types import Place, Radiometry, Scene, Sensor, Window

if TYPE_CHECKING:
    from pipeline.types import BoolImage

__all__ = ["detect_optical"]

# In four real ports 22 of 106 ships were found without infrared, and three detections of four were false
# (docs/accuracy_optical.md)
NO_INFRARED = "no infrared band: most ships are missed and land is taken for ships, so what ships are there is unknown"
MOSTLY_CLOUD = 0.9  # share of the water, from which the image says so (our choice)


def detect_optical(
    scene: Scene, place: Place | None, config: DetectionConfig, first_look: FirstLook | None = None
) -> DetectorResult:
    """Detect the ships of one optical scene: candidates in pixel coordinates, and the share of each zone that was seen.

    ``first_look`` is the scene's first look, if already taken; the map's land may have grown since then.
    """
    turn, shape = north_up_turn(scene), scene.shape
    scene, about_bands = name_bands(turn_scene(scene, turn), config.tile_px)
    if not can_be_searched(scene):
        return _unusable_result(BANDS_UNKNOWN, place)
    if first_look is None or _lacks_infrared(scene):  # without infrared, the map's land in the image matters
        first_look = take_first_look(scene, config)
    first_look = first_look.corrected_at_coast(scene, config)
    levels, clouds = first_look.levels, first_look.clouds
    if clouds is None:
        return _unusable_result(_no_water_reason(levels, scene), place)
    found, rough, coverage = search_image(scene, place, config, levels, clouds)
    bands_known = are_bands_known(scene.bands) and not _has_unknown_band(scene)
    about_bands = about_bands if bands_known else BANDS_UNKNOWN
    hidden = [*_unseen_notes(coverage), *rough]
    unknown = [*([] if bands_known else [BANDS_UNKNOWN]), *hidden]
    notes = [*([about_bands] if about_bands else []), *hidden, *_band_order_notes(levels, scene.bands)]
    if _lacks_infrared(scene):
        notes.append(NO_INFRARED)
        unknown.append(NO_INFRARED)
        bands_known, found = False, found if _land_is_known(scene, levels) else [_flag_as_likely_land(c) for c in found]
    seen = coverage.zone_covered if bands_known else dict.fromkeys(coverage.zone_covered, 0.0)
    why, share = recall_at_quays(scene, levels)
    if bands_known and why:
        unknown.append(why)
        notes.append(why)
        berths = [zone.zone_id for zone in (place.zones if place else ()) if zone.kind == "berth"]
        seen = seen | {zone_id: round(share * seen[zone_id], 4) for zone_id in berths if zone_id in seen}
    return DetectorResult(
        turn_back([screening.with_screening_flags(c, config.screening) for c in found], turn, shape),
        {"cloud_fraction": round(coverage.cloud_fraction, 4), "notes": notes, "unknown": unknown}
        | ({"zone_covered": seen} if place is not None else {}),
    )


def _has_unknown_band(scene: Scene) -> bool:
    """Is it a grey Sentinel-2 image, hence of an unknown band? Ships may be as dark as water in it."""
    return scene.sensor is Sensor.SENTINEL2 and scene.bands == ("pan",)


def _lacks_infrared(scene: Scene) -> bool:
    """Is it a coarse image of visible light only, such as a true-colour Sentinel-2 image?"""
    return is_visible_only(scene.bands) and float(np.mean(scene.pixel_spacing_m)) >= COARSE_FROM_M


def _land_is_known(scene: Scene, levels: Levels) -> bool:
    """Does a map show land in the image, or did the user state that there is none?"""
    return levels.mapped or scene.tags.get("land", "auto") != "auto"


def _flag_as_likely_land(candidate: Candidate) -> Candidate:
    return replace(candidate, flags=(*candidate.flags, "land_unknown"))


def _unusable_result(why: str, place: Place | None) -> DetectorResult:
    """No candidates, and no zone seen, for the reason given."""
    diagnostics: dict[str, object] = {"notes": [why], "unknown": [why]}
    if place is not None:
        diagnostics["zone_covered"] = {zone.zone_id: 0.0 for zone in place.zones}
    return DetectorResult([], diagnostics)


def _no_water_reason(levels: Levels, scene: Scene) -> str:
    """Why there is no usable water; water somewhat too bright suggests an undeclared offset."""
    dark = levels.water[scene.bands.index(levels.infrared)]
    offset = scene.radiometry is Radiometry.REFLECTANCE and BRIGHTEST_WATER <= dark < 2 * BRIGHTEST_WATER
    why = f" (its darkest has a reflectance of {dark:.2f}; is an offset of -1000 missing?)" if offset else ""
    return f"no usable water in the image{why}: what ships are there is unknown"


def _unseen_notes(coverage: Coverage) -> list[str]:
    """Why little or no water was seen (cloud, or none on the map): one line, or none."""
    if coverage.cloudy + coverage.water == 0:
        return ["the map has no water in this image: nothing was looked for"]
    if coverage.cloud_fraction > MOSTLY_CLOUD:
        return [f"cloud or haze over {100 * coverage.cloud_fraction:.0f} % of the water: what lies under it is unknown"]
    return []


def _band_order_notes(levels: Levels, bands: tuple[str, ...]) -> list[str]:
    """Why the bands may be in another order than named: one line, or none."""
    if levels.odd_order is not None:
        return [levels.odd_order]
    if is_order_implausible(levels, bands):
        return [f"water is brighter at {levels.infrared} than in visible light: are the bands in the right order?"]
    return []


def object_mask_reader(
    scene: Scene, config: DetectionConfig, first_look: FirstLook | None = None
) -> Callable[[Window], tuple[BoolImage, BoolImage]]:
    """A function of a window that returns two masks: pixels that stand out of the water, and pixels that were seen
    (no cloud, no gap)."""
    turn, shape = north_up_turn(scene), scene.shape
    scene, _ = name_bands(turn_scene(scene, turn), config.tile_px)
    look_taken = (
        (first_look or take_first_look(scene, config)).corrected_at_coast(scene, config)
        if can_be_searched(scene)
        else None
    )

    def read_masks(core: Window) -> tuple[BoolImage, BoolImage]:
        core = turn.window(core, shape)
        out, seen = read_north_up_masks(core)
        return turn.inverse.image(out), turn.inverse.image(seen)

    def read_north_up_masks(core: Window) -> tuple[BoolImage, BoolImage]:
        if look_taken is None or look_taken.clouds is None:
            nothing = np.zeros((core.rows, core.cols), bool)
            return nothing, nothing
        tile = scene.read(core)
        normal = normalise(tile, look_taken.levels)
        seen = tile.valid & ~look_taken.clouds.within(core)
        return normal.over > object_floor(normal, config.optical.contrast_sigmas), seen

    return read_masks
