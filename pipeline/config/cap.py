"""Checks a cap file against the assumptions of an account: its products must have the names used there."""

from __future__ import annotations

import difflib
from datetime import date
from pathlib import Path

from pipeline.config.loading import load
from pipeline.config.product_words import PRODUCT_ALIASES, plain_name
from pipeline.config.volume import CapConfig, VolumeConfig
from pipeline.errors import ConfigError, printable

CLOSE = 0.7  # similarity (difflib) above which a name is a typo of another; lng and lpg have 0.67 (our choice)
LEAST_BBL = 10_000  # smallest plausible cap for a year: one small tanker (1,500 t) carries more (our choice)
CRUDE = "crude"  # a cap on products may exclude it even if the assumptions do not have it


def load_cap(path: Path, volume: VolumeConfig) -> CapConfig:
    """The cap; ConfigError if it counts a product that these assumptions do not have: nothing would count.

    An excluded product may be one of another trade, unknown here. But a name close to a known one is taken for a typo
    and refused, since the cargo that was meant would count.
    """
    cap = load(CapConfig, path)
    known = [*(p.name for p in volume.products), "unnamed"]
    for name in cap.products:
        if name not in known:
            raise _unknown_product(path, "products", name, known, _likely_product(name, known))
    for name in cap.excluded_products:
        if name not in {*known, CRUDE} and (suggestion := _likely_product(name, [*known, CRUDE])):
            raise _unknown_product(path, "excluded_products", name, known, suggestion)
    return cap


def cap_doubts(cap: CapConfig, today: date | None = None) -> list[str]:
    """What is valid in a cap but may not be meant; totals dated after ``today`` only if that is given."""
    doubts = []
    if cap.barrels < LEAST_BBL:
        doubts.append(
            f"the cap of {cap.barrels:,g} barrels a year is less than one small tanker carries: it may be in "
            "thousands, or in another unit"
        )
    to_come = [n for n in cap.notified if today is not None and n.as_of > today]
    return doubts + [f"the total notified for {n.year} is as of {n.as_of}, a day that has not come" for n in to_come]


def _likely_product(name: str, known: list[str]) -> str:
    """The product that an unknown name may mean; "" if it resembles none."""
    plain = plain_name(name)
    alias = PRODUCT_ALIASES.get(plain)
    return alias if alias in known else next(iter(difflib.get_close_matches(plain, known, 1, CLOSE)), "")


def _unknown_product(path: Path, field: str, name: str, known: list[str], suggestion: str) -> ConfigError:
    hint = f" (did you mean {suggestion}?)" if suggestion else ""
    if name == CRUDE and not suggestion:  # its account needs its own assumptions
        hint = (
            "; add it under volume.products, or give capwatch volume and account alike "
            "--assumptions configs/assumptions/refined-and-crude.yaml"
        )
    return ConfigError(
        f"{printable(path)}: {field}: {name} is none of the assumptions' products, which are {', '.join(known)}{hint}"
    )
