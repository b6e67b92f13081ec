"""The column contracts of every table that passes between stages. Stages build with ``X.from_rows`` or
``X.conform`` and hand over ``X.check(table)``."""

from pipeline.tables.accounts import LEDGER, LIFTINGS, ROBUSTNESS, SENSITIVITY
from pipeline.tables.contract import Column, Contract
from pipeline.tables.images import DETECTIONS, LOOKS, OCCUPANCY, SCENES
from pipeline.tables.reviews import REVIEWS
from pipeline.tables.ships import AIS_MESSAGES, MATCH_CHECKS, MATCHES, MISSED, PORT_CALLS, STATIC, TRACKS

ALL: tuple[Contract, ...] = (
    SCENES,
    LOOKS,
    OCCUPANCY,
    DETECTIONS,
    AIS_MESSAGES,
    TRACKS,
    STATIC,
    MATCHES,
    MATCH_CHECKS,
    PORT_CALLS,
    MISSED,
    LIFTINGS,
    LEDGER,
    SENSITIVITY,
    ROBUSTNESS,
    REVIEWS,
)

__all__ = [
    "AIS_MESSAGES",
    "ALL",
    "DETECTIONS",
    "LEDGER",
    "LIFTINGS",
    "LOOKS",
    "MATCHES",
    "MATCH_CHECKS",
    "MISSED",
    "OCCUPANCY",
    "PORT_CALLS",
    "REVIEWS",
    "ROBUSTNESS",
    "SCENES",
    "SENSITIVITY",
    "STATIC",
    "TRACKS",
    "Column",
    "Contract",
]
