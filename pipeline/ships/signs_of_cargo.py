"""Likelihood of a change of draught or freeboard if cargo came aboard, and Bayes' rule to use it.

A draught is typed, a freeboard measured; either may be wrong, and neither is proof alone. Calls and liftings both use
these likelihoods.
"""

from __future__ import annotations

from scipy.special import ndtr

# Probability that a change of draught points the wrong way: typed wrongly or late, or ballast against cargo. Our
# judgement: in 62 % of port calls no new draught is typed in time (Verschuur et al., PLoS ONE, 2021: it differs in 37
# to 38 %), so that now and then a change belongs to the voyage before.
P_SAYS_THE_OPPOSITE = 0.05
P_NEITHER = 0.05  # of calls at a berth: neither loaded nor discharged, as far as the prior leaves room (our judgement)
BEST_SIDE_SD_M = 0.05  # no look measures a freeboard better, and draws could not follow a smaller error (our choice)
SIDE_RANGE_M = 8.0  # range of a freeboard that is wrong beyond its error
P_MISMEASURED = 0.05  # that a freeboard is wrong beyond its error: gear on deck, ballast against cargo (our judgement)


def posterior(prior: float, likelihood: float) -> float:
    """The posterior after evidence with this ``likelihood`` if true and 1 - ``likelihood`` if not.

    >>> posterior(0.3, 0.5), round(posterior(0.5, 0.95), 3), round(posterior(posterior(0.3, 0.8), 0.2), 3)
    (0.3, 0.95, 0.3)
    """
    return prior * likelihood / (prior * likelihood + (1 - prior) * (1 - likelihood))


def draught_change_likelihood(*, deeper: bool) -> float:
    """Likelihood of a change of draught if cargo came aboard; 1 less that if not."""
    return 1 - P_SAYS_THE_OPPOSITE if deeper else P_SAYS_THE_OPPOSITE


def freeboard_change_likelihood(deeper_m: float, error_m: float, p_same_hull: float = 1.0) -> float:
    """Likelihood of two freeboards if cargo came aboard between them; 1 less that if not.

    ``deeper_m`` is the first less the last, ``error_m`` its standard error. They count as far as they are of one hull.

    >>> [round(freeboard_change_likelihood(deeper_m, 0.3), 3) for deeper_m in (-2.2, 0.0, 2.2)]
    [0.05, 0.5, 0.95]
    >>> freeboard_change_likelihood(2.2, 0.3, 0.0)
    0.5
    """
    deeper = P_MISMEASURED + (1 - 2 * P_MISMEASURED) * float(ndtr(deeper_m / error_m))
    return p_same_hull * deeper + (1 - p_same_hull) * 0.5


def share_of_idle(prior: float) -> float:
    """Share of ships that did not discharge either among those that did not load; ``prior`` is that of a loading.

    >>> [round(share_of_idle(prior), 2) for prior in (0.0, 0.5, 0.95, 1.0)]
    [0.05, 0.1, 1.0, 1.0]
    """
    return 1.0 if prior >= 1 - P_NEITHER else P_NEITHER / (1 - prior)
