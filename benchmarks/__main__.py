"""Benchmarks by name: ``python -m benchmarks [name ...]``; without names those of a quarter of an hour, `USUAL`.

Each is a module of this folder with defaults of its own; with options run it alone: ``python -m benchmarks.NAME``.
"""

from __future__ import annotations

import sys
from importlib import import_module

USUAL = ("accuracy", "speed", "submetre_accuracy", "matching", "port_calls", "missed_calls")
LONG = (  # minutes to hours each
    "ais_memory", "aoi_window", "azimuth_shift", "berth", "call_numbers", "coverage", "cut_stays", "demo_seeds",
    "full_scene", "hull_sizes", "many_calls", "published_hulls", "radar_accuracy", "radar_fronts", "rough_sea",
    "same_ship", "scale", "sentinel2_tile", "silent_ships", "typed_draughts", "weakest_evidence",
)  # fmt: skip


def main() -> int:
    """Run those that are named, or the usual ones."""
    wanted = sys.argv[1:] or list(USUAL)
    unknown = [name for name in wanted if name not in USUAL + LONG]
    if unknown:
        sys.stderr.write(f"error: no benchmark {', '.join(unknown)}; there are {', '.join(USUAL + LONG)}\n")
        return 2
    for name in wanted:
        sys.argv = [f"benchmarks.{name}"]  # each reads options of its own
        import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
