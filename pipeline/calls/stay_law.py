"""The law of stays: equally likely lengths of stay, and the common error of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from pipeline.quantiles import Z90

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import CallsConfig
    from pipeline.types import FloatArray

MIN_STAYS = 10  # complete stays from which the observed distribution replaces the declared one (our choice)
LAW_POINTS = 40  # quantiles that stand for the distribution of stays
DAY_S = 86_400.0  # seconds of a day


@dataclass(frozen=True, slots=True, eq=False)
class StayLaw:
    """The lengths of stays at the counted zones of a place."""

    days: FloatArray
    """Equally likely lengths [d], sorted."""
    log_sd: float
    """Standard deviation of ln of the factor by which all may be wrong together."""

    def at(self, z: float) -> FloatArray:
        """The lengths [d] if stays are ``z`` of these standard deviations longer than estimated."""
        return np.asarray(self.days * np.exp(z * self.log_sd))


def stay_law(calls: pd.DataFrame, config: CallsConfig) -> StayLaw:
    """From the stays heard by AIS from arrival to departure, if there are enough; else as declared.

    The error of an observed law is that of a mean (of ln) of so many stays; of the declared one ``stay_log_sd``. The
    declared law is log-normal with ``stay_d`` as its 5 % and 95 % points.
    """
    whole = calls[(calls["evidence_class"] == "A") & calls["departure_hi"].notna() & calls["arrival_lo"].notna()]
    share = (np.arange(LAW_POINTS) + 0.5) / LAW_POINTS
    if len(whole) >= MIN_STAYS:
        longest = (whole["departure_hi"] - whole["arrival_lo"]).dt.total_seconds().to_numpy(float)
        shortest = (whole["departure_lo"] - whole["arrival_hi"]).dt.total_seconds().to_numpy(float)
        heard = (longest + shortest) / 2 / DAY_S
        return StayLaw(np.quantile(heard, share), float(np.std(np.log(heard), ddof=1) / np.sqrt(len(heard))))
    low, high = np.log(config.stay_d)
    return StayLaw(np.exp((low + high) / 2 + ndtri(share) * (high - low) / (2 * Z90)), config.stay_log_sd)
