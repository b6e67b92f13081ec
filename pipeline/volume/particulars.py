"""Capacity from the stated particulars of a ship: deadweight, gross tonnage, or a number that may be either.

Press and port lists mix deadweight and gross tonnage and call both "tonnes". A number of stated kind is accepted unless
the ship's other numbers contradict it: then both readings are kept, and the interval covers both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from pipeline.quantiles import Z90
from pipeline.volume.capacity import STATED_LOG_SD, Capacity, capacity_of, tanker_regression
from pipeline.volume.gas_carriers import GROSS_LOG_SD, GROSS_RATIO, OF_GAS_CARRIER, gas_carrier_capacity

TONNAGE_KINDS = ("dwt", "gt", "unknown")
SAME_NUMBER = 0.02  # DWT/GT this near to 1 is one number written twice, except for gas carriers (our choice)
FAR_BELOW_SD = 3.0  # errors of the estimate from length and beam: a deadweight lower than that is doubted ...
FAR_ABOVE_SD = 4.0  # ... and one higher than that: rarer, and mostly a digit too many (our choice)
# The same for a gross tonnage, in errors of both: one of 4,804 tankers of the open lists is beyond (our choice)
GROSS_OFF_SD = (-3.0, 2.6)
PLAIN_SD = 0.3  # extra error of a reading against the hull: keeps its weight from 0 and 1 within a few sd (our choice)


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a table states of one ship; None where it is empty."""

    dwt_t: float | None = None
    gt: float | None = None
    tonnage_kind: str = "dwt"  # of dwt_t
    length_m: float | None = None
    beam_m: float | None = None
    length_sd_m: float = 0.0
    beam_sd_m: float = 0.0
    contradicted: bool = False  # the measured hull does not have the size listed
    carries_gas: bool = False

    def __post_init__(self) -> None:
        if self.tonnage_kind not in TONNAGE_KINDS:
            raise ValueError(f"tonnage_kind is {self.tonnage_kind!r}; it must be one of {', '.join(TONNAGE_KINDS)}")

    def capacity(self, dwt_t: float | None, gt: float | None) -> Capacity:
        """Capacity from that deadweight or gross tonnage, and the hull if known.

        For a gas carrier, from the gross tonnage alone if known: it is the more certain of the two.
        """
        if self.carries_gas and dwt_t is None and gt is not None:
            return self.capacity_by_gross(gt)
        found = capacity_of(dwt_t, self.length_m, self.beam_m, self.length_sd_m, self.beam_sd_m, gt=gt)
        return gas_carrier_capacity(found) if self.carries_gas and found.method.startswith("dwt_from_length") else found

    def capacity_by_gross(self, gt: float) -> Capacity:
        """Capacity from the gross tonnage alone."""
        if self.carries_gas:
            return Capacity(math.log(GROSS_RATIO * gt), GROSS_LOG_SD, 0.0, f"dwt_from_gt{OF_GAS_CARRIER}")
        return Capacity(*tanker_regression().from_gross(gt), 0.0, "dwt_from_gt")


def capacity_from_particulars(ship: Particulars) -> tuple[Capacity, str]:
    """Capacity of a ship, and doubts about it ("" for none).

    >>> capacity_from_particulars(Particulars(dwt_t=2998, gt=2998))[1]
    'the deadweight may be a gross tonnage (DWT/GT = 1.00)'
    """
    found, doubt = _as_stated(ship)
    tonnage_words = {"dwt": "deadweight", "gt": "gross tonnage"}.get(ship.tonnage_kind, "tonnage")
    named = " and ".join(dict.fromkeys(n for n, v in ((tonnage_words, ship.dwt_t), ("gross tonnage", ship.gt)) if v))
    if not ship.contradicted or not named:
        return found, doubt
    doubt_of_ship = f"the {named} may be another ship's, like the listed size"
    return mixture(found, ship.capacity(None, None), 0.5, "dwt_doubtful"), "; ".join(
        filter(None, (doubt, doubt_of_ship))
    )


