"""Rank the ships of a list that an unnamed call may have been, by how well their sizes fit; never a bare name.

A ship's weight is the likelihood of the measured length and beam given her own; the weight of "none of these" is their
likelihood under the spread of the trade. Weights are normalised to sum to one. A ship of unknown size weighs what the
trade does on average, neither favoured nor excluded; she is not named but part of the remainder.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.quantiles import Z90
from pipeline.tables.ships import LISTED_SD_M

P_LISTED = 0.5  # prior probability that an unnamed caller is on the list at all, before sizes are compared (our choice)
TRADE_SIZES_M = {"length_m": (90.0, 18.0), "beam_m": (14.5, 2.5)}  # mean and spread of the shuttle tankers' sizes [m]


def candidates(call: dict[str, object], registry: pd.DataFrame, most: int = 5) -> pd.DataFrame:
    """Ships that a call may have been: name, imo, probability, best first; the last row is the unnamed remainder.

    ``call`` has length_m and beam_m with their 90 % bounds, any of them None. At most ``most`` ships are named, only
    those whose size is known and was compared. All probabilities add up to one.
    """
    weights, compared = np.ones(len(registry)), np.zeros(len(registry), bool)
    trade = 1.0
    for name, (mean, spread) in TRADE_SIZES_M.items():
        value, low, high = (call.get(k) for k in (name, name.replace("_m", "_lo_m"), name.replace("_m", "_hi_m")))
        if value is None or low is None or high is None or pd.isna(value):
            continue
        sd = max((float(high) - float(low)) / (2 * Z90), 0.5)  # type: ignore[arg-type]
        trade_pdf = float(_normal_pdf(float(value) - mean, float(np.hypot(sd, spread))))  # type: ignore[arg-type]
        listed_m = registry[name].to_numpy(float)
        listed_pdf = _normal_pdf(float(value) - listed_m, float(np.hypot(sd, LISTED_SD_M[name.removesuffix("_m")])))  # type: ignore[arg-type]
        weights *= np.where(np.isnan(listed_m), trade_pdf, listed_pdf)
        compared |= ~np.isnan(listed_m)
        trade *= trade_pdf
    prior_each = P_LISTED / max(len(registry), 1)
    total = prior_each * weights.sum() + (1 - P_LISTED if len(registry) else 1.0) * trade
    probability = prior_each * weights / total if total > 0 else np.zeros(len(registry))
    ranked = registry.assign(probability=probability).loc[compared, ["name", "imo", "probability"]]
    ranked = ranked.sort_values(["probability", "name"], ascending=[False, True], kind="stable").head(most)
    remainder = pd.DataFrame(
        {
            "name": ["another ship, of the list or not"],
            "imo": [pd.NA],
            "probability": [1 - ranked["probability"].sum()],
        }
    )
    return pd.concat([ranked.astype({"imo": "Int64"}), remainder.astype({"imo": "Int64"})], ignore_index=True)


def _normal_pdf(x: float | np.ndarray, sd: float) -> float | np.ndarray:
    return np.exp(-0.5 * (x / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
