"""Check that a stated size or cargo is in the unit of its column: a wrong unit is off by factors, not per cents.

Barrels written as tonnes are 7.5 times too many, thousands of tonnes a thousand times too few. A ship's hull or stated
size shows both; without either, the limits are those of the smallest tankers.
"""

from __future__ import annotations

import math

from pipeline.config.volume import BBL_PER_T_RANGE
from pipeline.quantiles import Z90
from pipeline.ships.largest import LARGEST_T
from pipeline.volume.capacity import Capacity
from pipeline.volume.cells import Refused, Row
from pipeline.volume.particulars import Particulars, capacity_from_particulars

OVERFULL = 1.3  # times the 95 % point of what she can carry: trim, tide or density do not explain it (our choice)
NEXT_TO_NOTHING = 0.01  # share of the 5 % point: such a cargo is not worth a voyage (our choice)
SMALLEST = 100.0  # deadweight [t] or gross tonnage of a tanker whose hull is not known (our choice)
SMALLEST_CAPACITY_BBL = 500.0  # the same in barrels
ANOTHER_UNIT = 3.0  # times too many or too few: cubic metres or tonnes for barrels are 6 to 8 (our choice)
SAME_AMOUNT = 0.03  # published factors of one product differ by 3 % (7.23 to 7.46 of gas oil)
NO_PRODUCT = {"mix", "unnamed"}
SMALLEST_OF_HULL = 0.1  # share of the 5 % point from her length and beam (our choice)


def require_tonnage(ship: Particulars) -> None:
    """Refuse a deadweight or gross tonnage so small that it must be in another unit, such as thousands of tonnes."""
    if ship.length_m is None:
        least, ship_words = SMALLEST, "a tanker"
    else:
        hull = ship.capacity(None, None)
        least, ship_words = SMALLEST_OF_HULL * _quantile_t(hull, -1), f"a hull of {_hull_words(ship)}"
    for name, value in (("dwt_t", ship.dwt_t), ("gt", ship.gt)):
        if value is not None and value < least:
            raise Refused(
                f"{name} is {value:g}, too little for {ship_words} (below {least:,.0f}); is it in another unit?"
            )


def require_hull(size: Capacity, ship: Particulars) -> None:
    """Refuse a hull that is the only source of the deadweight and carries less than the smallest tanker."""
    if size.method.startswith("dwt_from_length") and _quantile_t(size, 1) < SMALLEST:
        most = f"carries {_quantile_t(size, 1):,.3g} t at most, less than any tanker ({SMALLEST:,.0f})"
        raise Refused(f"a hull of {_hull_words(ship)} {most}; is it in another unit?")


def require_capacity(capacity_bbl: float | None) -> None:
    """Refuse barrels at 100 % too small for any tanker."""
    if capacity_bbl is not None and capacity_bbl < SMALLEST_CAPACITY_BBL:
        least = f"{SMALLEST_CAPACITY_BBL:g}"
        raise Refused(
            f"capacity_bbl is {capacity_bbl:g}, too little for a tanker (below {least}); is it in another unit?"
        )


def capacity_doubt(capacity_bbl: float, ship: Particulars, full_bbl_per_dwt_t: float) -> str:
    """Text for barrels at 100 % that do not fit the ship's stated tonnage or size; "" where they do.

    >>> capacity_doubt(3900, Particulars(dwt_t=3500.0), 7.0)
    'capacity_bbl is 3,900, but a ship of that size holds about 24,500: is it in another unit?'
    """
    if ship.dwt_t is None and ship.gt is None and ship.length_m is None:
        return ""
    holds = math.exp(capacity_from_particulars(ship)[0].log_dwt) * full_bbl_per_dwt_t
    if 1 / ANOTHER_UNIT < capacity_bbl / holds < ANOTHER_UNIT:
        return ""
    expected = f"but a ship of that size holds about {holds:,.0f}"
    return f"capacity_bbl is {capacity_bbl:,.0f}, {expected}: is it in another unit?"


def cargo_doubt(given: Row, size: Capacity, full_bbl_per_dwt_t: float, ship: Particulars) -> str:
    """Text for stated barrels or tonnes too small for the ship's size; Refused where she cannot carry that much.

    "" where they fit. For a ship of unknown size, only what no ship carries is refused.
    """
    is_unknown_size = size.method == "dwt_prior"
    low_t, high_t = (_quantile_t(size, side) for side in (-1, 1))
    ship_words = (
        f"a ship of {_hull_words(ship)}"
        if ship.length_m is not None
        else "a tanker"
        if is_unknown_size
        else "a ship of that size"
    )
    for name, per_dwt_t in (("tonnes", 1.0), ("barrels", full_bbl_per_dwt_t)):
        value = given[name]
        if value is None:
            continue
        if is_unknown_size and value > LARGEST_T * per_dwt_t:
            raise Refused(f"{name} is {value:,.0f}, more than any ship carries; is it in another unit?")
        if not is_unknown_size and value > OVERFULL * high_t * per_dwt_t:
            most = f"{high_t * per_dwt_t:,.0f}"
            raise Refused(f"{name} is {value:,.0f}; {ship_words} carries {most} at most; is it in another unit?")
        if value < NEXT_TO_NOTHING * low_t * per_dwt_t:
            return f"{name} is {value:g}, next to nothing for {ship_words}; is it in another unit?"
    return ""


def amounts_doubt(given: Row, product: str, factors_bbl_per_t: tuple[float, float]) -> str:
    """Text for stated barrels and tonnes of one cargo that disagree; "" where they agree, or one is missing.

    Refused where no oil has that many barrels per tonne. ``factors_bbl_per_t`` are the least and the most for what the
    cargo may be; both are equal for a named product.

    >>> amounts_doubt({"barrels": 8000.0, "tonnes": 1000.0}, "gas_oil", (7.46, 7.46))
    'barrels / tonnes is 8 bbl/t, but gas_oil has 7.46: the barrels are used'
    >>> amounts_doubt({"barrels": 9500.0, "tonnes": 1000.0}, "mix", (6.35, 8.35))
    'barrels / tonnes is 9.5 bbl/t, but its possible products have 6.35 to 8.35: the barrels are used'
    """
    if given["barrels"] is None or given["tonnes"] is None:
        return ""
    factor = given["barrels"] / given["tonnes"]
    low, high = BBL_PER_T_RANGE
    if not low <= factor <= high:
        raise Refused(f"barrels / tonnes is {factor:.3g} bbl/t, outside {low:g} to {high:g}: one is in another unit")
    least, most = factors_bbl_per_t
    if least * (1 - SAME_AMOUNT) <= factor <= most * (1 + SAME_AMOUNT):
        return ""
    expected = (
        f"its possible products have {least:g} to {most:g}" if product in NO_PRODUCT else f"{product} has {least:g}"
    )
    return f"barrels / tonnes is {factor:.3g} bbl/t, but {expected}: the barrels are used"


def _quantile_t(size: Capacity, side: int) -> float:
    """Deadweight at 5 % (side -1) or 95 % (side 1) [t]."""
    return math.exp(size.log_dwt + side * Z90 * math.hypot(size.log_sd, size.shared_sd))


def _hull_words(ship: Particulars) -> str:
    return f"{ship.length_m:g} m" if ship.beam_m is None else f"{ship.length_m:g} x {ship.beam_m:g} m"
