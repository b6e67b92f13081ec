"""How busy the looks show a spot to be, against counts by hand."""

import numpy as np
import pytest

from pipeline.calls.berth_looks import BerthLook, SightingsByPass, occupied_looks
from tests.calls.traffic import at, detections, off_berth, sighting

DAY_H = 24.0


def looks(*shows: float, apart_h: float = DAY_H) -> list[BerthLook]:
    """Passes p0, p1, ... one after the other, each with the share of ships that it shows."""
    return [BerthLook(f"p{n}", at(n * apart_h), 1 - share, share) for n, share in enumerate(shows)]


def counted(in_order: list[BerthLook], showing: set[str], heard: tuple[int, ...] = ()) -> tuple[int, int, float]:
    is_heard = np.isin(np.arange(len(in_order)), heard)
    return occupied_looks(in_order, showing, is_heard, own_pass_id="p0")


def test_each_day_with_a_ship_counts_once_and_days_with_a_heard_one_beside():
    """Ten daily looks that show every ship: three showed one, a heard ship lay there in two of the other seven."""
    assert counted(looks(*[1.0] * 10), {"p0", "p3", "p4"}, (4, 7, 8)) == (3, 10, pytest.approx(2.0))


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_of_looks_that_show_one_ship_in_n_as_many_count_as_would_show_her(share):
    """The pass of the sighting itself shows her for certain, the other sixteen each in their share."""
    assert counted(looks(1.0, *[share] * 16), {"p0"})[1] == 1 + 16 * share


def test_the_pass_that_shows_her_is_a_look_though_nobody_knows_what_such_looks_show():
    """One of unknown recall is left out, unless she is seen in it; who was heard by then goes with it."""
    assert counted(looks(0.0, 0.0, 1.0, 1.0), {"p0", "p1"}, (1, 2)) == (1, 3, pytest.approx(1.0))


def test_looks_of_one_day_say_as_much_as_one():
    """Four within three hours, all heard but the one that shows her: a quarter of what they say together is hers."""
    assert counted(looks(*[1.0] * 4, apart_h=1.0), {"p0"}, (1, 2, 3)) == (1, 1, pytest.approx(0.75))


def test_the_passes_at_a_spot_are_those_that_show_a_ship_within_reach():
    seen = detections(*[sighting(name, DAY_H * n, off_berth(east_m))
                        for n, (name, east_m) in enumerate([("a", 0), ("b", 200), ("c", 300)])])  # fmt: skip
    seen = seen.assign(pass_id=["p0", "p1", "p2"])
    shown = SightingsByPass(seen)
    first = shown.of_pass("p0")[0]
    assert shown.passes_at(first) == {"p0", "p1"}
    assert shown.passes_at(first, 350.0) == {"p0", "p1", "p2"}
