"""Do the chances that a stay goes on beyond the border of two tables come true? ``python -m benchmarks.cut_stays [n]``

Two months by images, as in ``benchmarks.call_numbers``, each counted for itself as runs of one month and the next do,
then accounted together. Told is the chance that the account gives two rows of being one stay; true, whether they hold
sightings of one. Beside it what is told of tables that say nothing of their looks, as older ones.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmarks.call_numbers import World, counted, sightings
from benchmarks.port_images import MONTH_D
from pipeline.calls import call_counts
from pipeline.config import VolumeConfig
from pipeline.volume import counted_once, liftings

CONFIG = VolumeConfig(draws=200)
WORLDS = tuple(World(free, 4.0, every) for free in (1.5, 6.0, 20.0, 60.0) for every in (1.5, 3.0))
BINS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
SAID = re.compile(r"(?:the same stay as|may be the stay of) (\S+) of another table, gone on \(probability ([\d.]+)\)")


@dataclass(frozen=True, slots=True)
class Told:
    """Chances of pairs of rows, whether they were one stay; stays that looks saw, and calls that are expected."""

    chances: list[float]
    true: list[bool]
    stays: int
    expected: float


def border(seen: pd.DataFrame) -> float:
    """The look [d] before which the months are cut, nearest to their middle of those that can cut a stay.

    It shows somebody at a berth where the look before did.
    """
    berths = seen.groupby("day")["berth"].agg(lambda names: set(names) - {""})
    cuts = [day for (_, last), (day, first) in pairwise(berths.items()) if last & first]
    return min(cuts, key=lambda day: abs(day - MONTH_D), default=MONTH_D)


def cut(world: World, seed: int) -> dict[bool, Told]:
    """What is told of the pairs of rows over the border of two tables: with their looks, and without them."""
    seen = sightings(world, seed, 2 * MONTH_D)
    held: dict[str, set[str]] = {}
    tables, day = [], border(seen)
    for month, part in enumerate((seen[seen["day"] < day], seen[seen["day"] >= day])):
        calls, stays = counted(world, part, seed)
        calls = calls.assign(call_id=[f"{month}/{n}" for n in range(len(calls))])
        held |= dict(zip(calls["call_id"], stays, strict=True))
        tables.append(liftings(calls, CONFIG, seed))
    older = [table.assign(spot_looks=None, spot_taken=None, seen_d=None) for table in tables]
    return {True: told_of(tables, held), False: told_of(older, held)}


def told_of(tables: list[pd.DataFrame], held: dict[str, set[str]]) -> Told:
    """What the account of two tables says of their border; ``held`` are the stays that each call holds."""
    once = counted_once(tables, CONFIG, "01-01", 1)
    said = [(row.call_id, *found.groups()) for row in once.itertuples() if (found := SAID.search(row.cause))]
    numbers, law = call_counts(once)
    true = [bool(held[a] & held[b]) for a, b, _ in said]
    stays_seen = len(set().union(*held.values()))
    return Told([float(chance) for _, _, chance in said], true, stays_seen, float((numbers * law).sum()))


def main() -> None:
    """Print a line for each world, and how often the chances came true in all of them."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    found = {world: [cut(world, seed) for seed in range(pairs)] for world in WORLDS}
    for looks in (True, False):
        print(f"simulated, {'with' if looks else 'without'} the looks of both tables")
        for world, results in found.items():
            print(
                f"free for {world.free_d:g} d, a look in {world.every_d:g} d: {in_words([r[looks] for r in results])}"
            )
        every = [r[looks] for results in found.values() for r in results]
        chance, came_true = (np.array([x for told in every for x in getattr(told, n)]) for n in ("chances", "true"))
        for low, high in pairwise(BINS):
            inside = (chance >= low) & (chance < high)
            if inside.any():
                means = f"told {chance[inside].mean():.2f}, was {came_true[inside].mean():.2f}"
                print(f"one stay with {low:.2f} to {high:.2f}: {means} of {inside.sum()}")


def in_words(results: list[Told]) -> str:
    """A world's pairs, and its stays against what the account expects."""
    told, was = ([x for result in results for x in getattr(result, name)] for name in ("chances", "true"))
    stays, expected = (sum(getattr(result, name) for result in results) for name in ("stays", "expected"))
    pairs = f"{len(told)} pairs, one stay told {sum(told):.1f} times, was {sum(was)}"
    return f"{pairs}; {stays} stays seen, {expected:.0f} expected"


if __name__ == "__main__":
    main()
