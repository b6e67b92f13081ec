"""The chance that looks see a call, uncertain itself: tables give its median and 90 % interval.

The logit of the chance is normal, with one standard deviation below its median and another above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from pipeline.quantiles import Z90

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from pipeline.types import FloatArray

NEVER = 1e-9  # chances are limited to this and its complement: logits of 0 and 1 are infinite


def logit_of(share: ArrayLike) -> FloatArray:
    """The logit of chances, with 0 and 1 limited by ``NEVER``."""
    return np.asarray(logit(np.clip(share, NEVER, 1 - NEVER)))


def seen_share(p: ArrayLike, p_lo: ArrayLike, p_hi: ArrayLike, z: ArrayLike) -> FloatArray:
    """The chance at ``z`` standard deviations from its median ``p``; ``p_lo`` and ``p_hi`` are its 5 % and 95 % bounds.

    >>> seen_share(0.5, 0.3, 0.6, [-1.6448536, 0.0, 1.6448536]).round(6).tolist()
    [0.3, 0.5, 0.6]
    """
    middle, low, high = logit_of(p), logit_of(p_lo), logit_of(p_hi)
    z = np.asarray(z, dtype=float)
    return np.asarray(expit(middle + z / Z90 * np.where(z < 0, middle - low, high - middle)))
