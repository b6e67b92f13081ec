"""Run the hull network, an ensemble of two segmentation networks for Sentinel-2, with ONNX Runtime.

Two networks of one architecture, half a million weights each, trained separately here on simulated and labelled ports;
their mean errs less than either on ports that neither saw (docs/accuracy_optical.md). The weights are part of the
package and are read once. Inference uses one thread and blocks of a fixed lattice, so on one machine the output is bit
for bit the same whatever the tiles or the number of workers.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.detection.optical.parts import Part, cover_marks
from pipeline.detection.optical.spectral import BANDS, network_input

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

# The first network screens for the second (`run_ensemble`)
WEIGHTS_FILES = tuple(Path(__file__).with_name(f"hulls_{n}.onnx") for n in (1, 2))
CORE_PX = 320  # side of the blocks whose hulls are taken from one evaluation
HALO_PX = 48  # around a block: half of the longest hull at 8 m pixels
BLOCK_PX = CORE_PX + 2 * HALO_PX  # side of the input
TRAINED_M = (5.0, 15.0)  # pixels of 7 to 10 m, scaled by 0.72 to 1.35 in training
# Views of each network (mirrored in rows, in columns); outputs are averaged
MIRRORINGS = ((False, False), (True, True))
NOTHING = -1.4  # log-odds of hull: a fifth; the mean of all views then does not reach a half (our choice)
SURELY_NOTHING = -20.0  # log-odds where the network is not run
MIRRORS_ROWS, MIRRORS_COLS = 2, 3  # output channels that change sign when the image is mirrored: offsets


def is_trained_for(spacing_m: float) -> bool:
    """Are pixels of this size like those that the network was trained on?"""
    return TRAINED_M[0] <= spacing_m <= TRAINED_M[1]


def is_available() -> bool:
    """Is ONNX Runtime installed, and are the weights there?"""
    return bool(sessions())


@cache
def sessions() -> tuple[Any, ...]:
    """An inference session for each network, none where they cannot be made. Read-only and safe with threads."""
    try:
        import onnxruntime
    except ImportError:
        return ()
    if not all(path.exists() for path in WEIGHTS_FILES):
        return ()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    return tuple(onnxruntime.InferenceSession(str(path), options, providers=providers) for path in WEIGHTS_FILES)


def run_ensemble(
    scaled: FloatImage, present: tuple[bool, ...], gain: FloatArray | None = None, marked: BoolImage | None = None
) -> FloatImage:
    """Output of the ensemble for one block, shape (4, BLOCK_PX, BLOCK_PX): the mean over two views each (`MIRRORINGS`).

    The channels are log-odds of hull and of centre, and row and column offsets to the hull's centre. The first network,
    not mirrored, runs only on parts of the block that hold ``marked`` pixels (None: all) and a halo; elsewhere the
    output is `SURELY_NOTHING`. The other three views run only around pixels where that one exceeds `NOTHING`; elsewhere
    its output is kept. ``scaled`` has shape (5, BLOCK_PX, BLOCK_PX), local water 0 and land 1; for ``gain`` see
    `network_gain`.
    """
    expected = (len(BANDS), BLOCK_PX, BLOCK_PX)
    if scaled.shape != expected:
        raise ValueError(f"A block has shape {expected}; got {scaled.shape}.")
    output = np.zeros((4, BLOCK_PX, BLOCK_PX), np.float32)
    output[:2] = SURELY_NOTHING
    image = network_input(scaled, present, gain)
    first, *others = [(session, turn) for session in sessions() for turn in MIRRORINGS]
    for part in cover_marks(np.ones(expected[1:], bool) if marked is None else marked):
        output[(slice(None), *part.core)] = _run_part(image, part, *first)
    for part in cover_marks(output[0] >= NOTHING):
        total = output[(slice(None), *part.core)]
        for session, turn in others:
            total += _run_part(image, part, session, turn)
        total /= 1 + len(others)
    return output


def _run_part(image: FloatImage, part: Part, session: Any, mirrored: tuple[bool, bool]) -> FloatImage:
    """A network's output for a part of an image, run on a mirrored view and mirrored back."""
    rows, cols = mirrored
    view = np.s_[:, :: -1 if rows else 1, :: -1 if cols else 1]
    flipped = np.ascontiguousarray(image[(slice(None), *part.padded)][view])
    output = session.run(None, {"image": flipped[None]})[0][0][view]
    within = tuple(slice(a.start - s.start, a.stop - s.start) for a, s in zip(part.core, part.padded, strict=True))
    output = output[(slice(None), *within)].copy()
    if rows:
        output[MIRRORS_ROWS] *= -1
    if cols:
        output[MIRRORS_COLS] *= -1
    return output
