"""Length, beam, heading, freeboard, tanker score and same-ship probability in sub-metre images, on simulated scenes.

    python -m benchmarks.submetre_accuracy --seeds 9001-9030 [--pixel 0.5] [--folder DIR]

Scenes are drawn, written in four operators' layouts, read by the real readers and searched with default settings.
Every figure is SIMULATED. Seeds below 1000 were used to develop the estimator; none of them is reported.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.submetre_scenes import EPSG, make_scene
from pipeline.detection import detect
from pipeline.ingest.scenes import open_scene
from pipeline.types import Scene


def measure(path: Path) -> list[dict[str, Any]]:
    """One row per true ship, with the measurements of the nearest detection."""
    from pyproj import Transformer

    scene: Scene = open_scene(path)
    record = json.loads(path.with_suffix(".truth").read_text("utf-8"))
    found, _ = detect(scene)
    to_degrees = Transformer.from_crs(EPSG, 4326, always_xy=True)
    out = []
    for ship in record["ships"]:
        assert scene.geolocation is not None
        row, col = scene.geolocation.rowcol(*to_degrees.transform(ship["east"], ship["north"]))
        apart = np.hypot(found["row"] - float(row), found["col"] - float(col)) * scene.pixel_spacing_m[0]
        on_ship = found[(apart < max(15.0, 0.3 * ship["length_m"])) & found["accepted"]]
        base = {"scene": path.stem, "row_true": float(row), "col_true": float(col), **record["light"],
                "pixel_m": record["pixel_m"], "pan": record["bands"] == ["pan"],
                **{f"true_{k}": v for k, v in ship.items()}}  # fmt: skip
        if len(on_ship):
            best = on_ship.loc[apart[on_ship.index].idxmin()]
            base |= {k: best[k] for k in found.columns if k != "geometry"}
        out.append(base)
    return out


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors and interval coverage, for all ships and by kind and position."""
    groups = {"all": rows, "tankers": rows[rows["true_kind"].str.endswith("tanker")],
              "other": rows[~rows["true_kind"].str.endswith("tanker")],
              "in open water": rows[rows["true_berthed"] == ""],
              "quay on the shaded side": rows[rows["true_berthed"] == "shaded"],
              "quay on the sunny side": rows[rows["true_berthed"] == "sunny"]}  # fmt: skip
    return pd.DataFrame({name: _figures(part) for name, part in groups.items()}).T


def _figures(rows: pd.DataFrame) -> dict[str, float]:
    seen = rows[rows["length_m"].notna()]
    length = seen["length_m"] / seen["true_length_m"] - 1
    beam = seen["beam_m"] - seen["true_beam_m"]
    turn = (seen["heading_deg"] - seen["true_heading_deg"] + 90) % 180 - 90
    whole = (seen["heading_deg"] - seen["true_heading_deg"] + 180) % 360 - 180
    with_bow = seen[~seen["heading_ambiguous"].astype(bool)]
    side = seen[seen["freeboard_m"].notna()]
    error = side["freeboard_m"] - side["true_freeboard_m"]
    return {
        "ships": len(rows),
        "found": len(seen),
        "length |%| mean": 100 * length.abs().mean(),
        "length % bias": 100 * length.mean(),
        "length |%| > 5": 100 * (length.abs() > 0.05).mean(),
        "length held": _held(seen, "length"),
        "beam |m| mean": beam.abs().mean(),
        "beam |%| mean": 100 * (beam / seen["true_beam_m"]).abs().mean(),
        "beam held": _held(seen, "beam"),
        "heading |deg| p50": turn.abs().median(),
        "heading |deg| p95": turn.abs().quantile(0.95),
        "heading held": float((turn.abs() <= seen["heading_half_deg"]).mean()),
        "bow told": len(with_bow) / max(1, len(seen)),
        "bow right": float((whole[with_bow.index].abs() < 90).mean()) if len(with_bow) else np.nan,
        "freeboard told": len(side) / max(1, len(seen)),
        "freeboard |m| mean": error.abs().mean(),
        "freeboard m bias": error.mean(),
        "freeboard |m| p90": error.abs().quantile(0.9) if len(side) else np.nan,
        "freeboard held": _held(side, "freeboard"),
        "interval m mean": (side["freeboard_hi_m"] - side["freeboard_lo_m"]).mean(),
        "tanker AUC": _auc(seen["tanker_score"], seen["true_kind"].str.endswith("tanker")),
    }


def _auc(score: pd.Series, truth: pd.Series) -> float:
    """Probability that a tanker's score exceeds another ship's."""
    a, b = score[truth].to_numpy()[:, None], score[~truth].to_numpy()[None, :]
    return float(np.mean((a > b) + 0.5 * (a == b))) if a.size and b.size else np.nan


def _held(rows: pd.DataFrame, name: str) -> float:
    """Coverage: share of 90 % intervals that hold the truth."""
    truth = rows[f"true_{name}_m"]
    return float(((rows[f"{name}_lo_m"] <= truth) & (truth <= rows[f"{name}_hi_m"])).mean()) if len(rows) else np.nan


def main(arguments: Sequence[str] = ()) -> None:
    """Draw, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="9001-9030")
    parser.add_argument("--pixel", type=float, default=0.5)
    parser.add_argument("--sun", default="20-45")
    parser.add_argument("--piers", action="store_true", help="quays longer than the ships at them")
    parser.add_argument("--coasters", action="store_true", help="small tankers alone, as deep as published ones")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args(list(arguments))
    first, last = (int(v) for v in args.seeds.split("-"))
    sun = tuple(float(v) for v in args.sun.split("-"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.folder or Path(scratch)
        rows = []
        for seed in range(first, last + 1):
            known = next(folder.glob(f"*sim{seed:05d}*.truth"), None) if folder.exists() else None
            kinds = {"piers": args.piers, "coasters": args.coasters}
            path = _image_of(known) if known else make_scene(folder, seed, args.pixel, (sun[0], sun[1]), **kinds)
            rows += measure(path)
    table = pd.DataFrame(rows)
    if args.out:
        table.to_pickle(args.out)
    print(f"SIMULATED, {args.pixel} m pixels, sun {args.sun} deg high, seeds {args.seeds}")
    print(summary(table).round(3).T.to_string())


def _image_of(truth: Path) -> Path:
    return next(p for p in truth.parent.glob(f"{truth.stem}.*") if p.suffix.lower() == ".tif")


if __name__ == "__main__":
    main(sys.argv[1:])
