"""How a stay split over several tables is reported: which row counts, with the doubts of all parts."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from tests.volume.two_tables import LOADING, counted, load, table


def parts(*days: tuple[float, float]) -> list[pd.DataFrame]:
    """One table of liftings per part: one hull at one pier, open at both ends, seen between these days of March."""
    border = pd.Timestamp("2024-03-15", tz="UTC")
    seen = {"berth_id": "pier", "length_m": 98.0, "beam_m": 15.8, "flags": ["arrival_open", "left_open"]}
    seen |= {"spot_looks": 20, "spot_taken": 3}
    out = []
    for n, (came, left) in enumerate(days):
        when = {"arrival": border + pd.Timedelta(days=came), "departure": border + pd.Timedelta(days=left)}
        out.append(table(LOADING, seen | when | {"call_id": f"part {n}", "detection_ids": [f"d{n}"]}))
    return out


def kept_of(tables: list[pd.DataFrame]) -> list[dict]:
    """The rows that count, in order of their names."""
    once = counted(*tables)
    return once[once["counts"]].sort_index().reset_index().to_dict("records")


def test_a_stay_of_parts_holds_the_doubts_of_all_and_the_chance_that_they_are_one():
    """One ship only if each part is one ship and the parts are one stay: chances multiply, expected extra ships add."""
    first, then = parts((-1.5, -0.5), (0.5, 1.0))
    doubted = [
        one.assign(p_one_call=p_one, calls_mean=mean) for one, p_one, mean in ((first, 0.8, 1.3), (then, 0.9, 1.2))
    ]
    (sure,), (row,) = (kept_of(tables) for tables in ([first, then], doubted))
    chance = sure["p_one_call"]
    assert 0.2 < chance < 0.98
    assert sure["calls_mean"] == pytest.approx(2 - chance)
    assert row["p_one_call"] == pytest.approx(0.8 * 0.9 * chance)
    assert row["calls_mean"] == pytest.approx(1 + 0.3 + 0.2 + 1 - chance)


def test_a_stay_of_parts_is_told_with_the_chance_that_all_of_them_are_one():
    """Four monthly tables with the widest gap in the middle: the last link joins two stays that are uncertain too."""
    tables = parts((-9.0, -8.0), (-7.0, -6.0), (-4.5, -3.5), (-2.5, -1.5))
    links = [kept_of(pair)[0]["p_one_call"] for pair in pairwise(tables)]
    assert links[1] < min(links[0], links[2])
    (row,) = kept_of(tables)
    assert row["p_one_call"] == pytest.approx(links[0] * links[1] * links[2], rel=0.02)
    once = counted(*tables)
    assert once.loc[~once["counts"], "cause"].str.endswith(f"(probability {row['p_one_call']:.2f})").all()


@pytest.mark.parametrize("measured", [0, 1])
def test_whether_a_stay_of_parts_is_a_new_call_is_told_by_its_first_part(measured):
    """Whichever part has the load: what the later table saw before is the stay itself."""
    tables = [
        t.assign(p_new_call=p, mmsi=999000001) for t, p in zip(parts((-2, -1), (-0.5, 1)), (0.7, 0.4), strict=True)
    ]
    tables[measured] = tables[measured].assign(method="given_tonnes")
    for order in (tables, tables[::-1]):
        (row,) = kept_of(order)
        assert (row["call_id"], row["p_new_call"]) == (f"part {measured}", 0.7)


@pytest.mark.parametrize("measured", [0, 1])
def test_the_slope_of_whether_she_is_new_comes_with_it(measured):
    """By her number one stay, each part certainly one ship: only whether she is new depends on stays."""
    told = zip(parts((-2, -1), (-0.5, 1)), ((0.7, -1.0), (1.0, 0.0)), strict=True)
    tables = [t.assign(p_new_call=p, turns_slope=slope, mmsi=999000001) for t, (p, slope) in told]
    tables[measured] = tables[measured].assign(method="given_tonnes")
    (row,) = kept_of(tables)
    assert (row["call_id"], row["p_new_call"], row["turns_slope"]) == (f"part {measured}", 0.7, -1.0)


def test_two_doubts_that_a_call_is_new_multiply():
    """Within her own table she may continue the call before; across tables she may be the other table's stay."""
    first, then = parts((-1.5, -0.5), (3.0, 4.0))
    alone, doubted = (kept_of([first, later])[1]["p_new_call"] for later in (then, then.assign(p_new_call=0.5)))
    assert alone < 0.99
    assert doubted == pytest.approx(0.5 * alone)


def test_of_one_stay_in_two_tables_the_row_counts_that_is_surer_of_a_cargo():
    one, other = (t.assign(mmsi=999000001) for t in parts((-2, -1), (-0.5, 1)))
    for less, more in ((0, 1), (1, 0)):
        tables = [one, other]
        tables[less], tables[more] = tables[less].assign(p_lifting=0.6), tables[more].assign(p_lifting=0.9)
        for order in (tables, tables[::-1]):
            assert [row["call_id"] for row in kept_of(order)] == [f"part {more}"]


@pytest.mark.parametrize(
    ("second", "cargoes"),
    [({"product": "gasoline", "barrels": 8_000}, 2), ({"barrels": 8_000}, 1), ({"product": "gasoline"}, 1)],
    ids=["two parcels", "a product not named", "an amount not stated"],
)
def test_parcels_of_two_products_are_two_cargoes_wherever_they_stand(second, cargoes):
    """One table lists a ship's 9,000 bbl of gas oil, the other what else she took in that stay."""
    parcels = ({"product": "gas_oil", "barrels": 9_000}, second)
    tables = [table(LOADING, load(7, vessel="imo:9000003") | {"call_id": f"{n}"} | p) for n, p in enumerate(parcels)]
    assert counted(*tables)["counts"].sum() == cargoes
