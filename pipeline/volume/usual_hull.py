"""Choose length and beam for reading draughts and freeboards: as stated, else those usual for the ship.

A beam measured with an error is combined with the usual one for the length, as for the deadweight.

A table with deadweights and draughts but no dimensions still allows an estimate of cargoes: tankers of one deadweight
differ by a tenth in length times beam, which moves a cargo estimated from draughts by no more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.volume.capacity import tanker_regression
from pipeline.volume.gas_carriers import LOG_OVER_TANKER, LOG_OVER_TANKER_SD, PETROLEUM_GAS

if TYPE_CHECKING:
    from pipeline.types import FloatArray

DWT_PER_HULL = 1.6  # relative change of deadweight per relative change of length times beam: the regression's exponents


@dataclass(frozen=True, slots=True)
class UsualHull:
    """Length and beam, and the relative error of their product."""

    length_m: float
    beam_m: float
    log_sd: float
    stated: bool  # both are stated; else one or both are the usual ones
    length_error_share: float = 0.0  # change of ln(length) that goes with one of ln(length times beam)


def hull_for_loads(row: Mapping[str, Any]) -> UsualHull | None:
    """The hull of a row of liftings; None without a length or deadweight.

    A beam without a length is not used: length times beam follows from the deadweight, whatever the beam.
    """
    length, beam, dwt, hull_sd = (_known(row.get(n)) for n in ("length_m", "beam_m", "dwt_p50_t", "hull_log_sd"))
    model = tanker_regression()
    if length is not None:
        length_sd, hull_sd = length_log_sd(row), hull_sd or 0.0
        beam_sd_m = 0.0 if beam is None else beam * math.sqrt(max(hull_sd**2 - length_sd**2, 0.0))
        log_beam, beam_sd, usual_weight = model.likely_beam(length, beam, beam_sd_m)
        by_length = (1 + usual_weight * model.beam_of_length[1]) * length_sd
        spread = math.hypot(beam_sd, by_length)
        length_error_share = by_length * length_sd / spread**2 if spread else 0.0
        return UsualHull(length, math.exp(log_beam), spread, beam is not None, length_error_share)
    if dwt is None:
        return None
    lengths, log_dwt = _usual_lengths()
    is_gas = row.get("product") == PETROLEUM_GAS  # such a ship is larger than an oil tanker of her deadweight
    log_of_hull, extra_log_sd = (LOG_OVER_TANKER, LOG_OVER_TANKER_SD) if is_gas else (0.0, 0.0)
    length = float(np.exp(np.interp(np.log(dwt) - log_of_hull, log_dwt, lengths)))
    spread = math.hypot(float(model.residual_sd(np.array(length))), extra_log_sd) / DWT_PER_HULL
    length_error_share = 1 / (1 + model.beam_of_length[1])  # ships of a larger deadweight are longer and broader
    return UsualHull(length, float(model.beam_from_length(np.array(length))[0]), spread, False, length_error_share)


def length_log_sd(row: Mapping[str, Any]) -> float:
    """Relative error of the length in a row of liftings; of length times beam in tables without that column."""
    return next((sd for name in ("length_log_sd", "hull_log_sd") if (sd := _known(row.get(name))) is not None), 0.0)


@cache
def _usual_lengths() -> tuple[FloatArray, FloatArray]:
    """Logarithms of lengths from 20 to 330 m, and of the deadweight of a tanker of each with the usual beam.

    Where deadweight does not rise with length, as beyond 260 m, the shortest ship of a deadweight is used.
    """
    model, lengths = tanker_regression(), np.geomspace(20.0, 330.0, 600)
    log_dwt = model.log_dwt(lengths, model.beam_from_length(lengths)[0])
    is_rising = np.append(True, np.diff(np.maximum.accumulate(log_dwt)) > 0)
    return np.log(lengths[is_rising]), log_dwt[is_rising]


def _known(value: object) -> float | None:
    return None if value is None or np.isnan(value) else float(value)  # type: ignore[call-overload,arg-type]
