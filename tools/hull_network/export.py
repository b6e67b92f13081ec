"""Write trained weights as ONNX: `python -m tools.hull_network.export NET.pt[+NET.pt...] hulls.onnx`.

Of several networks, trained apart from other seeds, one graph is made whose answer is the mean of theirs.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import torch
from torch import nn

from tools.hull_network.model import INPUTS, HullNetwork

SIDE = 416


class Mean(nn.Module):
    """Networks that look at the same image; the mean of their answers."""

    def __init__(self, nets: list[HullNetwork]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """As `HullNetwork`."""
        total = self.nets[0](image)
        for net in list(self.nets)[1:]:
            total = total + net(image)
        return total / len(self.nets)


def main(sources: list[Path], target: Path) -> None:
    """One file, one input (1, 10, rows, cols), one answer; batch normalisation is folded into the convolutions."""
    nets = []
    for source in sources:
        nets.append(HullNetwork())
        nets[-1].load_state_dict(torch.load(source, weights_only=True))
    net = (nets[0] if len(nets) == 1 else Mean(nets)).eval()
    example = torch.zeros(1, INPUTS, SIDE, SIDE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (example,),
            str(target),
            input_names=["image"],
            output_names=["answer"],
            dynamic_axes={"image": {2: "rows", 3: "cols"}, "answer": {2: "rows", 3: "cols"}},
            opset_version=17,
            dynamo=False,
        )


if __name__ == "__main__":
    main([Path(p) for p in sys.argv[1].split("+")], Path(sys.argv[2]))
