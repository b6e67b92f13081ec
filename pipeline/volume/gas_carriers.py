"""Recognise gas carriers by type or name: what they may carry, and how much less than an oil tanker of their size.

No gas carrier carries gas oil, and none has the deadweight of an oil tanker of her length and beam, so the usual cargo
of oil tankers is no guide. Liquefied petroleum gas is in the Committee's chart of products; natural gas, ethane,
ethylene, ammonia and the like are not.

Of 5,802 merchant ships of other trades (world fleet of 2017) none has one of these words in her name; of 108 tankers
that have, 96 are listed as gas carriers and 12 as tankers without more.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.volume.cells import Refused, Row, read_text

if TYPE_CHECKING:
    from pipeline.volume.capacity import Capacity

PETROLEUM_GAS = "lpg"
SHORT_FORM = 4  # letters of LNG and its like
OF_GAS_CARRIER = "_of_gas_carrier"  # ends the method of a deadweight
# ln(deadweight over what the tanker regression says): median and spread of 421 LPG carriers of 55 to 240 m, 413 of them
# by gross tonnage; it runs from -0.23 at 100 m to -0.42 at 70 and 220 m
LOG_OVER_TANKER, LOG_OVER_TANKER_SD = -0.30, 0.20
GROSS_RATIO, GROSS_LOG_SD = 1.03, 0.20  # deadweight over gross tonnage, of those that have both

_PETROLEUM = re.compile(r"\b(?:lpg|lpgc|propane|butane|petroleum gas(?:es)?)\b")
_OTHER = re.compile(r"\b(?:lng|lngc|natural gas|methane|ethane|ethylene|ammonia|co2|hydrogen)\b")
_ANY = re.compile(r"\b(?:gas(?:es)?(?![\s-]*oil)|liquefied)\b")
_OILS = re.compile(r"\b(?:oils?|gasoil|gasoline|petrol|diesel|fuel|products?|chem|chemicals?|crude|bitumen|asphalt)\b")
_BURNT = re.compile(r"\b(?:lng|lpg|ammonia|hydrogen|ethane|gas)[\s-]+(?:dual[\s-]+)?(?:fuel\w*|powered|ready)\b")


@dataclass(frozen=True, slots=True)
class GasCarrier:
    """A gas carrier: recognised by type or name, and which gas; "" where that is not stated."""

    known_by: str
    gas: str

    @property
    def is_petroleum(self) -> bool:
        """May her cargo be liquefied petroleum gas?"""
        return self.gas in {"", PETROLEUM_GAS}


def gas_carrier(call: Row) -> GasCarrier | None:
    """The gas carrier by type and name; None for any other ship. The type of an oil tanker overrules a name.

    >>> gas_carrier({"name": "ETHANE CRYSTAL"}), gas_carrier({"name": "GAS ACE", "ship_type": "LPG Tanker"})
    (GasCarrier(known_by='name', gas='ethane'), GasCarrier(known_by='type', gas='lpg'))
    >>> gas_carrier({"name": "GAS ACE", "ship_type": "oil products tanker"}), gas_carrier({"name": "GAS OIL ONE"})
    (None, None)
    """
    for by, column in (("type", "ship_type"), ("name", "name")):
        words = _BURNT.sub("", read_text(call, column).lower().replace("_", " "))  # her fuel is not her cargo
        if _PETROLEUM.search(words):
            return GasCarrier(by, PETROLEUM_GAS)
        if found := _OTHER.search(words):
            gas = found.group()
            return GasCarrier(by, gas.upper() if len(gas) <= SHORT_FORM else gas)
        if _ANY.search(words):
            return GasCarrier(by, "")
        if by == "type" and _OILS.search(words):
            return None
    return None


def require_counted_gas(ship: GasCarrier) -> None:
    """Refuse an unnamed cargo of a ship whose gas is no product of any petroleum cap."""
    if not ship.is_petroleum:
        raise Refused(
            f"by her {ship.known_by} she carries {ship.gas}, which is no refined petroleum; "
            "if it is another product, name it"
        )


def require_size(by: str) -> None:
    """Refuse a gas carrier of unknown size: the prior for unknown callers is that of oil tankers."""
    raise Refused(
        f"a gas carrier (by her {by}) of unknown size: the usual size of oil tankers does not apply to her; "
        "state dwt_t, gt, length_m, tonnes or barrels"
    )


def gas_carrier_capacity(tanker: Capacity) -> Capacity:
    """Capacity of a gas carrier, given that of a tanker of her length and beam."""
    log_sd = math.hypot(tanker.log_sd, LOG_OVER_TANKER_SD)
    return replace(
        tanker, log_dwt=tanker.log_dwt + LOG_OVER_TANKER, log_sd=log_sd, method=tanker.method + OF_GAS_CARRIER
    )
