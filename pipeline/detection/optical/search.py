"""Search a whole optical image for ships, piece by piece, and measure what is found.

A fine image is searched at about 1.5 m pixels, in tiles with a margin that holds the longest ship, then measured at
full resolution around each object. So a scene need not fit into memory, and the result does not depend on the tiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import DetectionConfig
from pipeline.detection import screening
from pipeline.detection.candidates import Candidate
from pipeline.detection.optical import network
from pipeline.detection.optical.cells import Cells
from pipeline.detection.optical.clouds import CloudMap, Coverage, averaged_tile, haze_mask
from pipeline.detection.optical.first_look import COARSE_FROM_M
from pipeline.detection.optical.hulls import MeasuredObject, measure_blob
from pipeline.detection.optical.lookalikes import flag_lookalikes
from pipeline.detection.optical.merging import merge_detections, network_candidates
from pipeline.detection.optical.objects import LEAST_PX, Blob, find_objects
from pipeline.detection.optical.out_of_sight import OutOfSight
from pipeline.detection.optical.overlaps import resolve_overlaps
from pipeline.detection.optical.plausible import counts_without_network, flag_marina_fingers
from pipeline.detection.optical.quay_recall import untrained_reason
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
from pipeline.detection.optical.wakes import flag_wakes
from pipeline.detection.optical.water import Levels, normalise
from pipeline.types import Place, Scene, Sensor, Window, tiles

if TYPE_CHECKING:
    from pipeline.types import BoolImage

SEARCH_M = 1.5  # pixel size of the search; finer pixels are averaged to about this. Gaps at berths are 2 m
MARGIN_M = 450.0  # the longest ship, and a little
# Share of an outline that touches land: a hull at a quay has 0.45, a strip of quay the map misses more
MOST_LAND_CONTACT = 0.6
MAX_SOFTNESS = 1.5  # pixels; a hull's edge is as sharp as the sensor allows (0.3 to 1.3, simulated), a cloud's fades
# Within this distance of a cloud, an object seen by contrast alone may be a fragment of it. Set on simulated clouds
# (docs/accuracy_optical.md)
CLOUD_FRAGMENT_REACH_M = 2000.0
# Limits of side sharpness, and of edge width [pixels]. In simulated scenes at 3 m 94 of 100 cloud fragments have sides
# below 0.40 and edges 1.15 pixels wide or more; of 427 hulls 98 of 100 have sides above 0.42, none below 0.33, and all
# but one of the others have edges narrower than a pixel
SHARP, BLURRED, FADING = 0.40, 0.30, 1.1


@dataclass(frozen=True, slots=True)
class _Plan:
    """How an image is cut for the search."""

    factor: int
    """Pixels of a side that are averaged to one."""
    margin: int
    """Pixels read around a piece."""
    coarse_pixels: bool
    """Are objects measured at the pixels in which they are sought, each with its piece?"""
    trained: bool
    """Does the network know such images?"""
    rows: list[list[Window]]
    """Cores of the pieces, in rows."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What the search of one piece found."""

    unmeasured: list[ContrastObject]
    """Objects in fine pixels, which are measured once all of them are known."""
    measured: list[tuple[Candidate, bool]] = field(default_factory=list)
    """Objects in coarse pixels; True where one counts without the network's confirmation."""
    hulls: list[Candidate] = field(default_factory=list)
    """Hulls of the network."""


