"""Low-contrast ships in rough water that are missed without any notice.

    python -m benchmarks.silent_ships [--winds 4,6,8,10,12] [--seeds 61-62] [--quay] [--craft 60] [--deck 0.025] ...

Simulated sea of 900 x 900 m in pixels of 0.5 m (`sea_surface`) with five product tankers whose decks are about as
bright as it. A ship is *found* (accepted at her place, with half to one and a half times her length), else *unknown*
(coverage says that most of her area was not seen), else *flagged* (a candidate of such a length, not accepted), else
*silent*: coverage says that no ship was there. With ``--quay`` three of the five lie at a quay. With ``--craft`` the
place is a harbour of that many boats of 7 to 16 m, without white caps, and the share reported unknown is of interest.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from shapely import Polygon, box
from shapely.affinity import rotate, translate
from shapely.geometry.base import BaseGeometry

from benchmarks.rough_sea import PIXEL_M, SIDE_PX, SPOTS, SWELL_M
from benchmarks.sea_surface import RoughSea
from benchmarks.submetre_scenes import EPSG, ORIGIN, random_hull, state_of
from pipeline.detection import detect
from pipeline.ingest.scenes import open_scene
from pipeline.simulation.optical import Light, MapFrame, render
from pipeline.simulation.optical_products import Picture, write_picture
from pipeline.simulation.sea_and_air import draw_conditions
from pipeline.simulation.ships import Hull, ShipState, Structure
from pipeline.types import Place, Scene, Zone

WHEN = datetime(2024, 3, 1, 2, tzinfo=UTC)
DARK = 0.025  # usual deck reflectance, within a fifth: that of the sea seen from above
QUAY_M = (800.0, 100.0, 3.0)  # length along the rows, width (nothing narrower counts as land by itself), height
QUAY_AT = 0.12  # its middle, as a fraction of the side from the north
ALONGSIDE = (0.2, 0.5, 0.8)  # places of the ships along it, as fractions of the side
Lying = tuple[ShipState, tuple[float, float]]  # with her map position


def write_scene(folder: Path, seed: int, wind_m_s: float, *, quay: bool, craft: int, deck: float) -> Path:
    """Write one image and its truth (``<image>.truth``): the rectangle of each ship's hull in pixels."""
    rng = np.random.default_rng([seed, 93])
    light = Light(*(float(rng.uniform(*ends)) for ends in ((25, 45), (0, 360), (0, 25), (0, 360))))
    frame = MapFrame(EPSG, *ORIGIN, PIXEL_M, (SIDE_PX, SIDE_PX))
    ships, structures = _dark_ships(seed, deck, rng, quay=quay or craft > 0)
    boats = _boats(seed, craft, np.random.default_rng([seed, 94]), ships)
    air = replace(draw_conditions(np.random.default_rng([seed, 5]), min(wind_m_s, 9.0)), wind_m_s=wind_m_s)
    sea = None if craft else RoughSea(wind_m_s, SWELL_M, light)
    water, noise = np.ones(frame.shape, bool), np.random.SeedSequence([seed, 5])
    image = render(frame, water, ships + boats, structures, light, 0.0, wind_m_s, noise, air, surface=sea)
    name = name_of(seed, wind_m_s, quay=quay, craft=craft, deck=deck)
    path = write_picture(folder, Picture(name, frame, image, ("B", "G", "R", "N"), "SIM-50CM", WHEN, light), "minimal")
    truth = [(state.hull.length_m, list(_rectangle(state, at).exterior.coords)) for state, at in ships]
    path.with_suffix(".truth").write_text(json.dumps(truth), "utf-8")
    return path


def name_of(seed: int, wind_m_s: float, *, quay: bool, craft: int, deck: float) -> str:
    """Name of an image."""
    return f"silent{seed}-{wind_m_s:g}-{'quay' if quay else 'open'}-{craft}-{deck:g}"


def _dark_ships(seed: int, deck: float, rng: np.random.Generator, *, quay: bool) -> tuple[list[Lying], list[tuple]]:
    """Five tankers in open water, or three of them along the south side of a quay."""
    ships: list[Lying] = []
    for n, (x, y) in enumerate(SPOTS):
        hull = random_hull(f"silent{seed}-{n}", rng, "product_tanker")
        hull = replace(hull, deck_shade=deck * float(np.exp(rng.uniform(-0.2, 0.2))))
        heading = float(rng.uniform(0, 360))
        if quay and n < len(ALONGSIDE):
            x, heading = ALONGSIDE[n], 90.0
            y = QUAY_AT + (QUAY_M[1] / 2 + 1.5 + hull.beam_m / 2) / (SIDE_PX * PIXEL_M)
        elif quay:
            y = 0.75
        ships.append((state_of(hull, heading, float(rng.uniform(0, 1)), WHEN), _on_map(x, y)))
    fixed = [(Structure("quay", 0.0, 0.0, 90.0, *QUAY_M), _on_map(0.5, QUAY_AT))] if quay else []
    return ships, fixed


def _boats(seed: int, count: int, rng: np.random.Generator, ships: list[Lying]) -> list[Lying]:
    """Boats at random places in the water south of the quay, clear of the ships."""
    boats: list[Lying] = []
    taken = [_rectangle(*ship).buffer(15 / PIXEL_M) for ship in ships]
    while len(boats) < count:
        length_m = float(rng.uniform(7, 16))
        hull = Hull(f"boat{seed}-{len(boats)}", "fishing", length_m, length_m / 3.2, 0.16 * length_m, 0.09 * length_m,
                    "forward", 0.35)  # fmt: skip
        boat = (
            state_of(hull, float(rng.uniform(0, 360)), 0.5, WHEN),
            _on_map(float(rng.uniform(0.03, 0.97)), float(rng.uniform(0.25, 0.97))),
        )
        if not any(place.intersects(_rectangle(*boat)) for place in taken):
            boats.append(boat)
            taken.append(_rectangle(*boat).buffer(3 / PIXEL_M))
    return boats


