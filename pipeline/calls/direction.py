"""Probability that a ship loaded: the berth's prior, updated by draughts and freeboards with Bayes' rule.

Draughts are typed late, or wrongly: a ship that arrives empty may still send the draught of her laden voyage and type
the empty one at the berth. So at a loading berth a lighter departure is evidence against a loading, not proof. An
unchanged draught is evidence against cargo only as far as crews here type a new one at all. A freeboard is measured,
not typed, and counts as separate evidence.
"""

from __future__ import annotations

from pipeline.ships.retyping import CHANGED_IF_LEFT, RETYPED, is_changed
from pipeline.ships.signs_of_cargo import draught_change_likelihood, posterior, share_of_idle

# Chance that two draughts, both newly typed, are the same: for a ship that took or left cargo (ballast moved the other
# way by as much, or a mistyped value), and for one that did neither (by the errors of `volume.likelihood`: 0.2 m each,
# one in ten garbled). Simulated, `benchmarks.coverage`.
SAME_WITH_CARGO, SAME_WITHOUT = 0.04, 0.56


def p_loading(
    prior: float, deeper_m: float | None, freeboard_likelihood: float | None = None, retyped_share: float = RETYPED
) -> float:
    """Probability that cargo came aboard; ``deeper_m`` is the draught on departure less that on arrival [m].

    ``freeboard_likelihood`` is the normalised likelihood of her freeboards if it did, and 1 - ``freeboard_likelihood``
    if it did not. ``retyped_share`` is the share of crews that type a new draught in time.

    >>> round(p_loading(0.95, 2.0), 3), round(p_loading(0.95, -2.0), 3), p_loading(0.95, None)
    (0.997, 0.5, 0.95)
    >>> [round(p_loading(0.95, None, seen), 3) for seen in (0.95, 0.05)], round(p_loading(0.95, 2.0, 0.5), 3)
    ([0.997, 0.5], 0.997)
    >>> [round(p_loading(0.95, 0.1, retyped_share=share), 2) for share in (0.0, 0.38, 0.9)]
    [0.95, 0.93, 0.81]
    """
    p_loaded = prior
    if deeper_m is not None and not is_changed(deeper_m):
        p_loaded = _p_after_same_draught(p_loaded, retyped_share)
    elif deeper_m is not None:
        p_loaded = posterior(p_loaded, draught_change_likelihood(deeper=deeper_m > 0))
    return p_loaded if freeboard_likelihood is None else posterior(p_loaded, freeboard_likelihood)


def _p_after_same_draught(prior: float, retyped_share: float) -> float:
    """Probability that she loaded, given that the draught on departure is that on arrival."""
    p_left_as_typed = (1 - CHANGED_IF_LEFT) * (1 - retyped_share)
    with_cargo, without = (
        p_left_as_typed + retyped_share * SAME_WITH_CARGO,
        p_left_as_typed + retyped_share * SAME_WITHOUT,
    )
    neither = share_of_idle(prior)
    otherwise = neither * without + (1 - neither) * with_cargo
    return prior * with_cargo / (prior * with_cargo + (1 - prior) * otherwise)
