"""The answer of a run."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer of a run: observed barrels of one account year against its cap, with a 90 % interval."""

    cap_id: str
    cap_title: str
    cap_bbl: float
    account_year: str
    as_of: str  # YYYY-MM-DD, the last day that the account covers
    calls_seen: int  # port calls of every kind
    calls_counted: int  # those that count in the account
    barrels_p5: float
    barrels_p50: float
    barrels_p95: float
    barrels_mean: float
    p_over_cap: float
    crossing_days: dict[str, str | None]  # "5", "50", "95" -> day on which P(over cap) passes that percentage
    scenario_bbl: dict[str, float]  # "33", "50", "60", "90", "100" -> sum if every ship were filled to that percentage
    factor_bbl: dict[str, float]  # "7.46", "8.33" -> median sum if every tonne had that factor
    break_even_fill: float | None  # common fill at which the counted calls reach the cap (above 1: they cannot)
    break_even_bbl_per_call: float | None
    notified_bbl: float | None
    notified_as_of: str | None
    assumptions_id: str
    across_years: tuple[str, ...] = ()  # counted calls that came in one account year and left in another
    corrected_bbl: tuple[float, float, float] | None = None  # p5, p50, p95 with the estimated unseen calls
    corrected_without: tuple[str, ...] = ()  # zones whose unseen calls are unknown and not included in it
    other_years: dict[str, int] = field(default_factory=dict)  # counted calls of other account years: not in this one
    left_out: dict[str, str] = field(default_factory=dict)  # call_id of each counted call not in this account, and why
    later_calls: int = 0  # counted calls of this account year after ``as_of``
    other_product_calls: int = 0  # counted calls of this account whose product the cap does not count
    p_over_cap_tonnes: float | None = None  # against the cap in tonnes, if it has one
    cap_t: float | None = None
    tonnes_p50: float = 0.0
    notified_t: float | None = None  # as published, if in tonnes: ``notified_bbl`` is then our conversion
    notified_source: str = ""

    @property
    def share_p5(self) -> float:
        """barrels_p5 as a share of the cap."""
        return self.barrels_p5 / self.cap_bbl

    @property
    def share_p50(self) -> float:
        """barrels_p50 as a share of the cap."""
        return self.barrels_p50 / self.cap_bbl

    @property
    def share_p95(self) -> float:
        """barrels_p95 as a share of the cap."""
        return self.barrels_p95 / self.cap_bbl
