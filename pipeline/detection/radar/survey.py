"""A first look at a whole radar scene: usual sea level, blocks, land, clutter around each block, looks and law."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, special

from pipeline.config import DetectionConfig
from pipeline.detection.flat_reader import FlatReader
from pipeline.detection.radar import coastfit, laws, restored_noise, shoreline, two_waters
from pipeline.detection.radar.blocks import BLOCK_M, Blocks, scan
from pipeline.detection.radar.clutter import Clutter, local_clutter, without_shores
from pipeline.types import Scene, Tile, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray, FloatImage

SAMPLE_ROWS = 5  # rows and columns of windows in which the law is fitted
SAMPLE_PX = 320  # side of such a window: 3.2 km of Sentinel-1 (our choice)
MIN_SAMPLE = 0.1  # of a window must be usable for it to say what the sea is like, and of the sea lie off land
SMALL_BLOCK_PX = 2  # in images smaller than the clutter's hole
DARK_SHARE = 0.3  # of the windows are darker than what is taken for the sea at first: sea is darker than land
SHORE_BLOCKS = 2  # around land seen in the image may hold the rest of it (our choice)
PAIR_PX = 3  # of the wider side: beyond the reach of the sensor's blur, within that of swell and slicks
CALM = (0.4, 1.5)  # clutter more varied than so many times this quantile is left out: coasts tell nothing of the law
TARGET_TAIL = 1e-8  # what is rarer is a target, not sea, while the law's tail is counted
FIT_TAILS = (1e-2, 1e-3, 1e-4, 1e-5)  # at which stated and counted tails are compared
MIN_COUNT = 15  # pixels that a tail must be expected to have, to judge a law by it
FEWEST_EXPECTED = 2  # ... or to bend its end, if it has `MIN_COUNT`: a ship in a small picture has as many (our choice)
TAIL_EXPONENT = (0.65, 1.0)  # how far the counted tail may stretch the law's; beyond, the counts are not sea
NOMINAL_LOOKS = 4.4  # Sentinel-1 IW GRDH
# By so much less must laws of the usual looks miss the counted tails than those of the looks found
CLEARLY_BETTER = 2.0
LOOKS_RANGE = (0.5, 60.0)  # wider than any product's: half a look is speckle and texture, sixty are hardly grainy
MEAN_OVER_MEDIAN = NOMINAL_LOOKS / float(special.gammaincinv(NOMINAL_LOOKS, 0.5))  # of speckle
CROSS_POLAR_DB = -9.0  # a ship in VH against VV: median of 110 public Sentinel-1 chips -10.5 dB; -7 dB is often quoted
BAND_RATIO = 10.0  # no band counts more than so many times another


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What the detector needs to know of the scene before it looks closely. Levels are against the usual sea's."""

    weights: FloatArray  # of the bands in the joint power, which is 1 where the sea is as usual
    sea_db: float  # of the first band
    looks: float
    law: str
    tail_exponent: float  # counted ln tail over the law's: below 1, bright sea is commoner than the law says
    blocks: Blocks
    land: BoolImage  # blocks of land seen in the image
    clutter: Clutter
    notes: tuple[str, ...]
    unknown_stretch: bool = False  # pixels of unknown stretch: the law is a guess

    def tail(self, rate: float) -> float:
        """The law's tail at which really ``rate`` of the sea is brighter."""
        return float(rate ** (1 / self.tail_exponent))

    def joint(self, tile: Tile) -> FloatImage:
        """Joint power of a tile's pixels, 0 where there is no measurement: ships stand out most in it."""
        return _joint(self.weights, tile)


