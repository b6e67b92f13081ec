"""Approximate size of an unlikely ship, without a hull fit: the rectangle with its pixels' second moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

BLUR_RESOLUTIONS = 1.0  # taken off each side, in resolutions (our choice)
SHARE = (0.4, 2.0)  # bounds of so rough a size, as shares of it (our choice)


@dataclass(frozen=True, slots=True, eq=False)
class Size:
    """Centre in pixels, sizes in metres with 90 % bounds (low, middle, high), long axis as a unit vector in metres
    (rows, cols). ``smear_db`` is how much stronger the tails along rows are than those along columns, where they were
    measured."""

    row: float
    col: float
    length_m: tuple[float, float, float]
    beam_m: tuple[float, float, float]
    axis: tuple[float, float]
    outline: FloatArray
    smear_db: float = 0.0


def rough_size(
    rows: FloatArray, cols: FloatArray, power: FloatArray, spacing_m: tuple[float, float], resolution_m: float
) -> Size:
    """Rectangle with the power-weighted second moments of an object's pixels, less the blur."""
    place = np.vstack([rows, cols]) * np.array(spacing_m)[:, None]
    middle = np.average(place, axis=1, weights=power)
    moments = np.cov(place, bias=True, aweights=power) if len(rows) > 1 else np.zeros((2, 2))
    values, vectors = np.linalg.eigh(moments + np.diag(np.square(spacing_m)) / 12)
    sides = np.sqrt(12 * values)
    axis = vectors[:, 1] * (1 if vectors[0, 1] > 1e-12 or (abs(vectors[0, 1]) <= 1e-12 and vectors[1, 1] > 0) else -1)
    beam, length = (float(max(s - BLUR_RESOLUTIONS * resolution_m, 0.4 * min(spacing_m))) for s in sides)
    ahead, abeam = axis * length / 2, np.array([-axis[1], axis[0]]) * beam / 2
    corners = np.array([ahead + abeam, ahead - abeam, -ahead - abeam, -ahead + abeam])
    bounds = [(SHARE[0] * s, s, SHARE[1] * s + resolution_m) for s in (length, beam)]
    centre = middle / spacing_m
    return Size(
        float(centre[0]),
        float(centre[1]),
        bounds[0],
        bounds[1],
        (float(axis[0]), float(axis[1])),
        (middle + corners) / np.array(spacing_m),
    )
