"""A cap file as one account uses it: its products are asked for by the names that the assumptions give them."""

from __future__ import annotations

import difflib
from pathlib import Path

from pipeline.config.loading import load
from pipeline.config.volume import PRODUCT_ALIASES, CapConfig, VolumeConfig, plain_name
from pipeline.errors import ConfigError, printable


def load_cap(path: Path, volume: VolumeConfig) -> CapConfig:
    """The cap; ConfigError where it counts a product that no cargo of these assumptions can be: nothing would count."""
    cap = load(CapConfig, path)
    known = [*(p.name for p in volume.products), "unnamed"]
    for name in cap.products:
        if name not in known:
            alias = PRODUCT_ALIASES.get(plain_name(name))
            meant = alias if alias in known else next(iter(difflib.get_close_matches(name, known, 1)), "")
            hint = f" (did you mean {meant}?)" if meant else ""
            raise ConfigError(
                f"{printable(path)}: products: {name} is none of the assumptions' products, which are "
                f"{', '.join(known)}{hint}"
            )
    return cap
