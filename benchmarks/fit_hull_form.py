"""Fit the law of hull forms to laden tankers of known deadweight; prints the values for `pipeline/volume/hull_form.py`.

``python -m benchmarks.fit_hull_form``. Fitted are lightship over deadweight at 100 m, its power of length and its
dependence on deadweight; the block coefficient is held fixed. Each ship is then left out in turn. The current law says
which ships are laden: it excludes two, at 0.51 and 0.82 of the full draught that it gives them.
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

SOFT = 0.1  # error in ln draught beyond which a ship's influence is reduced (our choice)
HELD = np.array([np.log(LIGHTSHIP_AT_100_M), LIGHTSHIP_POWER, LIGHTSHIP_PER_DEADWEIGHT])


def laden_ships() -> pd.DataFrame:
    """Tankers of OpenSARShip with a deadweight and a laden draught, and one with published particulars."""
    hulls = published_hulls().rename(columns={"length_m": "loa_m", "dwt_t": "dwt", "draught_m": "ais_draught_m"})
    ships = pd.concat([tankers_by_register(), hulls[hulls["name"] == FITTED][SIZES]], ignore_index=True)
    return ships[np.exp(errors(HELD, ships)) * LADEN < 1].reset_index(drop=True)


def errors(law: np.ndarray, ships: pd.DataFrame) -> np.ndarray:
    """ln(draught by the law / typed draught) of each ship; ``law`` is laid out as `HELD`."""
    length, beam, dwt, typed = ships[SIZES].to_numpy(float).T
    usual = tanker_regression().log_dwt(length, beam)
    lightship = np.exp(law[0] + law[1] * np.log(length / 100) + law[2] * (np.log(dwt) - usual))
    block = np.array([block_coefficient(m) for m in length])
    full = dwt * (1 + lightship) / (VolumeConfig().water_t_per_m3 * length * beam * block)
    return np.log(full / typed)


def fitted(ships: pd.DataFrame) -> np.ndarray:
    """The law with the smallest errors on these ships."""
    return least_squares(lambda law: errors(law, ships), HELD, loss="soft_l1", f_scale=SOFT).x


def main() -> None:
    """Print the fit, and its errors on held-out ships."""
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
