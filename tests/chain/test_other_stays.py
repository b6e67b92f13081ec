"""The sum were stays half and twice as long: what must not depend on it, and which way the number of calls goes."""

import pytest

from pipeline import volume
from pipeline.chain import accounting
from pipeline.chain.accounting import account_for, under_other_stays
from tests.calls.traffic import detections, sighting, visit
from tests.chain.grounds import ground_of
from tests.chain.test_verdicts import verdict

HEARD = visit(200, 220)
ALIKE = (sighting("a", 10), sighting("b", 58, length_m=97.0), sighting("c", 130, length_m=96.5))


def row_of(ground, account, verdicts=()):
    """The row of the sensitivity table that tells of stays; None where there is none."""
    tables, config = account.tables, ground.config
    table = volume.sensitivity(
        tables["liftings"], tables["ledger"], ground.cap, config.volume, config.seed,
        other_stays=under_other_stays(account.ground, account, verdicts),
    )  # fmt: skip
    table = table[table["name"] == "stay_length"]
    return table.iloc[0] if len(table) else None


def calls_in(liftings) -> int:
    return int(liftings["counts"].sum())


@pytest.mark.parametrize("days", [0.5, 2, 4, 10])
def test_shorter_stays_make_no_fewer_calls_of_two_looks_and_longer_ones_no_more(days):
    ground = ground_of()
    account = account_for(ground, detections(sighting("a", 10), sighting("b", 10 + 24 * days)))
    half, twice = (calls_in(table) for table in under_other_stays(account.ground, account, ()).values())
    assert half >= calls_in(account.tables["liftings"]) >= twice
    assert (half, twice) == {0.5: (1, 1), 4: (2, 1), 10: (2, 2)}.get(days, (half, twice))


@pytest.mark.parametrize(("end", "calls"), [("low", {"stay_d": [0.4, 1.5], "max_stay_d": 3.0}),
                                            ("high", {"stay_d": [1.6, 6.0], "max_stay_d": 12.0})])  # fmt: skip
def test_each_end_is_the_sum_of_a_run_with_such_stays(end, calls):
    row = row_of(ground := ground_of(), account := account_for(ground, detections(*ALIKE)))
    there = account_for(ground_of(**calls), detections(*ALIKE)).headline
    assert row[f"{end}_p50"] == pytest.approx(there.barrels_p50, rel=1e-12)
    assert row["base_p50"] == pytest.approx(account.headline.barrels_p50, rel=1e-12)
    assert f", {there.calls_counted} call" in row[f"{end}_setting"]
    assert row["low_p50"] > row["base_p50"] > row["high_p50"]


def test_stays_as_long_as_assumed_give_the_account(monkeypatch):
    """Nothing but the stays is changed: neither draws, nor verdicts, nor what was heard."""
    monkeypatch.setattr(accounting, "OTHER_STAYS", {"as assumed": 1.0, "once more": 1.0})
    ground, found = ground_of(HEARD), detections(*ALIKE, sighting("d", 400))
    name = account_for(ground, found).tables["port_calls"]["call_id"].iloc[0]
    for said in ([], [verdict(name, "reject")]):
        row = row_of(ground, account := account_for(ground, found, said), said)
        assert row["low_p50"] == row["high_p50"] == row["base_p50"] == account.headline.barrels_p50 > 0


@pytest.mark.parametrize("hours", [50, 96])
def test_a_rejected_call_counts_under_no_stays_and_takes_no_other_call_with_it(hours):
    """Two looks 50 hours apart are one call, and two were stays half as long; 96 hours apart, two, and one if twice."""
    ground, found = ground_of(), detections(sighting("a", 10), sighting("b", 10 + hours), sighting("z", 500))
    name = account_for(ground, found).tables["port_calls"]["call_id"].iloc[0]
    account = account_for(ground, found, said := [verdict(name, "reject")])
    told = [calls_in(table) for table in under_other_stays(account.ground, account, said).values()]
    assert told == [account.headline.calls_counted] * 2 == [{50: 1, 96: 2}[hours]] * 2


def test_of_calls_that_are_all_heard_there_is_no_row():
    ground = ground_of(HEARD)
    account = account_for(ground, detections(sighting("a", 210)))
    assert calls_in(account.tables["liftings"]) == 1
    assert under_other_stays(account.ground, account, ()) == {}
    assert row_of(ground, account) is None


def test_heard_stays_remain_as_they_are():
    """A silence of five days is longer than stays half as long may hold, and she lay there throughout all the same."""
    silent = visit(200, 210), visit(330, 340)
    moored = [part[(part["sog"] < 1)] for part in silent]
    ground = ground_of(*moored)
    account = account_for(ground, detections(sighting("a", 10)))
    calls = account.tables["port_calls"]
    hers = calls.loc[calls["mmsi"].notna(), "call_id"]
    heard = account.tables["liftings"].set_index("call_id").loc[hers, "departure"]
    assert len(heard) == 1
    for table in under_other_stays(account.ground, account, ()).values():
        assert table.set_index("call_id").loc[heard.index, "departure"].tolist() == heard.tolist()


def test_what_was_heard_is_not_changed_by_asking():
    ground, found = ground_of(HEARD), detections(*ALIKE)
    account, settings = account_for(ground, found), ground.listened.config
    first, again = (under_other_stays(account.ground, account, ()) for _ in range(2))
    assert all(first[words].equals(again[words]) for words in first)
    assert account_for(ground, found).tables["port_calls"].equals(account.tables["port_calls"])
    assert ground.listened.config == settings
