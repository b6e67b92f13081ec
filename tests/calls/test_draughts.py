"""Which typed draught is that of arrival and which of departure. Truth: what each case's crew did."""

import numpy as np
import pytest

from pipeline.calls.draughts import AFTER_SAILING, ALTERNATES_H, TAKEN_BACK_H, draught_steps, draughts_of_stay, flapping
from pipeline.calls.static import static_reports
from tests.calls.traffic import MMSI, at, feed, said

HULL = {"a": 80.0, "b": 16.0, "c": 7.0, "d": 8.0, "ship_type": 80}
ARRIVES, SAILS = 10, 50


def draughts_of(
    *typed: tuple[float, float], heard_after: bool = True, loads: bool = True
) -> tuple[float | None, float | None]:
    """A stay's draughts, from 10 h to 50 h, given draughts typed at these hours [h, m]."""
    static = static_reports(feed(*[said(h, draught=d, dest=f"{n}", **HULL) for n, (h, d) in enumerate(typed)]))
    return draughts_of_stay(
        static, at(ARRIVES), at(SAILS), at(SAILS) + AFTER_SAILING, heard_after=heard_after, loads=loads
    )


@pytest.mark.parametrize(
    ("typed", "draughts"),
    [
        pytest.param([(5, 4.0), (51, 6.2)], (4.0, 6.2), id="loads, types after sailing"),
        pytest.param([(5, 4.0), (49, 6.2)], (4.0, 6.2), id="loads, types before sailing"),
        pytest.param([(5, 6.2), (49, 4.0)], (6.2, 4.0), id="discharges, types before sailing"),
        pytest.param([(5, 6.2), (12, 4.0), (51, 6.2)], (4.0, 6.2), id="came empty, typed it late"),
        pytest.param([(5, 6.2), (12, 4.0), (49, 6.2)], (4.0, 6.2), id="came empty, typed both at the berth"),
        pytest.param([(5, 4.0), (49, 6.2), (80, 4.0)], (4.0, 6.2), id="discharged at the next port a day later"),
        pytest.param([(5, 4.0), (49, 6.2), (50.2, 6.6)], (4.0, 6.6), id="mends what she typed"),
        pytest.param([(5, 6.2), (51, 6.2)], (6.2, 6.2), id="types another destination only"),
        pytest.param([(5, 6.2), (51, 6.2), (99, 4.0)], (6.2, 6.2), id="types two days later, of another port"),
        pytest.param([(5, 4.0), (49, 6.2), (51, 6.2)], (4.0, 6.2), id="types, then another destination"),
        pytest.param([(5, 4.0), (51, 4.2)], (4.0, 4.2), id="trim"),
        pytest.param([(40, 4.0), (51, 6.2)], (4.0, 6.2), id="first heard late at the berth"),
        pytest.param([(51, 6.2)], (None, 6.2), id="first heard after sailing"),
        pytest.param([(99, 6.2)], (None, None), id="heard of another port only"),
        pytest.param([(5, 4.0), (15, 5.0), (25, 6.2), (40, 7.0), (49, 7.5)], (4.0, 7.5), id="types as she loads"),
        pytest.param(
            [(5, 7.2), (11, 4.0), (15, 5.0), (25, 6.2), (49, 7.5)], (4.0, 7.5), id="and before, that she came"
        ),
        pytest.param([(5, 7.5), (15, 6.0), (25, 5.0), (49, 4.0)], (7.5, 4.0), id="types as she discharges"),
        pytest.param([(5, 4.0), *((11 + n, (41 + n) / 10) for n in range(39))], (4.0, 7.9), id="a gauge tells hourly"),
        pytest.param([(5, 6.2), (12, 4.6), (12.5, 4.0), (49, 6.2)], (4.0, 6.2), id="mends a late arrival's"),
        pytest.param([(5, 6.2), (12, 4.0), (20, 3.9), (49, 6.2)], (3.9, 6.2), id="burns fuel after it"),
        pytest.param([(1, 3.0), (5, 4.0), (12, 5.0), (49, 6.2)], (5.0, 6.2), id="ballasted under way"),
    ],
)
def test_a_draught_belongs_to_the_end_of_the_stay_that_is_nearer(typed, draughts):
    assert draughts_of(*typed) == draughts


