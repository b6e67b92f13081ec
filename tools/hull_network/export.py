"""Write trained weights as ONNX: `python -m tools.hull_network.export NET.pt[+NET.pt...] hulls.onnx`."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import torch

from tools.hull_network.model import INPUTS, HullNetwork

SIDE = 416


def main(sources: list[Path], target: Path) -> None:
    """One file, one input (1, 10, rows, cols), one answer; batch normalisation is folded into the convolutions."""
    net = HullNetwork()
    net.load_state_dict(torch.load(sources[0], weights_only=True))
    net.eval()
    example = torch.zeros(1, INPUTS, SIDE, SIDE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (example,),
            str(target),
            input_names=["image"],
            output_names=["answer"],
            opset_version=17,
            dynamo=False,
        )


if __name__ == "__main__":
    main([Path(p) for p in sys.argv[1].split("+")], Path(sys.argv[2]))
