"""Meshes of simulated ships with their deck gear: houses, pipes and manifolds, hatches, cranes, containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.simulation.hull_forms import PAINT, Form, deck_height, hull_form, shell
from pipeline.simulation.mesh import Colour, Mesh, beam, box, cylinder

if TYPE_CHECKING:
    from pipeline.simulation.ships import Hull, ShipState

CONTAINER_PAINTS = ("red", "blue", "navy", "green", "orange", "grey", "white", "rust", "buff")  # paint of containers
CONTAINER_M = (2.44, 2.6)  # width and height of a container (ISO 668)
BAY_M = 13.2  # a forty-foot bay with its lashing gap
TIER_M = 2.7  # of a deckhouse


def ship_mesh(state: ShipState) -> Mesh:
    """Mesh of a ship at her draught and trim, in her own coordinates."""
    hull = state.hull
    form = hull_form(hull)
    light = float(np.clip(2 * (1 - state.draught_m / max(hull.design_draught_m, 0.1)), 0, 1))
    trim = min(form.trim_m * light, 0.5 * state.draught_m)
    rng = np.random.default_rng(form.seed)

    def deck_m(share: float) -> float:
        """Height of the deck over water [m] at a share of the length from the stern."""
        at = np.array([share])
        return float(deck_height(form, hull, at)[0] - state.draught_m - trim * (0.5 - share))

    parts = [shell(form, hull, state.draught_m, trim), *_house(form, hull, deck_m, rng)]
    draw = {
        "bulk_carrier": _bulk_carrier,
        "container_ship": _container_ship,
        "general_cargo": _coaster,
        "tug": _tug,
        "fishing": _tug,
    }.get(hull.kind, _tanker)
    parts += draw(form, hull, deck_m, rng)
    return Mesh.merged(parts)


def house_span(hull: Hull) -> tuple[float, float]:
    """The house's ends as shares of the length from the stern."""
    middle = {"aft": 0.13, "midships": 0.5, "forward": 0.8}[hull.superstructure]
    half = min(0.055, 8.0 / hull.length_m) if hull.length_m > 45 else 0.14
    return max(0.035, middle - half), middle + half


def _house(form: Form, hull: Hull, deck_m, rng: np.random.Generator) -> list[Mesh]:  # type: ignore[no-untyped-def]
    """The house: tiers that step back, bridge wings, a funnel behind, boats at the sides, a mast."""
    length, beam_m = hull.length_m, hull.beam_m
    start, end = house_span(hull)
    tiers = int(np.clip(round(length / 38 + rng.uniform(0.5, 2)), 1, 8)) if length > 45 else int(rng.integers(1, 3))
    x0, x1 = (start - 0.5) * length, (end - 0.5) * length
    base = deck_m((start + end) / 2)
    width = beam_m * rng.uniform(0.60, 0.86) / 2
    parts = []
    for n in range(tiers):
        back = 0.05 * n * (x1 - x0)
        half = width * (1 - 0.03 * n)
        height = base + TIER_M * (n + 1)
        parts.append(box((x0 + back, x1), (-half, half), (base + TIER_M * n, height), form.house))
    roof = base + TIER_M * tiers
    if length > 45:
        parts.append(box((x1 - 4.0, x1), (-beam_m / 2, beam_m / 2), (roof - 1.2, roof - 0.9), form.house))  # the wings
        funnel = PAINT[str(rng.choice(("black", "red", "blue", "cream", "green")))]
        wide, long = 0.09 * beam_m, min(5.0, 0.04 * length)
        behind = x0 - long - 1.0
        if behind > -0.5 * length + 1:
            parts.append(box((behind, behind + long), (-wide, wide), (base, roof + rng.uniform(0, 4)), funnel))
        for side in (-1, 1):
            parts.append(
                box((x0, x0 + 6.0), (side * width, side * (width + 1.8)), (base + 3, base + 5), PAINT["orange"])
            )
    parts.append(cylinder(((x0 + x1) / 2, 0.0), 0.25, (roof, roof + 6.0), form.house))
    return parts


def _cargo_deck(form: Form, hull: Hull) -> tuple[float, float]:
    """Shares of the length between which cargo is carried."""
    start, end = house_span(hull)
    ahead = 1 - max(form.forecastle[0], 0.06) - 0.06
    return (end + 0.02, ahead) if hull.superstructure != "forward" else (0.06, start - 0.02)


def _tanker(form: Form, hull: Hull, deck_m, rng: np.random.Generator) -> list[Mesh]:  # type: ignore[no-untyped-def]
    """A pipe rack along the middle, a manifold across, a hose crane, domes and vents, a catwalk."""
    low, high = _cargo_deck(form, hull)
    length, beam_m = hull.length_m, hull.beam_m
    middle = (low + high) / 2 + rng.uniform(-0.04, 0.04)

    def at(share: float) -> float:
        return (share - 0.5) * length

    rack = rng.uniform(0.04, 0.09) * beam_m
    deck = deck_m(middle)
    parts = [box((at(low), at(high)), (-rack, rack), (deck, deck + rng.uniform(0.8, 2.2)), form.gear)]
    for n in range(int(rng.integers(2, 5))):  # lines of the manifold
        x = at(middle) + 1.6 * n
        parts.append(box((x, x + 0.6), (-0.40 * beam_m, 0.40 * beam_m), (deck + 0.6, deck + 1.3), form.gear))
    tray = rng.uniform(1.2, 2.2)
    for side in (-1, 1):
        parts.append(box((at(middle) - 1, at(middle) + 7), (side * 0.43 * beam_m, side * 0.43 * beam_m - side * tray),
                         (deck, deck + 0.5), form.gear))  # fmt: skip
    crane = at(middle) + rng.uniform(-4, 4)
    height = rng.uniform(5, 9)
    parts.append(cylinder((crane, rack + 1.5), 0.6, (deck, deck + height), form.house))
    parts.append(beam((crane, rack + 1.5, deck + height), (crane - 0.1 * length, rack + 1.0, deck + height - 1.5), 0.9,
                      form.house))  # fmt: skip
    for share in np.linspace(low + 0.03, high - 0.03, int(rng.integers(5, 10))):
        for side in (-1, 1):
            parts.append(cylinder((at(share), side * beam_m * rng.uniform(0.15, 0.34)), rng.uniform(0.5, 1.1),
                                  (deck, deck + rng.uniform(0.5, 1.2)), form.gear))  # fmt: skip
    return parts


