"""Liftings for test accounts, and the arguments with which most of these are requested."""

from __future__ import annotations

import pandas as pd

from pipeline.config import VolumeConfig
from pipeline.volume import liftings

CAP = "configs/caps/unscr-2397.yaml"
CONFIG = VolumeConfig()
SET = ("--set", "draws=500")


def liftings_of(*days: str, **more) -> pd.DataFrame:
    """Liftings of 30,000 t of an unnamed product each: 249,900 bbl, half the cap."""
    rows = [
        {"call_id": f"c{n}", "departure": day, "tonnes": 30_000.0, "product": "unnamed"} | more
        for n, day in enumerate(days)
    ]
    return liftings(pd.DataFrame(rows), CONFIG, 0)
