"""Estimate a ship's speed from the time delay between Sentinel-2's bands.

The bands image a place within a second or two of each other. At 10 kn a hull moves 5 m between B02 and B04: half a
pixel, measurable from the whole hull and her wake to about a sixth of a pixel. Odd and even detectors of the instrument
see the bands in opposite order, and a map-projected product does not say which one saw a place: so the direction of
travel along the hull stays unknown, and speed is given without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg, ndimage

from pipeline.quantiles import Z90
from pipeline.units import KNOT_M_S

if TYPE_CHECKING:
    from pipeline.types import FloatArray, FloatImage

# Seconds after B02 (ESA, Sentinel-2 User Handbook, inter-band time delays of the focal plane)
DELAY_S = {"B02": 0.0, "B08": 0.264, "B03": 0.527, "B04": 1.005}
MIN_BASE_S = 0.4  # bands nearer in time show no motion worth measuring; our choice
REGISTRATION_PX = 0.15  # standard error between bands of the product itself (ESA's quality reports: 0.1 to 0.3)
FASTEST_KN = 45.0  # anything faster is more often an aeroplane or an error than a fast ferry (our choice)


@dataclass(frozen=True, slots=True)
class Motion:
    """Speed along the hull and across it [kn], each with its standard error; the sign along the hull is unknown."""

    along_kn: float
    across_kn: float
    along_se_kn: float
    across_se_kn: float

    @property
    def speed_kn(self) -> tuple[float, float, float]:
        """p5, value, p95 of the speed along the hull; not below 0."""
        v = abs(self.along_kn)
        return max(0.0, v - Z90 * self.along_se_kn), v, v + Z90 * self.along_se_kn

    @property
    def off_axis(self) -> bool:
        """Does it clearly move sideways? No ship does; waves, clouds and aeroplanes may."""
        return abs(self.across_kn) > max(3.0 * self.across_se_kn, 8.0, 1.5 * abs(self.along_kn))


def estimate_motion(
    bands: dict[str, FloatImage], inside: FloatImage, axis: tuple[float, float], spacing_m: tuple[float, float]
) -> Motion | None:
    """Motion of the object in a small window; None where the bands do not allow it.

    ``bands`` are brightness over water by name, (rows, cols); ``inside`` is 1 on the object and its surroundings that
    move with it; ``axis`` is the hull's unit vector (south, east) in metres.
    """
    names = sorted((b for b in bands if b in DELAY_S), key=DELAY_S.__getitem__)
    if len(names) < 2 or DELAY_S[names[-1]] - DELAY_S[names[0]] < MIN_BASE_S:
        return None
    bases: list[float] = []
    shifts: list[FloatArray] = []
    errors_px: list[FloatArray] = []
    for name in names[1:]:
        base_s = DELAY_S[name] - DELAY_S[names[0]]
        if base_s >= MIN_BASE_S and (found := estimate_shift_px(bands[names[0]], bands[name], inside)) is not None:
            bases.append(base_s)
            shifts.append(np.array(spacing_m) * found[0])
            errors_px.append(found[1])
    if not bases:
        return None
    # Half of a pair's registration error is the first band's own, which all pairs share
    registration_px = np.kron(REGISTRATION_PX**2 / 2 * (np.eye(len(bases)) + 1), np.eye(2))
    metres = np.tile(spacing_m, len(bases))
    weight = np.linalg.inv(np.outer(metres, metres) * (linalg.block_diag(*errors_px) + registration_px))
    way = np.kron(np.array(bases)[:, None], np.eye(2))
    combined = np.linalg.inv(way.T @ weight @ way)
    velocity = combined @ way.T @ weight @ np.concatenate(shifts)
    unit = np.array(axis)
    cross = np.array([-axis[1], axis[0]])
    along, across = float(unit @ velocity) / KNOT_M_S, float(cross @ velocity) / KNOT_M_S
    if np.hypot(along, across) > FASTEST_KN:
        return None
    errors = [float(np.sqrt(v @ combined @ v)) / KNOT_M_S for v in (unit, cross)]
    return Motion(along, across, *errors)


def estimate_shift_px(first: FloatImage, later: FloatImage, inside: FloatImage) -> tuple[FloatArray, FloatArray] | None:
    """Displacement of the second image against the first (rows, columns), and its covariance; None where none fits.

    Least squares for ``later(x) = gain first(x - shift) + level`` by Gauss-Newton over the window; residuals that no
    shift explains (a deck that differs in colour from end to end) widen the error. Pixels of a resampled image are
    correlated, so four count as one.
    """
    weight = inside.astype(np.float64).ravel()
    if weight.sum() < 12:
        return None
    shift: FloatArray = np.zeros(2)
    reference, target = first.astype(np.float64), later.astype(np.float64)
    covariance = np.eye(2)
    for _ in range(8):
        moved = ndimage.shift(reference, shift, order=3, mode="nearest")
        slope = np.gradient(moved)
        design = np.column_stack([moved.ravel(), np.ones(moved.size), -slope[0].ravel(), -slope[1].ravel()])
        root = np.sqrt(weight)[:, None]
        solution, *_ = np.linalg.lstsq(design * root, target.ravel() * root[:, 0], rcond=None)
        gain = solution[0]
        if gain <= 1e-3:
            return None
        step = solution[2:] / gain
        shift = (shift + np.clip(step, -1, 1)).astype(np.float64)
        if np.abs(shift).max() > 4:
            return None
        if np.abs(step).max() < 0.005:
            break
    rest = (target.ravel() - design @ solution) * np.sqrt(weight)
    variance = float(rest @ rest) / max(1.0, weight.sum() / 4 - 4)  # four times that of a pixel: four count as one
    try:
        inverse = np.linalg.inv((design * weight[:, None]).T @ design)
    except np.linalg.LinAlgError:
        return None
    covariance = variance * inverse[2:, 2:] / gain**2
    return shift, covariance
