"""CPU time of computing barrels of many calls, by evidence: ``python -m benchmarks.many_calls [calls]`` (default 1000).

Prints CPU milliseconds per call for liftings and for the account, at the usual number of draws. The unit is the time to
draw ten standard normals per draw: a loading has that many random quantities, so no Monte Carlo can draw fewer.
Simulated calls.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from benchmarks.coverage import KINDS, fleet, with_evidence
from pipeline.config import VolumeConfig, load_cap
from pipeline.volume import ledger, liftings
from pipeline.workspace import configs_root

CHANCES = 10  # deadweight, fill, product, lifting, block, share, ballast, ballast left, hull, depth
T = TypeVar("T")
ASKED = ("nothing but the hull", "both draughts", "draughts and freeboards")


def cpu_ms(work: Callable[[], T], calls: int) -> tuple[float, T]:
    """CPU time of this process per call [ms], and the result."""
    start = time.process_time()
    made = work()
    return 1000 * (time.process_time() - start) / calls, made


def main(calls: int = 1000) -> None:
    """Print the table."""
    config = VolumeConfig()
    cap = load_cap(configs_root() / "caps" / "unscr-2397.yaml", config)
    rng, room = np.random.default_rng(0), np.empty(config.draws)
    unit, _ = cpu_ms(lambda: [rng.standard_normal(out=room) for _ in range(CHANCES * calls)], calls)
    print(f"{calls} simulated calls, {config.draws} draws; unit: {CHANCES} normals a draw, {unit:.2f} ms a call")
    print(f"{'known of the load':30s} {'liftings, ms':>13s} {'over unit':>10s} {'account, ms':>12s} {'over unit':>10s}")
    ships, _ = fleet(calls, config, 1)
    liftings(with_evidence(ships.head(2), {}), config, 0)  # warm-up: loads what is loaded once
    for name in ASKED:
        case = with_evidence(ships, KINDS[name])
        lifted, table = cpu_ms(lambda case=case: liftings(case, config, 0), calls)
        counted, _ = cpu_ms(lambda table=table: ledger(table, cap, config, 0), calls)
        print(f"{name:30s} {lifted:13.1f} {lifted / unit:10.1f} {counted:12.1f} {counted / unit:10.1f}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
