"""The same harbour elsewhere on the globe, mirrored, or at another time gives the same calls."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.calls import clean_tracks, match, port_calls, static_reports
from pipeline.calls.geodesy import from_plane, to_plane
from pipeline.config import CallsConfig
from tests.calls.traffic import BERTH, detections, feed, harbour, looks_at, said, sighting, visit

CONFIG = CallsConfig()
NAMES = ("call_id", "vessel_id", "detection_ids")  # derived from places and times
SEEN = (*(sighting(f"d{n}", h, length_m=99.0 + n % 2) for n, h in enumerate((1.0, 20.0, 26.0))), sighting("x", 60.0))
LOOKS = looks_at(-30.0, 1.0, 20.0, 26.0, 40.0, 60.0, 84.0)


def moved(table, to):
    """A table with all its positions transformed by ``to``."""
    lon, lat = to(table["lon"].to_numpy(float), table["lat"].to_numpy(float))
    return table.assign(lon=lon, lat=lat)


def calls(to=lambda lon, lat: (lon, lat), later="0D"):
    """One tanker that is heard and seen, and a dark one."""
    later = pd.Timedelta(later)
    zones = tuple(
        replace(z, geometry=shapely.transform(z.geometry, lambda p: np.column_stack(to(p[:, 0], p[:, 1]))))
        for z in harbour().zones
    )
    ais = moved(feed(visit(52, 70), said(52, length=99.0, draught=4.0, ship_type=80, name="SIM")), to)
    ais["time_utc"] += later
    seen = moved(detections(*SEEN), to)
    seen["acquired"] += later
    looks = LOOKS.assign(acquired=LOOKS["acquired"] + later)
    tracks, static = clean_tracks(ais), static_reports(ais)
    table = port_calls(
        detections=seen,
        looks=looks,
        matches=match(seen, tracks, static, CONFIG),
        tracks=tracks,
        static=static,
        registry=None,
        place=replace(harbour(), zones=zones),
        config=CONFIG,
    )
    times = table.select_dtypes("datetimetz").columns
    return table.assign(**{name: table[name] - later for name in times}).drop(columns=list(NAMES))


def at_latitude(lat):
    """Transform to the same local plane around another point."""
    return lambda x, y: from_plane(*to_plane(x, y, BERTH), (25.0, lat))


@pytest.mark.parametrize(
    "to",
    [
        lambda lon, lat: (lon, -lat),
        lambda lon, lat: (2 * BERTH[0] - lon, lat),
        lambda lon, lat: (lon - BERTH[0] + 180.0, lat),
        lambda lon, lat: (lon - BERTH[0], lat),
        at_latitude(70.0),
        at_latitude(0.0),
    ],
    ids=["southern", "mirrored", "across 180 degrees", "across Greenwich", "70 N", "on the equator"],
)
def test_where_the_harbour_lies_changes_no_call(to):
    found, usual = calls(to), calls()
    assert len(usual) == 2
    assert usual["evidence_class"].tolist() == ["C", "A"]
    pd.testing.assert_frame_equal(found, usual, rtol=1e-3)


@pytest.mark.parametrize("later", ["7D", "365D", "-67D", "-8D", "13h"], ids=str)
def test_when_it_all_was_changes_no_call(later):
    """Also over New Year and a leap day."""
    pd.testing.assert_frame_equal(calls(later=later), calls(), rtol=1e-9)
