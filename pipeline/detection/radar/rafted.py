"""Separate two rafted ships that the radar shows as one object.

An object is flagged ``merged`` where bright pixels lie beside its fitted hull. They are a second ship where the power
falls by ``SADDLE_DB`` on the brightest path between the two peaks: scatterers of one hull vary by a few dB along the
deck, and the sensor's blur fills 40 m between hulls less than that. The second ship is measured without the pixels of
the first and enters the table with the flag ``split_off``. Where the saddle is shallower, only its depth is reported,
in the evidence of ``merged``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage import measure

from pipeline.detection import screening
from pipeline.detection.candidates import Candidate
from pipeline.detection.radar.objects import DB_A_DECADE, NO_SEA_DB, Blob
from pipeline.detection.radar.shape import MERGED_CUT_DB, MERGED_PIXELS, off_hull

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.detection import ScreeningConfig
    from pipeline.types import BoolImage, FloatArray, Scene

SADDLE_DB = 6.0  # below the lower of two peaks (our choice)
STEP_DB = 0.5  # between the levels tried: a twelfth of the saddle (our choice)
EIGHT_NEIGHBOURS = np.ones((3, 3), int)
KEEP_OFF_PX = 1  # margin of the first hull, whose pixels are left out when the second is measured


def split_second_ships(
    candidates: Sequence[Candidate],
    blobs: Sequence[Blob],
    scene: Scene,
    config: ScreeningConfig,
    measure_blob: Callable[[Blob], Candidate],
) -> tuple[list[Candidate], list[Candidate]]:
    """The candidates, with the saddle depth added to merged ones, and the second ships that are accepted."""
    out, seconds = list(candidates), []
    for n, (candidate, blob) in enumerate(zip(candidates, blobs, strict=True)):
        if "merged" not in candidate.flags or not screening.is_accepted(candidate, config):
            continue
        second, depth_db = _split_second(candidate, blob, scene)
        saddle_evidence = f"merged: the light between the two sinks by {depth_db:.1f} dB"
        out[n] = replace(candidate, evidence="; ".join(filter(None, (candidate.evidence, saddle_evidence))))
        if second is None or depth_db < SADDLE_DB:
            continue
        found = screening.with_screening_flags(measure_blob(second), config)
        if screening.is_accepted(found, config) and "merged" not in found.flags:
            evidence = "; ".join(
                filter(None, (found.evidence, f"split_off: {depth_db:.1f} dB between her and another"))
            )
            seconds.append(replace(found, flags=(*found.flags, "split_off"), evidence=evidence))
    return out, seconds


def _split_second(first: Candidate, blob: Blob, scene: Scene) -> tuple[Blob | None, float]:
    """The brightest part beside the fitted hull as an object of its own (None where there is none), and the depth of
    the saddle between the two [dB]."""
    peak = float(blob.relative.max())
    beside_hull = off_hull(blob, first, scene) & (blob.relative > peak * 10 ** (-MERGED_CUT_DB / 10))
    if beside_hull.sum() < MERGED_PIXELS:
        return None, 0.0
    image, corner = _blob_image(blob)
    at = int(np.flatnonzero(beside_hull)[np.argmax(blob.relative[beside_hull])])
    second_peak = (int(blob.rows[at] - corner[0]), int(blob.cols[at] - corner[1]))
    first_peak = (blob.peak[0] - int(corner[0]), blob.peak[1] - int(corner[1]))
    depth_db, member = _saddle(image, first_peak, second_peak)
    if depth_db < SADDLE_DB:
        return None, depth_db
    r, c = np.nonzero(member)
    value = float(image[second_peak])
    cut = blob.cutout
    own = np.zeros(cut.member.shape, bool)
    own[r + corner[0] - cut.row0, c + corner[1] - cut.col0] = True
    taken = np.zeros(cut.member.shape, bool)
    of_first = ~off_hull(blob, first, scene, margin_m=0.0)
    taken[blob.rows[of_first] - cut.row0, blob.cols[of_first] - cut.col0] = True
    taken = ndimage.binary_dilation(taken, EIGHT_NEIGHBOURS, iterations=KEEP_OFF_PX) & ~own
    second = replace(
        blob,
        rows=r + corner[0],
        cols=c + corner[1],
        relative=image[member],
        peak=(second_peak[0] + int(corner[0]), second_peak[1] + int(corner[1])),
        peak_db=blob.peak_db + float(10 * np.log10(value / peak)),
        rarity=float((10 * np.log10(value / blob.near) - NO_SEA_DB) / DB_A_DECADE),
        cutout=replace(cut, member=own, clear=cut.clear & ~taken),
    )
    return second, depth_db


def _blob_image(blob: Blob) -> tuple[FloatArray, NDArray[np.intp]]:
    """An object's power over the sea on its bounding box, 0 elsewhere, and the box's first row and column."""
    corner = np.array([blob.rows.min(), blob.cols.min()])
    image = np.zeros((int(np.ptp(blob.rows)) + 1, int(np.ptp(blob.cols)) + 1))
    image[blob.rows - corner[0], blob.cols - corner[1]] = blob.relative
    return image, corner


def _saddle(image: FloatArray, a: tuple[int, int], b: tuple[int, int]) -> tuple[float, BoolImage]:
    """Depth of the saddle between two peaks, in dB below the lower one, and the part around ``b`` just above it."""
    low = float(min(image[a], image[b]))
    member = np.zeros(image.shape, bool)
    for step in range(1, 80):
        parts = measure.label(image > low * 10 ** (-step * STEP_DB / 10), connectivity=2)
        if parts[a] == parts[b]:
            return (step - 1) * STEP_DB, member
        member = parts == parts[b]
    return 79 * STEP_DB, member
