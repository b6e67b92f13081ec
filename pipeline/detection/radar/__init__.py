"""Find ships in a radar scene: estimate the clutter, detect by CFAR, fit hulls, flag what is no ship."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import DetectionConfig
from pipeline.detection import screening
from pipeline.detection.candidates import Candidate, DetectorResult
from pipeline.detection.radar import blind, clumps, fragments, ghosts, hull, objects, rafted, shape, stripes
from pipeline.detection.radar.cutout import Cutout
from pipeline.detection.radar.objects import Blob
from pipeline.detection.radar.rough_size import Size, rough_size
from pipeline.detection.radar.survey import Survey, survey_scene
from pipeline.types import Scene, Window

if TYPE_CHECKING:
    from pipeline.types import BoolImage

HOPELESS_DECADES = 1.5  # this far below the bar of even odds, no hull model is fitted to an object (our choice)
CORE_CUT_DB = 18.0  # pixels down to this far below its peak count as an object's own


def detect_radar(
    scene: Scene, config: DetectionConfig, measure: Callable[[Cutout], hull.HullSize] = hull.measure
) -> DetectorResult:
    """Detect the ships of one radar scene: candidates in pixel coordinates, and measurements of the scene itself."""
    scene, survey = survey_scene(scene, config)
    rate = config.radar.false_alarm_rate
    seen_weight = blind.seen_weight(scene, survey, config)
    if survey is None:
        why = ["no usable water in the image"]
        diagnostics: dict[str, object] = {"notes": why, "unknown": why, "false_alarm_rate": rate}
        return DetectorResult([], diagnostics | {"false_alarm_rate_achieved": None}, seen_weight)
    blobs = objects.find_blobs(scene, survey, config)
    share, why = blind.blind_share(survey, config)
    if share and (cut_off := blind.clipping_level_ln(survey)) is not None:
        blobs += clumps.find_clumps(scene, survey, config, cut_off, blobs)
    blobs = sorted(blobs, key=lambda b: b.peak)
    bar = screening.even_odds_rarity(np.array([blob.rarity for blob in blobs]), unknown_stretch=survey.unknown_stretch)
    with ThreadPoolExecutor(config.threads) as pool:
        measured = list(pool.map(lambda blob: _measure_candidate(blob, bar, scene, measure), blobs))
    striped = stripes.stripe_evidence(blobs, survey, scene)
    candidates = [
        ghosts.with_flag(c, "interference", diagnostics)
        for c, diagnostics in zip(ghosts.flag_ghosts(measured, blobs, survey, scene), striped, strict=True)
    ]
    candidates = [screening.with_screening_flags(c, config.screening) for c in candidates]
    unlikely = [b.seeds for c, b in zip(candidates, blobs, strict=True) if c.score < config.screening.min_score]
    water_px = _searched_px(survey)
    candidates, seconds = rafted.split_second_ships(
        candidates, blobs, scene, config.screening, lambda blob: _measure_candidate(blob, bar, scene, measure)
    )
    return DetectorResult(
        fragments.join_fragments(candidates, blobs, scene, config.screening) + seconds,
        {
            "sea_sigma0_db": survey.sea_db,
            "enl": survey.looks,
            "clutter_law": survey.law,
            "false_alarm_rate": rate,
            "false_alarm_rate_achieved": sum(unlikely) / water_px if water_px else None,
            "notes": [*survey.notes, *why, *_stripe_notes(striped)],
            "unknown": why,
            "blind_share": share,
        },
        seen_weight,
    )


def _stripe_notes(striped: list[str]) -> list[str]:
    """The scene note on stripes of interference; empty where no object lies on one."""
    n = sum(map(bool, striped))
    return [f"stripes of interference: {n} objects are parts of them, and a ship in one cannot be seen"] if n else []


def object_mask_reader(scene: Scene, config: DetectionConfig) -> Callable[[Window], tuple[BoolImage, BoolImage]]:
    """A function of a window that returns two masks: pixels above the lower (growth) threshold, and usable pixels."""
    scene, survey = survey_scene(scene, config)

    def read_masks(core: Window) -> tuple[BoolImage, BoolImage]:
        if survey is None:
            nothing = np.zeros((core.rows, core.cols), bool)
            return nothing, nothing
        window = core.padded(screening.LEAK_REACH_PX, scene.shape)
        view = objects.view_pixels(scene, survey, config, window)
        r, c = core.row0 - window.row0, core.col0 - window.col0
        own = np.s_[r : r + core.rows, c : c + core.cols]
        return view.grown[own], view.usable[own]

    return read_masks


def _searched_px(survey: Survey) -> int:
    """Number of water pixels that were compared with a threshold."""
    return int(survey.blocks.count[np.isfinite(survey.clutter.log_mean) & ~survey.land].sum())


def _measure_candidate(blob: Blob, bar: float, scene: Scene, measure: Callable[[Cutout], hull.HullSize]) -> Candidate:
    """Size, score and flags of one object; a hull model is fitted only where it could be a ship."""
    level = float(blob.relative.max()) * 10 ** (-CORE_CUT_DB / 10)
    cut = blob.at_least(level)
    size: Size
    if blob.white or blob.rarity < bar - HOPELESS_DECADES:
        size = rough_size(
            cut.rows.astype(float),
            cut.cols.astype(float),
            cut.relative,
            scene.pixel_spacing_m,
            objects.resolution_m(scene),
        )
    else:
        size = measure(blob.cutout)
    flags = shape.shape_flags(cut, blob, size, scene)
    # A grid in degrees resamples each sensor pixel into several narrow ones; these are no extra evidence of a ship
    square_px = round(len(cut.rows) * min(scene.pixel_spacing_m) / max(scene.pixel_spacing_m))
    return Candidate(
        row=size.row,
        col=size.col,
        length_m=size.length_m[1],
        length_lo_m=size.length_m[0],
        length_hi_m=size.length_m[2],
        beam_m=size.beam_m[1],
        beam_lo_m=size.beam_m[0],
        beam_hi_m=size.beam_m[2],
        axis=size.axis,
        axis_points_to_bow=False,
        outline=size.outline,
        n_pixels=len(cut.rows),
        score=screening.ship_score(blob.rarity, bar, square_px, size.length_m[1]),
        tanker_score=screening.tanker_score(size.length_m[1]),
        contrast_db=float(10 * np.log10(cut.relative.mean())),
        method="radar-cfar",
        flags=tuple(flags),
        evidence="; ".join(f"{name}: {evidence}" for name, evidence in flags.items()),
        draught_evidence="radar pixels show no freeboard",
    )
