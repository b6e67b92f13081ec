"""One size for all stays of a hull. Truth: arithmetic over all her looks, and invariance."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.calls import hulls
from pipeline.calls.hulls import Spell, reports_of
from pipeline.calls.sizes import size_of_hull
from pipeline.calls.static import static_reports
from pipeline.quantiles import Z90
from pipeline.tables import STATIC
from pipeline.tables.ships import SHARED_ERROR
from tests.calls.test_port_calls import calls_from
from tests.calls.traffic import MMSI, at, detections, feed, looks_at, sighting, visit
from tests.calls.traffic import said as saying

NO_REPORTS = STATIC.empty()
IMO = 9074729


def spell(*lengths_m: float, day: float = 0, lasts_d: float = 1.0, mmsi: int | None = MMSI, **more) -> Spell:
    """A stay with one look per length, each known to 5 %."""
    start = at(24 * day)
    looks = detections(*(sighting(f"{day}-{n}", 24 * day + n, length_m=m, **more) for n, m in enumerate(lengths_m)))
    return Spell(mmsi, start, start + pd.Timedelta(days=lasts_d), looks)


def static_report(
    day: float, length_m: float | None = None, *, mmsi: int = MMSI, imo: int | None = None
) -> dict[str, object]:
    return {"mmsi": mmsi, "time_utc": at(24 * day), "length_m": length_m, "imo": imo, "flags": []}


def static(*reports: dict[str, object]) -> pd.DataFrame:
    return STATIC.from_rows([{"report_id": str(n)} | report for n, report in enumerate(reports)])


def sizes(spells: Sequence[Spell], reports: pd.DataFrame) -> list[dict[str, Any]]:
    return hulls.sizes(spells, [reports_of(one, reports) for one in spells])


def lengths(*spells: Spell, reports: pd.DataFrame = NO_REPORTS) -> list[float]:
    return [size["length_m"] for size in sizes(spells, reports)]


def test_a_ship_of_two_calls_has_the_size_of_all_her_looks_in_both():
    """The mean by inverse variance; errors common to all looks remain in the interval."""
    first, second = sizes([spell(96.0, 100.0), spell(104.0, day=9)], NO_REPORTS)
    assert first == second
    said = np.array([96.0, 100.0, 104.0])
    sd = 0.05 * said / Z90
    mean = np.average(said, weights=sd**-2)
    assert first["length_m"] == pytest.approx(mean)
    reach = Z90 * np.hypot((sd**-2).sum() ** -0.5, SHARED_ERROR["length"] * mean)
    assert first["length_hi_m"] - first["length_lo_m"] == pytest.approx(2 * reach)


def test_neither_the_order_of_stays_nor_how_looks_fall_into_them_changes_a_size():
    together = size_of_hull(pd.concat([spell(96.0, 101.0, 97.0).looks]), NO_REPORTS)["length_m"]
    apart = [spell(96.0), spell(101.0, day=5), spell(97.0, day=9)]
    assert lengths(*apart) == pytest.approx([together] * 3)
    assert lengths(*apart[::-1]) == pytest.approx([together] * 3)


@pytest.mark.parametrize("wrong_m", [60.0, 192.0])
def test_a_look_at_another_hull_pulls_no_size(wrong_m):
    """It was matched to her by mistake: her other looks decide, and its own call gets her size, too."""
    others = [spell(98.0, 100.0), spell(99.0, day=9, sensor="sentinel-1")]
    right = lengths(*others)[0]
    assert lengths(*others, spell(wrong_m, day=20, sensor="sentinel-2")) == pytest.approx([right] * 3)


def test_a_quay_taken_in_at_one_berth_is_no_witness_at_another():
    """Looks of one sensor share errors at one berth only: three berths against one that shows her longer."""
    at_berths = [spell(99.0, day=9 * n, berth_id=f"pier {n}") for n in range(3)]
    lengthened = spell(150.0, 150.0, 150.0, day=40)
    told = sizes([*at_berths, lengthened], NO_REPORTS)[0]
    assert told["length_m"] == pytest.approx(99.0, rel=0.01)
    assert told["length_hi_m"] < 120
    at_one = spell(99.0, 99.0, 99.0, day=9)  # here all three may miss a part of her
    assert sizes([at_one, lengthened], NO_REPORTS)[0]["length_hi_m"] > 150


@pytest.mark.parametrize("wrong_m", [50.0, 180.0])
def test_a_stay_whose_looks_show_another_hull_opens_no_interval_where_the_same_sensor_is_right_in_others(wrong_m):
    """Matched to her by mistake in one look or all looks of a stay: stays are counted, not looks."""
    others = [spell(99.0 + n, day=9 * n) for n in range(3)]
    ends = ("length_m", "length_lo_m", "length_hi_m")
    right = sizes(others, NO_REPORTS)[0]
    for mistaken in (spell(wrong_m, day=40), spell(wrong_m, wrong_m, wrong_m, wrong_m, day=40)):
        told = sizes([*others, mistaken], NO_REPORTS)[0]
        assert [told[end] for end in ends] == pytest.approx([right[end] for end in ends])
    as_many = [spell(wrong_m, day=40 + 9 * n) for n in range(2)]  # two ships may use her number in turn
    told = sizes([*others, *as_many], NO_REPORTS)[0]
    assert told["length_lo_m"] < min(wrong_m, 100) < max(wrong_m, 100) < told["length_hi_m"]


def test_another_length_under_one_number_is_another_ship():
    said = static(static_report(0, 96.0), static_report(8, 140.0))
    assert lengths(spell(97.0), spell(139.0, day=9), reports=said) == [
        size_of_hull(spell(97.0).looks, said.iloc[:1])["length_m"],
        size_of_hull(spell(139.0).looks, said.iloc[1:])["length_m"],
    ]


@pytest.mark.parametrize(("step_m", "hulls"), [(-6, 2), (-5, 1), (5, 1), (6, 2)])
def test_a_length_is_another_hulls_where_it_is_flagged_as_changed(step_m, hulls):
    """Lengths are typed in whole metres; the report's flag and the call's size must be consistent."""
    told = feed(visit(0, 10), saying(1, a=76.0, b=20.0), saying(210, a=76.0 + step_m, b=20.0))
    said = static_reports(told)
    assert ["length_changed" in flags for flags in said["flags"]] == [False, hulls == 2]
    assert len(set(lengths(spell(97.0), spell(103.0, day=9), reports=said))) == hulls


def test_a_number_that_is_said_later_is_hers_before_unless_her_transponder_says_two():
    said = static(static_report(0), static_report(8, imo=IMO))
    assert len(set(lengths(spell(97.0), spell(103.0, day=9), reports=said))) == 1
    two = static(static_report(0), static_report(8, imo=IMO), static_report(18, imo=IMO + 1))
    assert len(set(lengths(spell(97.0), spell(103.0, day=9), spell(100.0, day=19), reports=two))) == 3


def test_a_new_transponder_that_says_no_length_does_not_unsay_the_old_ones():
    said = static(static_report(0, 96.0, imo=IMO), static_report(8, imo=IMO, mmsi=MMSI + 1))
    hers = spell(110.0), spell(108.0, day=9, mmsi=MMSI + 1)
    told = sizes(hers, said)
    looks = pd.concat([stay.looks for stay in hers])
    assert told[0] == told[1] == size_of_hull(looks, said.iloc[:1])


def test_a_stay_that_says_no_length_joins_no_two_ships_of_one_number():
    said = static(
        static_report(0, 96.0, imo=IMO), static_report(8, imo=IMO, mmsi=MMSI + 1), static_report(20, 180.0, imo=IMO)
    )
    three = lengths(spell(97.0), spell(98.0, day=9, mmsi=MMSI + 1), spell(179.0, day=21), reports=said)
    assert three[0] == three[1] < 100
    assert three[2] > 175


def test_many_small_steps_of_a_length_make_another_ship():
    steps = [96.0 + 4 * n for n in range(6)]
    told = lengths(*(spell(m, day=9 * n) for n, m in enumerate(steps)), reports=static(*(
        static_report(9 * n, m) for n, m in enumerate(steps)
    )))  # fmt: skip
    assert told[0] < 100
    assert told[-1] > 110


def test_two_stays_at_one_time_are_two_ships_and_strangers_are_strangers():
    assert lengths(spell(97.0, lasts_d=5), spell(110.0, day=2)) == [97.0, 110.0]
    assert lengths(spell(97.0, mmsi=None), spell(110.0, day=9, mmsi=None)) == [97.0, 110.0]


def test_two_stays_at_one_time_leave_her_other_stays_one_ships():
    """One of two overlapping stays may be a stranger's; her other stays are unaffected. Touching is no overlap."""
    others = [spell(96.0), spell(104.0, day=1), spell(100.0, day=40)]
    alone = lengths(*others)
    assert len(set(alone)) == 1
    met = [spell(97.0, day=20, lasts_d=9), spell(110.0, day=22), spell(98.0, day=24)]
    assert lengths(*others, *met) == pytest.approx([*alone, 97.0, 110.0, 98.0])
    assert lengths(*met, *others) == pytest.approx([97.0, 110.0, 98.0, *alone])