def _as_stated(ship: Particulars) -> tuple[Capacity, str]:
    """Capacity from the stated tonnage and the hull, assuming that they are one ship's."""
    stated, gross = ship.dwt_t, ship.gt
    if stated is None or ship.tonnage_kind == "gt":
        return _gross_against_hull(ship, gross if gross is not None else stated)
    if ship.tonnage_kind == "unknown":
        return _dwt_or_gt(ship, stated), ""
    if gross is not None and abs(stated / gross - 1) <= SAME_NUMBER and not ship.carries_gas:
        cause = f"the deadweight may be a gross tonnage (DWT/GT = {stated / gross:.2f})"
        return _dwt_or_gt(ship, stated), cause
    return _dwt_against_hull(ship, stated)


def _dwt_or_gt(ship: Particulars, tonnage: float) -> Capacity:
    """A number that is a deadweight or a gross tonnage, equally likely before her hull is considered."""
    as_dwt = ship.capacity(tonnage, None)
    as_gt = ship.capacity_by_gross(tonnage)
    if ship.length_m is None:
        return mixture(as_dwt, as_gt, 0.5, "dwt_or_gt")
    hull = ship.capacity(None, None)
    logs = [
        -0.5 * (reading.log_dwt - hull.log_dwt) ** 2 / (reading.log_sd**2 + hull.log_sd**2 + PLAIN_SD**2)
        for reading in (as_dwt, as_gt)
    ]
    share = expit(logs[0] - logs[1])
    return mixture(as_dwt, ship.capacity(None, tonnage), float(share), "dwt_or_gt")


def _dwt_against_hull(ship: Particulars, stated: float) -> tuple[Capacity, str]:
    """The stated deadweight, unless it is too small or too large for a hull of her length and beam."""
    taken = ship.capacity(stated, None)
    if ship.length_m is None or ship.beam_m is None:
        return taken, ""
    hull = ship.capacity(None, None)
    deviation = (taken.log_dwt - hull.log_dwt) / float(np.hypot(hull.log_sd, hull.shared_sd))
    of_size = f"what {ship.length_m:g} x {ship.beam_m:g} m gives ({np.exp(hull.log_dwt):,.0f} t)"
    ratio = "" if ship.gt is None else f", DWT/GT = {stated / ship.gt:.2f}"
    if deviation < -FAR_BELOW_SD:
        cause = f"the deadweight may be a gross tonnage: {stated:,.0f} t is far below {of_size}{ratio}"
        return _dwt_or_gt(ship, stated), cause
    if deviation > FAR_ABOVE_SD:
        cause = f"the deadweight of {stated:,.0f} t is far above {of_size}{ratio}"
        return mixture(taken, ship.capacity(None, ship.gt), 0.5, "dwt_doubtful"), cause
    return taken, ""


def _gross_against_hull(ship: Particulars, gross: float | None) -> tuple[Capacity, str]:
    """The stated gross tonnage and her hull, unless it is too small or too large for that length and beam."""
    taken = ship.capacity(None, gross)
    if gross is None or ship.length_m is None or ship.beam_m is None or ship.carries_gas:
        return taken, ""
    hull, by_gross = ship.capacity(None, None), ship.capacity_by_gross(gross)
    deviation = (by_gross.log_dwt - hull.log_dwt) / math.hypot(hull.log_sd, hull.shared_sd, by_gross.log_sd)
    if GROSS_OFF_SD[0] <= deviation <= GROSS_OFF_SD[1]:
        return taken, ""
    far = "far below" if deviation < 0 else "far above"
    size = f"{ship.length_m:g} x {ship.beam_m:g} m"
    cause = f"the gross tonnage of {gross:,.0f} is {far} that of {size} (deadweight some {np.exp(hull.log_dwt):,.0f} t)"
    return mixture(by_gross, hull, 0.5, "dwt_doubtful"), cause


def mixture(first: Capacity, second: Capacity, share: float, method: str) -> Capacity:
    """Mean and spread of a mixture of two readings of which one is right, the first with probability ``share``.

    The 90 % interval is widened to include both readings' means.
    """
    mean = share * first.log_dwt + (1 - share) * second.log_dwt
    variance = share * (first.log_sd**2 + (first.log_dwt - mean) ** 2)
    variance += (1 - share) * (second.log_sd**2 + (second.log_dwt - mean) ** 2)
    reach = max(abs(first.log_dwt - mean), abs(second.log_dwt - mean)) / Z90
    shared = (1 - share) * second.shared_sd
    return Capacity(mean, float(max(np.sqrt(variance), reach, STATED_LOG_SD)), shared, method)
