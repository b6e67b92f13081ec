"""From detections to the account: looks, port calls, liftings, ledger; as detected, and again as reviewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.chain.review_file import Verdict
from pipeline.chain.verdicts import FLAGS, as_table, reviewed_calls, reviewed_detections, with_rejected_calls
from pipeline.tables.ships import BY_IMAGES

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.calls import Listened
    from pipeline.config import CapConfig, RunConfig
    from pipeline.types import Headline, Place

OTHER_STAYS = {"half as long": 0.5, "twice as long": 2.0}  # as the law that is used says (our choice, no source)
FEWEST_DRAWS = 200  # only the columns that the account draws from are used here, not the figures drawn for each row


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a run knows apart from its detections."""

    config: RunConfig
    place: Place
    cap: CapConfig
    scenes: pd.DataFrame
    zone_covered: dict[str, dict[str, float]]
    tracks: pd.DataFrame
    static: pd.DataFrame
    listened: Listened

    @property
    def as_of(self) -> date:
        """The last day of the period."""
        return (self.config.period.end - timedelta(microseconds=1)).date()


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """Tables by contract name, and the answer. If there are verdicts, ``before`` is the account without them.

    ``ground`` is what it rests on, with how long ships stay as learnt from the detections.
    """

    tables: dict[str, pd.DataFrame]
    headline: Headline
    ground: Ground
    before: Account | None = None
    verdicts: tuple[Verdict, ...] = ()

    @property
    def held_calls(self) -> pd.DataFrame:
        """The port calls without those that belong to another account, of another year or product."""
        calls = self.tables["port_calls"]
        return calls[~calls["call_id"].isin(list(self.headline.left_out))]


def account_for(ground: Ground, detections: pd.DataFrame, verdicts: Sequence[Verdict] = ()) -> Account:
    """The account of these detections; with verdicts, the account as reviewed, with that as detected in ``before``.

    How long ships stay is learnt from the detections alone, so a verdict on one call changes no other.
    """
    tables = _looked(ground, detections)
    ground = _with_stays(ground, detections, tables)
    before = Account(*counted(ground, tables | _called(ground, detections, tables["looks"], tables["matches"])), ground)
    if not verdicts:
        return replace(before, tables=before.tables | {"reviews": as_table([])})
    reviewed, tried = reviewed_detections(detections, verdicts)
    again = sighted(ground, reviewed)
    detected, cargo = before.tables["port_calls"], partial(_cargo_of_visit, ground, reviewed)
    table, done = reviewed_calls(again["port_calls"], detected, tried, cargo)
    if (flagged := with_rejected_calls(reviewed, table)) is not reviewed:  # rejected: their sizes no longer count
        again |= _called(ground, flagged, again["looks"], again["matches"])
        table, done = reviewed_calls(again["port_calls"], detected, tried, cargo)
    again["port_calls"], tried = table, done
    tables, headline = counted(ground, again)
    tables["reviews"] = as_table(tried)
    return Account(tables, headline, ground, before, tuple(tried))


