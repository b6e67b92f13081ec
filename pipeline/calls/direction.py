"""Did cargo come aboard? The berth's prior, and what draughts or freeboards say, by Bayes' rule.

Draughts are typed late, or wrongly: a ship that comes empty may still show the draught of her laden voyage, and type
the empty one at the berth. So a lighter departure at a berth for loading is evidence against a loading, not proof.
"""

from __future__ import annotations

# A change that points the wrong way. Our judgement: in 62 % of port calls nobody types a new draught in time (Verschuur
# et al., PLoS ONE, 2021: it differs in 37-38 %), so that now and then a change belongs to the voyage before.
P_SAYS_THE_OPPOSITE = 0.05
NO_CHANGE_M = 0.3  # draughts are typed in tenths of a metre, by habit; less is no change (our judgement)


def p_loading(prior: float, deeper_m: float | None) -> float:
    """Probability that cargo came aboard; ``deeper_m`` is draught on departure less draught on arrival [m].

    >>> round(p_loading(0.95, 2.0), 3), round(p_loading(0.95, -2.0), 3), p_loading(0.95, None)
    (0.997, 0.5, 0.95)
    """
    if deeper_m is None or abs(deeper_m) < NO_CHANGE_M:
        return prior
    likely = 1 - P_SAYS_THE_OPPOSITE if deeper_m > 0 else P_SAYS_THE_OPPOSITE
    return prior * likely / (prior * likely + (1 - prior) * (1 - likely))
