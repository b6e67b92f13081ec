"""Train the hull network.

First on simulated ports alone, once: `python -m tools.hull_network.train --pool POOL.npz --out SIM.pt --steps 1200`;
then on labelled ports too, from there: `... --data S2_PORTS --hold a,b --start SIM.pt --out NET.pt --steps 600`.
Ports named by ``--hold`` are never read. One thread, fixed seed; a quarter of an hour on one core in all.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn import functional

from tools.hull_network.model import HullNetwork
from tools.hull_network.patches import cut, in_other_light
from tools.hull_network.scenes import TrainingScene, real_scene, simulated_scene, tightened, with_more_ships

BATCH = 16
REAL = 0.8  # share of patches from real ports
VERSIONS = 8  # of each real port with other ships put in


class Sampler:
    """Patches of real ports (as they are, and with more ships) and of simulated ones."""

    def __init__(self, data: Path | None, pool: Path, hold: set[str], seed: int, simulated: int) -> None:
        self.rng = np.random.default_rng(seed)
        drawn = np.load(pool)
        self.drawn = [
            _halved(simulated_scene(light.astype(np.float32), land, hull))
            for light, land, hull in zip(drawn["light"][:simulated], drawn["land"], drawn["hull"], strict=False)
        ]
        self.real: list[list[TrainingScene]] = []
        if data is not None:
            self._read(data, hold, seed)

    def _read(self, data: Path, hold: set[str], seed: int) -> None:
        images = pd.read_csv(data / "images.csv")
        chosen = [f for f in images["file"] if f.split("_20")[0] not in hold]
        spacing = images.set_index("file")["ground_m_per_px"]
        plain = [tightened(real_scene(data, f)) for f in chosen]
        for scene, file in zip(plain, chosen, strict=True):
            versions = [
                with_more_ships(scene, plain, spacing[file], max(10, scene.ids.size // 12000), seed * 100 + v)
                for v in range(VERSIONS)
            ]
            self.real.append([_halved(one) for one in versions])
        self.real = [[_halved(scene), scene, *versions] for scene, versions in zip(plain, self.real, strict=True)]
        self.weight = np.array([np.sqrt(len(s.centres) * s.ids.size) for s in plain])
        self.weight /= self.weight.sum()

    def batch(self) -> tuple[torch.Tensor, ...]:
        """Inputs and targets of one step."""
        rows = [self._one() for _ in range(BATCH)]
        return tuple(torch.from_numpy(np.stack([r[k] for r in rows])) for k in range(5))

    def _one(self) -> tuple[np.ndarray, ...]:
        rng = self.rng
        if self.real and rng.random() < REAL:
            versions = self.real[rng.choice(len(self.real), p=self.weight)]
            scene = versions[rng.integers(len(versions))]
        else:
            scene = self.drawn[rng.integers(len(self.drawn))]
        row, col = self._place(scene)
        pixels, target = cut(scene, row, col, rng)
        image = in_other_light(pixels, scene.present, scene.gain, rng)
        return image, target.hull, target.centre, target.offset, target.weight

    def _place(self, scene: TrainingScene) -> tuple[float, float]:
        rng, shape = self.rng, scene.ids.shape
        if len(scene.centres) > 1 and rng.random() < 0.7:
            centre = scene.centres[rng.integers(1, len(scene.centres))]
            return tuple(float(v) for v in centre + rng.uniform(-30, 30, 2))  # type: ignore[return-value]
        infrared = scene.scaled[3] if scene.present[3] else scene.scaled[4]
        for _ in range(30):
            row, col = rng.integers(0, shape[0]), rng.integers(0, shape[1])
            part = infrared[max(0, row - 30) : row + 30, max(0, col - 30) : col + 30] > 0.35
            if 0.03 < part.mean() < 0.9:
                break
        return float(row), float(col)


def _halved(scene: TrainingScene) -> TrainingScene:
    """Half floats: half the memory."""
    scene.scaled = scene.scaled.astype(np.float16)
    return scene


def loss_of(answer: torch.Tensor, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Hull: cross-entropy and overlap; centre: penalty-reduced focal loss (CornerNet); offset: absolute error."""
    _, hull, centre, offset, weight = batch
    said = answer[:, 0]
    cross = functional.binary_cross_entropy_with_logits(said, hull, reduction="none", pos_weight=said.new_tensor(2.0))
    cross = (cross * weight).sum() / weight.sum()
    p = torch.sigmoid(said) * weight
    overlap = 1 - (2 * (p * hull).sum() + 20) / (p.sum() + hull.sum() + 20)
    c = torch.sigmoid(answer[:, 1]).clamp(1e-4, 1 - 1e-4)
    peak = (centre > 0.9).float()
    focal = peak * (1 - c) ** 2 * torch.log(c) + (1 - peak) * (1 - centre) ** 4 * c**2 * torch.log(1 - c)
    focal = -(focal * weight).sum() / peak.sum().clamp(min=4)
    apart = (answer[:, 2:] - offset).abs().sum(1) * hull
    away = apart.sum() / hull.sum().clamp(min=1)
    return cross * 2 + overlap + 0.5 * focal + away


def train(sampler: Sampler, steps: int, seed: int, lr: float, start: Path | None, keep: Path) -> HullNetwork:
    """AdamW with one cycle; the mean of the last weights is what is kept."""
    torch.manual_seed(seed)
    net = HullNetwork().to(memory_format=torch.channels_last)
    if start is not None:
        net.load_state_dict(torch.load(start, weights_only=True))
    mean = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps, pct_start=0.1)
    began, total = time.process_time(), 0.0
    for step in range(1, steps + 1):
        batch = sampler.batch()
        loss = loss_of(net(batch[0].to(memory_format=torch.channels_last)), batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        mean.update_parameters(net)
        total += float(loss.detach())
        if step % 100 == 0:
            print(f"{step} loss {total / 100:.3f} cpu {time.process_time() - began:.0f} s", flush=True)
            total = 0.0
        if step % 300 == 0:
            torch.save(mean.module.state_dict(), keep)
    return mean.module.eval()


def main() -> None:
    """Parse, train, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hold", default="")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--simulated", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    sampler = Sampler(args.data, args.pool, set(filter(None, args.hold.split(","))), args.seed, args.simulated)
    print("scenes ready", flush=True)
    torch.save(train(sampler, args.steps, args.seed, args.lr, args.start, args.out).state_dict(), args.out)


if __name__ == "__main__":
    main()
