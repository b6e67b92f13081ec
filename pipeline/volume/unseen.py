"""Barrels of calls that nobody saw: how many there were is told by the looks, what they carried by the calls seen.

The number of missed calls up to a day is Poisson with mean ``rate * exposure``; the rate of calls has a Gamma law (what
the calls seen and the looks leave of it), the exposure is the time in which a call would have been missed.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.volume.montecarlo import draw_call, shared_draws

if TYPE_CHECKING:
    from pipeline.config import VolumeConfig
    from pipeline.types import FloatArray

# A missed call of which nothing is known: the wide prior of deadweight, as for a call without a size.
UNSEEN_ROW = {"call_id": "unseen", "p_lifting": 1.0, "product": "mix", "method": "dwt_prior; load_from_fill_prior"}


def barrels_unseen(
    missed: pd.DataFrame, calendar: list[date], barrels: FloatArray, config: VolumeConfig, seed: int
) -> FloatArray | None:
    """Cumulative barrels of missed calls, shape (days, draws); None where the looks told nothing of any zone.

    ``missed`` follows the MISSED contract: per zone and day the time in which a call would have been missed
    (``unseen_days``) and the zone's law of the rate. ``barrels`` are those of the counted calls, shape (calls, draws):
    a missed call carried what a random one of them did in the same draw, so that what is shared stays shared.
    """
    known = missed[missed["state"] == "known"]
    if not len(known):
        return None
    rng = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    cargo = barrels if len(barrels) else _of_nothing_known(config, seed)
    index = {day.isoformat(): n for n, day in enumerate(calendar)}
    out = np.zeros((len(calendar), config.draws))
    for _, zone in known.sort_values(["zone_id", "day"]).groupby("zone_id", sort=True):
        inside = zone[zone["day"].isin(index)]
        if not len(inside):
            continue
        law = inside.iloc[0]
        rate = rng.gamma(law["rate_shape"], 1 / law["rate_per_d"], config.draws)
        counts = rng.poisson(inside["unseen_days"].to_numpy(float)[:, None] * rate[None, :])
        rows, draws = np.nonzero(counts)
        times = counts[rows, draws]
        days = inside["day"].map(index).to_numpy()[rows]
        days, draws = np.repeat(days, times), np.repeat(draws, times)
        np.add.at(out, (days, draws), cargo[rng.integers(0, len(cargo), len(draws)), draws])
    return out.cumsum(axis=0)


def _of_nothing_known(config: VolumeConfig, seed: int) -> FloatArray:
    """Draws of a call of which nothing is known, shape (1, draws)."""
    from pipeline.volume.capacity import UNKNOWN_LOG_DWT, UNKNOWN_LOG_SD

    row = UNSEEN_ROW | {
        "dwt_p50_t": float(np.exp(UNKNOWN_LOG_DWT)),
        "dwt_log_sd": UNKNOWN_LOG_SD,
        "dwt_shared_sd": 0.0,
    }
    return draw_call(row, config, shared_draws(config, seed), seed).barrels[None, :]
