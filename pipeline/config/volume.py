"""The ``volume`` section and the cap file: products, fills, draws, and the cap that is counted against."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config.aoi import Day
from pipeline.config.base import Section
from pipeline.config.loading import fingerprint
from pipeline.types.ids import never_a_number

_MONTH_AND_DAY = re.compile(r"\d\d-\d\d")  # Python would also read a week as its Monday
BBL_PER_T_RANGE = (5.0, 13.0)  # bitumen 6.05 and LPG 11.65 are the extremes of the UN's table (FACTS 5)
BBL_PER_M3 = 6.2898  # a barrel has 158.987 l
FACTOR_TOLERANCE = 0.1  # published factors are rounded, and for usual densities, within some 5 % (our choice)

# Words for what a counted ship did with her cargo, by `counted`: at a port of discharge "lifted" would mean that cargo
# left the country
MOVED = {"loading": ("lifted", "lifting"), "discharging": ("landed", "landing")}


class Product(Section):
    """A product that may be in the tanks."""

    name: str
    """Name in the Committee's chart."""
    bbl_per_t: float = Field(ge=BBL_PER_T_RANGE[0], le=BBL_PER_T_RANGE[1])
    """Barrels per tonne."""
    t_per_m3: float = Field(gt=0.4, lt=1.2)
    """Density, for the tank-volume limit."""
    share: float = Field(ge=0, le=1)
    """Probability that an unnamed cargo is this product."""

    @model_validator(mode="after")
    def _factors_agree(self) -> Product:
        bbl_per_m3 = self.bbl_per_t * self.t_per_m3
        if abs(bbl_per_m3 / BBL_PER_M3 - 1) > FACTOR_TOLERANCE:
            factors = f"{self.bbl_per_t:g} bbl/t and {self.t_per_m3:g} t/m3 make {bbl_per_m3:.2f} barrels a cubic metre"
            raise ValueError(f"{self.name}: {factors}, which has {BBL_PER_M3:.2f}; one of them is another product's")
        return self


# Committee chart = BP "approximate conversion factors" (un.org, 1718 committee page; BP Statistical Review 2021).
# The shares are our judgement from what was observed at Primorye ports in 2016-2024: gas oil in every named case.
PRODUCTS = (
    Product(name="gas_oil", bbl_per_t=7.46, t_per_m3=0.843, share=0.75),
    Product(name="gasoline", bbl_per_t=8.35, t_per_m3=0.753, share=0.10),
    Product(name="kerosene", bbl_per_t=7.88, t_per_m3=0.798, share=0.05),
    Product(name="fuel_oil", bbl_per_t=6.35, t_per_m3=0.991, share=0.10),
    Product(name="lpg", bbl_per_t=11.60, t_per_m3=0.541, share=0.0),  # only if a table names it
)


MEAN_FILLS = (0.05, 0.98)  # a port's habit is drawn within these: nearly empty to tanks filled to 98 % (our choice)
CONCENTRATIONS = (0.1, 1e7)  # from all or nothing to all alike; beyond these nothing changes (our choice)


class FillConfig(Section):
    """Prior of the fill (cargo as a share of cargo capacity), for calls whose load was not measured."""

    mean: float = Field(default=0.88, ge=MEAN_FILLS[0], le=MEAN_FILLS[1])
    """Mean fill of cargo deadweight, part cargoes aside. No measured value is published: trade practice assumes 0.95 of
    capacity where nothing is known (VesselsValue), published scenarios for the DPRK range from 1/3 to 0.9. Our
    judgement."""
    part_cargo_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of liftings that are part cargoes, of a tenth of capacity or more (our judgement)."""
    concentration: float = Field(default=8.0, ge=CONCENTRATIONS[0], le=CONCENTRATIONS[1])
    """a + b of the beta distribution of one call's fill; larger is narrower."""
    shared_sd: float = Field(default=0.08, ge=0, le=0.3)
    """Standard deviation of the mean fill, an error common to all calls."""


class VolumeConfig(Section):
    """The ``volume`` section: from hulls to barrels."""

    counted: Literal["loading", "discharging"] = "loading"
    """What counts: cargo loaded (at an export port) or discharged (at a port of the country under the cap)."""
    max_voyage_d: float = Field(default=21.0, gt=0, le=366)
    """Days within which a cargo loaded at one AOI is looked for at another (Vostochny to Nampo takes 5 to 6; waiting,
    transfers at sea and a second port make it longer; our choice)."""
    products: tuple[Product, ...] = PRODUCTS
    """Products that a cargo may be; shares must add up to 1."""
    unnamed_bbl_per_t: float = Field(default=8.33, ge=BBL_PER_T_RANGE[0], le=BBL_PER_T_RANGE[1])
    """The Committee's factor for unnamed products; printed beside the estimate."""
    fill: FillConfig = FillConfig()
    """Prior of the fill."""
    constants_share: float = Field(default=0.05, ge=0, lt=0.5)
    """Share of deadweight for bunkers, water and stores (3-6 % on short shuttles; no published source)."""
    tank_m3_per_t: float = Field(default=1.15, gt=0.8, lt=2)
    """Cargo tank volume per tonne of deadweight (twenty-four published hulls: median 1.13, some of it at 98 %)."""
    tank_fill_limit: float = Field(default=0.98, gt=0.5, le=1)
    """Tanks are filled to 98 % at most."""
    water_t_per_m3: float = Field(default=1.025, gt=0.99, lt=1.05)
    """Density of sea water."""
    draught_sd_m: float = Field(default=0.2, ge=0.03, le=5)
    """Standard error of a draught that a crew enters: 0.1 m steps and habit (our judgement)."""
    draws: int = Field(default=10_000, ge=200, le=1_000_000)
    """Monte Carlo draws."""

    @model_validator(mode="after")
    def _shares_add_up(self) -> VolumeConfig:
        names = [p.name for p in self.products]
        if "mix" in names:
            raise ValueError("volume.products: mix is our word for a cargo that may be any of them")
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"volume.products names {', '.join(repeated)} more than once; give each one share")
        total = sum(p.share for p in self.products)
        if not math.isclose(total, 1.0, abs_tol=1e-6):
            raise ValueError(f"the shares of volume.products add up to {total:g}; they must add up to 1")
        return self


