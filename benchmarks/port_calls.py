"""Port calls from simulated tracks: calls found, false calls, and speed, compared with movingpandas.

``python -m benchmarks.port_calls [port-months]``. A port-month is twelve ships that come at 10 kn, lie at one of two
berths or at anchor for half a day to three days, and leave; each sends every three minutes. 5 % of the reports are
moved to random places within 9 km, 20 % are lost (half singly, half in silences of one to three hours, which may follow
on one another), 10 % come twice. A found call is right if it overlaps a true call of that ship at that zone, each used
once, and otherwise extra; its bounds hold if the true arrival and departure lie within them.

The same by images alone: twelve ships without transponders, two looks in three days. Each month is counted twice: with
one image per look, and with every look cut into two overlapping slices, a third of them delivered again under another
name. Calls beyond the first count are extra.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
import shapely

from benchmarks.port_images import image_calls
from pipeline.calls import clean_tracks, stays
from pipeline.calls.geodesy import from_plane
from pipeline.calls.stays import Stay
from pipeline.config import CallsConfig
from pipeline.tables import AIS_MESSAGES
from pipeline.types import Place, Zone

ORIGIN = (133.06, 42.735)
SPOTS = {"berth_a": (0.0, 0.0), "berth_b": (2500.0, 1500.0), "roads": (-6000.0, 3000.0)}
SHIPS, EVERY_S, MONTH_S = 12, 180.0, 30 * 86_400.0
SPIKES, LOST, TWICE, REACH_M = 0.05, 0.2, 0.1, 9000.0
SLACK_S = 60.0  # on each bound: times are whole seconds, and fixes have some metres of noise


def place() -> Place:
    """Two berths of 300 by 200 m and an anchorage of 3 km."""
    zones = []
    for name, (east, north) in SPOTS.items():
        half = (1500.0, 1500.0) if name == "roads" else (150.0, 100.0)
        west, south = from_plane(east - half[0], north - half[1], ORIGIN)
        right, top = from_plane(east + half[0], north + half[1], ORIGIN)
        kind = "anchorage" if name == "roads" else "berth"
        box = shapely.box(float(west), float(south), float(right), float(top))
        zones.append(Zone(name, kind, name, box, counts=kind == "berth"))
    return Place("bench", "bench", (132.0, 42.0, 134.0, 43.5), None, tuple(zones))


def month(
    seed: int, *, stay_d: tuple[float, float] = (0.5, 3.0), every_s: float = EVERY_S
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Messages of a port-month and the true calls (mmsi, zone, arrival and departure in seconds)."""
    rng = np.random.default_rng(seed)
    parts, truth = [], []
    for ship in range(SHIPS):
        mmsi, zone = 999_000_001 + ship, list(SPOTS)[rng.integers(len(SPOTS))]
        lies = rng.uniform(*stay_d) * 86_400
        arrival = rng.uniform(7200, max(7300, MONTH_S - lies - 7200))
        seconds = np.arange(arrival - 5400, arrival + lies + 5400, every_s) + rng.uniform(0, 60)
        away = np.maximum(np.maximum(arrival - seconds, seconds - arrival - lies), 0.0)
        still = away == 0
        speed = np.where(still, rng.choice([0.0, 0.1], len(seconds)), 10.0)
        east = SPOTS[zone][0] + away * 5.144 + rng.normal(0, 8, len(seconds))
        north = SPOTS[zone][1] + rng.normal(0, 8, len(seconds))
        thrown = rng.random(len(seconds)) < SPIKES
        east[thrown], north[thrown] = rng.uniform(-REACH_M, REACH_M, (2, int(thrown.sum())))
        keep = rng.random(len(seconds)) > LOST / 2
        while keep.mean() > 1 - LOST:
            start = rng.uniform(seconds[0], seconds[-1])
            keep &= ~((seconds >= start) & (seconds < start + rng.uniform(3600, 3 * 3600)))
        rows = np.flatnonzero(keep)
        rows = np.sort(np.concatenate([rows, rng.choice(rows, int(TWICE * len(rows)))]))
        lon, lat = from_plane(east, north, ORIGIN)
        parts.append(pd.DataFrame({"mmsi": mmsi, "s": seconds, "lon": lon, "lat": lat, "sog": speed}).iloc[rows])
        truth.append((mmsi, zone, arrival, arrival + lies))
    table = pd.concat(parts, ignore_index=True)
    start = pd.Timestamp("2024-03-01T00:00:00Z")
    table["time_utc"] = start + pd.to_timedelta(table.pop("s").round(), unit="s")
    table = table.assign(cog=270.0, msg_type=1, line=np.arange(1, len(table) + 1), source_file="simulated")
    table["message_id"] = [f"m{n}" for n in table["line"]]
    return AIS_MESSAGES.conform(table), pd.DataFrame(truth, columns=["mmsi", "zone", "arrival", "departure"])


