"""Do the chances of links and cuts come true? ``python -m benchmarks.call_numbers [months]``, port-months by images.

Ships take turns at two berths by the law of stays that the config declares; each look measures lengths with an error.
For each world: stays that a look saw, calls in the table, the expected number of calls (``call_counts``), the number
that is expected by whoever knows all but the ships (`exact_calls`), and for links how often a call held one ship where
the table gave it that chance.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmarks.exact_calls import Berth, ships_shown
from benchmarks.port_images import BERTHS, MONTH_D, RECALL, place, tables
from pipeline.calls import call_counts, looks, port_calls
from pipeline.config import CallsConfig
from pipeline.quantiles import Z90
from pipeline.tables import MATCHES, STATIC, TRACKS

CONFIG = CallsConfig()
LENGTH_M = (90.0, 18.0)  # mean and spread of the trade
STAY_LOG = (np.log(CONFIG.stay_d).mean(), np.diff(np.log(CONFIG.stay_d))[0] / (2 * Z90))
BEFORE_D = 60.0  # ships have taken turns for so long
BINS = (0.0, 0.5, 0.7, 0.85, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class World:
    """How busy the berths are, how well lengths are measured, how often a look falls, and by which sensor."""

    free_d: float
    length_sd_m: float
    every_d: float
    sensor: str = "optical"
    shown: float = RECALL


WORLDS = (
    *(World(free, sd, every) for free in (1.5, 6.0) for sd in (3.0, 8.0) for every in (1.0, 2.0)),
    World(3.0, 5.0, 1.5, "sentinel-1"),
    *(World(free, sd, 0.5, shown=0.95) for free in (0.1, 0.5) for sd in (3.0, 8.0)),
    World(0.5, 5.0, 1.0, "sentinel-2", shown=0.66),
)


def sightings(world: World, seed: int, days: float = MONTH_D) -> pd.DataFrame:
    """What the looks of so many days show: look, day, berth, metres from the origin, length, number of the stay."""
    rng = np.random.default_rng(seed)
    times = np.arange(rng.uniform(0, world.every_d), days, world.every_d)
    rows: list[dict[str, object]] = [{"look": k, "day": day, "berth": "", "stay": -1} for k, day in enumerate(times)]
    for berth, (east, north) in BERTHS.items():
        comes, number = -BEFORE_D, 0
        while comes < days:
            leaves = comes + np.exp(rng.normal(*STAY_LOG))
            length, shift, number = rng.normal(*LENGTH_M), rng.uniform(-60, 60), number + 1
            stay = f"{berth}/{number}"
            for k, day in enumerate(times):
                if comes <= day <= leaves and rng.random() < world.shown:
                    rows.append({"look": k, "day": day, "berth": berth, "east": east + shift, "north": north,
                                 "length": length + rng.normal(0, world.length_sd_m), "stay": stay})  # fmt: skip
            comes = leaves + rng.exponential(world.free_d)
    return pd.DataFrame(rows)


def calls_of(world: World, seed: int) -> tuple[pd.DataFrame, list[set[str]]]:
    """The calls of a month, and the stays that each of them holds."""
    return counted(world, sightings(world, seed), seed)


def counted(world: World, seen: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, list[set[str]]]:
    """The calls that such sightings are, and the stays that each of them holds."""
    scenes, found = tables(seen, seed, cut=False, sensor=world.sensor)
    reach = Z90 * world.length_sd_m
    found = found.assign(length_lo_m=found["length_m"] - reach, length_hi_m=found["length_m"] + reach)
    table = port_calls(
        detections=found,
        looks=looks(scenes, {}, found, place()),
        matches=MATCHES.empty(),
        tracks=TRACKS.empty(),
        static=STATIC.empty(),
        registry=None,
        place=place(),
        config=CONFIG,
    )
    ships = seen[seen["berth"] != ""]
    in_look = ships.groupby("look").cumcount()
    stay = {f"look{k:03}-0/{n}": s for k, n, s in zip(ships["look"], in_look, ships["stay"], strict=True)}
    return table, [{stay[name] for name in names} for names in table["detection_ids"]]


def exactly(world: World, seen: pd.DataFrame) -> float:
    """The number of ships that is expected by whoever knows all of the world but them."""
    looks_d = seen.groupby("look")["day"].first()
    berth = Berth(world.free_d, STAY_LOG, world.shown, LENGTH_M, world.length_sd_m)
    shown = (seen[seen["berth"] == name].set_index("look")["length"].reindex(looks_d.index) for name in BERTHS)
    return sum(ships_shown(berth, looks_d.to_numpy(), lengths.to_numpy(float)) for lengths in shown)


def main() -> None:
    """Print a line for each world, and how often links came true in all of them."""
    months = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    chances, true = [], []
    for world in WORLDS:
        stays, shown, expected, exact = 0, 0, 0.0, 0.0
        for seed in range(months):
            seen = sightings(world, seed)
            table, held = counted(world, seen, seed)
            exact += exactly(world, seen)
            numbers, law = call_counts(table)
            stays, shown = stays + len(set().union(*held)), shown + len(table)
            expected += float((numbers * law).sum())
            chances += list(table["p_one_call"])
            true += [len(stay) == 1 for stay in held]
        told = f"{stays} stays seen, {shown} calls shown, {expected:.0f} expected, {exact:.0f} exactly"
        print(f"simulated, {world}: {told}", flush=True)
    chance, came_true = np.array(chances), np.array(true)
    for low, high in pairwise(BINS):
        inside = (chance >= low) & (chance < high)
        if inside.any():
            told, was = chance[inside].mean(), came_true[inside].mean()
            print(f"simulated, one ship with {low:.2f} to {high:.2f}: told {told:.2f}, was {was:.2f} of {inside.sum()}")


if __name__ == "__main__":
    main()
