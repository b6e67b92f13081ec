"""Find ships in an optical scene: contrast over water, hull shape, and in fine pixels hull edges and shadow.

A fine image is searched at about 1.5 m pixels, in tiles with a margin that holds the longest ship, then measured at
full resolution around each object. So a scene need not fit into memory, and the result does not depend on the tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import DetectionConfig
from pipeline.detection import screening
from pipeline.detection.candidates import Candidate, DetectorResult
from pipeline.detection.optical import network
from pipeline.detection.optical.cells import Cells
from pipeline.detection.optical.clouds import CloudMap, Coverage, averaged_tile, haze_mask
from pipeline.detection.optical.first_look import COARSE_FROM_M, FirstLook, can_be_searched, take_first_look
from pipeline.detection.optical.hulls import MeasuredObject, measure_blob
from pipeline.detection.optical.lookalikes import flag_lookalikes
from pipeline.detection.optical.merging import merge_detections, network_candidates
from pipeline.detection.optical.north_up import north_up_turn, turn_back, turn_scene
from pipeline.detection.optical.objects import LEAST_PX, Blob, find_objects, object_floor
from pipeline.detection.optical.out_of_sight import OutOfSight
from pipeline.detection.optical.overlaps import resolve_overlaps
from pipeline.detection.optical.plausible import counts_without_network, flag_marina_fingers
from pipeline.detection.optical.quay_recall import recall_at_quays, untrained_reason
from pipeline.detection.optical.reading import SEARCH_PX, Piece, rows_of_windows
from pipeline.detection.optical.rough_water import (
    FLAG,
    WHITE_CAP_COUNT,
    ContrastObject,
    crowded_cells,
    may_be_waves,
    rough_water_notes,
    unresolved_cells,
)
from pipeline.detection.optical.shadows import cast_shadows, shadow_mask
from pipeline.detection.optical.ship_sized import ship_sized_patches
from pipeline.detection.optical.snow import BLUR_PX
from pipeline.detection.optical.spectral import ScaledView, snow_as_ground
from pipeline.detection.optical.unexplained import RECALL, UNEXPLAINED, unexplained_berths
from pipeline.detection.optical.unnamed_bands import BANDS_UNKNOWN, name_bands
from pipeline.detection.optical.wakes import flag_wakes
from pipeline.detection.optical.water import (
    BRIGHTEST_WATER,
    Levels,
    are_bands_known,
    is_order_implausible,
    is_visible_only,
    normalise,
)
from pipeline.types import Place, Radiometry, Scene, Sensor, Window, tiles

if TYPE_CHECKING:
    from pipeline.types import BoolImage

__all__ = ["detect_optical"]

SEARCH_M = 1.5  # pixel size of the search; finer pixels are averaged to about this. Gaps at berths are 2 m
MARGIN_M = 450.0  # the longest ship, and a little
# Share of an outline that touches land: a hull at a quay has 0.45, a strip of quay the map misses more
MOST_LAND_CONTACT = 0.6
# In four real ports 22 of 106 ships were found without infrared, and three detections of four were false
# (docs/accuracy_optical.md)
NO_INFRARED = "no infrared band: most ships are missed and land is taken for ships, so what ships are there is unknown"
MOSTLY_CLOUD = 0.9  # share of the water, from which the image says so (our choice)
MAX_SOFTNESS = 1.5  # pixels; a hull's edge is as sharp as the sensor allows (0.3 to 1.3, simulated), a cloud's fades
# Within this distance of a cloud, an object seen by contrast alone may be a fragment of it. Set on simulated clouds
# (docs/accuracy_optical.md)
CLOUD_FRAGMENT_REACH_M = 2000.0
# Limits of side sharpness, and of edge width [pixels]. In simulated scenes at 3 m 94 of 100 cloud fragments have sides
# below 0.40 and edges 1.15 pixels wide or more; of 427 hulls 98 of 100 have sides above 0.42, none below 0.33, and all
# but one of the others have edges narrower than a pixel
SHARP, BLURRED, FADING = 0.40, 0.30, 1.1


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
    found, rough, coverage = _search_image(scene, place, config, levels, clouds)
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
    berths_in_doubt = unexplained_berths(scene, place, first_look, found, config, seen) if bands_known else []
    if berths_in_doubt:
        why = UNEXPLAINED.format(berths=", ".join(berths_in_doubt))
        unknown.append(why)
        notes.append(why)
        seen = seen | {zone_id: round(RECALL * seen[zone_id], 4) for zone_id in berths_in_doubt}
    return DetectorResult(
        turn_back([screening.with_screening_flags(c, config.screening) for c in found], turn, shape),
        {"cloud_fraction": round(coverage.cloud_fraction, 4), "notes": notes, "unknown": unknown}
        | ({"zone_covered": seen} if place is not None else {}),
    )


def _search_image(
    scene: Scene, place: Place | None, config: DetectionConfig, levels: Levels, clouds: CloudMap
) -> tuple[list[Candidate], list[str], Coverage]:
    """Candidates of a whole image without duplicates, by position; what waves hid, in words; and the coverage."""
    spacing = float(np.mean(scene.pixel_spacing_m))
    factor = max(1, round(SEARCH_M / spacing))
    margin = -(-int(np.ceil(MARGIN_M / spacing)) // factor) * factor
    coarse_pixels = spacing >= COARSE_FROM_M
    trained = coarse_pixels and not untrained_reason(scene)
    halo = network.HALO_PX + BLUR_PX // 2  # the snow test at the rim of the network's input needs its neighbours, too
    step, margin = (network.CORE_PX, max(margin, halo)) if trained else (factor, margin)
    coverage, sigmas = Coverage(scene, place), config.optical.contrast_sigmas
    out_of_sight = OutOfSight(scene, levels, factor, sigmas, by_contrast=not trained)
    cast = cast_shadows(scene, clouds) if coarse_pixels else None
    size = max(step, config.tile_px // step * step)
    pieces = min(size, SEARCH_PX[0]), min(size, SEARCH_PX[1])
    # Fine pixels have margins as wide as such a piece: they are searched in whole tiles
    rows = rows_of_windows(scene.shape, *pieces) if coarse_pixels else [[c] for c in tiles(scene.shape, size)]

    def search_piece(core: Window) -> tuple[list[ContrastObject], list[tuple[Candidate, bool]], list[Candidate]]:
        window = core.padded(margin, scene.shape)
        tile = scene.read(window)
        cloud = clouds.within(window) & tile.valid
        top, left = core.row0 - window.row0, core.col0 - window.col0
        own = np.s_[top : top + core.rows, left : left + core.cols]
        shadow = None if cast is None else shadow_mask(scene, tile, levels, cast, cloud)
        unseen = cloud | haze_mask(tile, levels)
        veil, land = out_of_sight.masks(tile) if coverage.overlaps_zone(core) else [np.zeros_like(cloud)] * 2
        coverage.add(core, tile.valid[own], unseen[own], tile.water[own], veil[own], land[own])
        piece = Piece(tile, core, cloud, shadow)
        view = ScaledView(snow_as_ground(tile, levels, scene.radiometry), levels) if trained else None
        unmeasured = list(_find_contrast_objects(scene, config, levels, piece, factor))
        if not coarse_pixels:  # measured once all objects are known
            return unmeasured, [], []
        measured = [_measure_coarse_object(scene, levels, piece, view, obj, clouds) for obj in unmeasured]
        if view is None:
            return [], measured, []
        return [], measured, network_candidates(scene, levels, piece, view, threads=-(-config.threads // len(rows)))

    with ThreadPoolExecutor(config.threads) as pool:
        results = [result for row in pool.map(lambda row: [search_piece(core) for core in row], rows) for result in row]
        seen = [obj for unmeasured, _, _ in results for obj in unmeasured]
        rough = crowded_cells(seen, scene.shape, scene.pixel_spacing_m)
        found = list(pool.map(lambda obj: _measure_fine_object(scene, levels, obj, factor, rough), seen))
        caps = crowded_cells(seen, scene.shape, scene.pixel_spacing_m, WHITE_CAP_COUNT)
        patches = ship_sized_patches(scene, levels, clouds, caps, sigmas, config.threads)
    found += [candidate for _, measured, _ in results for candidate, _ in measured]
    certain_alone = [certain for _, measured, _ in results for _, certain in measured]
    hulls = [hull for _, _, new in results for hull in new]
    if trained:
        found = merge_detections(flag_marina_fingers(hulls, scene.pixel_spacing_m), found, certain_alone)
    return *_flag_duplicates(found, coverage, (rough, patches), scene), coverage


def _flag_duplicates(
    found: list[Candidate], coverage: Coverage, waves: tuple[Cells, list[tuple[float, float]]], scene: Scene
) -> tuple[list[Candidate], list[str]]:
    """Candidates by position, duplicates and wakes flagged; what clouds and waves hide is taken off the coverage."""
    for fragment in (c for c in found if "cloud" in c.flags):
        coverage.hide(fragment.outline)
    found = resolve_overlaps(found, scene.pixel_spacing_m)
    rough, patches = waves
    unknown = unresolved_cells(found, patches, scene.shape, scene.pixel_spacing_m)
    coverage.hide_where(unknown.at)
    if float(np.mean(scene.pixel_spacing_m)) < COARSE_FROM_M:
        found = flag_wakes(found, scene.pixel_spacing_m)
    return sorted(found, key=lambda c: (c.row, c.col)), rough_water_notes(rough, unknown)


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


def _find_contrast_objects(
    scene: Scene, config: DetectionConfig, levels: Levels, piece: Piece, factor: int
) -> Iterator[ContrastObject]:
    """Objects that stand out of the water and have their middle in the piece's core."""
    window, coarse_m = piece.tile.window, float(np.mean(scene.pixel_spacing_m)) * factor
    normal = normalise(averaged_tile(piece.tile, factor), levels, factor)
    least_px = min(LEAST_PX, config.screening.min_pixels)
    for blob in find_objects(normal, config.optical.contrast_sigmas, coarse_m, least_px):
        row, col = ((blob.frame[k] + 0.5) * factor - 0.5 + start for k, start in ((0, window.row0), (1, window.col0)))
        if _is_in_core(row, col, piece.core) and not _runs_out_of_window(blob, normal.valid, window, scene):
            cloudy = _share_in_mask(piece.cloud, blob, factor)
            yield ContrastObject(blob, window, float(row), float(col), float(blob.frame[4]) * coarse_m, cloudy)


