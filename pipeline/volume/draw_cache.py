"""Cache the draws of rows, so that liftings, the check for edited figures and the accounts share them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.volume.montecarlo import CallDraws, ShipDraws, draw_ships, shared_draws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.config import VolumeConfig

CACHE_BYTES = 512 << 20  # some 1,600 calls of 10,000 draws; beyond that, calls are drawn again (our choice)
_RESULT_COLUMNS = {
    "status",
    "cause",
    "barrels_mean",
    "fill_p50",
    "dwt_p5_t",
    "dwt_p95_t",
}  # results of the draws, not inputs
_RESULT_COLUMNS |= {f"{what}_p{percent}" for what in ("tonnes", "barrels") for percent in (5, 50, 95)}


class DrawCache:
    """Draws under one config and one seed. The key is all that a row says, so a row that changed is drawn anew.

    With ``several_accounts`` draws are kept after the first account. They fill at most ``room_bytes``.
    """

    def __init__(
        self, config: VolumeConfig, seed: int, *, several_accounts: bool = False, room_bytes: int = CACHE_BYTES
    ) -> None:
        self.config, self.seed = config, seed
        self._several, self._room = several_accounts, room_bytes
        self._shared = shared_draws(config, seed)
        self._kept: dict[str, ShipDraws] = {}
        self._bytes = 0

    def ships(self, row: Mapping[Any, Any]) -> ShipDraws:
        """The draws of a row of liftings, cached as far as there is room."""
        key = _key(row)
        draws = self._kept.get(key) or draw_ships(row, self.config, self._shared, self.seed)
        size = _bytes(draws)
        if key not in self._kept and self._bytes + size <= self._room:
            self._kept[key] = draws
            self._bytes += size
        return draws

    def take(self, row: Mapping[Any, Any]) -> ShipDraws:
        """The draws of a row for an account, removed from the cache unless several accounts are made."""
        if self._several:
            return self.ships(row)
        draws = self._kept.pop(_key(row), None)
        if draws is None:
            return draw_ships(row, self.config, self._shared, self.seed)
        self._bytes -= _bytes(draws)
        return draws


def _key(row: Mapping[Any, Any]) -> str:
    """Everything in a row that its draws depend on. Lists name evidence, which no draw uses."""
    inputs = {str(name): value for name, value in row.items() if name not in _RESULT_COLUMNS}
    return repr(sorted((name, value) for name, value in inputs.items() if not pd.api.types.is_list_like(value)))


def _bytes(ships: ShipDraws) -> int:
    """Memory of the draws [bytes]."""
    return sum(_bytes_of(draws) for draws in (ships.first, *(further for _, further in ships.others)))


def _bytes_of(draws: CallDraws) -> int:
    return sum(values.nbytes for values in (draws.tonnes, draws.barrels, draws.lifted, draws.product, draws.fill))
