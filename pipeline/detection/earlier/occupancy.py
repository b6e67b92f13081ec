"""Berth occupancy for every look at every berth: occupied, empty or unknown, with a probability.

Radar: the berth is resampled along its quay, each pixel is divided by the power expected there of water and quay alone,
and boxes of hull size are scanned for the largest departure. Multi-looked power over its mean follows a gamma law, so
a box with mean ratio r and n independent looks has the log likelihood ratio ``n (r - 1 - ln r)`` for a change (a scan
statistic, Kulldorff 1997, with the law of multi-looked speckle, as in the change tests of Rignot and van Zyl 1993 and
Conradsen et al. 2003). The expected power comes from earlier looks of the orbit where there are enough
(``background``); else from the sea around and the leakage from land, and then an unmapped jetty looks like a hull. A
logistic of this statistic and of the best detection's score, fitted on simulated berths with and without earlier looks
(``benchmarks/fit_berth.py``), gives the probability. A quay inferred from the picture itself (``quayside``) may be a
hull as long as the berth: where it is as bright as a hull over half of the berth, the odds are at least even.

Optical: from detections alone, and the share of ships at quays that the detector finds.

A berth that was not seen (outside the image, under cloud) is unknown, and so is one whose probability is inconclusive.
A ship that was seen makes a berth occupied, however little of it shows; only a usable look can call it empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy import special

from pipeline.config.calls import LOOK_RECALL
from pipeline.detection import screening
from pipeline.detection.earlier.background import GUARD, MEDIAN_TO_MEAN
from pipeline.detection.earlier.berths import berth_axes, grown_berth_m, to_lonlat
from pipeline.detection.flat_reader import FlatReader
from pipeline.types import RADARS, USABLE_SHARE, Place, Radiometry, Scene, Sensor, Window, Zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.types import BoolImage, FloatArray

LOOKS_A_PIXEL = 1.8  # of 4.4, since one pixel in 2.5 is independent at 20 m resolution on 10 m pixels
QUANTILE_TO_MEAN = 1.3  # corrects the background's quantile: mean over 35 % point of a gamma law of 4.4 looks
UNSTEADY = 0.5  # standard deviation of ln power of quays between looks: misregistration (our choice)
HULL_LENGTHS_M = (40.0, 60.0, 90.0, 130.0, 190.0, 280.0)  # each half as long again, boats to large tankers (our choice)
HULL_WIDTHS_M = (20.0, 30.0, 40.0)  # beams to 20 m and more, each with the sensor's blur (our choice)
AROUND_PX = 60  # margin around a berth in which the sea is measured
SURE_PROBABILITY = 0.8  # least probability of a verdict; between this and its complement it is unknown (our choice)
EVEN_ODDS = 0.5  # before a look: no more is known of a berth whose hull may have been removed as quay
SEEN_SHARE = 0.5  # of a berth: with less it counts as not seen
# Log-odds: constant, of ln (1 + statistic), of the logit of the best detection's score (0 without one). Fitted on 168
# simulated berths, seeds 1000 to 1003.
WITH_HISTORY = (-5.95, 0.9, 2.5)
WITHOUT_HISTORY = (-5.8, 0.75, 1.35)
FINE_M = 5.0  # largest pixel for which the recall of the detector for fine images holds (our choice)
# Power along a hull [dB in VV, 9 dB less in VH]: nine in ten of 26 public Sentinel-1 chips of ships of 110 to 150 m
# exceed it along four fifths of their length, in the geometric mean of both bands; longer ships are brighter
LONG_HULL_DB = -2.0
MOST_CERTAIN = 4.0  # upper limit of a score's logit: no detection counts for more than 0.98


@dataclass(frozen=True, slots=True)
class Change:
    """Change in a berth's pixels. ``statistic`` is the log likelihood ratio of the best box, ``ratio_db`` its power
    over the expected, ``length_m`` its length; ``seen`` is the share of the berth that was measured. ``may_be_hull``:
    what only this picture tells to be quay is as bright as a hull over half of the berth."""

    statistic: float
    ratio_db: float
    length_m: float
    seen: float
    n_looks: int  # earlier looks that the expectation comes from
    may_be_hull: bool = False


def berth_verdicts(
    scene: Scene, place: Place | None, detections: pd.DataFrame, covered: Mapping[str, float]
) -> list[dict[str, Any]]:
    """One row of the OCCUPANCY table for each berth, without the columns that describe the scene.

    ``covered`` is the share of each zone that was seen (cloud counts as unseen).
    """
    if place is None or scene.geolocation is None:
        return []
    berths = [zone for zone in place.zones if zone.kind == "berth"]
    if berths and scene.sensor in RADARS and not isinstance(scene.read, FlatReader):
        from pipeline.detection.radar.survey import with_noise_restored

        scene = with_noise_restored(scene)  # else, with noise subtracted, the median of very calm water is zero
    return [
        _verdict_row(scene, zone, detections[detections["berth_id"] == zone.zone_id], covered.get(zone.zone_id, 0.0))
        for zone in berths
    ]


def _verdict_row(scene: Scene, zone: Zone, detections: pd.DataFrame, covered: float) -> dict[str, Any]:
    ships = detections[detections["accepted"].astype(bool)].sort_values(
        ["length_m", "detection_id"], ascending=[False, True]
    )
    score = float(ships["score"].max()) if len(ships) else 0.0
    row: dict[str, Any] = {"zone_id": zone.zone_id, "detection_ids": ships["detection_id"].tolist()}
    if scene.sensor in RADARS:
        seen = measure_change(scene, zone)
        row |= {"basis": "background" if seen.n_looks else "picture", "n_background": seen.n_looks}
        row |= {"change": seen.statistic, "change_db": seen.ratio_db, "changed_m": seen.length_m}
        share, p = seen.seen, occupancy_probability(seen, score)
    else:
        share = covered
        row |= {"basis": "detections", "n_background": 0}
        finder = Sensor.OPTICAL if float(np.mean(scene.pixel_spacing_m)) <= FINE_M else Sensor.SENTINEL2
        p = probability_from_detections(score, LOOK_RECALL[finder] * share)
    if share < SEEN_SHARE and not len(ships):
        return row | {"verdict": "unknown", "probability": None, "seen": share, "n_hulls": 0}
    verdict = _verdict_word(p, covered)
    row |= {"verdict": verdict, "probability": p, "seen": share}
    row["n_hulls"] = max(len(ships), 1) if verdict == "occupied" else len(ships)
    if len(ships):
        row |= {f"longest{end}_m": float(ships.iloc[0][f"length{end}_m"]) for end in ("", "_lo", "_hi")}
    return row


def _verdict_word(p: float, covered: float) -> str:
    """The verdict. Only a usable look can call a berth empty, since a hull may lie in the part that was not seen.

    >>> _verdict_word(0.9, 0.3), _verdict_word(0.1, 0.9), _verdict_word(0.1, 0.8), _verdict_word(0.5, 1.0)
    ('occupied', 'empty', 'unknown', 'unknown')
    """
    if p >= SURE_PROBABILITY:
        return "occupied"
    return "empty" if p <= 1 - SURE_PROBABILITY and covered >= USABLE_SHARE else "unknown"


def occupancy_probability(seen: Change, score: float) -> float:
    """Probability that a hull lies there: a logistic of the change and of the best detection's score."""
    constant, by_change, by_score = WITH_HISTORY if seen.n_looks else WITHOUT_HISTORY
    of_score = float(np.clip(special.logit(np.clip(score, 1e-9, 1 - 1e-9)), 0, MOST_CERTAIN))
    probability = float(special.expit(constant + by_change * np.log1p(seen.statistic) + by_score * of_score))
    return max(probability, EVEN_ODDS) if seen.may_be_hull else probability


