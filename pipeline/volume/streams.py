"""The streams of random numbers behind the barrels: each has a name here, and no two have one key.

A stream is told by the seed, its number, and where there is one for each call, ship, zone or day, by that one's name. A
number that is changed changes every figure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of random numbers, or one for each name where it is ``named``."""

    number: int
    what: str
    named: bool = False

    def of(self, seed: int, name: str = "") -> np.random.Generator:
        """The stream under a seed, of that name."""
        key = [int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")] if self.named else []
        return np.random.default_rng(np.random.SeedSequence([seed, self.number, *key]))


SHARED = Stream(0, "what all calls share: fill, the port's product, errors of deadweights")
OWN = Stream(1, "what one call does not share, and a ship's deadweight in all her calls", named=True)
VOYAGES = Stream(2, "forms, ballast and looks of the voyages that ships may have made")
UNSEEN = Stream(2, "calls that nobody saw: each zone's rate, each of its days, what looks see", named=True)
COURSES = Stream(3, "when in the bounds of a stay a ship came, pumped and left")
STREAMS = (SHARED, OWN, VOYAGES, UNSEEN, COURSES)
