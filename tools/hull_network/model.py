"""The hull network: half a million weights; computes at half resolution, answers at full resolution.

Each 2 x 2 block of pixels is first moved into channels, which loses no detail and makes convolutions four times
cheaper. Three scales with skip connections; the coarsest sees about 1 km at 10 m pixels, enough to tell a quay from a
ship by its surroundings. Outputs: hull or not, centre or not (both log-odds), row and column offsets to the centre.
"""

from __future__ import annotations

import torch
from torch import nn

WIDTHS = (32, 64, 96)
INPUTS, ANSWERS = 10, 4


def _step(inputs: int, outputs: int, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class HullNetwork(nn.Module):
    """Input (n, 10, rows, cols), rows and cols multiples of 8; output (n, 4, rows, cols)."""

    def __init__(self, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        a, b, c = widths
        self.fold = nn.PixelUnshuffle(2)
        self.fine = nn.Sequential(_step(INPUTS * 4, a), _step(a, a))
        self.middle = nn.Sequential(_step(a, b), _step(b, b))
        self.coarse = nn.Sequential(_step(b, c), _step(c, c, 2), _step(c, c, 4))
        self.up_middle = nn.Sequential(_step(b + c, b), _step(b, b))
        self.up_fine = nn.Sequential(_step(a + b, a), _step(a, a))
        self.answer = nn.Conv2d(a, ANSWERS * 4, 1)
        self.shrink, self.unfold = nn.MaxPool2d(2), nn.PixelShuffle(2)
        self.grow = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        with torch.no_grad():  # hulls are rare: start from "no hull"
            self.answer.bias[:8] = -3.0

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Apply the network; shapes as in the class."""
        fine = self.fine(self.fold(image))
        middle = self.middle(self.shrink(fine))
        coarse = self.coarse(self.shrink(middle))
        middle = self.up_middle(torch.cat([self.grow(coarse), middle], 1))
        fine = self.up_fine(torch.cat([self.grow(middle), fine], 1))
        return self.unfold(self.answer(fine))
