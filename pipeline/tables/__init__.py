"""The column contracts of every table that passes between stages. Stages build tables with ``X.from_rows`` or
``X.conform`` and hand over ``X.check(table)``."""

from pipeline.errors import InputError, printable
from pipeline.tables.accounts import LEDGER, LIFTINGS, ROBUSTNESS, SENSITIVITY
from pipeline.tables.contract import Column, Contract
from pipeline.tables.images import DETECTIONS, LOOKS, OCCUPANCY, SCENES
from pipeline.tables.missed import MISSED, RECALLS, STAY_LAWS
from pipeline.tables.reviews import REVIEWS
from pipeline.tables.ships import (
    AIS_MESSAGES,
    FINDINGS,
    MATCH_CHECKS,
    MATCHES,
    PORT_CALLS,
    SILENCES,
    STATIC,
    TRACKS,
)

ALL: tuple[Contract, ...] = (
    SCENES,
    LOOKS,
    OCCUPANCY,
    DETECTIONS,
    AIS_MESSAGES,
    TRACKS,
    STATIC,
    SILENCES,
    MATCHES,
    MATCH_CHECKS,
    PORT_CALLS,
    FINDINGS,
    RECALLS,
    STAY_LAWS,
    MISSED,
    LIFTINGS,
    LEDGER,
    SENSITIVITY,
    ROBUSTNESS,
    REVIEWS,
)


def contract_of(name: str) -> Contract:
    """The contract of that name; InputError if there is none."""
    known = {contract.name: contract for contract in ALL}
    if name not in known:
        raise InputError(printable(name), f"no such table; the tables are {', '.join(known)}")
    return known[name]


__all__ = [
    "AIS_MESSAGES",
    "ALL",
    "DETECTIONS",
    "FINDINGS",
    "LEDGER",
    "LIFTINGS",
    "LOOKS",
    "MATCHES",
    "MATCH_CHECKS",
    "MISSED",
    "OCCUPANCY",
    "PORT_CALLS",
    "RECALLS",
    "REVIEWS",
    "ROBUSTNESS",
    "SCENES",
    "SENSITIVITY",
    "SILENCES",
    "STATIC",
    "STAY_LAWS",
    "TRACKS",
    "Column",
    "Contract",
    "contract_of",
]
