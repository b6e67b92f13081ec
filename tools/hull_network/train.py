"""Train the hull network from a store, on a graphics card if there is one.

`python -m tools.hull_network.train STORE --out hulls.pt`; `--hold N` leaves out the port at index N of images.csv (from
0). The shipped weights were made by a trial script of the same method: see README.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from tools.hull_network.model import HullNetwork
from tools.hull_network.patches import StorePatches

WARM_UP = 0.06  # share of the steps during which the learning rate rises
KEPT = 0.995  # decay of the weights' running mean, which is what is saved


def rate_at(done: float, most: float) -> float:
    """Learning rate after a share ``done`` of the steps: linear warm-up, then cosine decay from ``most``."""
    falling = min(1.0, max(0.0, done - WARM_UP) / (1 - WARM_UP))
    return most * min(1.0, done / WARM_UP + 0.02) * (0.5 * (1 + float(np.cos(np.pi * falling))) + 1e-3)


def loss_of(answer: torch.Tensor, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Hull: cross-entropy and overlap; centre: penalty-reduced focal loss (CornerNet); offset: absolute error."""
    _, hull, centre, offset, weight = batch
    hull_logits = answer[:, 0]
    cross = functional.binary_cross_entropy_with_logits(
        hull_logits, hull, reduction="none", pos_weight=hull_logits.new_tensor(2.0)
    )
    cross = (cross * weight).sum() / weight.sum()
    p = torch.sigmoid(hull_logits) * weight
    overlap = 1 - (2 * (p * hull).sum() + 20) / (p.sum() + hull.sum() + 20)
    c = torch.sigmoid(answer[:, 1]).clamp(1e-4, 1 - 1e-4)
    peak = (centre > 0.9).float()
    focal = peak * (1 - c) ** 2 * torch.log(c) + (1 - peak) * (1 - centre) ** 4 * c**2 * torch.log(1 - c)
    focal = -(focal * weight).sum() / peak.sum().clamp(min=4)
    apart = (answer[:, 2:] - offset).abs().sum(1) * hull
    away = apart.sum() / hull.sum().clamp(min=1)
    return cross * 2 + overlap + 0.5 * focal + away


def train(patches: StorePatches, steps: int, seed: int, most: float) -> HullNetwork:
    """Train with AdamW; convolutions in 16-bit floats where the card has them, the loss in 32-bit."""
    torch.manual_seed(seed)
    device = patches.device
    net = HullNetwork().to(device).to(memory_format=torch.channels_last)
    keep = torch.optim.swa_utils.get_ema_multi_avg_fn(KEPT)
    mean = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=keep, use_buffers=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=most, weight_decay=2e-3)
    total = torch.zeros((), device=device)
    for step in range(1, steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step / steps, most)
        batch = patches.next()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
            output = net(batch[0].to(memory_format=torch.channels_last))
        loss = loss_of(output.float(), batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        mean.update_parameters(net)
        total += loss.detach()
        if step % 500 == 0:
            print(f"{step} loss {float(total) / 500:.3f}", flush=True)
            total.zero_()
    return mean.module.cpu().eval()


def main() -> None:
    """Parse, train, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hold", type=int, default=-1)
    parser.add_argument("--steps", type=int, default=7574)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--simulated", type=float, default=0.3, help="share of patches from simulated ports")
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=12)
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    patches = StorePatches(args.store, args.hold, args.simulated, args.batch, args.seed, device)
    torch.save(train(patches, args.steps, args.seed, args.lr).state_dict(), args.out)


if __name__ == "__main__":
    main()
