"""Everything that a report tells, in one value: the run's tables, its answer, and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from pipeline.config import CapConfig, RunConfig
    from pipeline.types import Headline, Place


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """``tables`` holds, by contract name: scenes, looks, detections, tracks, static, matches, port_calls, liftings,
    ledger. ``chips`` maps a detection_id to its PNG file, relative to the run folder."""

    run_id: str
    simulated: bool
    config: RunConfig
    place: Place
    cap: CapConfig
    headline: Headline
    tables: Mapping[str, pd.DataFrame]
    ais_balance: Mapping[str, int]
    inputs: tuple[Mapping[str, Any], ...]  # path, sha256, bytes
    problems: tuple[str, ...]  # one line for each input that was skipped or degraded
    structures: Mapping[str, BaseGeometry]  # kind of scenes -> what the looks taught to stand in the water, EPSG:4326
    versions: Mapping[str, str]
    code_version: str
    remarks: tuple[str, ...] = ()  # one line for each thing that is odd in an input that was used whole
    call_range: tuple[int, int] | None = None  # counted calls that there may have been, 90 %
    as_detected: Account | None = None  # tables and headline without analysts' verdicts, where there are any

    def calls_with_liftings(self) -> pd.DataFrame:
        """Each port call beside its lifting; columns that both have are the call's, the other's end in ``_lifting``.

        What counts as a lifting but not in this account (another year, another product) counts no more, and says why.
        """
        both = self.tables["port_calls"].merge(self.tables["liftings"], on="call_id", suffixes=("", "_lifting"))
        out = both["call_id"].isin(list(self.headline.left_out))
        return both.assign(
            counts_lifting=both["counts_lifting"].astype(bool) & ~out,
            cause=both["cause"].mask(out, both["call_id"].map(self.headline.left_out)),
        )

    def in_account(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of port calls or liftings that count, and that this account holds."""
        return table[table["counts"].astype(bool) & ~table["call_id"].isin(list(self.headline.left_out))]


class Account(Protocol):
    """Tables by contract name, and the answer."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Port calls, liftings, ledger."""
        ...

    @property
    def headline(self) -> Headline:
        """The answer."""
        ...