def survey_scene(scene: Scene, config: DetectionConfig) -> tuple[Scene, Survey | None]:
    """The scene (less bands without a measurement) and what it is like; None where no water was measured."""
    scene, samples, notes = _samples(scene)
    if not samples:
        return scene, None
    weights = band_weights(scene.bands, _usual_sea_power(samples))
    scene, samples = _registered_to_coast(scene, samples, weights, notes)
    scene, lift = restored_noise.restore_noise(scene, _darkest_tiles(samples))
    if lift.any():
        samples = [scene.read(t.window) for t in samples]
        weights = band_weights(scene.bands, _usual_sea_power(samples))
    spacing = np.array(scene.pixel_spacing_m)
    small = min(scene.shape) * spacing.mean() < 3 * config.radar.guard_m
    side = SMALL_BLOCK_PX if small else max(4, round(BLOCK_M / float(spacing.mean())))
    blocks = scan(scene, weights, side, strip_px=config.tile_px**2, threads=config.threads)
    land = _land_in_image(scene, samples, blocks, side * float(spacing.mean()))
    if land.any():
        notes.append(f"land found in the image itself: {100 * land.mean():.0f} % of it")
    guard, background = (_in_blocks(m, side * spacing) for m in (config.radar.guard_m, config.radar.background_m))
    hole = (-1, -1) if small else (min(guard[0], background[0] - 1), min(guard[1], background[1] - 1))
    clutter = local_clutter(blocks, ~land, hole, background, threads=config.threads)
    survey = Survey(
        weights=weights,
        sea_db=np.nan,
        looks=NOMINAL_LOOKS,
        law="gamma",
        tail_exponent=1.0,
        blocks=blocks,
        land=land,
        clutter=clutter,
        notes=tuple(notes),
        unknown_stretch=any("unknown stretch" in doubt for doubt in scene.degraded),
    )
    if not clutter.sea.any():
        return scene, survey
    survey = _fit_clutter_law(survey, samples, scene.pixel_spacing_m, float(lift[0]))  # where the ring holds one water
    if not small:
        clutter = without_shores(blocks, clutter, hole, background, threads=config.threads)
        clutter = two_waters.resolve_mixed_rings(blocks, clutter, hole, background, threads=config.threads)
    return scene, replace(survey, clutter=clutter)


def with_noise_restored(scene: Scene) -> Scene:
    """The scene with the noise put back that a survey of it puts back, where its water is very calm."""
    alive, samples, _ = _samples(scene)
    if not samples or alive.bands != scene.bands:
        return scene
    return restored_noise.restore_noise(scene, _darkest_tiles(samples))[0]


def _registered_to_coast(
    scene: Scene, samples: list[Tile], weights: FloatArray, notes: list[str]
) -> tuple[Scene, list[Tile]]:
    """Scene and samples with the map's coast moved to where the picture shows it, where it shows it."""
    flat = scene.read if isinstance(scene.read, FlatReader) else None
    plain = [flat.read(t.window) for t in samples] if flat is not None else samples
    if all(t.water.all() for t in plain) or len(weights) != len(plain[0].bands):
        return scene, samples
    shift = coastfit.coast_shift(plain, lambda tile: _joint(weights, tile))
    if shift is None:
        return scene, samples
    rows, cols = shift.at(np.array([scene.shape[0] / 2]), np.array([scene.shape[1] / 2]))
    by = float(np.hypot(rows[0], cols[0]))
    notes.append(
        f"the coast lies {by * float(np.mean(scene.pixel_spacing_m)):.0f} m beside the map's and was moved "
        f"(land {shift.step_db:.1f} dB over water along it, {shift.windows} windows)"
    )
    if flat is not None:
        scene = replace(
            scene, read=replace(flat, read=coastfit.with_shifted_coast(replace(scene, read=flat.read), shift).read)
        )
    else:
        scene = coastfit.with_shifted_coast(scene, shift)
    return scene, [scene.read(t.window) for t in samples]


def _joint(weights: FloatArray, tile: Tile) -> FloatImage:
    return np.where(tile.valid, np.tensordot(weights, tile.data, 1), 0.0).astype(np.float32)


def _in_blocks(width_m: float, block_m: FloatArray) -> tuple[int, int]:
    return max(1, round(width_m / float(block_m[0]))), max(1, round(width_m / float(block_m[1])))


