"""A published case, ``configs/cases/*.yaml``: a table of calls, the figures published about them, and their sources."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipeline.config.aoi import Moment, PeriodConfig
from pipeline.config.base import Section
from pipeline.config.mistakes import SHORT_NAME, WEB_ADDRESS
from pipeline.config.volume import VolumeConfig
from pipeline.ships.largest import LARGEST_T

SIZES = ("capacity_bbl", "total_capacity_bbl", "dwt_t", "tonnes", "barrels")
Fill = Literal["33", "50", "60", "90", "100"]
Quantity = Literal["barrels", "share_of_cap", "break_even_fill", "break_even_bbl_per_call", "break_even_t_per_call"]


class CallGroup(Section):
    """One call, or several of one size. State at most one size; without one, a tanker of unknown size is assumed."""

    count: int = Field(default=1, ge=1, le=10_000)
    """How many calls."""
    date: Moment | None = None
    """Day of the call if it was published, UTC; null: spread evenly over the period, and marked as assumed."""
    name: str = ""
    """The ship's name, if it was published."""
    capacity_bbl: float | None = Field(default=None, gt=0, le=5e6)
    """Full cargo of each ship [bbl]."""
    total_capacity_bbl: float | None = Field(default=None, gt=0, le=5e9)
    """Full cargoes of all these ships together [bbl], divided evenly: right for sums, not for single calls."""
    dwt_t: float | None = Field(default=None, gt=0, le=LARGEST_T)
    """Deadweight of each ship [t]."""
    tonnes: float | None = Field(default=None, gt=0, le=LARGEST_T)
    """Stated cargo of each call [t]."""
    barrels: float | None = Field(default=None, gt=0, le=5e6)
    """Stated cargo of each call [bbl]."""
    product: str = "unnamed"
    """A name from volume.products, or unnamed (the Committee's fallback factor), or mix."""

    @model_validator(mode="after")
    def _one_size(self) -> CallGroup:
        given = [name for name in SIZES if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"give one size of a call, not {' and '.join(given)}")
        if self.date is not None and self.count > 1:
            raise ValueError(f"a date belongs to one call; here are {self.count}")
        return self


class CaseSource(Section):
    """A source of figures."""

    id: str
    """Short name that figures refer to."""
    title: str
    """Its title, with date."""
    url: str = Field(pattern=WEB_ADDRESS)
    """Its address."""


class Figure(Section):
    """One figure to be reproduced."""

    what: str
    """What it is, in words."""
    quantity: Quantity = "barrels"
    """What is compared: a sum at a fill, its share of the cap, or a break-even."""
    fill: Fill = "100"
    """Fill scenario of a sum or share; 33 is exactly one third. Not used for break-evens."""
    value: float = Field(gt=0)
    """The figure."""
    rounded_to: float = Field(default=1.0, gt=0)
    """Step of the rounding: 1 is to the barrel, 10000 gives 3.78 million; at most the figure."""
    rounding: Literal["nearest", "down"] = "nearest"
    """Direction of rounding, inferred from the published figures."""
    origin: Literal["published", "derived"] = "published"
    """published: stated by the source; derived: computed by us from what it states."""
    source: str
    """The source's id."""

    @model_validator(mode="after")
    def _tells_something(self) -> Figure:
        if self.rounded_to > self.value:
            raise ValueError(
                f"rounded_to ({self.rounded_to:g}) is more than the figure ({self.value:g}): all smaller ones agree"
            )
        return self


class Total(Section):
    """A published total without a stated fill: the implied fill is shown, nothing is compared."""

    what: str
    """What it is, in words."""
    barrels: float = Field(gt=0)
    """The total [bbl]."""
    calls: int = Field(ge=1)
    """Number of calls that it refers to."""
    source: str
    """The source's id."""


class CaseConfig(Section):
    """A published case, recomputed from a table of calls, without imagery."""

    id: str = Field(pattern=SHORT_NAME)
    """Short name, used for folders."""
    title: str
    """Display title."""
    who: str
    """Who published it, and when."""
    period: PeriodConfig
    """The stated period."""
    calls: tuple[CallGroup, ...] = Field(min_length=1)
    """The calls as the published figures state them."""
    calls_basis: str
    """Where the sizes of these calls come from; say so if they were derived from the figures themselves."""
    sizes_worked_back: bool
    """Were these sizes derived from the figures themselves? Then agreement tests only the arithmetic, and the page says
    so at the top."""
    estimate_calls: tuple[CallGroup, ...] = ()
    """The same calls as the evidence-based estimate uses them; empty: as in ``calls``."""
    estimate_basis: str
    """What the estimate is based on."""
    figures: tuple[Figure, ...] = Field(min_length=1)
    """Figures to be reproduced."""
    totals: tuple[Total, ...] = ()
    """Published totals without a stated fill."""
    steps: tuple[str, ...] = ()
    """How the figures follow, step by step."""
    does_not_say: tuple[str, ...] = ()
    """What the case does not show."""
    sources: tuple[CaseSource, ...] = Field(min_length=1)
    """Sources of the figures."""
    cap: str = "caps/unscr-2397.yaml"
    """The cap's file, relative to the folder of the case file or to that of the configs."""
    volume: VolumeConfig = VolumeConfig()
    """Assumptions and factors of the estimate."""
    seed: int = Field(default=20240307, ge=0, lt=2**63)
    """Seed of all random numbers."""

    @model_validator(mode="after")
    def _is_consistent(self) -> CaseConfig:
        known = [s.id for s in self.sources]
        if repeated_ids := [name for name in known if known.count(name) > 1]:
            raise ValueError(f"two sources are called {repeated_ids[0]!r}: which of them a figure has is open")
        for what, source in [(f.what, f.source) for f in self.figures] + [(t.what, t.source) for t in self.totals]:
            if source not in known:
                raise ValueError(f"source {source!r} of {what!r} is not in sources ({', '.join(known)})")
        titles = [figure.what for figure in self.figures]
        if repeated_titles := [what for what in titles if titles.count(what) > 1]:
            raise ValueError(f"two figures are called {repeated_titles[0]!r}; each needs words of its own")
        for group in (*self.calls, *self.estimate_calls):
            if group.date is not None and not self.period.start <= group.date < self.period.end:
                raise ValueError(f"call of {group.date.date()} lies outside the period")
        counts = [sum(g.count for g in groups) for groups in (self.calls, self.estimate_calls) if groups]
        if len(set(counts)) > 1:
            raise ValueError(f"calls has {counts[0]} calls, estimate_calls {counts[1]}; they are the same calls")
        return self
