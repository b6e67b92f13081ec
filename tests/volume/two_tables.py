"""Small tables of liftings from several ports or months, and which of their rows are counted."""

import pandas as pd

from pipeline.config import CapConfig, VolumeConfig
from pipeline.volume import liftings, merge_liftings

LOADING = VolumeConfig(draws=200)
DISCHARGING = VolumeConfig(draws=200, counted="discharging")
CAP = CapConfig(id="c", title="C", barrels=500_000, year_starts="01-01", source="test")


def table(config, *rows):
    """The liftings of these calls, named by their port's counted direction and their index in the table."""
    named = [{"call_id": f"{config.counted}-{n}"} | row for n, row in enumerate(rows)]
    return liftings(pd.DataFrame(named), config, 1)


def load(day, hull=(98.0, 15.8), vessel=None):
    """A call in March 2024 by a ship of this length and beam [m]."""
    return {"arrival": f"2024-03-{day:02d}", "length_m": hull[0], "beam_m": hull[1], "vessel_id": vessel}


def counted(*tables, year_starts=CAP.year_starts):
    """All rows of these tables, indexed by name, with the verdict on whether each counts."""
    return merge_liftings(list(tables), LOADING, year_starts, 1).set_index("call_id")
