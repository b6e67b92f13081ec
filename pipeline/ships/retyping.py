"""How often crews type a new draught in time: the habit of a port's ships, told by their own calls.

Of two draughts that are the same, either the second was not typed anew, and both say nothing of this voyage, or it was,
and no cargo moved. Which of the two is likelier depends on the habit. Around the world the two differ in 37 to 38 % of
port calls (Verschuur et al., PLoS ONE, 2021); where nearly all ships of a table change theirs, one that does not stands
out.
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
# How many calls that share weighs against those of the table: ports differ by some 0.2 (our judgement, no source).
PRIOR_CALLS = 4.0
TYPED_STEP_M = 0.3  # draughts are typed in tenths of a metre, by habit; less is no change (our choice)
# That two draughts differ by the step: typed anew (nine in ten of the loaded ships of `benchmarks.coverage`; the rest
# took no more cargo than the ballast that they left, or mistyped), or left as typed (two standard deviations).
CHANGED_IF_RETYPED, CHANGED_IF_LEFT = 0.90, 0.05
_SHARES = (np.arange(400) + 0.5) / 400  # shares over which the posterior is summed: steps of 1/400


def changed(deeper_m: float) -> bool:
    """Is a draught that much deeper, or lighter, another one? Tenths as typed, whatever floats make of them.

    >>> changed(6.3 - 6.0), changed(-0.2)
    (True, False)
    """
    return abs(deeper_m) >= TYPED_STEP_M - 1e-9


def retyped_share(deeper_m: FloatArray) -> float:
    """Share of second draughts that are typed anew, from those of calls with both: shape (calls,), metres.

    The posterior mean of a beta law around ``RETYPED``, which is what stands without any call.

    >>> round(retyped_share(np.array([])), 2)
    0.38
    """
    return share_by(sum(changed(float(step)) for step in deeper_m), len(deeper_m))


def habits_by_others(differ: Sequence[bool | None]) -> list[float]:
    """For each call that share by the *other* calls; ``differ`` says of each whether its two draughts do.

    Her own two are weighed by it: they must not have told it. None is a call that tells nothing of others.
    """
    both = sum(own is not None for own in differ)
    return [share_by(sum(map(bool, differ)) - bool(own), both - (own is not None)) for own in differ]


@cache
def share_by(differ: int, calls: int) -> float:
    """The same, where so many of so many second draughts differ from the first."""
    chance = CHANGED_IF_RETYPED * _SHARES + CHANGED_IF_LEFT * (1 - _SHARES)
    a, b = PRIOR_CALLS * RETYPED, PRIOR_CALLS * (1 - RETYPED)
    logs = (a - 1) * np.log(_SHARES) + (b - 1) * np.log1p(-_SHARES)
    logs += differ * np.log(chance) + (calls - differ) * np.log1p(-chance)
    weights = np.exp(logs - logs.max())
    return float(weights @ _SHARES / weights.sum())


def share_range(share: float, calls: int) -> tuple[float, float]:
    """5 % and 95 % point of a share of second draughts typed anew that ``retyped_share`` found by so many calls.

    >>> [[round(end, 2) for end in share_range(share, calls)] for share, calls in ((RETYPED, 0), (0.84, 20))]
    [[0.06, 0.77], [0.7, 0.94]]
    """
    weight = PRIOR_CALLS + calls
    low, high = betaincinv(share * weight, (1 - share) * weight, [0.05, 0.95])
    return float(low), float(high)
