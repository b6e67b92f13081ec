"""Draught of a tanker from her displacement, with a block coefficient that falls as a ship lightens.

``D(T) = rho Cb(T) L B T`` with ``Cb(T) = 1 - (1 - Cb_d) (T_d / T)^(1/3)`` (MAN, "Basic Principles of Ship
Propulsion"). The inverted ratio, found in one public notebook, would make Cb rise as she lightens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray


def draught_at(volume_per_area_m: FloatArray, design_draught_m: FloatArray, design_block: FloatArray) -> FloatArray:
    """Draught [m] at which ``Cb(T) T`` is a ship's displacement over ``rho L B``.

    ``design_block`` is her block coefficient at her design draught.

    >>> cb = 1 - (1 - 0.79) * (6.0 / 4.2) ** (1 / 3)
    >>> round(float(draught_at(np.array(cb * 4.2), np.array(6.0), np.array(0.79))), 6)
    4.2
    """
    return draught_by_fineness(volume_per_area_m, (1 - design_block) * np.cbrt(design_draught_m))


def draught_by_fineness(volume_per_area_m: FloatArray, fineness: FloatArray) -> FloatArray:
    """As ``draught_at``, by ``pull = (1 - Cb_d) T_d^(1/3)`` [m^(1/3)].

    With ``s = T^(1/3)`` it is the root of ``s^3 - pull s^2 = x``. Four steps of Newton from its series in
    ``pull / x^(1/3)``, held below the sum of both terms, are exact to 1e-13 for any ship.
    """
    x = np.maximum(volume_per_area_m, 1e-6)
    box_root = np.cbrt(x)
    root = box_root + fineness / 3 + np.minimum(fineness * fineness / (9 * box_root), 2 / 3 * fineness)
    for _ in range(4):
        root = _newton(root, x, fineness)
    return root * root * root


def draught_near(near_m: float, volume_per_area_m: FloatArray, fineness: FloatArray) -> FloatArray:
    """As ``draught_by_fineness``, to compare with ``near_m``: two steps of Newton from there, at half the cost.

    Exact to 2 mm within 0.6 m of ``near_m``, from 2 m on (at 1 m to 6 mm). What lies further off may err more and stays
    further off: the curve is convex beyond a third of ``fineness``, so a step never ends short of the root.
    """
    root = _newton(np.cbrt(near_m), volume_per_area_m, fineness)
    root = _newton(root, volume_per_area_m, fineness)
    return root * root * root


def _newton(root: FloatArray | float, x: FloatArray, fineness: FloatArray) -> FloatArray:
    """One step towards the root of ``s^3 - pull s^2 = x``."""
    twice = 2 * root - fineness
    return (root * root * twice + x) / (root * (twice + (root - fineness)))