def sighted(ground: Ground, detections: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Detections, looks, matches, port calls, the findings that contradict them, and the looks' recall."""
    tables = _looked(ground, detections)
    return tables | _called(ground, detections, tables["looks"], tables["matches"])


def _looked(ground: Ground, detections: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Looks, matches with transponders, their checks, and the looks' recall."""
    from pipeline import calls

    config = ground.config.calls
    looks = calls.looks(ground.scenes, ground.zone_covered, detections, ground.place)
    found = calls.associate(detections, ground.tracks, ground.static, config, ground.scenes)
    trials = calls.look_trials(
        looks, ground.scenes, ground.tracks, ground.static, detections, found.matches, ground.place, config
    )
    recalls = calls.recall_table(trials, config)
    return {"looks": looks, "matches": found.matches, "match_checks": found.checks, "recalls": recalls}


def _with_stays(ground: Ground, detections: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> Ground:
    """With how long unnamed ships stay, as consecutive looks show it."""
    from pipeline import calls

    listened = calls.learn_stays(
        ground.listened, detections=detections, looks=tables["looks"], matches=tables["matches"]
    )
    return replace(ground, listened=listened)


def _called(
    ground: Ground, detections: pd.DataFrame, looks: pd.DataFrame, matches: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """The detections, the port calls made from them, and the findings that contradict these."""
    from pipeline import calls

    table = port_calls(ground, detections, looks, matches)
    doubts = calls.findings(table, detections, matches, ground.static, ground.config.calls)
    stays = calls.stay_table(ground.listened.stays, ground.config.calls)
    return {
        "detections": detections,
        "port_calls": calls.flag_contradicted(table, doubts),
        "findings": doubts,
        "stay_laws": stays,
    }


def port_calls(ground: Ground, detections: pd.DataFrame, looks: pd.DataFrame, matches: pd.DataFrame) -> pd.DataFrame:
    """Port calls from these sightings; only those within the period count."""
    from pipeline import calls

    table = calls.port_calls_with(ground.listened, detections=detections, looks=looks, matches=matches)
    return calls.within_period(table, ground.config.period.start, ground.config.period.end)


def _cargo_of_visit(
    ground: Ground, detections: pd.DataFrame, visit: Mapping[Any, Any], table: pd.DataFrame
) -> dict[str, Any]:
    """What all looks and draughts of a merged visit say about its cargo, given the other calls in the table."""
    from pipeline import calls

    habit = dict(zip(table["call_id"], calls.habits_of(table.to_dict("records")), strict=True))[visit["call_id"]]
    return calls.visit_fields(visit, detections, ground.place, ground.listened.config, habit)


def counted(ground: Ground, tables: dict[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], Headline]:
    """The tables with liftings, missed calls and ledger added; and the answer."""
    from pipeline import calls, volume

    config = ground.config.volume
    drawn = volume.DrawCache(config, ground.config.seed)
    liftings = volume.liftings_with_cache(tables["port_calls"], drawn)
    zones = [zone.zone_id for zone in ground.place.zones if zone.counts]
    looks = tables["looks"][tables["looks"]["zone_id"].isin(zones)]
    missed = calls.missed_calls(
        looks=tables["looks"],
        calls=tables["port_calls"],
        detections=tables["detections"],
        recalls=tables["recalls"],
        place=ground.place,
        start=ground.config.period.start,
        end=ground.config.period.end,
        config=ground.config.calls,
        stays=ground.listened.stays,
    )
    ledger = volume.ledger_with_cache(liftings, ground.cap, drawn, as_of=ground.as_of, looks=looks, missed=missed)
    headline = volume.headline(liftings, ledger, ground.cap, config)
    return tables | {"liftings": liftings, "missed": missed, "ledger": ledger}, headline


def _called_anew(
    ground: Ground,
    account: Account,
    verdicts: Sequence[Verdict],
    detections: pd.DataFrame,
    looks: pd.DataFrame,
    matches: pd.DataFrame,
) -> pd.DataFrame:
    """Port calls from other sightings or settings than the account's; the analysts' verdicts still apply."""
    calls = port_calls(ground, detections, looks, matches)
    if account.before is None:
        return calls
    cargo = partial(_cargo_of_visit, ground, detections)
    return reviewed_calls(calls, account.before.tables["port_calls"], verdicts, cargo)[0]


def robustness(ground: Ground, account: Account, verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """What each counted call and the sum would be without the call's weakest evidence, with verdicts still applied."""
    from pipeline import volume
    from pipeline.calls import chance_of_loading
    from pipeline.chain.weakest import Chain, without_weakest

    drawn = volume.DrawCache(ground.config.volume, ground.config.seed, several_accounts=True)

    def barrels_of(calls: pd.DataFrame) -> tuple[pd.DataFrame, float]:
        liftings = volume.liftings_with_cache(calls, drawn, counted_alone=True)
        ledger = volume.ledger_with_cache(liftings, ground.cap, drawn, as_of=ground.as_of, last_day_alone=True)
        return liftings, float(ledger["observed_p50"].iloc[-1]) if len(ledger) else 0.0

    def loading_of(call: Mapping[Any, Any]) -> float:
        zone = ground.place.zone(call["berth_id"])
        return float(call["p_loading"]) if zone is None else chance_of_loading(call, zone, ground.listened.config)

    tables = account.tables | {"scenes": ground.scenes}
    calls_of = partial(_called_anew, ground, account, verdicts)
    return without_weakest(tables, Chain(calls_of, barrels_of, loading_of))


def under_other_stays(ground: Ground, account: Account, verdicts: Sequence[Verdict]) -> dict[str, pd.DataFrame]:
    """Liftings that the same sightings give with stays half and twice as long; empty if AIS covers all counted stays.

    AIS stays remain as they are. ``max_stay_d`` is scaled by the same factor; else looks further apart than it would be
    two calls however long ships stay.
    """
    from pipeline import volume

    held = account.held_calls
    if not (held["counts"].astype(bool) & held["evidence_class"].isin(BY_IMAGES)).any():
        return {}
    assumed = ground.listened.config
    drawn = volume.DrawCache(ground.config.volume.model_copy(update={"draws": FEWEST_DRAWS}), ground.config.seed)
    out = {}
    for words, factor in OTHER_STAYS.items():
        days = factor * assumed.stay_d[0], factor * assumed.stay_d[1]
        other = {"stay_d": days, "max_stay_d": factor * assumed.max_stay_d}
        under = assumed.model_copy(update=other)
        config = ground.config.model_copy(update={"calls": under})
        changed = replace(ground, config=config, listened=ground.listened.under(under))
        calls = _called_without_rejected(changed, account, verdicts)
        label = f"{words} ({days[0]:.2g} to {days[1]:.2g} d)"
        out[label] = volume.liftings_with_cache(calls, drawn, counted_alone=True)
    return out


def _called_without_rejected(ground: Ground, account: Account, verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """Port calls under other settings, where a verdict on a call from images may meet other links than it was given on.

    No part of a rejected call counts, and what is now linked with a sighting of it is linked again without that.
    """
    detections, looks, matches = (account.tables[name] for name in ("detections", "looks", "matches"))
    before = account.tables["port_calls"]
    out = before["evidence_class"].isin(BY_IMAGES) & before["flags"].map(lambda f: FLAGS["reject"] in f).astype(bool)
    rejected = {name for ids in before.loc[out, "detection_ids"] for name in ids}
    while True:
        calls = _called_anew(ground, account, verdicts, detections, looks, matches)
        alone = calls["evidence_class"].isin(BY_IMAGES) & calls["detection_ids"].map(rejected.issuperset).astype(bool)
        beside = rejected & {name for ids in calls.loc[~alone, "detection_ids"] for name in ids}
        if not beside:
            return calls.assign(counts=calls["counts"] & ~alone)
        detections = detections[~detections["detection_id"].isin(list(beside))]
