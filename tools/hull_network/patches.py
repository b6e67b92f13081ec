"""Patches to train on: turned, mirrored, scaled, in other light, with fewer bands; and what the network should say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from pipeline.detection.optical.spectral import network_input
from tools.hull_network.scenes import TrainingScene

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 80
CENTRE_PX = 1.6  # standard deviation of the bump that marks a hull's centre
OFFSET_UNIT_PX = 16.0
BAND_SETS = (
    (1, 1, 0, 0, 1),
    (0, 0, 0, 1, 1),
    (1, 1, 1, 1, 0),
    (0, 0, 0, 1, 0),
    (0, 1, 0, 1, 0),
    (0, 1, 1, 1, 0),
    (1, 1, 1, 0, 1),
)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What is right for a patch; ``weight`` is 0 where nobody knows."""

    hull: NDArray[np.float32]
    centre: NDArray[np.float32]
    offset: NDArray[np.float32]  # (2, side, side): rows, columns to the hull's centre, in OFFSET_UNIT_PX
    weight: NDArray[np.float32]


def cut(scene: TrainingScene, row: float, col: float, rng: np.random.Generator) -> tuple[NDArray[np.float32], Target]:
    """A patch about a place, at a random angle, scale and handedness: scaled bands (5, side, side) and its target."""
    angle, scale = rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(np.log(0.72), np.log(1.35)))
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    flip = 1.0 if rng.random() < 0.5 else -1.0
    turn = np.array([[c, -s * flip], [s, c * flip]])  # patch (row, col) -> scene (row, col)
    middle = np.array([row, col])
    reach = int(np.ceil(SIDE * 0.72 * scale)) + 2
    low = np.round(middle).astype(int) - reach
    span = 2 * reach + 1
    bands, ids = _crop(scene, low, span)
    half = (SIDE - 1) / 2
    at = np.mgrid[0:SIDE, 0:SIDE].reshape(2, -1) - half
    where = (turn @ at + (middle - low)[:, None]).reshape(2, SIDE, SIDE)
    grid = torch.from_numpy(np.stack([where[1], where[0]], -1).astype(np.float32) / (span - 1) * 2 - 1)[None]
    pixels = functional.grid_sample(
        torch.from_numpy(bands)[None], grid, mode="bilinear", padding_mode="border", align_corners=True
    )[0].numpy()
    nearest = np.clip(np.rint(where).astype(int), 0, span - 1)
    number = ids[nearest[0], nearest[1]]
    centres = (np.linalg.inv(turn) @ (scene.centres - middle).T).T + half
    return pixels, target_of(number, centres)


def _crop(scene: TrainingScene, low: NDArray[np.int64], span: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A square of the scene, edges repeated; outside the image nobody knows."""
    rows = np.arange(low[0], low[0] + span)
    cols = np.arange(low[1], low[1] + span)
    shape = scene.ids.shape
    r, c = rows.clip(0, shape[0] - 1), cols.clip(0, shape[1] - 1)
    bands = scene.scaled[:, r[0] : r[-1] + 1, c[0] : c[-1] + 1]
    ids = scene.ids[r[0] : r[-1] + 1, c[0] : c[-1] + 1]
    pad = ((int(r[0] - rows[0]), int(rows[-1] - r[-1])), (int(c[0] - cols[0]), int(cols[-1] - c[-1])))
    if any(map(any, pad)):
        bands = np.pad(bands, ((0, 0), *pad), mode="edge")
        ids = np.pad(ids, pad, constant_values=-1)
    return bands.astype(np.float32), ids


def target_of(number: NDArray[np.int32], centres: NDArray[np.float64]) -> Target:
    """Masks and offsets for the hull numbers of a patch."""
    side = np.arange(SIDE, dtype=np.float32)
    centre = np.zeros((SIDE, SIDE), np.float32)
    offset = np.zeros((2, SIDE, SIDE), np.float32)
    for n in np.unique(number[number > 0]):
        row, col = centres[n]
        bump = np.exp(-((side[:, None] - row) ** 2 + (side[None, :] - col) ** 2) / (2 * CENTRE_PX**2))
        centre = np.maximum(centre, bump.astype(np.float32))
        mine = number == n
        offset[0][mine] = ((row - side[:, None]) / OFFSET_UNIT_PX).repeat(SIDE, 1)[mine]
        offset[1][mine] = ((col - side[None, :]) / OFFSET_UNIT_PX).repeat(SIDE, 0)[mine]
    return Target((number > 0).astype(np.float32), centre, offset, (number >= 0).astype(np.float32))


def in_other_light(
    pixels: NDArray[np.float32], present: tuple[bool, ...], gain: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Another day, another port: gain, gamma, haze, blur, noise by band; and bands that are not there."""
    out = pixels * np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.08, 5)).astype(np.float32)[:, None, None]
    gamma = np.exp(rng.normal(0, 0.06))
    out = np.sign(out) * np.abs(out) ** np.float32(gamma)
    out += rng.normal(0, 0.03, 5).astype(np.float32)[:, None, None]
    if rng.random() < 0.1:
        thick = rng.uniform(0, 0.5) * np.linspace(0, 1, SIDE, dtype=np.float32)
        out = out * (1 - thick * 0.6) + thick * rng.uniform(0.2, 1.0)
    if rng.random() < 0.35:
        out = _blurred(out, rng.uniform(0.1, 0.45))
    out += rng.normal(0, 1, out.shape).astype(np.float32) * np.float32(rng.exponential(0.02))
    here = np.array(present)
    if rng.random() < 0.25:
        chosen = here & np.array(BAND_SETS[rng.integers(len(BAND_SETS))], bool)
        if rng.random() < 0.3:
            chosen = here & (rng.random(5) < 0.7)
        if chosen[3:].any():
            here = chosen
    return network_input(out.astype(np.float32), tuple(bool(h) for h in here), gain)


def _blurred(out: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    wide = np.pad(out, ((0, 0), (1, 1), (1, 1)), mode="edge")
    cross = (wide[:, :-2, 1:-1] + wide[:, 2:, 1:-1] + wide[:, 1:-1, :-2] + wide[:, 1:-1, 2:]) / 4
    return (1 - share) * out + np.float32(share) * cross
