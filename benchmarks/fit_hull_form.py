"""The form of hulls, fitted to laden tankers of known deadweight: prints what `pipeline/volume/hull_form.py` holds.

``python -m benchmarks.fit_hull_form``. Lightship over deadweight at 100 m, its power of length and how it goes with
deadweight are fitted; the block coefficient is held as it stands. Each ship is then left out in turn. Which ships are
laden is told by the law as it stands: two are left out, at 0.51 and 0.82 of the draught that it gives them when full.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from benchmarks.published_hulls import FITTED, published_hulls
from benchmarks.typed_draughts import DATA, LADEN, SIZES, tankers_by_register
from pipeline.config import VolumeConfig
from pipeline.volume.capacity import tanker_regression
from pipeline.volume.hull_form import (
    LIGHTSHIP_AT_100_M,
    LIGHTSHIP_PER_DEADWEIGHT,
    LIGHTSHIP_POWER,
    block_coefficient,
)

SOFT = 0.1  # ln of a draught, beyond which a ship pulls less (our choice)
HELD = np.array([np.log(LIGHTSHIP_AT_100_M), LIGHTSHIP_POWER, LIGHTSHIP_PER_DEADWEIGHT])


def laden_ships() -> pd.DataFrame:
    """Tankers of OpenSARShip with a deadweight and a laden draught, and one whose papers are published."""
    hulls = published_hulls().rename(columns={"length_m": "loa_m", "dwt_t": "dwt", "draught_m": "ais_draught_m"})
    ships = pd.concat([tankers_by_register(), hulls[hulls["name"] == FITTED][SIZES]], ignore_index=True)
    return ships[np.exp(errors(HELD, ships)) * LADEN < 1].reset_index(drop=True)


def errors(law: np.ndarray, ships: pd.DataFrame) -> np.ndarray:
    """ln(draught by the law over the typed one) of each ship; ``law`` as `HELD`."""
    length, beam, dwt, typed = ships[SIZES].to_numpy(float).T
    usual = tanker_regression().log_dwt(length, beam)
    lightship = np.exp(law[0] + law[1] * np.log(length / 100) + law[2] * (np.log(dwt) - usual))
    block = np.array([block_coefficient(m) for m in length])
    full = dwt * (1 + lightship) / (VolumeConfig().water_t_per_m3 * length * beam * block)
    return np.log(full / typed)


def fitted(ships: pd.DataFrame) -> np.ndarray:
    """The law that errs least at these ships."""
    return least_squares(lambda law: errors(law, ships), HELD, loss="soft_l1", f_scale=SOFT).x


def main() -> None:
    """Print the fit, and what is off at ships that it did not see."""
    if not DATA.is_dir():
        print("hull form, real: the labelled data (../shared) is not here, nothing fitted")
        return
    ships = laden_ships()
    for name, law in (("fitted", fitted(ships)), ("held", HELD)):
        off = errors(law, ships)
        lightship = f"lightship / deadweight {np.exp(law[0]):.3f} exp({law[1]:+.2f} x {law[2]:+.2f} u)"
        print(f"real: {name}: {lightship}; draughts {off.mean():+.1%} ± {off.std():.1%} ({len(ships)} ships)")
    left_out = np.array([errors(fitted(ships.drop(index=n)), ships.loc[[n]])[0] for n in ships.index])
    print(f"real: each left out in turn: rms {np.sqrt(np.mean(left_out**2)):.1%}, worst {np.abs(left_out).max():.1%}")


if __name__ == "__main__":
    main()
