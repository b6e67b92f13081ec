"""Hull forms of simulated ships: random shape and paint for each ship, and her shell as triangles.

Nothing here is shared with the detector: bows are blunt or fine, stems raked, decks sheered, sides flared, colours
varied. Ranges are our choice after looking at ships of each kind; no single source.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.simulation.mesh import Colour, Mesh, quads

if TYPE_CHECKING:
    from pipeline.simulation.ships import Hull
    from pipeline.types import FloatArray


# Reflectance of the paint itself by band B, G, R, N
PAINT: dict[str, Colour] = {
    "black": (0.04, 0.04, 0.04, 0.05),
    "navy": (0.08, 0.05, 0.04, 0.07),
    "red": (0.05, 0.06, 0.24, 0.30),
    "brown": (0.07, 0.08, 0.16, 0.24),
    "rust": (0.06, 0.09, 0.17, 0.22),
    "green": (0.08, 0.15, 0.08, 0.22),
    "grey": (0.20, 0.20, 0.20, 0.21),
    "light": (0.36, 0.37, 0.37, 0.38),
    "white": (0.62, 0.63, 0.64, 0.65),
    "cream": (0.45, 0.52, 0.55, 0.58),
    "blue": (0.22, 0.14, 0.08, 0.12),
    "orange": (0.08, 0.18, 0.50, 0.55),
    "yellow": (0.12, 0.42, 0.50, 0.55),
    "buff": (0.22, 0.28, 0.34, 0.40),
}
TOPSIDES = ("black", "black", "navy", "red", "grey", "green", "blue", "light", "rust", "white")
BOOTS = ("red", "red", "brown", "rust", "green", "navy")
DECKS = ("red", "brown", "rust", "green", "grey", "green", "buff", "blue")
HOUSES = ("white", "white", "cream", "cream", "light", "buff")
LEVELS = 4  # of the shell between the boot-topping and the deck
STATIONS = 64  # along the outline: on the longest hulls 5 m apart (our choice)


@dataclass(frozen=True, slots=True)
class Form:
    """One hull's own shape and paint; fractions are of length or beam, heights in metres."""

    bow: float  # share of the length over which the deck narrows forward
    bow_power: float  # larger: blunter
    stern: float  # share over which it narrows aft
    transom: float  # width there over the beam
    rake: float  # how far the stem leans out over its foot, share of the length
    flare: float  # by which the side leans outwards from keel to deck, share of the half-breadth, amidships
    bow_flare: float
    sheer: tuple[float, float]  # rise of the deck at stem and stern over amidships [m]
    forecastle: tuple[float, float]  # share of the length, height [m]
    poop: tuple[float, float]
    trim_m: float  # draught aft less draught forward, when light
    topside: Colour
    boot: Colour
    deck: Colour
    house: Colour
    gear: Colour
    boot_gap_m: float  # the boot-topping's upper edge lies so far above the load line
    seed: int  # for the deck's clutter