def accuracy(months: int) -> dict[str, int]:
    """Right, missed and extra calls over port-months, and how many of the right ones have bounds that hold."""
    here, config, start = place(), CallsConfig(), pd.Timestamp("2024-03-01T00:00:00Z")
    count = {"right": 0, "missed": 0, "extra": 0, "bounds": 0}
    for seed in range(months):
        messages, truth = month(seed)
        open_calls = truth.to_dict("records")
        for stay in stays(clean_tracks(messages), here, config):
            first, last = ((t - start).total_seconds() for t in (stay.arrival_hi, stay.departure_lo))
            fits = [
                c for c in open_calls
                if (c["mmsi"], c["zone"]) == (stay.mmsi, stay.zone_id)
                and c["arrival"] <= last + SLACK_S and c["departure"] >= first - SLACK_S
            ]  # fmt: skip
            if fits:
                open_calls.remove(fits[0])
                count["right"] += 1
                count["bounds"] += _bounds_hold(stay, fits[0], start)
            else:
                count["extra"] += 1
        count["missed"] += len(open_calls)
    return count


def _bounds_hold(stay: Stay, call: dict[str, float], start: pd.Timestamp) -> bool:
    """Do arrival and departure lie within the stay's bounds? A bound that was not heard always holds."""
    ends = (
        (stay.arrival_lo, call["arrival"], stay.arrival_hi),
        (stay.departure_lo, call["departure"], stay.departure_hi),
    )
    held = True
    for low, true_s, high in ends:
        held &= low is None or (low - start).total_seconds() <= true_s + SLACK_S
        held &= high is None or (high - start).total_seconds() >= true_s - SLACK_S
    return held


def speed() -> list[tuple[str, int, float, float]]:
    """Fixes and CPU seconds of tracks and stays, for short and for long stops."""
    here, config = place(), CallsConfig()
    rows = []
    for name, stay_d in (("stays of 0.5-3 d", (0.5, 3.0)), ("stays of 20 d", (19.0, 20.0))):
        messages, _ = month(1, stay_d=stay_d, every_s=30.0)
        tracks = clean_tracks(messages)
        stays(tracks, here, config)
        start = time.process_time()
        tracks = clean_tracks(messages)
        between = time.process_time()
        stays(tracks, here, config)
        rows.append((name, len(messages), between - start, time.process_time() - between))
    return rows


def movingpandas_speed() -> tuple[int, float] | None:
    """Fixes and CPU seconds of movingpandas' stop detector (500 m, two hours) on the same reports; None without it."""
    try:
        import movingpandas
    except ImportError:
        return None
    messages, _ = month(1, every_s=300.0)
    flat = messages[["mmsi", "time_utc", "lon", "lat"]].drop_duplicates(["mmsi", "time_utc"])
    flat = flat.assign(time_utc=flat["time_utc"].dt.tz_localize(None))
    start = time.process_time()
    trips = movingpandas.TrajectoryCollection(flat, traj_id_col="mmsi", t="time_utc", x="lon", y="lat", crs=4326)
    detector = movingpandas.TrajectoryStopDetector(trips)
    detector.get_stop_segments(max_diameter=500, min_duration=pd.Timedelta(hours=2))
    return len(flat), time.process_time() - start


def main() -> None:
    """Print the tables."""
    months = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 1000
    found = accuracy(months)
    precision = found["right"] / (found["right"] + found["extra"])
    recall = found["right"] / (found["right"] + found["missed"])
    print(f"port calls, simulated, {months} port-months of {SHIPS} ships, 5 % spikes, 20 % lost, 10 % twice:")
    counts = f"right {found['right']}, missed {found['missed']}, extra {found['extra']}"
    held = found["bounds"] / max(found["right"], 1)
    print(f"  {counts}: precision {precision:.4f}, recall {recall:.4f}; bounds hold for {held:.2%}")
    few = max(1, months // 10)
    sighted = image_calls(few)
    print(f"  by images alone, {few} port-months: calls {sighted['whole']}, with slices and copies {sighted['cut']}")
    for name, fixes, tracking, staying in speed():
        rates = [f"{fixes / s:,.0f}" for s in (tracking, staying, tracking + staying)]
        print(f"  {name}: {fixes:,} fixes; a second: tracks {rates[0]}, port calls {rates[1]}, both {rates[2]}")
    theirs = movingpandas_speed()
    if theirs is None:
        print("  movingpandas: not installed")
    else:
        print(f"  movingpandas' stop detector: {theirs[0] / theirs[1]:,.0f} fixes a second")


if __name__ == "__main__":
    main()
