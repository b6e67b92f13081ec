"""An odd length between two equal ones at a berth: one stay unless ships turn over that fast, else three calls."""

import pandas as pd
import pytest

from tests.calls.test_sightings import linked, stays
from tests.calls.traffic import looks_at, off_berth, sighting

LOOKS = looks_at(0, 20, 24)


def three_looks(hours: float, odd_m: float = 112.0, last_m: float = 98.0, spot=None) -> list[dict]:
    """A hull, another length ``hours`` later, and the first hull again four hours after that."""
    odd = {} if spot is None else {"spot": spot}
    return [
        sighting("a", 0, length_m=98.0),
        sighting("odd", hours, length_m=odd_m, length_lo_m=odd_m - 3, length_hi_m=odd_m + 3, **odd),
        sighting("b", hours + 4, length_m=last_m),
    ]


def test_a_failed_length_does_not_make_three_calls_of_one():
    assert linked(three_looks(20, odd_m=130.0), LOOKS) == [["a", "odd", "b"]]
    stay = stays(three_looks(20, odd_m=130.0), LOOKS)[0]
    assert "odd_look" in stay.flags
    assert stay.length()[0] == pytest.approx(98, abs=1)


@pytest.mark.parametrize("hours", [1, 4, 12])
def test_the_sooner_the_odd_look_came_the_less_it_is_another_call(hours):
    """Within half a day the odd look must not become a call of its own during her stay."""
    assert linked(three_looks(hours, odd_m=130.0), looks_at(-96, 0, hours, hours + 4)) == [["a", "odd", "b"]]


def test_who_is_seen_again_was_followed_by_nobody():
    """A radar look shows only her neighbour, the next look both: so a later look that misses her may be wrong too."""
    radar = {"sensor": "sentinel-1"}
    seen = [sighting("a", 0, **radar), sighting("b", 2, off_berth(200), length_m=160.0, **radar)]
    seen += [sighting("a2", 4), sighting("b2", 4, off_berth(200), length_m=160.0), sighting("a3", 6)]
    looks = pd.concat([looks_at(0, 2, sensor="sentinel-1"), looks_at(-96, 4, 5, 6)], ignore_index=True)
    assert ["a", "a2", "a3"] in linked(seen, looks)


def test_the_odd_look_stays_in_the_evidence_with_an_interval_that_holds_her():
    odd = stays(three_looks(20, odd_m=130.0), LOOKS)[0].sightings[1]
    assert odd["detection_id"] == "odd"
    assert odd["length_lo_m"] == 98 - (130 - 98), "as far beyond hers as it is itself off"
    assert odd["length_hi_m"] >= 98
    assert odd["length_m"] == 130.0


@pytest.mark.parametrize("last_m", [130.0, 80.0])
def test_a_third_ship_of_another_size_is_another_call(last_m):
    assert linked(three_looks(20, odd_m=160.0, last_m=last_m), LOOKS) == [["a"], ["odd"], ["b"]]


def test_days_apart_a_ship_may_have_come_and_gone():
    seen = [sighting("a", 0, length_m=98.0), sighting("odd", 66, length_m=160.0), sighting("b", 132, length_m=98.0)]
    assert linked(seen, looks_at(0, 66, 132)) == [["a"], ["odd"], ["b"]]


def test_a_look_that_saw_the_berth_empty_parts_them():
    assert len(linked(three_looks(20, odd_m=130.0), looks_at(0, 10, 20, 24))) > 1


def test_beside_her_lies_another_ship():
    assert ["odd"] in linked(three_looks(20, odd_m=130.0, spot=off_berth(300)), LOOKS)


def test_two_in_one_look_stay_two():
    both = [sighting("a", 0, length_m=98.0), sighting("odd", 0, length_m=130.0), sighting("b", 4, length_m=98.0)]
    assert ["odd"] in linked(both, LOOKS)