def hull_form(hull: Hull) -> Form:
    """The form of a ship, always the same for the same ship."""
    digest = hashlib.sha256(f"0/{hull.ship_id}/{hull.kind}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "little"))
    full = hull.is_tanker or hull.kind in {"bulk_carrier", "general_cargo"}
    small = hull.length_m < 45

    def paint(names: tuple[str, ...], spread: float = 0.25) -> Colour:
        base = np.array(PAINT[str(rng.choice(names))]) * float(np.exp(spread * rng.normal()))
        return tuple(float(v) for v in np.clip(base, 0.015, 0.8))  # type: ignore[return-value]

    deck = paint(DECKS)
    dim = float(np.mean(deck[:3]))
    deck = tuple(float(np.clip(v * hull.deck_shade / dim * rng.uniform(0.7, 1.3), 0.02, 0.7)) for v in deck)  # type: ignore[assignment]
    castle = hull.kind in {"product_tanker", "general_cargo"} and rng.random() < 0.7
    flare = {"container_ship": rng.uniform(0.0, 0.10), "tug": 0.06, "fishing": 0.1}.get(hull.kind, rng.uniform(0, 0.02))
    return Form(
        bow=rng.uniform(0.12, 0.20) if full else rng.uniform(0.22, 0.34),
        bow_power=rng.uniform(2.2, 3.4) if full else rng.uniform(1.6, 2.3),
        stern=rng.uniform(0.06, 0.14),
        transom=rng.uniform(0.55, 0.9) if not small else rng.uniform(0.75, 0.95),
        rake=rng.uniform(0.01, 0.035) if full else rng.uniform(0.03, 0.06),
        flare=float(flare),
        bow_flare=rng.uniform(0.05, 0.2) if full else rng.uniform(0.15, 0.4),
        sheer=(rng.uniform(0.0, 0.012) * hull.length_m, rng.uniform(0.0, 0.006) * hull.length_m),
        forecastle=(rng.uniform(0.07, 0.11), rng.uniform(1.8, 2.8)) if castle or rng.random() < 0.4 else (0.0, 0.0),
        poop=(rng.uniform(0.2, 0.27), rng.uniform(1.8, 2.6)) if castle and rng.random() < 0.5 else (0.0, 0.0),
        trim_m=rng.uniform(0.0, 0.012) * hull.length_m,
        topside=paint(TOPSIDES),
        boot=paint(BOOTS),
        deck=deck,
        house=paint(HOUSES, 0.12),
        gear=paint(("light", "grey", "white", "buff", "red", "green"), 0.2),
        boot_gap_m=rng.uniform(-0.2, 0.5),
        seed=int(rng.integers(1 << 31)),
    )


def deck_height(form: Form, hull: Hull, t: FloatArray) -> FloatArray:
    """Keel to deck [m] at shares ``t`` of the length from the stern; `Hull.depth_m` amidships."""
    fore, aft = np.clip((t - 0.6) / 0.4, 0, 1) ** 2, np.clip((0.4 - t) / 0.4, 0, 1) ** 2
    height = hull.depth_m + form.sheer[0] * fore + form.sheer[1] * aft
    height = height + np.where(t >= 1 - form.forecastle[0], form.forecastle[1], 0.0) * (form.forecastle[0] > 0)
    return height + np.where(t <= form.poop[0], form.poop[1], 0.0) * (form.poop[0] > 0)


def half_breadth(form: Form, hull: Hull, t: FloatArray, q: FloatArray) -> FloatArray:
    """Half-breadth [m] at shares ``t`` of the length and ``q`` of the depth."""
    fine = 1 + 1.4 * (1 - q) * form.bow_flare / 0.2 * 0.3  # lower waterlines taper over a longer bow
    ahead = np.clip((t - (1 - form.bow * fine)) / (form.bow * fine), 0, 1)
    bow = np.sqrt(np.clip(1 - ahead**form.bow_power, 0, 1))
    run = form.stern * (1 + 1.5 * (1 - q))
    astern = np.clip((run - t) / run, 0, 1)
    aft = 1 - (1 - form.transom * np.clip(0.35 + 0.65 * q, 0, 1)) * astern**2
    return hull.beam_m / 2 * (1 - form.flare * (1 - q)) * bow * aft


def shell(form: Form, hull: Hull, draught_m: float, trim_m: float) -> Mesh:
    """Sides, transom and deck of the hull above water. Half of the trim lowers the stern, half raises the bow."""
    t = np.unique(
        np.r_[
            np.linspace(0, 1 - form.bow, STATIONS // 2),
            1 - form.bow * np.linspace(1, 0, STATIONS // 2) ** 1.5,
            *([b - 1e-6, b + 1e-6] for b in (form.poop[0], 1 - form.forecastle[0]) if 0 < b < 1),
        ]
    )
    t = t[(t >= 0) & (t <= 1)]
    depth = deck_height(form, hull, t)
    sunk = draught_m + trim_m * (0.5 - t)
    top = depth - sunk
    boot = np.clip(hull.design_draught_m + form.boot_gap_m - draught_m, 0.0, top - 0.2)
    levels = [np.zeros_like(t), boot, *(boot + (top - boot) * share for share in np.arange(1, LEVELS + 1) / LEVELS)]
    rings = [_ring(form, hull, t, z, np.clip((sunk + z) / depth, 0, 1)) for z in levels]
    parts = []
    for n, (low, high) in enumerate(itertools.pairwise(rings)):
        paint = form.boot if n == 0 else form.topside
        for side in (1.0, -1.0):
            a, b = low * [1, side, 1], high * [1, side, 1]
            parts.append(quads(a[:-1], a[1:], b[1:], b[:-1], paint))
        mirror = [1, -1, 1]
        parts.append(quads(low[:1], low[:1] * mirror, high[:1] * mirror, high[:1], paint))  # the transom
    deck = rings[-1]
    parts.append(quads(deck[:-1], deck[1:], deck[1:] * [1, -1, 1], deck[:-1] * [1, -1, 1], form.deck))
    return Mesh.merged(parts)


def _ring(form: Form, hull: Hull, t: FloatArray, z: FloatArray, q: FloatArray) -> FloatArray:
    """The starboard waterline at heights ``z``: (n, 3). The stem leans forward towards the deck."""
    lean = form.rake * hull.length_m * (1 - q) ** 1.3
    ahead = hull.length_m * (t - 0.5) - lean * t**4
    return np.column_stack([ahead, half_breadth(form, hull, t, q), z])
