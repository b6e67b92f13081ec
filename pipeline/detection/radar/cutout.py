"""Cut out one radar object with its surroundings for the hull fit: power relative to the sea, band by band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

PAD_PX = 26  # around an object: as far as side lobes are followed, and enough sea to measure its level
EIGHT_NEIGHBOURS = np.ones((3, 3), int)
CLEAR_PX = 3  # around bright pixels: the impulse response reaches that far
MIN_SEA_PX = 30  # fewer do not give the level of the sea (our choice)
LOG_BIAS = 0.118  # ln 4.4 - digamma(4.4): logarithm of the mean less mean of the logarithm, at 4.4 looks
SPECKLE_SD = 0.5  # of ln intensity at 4.4 looks: sqrt(trigamma(4.4))
FOREIGN_PX, FOREIGN_SHARE = 4, 0.06  # a neighbour is a ship of its own from this many pixels and share of the peak
DARKEST = 0.1  # of the sea: floor of a pixel in a geometric mean
CO_POLARISED = ("VV", "HH")
CROSS_POLARISED = ("VH", "HV")


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """One object: power in units of the sea's mean in each band, (bands, rows, cols), cross-polarised band first.

    ``member`` are the object's own pixels, ``clear`` those and measured water outside other objects. ``row0`` and
    ``col0`` place the cut-out in the image; ``outside_swath`` is the part of it outside the swath.
    """

    contrast: FloatArray
    polarisations: tuple[str, ...]  # "cross" or "co" for each band
    member: BoolImage
    clear: BoolImage
    row0: int
    col0: int
    spacing_m: tuple[float, float]
    resolution_m: float
    outside_swath: BoolImage | None = None

    @property
    def joint(self) -> FloatArray:
        """Geometric mean over bands: it suppresses streaks and side lobes, which differ between polarisations."""
        return np.exp(np.log(np.maximum(self.contrast, DARKEST)).mean(axis=0))


def cut_out(
    data: FloatImage,
    bands: tuple[str, ...],
    usable: BoolImage,
    labels: np.ndarray,
    label: int,
    box: tuple[slice, slice],
    origin: tuple[int, int],
    spacing_m: tuple[float, float],
    resolution_m: float,
    outside_swath: BoolImage | None = None,
) -> Cutout:
    """Cut out the object ``label``, with bounding box ``box``, from a window whose corner lies at ``origin``.

    ``data`` is power on any scale, (bands, rows, cols); at most one cross- and one co-polarised band are used.
    """
    rows, cols = (
        slice(max(0, b.start - PAD_PX), min(n, b.stop + PAD_PX)) for b, n in zip(box, usable.shape, strict=True)
    )
    near, good = labels[rows, cols], usable[rows, cols]
    chosen = _sizing_bands(bands)
    bright = ndimage.binary_dilation(near > 0, EIGHT_NEIGHBOURS, iterations=CLEAR_PX)
    contrast = np.stack([_over_sea(np.asarray(data[n, rows, cols], float), good, bright, near > 0) for n, _ in chosen])
    member = near == label
    joint = np.exp(np.log(np.maximum(contrast, DARKEST)).mean(axis=0))
    foreign = _other_ships(near, label, joint)
    return Cutout(
        contrast,
        tuple(kind for _, kind in chosen),
        member,
        good & ~ndimage.binary_dilation(foreign, EIGHT_NEIGHBOURS) | member,
        rows.start + origin[0],
        cols.start + origin[1],
        spacing_m,
        resolution_m,
        None if outside_swath is None else outside_swath[rows, cols],
    )


def _sizing_bands(bands: tuple[str, ...]) -> list[tuple[int, str]]:
    """Index and kind of the bands to size hulls on; a band of unknown name counts as co-polarised."""
    found = []
    for kind, names in (("cross", CROSS_POLARISED), ("co", CO_POLARISED)):
        index = next((n for n, band in enumerate(bands) if band.upper() in names), None)
        if index is not None:
            found.append((index, kind))
    return found or [(0, "co")]


def _over_sea(power: FloatArray, usable: BoolImage, bright: BoolImage, object_: BoolImage) -> FloatArray:
    """Power over the mean of the surrounding sea: water clear of objects, less pixels too bright for speckle.

    Where too little water is left, the 10 % quantile of the cut-out replaces it.
    """
    power = np.where(np.isfinite(power), power, 0.0)
    sea = usable & ~bright
    if sea.sum() < MIN_SEA_PX:
        sea = usable & ~object_
    values = power[sea & (power > 0)]
    if values.size < MIN_SEA_PX:
        positive = power[power > 0]
        return power / (float(np.quantile(positive, 0.1)) if positive.size else 1.0)
    logs = np.log(values)
    for _ in range(4):
        middle = np.median(logs)
        kept = logs[logs < middle + 2.5 * max(float(np.std(logs[logs <= middle])), 0.6 * SPECKLE_SD)]
        if kept.size == logs.size:
            break
        logs = kept
    return power / float(np.exp(logs.mean() + LOG_BIAS))


def _other_ships(near: np.ndarray, label: int, joint: FloatArray) -> BoolImage:
    """Pixels of other objects that are ships of their own, not fragments of this one's side lobes."""
    peak = float(joint[near == label].max())
    index = np.unique(near)
    index = index[(index > 0) & (index != label)]
    if not index.size:
        return np.zeros(near.shape, bool)
    sizes = ndimage.sum_labels(np.ones(near.shape), near, index)
    peaks = ndimage.maximum(joint, near, index)
    return np.isin(near, index[(sizes >= FOREIGN_PX) & (peaks > FOREIGN_SHARE * peak)])
