"""Write trained weights as ONNX: `python -m tools.hull_network.export NET.pt hulls_1.onnx`."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import torch

from tools.hull_network.model import INPUTS, HullNetwork

SIDE = 416


def main(source: Path, target: Path) -> None:
    """One file, one input (1, 10, rows, cols), one output; batch normalisation is folded into the convolutions."""
    net = HullNetwork().eval()
    net.load_state_dict(torch.load(source, weights_only=True))
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
    main(Path(sys.argv[1]), Path(sys.argv[2]))