def _hatches(form: Form, hull: Hull, deck_m, count: int, cover: Colour, beam_share: float, high_m: float) -> list[Mesh]:  # type: ignore[no-untyped-def]
    low, end = _cargo_deck(form, hull)
    pitch = (end - low) / count
    parts = []
    for n in range(count):
        a, b = low + pitch * (n + 0.10), low + pitch * (n + 0.84)
        deck = deck_m((a + b) / 2)
        half = beam_share * hull.beam_m / 2
        parts.append(box(((a - 0.5) * hull.length_m, (b - 0.5) * hull.length_m), (-half, half),
                         (deck, deck + high_m), form.deck, cover))  # fmt: skip
    return parts


def _bulk_carrier(form: Form, hull: Hull, deck_m, rng: np.random.Generator) -> list[Mesh]:  # type: ignore[no-untyped-def]
    count = int(np.clip(round(hull.length_m / 32), 3, 9))
    cover = PAINT[str(rng.choice(("rust", "grey", "green", "buff", "red", "light")))]
    parts = _hatches(form, hull, deck_m, count, cover, rng.uniform(0.45, 0.62), rng.uniform(1.8, 3.0))
    if hull.length_m < 205 and rng.random() < 0.7:
        low, end = _cargo_deck(form, hull)
        for n in range(1, count):
            share = low + (end - low) * n / count - 0.01
            parts += _crane(hull, share, 0.0, deck_m(share), rng, form)
    return parts


def _crane(hull: Hull, share: float, abeam: float, deck: float, rng: np.random.Generator, form: Form) -> list[Mesh]:
    height = rng.uniform(9, 17) * min(1.0, hull.beam_m / 20)
    x = (share - 0.5) * hull.length_m
    reach = min(0.14 * hull.length_m, 26.0)
    swing = rng.uniform(-0.4, 0.4)
    tip = (x - reach * np.cos(swing), abeam + reach * np.sin(swing) * 0.5, deck + height * rng.uniform(0.5, 0.9))
    paint = form.gear
    return [
        cylinder((x, abeam), min(1.6, 0.07 * hull.beam_m), (deck, deck + height), paint),
        box((x - 2, x + 2), (abeam - 1.6, abeam + 1.6), (deck + height - 4, deck + height), paint),
        beam((x, abeam, deck + height - 1), tip, 1.4, paint),
    ]


def _coaster(form: Form, hull: Hull, deck_m, rng: np.random.Generator) -> list[Mesh]:  # type: ignore[no-untyped-def]
    """One to three long hatches; two cranes at one side on some."""
    cover = PAINT[str(rng.choice(("rust", "grey", "green", "buff", "blue", "light")))]
    parts = _hatches(form, hull, deck_m, int(rng.integers(1, 4)), cover, rng.uniform(0.62, 0.78), rng.uniform(1.0, 2.2))
    if rng.random() < 0.5:
        low, end = _cargo_deck(form, hull)
        for share in (low + 0.3 * (end - low), low + 0.7 * (end - low)):
            parts += _crane(hull, share, 0.36 * hull.beam_m, deck_m(share), rng, form)
    return parts


def _container_ship(form: Form, hull: Hull, deck_m, rng: np.random.Generator) -> list[Mesh]:  # type: ignore[no-untyped-def]
    low, end = _cargo_deck(form, hull)
    rows = int(hull.beam_m * 0.97 // CONTAINER_M[0])
    parts = []
    for x in np.arange((low - 0.5) * hull.length_m, (end - 0.5) * hull.length_m - BAY_M, BAY_M):
        deck = deck_m(x / hull.length_m + 0.5) + 1.5
        usual = rng.integers(0, 6)
        narrow = 1.0 if x < 0.22 * hull.length_m else 0.72
        for n in range(rows):
            abeam = (n - rows / 2) * CONTAINER_M[0]
            tiers = int(np.clip(usual + rng.integers(-1, 2), 0, 7))
            if tiers == 0 or abs(abeam + CONTAINER_M[0] / 2) > narrow * hull.beam_m / 2:
                continue
            paint = PAINT[str(rng.choice(CONTAINER_PAINTS))]
            parts.append(
                box(
                    (x, x + 12.2),
                    (abeam, abeam + CONTAINER_M[0] - 0.05),
                    (deck - 1.5, deck + tiers * CONTAINER_M[1]),
                    paint,
                )
            )
    return parts


def _tug(form: Form, hull: Hull, deck_m, rng: np.random.Generator) -> list[Mesh]:  # type: ignore[no-untyped-def]
    """A winch and some gear on a short deck."""
    deck = deck_m(0.5)
    x = rng.uniform(-0.2, 0.1) * hull.length_m
    return [box((x, x + 2.0), (-0.2 * hull.beam_m, 0.2 * hull.beam_m), (deck, deck + 1.5), form.gear)]
