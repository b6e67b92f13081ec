"""Share of port calls at which crews type a new draught in time, estimated from a port's own calls.

If two draughts are the same, either the second was not newly typed, and both say nothing of this voyage, or it was, and
no cargo moved. Which is likelier depends on this share. Worldwide the two differ in 37 to 38 % of port calls (Verschuur
et al., PLoS ONE, 2021); where nearly all ships of a table change theirs, an unchanged one is informative.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.types import FloatArray

RETYPED = 0.38  # share of port calls with a new draught (Verschuur et al., PLoS ONE, 2021: it differs in 37-38 %)
# Weight of that share, in calls, against the table's own: ports differ by some 0.2 (our judgement, no source).
PRIOR_CALLS = 4.0
TYPED_STEP_M = 0.3  # draughts are typed in tenths of a metre, by habit; less is no change (our choice)
# Probability that two draughts differ by the step: if newly typed (nine in ten of the loaded ships of
# `benchmarks.coverage`; the rest took no more cargo than the ballast that they left, or mistyped), and if left as typed
# (two standard deviations).
CHANGED_IF_RETYPED, CHANGED_IF_LEFT = 0.90, 0.05
_SHARES = (np.arange(400) + 0.5) / 400  # shares over which the posterior is summed: steps of 1/400


def is_changed(deeper_m: float) -> bool:
    """Does a difference [m] count as a change of draught? Tenths as typed, regardless of rounding in floats.

    >>> is_changed(6.3 - 6.0), is_changed(-0.2)
    (True, False)
    """
    return abs(deeper_m) >= TYPED_STEP_M - 1e-9


def retyped_share(deeper_m: FloatArray) -> float:
    """Share of second draughts that are newly typed, from calls with both: ``deeper_m`` has shape (calls,).

    The posterior mean under a beta prior with mean ``RETYPED``, which is the result without calls.

    >>> round(retyped_share(np.array([])), 2)
    0.38
    """
    return posterior_share(sum(is_changed(float(step)) for step in deeper_m), len(deeper_m))


def retyped_shares_by_others(differ: Sequence[bool | None]) -> list[float]:
    """For each call, that share from the *other* calls; ``differ`` says for each whether its two draughts differ.

    A call's own draughts are weighed by the share, so they must not enter it. None is a call that is no evidence for
    others.
    """
    n_both = sum(differs is not None for differs in differ)
    return [
        posterior_share(sum(map(bool, differ)) - bool(differs), n_both - (differs is not None)) for differs in differ
    ]


@cache
def posterior_share(differ: int, calls: int) -> float:
    """That share if ``differ`` of ``calls`` second draughts differ from the first."""
    chance = CHANGED_IF_RETYPED * _SHARES + CHANGED_IF_LEFT * (1 - _SHARES)
    a, b = PRIOR_CALLS * RETYPED, PRIOR_CALLS * (1 - RETYPED)
    logs = (a - 1) * np.log(_SHARES) + (b - 1) * np.log1p(-_SHARES)
    logs += differ * np.log(chance) + (calls - differ) * np.log1p(-chance)
    weights = np.exp(logs - logs.max())
    return float(weights @ _SHARES / weights.sum())


def share_range(share: float, calls: int) -> tuple[float, float]:
    """5 % and 95 % point of the share that ``retyped_share`` estimated from so many calls.

    >>> [[round(end, 2) for end in share_range(share, calls)] for share, calls in ((RETYPED, 0), (0.84, 20))]
    [[0.06, 0.77], [0.7, 0.94]]
    """
    weight = PRIOR_CALLS + calls
    low, high = betaincinv(share * weight, (1 - share) * weight, [0.05, 0.95])
    return float(low), float(high)
