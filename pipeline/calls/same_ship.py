"""Probability that two sightings in fine images show one ship, and the change of her freeboard between them.

Two hypotheses are compared: one hull measured twice, or two hulls of the trade. Length, beam, position of the house and
brightness of the deck each multiply the odds by their likelihood ratio. Repainting, an open hatch or a wet deck change
the tone, so it has little weight. Sister ships cannot be told apart by any of these.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.quantiles import Z90

ANOTHER_SHIP = 0.01  # probability below which two fine looks show two ships, whatever their lengths
LENGTH_FLOOR = 0.006  # of ln(length): error beyond the intervals of two looks
BEAM_FLOOR = 0.02  # of ln(beam): likewise; no source (our choice)
HOUSE_SD = 0.05  # of the house's position, share of the length, between two looks at one hull: simulated fleets
TONE_SD = 0.35  # of ln(deck tone): sun, haze, water, rain
# Share of pairs of looks where a measure is wrong beyond its interval, on simulated fleets of seeds below 1000. An end
# lost in shade shortens her by some 5 % (standard deviation); a wrong beam, house or deck (a quay included, a hatch
# left open) follows the fleet's spread, so that it is no evidence
LENGTH_FAILS, BEAM_FAILS, HOUSE_FAILS, TONE_FAILS = 0.07, 0.03, 0.1, 0.1
LENGTH_FAILED_SD = 0.05
# Of ln(length) among ships of one trade: nine in ten are 60-120 m, as in `pipeline.ships.turnover`
FLEET_LENGTH_SD = math.log(120 / 60) / (2 * Z90)
FLEET_SLENDER_SD = 0.08  # of ln(beam / length) at a given length
# Tankers have their houses aft, so the house's position tells few of them apart. Spread of those aft [share of the
# length], and the share of ships where the house is read elsewhere: a few are built so, and on more the gear amidships
# is brighter (one tanker in fourteen of simulated fleets; our choice). Between the two lies about a third of the
# length.
HOUSE_AFT_SD, HOUSE_ELSEWHERE, ELSEWHERE_SD = 0.03, 0.08, 0.3
FLEET_TONE_SD = 0.45  # of ln(deck tone); no source (our choice)


def same_ship_probability(first: Mapping[str, Any], second: Mapping[str, Any], prior: float = 0.5) -> float:
    """Probability that two rows of the detections table show one ship, given a prior; unknown fields are ignored.

    >>> look = {"length_m": 98.0, "length_lo_m": 97.0, "length_hi_m": 99.0}
    >>> round(same_ship_probability(look, look), 2), round(same_ship_probability(look, look | {"length_m": 110.0}), 2)
    (0.96, 0.03)
    """
    if not 0 < prior < 1:
        raise ValueError(f"a prior lies between 0 and 1; got {prior}")
    odds = math.log(prior / (1 - prior)) + log_odds(first, second)
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, odds))))


def is_fine(sighting: Mapping[str, Any]) -> bool:
    """Was she measured by her edges in a fine image? Then beam, house and deck are evidence as well."""
    return sighting.get("method") == "optical-edges"


def log_odds(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """Log likelihood ratio of the two looks: one ship against two."""
    length = _log_size_difference(first, second, "length", LENGTH_FLOOR)
    if length is None:
        return odds_beyond_length(first, second)
    difference, sd = length
    wide_sd = math.hypot(sd, math.sqrt(2) * FLEET_LENGTH_SD)
    log_one_hull = _log_density_or_wrong(difference, sd, math.hypot(sd, LENGTH_FAILED_SD), LENGTH_FAILS)
    return log_one_hull - _log_density(difference, wide_sd) + odds_beyond_length(first, second)


def fine_log_odds(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """`odds_beyond_length` of two fine looks, minus infinity if they surely show two ships; 0 unless both are fine."""
    if not (is_fine(first) and is_fine(second)):
        return 0.0
    return -math.inf if same_ship_probability(first, second) < ANOTHER_SHIP else odds_beyond_length(first, second)


def odds_beyond_length(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """The part of ``log_odds`` from beam for the length, house and deck, for callers with their own law of lengths."""
    total = 0.0
    length = _log_size_difference(first, second, "length", LENGTH_FLOOR)
    beam = _log_size_difference(first, second, "beam", BEAM_FLOOR)
    if length is not None and beam is not None:
        difference, sd = beam
        slender, spread = difference - length[0], math.hypot(math.hypot(sd, length[1]), math.sqrt(2) * FLEET_SLENDER_SD)
        total += _log_density_or_wrong(difference, sd, math.hypot(sd, math.sqrt(2) * FLEET_LENGTH_SD), BEAM_FAILS)
        total -= _log_density(slender, spread)
    return total + _house_log_ratio(first, second) + _tone_log_ratio(first, second)


def _house_log_ratio(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """Log likelihood ratio of the house's position: two hulls may differ in it, and a look may mistake it."""
    a, b = _number(first, "house_position"), _number(second, "house_position")
    if a is None or b is None:
        return 0.0
    p_one_elsewhere = 2 * HOUSE_ELSEWHERE * (1 - HOUSE_ELSEWHERE)
    p_unlike = HOUSE_FAILS + (1 - HOUSE_FAILS) * p_one_elsewhere
    aft_sd = math.hypot(HOUSE_SD, math.sqrt(2) * HOUSE_AFT_SD)
    log_one_hull = _log_density_or_wrong(a - b, HOUSE_SD, ELSEWHERE_SD, HOUSE_FAILS)
    return log_one_hull - _log_density_or_wrong(a - b, aft_sd, ELSEWHERE_SD, p_unlike)