def probability_from_detections(score: float, recall: float) -> float:
    """Probability that a hull lies there, from detections alone; prior 0.5.

    >>> round(probability_from_detections(0.0, 0.9), 2), probability_from_detections(0.9, 0.5)
    (0.09, 0.9)
    """
    return score if score > 0 else (1 - recall) / (2 - recall)


def measure_change(scene: Scene, zone: Zone) -> Change:
    """How much a berth's pixels depart from the power expected there of water and quay."""
    row, col, inside = _berth_grid(scene, zone)
    window = _window(scene, row, col)
    if window is None:
        return Change(0.0, 0.0, 0.0, 0.0, 0)
    ratio, steady, usable, n_looks = _ratio_to_expected(scene, window)
    at = np.stack([row - window.row0, col - window.col0])
    here = (at[0] >= 0) & (at[0] <= window.rows - 1) & (at[1] >= 0) & (at[1] <= window.cols - 1) & inside
    r, c = (np.where(here, np.rint(v), 0).astype(np.intp) for v in at)
    here &= usable[r, c]
    if not here.any():
        return Change(0.0, 0.0, 0.0, 0.0, n_looks)
    weight = np.where(here, steady[:, r, c], 0.0)
    statistic, mean, length = _best_box(np.where(here, ratio[:, r, c], 1.0), weight, _step_m(scene))
    mean_db, seen = float(10 * np.log10(max(mean, 1e-3))), float(here.sum() / inside.sum())
    return Change(statistic, mean_db, length, seen, n_looks, _quay_may_be_hull(scene, window, (r, c), here))


def _quay_may_be_hull(scene: Scene, window: Window, place: tuple[NDArray[np.intp], ...], here: BoolImage) -> bool:
    """Is a quay that the picture alone tells as bright as a hull, over half of the berth's length?

    ``place`` are the pixels of the berth's grid in a window, (across, along); ``here`` those that were measured.
    """
    from pipeline.detection.radar.survey import ship_shares

    reader = scene.read
    if not isinstance(reader, FlatReader) or reader.n_looks or scene.radiometry is not Radiometry.SIGMA0:
        return False
    hull = ship_shares(scene.bands)[:, None, None] * 10 ** (LONG_HULL_DB / 10)
    over_hull = np.maximum(np.nan_to_num(reader.read(window).data[:, place[0], place[1]]) / hull, 1e-9)
    bright = here & (np.log(over_hull).mean(axis=0) > 0)
    return bool((bright.sum(axis=1) > here.shape[1] / 2).any())


