"""The law of stays: how long ships lie at the counted berths, from what is declared and from the stays that AIS shows.

Stays are log-normal. The config declares the middle and the spread of ln(stay), each with an uncertainty; every stay
whose arrival was heard is evidence on both, also one whose end was not heard: it lasted at least so long. Without that,
long stays, which more often reach beyond the data, would be missing. The law is the most probable one (a normal prior
times the likelihood of the stays), so a few stays move it a little and many replace what was declared.

It is one law for all ships: those with a transponder are taken to stay as long as those without one (our choice).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtri

from pipeline.calls.alongside import ALONGSIDE
from pipeline.plurals import number_of
from pipeline.ships.turnover import SHORTEST_GAP_D, law_of_stays
from pipeline.tables import STAY_LAWS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from pipeline.config import CallsConfig
    from pipeline.types import FloatArray

LAW_POINTS = 40  # quantiles that stand for the distribution of stays
DAY_S = 86_400.0  # seconds of a day
LONGEST = 0.994  # share of stays that are no longer than the limit on one stay (our choice)
SPREAD_LOG_SD = 0.3  # uncertainty of the declared spread of ln(stay): standard deviation of its ln (our choice)


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


def stay_law(calls: pd.DataFrame, config: CallsConfig) -> StayLaw:
    """The law from the counted calls of a table (PORT_CALLS) whose arrival was heard; without any, as declared.

    Not of ships that may lie alongside another: a bunker vessel leaves sooner than a cargo takes.
    """
    gap = np.timedelta64(round(config.gap_h * 3600), "s")
    beside = calls["flags"].map(lambda flags: ALONGSIDE in flags).astype(bool)
    known = calls["counts"].astype(bool) & calls["evidence_class"].isin(["A", "B"]) & ~beside
    arrival_heard = calls["arrival_hi"] - calls["arrival_lo"] <= gap
    stays = calls[known & arrival_heard]
    ended = (stays["departure_hi"] - stays["departure_lo"] <= gap).to_numpy(bool)
    came = stays["arrival_lo"] + (stays["arrival_hi"] - stays["arrival_lo"]) / 2
    left = stays["departure_lo"] + ((stays["departure_hi"] - stays["departure_lo"]) / 2).where(ended, gap * 0)
    return law_from((left - came).dt.total_seconds().to_numpy(float) / DAY_S, ended, config)


def law_from(days: FloatArray, ended: NDArray[np.bool_], config: CallsConfig) -> StayLaw:
    """The law from stays of these lengths [d]; one that is not ``ended`` lasted longer than that.

    The uncertainty is that of a mean of so many ended stays and of the declared middle together.
    """
    middle, spread = law_of_stays(config.stay_d)
    if not len(days) or config.stay_log_sd == 0:
        return StayLaw(middle, spread, config.stay_log_sd)
    log = np.log(np.maximum(days, SHORTEST_GAP_D))

    def badness(point: FloatArray) -> float:
        """Minus the logarithm of the posterior density, up to a constant."""
        z = (log - middle - point[0]) / (spread * np.exp(point[1]))
        prior = (point[0] / config.stay_log_sd) ** 2 + (point[1] / SPREAD_LOG_SD) ** 2
        return float(prior / 2 + (z[ended] ** 2 / 2 + point[1]).sum() - log_ndtr(-z[~ended]).sum())

    shift, stretch = minimize(badness, np.zeros(2), method="BFGS").x
    spread *= float(np.exp(stretch))
    certainty = config.stay_log_sd**-2 + ended.sum() / spread**2
    return StayLaw(middle + float(shift), spread, float(certainty**-0.5), int(ended.sum()))


def stay_table(law: StayLaw, config: CallsConfig) -> pd.DataFrame:
    """The STAY_LAWS table: the law as declared and as used."""
    declared = law_from(np.empty(0), np.empty(0, bool), config)
    rows = [
        {"law": name, "log_sd": one.log_sd, "heard": one.heard}
        | dict(zip(("stay_lo_d", "stay_d", "stay_hi_d"), one.quantile_d((0.05, 0.5, 0.95)).tolist(), strict=True))
        for name, one in (("declared", declared), ("used", law))
    ]
    return STAY_LAWS.check(STAY_LAWS.from_rows(rows))


def stay_line(stays: pd.DataFrame) -> str:
    """How AIS corrected the declared lengths of stays (STAY_LAWS), in words; "" where it did not."""
    declared, used = stays.to_dict("records")
    if used | {"law": ""} == declared | {"law": ""}:
        return ""
    words = "{stay_d:.1f} days (nine in ten {stay_lo_d:.1f} to {stay_hi_d:.1f})"
    return (
        f"stays at counted berths: {words.format(**used)}, by calls.stay_d, {words.format(**declared)}, and AIS: "
        f"{number_of(used['heard'], 'stay')} heard from arrival to departure"
    )
