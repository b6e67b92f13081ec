"""Find ships in a radar scene: threshold from the local sea, connected pixels, hulls. Tile by tile, same answer.

Each tile is read with a margin that holds the largest background window and the longest ship, so every pixel that
belongs to a tile is judged by the same neighbours whatever the tile's size; an object belongs to the tile of its
brightest pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.config import DetectionConfig
from pipeline.detection import hull, laws, screening
from pipeline.detection.candidates import Candidate, Found
from pipeline.detection.clutter import local_clutter
from pipeline.detection.cutout import Cutout, cut_out
from pipeline.detection.survey import Survey, survey
from pipeline.types import Scene, Window, tiles

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

LONGEST_SHIP_M = 420.0
DEFAULT_RESOLUTION_PX = 2.0  # impulse response of Sentinel-1 GRD in pixels, where a product does not state it
LOW_TAIL = 1e-3  # level to which an object grows from its bright core
EIGHT = np.ones((3, 3), int)
CORE_CUT_DB = 18.0  # below its peak: what counts as an object's pixels
NEAR_PX = 12  # neighbourhood that tells a rough patch from a ship


def detect_radar(
    scene: Scene, config: DetectionConfig, size: Callable[[Cutout], hull.HullSize] = hull.measure
) -> Found:
    """Ships of one radar scene, as candidates in pixels, and what the scene was like."""
    known = survey(scene, config)
    if known.usable_share == 0:
        return Found([], {"notes": ["no usable water in the image"], "false_alarm_rate": config.radar.false_alarm_rate})
    margin = _margin_px(scene, config)
    blobs, water_px = [], 0
    for core in tiles(scene.shape, config.tile_px):
        found, water = _detect_tile(scene, core, margin, known, config, size)
        blobs += found
        water_px += water
    blobs.sort(key=lambda blob: (blob[0].row, blob[0].col))
    candidates = screening.flag_ghosts([candidate for candidate, _ in blobs], scene)
    candidates = [screening.judged(c, config.screening) for c in candidates]
    unlikely = [over for c, (_, over) in zip(candidates, blobs, strict=True) if c.score < config.screening.min_score]
    achieved = sum(unlikely) / water_px if water_px else None
    return Found(
        candidates,
        {
            "sea_sigma0_db": known.sea_db,
            "enl": known.looks,
            "clutter_law": known.law,
            "false_alarm_rate": config.radar.false_alarm_rate,
            "false_alarm_rate_achieved": achieved,
            "notes": known.notes,
        },
    )


def joint_power(data: FloatImage, band_means: tuple[float, ...]) -> FloatImage:
    """Mean over bands of power relative to that band's usual sea: ships stand out more where both see them."""
    scale = np.array(band_means, np.float32)[:, None, None]
    return (data / scale).mean(axis=0)


def _margin_px(scene: Scene, config: DetectionConfig) -> int:
    return int(np.ceil((config.radar.background_m + LONGEST_SHIP_M) / min(scene.pixel_spacing_m)))


def _detect_tile(
    scene: Scene,
    core: Window,
    margin: int,
    known: Survey,
    config: DetectionConfig,
    size: Callable[[Cutout], hull.HullSize],
) -> tuple[list[tuple[Candidate, int]], int]:
    """Objects whose brightest pixel lies in the core window, each with its pixels over the threshold; and the number of
    water pixels that were judged."""
    judged = _judge(scene, core, margin, known, config)
    if judged is None:
        return [], 0
    window, data, power, sea, usable, seeds, grown = judged
    own = np.s_[core.row0 - window.row0 : core.row1 - window.row0, core.col0 - window.col0 : core.col1 - window.col0]
    labels, _ = ndimage.label(grown, EIGHT)
    wanted = np.unique(labels[seeds])
    slices = ndimage.find_objects(labels)
    out = []
    for label in wanted[wanted > 0]:
        cut = slices[label - 1]
        member = labels[cut] == label
        box_in = (labels, label, cut, (window.row0, window.col0))
        measure = partial(_sized, size, data, usable, box_in, scene)
        candidate = _object(power, sea, usable, member, cut, window, core, scene, measure)
        if candidate is not None:
            out.append((candidate, int((seeds[cut] & member).sum())))
    return out, int(usable[own].sum())


def _judge(
    scene: Scene, core: Window, margin: int, known: Survey, config: DetectionConfig
) -> tuple[Window, FloatImage, FloatImage, FloatArray, BoolImage, BoolImage, BoolImage] | None:
    """The window around a tile, its power, sea level and usable pixels, and which exceed the high and low threshold."""
    window = core.padded(margin, scene.shape)
    tile = scene.read(window)
    water = tile.water & ~known.land(window)
    usable = tile.valid & water
    if not usable.any():
        return None
    power = joint_power(np.where(tile.valid, tile.data, 0.0), known.band_means)
    spacing = min(scene.pixel_spacing_m)
    guard, background = (max(2, round(m / spacing)) for m in (config.radar.guard_m, config.radar.background_m))
    clutter = local_clutter(power, usable, min(guard, background - 1), background)
    leak = screening.leak_from_land(power, tile.valid & ~water, DEFAULT_RESOLUTION_PX / 2.355)
    mean, shape = clutter.under(known.law, known.looks)
    sea = mean + leak
    high = sea * laws.quantile(known.law, config.radar.false_alarm_rate, shape, known.looks)
    low = sea * laws.quantile(known.law, LOW_TAIL, shape, known.looks)
    with np.errstate(invalid="ignore"):
        seeds = usable & (power > high)
        grown = usable & (power > low)
    return window, tile.data, power, sea, usable, seeds, grown