def test_zero_is_nobodys_imo_number():
    """Boats and unconfigured transponders send it."""
    said = static(static_report(0, imo=0), static_report(8, imo=0, mmsi=MMSI + 1))
    assert len(set(lengths(spell(97.0), spell(103.0, day=9, mmsi=MMSI + 1), reports=said))) == 2


@pytest.mark.parametrize(("day", "hulls"), [(2.5, 1), (4.0, 2)])
def test_what_she_says_within_two_days_of_sailing_is_said_of_that_stay(day, hulls):
    """She sailed on day 1; her IMO number is typed later, and later still a new transponder sends it."""
    said = static(static_report(0), static_report(day, imo=IMO), static_report(8, imo=IMO, mmsi=MMSI + 1))
    assert len(set(lengths(spell(97.0), spell(103.0, day=9, mmsi=MMSI + 1), reports=said))) == hulls


def test_a_hull_that_changes_her_transponder_is_known_by_her_imo_number():
    said = static(static_report(0, imo=IMO), static_report(8, imo=IMO, mmsi=MMSI + 1))
    assert len(set(lengths(spell(97.0), spell(103.0, day=9, mmsi=MMSI + 1), reports=said))) == 1
    assert len(set(lengths(spell(97.0), spell(103.0, day=9, mmsi=MMSI + 1)))) == 2


def test_the_table_of_calls_has_one_size_of_a_ship():
    """Heard in two stays, and seen once in each."""
    seen = [sighting("a", 10, length_m=224.0), sighting("b", 100, length_m=234.0)]
    table = calls_from(visit(5, 20), visit(90, 110, seed=1), seen=seen, looks=looks_at(10, 100))
    assert list(table["detection_ids"].str.len()) == [1, 1]
    assert table["length_m"].nunique() == table["length_lo_m"].nunique() == table["beam_m"].nunique() == 1
    elsewhere = calls_from(visit(5, 20), visit(90, 110, mmsi=MMSI + 5), seen=seen, looks=looks_at(10, 100))
    assert elsewhere["length_m"].nunique() == 2
