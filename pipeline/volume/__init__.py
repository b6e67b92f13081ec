"""Port calls to liftings to the account against a cap. Pure: same input and seed, same numbers."""

from pipeline.volume.draw_keys import with_keys_of_places
from pipeline.volume.drawn_once import DrawnOnce
from pipeline.volume.edited import edits
from pipeline.volume.ledger import headline, ledger, ledger_of_draws
from pipeline.volume.liftings import liftings, liftings_of_draws
from pipeline.volume.membership import last_day_of, refusals, refused
from pipeline.volume.montecarlo import simulate
from pipeline.volume.sensitivity import sensitivity
from pipeline.volume.told_twice import told_twice
from pipeline.volume.voyages import counted_once

__all__ = [
    "DrawnOnce",
    "counted_once",
    "edits",
    "headline",
    "last_day_of",
    "ledger",
    "ledger_of_draws",
    "liftings",
    "liftings_of_draws",
    "refusals",
    "refused",
    "sensitivity",
    "simulate",
    "told_twice",
    "with_keys_of_places",
]