def _tone_log_ratio(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """Log likelihood ratio of the decks' brightness; 0 unless both were measured."""
    a, b = _number(first, "deck_tone"), _number(second, "deck_tone")
    if a is None or b is None or min(a, b) <= 0:
        return 0.0
    difference, wide_sd = math.log(a / b), math.sqrt(2) * FLEET_TONE_SD
    return _log_density_or_wrong(difference, TONE_SD, wide_sd, TONE_FAILS) - _log_density(
        difference, math.hypot(TONE_SD, wide_sd)
    )


@dataclass(frozen=True, slots=True)
class FreeboardChange:
    """Second less first freeboard [m] with its 90 % interval, and the probability that both are of one hull."""

    change_m: float
    lo_m: float
    hi_m: float
    p_same_ship: float


def freeboard_change(first: Mapping[str, Any], second: Mapping[str, Any], prior: float = 0.5) -> FreeboardChange | None:
    """The change of freeboard between two looks, for which the hull's depth is not needed; None without both."""
    a, b = _number(first, "freeboard_m"), _number(second, "freeboard_m")
    if a is None or b is None:
        return None
    below = math.hypot(b - _number_or(second, "freeboard_lo_m", b), _number_or(first, "freeboard_hi_m", a) - a)
    above = math.hypot(_number_or(second, "freeboard_hi_m", b) - b, a - _number_or(first, "freeboard_lo_m", a))
    return FreeboardChange(b - a, b - a - below, b - a + above, same_ship_probability(first, second, prior))


def _log_size_difference(
    first: Mapping[str, Any], second: Mapping[str, Any], name: str, floor: float
) -> tuple[float, float] | None:
    """ln(second / first) of a size and its standard error."""
    values, variance = [], floor**2
    for row in (first, second):
        value = _number(row, f"{name}_m")
        if value is None or value <= 0:
            return None
        low, high = _number_or(row, f"{name}_lo_m", value), _number_or(row, f"{name}_hi_m", value)
        values.append(value)
        variance += ((high - low) / (2 * Z90 * value)) ** 2
    return math.log(values[1] / values[0]), math.sqrt(variance)


def _log_density(x: float, sd: float) -> float:
    return -0.5 * (x / sd) ** 2 - math.log(sd)


def _log_density_or_wrong(difference: float, sd: float, wide_sd: float, p_wrong: float) -> float:
    """Log density of a difference between two looks at one hull: normal, or with chance ``p_wrong`` a wrong measure."""
    return math.log(
        (1 - p_wrong) * math.exp(_log_density(difference, sd)) + p_wrong * math.exp(_log_density(difference, wide_sd))
    )


def _number(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    if value is None or isinstance(value, str):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _number_or(row: Mapping[str, Any], name: str, default: float) -> float:
    value = _number(row, name)
    return default if value is None else value
