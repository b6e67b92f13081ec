"""Draws of rows, made once for all who ask for them: the check for edited figures, and then the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.volume.montecarlo import CallDraws, Ships, shared_draws, ships_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.config import VolumeConfig

MOST_KEPT_BYTES = 512 << 20  # some 1,600 calls of 10,000 draws; what comes after is drawn again (our choice)


class DrawnOnce:
    """Draws under one config and one seed. Kept by all that a row says, so a row that was changed is drawn anew."""

    def __init__(self, config: VolumeConfig, seed: int) -> None:
        self.config, self.seed = config, seed
        self._shared = shared_draws(config, seed)
        self._kept: dict[str, Ships] = {}
        self._bytes = 0

    def ships(self, row: Mapping[Any, Any]) -> Ships:
        """The draws of a row of liftings; kept for who asks next, as far as there is room."""
        key = _key(row)
        found = self._kept.get(key) or ships_of(row, self.config, self._shared, self.seed)
        size = _bytes(found)
        if key not in self._kept and self._bytes + size <= MOST_KEPT_BYTES:
            self._kept[key] = found
            self._bytes += size
        return found

    def handed_over(self, row: Mapping[Any, Any]) -> Ships:
        """The draws of a row, which are kept no longer."""
        found = self._kept.pop(_key(row), None)
        if found is None:
            return ships_of(row, self.config, self._shared, self.seed)
        self._bytes -= _bytes(found)
        return found


def _key(row: Mapping[Any, Any]) -> str:
    """All that a row says. Lists are left out: they name evidence, which no draw asks."""
    return repr(sorted((str(name), value) for name, value in row.items() if not pd.api.types.is_list_like(value)))


def _bytes(ships: Ships) -> int:
    """Memory of the draws."""
    return sum(_bytes_of(draws) for draws in (ships.first, *(other for _, other in ships.others)))


def _bytes_of(draws: CallDraws) -> int:
    return sum(values.nbytes for values in (draws.tonnes, draws.barrels, draws.lifted, draws.product, draws.fill))
