"""Does the demo's 90 % interval hold the truth? ``python -m benchmarks.demo_seeds 20`` runs it with 20 other seeds.

A seed changes every image, message and draw; the ships and their cargo stay the same. Slow: most of a minute each. The
observed sum is compared with the cargo of ships with a look during their stay, the sum including unseen calls with all
cargo lifted.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd

from pipeline.console import Console
from pipeline.run import run
from pipeline.table_files import read_table
from pipeline.workspace import cache_root, configs_root, load_run_config

GAS_OIL_BBL_PER_T = 7.46


def main() -> None:
    """Print a line for each seed, and the share of intervals that hold the truth."""
    seeds = range(1, 1 + int(sys.argv[1] if len(sys.argv) > 1 else 10))
    root = configs_root()
    held, with_unseen = [], []
    for seed in seeds:
        config = load_run_config(root / "vostochny.yaml", {"seed": seed})
        with tempfile.TemporaryDirectory() as out:
            folder = run(config, root, Path(out), Console(quiet=True)).folder
            last = read_table(folder / "ledger.parquet").iloc[-1]
            calls = read_table(folder / "port_calls.parquet")
        shown, lifted = _truth()
        inside = last["observed_p5"] <= shown <= last["observed_p95"]
        held.append(inside)
        with_unseen.append(last["corrected_p5"] <= lifted <= last["corrected_p95"])
        print(
            f"simulated, seed {seed:3d}: {calls['counts'].sum()} calls counted, "
            f"{last['observed_p5']:9,.0f} {last['observed_p50']:9,.0f} {last['observed_p95']:9,.0f} bbl, "
            f"truth {shown:9,.0f} {'inside' if inside else 'OUTSIDE'}; with unseen calls "
            f"{last['corrected_p5']:9,.0f} {last['corrected_p95']:9,.0f} bbl, "
            f"truth {lifted:9,.0f} {'inside' if with_unseen[-1] else 'OUTSIDE'}",
            flush=True,
        )
    print(f"inside: observed {sum(held)}, with unseen calls {sum(with_unseen)} of {len(held)} (wanted: 85 of 100)")


def _truth() -> tuple[float, float]:
    """Barrels lifted at counted berths in the newest simulated month: in stays with a look, and in all stays."""
    newest = max((cache_root() / "simulated").glob("*/truth"), key=lambda path: path.stat().st_mtime)
    visits = pd.read_csv(newest / "visits.csv", parse_dates=["arrival", "departure"])
    looks = pd.read_csv(newest / "states_at_looks.csv", parse_dates=["time"])["time"]
    shown = [looks.between(visit.arrival, visit.departure).any() for visit in visits.itertuples()]
    lifted = visits["lifted_t"] * GAS_OIL_BBL_PER_T
    return float(lifted[shown].sum()), float(lifted.sum())


if __name__ == "__main__":
    main()