def ship_shares(bands: tuple[str, ...]) -> FloatArray:
    """Power of a ship in each band over that in VV."""
    return np.array([10 ** (CROSS_POLAR_DB / 10) if b in ("VH", "HV") else 1.0 for b in bands])


def band_weights(bands: tuple[str, ...], means: FloatArray) -> FloatArray:
    """Weights of the bands in the joint power: as much as a ship stands out of the sea in each.

    The likelihood ratio of a weak target in speckle weighs each band's power, over the sea's, by the target's own.
    Where the polarisations are not named all bands are taken to show a ship alike. The usual sea has joint power 1.
    """
    ratio = ship_shares(bands)
    named = all(b in ("VV", "VH", "HH", "HV") for b in bands)
    stands_out = ratio / means if named else np.ones(len(bands))
    stands_out = np.maximum(stands_out, stands_out.max() / BAND_RATIO)
    return stands_out / means / stands_out.sum()


def _samples(scene: Scene) -> tuple[Scene, list[Tile], list[str]]:
    """Sample tiles with some usable water, and the scene without bands that hold nothing in any of them."""
    tiles = [scene.read(window) for window in sample_windows(scene.shape)]
    has_data = np.array(
        [any((np.isfinite(t.data[b]) & (t.data[b] > 0)).any() for t in tiles) for b in range(len(scene.bands))]
    )
    notes = []
    if has_data.any() and not has_data.all():
        empty = [b for b, filled in zip(scene.bands, has_data, strict=True) if not filled]
        notes.append(f"{', '.join(empty)} holds no measurement and is left out")
        scene = _select_bands(scene, np.flatnonzero(has_data))
        tiles = [scene.read(tile.window) for tile in tiles]
    kept = [t for t in tiles if (t.valid & t.water).mean() >= MIN_SAMPLE] or [
        t for t in tiles if (t.valid & t.water).any()
    ]
    return scene, kept, notes


def _select_bands(scene: Scene, indices: np.ndarray) -> Scene:
    """The scene with some of its bands."""
    names = tuple(scene.bands[b] for b in indices)

    def read(window: Window) -> Tile:
        tile = scene.read(window)
        data = tile.data[indices]
        return Tile(window, names, data, (np.isfinite(data) & (data > 0)).all(axis=0), tile.water)

    return replace(scene, bands=names, read=read)


def _usual_sea_power(samples: list[Tile]) -> FloatArray:
    """Mean power of each band over what is, by its darkness, probably sea."""
    middles = np.array([[np.median(band[t.valid & t.water]) for band in t.data] for t in _darkest_tiles(samples)])
    return np.maximum(np.median(middles, axis=0) * MEAN_OVER_MEDIAN, 1e-30)


def _darkest_tiles(samples: list[Tile]) -> list[Tile]:
    """The samples that are, by their darkness, probably sea."""
    first = np.array([np.median(t.data[0][t.valid & t.water]) for t in samples])
    limit = np.quantile(first, DARK_SHARE, method="higher")
    return [t for t, middle in zip(samples, first, strict=True) if middle <= limit]


def _land_in_image(scene: Scene, samples: list[Tile], blocks: Blocks, block_m: float) -> BoolImage:
    """Blocks of land, looked for in the image where no coast is given."""
    given = any(not t.water.all() for t in samples) or scene.tags.get("land", "auto") != "auto"
    if given:
        return np.zeros(blocks.count.shape, bool)
    return shoreline.land_blocks(blocks.levels_db(), block_m)


@dataclass(frozen=True, slots=True, eq=False)
class _SeaSample:
    """Sampled sea, pixel by pixel, and the blocks that it lies in."""

    log_over: FloatArray  # ln of a pixel's joint power over its clutter
    block: NDArray[np.intp]  # the place of its block in ``variance``
    variance: FloatArray  # of ln of the clutter of each block
    ratios: FloatArray  # ln of the power of pixels a few steps apart, one over the other
    first_band: FloatArray  # power in the scene's first band


