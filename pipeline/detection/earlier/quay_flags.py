"""Flag detections at a quay that are no hull alongside: quay, land or port equipment.

Only where the quay's power was removed from the scene (``background``, ``quayside``); elsewhere the detector's own
flags serve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.detection.flat_reader import FlatReader
from pipeline.types import Place, Scene, Window

if TYPE_CHECKING:
    import pandas as pd

GEAR_M = 60.0  # cranes, loaders and dolphins appear 30 to 60 m long at 20 m resolution (our choice)


def flag_quay_detections(scene: Scene, table: pd.DataFrame, place: Place | None) -> pd.DataFrame:
    """The table with flags and evidence: ``beside_berth`` (on the quay or land beside a berth, not in the berth) and
    ``quay_gear`` (short, at a quay of which there is no earlier look). Flagged rows are not accepted."""
    if place is None or not isinstance(scene.read, FlatReader) or not len(table):
        return table
    berths = {zone.zone_id for zone in place.zones if zone.kind == "berth"}
    flags, evidence, accepted = list(table["flags"]), list(table["flag_evidence"]), list(table["accepted"].astype(bool))
    for n, row in enumerate(table.itertuples()):
        found = _quay_flag(scene.read, scene, row, in_berth=row.berth_id in berths)
        if found is not None:
            flags[n] = [*flags[n], found[0]]
            evidence[n] = "; ".join(filter(None, (evidence[n], ": ".join(found))))
            accepted[n] = False
    return table.assign(flags=flags, flag_evidence=evidence, accepted=accepted)


def _quay_flag(reader: FlatReader, scene: Scene, row: object, *, in_berth: bool) -> tuple[str, str] | None:
    """Flag and evidence against one detection; None where there is none."""
    r, c = round(row.row) - scene.corner[0], round(row.col) - scene.corner[1]  # type: ignore[attr-defined]
    if not (0 <= r < scene.shape[0] and 0 <= c < scene.shape[1]):
        return None
    length_m = float(row.length_m)  # type: ignore[attr-defined]
    if not bool(np.any(reader.usual_in(Window(r, c, 1, 1))[1])):
        return None
    if not in_berth:
        return "beside_berth", "its middle lies beside a berth, where quay and land were taken out of the picture"
    if reader.n_looks == 0 and length_m < GEAR_M:
        return "quay_gear", f"{length_m:.0f} m long at a quay that no earlier look shows: as likely a crane"
    return None