def _measure_fine_object(scene: Scene, levels: Levels, obj: ContrastObject, factor: int, rough: Cells) -> Candidate:
    """Measure an object of a fine image: by its edges, except small objects in rough water, by moments."""
    in_rough_water = obj.lies_in_cells(rough)
    measured = measure_blob(scene, levels, obj.blob, obj.window, factor, edges=not (in_rough_water and obj.small))
    new = _as_candidate(measured, obj.blob, scene, cloudy=obj.cloudy)
    return replace(new, flags=(*new.flags, FLAG)) if in_rough_water and may_be_waves(measured) else new


def _measure_coarse_object(
    scene: Scene, levels: Levels, piece: Piece, view: ScaledView | None, obj: ContrastObject, clouds: CloudMap
) -> tuple[Candidate, bool]:
    """Measure and classify an object of a coarse image; True where it counts without the network's confirmation.

    Never near a cloud, of which it may be a fragment.
    """
    spacing_m = scene.pixel_spacing_m
    measured = measure_blob(scene, levels, obj.blob, obj.window, 1)
    new = _as_candidate(measured, obj.blob, scene, cloudy=obj.cloudy)
    at = (obj.blob.rows, obj.blob.cols)
    new = flag_lookalikes(new, piece.tile, levels, at, spacing_m, shadow=piece.shadow, by_contrast_only=True)
    if view is None or _is_near_cloud(obj, clouds, scene):
        return new, False
    return new, counts_without_network(new, view, *at, spacing_m[0] * spacing_m[1])