def _sample_sea(survey: Survey, samples: list[Tile], spacing_m: tuple[float, float]) -> _SeaSample | None:
    """The sea in the samples, off land if there is enough of it; None where they hold none.

    Land 10 dB brighter than the sea would stretch the counted tail by what leaks from it: at a stated 1e-4 only 4e-5 of
    the open sea beyond would then be over the threshold.
    """
    sea = [_measured_sea(survey, tile, tile.valid & tile.water) for tile in samples]
    seen_land = ndimage.binary_dilation(survey.land, iterations=SHORE_BLOCKS) if survey.land.any() else survey.land
    off_land = []
    for of, tile in zip(sea, samples, strict=True):
        at = np.ix_(*survey.blocks.blocks_of_pixels(tile.window))
        off_land.append(of & restored_noise.usable_off_land(tile) & ~seen_land[at])
    enough = sum(of.sum() for of in off_land) >= MIN_SAMPLE * sum(of.sum() for of in sea)
    return _joined_sea(survey, samples, off_land if enough else sea, spacing_m)


def _measured_sea(survey: Survey, tile: Tile, usable: BoolImage) -> BoolImage:
    """Which of the usable pixels lie in blocks of sea of known clutter."""
    at = np.ix_(*survey.blocks.blocks_of_pixels(tile.window))
    return usable & survey.clutter.sea[at] & np.isfinite(survey.clutter.log_mean[at])


def _joined_sea(
    survey: Survey, samples: list[Tile], masks: list[BoolImage], spacing_m: tuple[float, float]
) -> _SeaSample | None:
    """The pixels of the samples that the masks keep; None if they keep none."""
    clutter, blocks = survey.clutter, survey.blocks
    along, across = (round(PAIR_PX * max(spacing_m) / side) for side in spacing_m)
    log_over: list[FloatArray] = []
    block: list[NDArray[np.intp]] = []
    variances: list[FloatArray] = []
    ratios: list[FloatArray] = []
    first: list[FloatArray] = []
    for tile, sea in zip(samples, masks, strict=True):
        if not sea.any():
            continue
        rows, cols = blocks.blocks_of_pixels(tile.window)
        at = np.ix_(rows, cols)
        with np.errstate(invalid="ignore", divide="ignore"):
            log = np.where(sea, np.log(np.maximum(survey.joint(tile), 1e-6)) - clutter.log_mean[at], np.nan)
        log_over.append(log[sea])
        cut = clutter.log_variance[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1].astype(float)
        number = (rows - rows[0])[:, None] * cut.shape[1] + (cols - cols[0])
        block.append(number[sea] + sum(len(v) for v in variances))
        variances.append(cut.ravel())
        for a, b in ((log[:, across:], log[:, :-across]), (log[along:], log[:-along])):
            apart = a - b
            ratios.append(apart[np.isfinite(apart)])
        first.append(tile.data[0][sea])
    if not log_over:
        return None
    return _SeaSample(
        log_over=np.concatenate(log_over),
        block=np.concatenate(block),
        variance=np.concatenate(variances),
        ratios=np.concatenate(ratios),
        first_band=np.concatenate(first),
    )


def _estimate_looks(sea: _SeaSample) -> float:
    """Number of looks of the joint power: of the smoothest tenth of the blocks, or of speckle alone if that is less.

    Texture is alike in pixels a few steps apart and drops out of their ratio; what is left is speckle, twice.
    """
    speckle = float(np.var(sea.ratios)) / 2 if len(sea.ratios) else np.inf
    smoothest = min(float(np.nanquantile(sea.variance, 0.1)), speckle)
    return float(np.clip(laws.gamma_order(max(smoothest, 1e-3)), *LOOKS_RANGE))


