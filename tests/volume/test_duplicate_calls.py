"""One visit reported by two sources: both rows of a table count, so the reader is asked to check."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.volume import liftings, possible_duplicates, soon_again

CONFIG = VolumeConfig(draws=200)
CALL = {"arrival": "2024-03-07", "departure": "2024-03-09", "dwt_t": 3500}


def asked(*changes: dict[str, object]) -> dict[str, str]:
    """The questions raised for calls with these changes; their ids are a, b, c in this order."""
    rows = [CALL | {"call_id": call_id} | change for call_id, change in zip("abc", changes, strict=False)]
    return possible_duplicates(liftings(pd.DataFrame(rows), CONFIG, 0))


@pytest.mark.parametrize(
    "ship",
    [
        ({"imo": 9074729}, {"imo": 9074729}),
        ({"name": "M/T ANON-1"}, {"name": "Anon 1"}),
        ({"name": "ANON", "imo": 9074729}, {"name": "ANON"}),
        ({"imo": 9074729, "mmsi": 273000001}, {"mmsi": 273000001}),
    ],
    ids=["number", "name", "name-of-one", "other-number"],
)
def test_a_ship_cannot_call_twice_within_a_day(ship):
    """Even if the sources differ in dates, tonnes and barrels."""
    one, other = ship
    assert asked(one | {"tonnes": 2900}, other | {"arrival": "2024-03-08", "barrels": 21_600}) == {"b": "a"}
    assert asked(one, other | {"arrival": "2024-03-10", "departure": "2024-03-11"}) == {"b": "a"}
    assert asked(one, other | {"arrival": "2024-03-17", "departure": "2024-03-18"}) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"name": "unknown"}, {"name": "Unknown"}),
        ({"name": "ANON 1"}, {"name": "ANON 2"}),
        ({"name": "ANON", "imo": 9074729}, {"name": "ANON", "imo": 9176187}),
        ({"name": "ANON", "product": "gasoline"}, {"name": "ANON", "product": "gas_oil"}),
        ({"name": "ANON"}, {"name": "ANON", "p_loading": 0.0, "p_discharging": 1.0}),
        ({"name": "ANON"}, {"name": "ANON", "counts": False}),
    ],
    ids=["no-name", "not-known", "two-names", "two-numbers", "two-parcels", "lands-and-loads", "kept-out"],
)
def test_what_may_well_be_two_cargoes_is_not_asked(one, other):
    assert asked(one, other) == {}


def test_the_question_does_not_depend_on_the_order_of_rows():
    """With a long stay and two short ones within it, each short one is asked about."""
    rows = [
        CALL | {"call_id": name, "name": "ANON", "arrival": came, "departure": left}
        for name, came, left in (
            ("a", "2024-03-01", "2024-03-20"), ("b", "2024-03-03", "2024-03-04"), ("c", "2024-03-10", "2024-03-11"),
        )
    ]  # fmt: skip
    table = liftings(pd.DataFrame(rows), CONFIG, 0)
    assert possible_duplicates(table) == possible_duplicates(table.iloc[::-1]) == {"b": "a", "c": "a"}


@pytest.mark.parametrize(
    ("came", "within_a_day", "soon"), [("09T20", True, False), ("11", False, True), ("14", False, False)]
)
def test_two_cargoes_within_three_days_are_asked_about_apart(came, within_a_day, soon):
    """Vostochny to Nampo takes five to six days; the first call ended on the 9th, and each question is asked once."""
    rows = [CALL | {"call_id": "a", "imo": 9074729}, CALL | {"call_id": "b", "imo": 9074729}]
    rows[1] |= {"arrival": f"2024-03-{came}", "departure": "2024-03-15"}
    table = liftings(pd.DataFrame(rows), CONFIG, 0)
    assert possible_duplicates(table) == ({"b": "a"} if within_a_day else {})
    assert soon_again(table) == ({"b": "a"} if soon else {})
