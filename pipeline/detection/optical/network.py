"""The hull network: half a million weights, trained here on simulated ports and labelled ones, run by ONNX Runtime.

The weights are part of the package, like a table of coefficients, and are read once. One thread and one input shape, so
the same pixels give the same bits on one machine whatever the tiles or the number of workers.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.detection.optical.spectral import BANDS, network_input

if TYPE_CHECKING:
    from pipeline.types import FloatArray, FloatImage

WEIGHTS_FILE = Path(__file__).with_name("hulls.onnx")
CORE_PX = 320  # side of the blocks whose hulls are taken from one evaluation
HALO_PX = 48  # around a block: half of the longest hull at 8 m pixels
BLOCK_PX = CORE_PX + 2 * HALO_PX  # a multiple of 8, as the network's three scales ask
TRAINED_M = (5.0, 15.0)  # pixels of 7 to 10 m, scaled by 0.72 to 1.35 in training
TURNS = ((False, False), (True, False), (False, True), (True, True))  # mirrored in rows, in columns; answers averaged
NOTHING = -1.4  # log-odds of hull: a fifth; the mean of four views then does not reach a half (our choice)
MIRRORS_ROWS, MIRRORS_COLS = 2, 3  # answers that change sign when the image is mirrored: offsets


def fits(spacing_m: float) -> bool:
    """Are pixels of this size like those that the network was trained on?"""
    return TRAINED_M[0] <= spacing_m <= TRAINED_M[1]


def available() -> bool:
    """Is ONNX Runtime installed, and are the weights there?"""
    return _session() is not None


@cache
def _session() -> Any:
    """The session, or None where it cannot be made. One for each process: it is read-only and thread-safe."""
    try:
        import onnxruntime
    except ImportError:
        return None
    if not WEIGHTS_FILE.exists():
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(WEIGHTS_FILE), options, providers=["CPUExecutionProvider"])


def answer(scaled: FloatImage, present: tuple[bool, ...], gain: FloatArray | None = None) -> FloatImage:
    """The network's answer for one block, shape (4, BLOCK_PX, BLOCK_PX), averaged over four mirrored views.

    Where the first view sees no pixel above `NOTHING` the others are not asked, and its own answer stands.

    ``scaled`` has shape (5, BLOCK_PX, BLOCK_PX), local water 0 and land 1; ``gain`` see `network_gain`. Answers:
    log-odds of hull and of centre, rows and columns to the hull's centre.
    """
    expected = (len(BANDS), BLOCK_PX, BLOCK_PX)
    if scaled.shape != expected:
        raise ValueError(f"A block has shape {expected}; got {scaled.shape}.")
    image = network_input(scaled, present, gain)
    total = np.zeros((4, BLOCK_PX, BLOCK_PX), np.float32)
    for rows, cols in TURNS:
        view = np.s_[:, :: -1 if rows else 1, :: -1 if cols else 1]
        said = _session().run(None, {"image": np.ascontiguousarray(image[view])[None]})[0][0][view].copy()
        if rows:
            said[MIRRORS_ROWS] *= -1
        if cols:
            said[MIRRORS_COLS] *= -1
        total += said
        if not (rows or cols) and said[0].max() < NOTHING:
            return said
    return (total / len(TURNS)).astype(np.float32)
