"""Tankers whose length, beam, depth, draught and deadweight are published together, compared with the hull-form laws.

``python -m benchmarks.published_hulls``. ``published_hulls.csv`` lists the hulls, each with its source. None of them
entered the deadweight regression; one, `FITTED`, entered the law of draughts (which also quotes the lightship of the
design for sheltered waters); the law of depths is fitted to those that have a depth.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.ships.hull_depth import depth_over_draught
from pipeline.volume.capacity import Capacity, capacity_of
from pipeline.volume.full_draught import FullDraught, listed_full_draught, log_full_draught, updated_by_draught
from pipeline.volume.usual_hull import UsualHull

HULLS = Path(__file__).with_suffix(".csv")
VERY_LARGE_M = 300.0  # from here hulls are as long and narrow as gas carriers, and the regression takes them for such
FITTED = "Etsuzan Maru No. 8"  # used to fit the law of draughts


def published_hulls() -> pd.DataFrame:
    """The file's rows with the laws' predictions: full draught from deadweight, depth from draught [m]."""
    hulls = pd.read_csv(HULLS, comment="#")
    by_law = [log_full_draught(h.length_m, h.beam_m, np.log(h.dwt_t)) for h in hulls.itertuples()]
    return hulls.assign(
        law_draught_m=np.exp(by_law),
        law_depth_m=hulls["draught_m"] * hulls["length_m"].map(depth_over_draught),
    )


def deadweight(length_m: float, beam_m: float, told: FullDraught | None) -> Capacity:
    """Estimate from the listed length and beam, and from a full draught where one is given."""
    hull = UsualHull(length_m, beam_m, 0.0, stated=True)
    return updated_by_draught(capacity_of(None, length_m, beam_m), told, hull)


def deadweight_errors(hulls: pd.DataFrame, *names: str) -> tuple[np.ndarray, np.ndarray]:
    """ln(estimated / published deadweight) of each, from length, beam and those columns; and the same over its sd."""
    off, of_sd = [], []
    for hull in hulls.rename(columns={"draught_m": "design_draught_m"}).to_dict("records"):
        told = listed_full_draught({name: hull[name] for name in names}, hull["length_m"])
        found = deadweight(hull["length_m"], hull["beam_m"], told)
        off.append(found.log_dwt - np.log(hull["dwt_t"]))
        of_sd.append(off[-1] / np.hypot(found.log_sd, found.shared_sd))
    return np.array(off), np.array(of_sd)


def spread(off: np.ndarray) -> str:
    """Mean, root mean square and largest of logarithmic errors, as text."""
    return f"{off.mean():+.1%}, rms {np.sqrt(np.mean(off**2)):.1%}, worst {np.abs(off).max():.0%} ({len(off)} hulls)"


def main() -> None:
    """Print the laws' errors, by kind of hull."""
    hulls = published_hulls()
    at_sea = hulls[hulls["hull"] == "seagoing"]
    seagoing = at_sea[at_sea["length_m"] < VERY_LARGE_M]
    groups = {
        "seagoing, 73 to 250 m": seagoing,
        "… with her full draught or one that is not called the design draught": seagoing[
            seagoing["draught_is"] != "design"
        ],
        "very large, of 1966 to 1980": at_sea[at_sea["length_m"] >= VERY_LARGE_M],
        "ice class": hulls[hulls["hull"] == "ice"],
        "coasting and harbour limits, 62 and 76 m": hulls[(hulls["hull"] == "sheltered") & (hulls["length_m"] > 60)],
        "… 48 and 49 m": hulls[(hulls["hull"] == "sheltered") & (hulls["length_m"] < 60)],
        "shallow river and sea": hulls[hulls["hull"] == "river_sea"],
    }
    for name, some in groups.items():
        unseen = some[some["name"] != FITTED].dropna(subset=["draught_m"])
        print(
            f"full draught, law over published: {name}: {spread(np.log(unseen['law_draught_m'] / unseen['draught_m']))}"
        )
    for name, some in groups.items():
        deep = some.dropna(subset=["depth_m", "draught_m"])
        print(f"depth by the published draught: {name}: {spread(np.log(deep['law_depth_m'] / deep['depth_m']))}")
    by = {"length and beam": (), "… and depth": ("depth_m",), "… and draught": ("design_draught_m",)}
    both = groups["seagoing, 73 to 250 m"].dropna(subset=["depth_m", "draught_m"])
    large = groups["very large, of 1966 to 1980"]
    for kind, some in (("seagoing", both), ("very large", large)):
        for name, columns in by.items():
            off, of_sd = deadweight_errors(some, *columns)
            print(f"deadweight by {name}, {kind}: {spread(off)}; off by {np.sqrt(np.mean(of_sd**2)):.2f} of its sd")
    tanks = (hulls["tank_m3"] / hulls["dwt_t"]).dropna()
    low, mid, high = np.percentile(tanks, (5, 50, 95))
    print(f"tank volume, m3 to a tonne of deadweight: {low:.2f} – {mid:.2f} – {high:.2f} ({len(tanks)} hulls)")


if __name__ == "__main__":
    main()
