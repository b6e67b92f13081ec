"""The law of stays: how long ships lie at the counted berths, from what is declared and from the stays that AIS shows.

Stays are log-normal. The config declares the middle and the spread of ln(stay), each with an uncertainty. Evidence on
both are the stays of which AIS tells arrival and departure, and those that were not over when AIS ends: they lasted at
least so long, and without them long stays would be missing. A ship that falls silent at the berth tells nothing, since
many switch off as they leave. The law is the most probable one (prior times the likelihood of the stays), so a few
stays move it a little and many replace what was declared.

A ship laid up for months, or away after hours, says little about the stays of the trade, and nothing in its track tells
the two apart. So one stay in a hundred is taken to be of another kind, with a much wider law; it is not in the result.

It is one law for all ships: those with a transponder are taken to stay as long as those without one (our choice).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

from pipeline.calls.alongside import ALONGSIDE
from pipeline.plurals import number_of
from pipeline.ships.turnover import SHORTEST_GAP_D, log_stay_mean_sd
from pipeline.tables import STAY_LAWS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from pipeline.config import CallsConfig
    from pipeline.types import FloatArray

LAW_POINTS = 40  # quantiles that stand for the distribution of stays
DAY_S = 86_400.0  # seconds of a day
SPREAD_STAYS = 12  # the declared spread of ln(stay) weighs as much as that of so many heard stays (our choice)
OTHERS, WIDER = 0.01, 4.0  # share of stays of another kind, and how much wider ln of these is spread (our choice)
FINEST = 1.01  # ratio of the bounds of a length: not known more finely, even if both are equal (our choice)
DECIMALS = 4  # of the fitted ln: the digits after these are those of the minimiser


@dataclass(frozen=True, slots=True)
class StayLaw:
    """Log-normal law of the lengths of stays at the counted zones of a place."""

    middle: float
    """Mean of ln of a stay [ln d]."""
    spread: float
    """Standard deviation of ln of a stay."""
    log_sd: float
    """Standard deviation of ln of the factor by which all stays may be longer or shorter together."""
    heard: int = 0
    """Number of stays heard from arrival to departure that it rests on."""
    unended: int = 0
    """Number of further stays that it rests on, which were not over when AIS ends."""
    pairs: int = 0
    """Number of pairs of consecutive looks at unnamed ships that it rests on."""

    @property
    def days(self) -> FloatArray:
        """Equally likely lengths [d], sorted."""
        return self.quantile_d((np.arange(LAW_POINTS) + 0.5) / LAW_POINTS)

    @property
    def stay_d(self) -> tuple[float, float]:
        """The 5 % and 95 % points [d]."""
        return float(self.quantile_d(0.05)), float(self.quantile_d(0.95))

    def quantile_d(self, share: ArrayLike) -> FloatArray:
        """The lengths [d] that such shares of all stays do not exceed."""
        return np.asarray(np.exp(self.middle + self.spread * ndtri(np.asarray(share, float))))

    def shifted(self, shift: float) -> StayLaw:
        """The law if all stays are longer by the factor ``exp(shift)``."""
        return replace(self, middle=self.middle + shift)

    def at(self, z: float) -> FloatArray:
        """The lengths [d] if stays are ``z`` standard deviations (of ``log_sd``) longer than estimated."""
        return np.asarray(self.days * np.exp(z * self.log_sd))


def stay_law(calls: pd.DataFrame, config: CallsConfig, until: pd.Timestamp | None = None) -> StayLaw:
    """The law from the counted calls of a table (PORT_CALLS) heard at both ends; without any, as declared.

    Where AIS ends at ``until``, also from those heard arriving and there till then. Not from ships that may lie
    alongside another: a bunker vessel leaves sooner than a cargo takes.
    """
    gap = np.timedelta64(round(config.gap_h * 3600), "s")
    beside = calls["flags"].map(lambda flags: ALONGSIDE in flags).astype(bool)
    known = calls["counts"].astype(bool) & calls["evidence_class"].isin(["A", "B"]) & ~beside
    arrival_heard = calls["arrival_hi"] - calls["arrival_lo"] <= gap
    ended = calls["departure_hi"] - calls["departure_lo"] <= gap
    goes_on = calls["departure_hi"].isna() & (until is not None and until - calls["departure_lo"] <= gap)
    stays = calls[known & arrival_heard & (ended | goes_on)]
    least, most = stays["departure_lo"] - stays["arrival_hi"], stays["departure_hi"] - stays["arrival_lo"]
    least_d, most_d = (length.dt.total_seconds().to_numpy(float) / DAY_S for length in (least, most))
    return law_from(least_d, np.where(np.isnan(most_d), np.inf, most_d), config)


def law_from(least_d: FloatArray, most_d: FloatArray, config: CallsConfig) -> StayLaw:
    """The law from stays that lasted at least and at most so long [d]; infinity if they were not over.

    The uncertainty is that of a mean of so many stays that ended and of the declared middle together.
    """
    middle, spread = log_stay_mean_sd(config.stay_d)
    if not len(least_d) or config.stay_log_sd == 0:
        return StayLaw(middle, spread, config.stay_log_sd)
    ended = int(np.isfinite(most_d).sum())
    least_d = np.maximum(least_d, SHORTEST_GAP_D)
    bounds = np.log([least_d, np.maximum(most_d, FINEST * least_d)])

    def badness(point: FloatArray) -> float:
        """Minus the logarithm of the posterior density, up to a constant, per stay."""
        z = (bounds - middle - point[0]) / (spread * np.exp(point[1]))
        longer = (1 - OTHERS) * ndtr(-z) + OTHERS * ndtr(-z / WIDER)
        likelihood = np.log(np.maximum(longer[0] - longer[1], np.finfo(float).tiny)).sum()
        prior = -((point[0] / config.stay_log_sd) ** 2) / 2 - SPREAD_STAYS * (point[1] + np.exp(-2 * point[1]) / 2)
        return float(-(prior + likelihood) / (len(least_d) + SPREAD_STAYS))

    shift, stretch = minimize(badness, np.zeros(2), method="BFGS").x.round(DECIMALS)
    spread *= float(np.exp(stretch))
    certainty = config.stay_log_sd**-2 + ended / spread**2
    return StayLaw(middle + float(shift), spread, float(certainty**-0.5), ended, len(least_d) - ended)


def stay_table(law: StayLaw, config: CallsConfig) -> pd.DataFrame:
    """The STAY_LAWS table: the law as declared and as used."""
    declared = law_from(np.empty(0), np.empty(0), config)
    rows = [
        {"law": name, "log_sd": one.log_sd, "heard": one.heard, "unended": one.unended, "pairs": one.pairs}
        | dict(zip(("stay_lo_d", "stay_d", "stay_hi_d"), one.quantile_d((0.05, 0.5, 0.95)).tolist(), strict=True))
        for name, one in (("declared", declared), ("used", law))
    ]
    return STAY_LAWS.check(STAY_LAWS.from_rows(rows))


def stay_line(stays: pd.DataFrame) -> str:
    """What corrected the declared lengths of stays (STAY_LAWS), in words; "" where nothing did."""
    declared, used = stays.to_dict("records")
    evidence = [
        number_of(used["heard"], "stay") + " heard from arrival to departure" if used["heard"] else "",
        number_of(used["unended"], "stay") + " not over when AIS ends" if used["unended"] else "",
        number_of(used["pairs"], "pair") + " of consecutive looks at unnamed ships" if used["pairs"] else "",
    ]
    if not any(evidence):
        return ""
    days = "{stay_d:.1f} days (nine in ten {stay_lo_d:.1f} to {stay_hi_d:.1f})"
    return (
        f"stays at counted berths last {days.format(**used)}: calls.stay_d says {days.format(**declared)}, "
        f"corrected by {', '.join(filter(None, evidence))}"
    )
