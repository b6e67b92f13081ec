"""Batches of patches cut from a store, with targets and augmentation: rotation, flips, scale, light, missing bands.

Runs on a graphics card if there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional

from pipeline.detection.optical.water import STEEPNESS
from tools.hull_network.store import MORE, PLAIN, SIMULATED

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 80
CENTRE_PX = 1.6  # standard deviation of the Gaussian that marks a hull's centre
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
HALF = (SIDE - 1) / 2
# Standard deviations of light changes between patches; our choice (docs/accuracy_optical.md)
WHOLE_GAIN, BAND_GAIN, GAMMA, OFFSET = 0.20, 0.15, 0.10, 0.05
AS_IT_IS = 0.2  # share of a real port's patches without added ships
BUMP_PX = 6  # reach of a centre's Gaussian: nearly four standard deviations


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where a batch is cut: scene, centre (row, col) in it, bands shown, and the transform patch -> scene."""

    scene: NDArray[np.int64]
    middle: NDArray[np.float32]
    present: NDArray[np.bool_]
    turn: NDArray[np.float32]


class StorePatches:
    """Batches from a store without the port of index ``hold`` (-1: from all ports)."""

    def __init__(self, folder: Path, hold: int, simulated: float, batch: int, seed: int, device: str) -> None:
        self.rng, self.batch, self.simulated, self.device = np.random.default_rng(seed), batch, simulated, device
        self.table = dict(np.load(folder / "scenes.npz"))
        self.centres = np.load(folder / "centres.npy")
        light, ids = np.load(folder / "light.npy"), np.load(folder / "ids.npy")
        kind, shows, ships_of = (self.table[k] for k in ("kind", "shows", "ships_of"))
        self.ports = [int(p) for p in np.unique(shows[kind == PLAIN]) if p != hold]
        self.plain = {p: int(np.flatnonzero((shows == p) & (kind == PLAIN))[0]) for p in self.ports}
        self.more = {p: np.flatnonzero((shows == p) & (kind == MORE) & (ships_of != hold)) for p in self.ports}
        self.drawn = np.flatnonzero(kind == SIMULATED)
        self.coast = {p: self._coast_of(light, self.plain[p]) for p in self.ports}
        sizes = [self._hulls(k) * float(np.prod(self.table["shape"][k])) for k in self.plain.values()]
        self.weight = np.sqrt(sizes) / np.sqrt(sizes).sum()
        self.light, self.ids = torch.from_numpy(light).to(device), torch.from_numpy(ids).to(device)
        self.centre_at = torch.from_numpy(self.centres).to(device)
        self.gain = torch.from_numpy(self.table["gain"]).to(device)
        side = torch.arange(SIDE, device=device, dtype=torch.float32) - HALF
        self.grid = torch.meshgrid(side, side, indexing="ij")

    def _hulls(self, scene: int) -> int:
        return int(self.table["first_hull"][scene + 1] - self.table["first_hull"][scene])

    def _coast_of(self, light: NDArray[np.float16], scene: int) -> NDArray[np.int64]:
        first, shape = self.table["first_pixel"], self.table["shape"][scene]
        infrared = 3 if self.table["present"][scene][3] else 4
        part = light[first[scene] : first[scene + 1], infrared].reshape(*shape)
        share = ndimage.uniform_filter((part > 0.35).astype(np.float32), 60, mode="nearest")
        return np.argwhere((share > 0.03) & (share < 0.9))

    def _place(self) -> tuple[int, NDArray[np.float64], NDArray[np.bool_]]:
        rng, real = self.rng, self.rng.random() >= self.simulated
        port = self.ports[rng.choice(len(self.ports), p=self.weight)] if real else -1
        if real:
            more = self.more[port]
            scene = self.plain[port] if rng.random() < AS_IT_IS else int(more[rng.integers(len(more))])
        else:
            scene = int(self.drawn[rng.integers(len(self.drawn))])
        hulls = self._hulls(scene)
        if hulls and rng.random() < 0.7:
            middle = self.centres[1 + self.table["first_hull"][scene] + rng.integers(hulls)] + rng.uniform(-30, 30, 2)
        elif real:
            middle = self.coast[port][rng.integers(len(self.coast[port]))].astype(float)
        else:
            middle = rng.uniform(0, self.table["shape"][scene])
        return scene, middle, self._bands(self.table["present"][scene])

    def _bands(self, present: NDArray[np.bool_]) -> NDArray[np.bool_]:
        rng = self.rng
        if rng.random() >= 0.25:
            return present
        chosen = present & np.array(BAND_SETS[rng.integers(len(BAND_SETS))], bool)
        if rng.random() < 0.3:
            chosen = present & (rng.random(5) < 0.7)
        return chosen if chosen[3:].any() else present

    def places(self) -> Places:
        """Draw the places of one batch."""
        scene, middle, present = zip(*(self._place() for _ in range(self.batch)), strict=True)
        angle = self.rng.uniform(0, 2 * np.pi, self.batch)
        scale = np.exp(self.rng.uniform(np.log(0.72), np.log(1.35), self.batch))
        flip = np.where(self.rng.random(self.batch) < 0.5, 1.0, -1.0)
        c, s = np.cos(angle) * scale, np.sin(angle) * scale
        turn = np.stack([np.stack([c, -s * flip], 1), np.stack([s, c * flip], 1)], 1).astype(np.float32)
        return Places(np.array(scene), np.array(middle, np.float32), np.array(present), turn)

    def next(self) -> tuple[torch.Tensor, ...]:
        """Input (n, 10, side, side), hull, centre marks, offsets to centres in `OFFSET_UNIT_PX`, and weight.

        The weight is 0 where the truth is unknown.
        """
        at = self.places()
        pixels, ids, row, col = self._cut(at)
        back = torch.from_numpy(np.linalg.inv(at.turn)).to(self.device)
        away = self.centre_at[ids.clamp(min=0).long()] - torch.stack([row, col], -1)
        hull = (ids > 0).float()
        offset = torch.einsum("bij,byxj->biyx", back, away) / OFFSET_UNIT_PX * hull[:, None]
        present = torch.from_numpy(at.present.astype(np.float32)).to(self.device)[:, :, None, None]
        gain = self.gain[torch.from_numpy(at.scene).to(self.device)][:, :, None, None]
        pressed = torch.asinh(STEEPNESS * in_other_light(pixels).clamp(-2, 20)) / STEEPNESS
        image = torch.cat([pressed * present * gain, present.expand(-1, -1, SIDE, SIDE)], 1)
        return image, hull, self._bumps(at), offset, (ids >= 0).float()

    def _cut(self, at: Places) -> tuple[torch.Tensor, ...]:
        """Pixels (bilinear), hull numbers (nearest neighbour), and each pixel's position in its scene."""
        turn, middle = torch.from_numpy(at.turn).to(self.device), torch.from_numpy(at.middle).to(self.device)
        first = torch.from_numpy(self.table["first_pixel"][at.scene]).to(self.device)[:, None, None]
        shape = torch.from_numpy(self.table["shape"][at.scene]).to(self.device)
        rows, cols = shape[:, 0][:, None, None], shape[:, 1][:, None, None]
        y, x = (
            turn[:, k, 0, None, None] * self.grid[0]
            + turn[:, k, 1, None, None] * self.grid[1]
            + middle[:, k, None, None]
            for k in (0, 1)
        )
        inner_y, inner_x = torch.minimum(y.clamp(min=0), rows - 1.0), torch.minimum(x.clamp(min=0), cols - 1.0)
        y0, x0 = inner_y.floor().long(), inner_x.floor().long()
        y1, x1 = torch.minimum(y0 + 1, rows - 1), torch.minimum(x0 + 1, cols - 1)
        down, right = (inner_y - y0)[..., None], (inner_x - x0)[..., None]

        def light(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return self.light[first + a * cols + b].float()

        upper = light(y0, x0) * (1 - right) + light(y0, x1) * right
        lower = light(y1, x0) * (1 - right) + light(y1, x1) * right
        pixels = (upper * (1 - down) + lower * down).permute(0, 3, 1, 2).contiguous()
        near_y, near_x = y.round().long(), x.round().long()
        outside = (near_y < 0) | (near_x < 0) | (near_y >= rows) | (near_x >= cols)
        nearest = torch.minimum(near_y.clamp(min=0), rows - 1) * cols + torch.minimum(near_x.clamp(min=0), cols - 1)
        ids = self.ids[first + nearest]
        return pixels, torch.where(outside, torch.full_like(ids, -1), ids), y, x

    def _bumps(self, at: Places) -> torch.Tensor:
        """Gaussian marks of the hulls' centres, shape (n, side, side)."""
        first = self.table["first_hull"]
        numbers = [np.arange(first[k], first[k + 1]) + 1 for k in at.scene]
        patch, hull = np.repeat(np.arange(self.batch), [len(n) for n in numbers]), np.concatenate(numbers)
        back = np.linalg.inv(at.turn)[patch]
        place = np.einsum("nij,nj->ni", back, self.centres[hull] - at.middle[patch]) + HALF
        inside = ((place > -4) & (place < SIDE + 3)).all(axis=1)
        out = torch.zeros(self.batch * SIDE * SIDE, device=self.device)
        which = torch.from_numpy(patch[inside]).to(self.device)[:, None]
        centre = torch.from_numpy(place[inside].astype(np.float32)).to(self.device)
        reach = torch.arange(-BUMP_PX, BUMP_PX + 1, device=self.device)
        down, right = (part.reshape(-1) for part in torch.meshgrid(reach, reach, indexing="ij"))
        row, col = centre[:, :1].round().long() + down, centre[:, 1:].round().long() + right
        value = torch.exp(-((row - centre[:, :1]) ** 2 + (col - centre[:, 1:]) ** 2) / (2 * CENTRE_PX**2))
        seen = (row >= 0) & (row < SIDE) & (col >= 0) & (col < SIDE)
        out.scatter_reduce_(0, (which * SIDE * SIDE + row * SIDE + col)[seen], value[seen], "amax")
        return out.reshape(self.batch, SIDE, SIDE)


def in_other_light(pixels: torch.Tensor) -> torch.Tensor:
    """Simulate another day and port: gain, gamma, offset, haze, blur and noise by band; shape (n, 5, side, side)."""
    n, device = len(pixels), pixels.device

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, 1, 1, device=device)

    def uniform() -> torch.Tensor:
        return torch.rand(n, 1, 1, 1, device=device)

    out = pixels * torch.exp(normal(n, 1) * WHOLE_GAIN + normal(n, 5) * BAND_GAIN)
    out = torch.sign(out) * out.abs().clamp(min=1e-6) ** torch.exp(normal(n, 1) * GAMMA)
    out = out + normal(n, 5) * OFFSET
    thick = (uniform() < 0.1).float() * uniform() * 0.5 * torch.linspace(0, 1, SIDE, device=device)
    out = out * (1 - thick * 0.6) + thick * (0.2 + 0.8 * uniform())
    share = (uniform() < 0.35).float() * (0.1 + 0.35 * uniform())
    wide = functional.pad(out, (1, 1, 1, 1), mode="replicate")
    cross = (wide[:, :, :-2, 1:-1] + wide[:, :, 2:, 1:-1] + wide[:, :, 1:-1, :-2] + wide[:, :, 1:-1, 2:]) / 4
    out = (1 - share) * out + share * cross
    return out + torch.randn_like(out) * (-torch.log(uniform().clamp(min=1e-6)) * 0.02)
