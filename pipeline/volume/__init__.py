"""Port calls to liftings to the account against a cap. Pure: same input and seed, same numbers."""

from pipeline.volume.draw_cache import DrawCache
from pipeline.volume.draw_keys import with_content_keys
from pipeline.volume.duplicate_calls import possible_duplicates, soon_again
from pipeline.volume.edited import find_edits
from pipeline.volume.ledger import headline, ledger, ledger_with_cache
from pipeline.volume.liftings import liftings, liftings_with_cache
from pipeline.volume.membership import last_day_of, refusals, with_refusals
from pipeline.volume.montecarlo import simulate
from pipeline.volume.sensitivity import sensitivity
from pipeline.volume.voyages import merge_liftings

__all__ = [
    "DrawCache",
    "find_edits",
    "headline",
    "last_day_of",
    "ledger",
    "ledger_with_cache",
    "liftings",
    "liftings_with_cache",
    "merge_liftings",
    "possible_duplicates",
    "refusals",
    "sensitivity",
    "simulate",
    "soon_again",
    "with_content_keys",
    "with_refusals",
]
