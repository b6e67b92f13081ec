"""The random number streams behind the barrels: each has a name here, and no two have the same key.

A stream is identified by the seed, its number and, where there is one per call, ship, zone or day, that one's name.
Changing a number changes every figure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Stream:
    """A random number stream, or one per name if ``named``."""

    number: int
    what: str
    named: bool = False

    def generator(self, seed: int, name: str = "") -> np.random.Generator:
        """The generator for a seed and name."""
        key = [int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")] if self.named else []
        return np.random.default_rng(np.random.SeedSequence([seed, self.number, *key]))


SHARED = Stream(0, "what all calls share: fill, the port's product, errors of deadweights")
OWN = Stream(1, "what one call does not share, and a ship's deadweight in all her calls", named=True)
VOYAGES = Stream(2, "forms, ballast and looks of the voyages that ships may have made")
UNSEEN = Stream(2, "calls that nobody saw: each zone's rate, each of its days, what looks see", named=True)
COURSES = Stream(3, "when in the bounds of a stay a ship came, pumped and left")
STAYS = Stream(4, "how far ships stay longer or shorter than the law of stays says")
STREAMS = (SHARED, OWN, VOYAGES, UNSEEN, COURSES, STAYS)