def _fit_clutter_law(survey: Survey, samples: list[Tile], spacing_m: tuple[float, float], lift: float) -> Survey:
    """The survey with the number of looks of the joint power, and the law whose tails fit the sampled sea best."""
    seen = _sample_sea(survey, samples, spacing_m)
    if seen is None:
        return survey
    variance, looks = seen.variance, _estimate_looks(seen)
    calm = variance[seen.block] <= CALM[1] * np.nanquantile(variance, CALM[0])
    log_over, block = seen.log_over[calm], seen.block[calm]
    law, looks_of_law, exponent = _best_law(log_over, block, variance, looks)
    limit = np.log(laws.quantile(law, TARGET_TAIL, variance, looks_of_law))
    targets = np.zeros(len(variance), bool)
    targets[block[log_over > limit[block]]] = True
    sea = ~targets[block]
    if sea.any():  # in each block of a small picture, or of one full of spikes, something may be no sea
        law, looks_of_law, exponent = _best_law(log_over[sea], block[sea], variance, looks)
    speckle = float(np.median(seen.first_band)) * MEAN_OVER_MEDIAN  # of water, and of noise that was lifted
    sea_db = float(10 * np.log10(max(speckle - lift, 1e-30)))
    return replace(survey, looks=looks_of_law, law=law, tail_exponent=exponent, sea_db=sea_db)


def _best_law(
    log_over: FloatArray, block: NDArray[np.intp], variance: FloatArray, looks: float
) -> tuple[str, float, float]:
    """The law whose stated tails are nearest to the counted ones, on a log scale, its looks, and its farthest tail's
    bend.

    ``log_over`` is each pixel's ln over its clutter, ``block`` the place of its clutter's ``variance``. Texture that is
    not alike a few steps apart was counted as speckle, so the ``looks`` may be too few: the usual ones are tried, too,
    and win where they state the tails better by `CLEARLY_BETTER` (at the edge of slicks they state them a little
    better, and let more of the sea through). Earlier laws win ties.

    The bend is that of the farthest tail that holds pixels enough, also beyond those by which laws are judged: where a
    frame without data or land leaves few pixels, the nearer tails of a skewed sea bend less and let more through.
    """
    n = len(log_over)
    judged = sum(t * n >= MIN_COUNT for t in FIT_TAILS) or 1
    high = log_over > 0.5  # the rest is never in a tail
    log_over, block = log_over[high], block[high]
    misfit, exponents = {}, {}
    tried = [(law, looks) for law in laws.LAWS]
    tried += [(law, NOMINAL_LOOKS) for law in laws.LAWS if law != "gamma" and looks < NOMINAL_LOOKS]
    for candidate in tried:
        limits = [np.log(laws.quantile(candidate[0], t, variance, candidate[1])) for t in FIT_TAILS]
        counted = np.array([max(float(np.sum(log_over > limit[block])), 0.1) for limit in limits])
        misfit[candidate] = float(np.abs(np.log(counted / n / FIT_TAILS))[:judged].sum())
        reliable = [c >= MIN_COUNT and t * n >= FEWEST_EXPECTED for t, c in zip(FIT_TAILS, counted, strict=True)]
        last = max(judged, sum(reliable)) - 1
        exponents[candidate] = float(np.clip(np.log(counted[last] / n) / np.log(FIT_TAILS[last]), *TAIL_EXPONENT))
    best = min(
        tried, key=lambda candidate: round(misfit[candidate] * (CLEARLY_BETTER if candidate[1] != looks else 1), 6)
    )
    return *best, exponents[best]


def sample_windows(shape: tuple[int, int]) -> list[Window]:
    """Windows spread evenly over the image, mirror images of each other; they cover an image that is small."""
    starts = []
    for length in shape:
        room, steps = max(0, length - SAMPLE_PX), min(SAMPLE_ROWS, -(-length // SAMPLE_PX)) - 1
        low = [room * k // max(steps, 1) for k in range(steps // 2 + 1)]
        starts.append(sorted({*low, *(room - k for k in low)}))
    return [
        Window(r, c, min(SAMPLE_PX, shape[0] - r), min(SAMPLE_PX, shape[1] - c)) for r in starts[0] for c in starts[1]
    ]
