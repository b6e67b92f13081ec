"""What a change of draught or of freeboard says of cargo that came aboard, by Bayes' rule.

A change of draught is typed, one of freeboard is measured; either may be wrong, and neither proves anything alone.
Calls and liftings read both by this one law.
"""

from __future__ import annotations

from scipy.special import ndtr

# That a change of draught points the wrong way: typed wrongly or late, or ballast against cargo. Our judgement: in 62 %
# of port calls nobody types a new draught in time (Verschuur et al., PLoS ONE, 2021: it differs in 37-38 %), so that
# now and then a change belongs to the voyage before.
P_SAYS_THE_OPPOSITE = 0.05
P_NEITHER = 0.05  # of calls at a berth: neither loaded nor discharged, as far as the prior leaves room (our judgement)
BEST_SIDE_SD_M = 0.05  # no look measures a side better, and draws could not follow a surer one (our choice)
SIDE_RANGE_M = 8.0  # over which the height of a side may lie that is wrong beyond its error
P_MISMEASURED = 0.05  # that a freeboard is wrong beyond its error: gear on deck, ballast against cargo (our judgement)


def updated(prior: float, likely: float) -> float:
    """The probability after evidence that is as likely as ``likely`` if it is so, else one less that.

    >>> updated(0.3, 0.5), round(updated(0.5, 0.95), 3), round(updated(updated(0.3, 0.8), 0.2), 3)
    (0.3, 0.95, 0.3)
    """
    return prior * likely / (prior * likely + (1 - prior) * (1 - likely))


def by_draughts(*, deeper: bool) -> float:
    """How likely a change of draught is if cargo came aboard; else it is one less that."""
    return 1 - P_SAYS_THE_OPPOSITE if deeper else P_SAYS_THE_OPPOSITE


def by_freeboards(deeper_m: float, error_m: float, p_same_hull: float = 1.0) -> float:
    """How likely two freeboards are if cargo came aboard between them; else it is one less that.

    ``deeper_m`` is the first less the last, ``error_m`` its standard error. They count as far as they are one hull's.

    >>> [round(by_freeboards(deeper_m, 0.3), 3) for deeper_m in (-2.2, 0.0, 2.2)], by_freeboards(2.2, 0.3, 0.0)
    ([0.05, 0.5, 0.95], 0.5)
    """
    deeper = P_MISMEASURED + (1 - 2 * P_MISMEASURED) * float(ndtr(deeper_m / error_m))
    return p_same_hull * deeper + (1 - p_same_hull) * 0.5


def share_of_idle(prior: float) -> float:
    """Share of those that did not load who did not discharge either; ``prior`` is that of a loading.

    >>> [round(share_of_idle(prior), 2) for prior in (0.0, 0.5, 0.95, 1.0)]
    [0.05, 0.1, 1.0, 1.0]
    """
    return 1.0 if prior >= 1 - P_NEITHER else P_NEITHER / (1 - prior)
