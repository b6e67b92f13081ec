"""Azimuth shift of moving ships in radar images: slope of measured on predicted shift; 1 is right.

``python -m benchmarks.azimuth_shift [scenes]``. Simulated: 14 ships under way at 5 to 18 kn on all courses and 4 at
rest, 30 m of scatter, the shift of incidence angles from 31 to 46 degrees; the program is given the pass direction and
estimates the shift from the scene. Real (where the labelled data lies beside the project): the pairs of the chips, with
the shift that geometry gives at each chip's own incidence angle. Messages lag by some seconds, which along shipping
lanes looks like a shift; the lag is estimated from the cross-track direction, in which radar causes no shift.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.calls.geodesy import to_plane
from pipeline.calls.motion import PositionMixture
from pipeline.calls.scene_fit import Components, Geometry, displaced_positions, fit_scene, possible_geometries
from pipeline.units import KNOT_M_S

CHIPS = Path(__file__).resolve().parents[2] / "shared" / "data" / "s1_opensarship_chips" / "labels.csv"
ORBIT_M, EARTH_M, SATELLITE_M_S = 693_000.0, 6_371_000.0, 7_590.0  # Sentinel-1: mean height, sphere, speed
LAT, MOVING, AT_REST, SCATTER_M, SIDE_M = 42.7, 14, 4, 30.0, 9000.0
DARK_M2, GATE_M = 0.02e-6, 2000.0
LEAST_KN = 3.0


def shift_s(incidence_deg: np.ndarray | float) -> np.ndarray:
    """Along-track shift [m] per m/s of ground speed away from the radar: R sin(theta) / V."""
    theta = np.radians(np.asarray(incidence_deg, float))
    nadir = np.arcsin(EARTH_M / (EARTH_M + ORBIT_M) * np.sin(theta))
    slant = EARTH_M * np.sin(theta - nadir) / np.sin(nadir)
    return np.asarray(slant * np.sin(theta) / SATELLITE_M_S)


def slope(seen_m: np.ndarray, told_m: np.ndarray) -> tuple[float, float]:
    """Slope through the origin and its standard error."""
    value = float((seen_m * told_m).sum() / (told_m**2).sum())
    left = seen_m - value * told_m
    return value, float(np.sqrt((left**2).mean() / (told_m**2).sum()))


def simulated(scenes: int) -> np.ndarray:
    """The slope in each of ``scenes`` simulated scenes."""
    out = np.empty(scenes)
    for seed in range(scenes):
        rng = np.random.default_rng(seed)
        name = ("ascending", "descending")[seed % 2]
        options = possible_geometries(LAT, name, radar=True)
        true = Geometry("true", options[0].flight, options[0].look, float(shift_s(rng.uniform(31, 46))))
        n = MOVING + AT_REST
        speed = np.where(np.arange(n) < MOVING, rng.uniform(5, 18, n), 0.0) * KNOT_M_S
        course = rng.uniform(0, 2 * np.pi, n)
        east, north = rng.uniform(-SIDE_M, SIDE_M, (2, n))
        one = np.ones(n)
        ships = zip(east, north, speed * np.sin(course), speed * np.cos(course), 10 * one, one, strict=True)
        parts = Components.stack([PositionMixture(*(np.array([v]) for v in ship), 0.0) for ship in ships])
        places = displaced_positions(parts, true)
        seen = [p + rng.normal(0, SCATTER_M, n) for p in places]
        fit = fit_scene(seen[0], seen[1], parts, options, DARK_M2, GATE_M)
        predicted = displaced_positions(parts, fit.geometry)
        along, by_us = (
            (e - parts.east) * true.flight[0] + (n_ - parts.north) * true.flight[1] for e, n_ in (seen, predicted)
        )
        out[seed] = slope(along[:MOVING], by_us[:MOVING])[0]
    return out


def real() -> list[tuple[str, int, float, float]]:
    """Slope and standard error over the moving ships of each scene of the chips, and of all scenes together."""
    table = pd.read_csv(CHIPS)
    table = table[(table["ais_sog_kn"] >= LEAST_KN) & table["ais_cog_deg"].notna()]
    parts = []
    for scene, group in table.groupby("scene"):
        # All were taken at local dusk
        flight = possible_geometries(float(group["lat"].mean()), "ascending", radar=True)[0]
        origin = (float(group["lon"].mean()), float(group["lat"].mean()))
        gap = (
            pd.to_datetime(group["time_utc"]).astype("datetime64[us, UTC]").astype("int64") / 1e6
            - group["ais_time_unix"]
        )
        speed, course = group["ais_sog_kn"] * KNOT_M_S, np.radians(group["ais_cog_deg"])
        v = np.array([speed * np.sin(course), speed * np.cos(course)])
        there = np.array(to_plane(group["ais_lon"], group["ais_lat"], origin)) + v * gap.to_numpy()
        off = np.array(to_plane(group["lon"], group["lat"], origin)) - there
        away, ahead = (np.array(v[0] * way[0] + v[1] * way[1]) for way in (flight.look, flight.flight))
        across, along = (off[0] * way[0] + off[1] * way[1] for way in (flight.look, flight.flight))
        lag_s = np.median((across - np.median(across)) * np.sign(away)) / np.median(np.abs(away))
        told = -shift_s(group["incidence_deg"].to_numpy()) * away
        along = along - ahead * lag_s
        rows = {"scene": scene[17:32], "along": along - np.median(along - told), "told": told, "lag_s": lag_s}
        parts.append(pd.DataFrame(rows))
    rows = []
    for name, part in [*((p["scene"].iloc[0], p) for p in parts), ("all scenes", pd.concat(parts))]:
        near = part[(part["along"] - part["told"]).abs() < GATE_M / 4]
        told = f"{name}, messages {near['lag_s'].median():+.1f} s"
        rows.append((told, len(near), *slope(near["along"].to_numpy(), near["told"].to_numpy())))
    return rows


def main() -> None:
    """Print the figures."""
    scenes = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 200
    found = simulated(scenes)
    within = float((np.abs(found - 1) <= 0.05).mean())
    print(
        f"azimuth shift, simulated, {scenes} scenes: slope {found.mean():.3f}, from scene to scene +- "
        f"{found.std():.3f}, within 0.05 of 1 in {within:.0%}"
    )
    if not CHIPS.is_file():
        print("azimuth shift, real: the labelled data (../shared) is not here, nothing measured")
        return
    for name, count, value, error in real():
        print(f"azimuth shift, real, {name}: slope {value:.3f} +- {error:.3f} ({count} ships under way)")


if __name__ == "__main__":
    main()
