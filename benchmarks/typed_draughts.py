"""Do tankers lie as deep as the hull-form law says? Predicted draughts against those that real ships type.

``python -m benchmarks.typed_draughts``. Three kinds of ships, none of which the volume stage reads: tankers with a
deadweight in a register (in-sample: `pipeline/volume/hull_form.py` is fitted to them), tankers that came to load crude
oil (ballast is fitted to these, its spread is not), and the deepest draughts of tankers worldwide in one week.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import VolumeConfig
from pipeline.volume.capacity import tanker_regression
from pipeline.volume.displacement import draught_by_fineness
from pipeline.volume.hull_form import block_coefficient, lightship_share
from pipeline.volume.possible_voyages import HullForms, Voyages

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
DRAWS, SEED = 4000, 1
DEEPEST_AFLOAT_M = 30.0  # a transponder's 37 m for a ship of 79 m is in feet, or a slip
SIZES = ["loa_m", "beam_m", "dwt", "ais_draught_m"]
LADEN = 0.85  # of the full draught by the current law: ships below this are in ballast (two ships)
LENGTHS_M = (50, 90, 115, 150, 200, 260, 340)
TO_LOAD_M, LADEN_M = (200.0, 260.0), 11.0  # two of 259 calls are deeper: laden, or not retyped


@dataclass(frozen=True, slots=True)
class Expected:
    """Draughts [m] that ships with one hull may have, shape (draws,)."""

    light: np.ndarray  # in ballast
    full_draught_ratio: np.ndarray  # with the full deadweight


def predicted(length_m: float, beam_m: float, dwt_t: float | None = None) -> Expected:
    """Draughts that the volume stage expects of a hull, from its deadweight, or from the usual one and its spread."""
    config, model, rng = VolumeConfig(), tanker_regression(), np.random.default_rng(SEED)
    length, beam = np.array(length_m), np.array(beam_m)
    usual = model.log_dwt(length, beam)
    spread = float(np.hypot(model.residual_sd(length), model.mean_sd(length, beam)))
    unusual = spread * rng.standard_normal(DRAWS) if dwt_t is None else np.full(DRAWS, np.log(dwt_t) - usual)
    forms = HullForms(block_coefficient(length_m), lightship_share(length_m, unusual), 0.0)
    voyage = next(Voyages(DRAWS, config.constants_share, SEED).deal(forms, rng))
    per_area_m = np.exp(usual + unusual) / (length_m * beam_m * config.water_t_per_m3)

    def draught_m(mass: np.ndarray) -> np.ndarray:
        return draught_by_fineness(per_area_m * voyage.size_ratio * mass, np.cbrt(per_area_m) * voyage.fineness)

    full = voyage.light + (1 - config.constants_share)
    return Expected(draught_m(voyage.light + voyage.ballast), draught_m(full))


def against(typed_m: np.ndarray, expected: list[np.ndarray]) -> str:
    """5, 50 and 95 % points of typed over median expected draught, and the share inside the expected 90 %."""
    ratio = np.array([t / np.median(e) for t, e in zip(typed_m, expected, strict=True)])
    inside = [np.percentile(e, 5) <= t <= np.percentile(e, 95) for t, e in zip(typed_m, expected, strict=True)]
    low, mid, high = np.percentile(ratio, (5, 50, 95))
    return (
        f"typed / expected {low:.2f} – {mid:.2f} – {high:.2f}, {np.mean(inside):.2f} inside 90 % ({len(ratio)} ships)"
    )


def tankers_by_register() -> pd.DataFrame:
    """Tankers of OpenSARShip with deadweight, length, beam and a typed draught, laden or not."""
    chips = pd.read_csv(DATA / "s1_opensarship_chips" / "labels.csv")
    known = chips[SIZES].notna().all(axis=1) & (chips["tanker"] == 1)
    ships = chips[known & chips["ais_draught_m"].between(0.1, DEEPEST_AFLOAT_M)]
    return ships.drop_duplicates("imo")[SIZES].reset_index(drop=True)


def by_register() -> str:
    """Those of them deep enough to be laden, against the draught expected from their deadweight."""
    ships = tankers_by_register()
    full = [predicted(s.loa_m, s.beam_m, s.dwt).full_draught_ratio for s in ships.itertuples()]
    typed = ships["ais_draught_m"].to_numpy()
    laden = typed > LADEN * np.array([np.median(f) for f in full])
    return against(typed[laden], [f for f, deep in zip(full, laden, strict=True) if deep])


def that_came_to_load() -> str:
    """Tankers that called at Westridge, Vancouver, to load crude oil: each ship's first call that is not laden."""
    calls = pd.read_csv(DATA / "port_calls" / "vancouver_tanker_calls.csv").dropna(subset=["arrival_draught_m"])
    calls = calls[(calls["terminal"] == "Westridge") & calls["length_m"].between(*TO_LOAD_M)]
    light = calls[calls["arrival_draught_m"] < LADEN_M].drop_duplicates("imo")
    told = against(
        light["arrival_draught_m"].to_numpy(), [predicted(s.length_m, s.beam_m).light for s in light.itertuples()]
    )
    return f"{told}; {len(calls) - int((calls['arrival_draught_m'] < LADEN_M).sum())} of {len(calls)} calls were laden"


def deepest_typed() -> list[str]:
    """Each seagoing tanker's deepest draught in a week, by length; laden ships are in the upper part."""
    told = pd.read_csv(DATA / "tanker_draught" / "static_reports.csv")
    slender = (told["length_m"] / told["breadth_m"]).between(4.5, 7.6)
    told = told[told["ship_type"].between(80, 89) & (told["draught"] > 0) & slender]
    ships = told.groupby("mmsi")[["length_m", "breadth_m", "draught"]].agg(
        {"length_m": "median", "breadth_m": "median", "draught": "max"}
    )
    lines = []
    for low, high in itertools.pairwise(LENGTHS_M):
        some = ships[(ships["length_m"] >= low) & (ships["length_m"] < high)]
        over = [s.draught / np.median(predicted(s.length_m, s.breadth_m).full_draught_ratio) for s in some.itertuples()]
        points = " – ".join(f"{p:.2f}" for p in np.percentile(over, (5, 25, 50, 75, 90)))
        lines.append(f"deepest typed / expected when full, {low}–{high} m: {points} (5, 25, 50, 75, 90 %; {len(some)})")
    return lines


def main() -> None:
    """Print typed over expected draughts."""
    if not DATA.is_dir():
        print("typed draughts, real: the labelled data (../shared) is not here, nothing measured")
        return
    print(f"real: laden, by registered deadweight: {by_register()}")
    print(f"real: light, on arrival to load: {that_came_to_load()}")
    for line in deepest_typed():
        print(f"real: {line}")


if __name__ == "__main__":
    main()
