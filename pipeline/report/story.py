"""Everything that a report shows, in one value: the run's tables, its answer, and their provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.times_places.moments import at_image_times, bounds_at_image_times

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
    structures: Mapping[str, BaseGeometry]  # kind of scenes -> permanent structures in the water, EPSG:4326
    versions: Mapping[str, str]
    code_version: str
    remarks: tuple[str, ...] = ()  # one line for each oddity in an input that was nevertheless used
    call_range: tuple[int, int] | None = None  # 90 % interval of the number of counted calls
    as_detected: Account | None = None  # if there are verdicts: tables and headline without them

    def calls_with_liftings(self) -> pd.DataFrame:
        """Each port call joined with its lifting; of columns in both, the lifting's end in ``_lifting``.

        A lifting that counts but not in this account (another year, another product) is not counted, with the cause.
        """
        joined = self.tables["port_calls"].merge(self.tables["liftings"], on="call_id", suffixes=("", "_lifting"))
        left_out = joined["call_id"].isin(list(self.headline.left_out))
        return joined.assign(
            counts_lifting=joined["counts_lifting"].astype(bool) & ~left_out,
            cause=joined["cause"].mask(left_out, joined["call_id"].map(self.headline.left_out)),
        )

    def at_image_times(self) -> Story:
        """The story with sightings, and stay bounds that are sightings, set to the times of their images."""
        tables, detections = self.tables, self.tables["detections"]
        adjusted = at_image_times(detections, tables["scenes"])
        calls = bounds_at_image_times(tables["port_calls"], detections, adjusted)
        return replace(self, tables={**tables, "detections": adjusted, "port_calls": calls})

    def in_account(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of port calls or liftings that count and are in this account."""
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
