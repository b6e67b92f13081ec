"""Matching on real detections and messages, with transponders removed at random: ``python -m benchmarks.matching``.

Each draw makes 30 % of the ships dark. The second table adds 60 transponders without a ship, at rest 600 to 1,500 m
from detections.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.calls import match_tables
from pipeline.config import CallsConfig
from pipeline.units import METRES_PER_DEGREE

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "sar_ais_match"
DROPPED, DRAWS, STRANGERS = 0.3, 10, 60


def scores(found: pd.DataFrame, truth: pd.DataFrame, dark_ships: set[int]) -> tuple[float, float, float]:
    """Precision, recall, and the share of dark ships that are reported as dark."""
    both = truth.merge(found, on="det_id", suffixes=("", "_found"))
    named, dark = both["mmsi_found"].notna(), both["mmsi"].isin(dark_ships)
    right = named & (both["mmsi_found"] == both["mmsi"]) & ~dark
    return right.sum() / max(1, named.sum()), right.sum() / max(1, (~dark).sum()), (~named & dark).sum() / dark.sum()


def strangers(seen: pd.DataFrame, messages: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Messages of transponders near detections that are not theirs."""
    rows = messages.iloc[rng.integers(0, len(messages), STRANGERS)].copy()
    beside = seen.iloc[rng.integers(0, len(seen), STRANGERS)]
    angle, metres = rng.uniform(0, 2 * np.pi, STRANGERS), rng.uniform(600, 1500, STRANGERS)
    rows["lon"] = beside["lon"].to_numpy() + metres * np.sin(angle) / (
        METRES_PER_DEGREE * np.cos(np.radians(beside["lat"].to_numpy()))
    )
    rows["lat"] = beside["lat"].to_numpy() + metres * np.cos(angle) / METRES_PER_DEGREE
    rows["time_utc"] = pd.to_datetime(beside["time_utc"].to_numpy(), utc=True)
    return rows.assign(mmsi=900_000_000 + np.arange(STRANGERS), sog=0.0, message_id=[f"x{n}" for n in range(STRANGERS)])


def main() -> None:
    """Print the table."""
    from pipeline.ingest.ais.messages import read_ais

    if not DATA.is_dir():
        print("matching: the labelled data (../shared) is not here, nothing measured")
        return
    truth, seen = pd.read_csv(DATA / "truth.csv"), pd.read_csv(DATA / "sar_detections.csv")
    messages = read_ais([DATA / "ais_messages.csv"]).messages
    ships = sorted(truth["mmsi"].unique().tolist())
    for what in ("30 % dark", "30 % dark, 60 strangers"):
        rows = []
        for draw in range(DRAWS):
            dark = set(random.Random(draw).sample(ships, int(DROPPED * len(ships))))
            heard = messages[~messages["mmsi"].isin(dark)]
            if "strangers" in what:
                heard = pd.concat([heard, strangers(seen, messages, np.random.default_rng(draw))])
            rows.append(scores(match_tables(seen, heard, CallsConfig()), truth, dark))
        mean, worst = np.mean(rows, axis=0), np.min(rows, axis=0)
        told = ", ".join(
            f"{name} {m:.3f} (worst {w:.3f})"
            for name, m, w in zip(("precision", "recall", "dark called dark"), mean, worst, strict=True)
        )
        print(f"matching, {what}, {DRAWS} draws: {told}")


if __name__ == "__main__":
    main()
