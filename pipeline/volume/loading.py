"""From draught or freeboard to cargo: displacement with a block coefficient that falls as a ship lightens.

``D(T) = rho Cb(T) L B T`` with ``Cb(T) = 1 - (1 - Cb_d) (T_d / T)^(1/3)`` (MAN, "Basic Principles of Ship
Propulsion"). The inverted ratio, found in one public notebook, would make Cb rise as she lightens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK_COEFFICIENT = 0.79  # design, on length over all: 0.8225 of chemical tankers on Lpp, less 4 % for LOA against Lpp
BLOCK_COEFFICIENT_SD = 0.03  # NILIM TN 309: tankers' Cb has a standard deviation of 0.038; part of it is length
# Deadweight over full displacement: the two small tankers for which both are published have 0.67 (Etsuzan Maru No. 8,
# https://www.scribd.com/document/845820261/) and 0.78; large ones 0.80 to 0.86.
DEADWEIGHT_COEFFICIENT, DEADWEIGHT_COEFFICIENT_SD = 0.725, 0.06
LIGHTSHIP_SD_SHARE = DEADWEIGHT_COEFFICIENT_SD / DEADWEIGHT_COEFFICIENT**2  # of deadweight
DRAUGHT_RANGE = (0.65, 1.1)  # of the published design draught: beyond, deadweight and hull do not fit (our choice)
SEA_T_PER_M3 = 1.025
BALLAST_SHARE_DISCHARGED = 0.9  # of the ballast that she arrived with, pumped out while loading (our judgement)


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

        Held near that of small tankers of her length, 0.0540 L + 1.3559 m (Danish Maritime Authority, RiskEngine,
        chemical), so that a wrong deadweight does not make an impossible hull.
        """
        published = 0.0540 * length_m + 1.3559
        full = dwt_t / DEADWEIGHT_COEFFICIENT
        asked = full / (SEA_T_PER_M3 * BLOCK_COEFFICIENT * length_m * beam_m)
        low, high = (share * published for share in DRAUGHT_RANGE)
        return cls(length_m, beam_m, float(np.clip(asked, low, high)), dwt_t)

    @property
    def lightship_t(self) -> float:
        """The ship alone: full displacement less deadweight."""
        return self.dwt_t * (1 / DEADWEIGHT_COEFFICIENT - 1)


@dataclass(frozen=True, slots=True)
class CargoChange:
    """Cargo taken aboard [t] with its standard error; negative where she discharged."""

    tonnes: float
    sd_t: float
    method: str


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


def cargo_by_draught(
    form: HullForm,
    draught_in_m: float,
    draught_out_m: float,
    draught_sd_m: float,
    water_t_per_m3: float,
    constants_share: float,
    method: str = "load_from_draughts",
) -> CargoChange:
    """Cargo from the draughts on arrival and departure.

    A loading tanker pumps ballast out: what she gained in displacement is cargo less that ballast. Ballast on arrival
    is what displacement exceeds lightship and stores by.
    """
    before = displacement_t(form, draught_in_m, water_t_per_m3)
    after = displacement_t(form, draught_out_m, water_t_per_m3)
    empty = form.lightship_t + constants_share * form.dwt_t
    gained = after - before
    ballast = float(np.clip(before - empty, 0.0, 0.45 * form.dwt_t)) if gained > 0 else 0.0
    tonnes = gained + BALLAST_SHARE_DISCHARGED * ballast
    errors = (
        tonnes_per_metre(form, water_t_per_m3) * draught_sd_m * np.sqrt(2),
        abs(gained) * BLOCK_COEFFICIENT_SD / BLOCK_COEFFICIENT,
        BALLAST_SHARE_DISCHARGED * min(ballast, form.dwt_t * LIGHTSHIP_SD_SHARE),
    )
    return CargoChange(float(tonnes), float(np.hypot.reduce(errors)), method)


def cargo_by_freeboard(
    form: HullForm,
    freeboard_in_m: float,
    freeboard_out_m: float,
    freeboard_sd_m: float,
    water_t_per_m3: float,
    constants_share: float,
) -> CargoChange:
    """Cargo from the freeboard in two looks at the same hull: the change needs no depth.

    Where the change starts from is not seen: she is taken to leave at 95 % of her design draught, give or take 7 %.
    """
    sunk = freeboard_in_m - freeboard_out_m
    out = 0.95 * form.design_draught_m if sunk > 0 else 0.65 * form.design_draught_m
    into = max(out - sunk, 0.3 * form.design_draught_m)
    change = cargo_by_draught(
        form, into, out, freeboard_sd_m / np.sqrt(2), water_t_per_m3, constants_share, "load_from_freeboards"
    )
    return CargoChange(change.tonnes, float(np.hypot(change.sd_t, 0.1 * abs(change.tonnes))), change.method)
