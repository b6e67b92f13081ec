"""Hulls seen from above at a few metres' resolution: outline, deck, hatches or containers or pipes, house, shadow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tools.hull_network.canvas import Canvas, rectangle
from tools.hull_network.materials import BOXES, DECKS, spectrum

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABELLED_M = 48.0  # shorter boats are drawn without a label, as in the real labels


@dataclass(frozen=True, slots=True)
class Vessel:
    """Size and place of one hull [m, radians]."""

    x: float
    y: float
    length: float
    beam: float
    angle: float

    @property
    def outline(self) -> NDArray[np.float64]:
        """Hull with a pointed bow and a rounded stern, shape (n, 2)."""
        u = np.array([0.5, 0.44, 0.34, -0.44, -0.5, -0.5, -0.44, 0.34, 0.44]) * self.length
        v = np.array([0.0, 0.28, 0.5, 0.5, 0.38, -0.38, -0.5, -0.5, -0.28]) * self.beam
        c, s = np.cos(self.angle), np.sin(self.angle)
        return np.column_stack([self.x + u * c - v * s, self.y + u * s + v * c])

    def part(self, along: float, across: float, length: float, width: float) -> NDArray[np.float64]:
        """A rectangle on deck; position and size as fractions of length and beam."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        u, v = along * self.length, across * self.beam
        return rectangle(
            self.x + u * c - v * s, self.y + u * s + v * c, length * self.length, width * self.beam, self.angle
        )


def any_size(rng: np.random.Generator, shortest: float = 35.0) -> tuple[float, float]:
    """Length and beam [m] of a ship, distributed as in ports: many of 60 to 200 m, some of 400 m."""
    length = float(np.exp(rng.uniform(np.log(shortest), np.log(390.0))))
    ratio = rng.uniform(5.0, 8.0) if length > 90 else rng.uniform(3.4, 6.2)
    return length, min(length / ratio, 62.0)


def draw(canvas: Canvas, ship: Vessel, number: int, sun: tuple[float, float], rng: np.random.Generator) -> None:
    """Draw a ship with her shadow; ``sun`` is the shadow's direction and metres per metre of height."""
    height = np.clip(ship.length * rng.uniform(0.03, 0.11), 2, 30)
    away = sun[1] * height * np.array([np.cos(sun[0]), np.sin(sun[0])])
    for step in (0.5, 1.0):
        canvas.shade(ship.outline + away * step, 0.75)
    outline = ship.outline
    found = canvas.mask(outline)
    if found is None:
        return
    deck = spectrum(str(rng.choice(DECKS)), rng, 0.35, 0.15)
    if rng.random() < 0.12:
        deck = spectrum("white_paint", rng, 0.4, 0.05)
    canvas.fill(outline, deck, land=False)
    kind = rng.choice(["boxes", "bulk", "tanker", "passenger", "plain", "general"], p=[0.22, 0.2, 0.2, 0.12, 0.16, 0.1])
    {"boxes": _boxes, "bulk": _hatches, "tanker": _pipes, "passenger": _decks, "plain": _plain, "general": _general}[
        kind
    ](canvas, ship, rng)
    if ship.length < LABELLED_M:
        number = -1
    canvas.claim(outline, number)
    canvas.sizes[number] = (ship.length, ship.beam)


def _house(canvas: Canvas, ship: Vessel, rng: np.random.Generator) -> None:
    along = rng.choice([-0.4, -0.36, -0.3, 0.3, 0.4], p=[0.35, 0.3, 0.15, 0.1, 0.1])
    long = np.clip(rng.uniform(10, 25) / ship.length, 0.05, 0.25)
    canvas.fill(ship.part(along, 0, long, rng.uniform(0.6, 0.98)), spectrum("white_paint", rng, 0.3, 0.06))
    canvas.shade(ship.part(along + long, 0, long * 0.6, 0.9), rng.uniform(0.5, 1.0))


def _rows(canvas: Canvas, ship: Vessel, names: tuple[str, ...], rng: np.random.Generator, mixed: bool) -> None:
    count = int(np.clip(ship.length / rng.uniform(14, 32), 2, 20))
    first, last = rng.uniform(-0.34, -0.25), rng.uniform(0.28, 0.38)
    pitch = (last - first) / count
    colour = spectrum(str(rng.choice(names)), rng, 0.3, 0.15)
    width = rng.uniform(0.55, 0.95)
    for k in range(count):
        if rng.random() < 0.1:
            continue
        one = spectrum(str(rng.choice(names)), rng, 0.3, 0.15) if mixed else colour
        canvas.fill(ship.part(first + (k + 0.5) * pitch, 0, pitch * rng.uniform(0.6, 0.95), width), one)


def _boxes(canvas: Canvas, ship: Vessel, rng: np.random.Generator) -> None:
    _rows(canvas, ship, BOXES, rng, mixed=True)
    for _ in range(int(rng.integers(0, 8))):
        canvas.fill(
            ship.part(rng.uniform(-0.3, 0.35), rng.uniform(-0.3, 0.3), rng.uniform(0.03, 0.12), rng.uniform(0.2, 0.5)),
            spectrum(str(rng.choice(BOXES)), rng),
        )
    _house(canvas, ship, rng)


def _hatches(canvas: Canvas, ship: Vessel, rng: np.random.Generator) -> None:
    _rows(canvas, ship, (*DECKS, "grey_roof", "buff_deck"), rng, mixed=False)
    _house(canvas, ship, rng)


def _pipes(canvas: Canvas, ship: Vessel, rng: np.random.Generator) -> None:
    canvas.fill(ship.part(0.03, 0, 0.7, rng.uniform(0.06, 0.16)), spectrum("grey_deck", rng, 0.4))
    canvas.fill(ship.part(rng.uniform(-0.05, 0.05), 0, 0.03, 0.8), spectrum("grey_deck", rng, 0.4))
    _house(canvas, ship, rng)


def _decks(canvas: Canvas, ship: Vessel, rng: np.random.Generator) -> None:
    white = spectrum("white_paint", rng, 0.3, 0.05)
    canvas.fill(ship.part(rng.uniform(-0.08, 0.02), 0, rng.uniform(0.65, 0.85), rng.uniform(0.75, 1.0)), white)
    for _ in range(int(rng.integers(1, 5))):
        canvas.fill(
            ship.part(rng.uniform(-0.4, 0.3), 0, rng.uniform(0.04, 0.2), rng.uniform(0.3, 0.8)),
            spectrum(str(rng.choice(("blue_deck", "green_deck", "grey_deck", "buff_deck", "dark_deck"))), rng),
        )


def _plain(canvas: Canvas, ship: Vessel, rng: np.random.Generator) -> None:
    if rng.random() < 0.7:
        _house(canvas, ship, rng)


def _general(canvas: Canvas, ship: Vessel, rng: np.random.Generator) -> None:
    _rows(canvas, ship, (*BOXES, "buff_deck", "soil"), rng, mixed=True)
    for along in rng.uniform(-0.25, 0.3, int(rng.integers(0, 4))):
        canvas.fill(ship.part(along, rng.uniform(-0.3, 0.3), 0.02, 0.6), spectrum("white_paint", rng, 0.4))
    _house(canvas, ship, rng)
