"""Are the chances that a stay crosses the border of two tables calibrated? ``python -m benchmarks.cut_stays [n]``

Two months by images, as in ``benchmarks.call_numbers``, are counted separately, as runs of one month and the next do,
and then accounted together. For each pair of rows, compares the account's chance that they are one stay with whether
they contain sightings of one stay. The same for tables that do not list their looks, as older ones do not.
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
from pipeline.volume import liftings, merge_liftings

CONFIG = VolumeConfig(draws=200)
WORLDS = tuple(World(free, 4.0, every) for free in (1.5, 6.0, 20.0, 60.0) for every in (1.5, 3.0))
BINS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
CAUSE = re.compile(
    r"(?:the same stay as|may be the stay of) (\S+) of another table, continued \(probability ([\d.]+)\)"
)


@dataclass(frozen=True, slots=True)
class BorderChances:
    """Chances of pairs of rows and whether they were one stay; stays that looks saw, and calls expected."""

    chances: list[float]
    true: list[bool]
    stays: int
    expected: float


def cut_day(seen: pd.DataFrame) -> float:
    """The look [d] before which the tables are cut: of those that can cut a stay, the one nearest to the middle.

    Such a look shows a ship at a berth where the look before it also did.
    """
    berths = seen.groupby("day")["berth"].agg(lambda names: set(names) - {""})
    cuts = [day for (_, last), (day, first) in pairwise(berths.items()) if last & first]
    return min(cuts, key=lambda day: abs(day - MONTH_D), default=MONTH_D)


def cut_world(world: World, seed: int) -> dict[bool, BorderChances]:
    """What the account says of pairs of rows across the border of two tables, with and without listed looks."""
    seen = sightings(world, seed, 2 * MONTH_D)
    held: dict[str, set[str]] = {}
    tables, day = [], cut_day(seen)
    for month, part in enumerate((seen[seen["day"] < day], seen[seen["day"] >= day])):
        calls, stays = counted(world, part, seed)
        calls = calls.assign(call_id=[f"{month}/{n}" for n in range(len(calls))])
        held |= dict(zip(calls["call_id"], stays, strict=True))
        tables.append(liftings(calls, CONFIG, seed))
    older = [table.assign(spot_looks=None, spot_taken=None, seen_d=None) for table in tables]
    return {True: border_chances(tables, held), False: border_chances(older, held)}


def border_chances(tables: list[pd.DataFrame], held: dict[str, set[str]]) -> BorderChances:
    """What the account of two tables says about their border; ``held`` maps each call to the stays it contains."""
    once = merge_liftings(tables, CONFIG, "01-01", 1)
    pairs = [(row.call_id, *found.groups()) for row in once.itertuples() if (found := CAUSE.search(row.cause))]
    numbers, law = call_counts(once)
    true = [bool(held[a] & held[b]) for a, b, _ in pairs]
    stays_seen = len(set().union(*held.values()))
    return BorderChances([float(chance) for _, _, chance in pairs], true, stays_seen, float((numbers * law).sum()))


def main() -> None:
    """Print a line for each world, and how often the chances were right over all worlds."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    found = {world: [cut_world(world, seed) for seed in range(pairs)] for world in WORLDS}
    for looks in (True, False):
        print(f"simulated, {'with' if looks else 'without'} the looks of both tables")
        for world, results in found.items():
            print(f"free for {world.free_d:g} d, a look in {world.every_d:g} d: {summary([r[looks] for r in results])}")
        every = [r[looks] for results in found.values() for r in results]
        chance, came_true = (np.array([x for told in every for x in getattr(told, n)]) for n in ("chances", "true"))
        for low, high in pairwise(BINS):
            inside = (chance >= low) & (chance < high)
            if inside.any():
                means = f"told {chance[inside].mean():.2f}, was {came_true[inside].mean():.2f}"
                print(f"one stay with {low:.2f} to {high:.2f}: {means} of {inside.sum()}")


def summary(results: list[BorderChances]) -> str:
    """A world's pairs, and its number of stays against the account's expectation, as text."""
    chances, was = ([x for result in results for x in getattr(result, name)] for name in ("chances", "true"))
    stays, expected = (sum(getattr(result, name) for result in results) for name in ("stays", "expected"))
    pairs = f"{len(chances)} pairs, one stay told {sum(chances):.1f} times, was {sum(was)}"
    return f"{pairs}; {stays} stays seen, {expected:.0f} expected"


if __name__ == "__main__":
    main()