def _is_near_cloud(obj: ContrastObject, clouds: CloudMap, scene: Scene) -> bool:
    """Is there cloud within `CLOUD_FRAGMENT_REACH_M` of an object's middle?"""
    if not clouds.has_cloud:
        return False
    reach = round(CLOUD_FRAGMENT_REACH_M / float(np.mean(scene.pixel_spacing_m)))
    around = Window(round(obj.row), round(obj.col), 1, 1).padded(reach, scene.shape)
    return bool(clouds.within(around).any())


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


def _is_in_core(row: float, col: float, core: Window) -> bool:
    """Does the point lie in the tile's core? Half-open, so that each point belongs to one tile."""
    return core.row0 - 0.5 <= row < core.row1 - 0.5 and core.col0 - 0.5 <= col < core.col1 - 0.5


def _runs_out_of_window(blob: Blob, valid: BoolImage, window: Window, scene: Scene) -> bool:
    """Does the object run out of the window where the image continues? Then it is larger than any ship."""
    last_row, last_col = valid.shape[0] - 1, valid.shape[1] - 1
    return bool(
        (window.row0 > 0 and blob.rows.min() == 0)
        or (window.col0 > 0 and blob.cols.min() == 0)
        or (window.row1 < scene.shape[0] and blob.rows.max() == last_row)
        or (window.col1 < scene.shape[1] and blob.cols.max() == last_col)
    )


