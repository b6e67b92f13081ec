"""Are the stated chances of links and cuts calibrated? ``python -m benchmarks.call_numbers [months]``, images only.

Ships take turns at two berths, with stays drawn from the law that the config declares; each look measures lengths with
an error. In some worlds a share of the ships transmits: their stays are heard from entry to exit and are not counted.
In the last worlds ships stay half or twice as long as declared, which heard ones and looks in turn show; links of
these do not count for the calibration. For each world, prints the other ships' stays that a look saw; calls in the
table; the expected number of calls (``call_counts``); the exact expectation given everything else about the world
(`exact_calls`); and, for links, how often a call was one ship, against the chance the table gave it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmarks.exact_calls import Berth, ships_shown
from benchmarks.port_images import BERTHS, MONTH_D, ORIGIN, RECALL, START, place, tables
from pipeline.calls import call_counts, looks, port_calls
from pipeline.calls.geodesy import from_plane
from pipeline.config import CallsConfig
from pipeline.quantiles import Z90
from pipeline.tables import MATCHES, STATIC, TRACKS

CONFIG = CallsConfig()
LENGTH_M = (90.0, 18.0)  # mean and standard deviation over ships
STAY_LOG = (np.log(CONFIG.stay_d).mean(), np.diff(np.log(CONFIG.stay_d))[0] / (2 * Z90))
BEFORE_D = 60.0  # warm-up: ships take turns for this long before the first look
HALF_HOUR_D = 1 / 48
ALWAYS_THERE = 273999999
BINS = (0.0, 0.5, 0.7, 0.85, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class World:
    """How busy the berths are, how accurate lengths are, how often looks come, and from which sensor."""

    free_d: float
    length_sd_m: float
    every_d: float
    sensor: str = "optical"
    shown: float = RECALL
    heard: float = 0.0
    stays: float = 1.0
    """How long ships stay, as a multiple of what is declared."""

    @property
    def stay_log(self) -> tuple[float, float]:
        """Mean and standard deviation of ln(stay [d])."""
        return STAY_LOG[0] + np.log(self.stays), STAY_LOG[1]


WORLDS = (
    *(World(free, sd, every) for free in (1.5, 6.0) for sd in (3.0, 8.0) for every in (1.0, 2.0)),
    World(3.0, 5.0, 1.5, "sentinel-1"),
    *(World(free, sd, 0.5, shown=0.95) for free in (0.1, 0.5) for sd in (3.0, 8.0)),
    World(0.5, 5.0, 1.0, "sentinel-2", shown=0.66),
    *(World(free, 3.0, 1.0, heard=share) for free in (0.3, 1.5) for share in (0.3, 0.6)),
)
OTHERWISE = tuple(World(1.5, 5.0, 1.0, heard=share, stays=stays) for stays in (0.5, 2.0) for share in (0.0, 0.3, 0.6))


def sightings(world: World, seed: int, days: float = MONTH_D) -> pd.DataFrame:
    """What looks over ``days`` show: look, day, berth, metres from the origin, length, number of the stay.

    Stays that are heard also have a row each, with look -1 and the days on which they begin and end.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(rng.uniform(0, world.every_d), days, world.every_d)
    rows: list[dict[str, object]] = [
        {"look": k, "day": day, "berth": "", "stay": -1, "mmsi": 0} for k, day in enumerate(times)
    ]
    for berth, (east, north) in BERTHS.items():
        comes, number = -BEFORE_D, 0
        while comes < days:
            leaves = comes + np.exp(rng.normal(*world.stay_log))
            length, shift, number = rng.normal(*LENGTH_M), rng.uniform(-60, 60), number + 1
            stay = f"{berth}/{number}"
            mmsi = 273000000 + int(rng.integers(10**6)) if world.heard and rng.random() < world.heard else 0
            ship = {"berth": berth, "stay": stay, "east": east + shift, "north": north, "mmsi": mmsi}
            for k, day in enumerate(times):
                if comes <= day <= leaves and rng.random() < world.shown:
                    shown = {"look": k, "day": day, "length": length + rng.normal(0, world.length_sd_m)}
                    rows.append(ship | shown)
            if mmsi and leaves > 0:
                rows.append(ship | {"look": -1, "day": comes, "leaves": leaves, "length": length})
            comes = leaves + rng.exponential(world.free_d)
    return pd.DataFrame(rows)


