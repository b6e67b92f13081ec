"""Barrels in a full ship, by product, and the share of a cargo that a cap counts where no product is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.config import CapConfig, VolumeConfig
from pipeline.volume.membership import UNNAMED
from pipeline.volume.montecarlo import UNNAMED_T_PER_M3

if TYPE_CHECKING:
    from collections.abc import Mapping

STATED_CAPACITY = "capacity_given"  # method of a row for which the table states barrels at 100 %


def bbl_per_t(product: str, config: VolumeConfig) -> float:
    """Barrels per tonne of a product, of an unnamed one, or of the mix."""
    return _value_for_product(
        product, {p.name: p.bbl_per_t for p in config.products} | {"unnamed": config.unnamed_bbl_per_t}, config
    )


def bbl_per_t_range(product: str, config: VolumeConfig) -> tuple[float, float]:
    """Least and most barrels per tonne of what a cargo may be; for a named product, its factor twice."""
    named = {p.name: p.bbl_per_t for p in config.products}
    if product in named:
        return named[product], named[product]
    factors = [config.unnamed_bbl_per_t, *(p.bbl_per_t for p in config.products if p.share > 0)]
    return min(factors), max(factors)


def full_bbl_per_dwt_t(product: str, config: VolumeConfig) -> float:
    """Barrels in a full ship per tonne of deadweight: by tanks at their limit or deadweight less stores, the lesser."""
    return _value_for_product(product, _full_by_product(config), config)


def share_at_fill(row: Mapping[Any, Any], cap: CapConfig, config: VolumeConfig) -> float:
    """Share of a lifting's barrels at a fixed fill that the cap counts.

    For one without a named product: what it holds on average of the products that count, over what it holds of any.
    """
    product = str(row["product"])
    if product not in UNNAMED:
        return float(cap.counts_product(product))
    if pd.notna(row["given_barrels"]) or str(row["method"]).startswith(STATED_CAPACITY):
        content = {p.name: 1.0 for p in config.products}  # the same number of barrels of any product
    elif pd.notna(row["given_tonnes"]):
        content = {p.name: p.bbl_per_t for p in config.products}
    else:
        content = _full_by_product(config)
    counted = sum(p.share * content[p.name] for p in config.products if cap.counts_product(p.name))
    return counted / _value_for_product("mix", content, config)


def _full_by_product(config: VolumeConfig) -> dict[str, float]:
    def full(t_per_m3: float, bbl_per_t: float) -> float:
        tanks_t = config.tank_m3_per_t * config.tank_fill_limit * t_per_m3
        return min(1 - config.constants_share, tanks_t) * bbl_per_t

    named = {p.name: full(p.t_per_m3, p.bbl_per_t) for p in config.products}
    return named | {"unnamed": full(UNNAMED_T_PER_M3, config.unnamed_bbl_per_t)}


def _value_for_product(product: str, by_name: dict[str, float], config: VolumeConfig) -> float:
    """The value of a product; for an unnamed one, the mean over what it may be."""
    return by_name.get(product, sum(p.share * by_name[p.name] for p in config.products))