def test_who_was_heard_after_sailing_and_typed_nothing_still_says_the_same():
    """Still sending the old draught after sailing, she left with it; if she is not heard, her draught is unknown."""
    assert draughts_of((5, 6.2)) == (6.2, 6.2)
    assert draughts_of((5, 6.2), heard_after=False) == (6.2, None)


def test_who_typed_what_no_hull_draws_says_the_same_no_more():
    """20 m for a ship of 96 m is a slip; the intended number is unknown."""
    assert draughts_of((5, 6.2), (49, 20.0)) == (6.2, None)
    assert draughts_of((5, 6.2), (49, 20.0), (51, 7.0)) == (6.2, 7.0)
    assert draughts_of((5, 6.2), (99, 20.0)) == (6.2, 6.2), "at another port"


def test_what_was_typed_in_the_first_half_is_no_departure():
    assert draughts_of((5, 6.2), (29, 4.0)) == (4.0, 4.0)
    assert draughts_of((5, 6.2), (31, 4.0)) == (6.2, 4.0)
    assert draughts_of((5, 6.2), (29, 4.0), heard_after=False) == (4.0, None)


@pytest.mark.parametrize("heard_after", [True, False])
@pytest.mark.parametrize(
    ("loads", "typed", "draughts"),
    [
        (True, [(5, 4.0), (29, 6.2)], (4.0, 6.2)),
        (True, [(11, 4.0), (13, 6.2)], (4.0, 6.2)),
        (True, [(5, 4.0), (12, 4.4), (20, 6.2)], (4.0, 6.2)),
        (False, [(5, 6.2), (29, 4.0)], (6.2, 4.0)),
    ],
    ids=["hours before", "at once", "by steps", "discharges"],
)
def test_a_draught_that_no_ballast_makes_is_the_cargos_however_early_it_was_typed(loads, typed, draughts, heard_after):
    """A tanker that lay at 6.0 m, then at 9.5 m for two days, did not arrive at 9.5 m."""
    assert draughts_of(*typed, loads=loads, heard_after=heard_after) == draughts


@pytest.mark.parametrize(
    ("loads", "typed", "into"),
    [
        (True, [(5, 4.0), (12, 5.0)], 5.0),
        (True, [(5, 6.2), (29, 4.0)], 4.0),
        (True, [(1, 4.0), (5, 6.2)], 6.2),
        (False, [(5, 4.0), (29, 6.2)], 6.2),
        (False, [(5, 6.2), (29, 5.6)], 5.6),
    ],
    ids=["ballast", "came light", "before she came", "came laden", "fuel"],
)
def test_what_may_be_an_arrival_typed_late_is_one(loads, typed, into):
    assert draughts_of(*typed, loads=loads) == (into, into)


def test_slips_and_alternations_are_no_cargo():
    assert draughts_of((5, 4.0), (45, 6.2), (45.5, 4.0)) == (4.0, 4.0)
    assert draughts_of((26, 4.0), (45, 6.2), (46.5, 4.0), (48, 6.2)) == (4.0, 4.0)


def test_the_order_of_reports_does_not_matter():
    static = static_reports(
        feed(said(5, draught=4.0, **HULL), said(49, draught=6.2, **HULL), said(12, draught=5, **HULL))
    )
    turned = static.iloc[::-1]
    assert draughts_of_stay(static, at(10), at(50), at(98), heard_after=True) == (5.0, 6.2)
    assert draughts_of_stay(turned, at(10), at(50), at(98), heard_after=True) == (5.0, 6.2)


