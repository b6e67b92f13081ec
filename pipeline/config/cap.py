"""A cap file as one account uses it: its products are asked for by the names that the assumptions give them."""

from __future__ import annotations

import difflib
from pathlib import Path

from pipeline.config.loading import load
from pipeline.config.volume import PRODUCT_ALIASES, CapConfig, VolumeConfig, plain_name
from pipeline.errors import ConfigError, printable

CLOSE = 0.7  # likeness (difflib) above which a name is a slip of the other; lng and lpg have 0.67 (our choice)
CRUDE = "crude"  # a cap on products may exclude it whether or not the assumptions at hand know it


def load_cap(path: Path, volume: VolumeConfig) -> CapConfig:
    """The cap; ConfigError where it counts a product that no cargo of these assumptions can be: nothing would count.

    What it excludes may be another trade's, which no cargo here can be; but a name that is nearly one of the
    assumptions' is a slip, and the cargo that was meant would count.
    """
    cap = load(CapConfig, path)
    known = [*(p.name for p in volume.products), "unnamed"]
    for name in cap.products:
        if name not in known:
            raise _unknown(path, "products", name, known, _meant(name, known))
    for name in cap.excluded_products:
        if name not in {*known, CRUDE} and (meant := _meant(name, [*known, CRUDE])):
            raise _unknown(path, "excluded_products", name, known, meant)
    return cap


def _meant(name: str, known: list[str]) -> str:
    """The product that an unknown name may mean; "" where it resembles none."""
    plain = plain_name(name)
    alias = PRODUCT_ALIASES.get(plain)
    return alias if alias in known else next(iter(difflib.get_close_matches(plain, known, 1, CLOSE)), "")


def _unknown(path: Path, field: str, name: str, known: list[str], meant: str) -> ConfigError:
    hint = f" (did you mean {meant}?)" if meant else ""
    return ConfigError(
        f"{printable(path)}: {field}: {name} is none of the assumptions' products, which are {', '.join(known)}{hint}"
    )