def _on_map(x: float, y: float) -> tuple[float, float]:
    """Easting and northing of a place given as fractions of the side from the west and from the north."""
    return ORIGIN[0] + x * SIDE_PX * PIXEL_M, ORIGIN[1] - y * SIDE_PX * PIXEL_M


def _rectangle(state: ShipState, at: tuple[float, float]) -> Polygon:
    """A hull's rectangle seen from above, in columns and rows."""
    a, b = (0.5 * side / PIXEL_M for side in (state.hull.beam_m, state.hull.length_m))
    lying = rotate(box(-a, -b, a, b), state.heading_deg, origin=(0, 0))  # rows go down: clockwise on the map
    return translate(lying, (at[0] - ORIGIN[0]) / PIXEL_M, (ORIGIN[1] - at[1]) / PIXEL_M)


def search(path: Path) -> Counter[str]:
    """Counts for one image: ships by outcome, other accepted detections, unknown share [%] and CPU seconds."""
    truth = [(length_m, Polygon(corners)) for length_m, corners in json.loads(path.with_suffix(".truth").read_text())]
    opened = open_scene(path)
    zones = {f"ship{n}": hull for n, (_, hull) in enumerate(truth)} | {"all": box(0, 0, SIDE_PX - 1, SIDE_PX - 1)}
    start = time.process_time()
    found, diagnostics = detect(opened, place=_place(opened, zones))
    out: Counter[str] = Counter(cpu_s=round(time.process_time() - start))
    covered = diagnostics["zone_covered"]
    out["unknown_percent"] = round(100 * (1 - covered["all"]))
    on_ship = np.zeros(len(found), bool)
    for n, (length_m, hull) in enumerate(truth):
        near = _at(found, hull, length_m)
        out[_fate(found[near], length_m, covered[f"ship{n}"])] += 1
        on_ship |= near
    out["others"] = int((found["accepted"].to_numpy(bool) & ~on_ship).sum())
    return out


def _at(found: pd.DataFrame, hull: Polygon, length_m: float) -> np.ndarray:
    """Which candidates lie at a ship's place, shape (candidates,)."""
    apart = np.hypot(found["row"] - hull.centroid.y, found["col"] - hull.centroid.x).to_numpy()
    return np.asarray(apart * PIXEL_M < 0.5 * length_m, bool)


def _fate(near: pd.DataFrame, length_m: float, covered: float) -> str:
    """A ship's outcome: found, unknown, flagged or silent."""
    as_long = near[(near["length_m"] / length_m).between(0.5, 1.5)]
    if as_long["accepted"].any():
        return "found"
    if covered < 0.5:
        return "unknown"
    return "flagged" if len(as_long) else "silent"


def _place(opened: Scene, zones: dict[str, Polygon]) -> Place:
    """A place with zones given in columns and rows."""
    assert opened.geolocation is not None

    def on_earth(area: Polygon) -> BaseGeometry:
        cols, rows = np.array(area.exterior.coords).T
        return Polygon(np.column_stack(opened.geolocation.lonlat(rows, cols)))

    whole = on_earth(zones["all"])
    return Place("sim", "Simulated", whole.bounds, None,
                 tuple(Zone(name, "anchorage", name, on_earth(area)) for name, area in zones.items()))  # fmt: skip


def main() -> None:
    """Print a line for each wind."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--winds", default="4,6,8,10,12")
    options.add_argument("--seeds", default="61-62")
    options.add_argument("--quay", action="store_true", help="three of the ships lie at a quay")
    options.add_argument("--craft", type=int, default=0, help="boats in a calm harbour, in place of white caps")
    options.add_argument("--folder", help="where the images are kept, and taken from if they are there")
    options.add_argument("--deck", type=float, default=DARK, help="reflectance of the decks")
    chosen = options.parse_args()
    kind = {"quay": chosen.quay, "craft": chosen.craft, "deck": chosen.deck}
    first, last = (int(word) for word in chosen.seeds.split("-"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(chosen.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for wind_m_s in (float(word) for word in chosen.winds.split(",")):
            tally: Counter[str] = Counter()
            for seed in range(first, last + 1):
                name = name_of(seed, wind_m_s, **kind)
                path = next((p for p in folder.rglob("*.tif") if p.stem == name), None)
                tally += search(path or write_scene(folder, seed, wind_m_s, **kind))
            print(summary_line(tally, wind_m_s, last - first + 1), flush=True)


def summary_line(tally: Counter[str], wind_m_s: float, scenes: int) -> str:
    """One row of the table: the counts of one wind's scenes."""
    fates = ", ".join(f"{tally[fate]} {fate}" for fate in ("found", "unknown", "flagged", "silent"))
    return (
        f"simulated, wind {wind_m_s:g} m/s, {scenes} scenes: ships {fates}; {tally['others']} others accepted, "
        f"{tally['unknown_percent'] / scenes:.0f} % of the water unknown, "
        f"{tally['cpu_s'] / (scenes * SIDE_PX**2 / 1e6):.1f} CPU s a million pixels"
    )


if __name__ == "__main__":
    main()
