"""Flag objects whose shape is not that of one whole hull: cut by the image edge, too wide, merged, smeared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from pipeline.detection.candidates import Candidate
    from pipeline.detection.radar.objects import Blob
    from pipeline.detection.radar.rough_size import Size
    from pipeline.types import Scene

WIDTH_CUTS_DB = (18.0, 24.0)  # levels below the peak at which width is measured: an islet may have one bright point
WIDEST_M = 150.0  # the broadest hull afloat has 60 to 70 m, the blur adds 28; half as much again for side lobes
MERGED_CUT_DB = 10.0  # below the peak: above all side lobes (13 dB and more below)
MERGED_PIXELS = 6  # fewer are speckle or a crane (our choice)
SMEAR_DB = 6.0  # tails along track over those across: no processor's side lobes differ so much (our choice)
EDGE_PX = 2  # from the last measured pixel: the morphological opening rounds the corners of a ragged edge
EIGHT_NEIGHBOURS = np.ones((3, 3), bool)
MERGED_M = 40.0  # beyond the fitted hull on every side: twice the resolution


def shape_flags(core: Blob, blob: Blob, size: Size, scene: Scene) -> dict[str, str]:
    """Flag -> evidence in words. ``core`` is the part of the object ``blob`` that counts as its pixels."""
    out = {}
    if blob.white:
        out["cut_off"] = "told by how many pixels at the picture's cut lie together; its size is theirs"
    if (
        min(core.rows.min(), core.cols.min()) == 0
        or core.rows.max() == scene.shape[0] - 1
        or core.cols.max() == scene.shape[1] - 1
        or _reaches_swath_edge(core)
    ):
        out["touches_edge"] = "its pixels reach the edge of the image"
    peak = float(blob.relative.max())
    wide_m = max(width_m(blob.at_least(peak * 10 ** (-db / 10)), scene) for db in WIDTH_CUTS_DB)
    if wide_m > WIDEST_M:
        out["no_hull_shape"] = f"{wide_m:.0f} m wide"
    outside = off_hull(blob, size, scene) & (blob.relative > peak * 10 ** (-MERGED_CUT_DB / 10))
    if outside.sum() >= MERGED_PIXELS:
        out["merged"] = f"{outside.sum()} pixels within {MERGED_CUT_DB:.0f} dB of the peak lie beside the fitted hull"
    if scene.grid is None and size.smear_db > SMEAR_DB:
        reason = "she moves or rolls, and her length and place along track are doubtful"
        out["smeared"] = f"tails along track {size.smear_db:.1f} dB over those across: {reason}"
    return out


def _reaches_swath_edge(core: Blob) -> bool:
    """Does an object lie at a slanted or ragged edge of the swath?"""
    cut = core.cutout
    if cut.outside_swath is None or not cut.outside_swath.any():
        return False
    near = ndimage.binary_dilation(cut.outside_swath, EIGHT_NEIGHBOURS, iterations=EDGE_PX)
    return bool(near[core.rows - cut.row0, core.cols - cut.col0].any())


def width_m(blob: Blob, scene: Scene) -> float:
    """Smaller side of the rectangle that has an object's second moments [m], the sensor's blur included."""
    y, x = blob.rows * scene.pixel_spacing_m[0], blob.cols * scene.pixel_spacing_m[1]
    moments = np.cov(np.vstack([y, x]), bias=True) if len(y) > 1 else np.zeros((2, 2))
    pixel = np.diag(np.square(scene.pixel_spacing_m)) / 12
    return float(np.sqrt(12 * np.linalg.eigvalsh(moments + pixel)[0]))


def off_hull(blob: Blob, size: Size | Candidate, scene: Scene, margin_m: float = MERGED_M) -> np.ndarray:
    """Which of an object's pixels lie off its fitted hull by more than the sensor's blur explains."""
    y = (blob.rows - size.row) * scene.pixel_spacing_m[0]
    x = (blob.cols - size.col) * scene.pixel_spacing_m[1]
    along, across = y * size.axis[0] + x * size.axis[1], x * size.axis[0] - y * size.axis[1]
    length_m, beam_m = (float(np.median(side)) for side in (size.length_m, size.beam_m))
    return (np.abs(along) > length_m / 2 + margin_m) | (np.abs(across) > beam_m / 2 + margin_m)
