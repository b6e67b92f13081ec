"""How a verdict on one call affects the ship's others: her size comes from the looks that are hers."""

from dataclasses import replace

import pytest

from pipeline.chain.accounting import Account, Ground, account_for, counted, robustness, sighted
from pipeline.types import OF_REJECTED_CALL
from tests.calls.traffic import at, detections, looks_at, sighting, visit
from tests.chain.grounds import ground_of
from tests.chain.test_verdicts import verdict

SEEN = (sighting("a", 10, length_m=96.0), sighting("b", 70, length_m=104.0), sighting("c", 130, length_m=98.0))


@pytest.fixture(scope="module")
def ground() -> Ground:
    """A ship heard in three visits, and seen once in each."""
    return ground_of(*(visit(start, start + 15, seed=n) for n, start in enumerate((5, 65, 125))))


def lengths(account: Account) -> list[float]:
    return account.tables["port_calls"]["length_m"].tolist()


def test_a_rejected_call_tells_no_size_of_her_other_calls(ground):
    found = detections(*SEEN)
    before = account_for(ground, found)
    assert len(set(lengths(before))) == 1
    rejected = before.tables["port_calls"]["call_id"].iloc[1]
    account = account_for(ground, found, [verdict(rejected, "reject")])
    alone = lengths(account_for(ground, detections(SEEN[0], SEEN[2])))
    assert lengths(account) == pytest.approx([alone[0], 104.0, alone[2]])
    calls = account.tables["port_calls"]
    assert calls["call_id"].tolist() == before.tables["port_calls"]["call_id"].tolist()
    assert calls["counts"].tolist() == [True, False, True]
    flags = account.tables["detections"].set_index("detection_id")["flags"]
    assert [OF_REJECTED_CALL in flags[name] for name in "abc"] == [False, True, False]
    assert account.tables["detections"]["accepted"].all(), "a look shows somebody, whosever she is"
    assert [v.outcome for v in account.verdicts] == ["applied"]
    assert lengths(account.before) == lengths(before)


def test_a_rejected_detection_is_no_look_of_hers_at_all(ground):
    account = account_for(ground, detections(*SEEN), [verdict("b", "reject")])
    alone = lengths(account_for(ground, detections(SEEN[0], SEEN[2])))
    assert lengths(account) == pytest.approx(alone)
    assert account.tables["port_calls"]["counts"].all()
    assert [(v.outcome, v.target_kind) for v in account.verdicts] == [("applied", "detection")]


def test_a_verdict_that_rejects_nothing_changes_no_size(ground):
    found = detections(*SEEN)
    before = account_for(ground, found)
    name = before.tables["port_calls"]["call_id"].iloc[1]
    assert lengths(account_for(ground, found, [verdict(name, "confirm")])) == lengths(before)


def test_only_looks_at_zones_that_count_are_looks_of_the_account(ground):
    """An image of the anchorage does not tell who lay at the berth that day."""
    tables = sighted(ground, detections(*SEEN))
    for zone, days in (("oil", {"2024-03-07": "usable"}), ("roads", {})):
        ledger = counted(ground, tables | {"looks": looks_at(10, zone=zone)})[0]["ledger"]
        looked = ledger.set_index("day")["looked"]
        assert looked[looked != "unknown"].to_dict() == days


def test_the_longer_ships_are_known_to_stay_the_more_of_them_the_looks_show(ground):
    """Also where the calls themselves do not tell it: pairs of looks may."""
    tables = sighted(ground, detections(*SEEN)) | {"looks": looks_at(*range(12, 720, 48))}
    longer = replace(ground, listened=ground.listened.with_stays(ground.listened.stays.shifted(0.7)))
    usual, more = (counted(known, tables)[0]["missed"]["p_seen"].mean() for known in (ground, longer))
    assert more > 1.2 * usual > 0


def parts(account: Account) -> list[float]:
    """Each counted call's mean contribution to the sum."""
    liftings = account.tables["liftings"]
    return liftings.loc[liftings["counts"], "barrels_mean"].tolist()


def test_both_accounts_of_a_reviewed_run_add_up_to_their_calls_on_the_last_day_of_the_period(ground):
    found = detections(*SEEN)
    plain = account_for(ground, found)
    assert (plain.before, plain.verdicts, len(plain.tables["reviews"])) == (None, (), 0)
    rejected = plain.tables["port_calls"]["call_id"].iloc[1]
    account = account_for(ground, found, [verdict(rejected, "reject")])
    for told, calls in ((account.before, 3), (account, 2)):
        ledger = told.tables["ledger"]
        assert (len(parts(told)), told.headline.calls_counted, ledger["calls"].iloc[-1]) == (calls,) * 3
        assert ledger["observed_mean"].iloc[-1] == pytest.approx(sum(parts(told)))
        assert told.headline.barrels_p50 == ledger["observed_p50"].iloc[-1]
        assert ledger["day"].iloc[-1] == "2024-03-31"
    assert parts(account.before) == parts(plain)
    assert account.tables["reviews"]["target"].tolist() == [rejected]


def test_of_visits_before_the_period_no_barrel_is_counted(ground):
    """The first visit ended on 7 March: a period from the 9th counts only the others, but shows the first."""
    period = ground.config.period.model_copy(update={"start": at(48)})
    later = replace(ground, config=ground.config.model_copy(update={"period": period}))
    account = account_for(later, detections(*SEEN))
    assert account.tables["port_calls"]["counts"].tolist() == [False, True, True]
    assert len(parts(account)) == account.headline.calls_counted == 2


def test_a_call_that_the_account_leaves_out_is_not_one_that_it_holds(ground):
    account = account_for(ground, detections(*SEEN))
    names = account.tables["port_calls"]["call_id"].tolist()
    assert account.held_calls["call_id"].tolist() == names
    head = replace(account.headline, left_out={names[0]: "her departure is in account year 2025"})
    assert replace(account, headline=head).held_calls["call_id"].tolist() == names[1:]


def test_what_calls_are_without_their_weakest_evidence_is_told_of_the_account_as_reviewed(ground):
    """A rejected call must not come back, neither as its own row nor in the sum without another call's sighting."""
    found = detections(*SEEN)
    name = sighted(ground, found)["port_calls"]["call_id"].iloc[1]
    said = [verdict(name, "reject")]
    account = account_for(ground, found, said)
    table = robustness(account.ground, account, said)
    held = account.tables["port_calls"].loc[[0, 2], "call_id"]
    assert sorted(table["call_id"]) == sorted(held)
    assert table["base_sum_p50"].tolist() == pytest.approx([account.headline.barrels_p50] * 2)
    assert table["still_counts"].all(), "her transponder was heard"
    assert table["sum_p50"].tolist() == pytest.approx([account.headline.barrels_p50] * 2, rel=0.1), "not half again"