def calls_of(world: World, seed: int) -> tuple[pd.DataFrame, list[set[str]]]:
    """The calls of one month, and the stays that each call contains."""
    return counted(world, sightings(world, seed), seed)


def counted(world: World, seen: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, list[set[str]]]:
    """The calls made from such sightings, without those that were heard, and the stays that each call contains."""
    heard, seen = seen[seen["look"] < 0], seen[seen["look"] >= 0]
    scenes, found = tables(seen, seed, cut=False, sensor=world.sensor)
    reach = Z90 * world.length_sd_m
    found = found.assign(length_lo_m=found["length_m"] - reach, length_hi_m=found["length_m"] + reach)
    ships = seen[seen["berth"] != ""]
    names = [f"look{k:03}-0/{n}" for k, n in zip(ships["look"], ships.groupby("look").cumcount(), strict=True)]
    matched = [{"det_id": n, "mmsi": m, "probability": 1.0} for n, m in zip(names, ships["mmsi"], strict=True) if m]
    table = port_calls(
        detections=found,
        looks=looks(scenes, {}, found, place()),
        matches=MATCHES.from_rows(matched),
        tracks=tracks_of(heard),
        static=STATIC.empty(),
        registry=None,
        place=place(),
        config=CONFIG,
    )
    table = table[table["mmsi"].isna()]
    stay = dict(zip(names, ships["stay"], strict=True))
    return table, [{stay[name] for name in names} for names in table["detection_ids"]]


def tracks_of(heard: pd.DataFrame) -> pd.DataFrame:
    """A fix every half hour of the ships whose stays are heard, from before they arrive until they have left.

    One more ship, in the roads, is heard all the time, so a ship not heard at a berth was not there.
    """
    ships = heard.to_dict("records")
    if ships:
        ships.append({"day": 0.0, "leaves": MONTH_D, "mmsi": ALWAYS_THERE, "east": -9000.0, "north": 0.0})
    rows = []
    for n, ship in enumerate(ships):
        days = np.arange(ship["day"] - HALF_HOUR_D / 2, ship["leaves"] + HALF_HOUR_D, HALF_HOUR_D)
        for k, day in enumerate(days):
            there = ship["day"] <= day <= ship["leaves"]
            lon, lat = from_plane(ship["east"] + (0 if there else 9000), ship["north"], ORIGIN)
            rows.append({"fix_id": f"{n}/{k}", "track_id": str(n), "mmsi": ship["mmsi"], "lon": float(lon),
                         "lat": float(lat), "time_utc": START + pd.Timedelta(days=float(day)),
                         "sog_kn": 0.0 if there else 10.0, "flags": []})  # fmt: skip
    return TRACKS.from_rows(rows)


def exactly(world: World, seen: pd.DataFrame) -> float:
    """The expected number of ships, given everything about the world except the ships themselves."""
    looks_d = seen[seen["look"] >= 0].groupby("look")["day"].first()
    berth = Berth(world.free_d, world.stay_log, world.shown, LENGTH_M, world.length_sd_m, world.heard)
    ships = 0.0
    for name in BERTHS:
        here = seen[seen["berth"] == name]
        shown = here[(here["look"] >= 0) & (here["mmsi"] == 0)].set_index("look")["length"].reindex(looks_d.index)
        heard_d = here.loc[here["look"] < 0].reindex(columns=["day", "leaves"]).to_numpy(float)
        ships += ships_shown(berth, looks_d.to_numpy(), shown.to_numpy(float), heard_d)
    return ships


def main() -> None:
    """Print a line for each world, and how often links were right over all worlds."""
    months = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    chances, true = [], []
    for world in (*WORLDS, *OTHERWISE):
        stays, shown, expected, exact = 0, 0, 0.0, 0.0
        for seed in range(months):
            seen = sightings(world, seed)
            table, held = counted(world, seen, seed)
            exact += exactly(world, seen)
            numbers, law = call_counts(table)
            stays, shown = stays + len(set().union(*held)), shown + len(table)
            expected += float((numbers * law).sum())
            if world.stays == 1.0:
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
