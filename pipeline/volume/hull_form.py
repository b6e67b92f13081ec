"""Block coefficient and lightship of a tanker by length, which relate draughts to tonnes and deadweight.

Small tankers are finer and carry more steel for their cargo than large ones; a hull that carries less than others of
its length and beam (gas carriers) is itself heavier, and lies less deep. Both laws are ours, fitted to what is
published:

- block coefficient on length over all: 0.633 of Etsuzan Maru No. 8 (65 m; https://www.scribd.com/document/845820261/);
  Katsoulis' formula gives 0.68 for 105 m, 0.74 for 183 m and 0.76 for 250 m; oil tankers of all sizes have 0.824 on
  length between perpendiculars, which is 4 % less on length over all (NILIM TN 309);
- lightship over deadweight: 0.49 of Etsuzan Maru and 0.28 of a design of 76 m for sheltered waters
  (https://fdocuments.us/document/2nd-presentation-name-338.html); 0.16 to 0.25 of large tankers;
- together, deadweight over ``rho L B T`` of ten tankers whose deadweight a register has and whose transponder shows a
  laden draught (OpenSARShip): 0.43 to 0.54 from 64 to 105 m, 0.53 at 132 m, 0.67 and 0.69 at 245 and 333 m, 0.37 of a
  gas carrier of 100 m. The draughts that follow are these on average, and differ by 4 % from ship to ship
  (``python -m benchmarks.typed_draughts`` compares with what other ships type).

Twenty-eight other seagoing tankers of 73 to 250 m, published with their full draught
(``benchmarks/published_hulls.csv``), lie 3 % less deep than the law says, with a spread of 7 %; hulls below 50 m and
for sheltered waters a third less. How deep the hull is, keel to deck: ``ships.hull_depth``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import FloatArray

# At 100 m, and more per unit of ln(length / 100 m)
BLOCK_AT_100_M, BLOCK_PER_LOG_LENGTH = 0.69, 0.105
BLOCK_SD = 0.04  # NILIM TN 309: tankers' Cb has a standard deviation of 0.038
BLOCK_RANGE = (0.5, 0.88)
LIGHTSHIP_AT_100_M, LIGHTSHIP_POWER = 0.345, -0.5  # of deadweight, of tankers with the usual deadweight of their hull
# With BLOCK_SD it gives the full draught at one deadweight a spread of 7 %: twice that among these ships, since hulls
# for sheltered waters lie outside (our choice)
LIGHTSHIP_LOG_SD = 0.18
# A hull of the same length and beam that carries a tenth less has a fifth more lightship per deadweight. Fitted to the
# ships above: then 0.3 of a difference in deadweight shows in the draught, and 0.7 in her own weight.
LIGHTSHIP_PER_DEADWEIGHT = -2.0
MOST_UNUSUAL = 0.6  # limit of ln(deadweight over the usual one): beyond, the size is probably wrong


def block_coefficient(length_m: FloatArray | float) -> FloatArray:
    """Mean design block coefficient on length over all.

    >>> block_coefficient(np.array([65.0, 105.0, 183.0, 250.0])).round(2).tolist()
    [0.64, 0.7, 0.75, 0.79]
    """
    return np.asarray(np.clip(BLOCK_AT_100_M + BLOCK_PER_LOG_LENGTH * np.log(length_m / 100), *BLOCK_RANGE))


def lightship_share(length_m: FloatArray | float, log_over_usual: FloatArray | float = 0.0) -> FloatArray:
    """Median lightship over deadweight; ``log_over_usual`` is ln(deadweight over the hull's usual one).

    >>> [round(float(lightship_share(length_m)), 2) for length_m in (65.0, 105.0, 183.0, 250.0)]
    [0.43, 0.34, 0.26, 0.22]
    """
    share = LIGHTSHIP_AT_100_M * np.power(length_m / 100, LIGHTSHIP_POWER)
    return np.asarray(share * lightship_factor(log_over_usual))


def lightship_factor(log_over_usual: FloatArray | float) -> FloatArray:
    """Factor on lightship over deadweight where the deadweight is not the usual one of the hull.

    >>> [round(float(lightship_factor(log_over_usual)), 2) for log_over_usual in (-0.1, 0.0, 0.1)]
    [1.22, 1.0, 0.82]
    """
    return np.exp(LIGHTSHIP_PER_DEADWEIGHT * np.clip(log_over_usual, -MOST_UNUSUAL, MOST_UNUSUAL))


def lightship_part(share: FloatArray) -> FloatArray:
    """Lightship over full displacement: factor from a relative error of lightship to one of the full ship.

    >>> round(float(lightship_part(np.array(0.25))), 2)
    0.2
    """
    return share / (1 + share)
