"""What a verdict on one call does to the ship's others: her size is that of the looks that are hers."""

import pytest

from pipeline.calls import Listened, clean_tracks, static_reports
from pipeline.chain.accounting import Account, Ground, account_for, counted, sighted
from pipeline.config import load_cap
from pipeline.tables import SCENES
from pipeline.types import OF_REJECTED_CALL
from pipeline.workspace import configs_root, load_run_config
from tests.calls.traffic import detections, feed, harbour, looks_at, sighting, visit
from tests.chain.test_verdicts import verdict

SEEN = (sighting("a", 10, length_m=96.0), sighting("b", 70, length_m=104.0), sighting("c", 130, length_m=98.0))


@pytest.fixture(scope="module")
def ground() -> Ground:
    """A ship heard in three visits, seen once in each."""
    march = {"period": {"start": "2024-03-01", "end": "2024-04-01"}, "volume": {"draws": 200}}
    config = load_run_config(configs_root() / "vostochny.yaml", march)
    place = harbour()
    messages = feed(*(visit(start, start + 15, seed=n) for n, start in enumerate((5, 65, 125))))
    tracks, static = clean_tracks(messages), static_reports(messages)
    return Ground(
        config=config,
        place=place,
        cap=load_cap(configs_root() / "caps" / "unscr-2397.yaml", config.volume),
        scenes=SCENES.empty(),
        zone_covered={},
        tracks=tracks,
        static=static,
        listened=Listened(tracks=tracks, static=static, registry=None, place=place, config=config.calls),
    )


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


def test_a_verdict_that_rejects_nothing_changes_no_size(ground):
    found = detections(*SEEN)
    before = account_for(ground, found)
    name = before.tables["port_calls"]["call_id"].iloc[1]
    assert lengths(account_for(ground, found, [verdict(name, "confirm")])) == lengths(before)


def test_only_looks_at_zones_that_count_are_looks_of_the_account(ground):
    """An image of the anchorage tells nothing of who lay at the berth that day."""
    tables = sighted(ground, detections(*SEEN))
    for zone, days in (("oil", {"2024-03-07": "usable"}), ("roads", {})):
        ledger = counted(ground, tables | {"looks": looks_at(10, zone=zone)})[0]["ledger"]
        looked = ledger.set_index("day")["looked"]
        assert looked[looked != "unknown"].to_dict() == days
