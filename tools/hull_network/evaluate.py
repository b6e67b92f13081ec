"""Evaluate the whole detector on ports held out of training: `python -m tools.hull_network.evaluate --data S2_PORTS
hold1,hold2=NET.onnx hold3=OTHER.onnx+THIRD.onnx`. Prints one row per port, and the sum of all. Networks joined by a
plus are averaged, as the shipped ones are."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.config import DetectionConfig
from pipeline.detection import detect
from pipeline.detection.optical import network
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor

MARGIN_PX = 2.0  # a detection within this of a label's box is on it
BIG_M = 75.0


def weights_of(names: str) -> tuple[Path, ...]:
    """Weight files joined by a plus; "none": no network, only the classical detector."""
    return tuple(Path(name) for name in names.split("+"))


def found_in(data: Path, file: str, weights: tuple[Path, ...], bands: tuple[str, ...] = ()) -> pd.DataFrame:
    """The detector's table of one image with these weights; if a file is missing, that of the classical detector alone.

    The detector gets only ``bands``; all bands of the image if none is named.
    """
    network.WEIGHTS_FILES = weights
    network.sessions.cache_clear()
    names = pd.read_csv(data / "images.csv").set_index("file").loc[file, "bands"].split()
    shown = {name: i for i, name in enumerate(names, 1) if not bands or name in bands}
    options = OpenOptions(sensor=Sensor.SENTINEL2, bands=shown)
    table, _ = detect(open_scene(data / file, options), config=DetectionConfig())
    return table


def counts(found: pd.DataFrame, truth: pd.DataFrame, spare: pd.DataFrame) -> Counter[str]:
    """Hits and misses by optimal pairing of detections and label boxes; detections on spare boxes are ignored."""
    hit, pairs = paired(found, truth)
    seen = np.isin(np.arange(len(truth)), [j for _, j in pairs])
    extra = np.setdiff1d(np.arange(len(found)), [i for i, _ in pairs])
    neither = within(found.iloc[extra], spare).any(axis=1)
    out = Counter(ships=len(truth), tp=len(pairs), fp=int((~neither).sum()))
    out["split"] = int((hit[extra].any(axis=1) & ~neither).sum()) if len(truth) else 0
    groups = {"open": truth["open_water"] == 1, "quay": truth["open_water"] == 0, "big": truth["length_m_est"] >= BIG_M}
    for name, chosen in groups.items():
        out[name], out[f"{name}_hit"] = int(chosen.sum()), int((chosen & seen).sum())
    return out


def paired(found: pd.DataFrame, truth: pd.DataFrame) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Which detection lies on which label box, shape (detections, boxes), and the pairs of least total distance."""
    hit = within(found, truth)
    far = np.hypot(
        found["col"].to_numpy()[:, None] - truth["cx"].to_numpy(),
        found["row"].to_numpy()[:, None] - truth["cy"].to_numpy(),
    )
    cost = np.where(hit, far, 1e9)
    pairs = [(i, j) for i, j in zip(*linear_sum_assignment(cost), strict=True) if cost[i, j] < 1e9] if cost.size else []
    return hit, pairs


def within(found: pd.DataFrame, boxes: pd.DataFrame) -> np.ndarray:
    """Which detection lies in which box, shape (detections, boxes)."""
    col, row = found["col"].to_numpy(float)[:, None], found["row"].to_numpy(float)[:, None]
    x, y, w, h = (boxes[name].to_numpy(float) for name in "xywh")
    return (col >= x - MARGIN_PX) & (col <= x + w + MARGIN_PX) & (row >= y - MARGIN_PX) & (row <= y + h + MARGIN_PX)


def line(name: str, n: Counter[str]) -> str:
    """One row of the table."""
    precision, f1 = n["tp"] / max(1, n["tp"] + n["fp"]), 2 * n["tp"] / max(1, n["tp"] + n["fp"] + n["ships"])
    recall = [n[f"{g}_hit"] / n[g] if n[g] else float("nan") for g in ("open", "quay", "big")]
    recalls = " | ".join(f"{r:.2f}" for r in recall)
    return f"| {name} | {n['ships']} | {f1:.3f} | {precision:.2f} | {recalls} | {n['split']} |"


def held_out(about: str | None) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame, pd.DataFrame]]:
    """For each port on the command line: the detector's table with the given weights, labels and spare boxes."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("folds", nargs="+", help="ports=weights; ports=none runs the classical detector alone")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--bands", default="", help="show these bands alone, joined by commas, and ports that have them"
    )
    args = parser.parse_args()
    labels, spare = pd.read_csv(args.data / "labels.csv"), pd.read_csv(args.data / "unlabelled_candidates.csv")
    files = {f.split("_20")[0]: f for f in labels["file"].unique()}
    bands = tuple(filter(None, args.bands.split(",")))
    has = pd.read_csv(args.data / "images.csv").set_index("file")["bands"].str.split()
    for fold in args.folds:
        ports, weights = fold.split("=")
        for port in ports.split(","):
            if not set(bands) <= set(has[files[port]]):
                continue
            of_port = [t[t["file"] == files[port]].reset_index(drop=True) for t in (labels, spare)]
            yield port, found_in(args.data, files[port], weights_of(weights), bands), *of_port


def main() -> None:
    """Print the table."""
    total: Counter[str] = Counter()
    print("| port | ships | F1 | precision | recall open water | at quays | >= 75 m | split |")
    print("|---|---|---|---|---|---|---|---|")
    for port, found, truth, spare in held_out(__doc__):
        one = counts(found[found["accepted"]].reset_index(drop=True), truth, spare)
        print(line(port, one), flush=True)
        total += one
    print(line("all", total))


if __name__ == "__main__":
    main()