@dataclass(frozen=True, slots=True, eq=False)
class _PieceSearch:
    """The search of any one piece of an image, with what all pieces share; what each shows is added to the coverage."""

    scene: Scene
    config: DetectionConfig
    levels: Levels
    clouds: CloudMap
    plan: _Plan
    coverage: Coverage
    out_of_sight: OutOfSight
    cast: BoolImage | None

    def __call__(self, core: Window) -> _Found:
        """The objects with their middle in this core."""
        scene, levels, plan = self.scene, self.levels, self.plan
        window = core.padded(plan.margin, scene.shape)
        tile = scene.read(window)
        cloud = self.clouds.within(window) & tile.valid
        shadow = None if self.cast is None else shadow_mask(scene, tile, levels, self.cast, cloud)
        piece = Piece(tile, core, cloud, shadow)
        self._add_to_coverage(piece)
        view = ScaledView(snow_as_ground(tile, levels, scene.radiometry), levels) if plan.trained else None
        unmeasured = list(_find_contrast_objects(scene, self.config, levels, piece, plan.factor))
        if not plan.coarse_pixels:
            return _Found(unmeasured)
        measured = [_measure_coarse_object(scene, levels, piece, view, obj, self.clouds) for obj in unmeasured]
        if view is None:
            return _Found([], measured)
        threads = -(-self.config.threads // len(plan.rows))
        return _Found([], measured, network_candidates(scene, levels, piece, view, threads=threads))

    def _add_to_coverage(self, piece: Piece) -> None:
        """Add what the piece's core shows of the water and what it hides."""
        tile, core = piece.tile, piece.core
        top, left = core.row0 - tile.window.row0, core.col0 - tile.window.col0
        own = np.s_[top : top + core.rows, left : left + core.cols]
        unseen = piece.cloud | haze_mask(tile, self.levels)
        in_zone = self.coverage.overlaps_zone(core)
        veil, land = self.out_of_sight.masks(tile) if in_zone else [np.zeros_like(piece.cloud)] * 2
        self.coverage.add(core, tile.valid[own], unseen[own], tile.water[own], veil[own], land[own])


def search_image(
    scene: Scene, place: Place | None, config: DetectionConfig, levels: Levels, clouds: CloudMap
) -> tuple[list[Candidate], list[str], Coverage]:
    """Candidates of a whole image without duplicates, by position; what waves hid, in words; and the coverage."""
    plan, coverage, sigmas = _plan_of(scene, config), Coverage(scene, place), config.optical.contrast_sigmas
    out_of_sight = OutOfSight(scene, levels, plan.factor, sigmas, by_contrast=not plan.trained)
    cast = cast_shadows(scene, clouds) if plan.coarse_pixels else None
    search_piece = _PieceSearch(scene, config, levels, clouds, plan, coverage, out_of_sight, cast)
    with ThreadPoolExecutor(config.threads) as pool:
        rows = pool.map(lambda row: [search_piece(core) for core in row], plan.rows)
        results = [piece for row in rows for piece in row]
        seen = [obj for piece in results for obj in piece.unmeasured]
        rough = crowded_cells(seen, scene.shape, scene.pixel_spacing_m)
        measured = pool.map(lambda obj: _measure_fine_object(scene, levels, obj, plan.factor, rough), seen)
        found = [candidate for candidates in measured for candidate in candidates]
        caps = crowded_cells(seen, scene.shape, scene.pixel_spacing_m, WHITE_CAP_COUNT)
        patches = ship_sized_patches(scene, levels, clouds, caps, sigmas, config.threads)
    found += [candidate for piece in results for candidate, _ in piece.measured]
    certain_alone = [certain for piece in results for _, certain in piece.measured]
    hulls = [hull for piece in results for hull in piece.hulls]
    if plan.trained:
        found = merge_detections(flag_marina_fingers(hulls, scene.pixel_spacing_m), found, certain_alone)
    return *_flag_duplicates(found, coverage, (rough, patches), scene), coverage


def _plan_of(scene: Scene, config: DetectionConfig) -> _Plan:
    """The pieces of an image and the pixels in which they are searched."""
    spacing = float(np.mean(scene.pixel_spacing_m))
    factor = max(1, round(SEARCH_M / spacing))
    margin = -(-int(np.ceil(MARGIN_M / spacing)) // factor) * factor
    coarse_pixels = spacing >= COARSE_FROM_M
    trained = coarse_pixels and not untrained_reason(scene)
    halo = network.HALO_PX + BLUR_PX // 2  # the snow test at the rim of the network's input needs its neighbours, too
    step, margin = (network.CORE_PX, max(margin, halo)) if trained else (factor, margin)
    size = max(step, config.tile_px // step * step)
    pieces = min(size, SEARCH_PX[0]), min(size, SEARCH_PX[1])
    # Fine pixels have margins as wide as such a piece: they are searched in whole tiles
    rows = rows_of_windows(scene.shape, *pieces) if coarse_pixels else [[c] for c in tiles(scene.shape, size)]
    return _Plan(factor, margin, coarse_pixels, trained, rows)


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


def _measure_fine_object(
    scene: Scene, levels: Levels, obj: ContrastObject, factor: int, rough: Cells
) -> list[Candidate]:
    """Measure an object of a fine image: by its edges, except small objects in rough water, by moments.

    Ships side by side may be one object: then there are two candidates. One that is as likely a quay does not count.
    """
    in_rough_water = obj.lies_in_cells(rough)
    measured = measure_blob(scene, levels, obj.blob, obj.window, factor, edges=not (in_rough_water and obj.small))
    new = _as_candidate(measured, obj.blob, scene, cloudy=obj.cloudy)
    if in_rough_water and may_be_waves(measured):
        new = replace(new, flags=(*new.flags, FLAG))
    if measured.alongside is None or "cloud" in new.flags:  # pieces of cloud lie side by side, too
        return [new]
    second = _as_candidate(measured.alongside, obj.blob, scene, cloudy=obj.cloudy)
    doubt = ("quay_or_ship",) if measured.alongside.like_quay else ()
    return [new, replace(second, flags=(*second.flags, "split_off", *doubt))]


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
