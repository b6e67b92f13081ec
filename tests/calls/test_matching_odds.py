"""The odds of a match against Bayes' rule, for one ship and its alternatives."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from pipeline.calls.matching import detectability, match
from pipeline.calls.static import static_reports
from pipeline.calls.tracks import clean_tracks
from pipeline.config import CallsConfig
from tests.calls.traffic import MMSI, detections, feed, fixes, off_berth, said, sighting

CONFIG = CallsConfig()
NOON = 12.0
SIZE = ["length_m", "length_lo_m", "length_hi_m"]


def odds(seen: pd.DataFrame, *static: pd.DataFrame) -> pd.Series:
    """Odds for each detection: the ship heard at the berth against a ship without a transponder."""
    messages = feed(fixes(np.arange(11, 13, 0.1), *off_berth(0)), *static)
    found = match(seen, clean_tracks(messages), static_reports(messages), CONFIG).set_index("det_id")
    hers = found["probability"].where(found["mmsi"] == MMSI, 1 - found["probability"])
    return hers / (1 - hers)


def test_over_all_places_the_odds_add_up_to_those_that_she_is_shown_over_the_density_of_others():
    """Her density integrates to 1. One scene per ring of 20 m; the scene fit may widen it somewhat."""
    rings_m = np.arange(10.0, 600.0, 20.0)
    rows = [sighting(f"d{n:02}", NOON, off_berth(m), scene_id=f"s{n:02}") for n, m in enumerate(rings_m)]
    seen = detections(*rows)
    seen[SIZE] = np.nan
    shown = detectability(np.array([np.nan]))[0]
    area_km2 = 2 * np.pi * rings_m * 20.0 / 1e6
    assert (odds(seen) * area_km2).sum() * CONFIG.dark_per_km2 == pytest.approx(shown / (1 - shown), rel=0.4)


@pytest.mark.parametrize("said_m", [12.0, 40.0, 300.0])
def test_a_ship_that_images_show_more_often_is_likelier_the_one_that_is_seen(said_m):
    """By Bayes, relative to a ship of 100 m: she is the detection, or was missed and the detection is another ship."""
    seen = detections(sighting("d", NOON))
    seen[SIZE] = np.nan
    hers, of_100 = (odds(seen, said(11, a=m - 2.0, b=2.0))["d"] for m in (said_m, 100.0))
    shown, shown_100 = detectability(np.array([said_m, 100.0]))
    assert hers / of_100 == pytest.approx(shown / (1 - shown) * (1 - shown_100) / shown_100, rel=1e-6)


@pytest.mark.parametrize("said_m", [95.0, 120.0, 150.0])
def test_what_a_seen_length_says_of_ships_at_large_is_little(said_m):
    """The likelihood ratio of her to any ship averages 1 over ships; slightly less is cautious.

    Ships of ports: median 110 m, sd of ln(length) 0.45. A similar length speaks for her, a different one against.
    """
    ships_m = 110 * np.exp(0.45 * norm.ppf((np.arange(30) + 0.5) / 30))
    lengths_m = [*ships_m, said_m, 2 * said_m, 1.0]
    seen = detections(*(sighting(f"d{n:02}", NOON + n / 60, length_m=m) for n, m in enumerate(lengths_m)))
    seen.loc[seen.index[-1], SIZE] = np.nan
    found = odds(seen, said(11, a=said_m - 20.0, b=20.0)).to_numpy()
    speaks = found / found[-1]
    assert 0.5 < speaks[:30].mean() < 1.1
    assert speaks[30] > 2
    assert speaks[31] < 0.3