def standing_out(scene: Scene, config: DetectionConfig) -> Callable[[Window], tuple[BoolImage, BoolImage]]:
    """A function of a window: pixels that exceed the sea's lower threshold, and those that were measured."""
    known, margin = survey(scene, config), _margin_px(scene, config)

    def look(core: Window) -> tuple[BoolImage, BoolImage]:
        judged = _judge(scene, core, margin, known, config) if known.usable_share else None
        if judged is None:
            nothing = np.zeros((core.rows, core.cols), bool)
            return nothing, nothing
        window, _, _, _, usable, _, grown = judged
        r, c = core.row0 - window.row0, core.col0 - window.col0
        own = np.s_[r : r + core.rows, c : c + core.cols]
        return grown[own], usable[own]

    return look


def _sized(
    size: Callable[[Cutout], hull.HullSize],
    data: FloatImage,
    usable: BoolImage,
    at: tuple[FloatArray, int, tuple[slice, slice], tuple[int, int]],
    scene: Scene,
) -> hull.HullSize:
    """Size of a labelled object: ``at`` holds labels, its label, its box and the window's corner."""
    return size(cut_out(data, scene.bands, usable, *at, scene.pixel_spacing_m, _resolution_m(scene)))


def _object(
    power: FloatImage,
    sea: FloatArray,
    usable: BoolImage,
    member: BoolImage,
    cut: tuple[slice, slice],
    window: Window,
    core: Window,
    scene: Scene,
    measure: Callable[[], hull.HullSize],
) -> Candidate | None:
    """One connected object as a candidate; None where it belongs to another tile."""
    relative = np.where(member, power[cut] / sea[cut], 0.0)
    peak_at = np.unravel_index(int(np.argmax(relative)), relative.shape)
    row, col = cut[0].start + peak_at[0] + window.row0, cut[1].start + peak_at[1] + window.col0
    if not (core.row0 <= row < core.row1 and core.col0 <= col < core.col1):
        return None
    peak = float(relative[peak_at])
    over_near_db = 10 * np.log10(peak / max(1.0, _near_level(power, sea, usable, member, cut)))
    level = peak * 10 ** (-CORE_CUT_DB / 10)
    parts, _ = ndimage.label(relative > level, EIGHT)
    kept = parts == parts[peak_at]
    rows, cols = np.nonzero(kept)
    size = measure()
    edge = rows.min() + cut[0].start + window.row0 == 0 or cols.min() + cut[1].start + window.col0 == 0
    edge |= rows.max() + cut[0].start + window.row0 == scene.shape[0] - 1
    edge |= cols.max() + cut[1].start + window.col0 == scene.shape[1] - 1
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
        n_pixels=len(rows),
        score=screening.ship_score(float(over_near_db), len(rows), size.length_m[1]),
        tanker_score=screening.tanker_score(size.length_m[1]),
        contrast_db=float(10 * np.log10(relative[kept].mean())),
        method="radar-cfar",
        flags=("touches_edge",) if edge else (),
        draught_evidence="radar pixels carry no freeboard",
    )


def _near_level(
    power: FloatImage, sea: FloatArray, usable: BoolImage, member: BoolImage, cut: tuple[slice, slice]
) -> float:
    """Median power close around an object over the sea level of its ring: above 1 in a rough patch amid calm water.

    The wide ring does not see such a patch; the object's own neighbourhood does. A median is not moved by other ships.
    """
    rows, cols = (slice(max(0, c.start - NEAR_PX), c.stop + NEAR_PX) for c in cut)
    around = usable[rows, cols].copy()
    inner = np.s_[
        cut[0].start - rows.start : cut[0].stop - rows.start, cut[1].start - cols.start : cut[1].stop - cols.start
    ]
    own = np.zeros(around.shape, bool)
    own[inner] = member
    around &= ~ndimage.binary_dilation(own, EIGHT, iterations=3)
    if around.sum() < 30:
        return 1.0
    return float(np.median(power[rows, cols][around] / sea[rows, cols][around]))


def _resolution_m(scene: Scene) -> float:
    """Width of the impulse response [m]."""
    if scene.radar is not None and scene.radar.resolution_m is not None:
        return float(np.mean(scene.radar.resolution_m))
    return DEFAULT_RESOLUTION_PX * float(np.mean(scene.pixel_spacing_m))
