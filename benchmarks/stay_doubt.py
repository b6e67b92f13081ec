"""Does the interval of the number of calls hold where stays are not as declared? ``python -m benchmarks.stay_doubt``.

Quarters without AIS at the two berths of `call_numbers`. In each, ships stay longer or shorter than declared by one
factor: none, or one drawn from the law's own uncertainty (``stay_log_sd``). Prints for how many quarters the 90 %
interval of the number of calls (``count_range``) holds the stays that looks saw, with the law of stays taken as exact
(``turns_slope`` 0) and with its error. Arguments: quarters, first seed.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.call_numbers import CONFIG, World, counted, sightings
from pipeline.calls import count_range

QUARTER_D = 90.0
FACTOR_STREAM = 900  # seeds of the factors begin here, apart from those of the sightings


def main() -> None:
    """Print each quarter's intervals, then how many hold the truth and how wide they are."""
    quarters, first = (int(word) for word in (*sys.argv[1:], *("32", "0")[len(sys.argv) - 1 :]))
    for words, log_sd in (("as declared", 0.0), ("drawn", CONFIG.stay_log_sd)):
        held, width = np.zeros(2), np.zeros(2)
        for seed in range(first, first + quarters):
            factor = float(np.exp(log_sd * np.random.default_rng(FACTOR_STREAM + seed).standard_normal()))
            world = World(1.5, 5.0, 1.0, stays=factor)
            table, stays = counted(world, sightings(world, seed, QUARTER_D), seed)
            true = len(set().union(*stays))
            ranges = [count_range(table.assign(turns_slope=0.0)), count_range(table)]
            held += [low <= true <= high for low, high in ranges]
            width += [high - low for low, high in ranges]
            exact, uncertain = (f"{low} to {high}" for low, high in ranges)
            told = f"{true} stays seen; stays exact {exact}, uncertain {uncertain}"
            print(f"simulated, seed {seed}, stays {factor:.2f} times as declared: {told}", flush=True)
        shares, widths = held / quarters, width / quarters
        told = f"exact {shares[0]:.2f} (mean width {widths[0]:.1f}), uncertain {shares[1]:.2f} ({widths[1]:.1f})"
        print(f"simulated, stays {words}, {quarters} quarters: 90 % intervals held {told}", flush=True)


if __name__ == "__main__":
    main()
