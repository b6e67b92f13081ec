"""Training scenes stored end to end, so that a graphics card can cut patches from all of them at once.

`python -m tools.hull_network.store --data S2_PORTS --simulated 3000 --versions 4 --workers 16 STORE`

Each labelled port is stored unchanged and with ships added: drawn ones alone, and drawn ones with ships of one other
port, so that a held-out port can be excluded as both scene and donor. Simulated ports follow.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tools.hull_network.ports import port
from tools.hull_network.scenes import TrainingScene, real_scene, simulated_scene, tightened, with_more_ships

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAIN, MORE, SIMULATED = 0, 1, 2
NO_PORT = -1
PIXELS_A_SHIP = 12_000  # of a port with ships added; our choice


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """One stored scene, the port it shows and the port its added ships come from (`NO_PORT` for none)."""

    scene: TrainingScene
    kind: int
    shows: int
    ships_of: int


def files_of(data: Path) -> list[str]:
    """The labelled ports' files; a port's number is its index in this list."""
    return list(pd.read_csv(data / "images.csv")["file"])


def _plain(data: Path, file: str) -> TrainingScene:
    return tightened(real_scene(data, file))


def _with_more(data: Path, task: tuple[int, int, int]) -> Stored:
    """A port with ships added; ``task``: port, donor port, version."""
    shows, ships_of, version = task
    files = files_of(data)
    spacing = pd.read_csv(data / "images.csv").set_index("file")["ground_m_per_px"]
    scene = _plain(data, files[shows])
    donors = [] if ships_of == NO_PORT else [_plain(data, files[ships_of])]
    count = max(10, scene.ids.size // PIXELS_A_SHIP)
    seed = 1000 * shows + 10 * (ships_of + 1) + version
    more = with_more_ships(scene, donors, float(spacing[files[shows]]), count, seed)
    return Stored(more, MORE, shows, ships_of)


def _drawn(seed: int) -> Stored:
    light, land, hull = port(seed)
    scene = simulated_scene(light.astype(np.float16).astype(np.float32), land, hull.astype(np.int16))
    return Stored(scene, SIMULATED, NO_PORT, NO_PORT)


def stored_scenes(data: Path, simulated: int, versions: int, workers: int) -> list[Stored]:
    """All scenes of a store, in an order that does not depend on the number of workers."""
    files = files_of(data)
    every = range(len(files))
    plain = [Stored(_plain(data, file), PLAIN, n, n) for n, file in enumerate(files)]
    tasks = [(p, q, v) for p in every for q in (NO_PORT, *every) for v in range(versions)]
    with ProcessPoolExecutor(workers) as pool:
        more = list(pool.map(partial(_with_more, data), tasks))
        drawn = list(pool.map(_drawn, range(simulated), chunksize=20))
    return [*plain, *more, *drawn]


def write(scenes: list[Stored], folder: Path) -> None:
    """Write pixels (n, 5) and hull numbers (n,) over all scenes, centres (hulls + 1, 2), and a table of the scenes."""
    folder.mkdir(parents=True, exist_ok=True)
    first_pixel = np.cumsum([0, *(s.scene.ids.size for s in scenes)])
    first_hull = np.cumsum([0, *(len(s.scene.centres) - 1 for s in scenes)])
    light = np.concatenate([s.scene.scaled.astype(np.float16).transpose(1, 2, 0).reshape(-1, 5) for s in scenes])
    ids = np.concatenate([_renumbered(s.scene.ids, n) for s, n in zip(scenes, first_hull, strict=False)])
    centres = np.concatenate([np.zeros((1, 2), np.float32), *(s.scene.centres[1:] for s in scenes)])
    np.save(folder / "light.npy", light)
    np.save(folder / "ids.npy", ids)
    np.save(folder / "centres.npy", centres)
    np.savez(
        folder / "scenes.npz",
        first_pixel=first_pixel,
        first_hull=first_hull,
        shape=np.array([s.scene.ids.shape for s in scenes]),
        gain=np.array([s.scene.gain for s in scenes], np.float32),
        present=np.array([s.scene.present for s in scenes]),
        kind=np.array([s.kind for s in scenes]),
        shows=np.array([s.shows for s in scenes]),
        ships_of=np.array([s.ships_of for s in scenes]),
    )


def _renumbered(ids: NDArray[np.int32], first: int) -> NDArray[np.int32]:
    flat = ids.ravel()
    return np.where(flat > 0, flat + first, flat).astype(np.int32)


def main() -> None:
    """Parse, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--simulated", type=int, default=3000)
    parser.add_argument("--versions", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    write(stored_scenes(args.data, args.simulated, args.versions, args.workers), args.folder)


if __name__ == "__main__":
    main()