def _share_in_mask(mask: BoolImage, blob: Blob, factor: int) -> float:
    """Share of an object's pixels that lie in a full-resolution mask."""
    rows = np.minimum((blob.rows.astype(int)) * factor + factor // 2, mask.shape[0] - 1)
    cols = np.minimum((blob.cols.astype(int)) * factor + factor // 2, mask.shape[1] - 1)
    return float(mask[rows, cols].mean())


def _as_candidate(measured: MeasuredObject, blob: Blob, scene: Scene, *, cloudy: float) -> Candidate:
    """A measured object as a candidate, with its flags and score."""
    flags = []
    if cloudy > 0.5 or _has_soft_edges(measured, blob, scene):
        flags.append("cloud")
    if blob.touching > MOST_LAND_CONTACT:
        flags.append("land_leak")
    if not measured.hull_like:
        flags.append("no_hull_shape")
    if measured.doubtful:
        flags.append("doubtful_outline")
    flags += measured.freeboard.flags
    if measured.freeboard.value_m is not None:
        flags.append("weak_draught")
    if blob.moored:
        flags.append("moored")
    rows, cols = measured.outline[:, 0], measured.outline[:, 1]
    if rows.min() < 0.5 or cols.min() < 0.5 or rows.max() > scene.shape[0] - 1.5 or cols.max() > scene.shape[1] - 1.5:
        flags.append("touches_edge")
    return Candidate(
        row=measured.row,
        col=measured.col,
        length_m=measured.length_m[1],
        length_lo_m=measured.length_m[0],
        length_hi_m=measured.length_m[2],
        beam_m=measured.beam_m[1],
        beam_lo_m=measured.beam_m[0],
        beam_hi_m=measured.beam_m[2],
        axis=measured.axis,
        axis_points_to_bow=measured.bow_known,
        outline=measured.outline,
        n_pixels=measured.n_pixels,
        score=measured.score,
        tanker_score=screening.tanker_score(measured.length_m[1]) if measured.deck is None else measured.deck.tanker,
        contrast_db=float(10 * np.log10(max(blob.sigmas, 1e-3))),
        method=measured.method,
        flags=tuple(flags),
        heading_half_deg=measured.heading_half_deg,
        outline_odds=measured.odds,
        freeboard_m=measured.freeboard.value_m,
        freeboard_lo_m=measured.freeboard.lo_m,
        freeboard_hi_m=measured.freeboard.hi_m,
        draught_evidence=measured.freeboard.evidence,
        boot_topping_m=measured.freeboard.boot_m,
        lines=measured.freeboard.labelled_lines(),
        house_position=None if measured.deck is None or not measured.bow_known else measured.deck.house,
        deck_tone=None if measured.deck is None else measured.deck.tone,
    )


def _has_soft_edges(measured: MeasuredObject, blob: Blob, scene: Scene) -> bool:
    """Are its edges as soft as a cloud's? By the sides of the fitted hull, else by the object's outline."""
    if measured.sharpness is not None:
        return measured.sharpness < BLURRED or (measured.sharpness < SHARP and blob.softness > FADING)
    wider = 1.0 if scene.sensor is Sensor.SENTINEL2 else 0.0  # its blur, in pixels
    return blob.softness > MAX_SOFTNESS + wider and not blob.moored
