"""Port calls to liftings to the account against a cap. Pure: same input and seed, same numbers."""

from pipeline.volume.ledger import headline, ledger
from pipeline.volume.liftings import liftings
from pipeline.volume.montecarlo import simulate

__all__ = ["headline", "ledger", "liftings", "simulate"]
