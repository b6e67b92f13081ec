"""Draw many simulated ports once and keep them in one file: `python -m tools.hull_network.pool COUNT FILE.npz`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tools.hull_network.ports import port


def main(count: int, target: Path) -> None:
    """Ports of seeds 0 .. count - 1, as half floats."""
    drawn = [port(seed) for seed in range(count)]
    np.savez(
        target,
        light=np.stack([d[0] for d in drawn]).astype(np.float16),
        land=np.stack([d[1] for d in drawn]),
        hull=np.stack([d[2] for d in drawn]).astype(np.int16),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
