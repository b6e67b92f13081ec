"""Transponder results are computed once for several tables of calls; each table equals a fresh one."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.listened import Listened
from pipeline.calls.matching import match
from pipeline.calls.port_calls import listen, port_calls, port_calls_with
from pipeline.calls.static import static_reports
from pipeline.calls.tracks import clean_tracks
from tests.calls.test_port_calls import CONFIG, HULL
from tests.calls.traffic import detections, feed, harbour, looks_at, said, sighting, visit

HOURS = (8, 20, 60, 66, 130)
SEEN = (
    sighting("hers", 8),
    sighting("hers later", 20, length_m=101.0),
    sighting("dark", 60, freeboard_m=3.0, freeboard_lo_m=2.6, freeboard_hi_m=3.4),
    sighting("dark still", 66, freeboard_m=1.5, freeboard_lo_m=1.1, freeboard_hi_m=1.9),
    sighting("again", 130, length_m=93.0),
)


def blank(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    out = table.copy()
    out.loc[out["detection_id"].isin(names), ["freeboard_m", "freeboard_lo_m", "freeboard_hi_m"]] = np.nan
    return out


@pytest.mark.parametrize("order", [1, -1], ids=["more and more taken away", "less and less"])
def test_tables_that_share_what_was_heard_are_those_made_anew(order):
    messages = feed(
        visit(5, 25), said(4, name="ALPHA", draught=4.0, **HULL), said(26, name="ALPHA", draught=6.5, **HULL),
        visit(125, 140, seed=2), said(124, mmsi=visit(125, 140)["mmsi"].iloc[0], name="ALPHA", **HULL),
    )  # fmt: skip
    tracks, static, whole = clean_tracks(messages), static_reports(messages), detections(*SEEN)
    certain = CONFIG.model_copy(update={"stay_log_sd": 0.0})  # nothing is learnt of how long ships stay
    heard = {"tracks": tracks, "static": static, "registry": None, "place": harbour(), "config": certain}
    known = listen(**heard)
    tables = [
        (whole, looks_at(*HOURS)),
        (blank(whole, "dark", "dark still"), looks_at(*HOURS)),
        (whole[whole["detection_id"] != "dark still"], looks_at(8, 20, 60, 130)),
        (whole[whole["detection_id"] != "hers later"], looks_at(*HOURS)),
        (whole.iloc[:0], looks_at()),
    ]
    made = []
    for found, looks in tables[::order]:
        seen = {"detections": found, "looks": looks, "matches": match(found, tracks, static, CONFIG)}
        anew = port_calls(**seen, **heard)
        for shared in (known, known.under(known.config)):  # the second keeps no row that was made to learn the stays
            pd.testing.assert_frame_equal(port_calls_with(shared, **seen), anew, check_exact=True)
        made.append(anew)
    assert not any(made[0].equals(other) for other in made[1:])


def test_the_limit_on_a_stay_follows_the_last_law_and_is_never_below_the_declared_one():
    known = Listened(
        tracks=clean_tracks(feed()), static=static_reports(feed()), registry=None, place=harbour(), config=CONFIG
    )
    short, long = (known.stays.shifted(np.log(factor)) for factor in (0.5, 1.5))
    limits = [
        known.with_stays(first).with_stays(last).config.max_stay_d for first, last in ((short, long), (long, short))
    ]
    assert limits == pytest.approx([1.5 * CONFIG.max_stay_d, CONFIG.max_stay_d])


def test_what_is_written_onto_a_row_is_not_on_the_next_one():
    known = Listened(
        tracks=clean_tracks(feed(visit(5, 25))), static=static_reports(feed()), registry=None, place=harbour(),
        config=CONFIG,
    )  # fmt: skip
    row = known.made_once("evidence", lambda: {"flags": ["left_open"], "counts": True})
    row["flags"].append("shifted")
    row["counts"] = False
    assert known.made_once("evidence", dict) == {"flags": ["left_open"], "counts": True}
