"""Displacement and draught of a tanker: displacement with a block coefficient that falls as a ship lightens.

``D(T) = rho Cb(T) L B T`` with ``Cb(T) = 1 - (1 - Cb_d) (T_d / T)^(1/3)`` (MAN, "Basic Principles of Ship
Propulsion"). The inverted ratio, found in one public notebook, would make Cb rise as she lightens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

BLOCK_COEFFICIENT = 0.79  # design, on length over all: 0.8225 of chemical tankers on Lpp, less 4 % for LOA against Lpp
BLOCK_COEFFICIENT_SD = 0.03  # NILIM TN 309: tankers' Cb has a standard deviation of 0.038; part of it is length
# Deadweight over full displacement: the two small tankers for which both are published have 0.67 (Etsuzan Maru No. 8,
# https://www.scribd.com/document/845820261/) and 0.78; large ones 0.80 to 0.86.
DEADWEIGHT_COEFFICIENT, DEADWEIGHT_COEFFICIENT_SD = 0.725, 0.06
DRAUGHT_RANGE = (0.65, 1.1)  # of the published design draught: beyond, deadweight and hull do not fit (our choice)
SEA_T_PER_M3 = 1.025
# Below, the published lines of depth run to nothing at 10 m; depth goes as length^0.7 there, which gives small tankers
# and barges of 20 to 50 m their 2 to 3.6 m (our choice, no source).
SHORTEST_FOR_DEPTH_M, SHORT_HULL_POWER = 55.0, 0.7


@dataclass(frozen=True, slots=True)
class HullForm:
    """What the displacement of a ship follows from."""

    length_m: float
    beam_m: float
    design_draught_m: float
    dwt_t: float

    @classmethod
    def usual(cls, length_m: float, beam_m: float, dwt_t: float) -> HullForm:
        """Design draught at which the hull displaces what her deadweight asks for.

        Held near the usual one for her length, so that a wrong deadweight does not make an impossible hull.
        """
        published = usual_design_draught_m(length_m)
        full = dwt_t / DEADWEIGHT_COEFFICIENT
        asked = full / (SEA_T_PER_M3 * BLOCK_COEFFICIENT * length_m * beam_m)
        low, high = (share * published for share in DRAUGHT_RANGE)
        return cls(length_m, beam_m, float(np.clip(asked, low, high)), dwt_t)

    @property
    def lightship_t(self) -> float:
        """The ship alone: full displacement less deadweight."""
        return self.dwt_t * (1 / DEADWEIGHT_COEFFICIENT - 1)


def block_coefficient(draught_m: float, design_draught_m: float, design: float = BLOCK_COEFFICIENT) -> float:
    """Cb at a draught; not below 0.4, where the formula has lost its meaning.

    >>> round(block_coefficient(3.0, 6.0), 3)
    0.735
    """
    return max(0.4, 1 - (1 - design) * (design_draught_m / draught_m) ** (1 / 3))


def displacement_t(form: HullForm, draught_m: float, water_t_per_m3: float, design: float = BLOCK_COEFFICIENT) -> float:
    """Mass of the ship and all in her at a draught."""
    block = block_coefficient(draught_m, form.design_draught_m, design)
    return water_t_per_m3 * block * form.length_m * form.beam_m * draught_m


def tonnes_per_metre(form: HullForm, water_t_per_m3: float) -> float:
    """Displacement per metre of immersion: rho Cw L B with Cw = 0.67 Cb + 0.32."""
    return water_t_per_m3 * (0.67 * BLOCK_COEFFICIENT + 0.32) * form.length_m * form.beam_m


def draught_at(volume_per_area_m: FloatArray, design_draught_m: FloatArray, design: FloatArray) -> FloatArray:
    """Draught at which ``Cb(T) T`` is a ship's displacement over ``rho L B``: the inverse of `displacement_t`.

    With ``s = T^(1/3)`` it is the root of ``s^3 - (1 - Cb_d) T_d^(1/3) s^2 = x``. Four steps of Newton from its series
    in ``(1 - Cb_d) T_d^(1/3) / x^(1/3)``, held below the sum of both terms, are exact to 1e-13 for any ship.

    >>> form = HullForm(96.0, 15.0, 6.0, 4500.0)
    >>> x = displacement_t(form, 4.2, 1.025) / (1.025 * 96.0 * 15.0)
    >>> round(float(draught_at(np.array(x), np.array(6.0), np.array(BLOCK_COEFFICIENT))), 6)
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


def usual_design_draught_m(length_m: float) -> float:
    """0.0540 L + 1.3559 m: chemical tankers (Danish Maritime Authority, RiskEngine), the nearest to small tankers."""
    return 0.0540 * length_m + 1.3559


def usual_depth_m(length_m: float) -> float:
    """Mean of the lines for chemical and products tankers, 0.0775 L - 0.4337 and 0.0958 L - 1.3162 m (same source).

    >>> [round(usual_depth_m(length_m), 1) for length_m in (12.0, 30.0, 55.0, 98.0)]
    [1.3, 2.5, 3.9, 7.6]
    """
    held = max(length_m, SHORTEST_FOR_DEPTH_M)
    depth = 0.5 * ((0.0775 * held - 0.4337) + (0.0958 * held - 1.3162))
    return depth * (length_m / held) ** SHORT_HULL_POWER
