"""Every benchmark in turn: ``python -m benchmarks [name ...]``, with the names of ``PARTS``."""

from __future__ import annotations

import sys

from benchmarks import accuracy, matching, missed_calls, port_calls, speed, submetre_accuracy

PARTS = {
    "accuracy": accuracy.main,
    "speed": speed.main,
    "submetre": submetre_accuracy.main,
    "matching": matching.main,
    "port_calls": port_calls.main,
    "missed_calls": missed_calls.main,
}


def main() -> int:
    """Run the parts that are named, or all of them."""
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.stderr.write(f"error: no benchmark {', '.join(unknown)}; there are {', '.join(PARTS)}\n")
        return 2
    for name in wanted:
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
