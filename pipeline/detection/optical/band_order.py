"""Check that an image's bands are in the order named, by spectra that no ground has.

Three surfaces are in nearly every image of a coast, and each has a fixed order of its bands (spectral libraries of
soils, roofs, plants and waters, and any Sentinel-2 image):

- soil, concrete and roofs brighten from blue over green to red, and stay bright in the near infrared;
- living plants are dark in visible light, darkest in blue, with a small peak in green, bright in the near infrared, and
  between the two in the short-wave infrared;
- water is dark in the infrared. What is far brighter in visible light than in both infrared bands is water.

An offset and haze add the same to all surfaces, so each band's first percentile is subtracted first.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

    Role = str
    Pair = tuple[Role, Role]
    Bands = dict[Role, FloatArray]

ROLES = {"B02": "blue", "B03": "green", "B04": "red", "B08": "near", "B8A": "near", "B11": "short", "B12": "short"} | {
    "B": "blue", "G": "green", "R": "red", "N": "near"
}  # fmt: skip
LAND = 0.10  # reflectance over the darkest in the infrared: land exceeds it, water does not
CLEARLY = 1.08  # blue or green over red of bright ground: above, the order is wrong; 0.5 to 0.9 on six ports, clouds 1
PLANT_CLEARLY = 1.15  # the same for ratios of plants' bands
PLANT = 2.3  # infrared over the brightest visible band, from which a pixel is plants; 2.3 to 3.4 on six ports
LEAF = 0.02  # visible reflectance added back: where the darkest is silty water, too much was subtracted
RED_EDGE = 1.6  # least ratio across the red edge, in either direction, over plants or water
LEAST_LAND = 40_000  # pixels: parts of 240 by 240 pixels and less gave false alarms, a roof or a cloud fills them
LEAST_PIXELS = 800  # that contradict the order: a field or a wood, not a roof (our choice)
LEAST_SHARE = 0.02  # ... and share of the land


def impossible_order(values: FloatImage, bands: tuple[str, ...]) -> str | None:
    """A sentence on why these reflectances, shape (bands, n), cannot come from bands of these names; else None.

    Also None where no rule separates two exchanged bands, or the image lacks the surfaces.
    """
    roles: Bands = {}
    names: dict[Role, str] = {}
    for k, band in enumerate(bands):
        if (role := ROLES.get(band)) is not None and role not in roles:
            roles[role], names[role] = _over_darkest(values[k]), band
    for first, second in _exchanged_pairs(roles):
        return f"no ground looks like {names[first]} and {names[second]} as named: are these two swapped?"
    return None


def only_possible_order(values: FloatImage, bands: tuple[str, ...]) -> tuple[str, ...] | None:
    """The only order of these band names that the ground does not contradict; None where there are several, or none.

    ``values`` are reflectances, shape (bands, n). Of stacks of four and of five bands of five ports, seven of ten had
    one order left, the right one each time.
    """
    over = [_over_darkest(band) for band in values]
    possible: list[tuple[str, ...]] = []
    refuted: set[tuple[str, ...]] = set()  # positions of the infrared bands that fail whatever the visible order
    for order in permutations(bands):
        infrared_positions = tuple(name if ROLES[name] in ("near", "short") else "" for name in order)
        if infrared_positions in refuted:
            continue
        pairs = _exchanged_pairs({ROLES[name]: band for name, band in zip(order, over, strict=True)})
        if not pairs:
            possible.append(order)
            if len(possible) > 1:
                return None
        elif {"near", "short"} & {role for pair in pairs for role in pair}:
            refuted.add(infrared_positions)
    return possible[0] if possible else None


def _over_darkest(band: FloatImage) -> FloatArray:
    over = band.astype(np.float64)
    return over - float(np.percentile(over, 1.0))


def _exchanged_pairs(by_role: Bands) -> list[Pair]:
    """Pairs of roles that seem exchanged, the surest first."""
    visible: list[Role] = [r for r in ("blue", "green", "red") if r in by_role]
    infrared: list[Role] = [r for r in ("near", "short") if r in by_role]
    if not visible or not infrared:
        return []
    out: list[Pair] = [(v, i) for i in infrared for v in visible if _red_edge_reversed(by_role, v, i)]
    if len(out) > 1:  # one wrong band spoils every pair it is in
        count = {r: sum(r in pair for pair in out) for pair in out for r in pair}
        out.sort(key=lambda pair: -count[pair[0]] - count[pair[1]])
    if not out and len(infrared) == 2 and _plants_reversed(by_role, visible):
        out.append(("near", "short"))
    if not out:
        out = _colours_reversed(by_role, visible, infrared)
    return out


def _red_edge_reversed(by_role: Bands, visible: str, infrared: str) -> bool:
    """On land, is a visible band often far brighter than an infrared one, and hardly ever the other way round?

    Land is what is bright in the other infrared band, where there is one; else what is too bright for water.
    """
    v, i = by_role[visible], by_role[infrared]
    others = [by_role[r] for r in ("near", "short") if r in by_role and r != infrared]
    land = others[0] > LAND if others else np.maximum(v, i) > 2 * LAND
    if land.sum() < LEAST_LAND:
        return False
    against, in_favour = (_count(land, a, b) for a, b in ((v, i), (i, v)))
    return against > max(LEAST_PIXELS, LEAST_SHARE * land.sum(), 3 * in_favour)


def _count(land: BoolImage, bright: FloatArray, dark: FloatArray) -> int:
    return int((land & (bright > LAND) & (bright > RED_EDGE * dark)).sum())


def _plants_reversed(by_role: Bands, visible: list[Role]) -> bool:
    """Are plants brighter in the short-wave infrared, where leaf water absorbs, than in the near infrared?"""
    near, short = by_role["near"], by_role["short"]
    colour = np.max([by_role[r] for r in visible], axis=0)
    plants = (np.minimum(near, short) > PLANT * (colour + LEAF)) & (np.maximum(near, short) > LAND)
    if plants.sum() < max(LEAST_PIXELS, LEAST_SHARE * (by_role["near"] > LAND).sum()):
        return False
    return bool(np.median(near[plants] / short[plants]) < 1 / PLANT_CLEARLY)


def _colours_reversed(by_role: Bands, visible: list[Role], infrared: list[Role]) -> list[Pair]:
    """Pairs of visible bands whose order on bright ground, or on plants, is reversed."""
    light = by_role[infrared[0]]
    colour = np.max([by_role[r] for r in visible], axis=0)
    out: list[Pair] = []
    ground = (light > LAND) & (colour > 0.5 * LAND) & (light > 0.9 * colour) & (light < 1.9 * colour)
    if ground.sum() >= LEAST_LAND / 3:
        bright = ground & (colour > np.percentile(colour[ground], 60))
        level = {r: float(np.median(by_role[r][bright])) for r in visible} if bright.any() else {}  # saturated clouds
        out += [
            (a, b)
            for a, b in (("blue", "red"), ("green", "red"))
            if a in level and b in level and level[a] > CLEARLY * level[b]
        ]
    plants = (light > PLANT * (colour + LEAF)) & (light > LAND)
    if not out and plants.sum() >= 3 * LEAST_PIXELS and {"blue", "green"} <= set(visible):
        blue, green = (float(np.median(by_role[r][plants])) for r in ("blue", "green"))
        if blue > PLANT_CLEARLY * green:
            out.append(("blue", "green"))
    return out