def _berth_grid(scene: Scene, zone: Zone) -> tuple[FloatArray, FloatArray, BoolImage]:
    """Rows and columns of a grid along a berth's long side, (across, along), and which points lie in or beside it."""
    assert scene.geolocation is not None
    origin, along, across, length_m, width_m = berth_axes(zone)
    n, m = (max(1, int(side / _step_m(scene))) for side in (length_m, width_m))
    u, v = (np.arange(n) + 0.5) / n * length_m, (np.arange(m) + 0.5) / m * width_m
    xy = origin + u[None, :, None] * along + v[:, None, None] * across
    inside = shapely.contains_xy(grown_berth_m(zone), xy[..., 0], xy[..., 1])
    lon, lat = np.moveaxis(to_lonlat(zone, xy), -1, 0)
    row, col = scene.geolocation.rowcol(lon, lat)
    return row, col, inside & np.isfinite(row) & np.isfinite(col)


def _step_m(scene: Scene) -> float:
    return float(np.mean(scene.pixel_spacing_m))


def _window(scene: Scene, row: FloatArray, col: FloatArray) -> Window | None:
    """Window of the berth and the water around it, clipped to the image; None where the berth lies outside."""
    if not np.isfinite(row).any():
        return None
    r0, r1 = (int(f(row)) for f in (np.nanmin, np.nanmax))
    c0, c1 = (int(f(col)) for f in (np.nanmin, np.nanmax))
    if r1 < 0 or c1 < 0 or r0 >= scene.shape[0] or c0 >= scene.shape[1]:
        return None
    r0, c0 = max(r0, 0), max(c0, 0)
    r1, c1 = min(r1, scene.shape[0] - 1), min(c1, scene.shape[1] - 1)
    return Window(r0, c0, r1 - r0 + 1, c1 - c0 + 1).padded(AROUND_PX, scene.shape)


def _ratio_to_expected(scene: Scene, window: Window) -> tuple[FloatArray, FloatArray, BoolImage, int]:
    """Power over the expected, the effective number of looks of each pixel (both (bands, rows, cols)), the usable
    pixels, and the number of earlier looks behind the expectation."""
    reader = scene.read
    if isinstance(reader, FlatReader):
        tile = reader.read(window)
        usual, known = reader.usual_in(window)
        usual = usual * (QUANTILE_TO_MEAN / GUARD)
        expected = reader.sea[:, None, None] * (1 + usual)
        spread = UNSTEADY * usual / (1 + usual)
        steady = 1 / (1 / LOOKS_A_PIXEL + spread**2)
        return np.nan_to_num(tile.data / expected), steady, tile.valid & known, reader.n_looks
    tile = scene.read(window)
    usable = tile.valid & tile.water
    if not usable.any():
        return np.ones(tile.data.shape), np.ones(tile.data.shape), usable, 0
    blur = 20.0 / _step_m(scene) / 2.355
    out = []
    for band in tile.data:
        sea = float(np.median(band[usable])) * MEDIAN_TO_MEAN
        leak = screening.land_leakage(np.nan_to_num(band), tile.valid & ~tile.water, blur)
        out.append(np.nan_to_num(band) / (max(sea, 1e-12) + leak))
    return np.stack(out), np.full(tile.data.shape, LOOKS_A_PIXEL), usable, 0


def _best_box(ratio: FloatArray, weight: FloatArray, step_m: float) -> tuple[float, float, float]:
    """Statistic, mean ratio and length [m] of the box that exceeds the expected most; inputs (bands, across, along)."""
    total = np.stack([weight, weight * ratio]).cumsum(axis=2).cumsum(axis=3)
    total = np.pad(total, ((0, 0), (0, 0), (1, 0), (1, 0)))
    best = (0.0, 1.0, 0.0)
    m, n = ratio.shape[1:]
    for length_m in HULL_LENGTHS_M:
        for width_m in HULL_WIDTHS_M:
            h, w = min(m, max(1, round(width_m / step_m))), min(n, max(1, round(length_m / step_m)))
            looks, power = total[..., h:, w:] - total[..., :-h, w:] - total[..., h:, :-w] + total[..., :-h, :-w]
            mean = np.where(looks > 0, power / np.maximum(looks, 1e-9), 1.0)
            gain = np.where(mean > 1, looks * (mean - 1 - np.log(np.maximum(mean, 1e-9))), 0.0).sum(axis=0)
            r, c = (int(k) for k in np.unravel_index(int(np.argmax(gain)), gain.shape))
            if gain[r, c] > best[0]:
                best = (float(gain[r, c]), float(mean[:, r, c].mean()), w * step_m)
    return best