NO_ASSUMPTIONS = ("counted", "max_voyage_d", "draws")  # which calls count, and how often they are drawn


def assumptions_id(config: VolumeConfig) -> str:
    """Id of what barrels are drawn from, never a number: equal if a call carries the same under both configs.

    >>> assumptions_id(VolumeConfig()) == assumptions_id(VolumeConfig(draws=500, counted="discharging"))
    True
    """
    return never_a_number(fingerprint(config, without=NO_ASSUMPTIONS))


class Notified(Section):
    """An officially notified total, as of a date."""

    year: int = Field(ge=1972, le=2100)
    """Account year: the calendar year in which it starts."""
    barrels: float | None = Field(default=None, ge=0)
    """Barrels, if published in barrels; used unchanged."""
    tonnes: float | None = Field(default=None, ge=0)
    """Tonnes, if only these were published; converted with the factor for unnamed products."""
    as_of: Day
    """Day on which this was the total."""
    source: str
    """Where it was published."""

    @model_validator(mode="after")
    def _one_amount(self) -> Notified:
        if (self.barrels is None) == (self.tonnes is None):
            raise ValueError(f"notified for {self.year}: state either barrels or tonnes")
        return self

    @model_validator(mode="after")
    def _year_has_begun(self) -> Notified:
        if self.as_of.year < self.year:
            raise ValueError(f"notified for {self.year}: as_of {self.as_of} lies before that year")
        return self

    def in_barrels(self, unnamed_bbl_per_t: float) -> float:
        """Barrels as published, or tonnes by the factor for a product without a name."""
        return self.barrels if self.barrels is not None else float(self.tonnes or 0.0) * unnamed_bbl_per_t


OTHER_UNITS = ("tonnes", "tons", "t", "bbl", "kbbl", "m3", "cubic_metres", "litres")  # keys of caps that lack barrels


class CapConfig(Section):
    """A cap: ``configs/caps/*.yaml``."""

    id: str
    """Short name."""
    title: str
    """Display title."""
    barrels: float = Field(gt=0)
    """The cap of one account year."""
    tonnes: float | None = Field(default=None, gt=0)
    """The same cap in tonnes, if its text states both; each is checked separately."""
    products: tuple[str, ...] = ()
    """Products that it covers, by name; empty: all but the excluded ones."""
    excluded_products: tuple[str, ...] = ()
    """Products that it does not cover, by name."""
    year_starts: str
    """Month and day on which the account year starts, UTC: 01-01."""
    counts_on: Literal["arrival", "departure"] = "departure"
    """Does arrival or departure decide the account year of a call? Cargo is on board when she leaves."""
    notified: tuple[Notified, ...] = ()
    """Officially notified totals, shown beside the estimate and never added to it."""
    source: str
    """Where the cap is laid down."""

    def counts_product(self, name: str) -> bool:
        """Does cargo of that product count against this cap?"""
        return (not self.products or name in self.products) and name not in self.excluded_products

    def account_year_words(self, year: str) -> str:
        """An account year in words: by its first day if it is not a calendar year."""
        return year if self.year_starts == "01-01" or not year else f"{year} (from {year}-{self.year_starts})"

    @model_validator(mode="before")
    @classmethod
    def _is_in_barrels(cls, data: Any) -> Any:
        if (
            isinstance(data, dict)
            and "barrels" not in data
            and (others := [name for name in data if name in OTHER_UNITS])
        ):
            raise ValueError(f"the cap is in {others[0]}, and accounts are in barrels: state it as barrels as well")
        return data

    @model_validator(mode="after")
    def _no_product_twice(self) -> CapConfig:
        if in_both := sorted(set(self.products) & set(self.excluded_products)):
            raise ValueError(f"{', '.join(in_both)} stands in products and in excluded_products")
        return self

    @model_validator(mode="after")
    def _one_total_per_day(self) -> CapConfig:
        totals = [(n.year, n.as_of) for n in self.notified]
        if repeated := next((total for n, total in enumerate(totals) if total in totals[:n]), None):
            raise ValueError(f"notified for {repeated[0]} appears twice as of {repeated[1]}")
        return self

    @model_validator(mode="after")
    def _units_agree(self) -> CapConfig:
        low, high = BBL_PER_T_RANGE
        if self.tonnes is not None and not low <= self.barrels / self.tonnes <= high:
            factor = f"{self.barrels / self.tonnes:.3g} bbl/t, outside {low:g} to {high:g}"
            raise ValueError(f"barrels over tonnes is {factor}: one is in another unit")
        return self

    @field_validator("year_starts")
    @classmethod
    def _is_day_of_year(cls, value: str) -> str:
        try:
            if not _MONTH_AND_DAY.fullmatch(value):
                raise ValueError(value)
            date.fromisoformat(f"2023-{value}")
        except ValueError as error:
            raise ValueError(f"{value} is not a day of every year; write month and day as 01-01") from error
        return value
