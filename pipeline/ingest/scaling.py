"""The scaling from stored numbers to values, and parsing of the user's --scaling option."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import ConfigError
from pipeline.types import Radiometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.types import FloatImage

WORDS = ("auto", "amplitude", "intensity", "db", "sigma0", "reflectance")


@dataclass(frozen=True, slots=True)
class Scaling:
    """How stored numbers become values: ``v = gain * stored + offset``, then ``law``.

    ``law``: linear (v), square (v**2), decibel (10**(v / 10)), or calibrated (v**2 / A(col)**2 with the polynomial
    ``a_coefficients``, highest power first, in ``col + a_column0``).
    """

    law: str
    radiometry: Radiometry
    reason: str
    gain: float = 1.0
    offset: float = 0.0
    a_coefficients: tuple[float, ...] = ()
    a_column0: float = 0.0
    doubt: str = ""  # goes into the scene's ``degraded``
    gains: tuple[float, ...] = ()  # one per band read, instead of ``gain``; offsets likewise
    offsets: tuple[float, ...] = ()

    def apply(self, stored: NDArray[Any], col0: int) -> FloatImage:
        """Values of stored numbers (bands, rows, cols) whose first column is ``col0``; NaN if there is no value."""
        with np.errstate(over="ignore", invalid="ignore"):  # infinite results become NaN
            values = self._values(stored, col0)
        if stored.dtype.kind in "iu" and self.law == "linear" and self.radiometry is Radiometry.REFLECTANCE:
            return values  # integers are always finite here
        bad = ~np.isfinite(values)
        if self.radiometry in (Radiometry.SIGMA0, Radiometry.POWER):
            bad |= values <= 0  # power cannot be zero or less: no measurement
        values[bad] = np.nan
        return values

    def _values(self, stored: NDArray[Any], col0: int) -> NDArray[np.float32]:
        values = stored.astype(np.float32)
        if self.gains:
            shape = (-1, *([1] * (values.ndim - 1)))
            values *= np.array(self.gains, np.float32).reshape(shape)
            if self.offsets:
                values += np.array(self.offsets, np.float32).reshape(shape)
        elif (self.gain, self.offset) != (1.0, 0.0):
            values *= np.float32(self.gain)
            values += np.float32(self.offset)
        if self.law == "square":
            values = values * values
        elif self.law == "decibel":
            values = np.power(np.float32(10.0), values / np.float32(10.0))
        elif self.law == "calibrated":
            column = np.arange(col0, col0 + stored.shape[-1]) + self.a_column0
            amplitude = np.polyval(np.array(self.a_coefficients, np.float64), column)
            values = values * values / np.square(amplitude).astype(np.float32)
        return values


def parse_scaling(text: str) -> tuple[str, tuple[float, float] | None]:
    """``"db:-25:0"`` as ("db", (-25.0, 0.0)); raises ConfigError if it is not a scaling.

    >>> parse_scaling("db:-30:5")
    ('db', (-30.0, 5.0))
    """
    word, *limits = text.strip().lower().split(":")
    try:
        span = tuple(float(v) for v in limits)
    except ValueError:
        span = (np.nan,)
    is_valid_span = not span or (
        word == "db" and len(span) == 2 and bool(np.isfinite(span).all()) and span[0] < span[1]
    )
    if word not in WORDS or not is_valid_span:
        close = [] if word in WORDS else difflib.get_close_matches(word, WORDS, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        wanted = "write auto, amplitude, intensity, db, db:LO:HI, sigma0 or reflectance"
        raise ConfigError(f"scaling {text!r}: {wanted}{hint}")
    return word, (span[0], span[1]) if span else None
