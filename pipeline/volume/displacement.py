"""Draught of a tanker from what she weighs: displacement with a block coefficient that falls as a ship lightens.

``D(T) = rho Cb(T) L B T`` with ``Cb(T) = 1 - (1 - Cb_d) (T_d / T)^(1/3)`` (MAN, "Basic Principles of Ship
Propulsion"). The inverted ratio, found in one public notebook, would make Cb rise as she lightens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

BLOCK_COEFFICIENT = 0.79  # design, on length over all: 0.8225 of chemical tankers on Lpp, less 4 % for LOA against Lpp
BLOCK_COEFFICIENT_SD = 0.03  # NILIM TN 309: tankers' Cb has a standard deviation of 0.038; part of it is length
# Deadweight over full displacement: the two small tankers for which both are published have 0.67 (Etsuzan Maru No. 8,
# https://www.scribd.com/document/845820261/) and 0.78; large ones 0.80 to 0.86.
DEADWEIGHT_COEFFICIENT, DEADWEIGHT_COEFFICIENT_SD = 0.725, 0.06


def draught_at(volume_per_area_m: FloatArray, design_draught_m: FloatArray, design: FloatArray) -> FloatArray:
    """Draught [m] at which ``Cb(T) T`` is a ship's displacement over ``rho L B``.

    ``design`` is her block coefficient at her design draught. With ``s = T^(1/3)`` it is the root of
    ``s^3 - (1 - Cb_d) T_d^(1/3) s^2 = x``. Four steps of Newton from its series in ``(1 - Cb_d) T_d^(1/3) / x^(1/3)``,
    held below the sum of both terms, are exact to 1e-13 for any ship.

    >>> cb = 1 - (1 - 0.79) * (6.0 / 4.2) ** (1 / 3)
    >>> round(float(draught_at(np.array(cb * 4.2), np.array(6.0), np.array(0.79))), 6)
    4.2
    """
    pull = (1 - design) * np.cbrt(design_draught_m)
    x = np.maximum(volume_per_area_m, 1e-6)
    alone = np.cbrt(x)
    root = alone + pull / 3 + np.minimum(pull * pull / (9 * alone), 2 / 3 * pull)
    for _ in range(4):
        square = root * root  # a power of three costs ten products
        root = root - (square * (root - pull) - x) / (3 * square - 2 * pull * root)
    return root * root * root
