"""Run benchmarks by name: ``python -m benchmarks [name ...]``; without names, the `USUAL` ones (a quarter of an hour).

Each is a module of this folder and runs here with its defaults; to pass options: ``python -m benchmarks.NAME``.
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
    """Run the named benchmarks, or the usual ones."""
    wanted = sys.argv[1:] or list(USUAL)
    unknown = [name for name in wanted if name not in USUAL + LONG]
    if unknown:
        sys.stderr.write(f"error: no benchmark {', '.join(unknown)}; there are {', '.join(USUAL + LONG)}\n")
        return 2
    for name in wanted:
        sys.argv = [f"benchmarks.{name}"]  # each parses its own options
        import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