def test_no_reports_no_draughts():
    static = static_reports(feed(said(5, draught=4.0, **HULL))).iloc[:0]
    assert draughts_of_stay(static, at(10), at(50), at(98), heard_after=True) == (None, None)


def void_flags(*typed: tuple[float, float]) -> list[bool]:
    """Which draughts of one ship are voided, among those typed at these hours of one day [h, m]."""
    hours, draughts = np.array(typed).T
    return flapping(np.ones(len(typed)), 5000 + hours, draughts).tolist()


def test_a_draught_that_is_taken_back_soon_was_a_slip_and_later_was_a_voyage():
    soon, late = 0.9, 1.1  # h: a slip is corrected within the hour
    assert void_flags((0, 6.0), (400, 7.0), (400 + soon, 6.0)) == [False, True, False]
    assert void_flags((0, 6.0), (400, 7.0), (400 + late, 6.0)) == [False, False, False]
    assert void_flags((0, 6.0), (400, 7.0), (400 + soon, 6.5)) == [False, False, False], "mended, not taken back"


def test_two_draughts_in_turn_are_an_alternation_if_all_of_it_is_short():
    quarter = ALTERNATES_H / 4 + TAKEN_BACK_H  # no step of these is a slip
    fast, slow = ([(n * step, 6.0 + n % 2) for n in range(4)] for step in (ALTERNATES_H / 3 - 0.1, quarter + 1))
    assert void_flags(*fast) == [False, True, True, True]
    assert void_flags(*slow) == [False] * 4


def test_what_another_ship_typed_makes_no_alternation():
    """Reports of several ships, one after the other, are treated like each ship's alone."""
    rng = np.random.default_rng(6)
    for _ in range(200):
        ships = [(np.full(n, k), np.cumsum(rng.uniform(0, 30, n)), rng.choice([5.0, 6.0], n))
                 for k, n in enumerate(rng.integers(1, 6, 3))]  # fmt: skip
        together = flapping(*(np.concatenate(values) for values in zip(*ships, strict=True)))
        assert together.tolist() == np.concatenate([flapping(*ship) for ship in ships]).tolist()


def test_a_step_of_draught_has_its_ends_and_its_times_and_belongs_to_one_ship():
    """A change of 0.3 m up or down is a step, 0.2 m is trim."""
    typed = [(0, 4.0), (10, 6.2), (20, 6.4), (30, 6.1), (40, 3.9)]
    other = said(50, draught=9.0, mmsi=MMSI + 1, **HULL)
    static = static_reports(feed(*[said(h, draught=d, **HULL) for h, d in typed], other))
    steps = draught_steps(static)
    assert steps["mmsi"].tolist() == [MMSI] * 3
    assert list(zip(steps["before_m"], steps["after_m"], strict=True)) == [(4.0, 6.2), (6.4, 6.1), (6.1, 3.9)]
    assert steps["time_utc"].tolist() == [at(10), at(30), at(40)]
    assert steps["before_since"].tolist() == [at(0), at(20), at(30)]


def test_a_step_is_three_tenths_of_a_metre_at_every_draught():
    """Draughts as crews type them: in floating point, 6.2 - 5.9 is slightly less than 0.3."""
    typed = np.repeat(np.arange(20, 100) / 10, 2)
    for tenths, steps in ((2, 0), (3, 80)):
        typed[1::2] = (np.arange(20, 100) + tenths) / 10
        ships = [
            said(h, draught=d, mmsi=MMSI + n // 2, **HULL)
            for n, (h, d) in enumerate(zip([5, 51] * 80, typed, strict=True))
        ]
        assert len(draught_steps(static_reports(feed(*ships)))) == steps


def test_what_no_hull_draws_makes_no_step():
    """A slip of 25 m and the value after it are no movement of cargo."""
    steps = draught_steps(
        static_reports(feed(*[said(h, draught=d, **HULL) for h, d in ((5, 6.2), (20, 25.0), (40, 6.2))]))
    )
    assert not len(steps)
