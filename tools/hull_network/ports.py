"""Simulated ports: quays, finger piers, basins, jetties, breakwaters, marinas, islets, and the objects on them.

None is a real port. Shapes and sizes vary widely, since a network trained on too tidy a world fails in the real one.
Objects that are mistaken for ships (sheds and container stacks along the edge, empty piers, pontoons, breakwater heads,
islets, foam) are drawn as often as ships.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tools.hull_network import materials, vessels
from tools.hull_network.canvas import BANDS, PIXEL_M, Canvas, rectangle, seen
from tools.hull_network.materials import BOXES, GROUND, HEAPS, HINTERLAND, ROOFS, spectrum
from tools.hull_network.vessels import Vessel

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE_PX = 144
SIDE_M = SIDE_PX * PIXEL_M


@dataclass(frozen=True, slots=True)
class Edge:
    """A straight quay from (x0, y0) to (x1, y1); water lies to the side of ``(nx, ny)``."""

    x0: float
    y0: float
    x1: float
    y1: float
    nx: float
    ny: float

    @property
    def length(self) -> float:
        """Length of the quay [m]."""
        return float(np.hypot(self.x1 - self.x0, self.y1 - self.y0))

    @property
    def angle(self) -> float:
        """Direction along the quay [rad]."""
        return float(np.arctan2(self.y1 - self.y0, self.x1 - self.x0))

    def at(self, along: float, off: float) -> tuple[float, float]:
        """The point ``along`` metres from the start and ``off`` metres out on the water."""
        t = along / self.length
        return (
            self.x0 + t * (self.x1 - self.x0) + off * self.nx,
            self.y0 + t * (self.y1 - self.y0) + off * self.ny,
        )


def port(seed: int) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.int32]]:
    """Reflectance (5, side, side), land and hull numbers (side, side; negative: unlabelled boat) of one port."""
    light, canvas = drawn(seed)
    return light, canvas.land[1::4, 1::4].copy(), canvas.hull[1::4, 1::4].copy()


def drawn(seed: int) -> tuple[NDArray[np.float32], Canvas]:
    """Reflectance (5, side, side) of one port, and its canvas."""
    rng = np.random.default_rng(seed)
    water = materials.water(rng)
    canvas = Canvas(SIDE_PX, water, rng.uniform(0, 2 * np.pi))
    edges: list[Edge] = []
    shore = rng.uniform(0.2, 0.85) * SIDE_M
    if rng.random() < 0.88:
        edges += _mainland(canvas, shore, rng)
        for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.35, 0.3, 0.2, 0.15]))):
            edges += _finger(canvas, shore, rng)
        for _ in range(int(rng.choice([0, 1, 2], p=[0.6, 0.3, 0.1]))):
            edges += _basin(canvas, shore, water, rng)
    else:
        shore = 1.3 * SIDE_M
    for draw, chance in ((_breakwater, 0.45), (_marina, 0.25), (_islets, 0.15), (_jetty, 0.3), (_pontoons, 0.2)):
        if rng.random() < chance:
            edges += draw(canvas, shore, rng)
    _grain(canvas, rng)
    sun = (rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 2.5))
    _berth(canvas, edges, sun, rng)
    _afloat(canvas, shore, sun, rng)
    light = seen(canvas.light, rng)
    light += rng.normal(0, 1, light.shape).astype(np.float32) * rng.uniform(0.0005, 0.004)
    if rng.random() < 0.12:
        light = _clouded(light, rng)
    return light.astype(np.float32), canvas


def _mainland(canvas: Canvas, shore: float, rng: np.random.Generator) -> list[Edge]:
    """Land from the shore downwards: a quay or a natural coast."""
    ground = spectrum(str(rng.choice(GROUND)), rng)
    x = np.linspace(-0.5 * SIDE_M, 1.5 * SIDE_M, 60)
    natural = rng.random() < 0.25
    bend = rng.normal(0, 1, 60).cumsum() * rng.uniform(3, 25) if natural else np.zeros(60)
    line = np.column_stack([x, shore + bend - bend[30]])
    canvas.fill(np.vstack([line, [[1.5 * SIDE_M, 2 * SIDE_M], [-0.5 * SIDE_M, 2 * SIDE_M]]]), ground, land=True)
    deep = shore + rng.uniform(60, 500)
    for _ in range(int(rng.integers(40, 260))):
        size = np.exp(rng.uniform(np.log(15), np.log(220), 2))
        at = rng.uniform(-0.5 * SIDE_M, 1.5 * SIDE_M), rng.uniform(deep + size[1] / 2, 2 * SIDE_M)
        canvas.fill(rectangle(*at, *size, rng.normal(0, 0.3)), spectrum(str(rng.choice(HINTERLAND + ROOFS)), rng))
    _furnish(canvas, (-0.45 * SIDE_M, shore + 3, 1.45 * SIDE_M, deep), rng)
    if natural:
        return []
    return [Edge(x0, shore, x0 + 500, shore, 0, -1) for x0 in np.arange(-0.3 * SIDE_M, 1.2 * SIDE_M, 500)]


def _finger(canvas: Canvas, shore: float, rng: np.random.Generator) -> list[Edge]:
    """A pier from the shore into the water, empty or built on."""
    width = float(np.exp(rng.uniform(np.log(12), np.log(350))))
    long = rng.uniform(80, 700)
    x = rng.uniform(-0.1, 1.1) * SIDE_M
    lean = rng.normal(0, 0.2) if rng.random() < 0.5 else 0.0
    foot, head = shore + 5, shore - long
    shift = lean * long
    corners = np.array(
        [[x - width / 2, foot], [x + width / 2, foot], [x + width / 2 + shift, head], [x - width / 2 + shift, head]]
    )
    canvas.fill(corners, spectrum(str(rng.choice(GROUND)), rng), land=True)
    if width > 30 and rng.random() < 0.8:
        _furnish(canvas, (x - width / 2 + 4, head + 4, x + width / 2 - 4, foot), rng, lean=lean, foot=foot)
    n = np.array([np.cos(np.arctan(lean)), np.sin(np.arctan(lean))])
    out = [
        Edge(corners[0][0], foot, corners[3][0], head, -n[0], -n[1]),
        Edge(corners[1][0], foot, corners[2][0], head, n[0], n[1]),
    ]
    if width > 50:
        out.append(Edge(corners[3][0], head, corners[2][0], head, 0, -1))
    return out


def _basin(canvas: Canvas, shore: float, water: NDArray[np.float32], rng: np.random.Generator) -> list[Edge]:
    """Water cut into the land: a dock basin, from one hull's width upwards."""
    width = float(np.exp(rng.uniform(np.log(40), np.log(320))))
    long = rng.uniform(100, 600)
    x = rng.uniform(0, 1) * SIDE_M
    dark = (water * rng.uniform(0.7, 1.2)).astype(np.float32)
    canvas.fill(rectangle(x, shore + long / 2 - 4, width, long + 8, 0.0), dark, land=False)
    return [
        Edge(x - width / 2, shore, x - width / 2, shore + long, 1, 0),
        Edge(x + width / 2, shore, x + width / 2, shore + long, -1, 0),
        Edge(x - width / 2, shore + long, x + width / 2, shore + long, 0, -1),
    ]


def _furnish(
    canvas: Canvas,
    area: tuple[float, float, float, float],
    rng: np.random.Generator,
    lean: float = 0.0,
    foot: float = 0.0,
) -> None:
    """Sheds, container stacks, heaps, tanks, roads and rails, mostly along the edge, parallel to ships."""
    x0, y0, x1, y1 = area
    amount = rng.uniform(0.3, 3.0)
    kinds = rng.choice(["shed", "boxes", "heap", "tank", "road", "wagons", "crane"], size=int(rng.integers(1, 4)))
    long_x = (x1 - x0) > (y1 - y0)
    for _ in range(int(amount * (x1 - x0) * (y1 - y0) / 9000) + 2):
        kind = rng.choice(kinds)
        x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        at = (x - lean * (y - foot), y)
        along = 0.0 if (long_x ^ (rng.random() < 0.2)) else np.pi / 2
        if kind == "shed":
            size = (np.exp(rng.uniform(np.log(30), np.log(220))), rng.uniform(15, 60))
            canvas.fill(_kept(rectangle(*at, *size, along), area), spectrum(str(rng.choice(ROOFS)), rng))
        elif kind == "boxes":
            many = spectrum(str(rng.choice(BOXES)), rng)
            for row in range(int(rng.integers(1, 6))):
                off = row * rng.uniform(14, 28)
                place = (at[0] - off * np.sin(along), at[1] + off * np.cos(along))
                colour = many if rng.random() < 0.3 else spectrum(str(rng.choice(BOXES)), rng)
                canvas.fill(_kept(rectangle(*place, rng.uniform(30, 200), rng.uniform(8, 18), along), area), colour)
        elif kind == "heap":
            size = rng.uniform(20, 120), rng.uniform(15, 50)
            canvas.fill(_kept(rectangle(*at, *size, along), area), spectrum(str(rng.choice(HEAPS)), rng))
        elif kind == "tank":
            t = np.linspace(0, 2 * np.pi, 20)
            ring = np.column_stack([np.cos(t), np.sin(t)]) * rng.uniform(8, 35) + np.array(at)
            canvas.fill(_kept(ring, area), spectrum(str(rng.choice(ROOFS)), rng))
        else:
            wide, what = (
                (rng.uniform(5, 14), "asphalt") if kind == "road" else (rng.uniform(3, 8), str(rng.choice(BOXES)))
            )
            canvas.fill(_kept(rectangle(*at, rng.uniform(40, 300), wide, along), area), spectrum(what, rng))


def _kept(corners: NDArray[np.float64], area: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """The polygon, clipped to the area it stands on."""
    x0, y0, x1, y1 = area
    return np.column_stack([corners[:, 0].clip(x0, x1), corners[:, 1].clip(y0, y1)])


def _strip(canvas: Canvas, points: NDArray[np.float64], width: float, colour: NDArray[np.float32]) -> None:
    for (xa, ya), (xb, yb) in pairwise(points):
        long = np.hypot(xb - xa, yb - ya)
        corners = rectangle((xa + xb) / 2, (ya + yb) / 2, long + width / 2, width, np.arctan2(yb - ya, xb - xa))
        canvas.fill(corners, colour, land=True)


def _breakwater(canvas: Canvas, shore: float, rng: np.random.Generator) -> list[Edge]:
    """One to three bent arms, some with a thicker head, some broken."""
    for _ in range(int(rng.integers(1, 4))):
        colour = spectrum(str(rng.choice(("rock", "concrete", "bright_concrete"))), rng, 0.35)
        angle = rng.uniform(0, 2 * np.pi)
        points = [np.array([rng.uniform(0, SIDE_M), rng.uniform(0, max(200.0, shore))])]
        for _ in range(int(rng.integers(1, 6))):
            angle += rng.normal(0, 0.35)
            points.append(points[-1] + rng.uniform(60, 350) * np.array([np.cos(angle), np.sin(angle)]))
        width = rng.uniform(8, 35)
        _strip(canvas, np.array(points), width, colour)
        if rng.random() < 0.5:
            canvas.fill(
                rectangle(*points[-1], width * rng.uniform(1.2, 3), width * rng.uniform(1.2, 2.5), angle),
                colour,
                land=True,
            )
    return []


def _marina(canvas: Canvas, shore: float, rng: np.random.Generator) -> list[Edge]:
    """Comb-like pontoons with boats too small for a label."""
    x, y = rng.uniform(0, SIDE_M), rng.uniform(0, max(300.0, shore - 80))
    pitch, teeth, long = rng.uniform(25, 60), int(rng.integers(3, 9)), rng.uniform(60, 200)
    colour = spectrum("concrete", rng)
    canvas.fill(rectangle(x + pitch * teeth / 2, y, pitch * teeth, 5, 0), colour)
    for k in range(teeth):
        xk = x + (k + 0.5) * pitch
        canvas.fill(rectangle(xk, y - long / 2, 3, long, 0), colour)
        for at in np.arange(6, long, rng.uniform(5, 9)):
            for side in (-1, 1):
                if rng.random() < 0.75:
                    size = rng.uniform(6, min(18, pitch * 0.45))
                    canvas.fill(
                        rectangle(xk + side * size / 2, y - at, size, size / 3, 0), spectrum("white_paint", rng, 0.4)
                    )
    box = rectangle(x + pitch * teeth / 2, y - long / 2, pitch * teeth, long, 0)
    canvas.claim(box, -1)
    return []


def _islets(canvas: Canvas, shore: float, rng: np.random.Generator) -> list[Edge]:
    """Rocks and islets, some as large as ships."""
    for _ in range(int(rng.integers(1, 7))):
        x, y = rng.uniform(0, SIDE_M), rng.uniform(0, max(200.0, shore))
        t = np.sort(rng.uniform(0, 2 * np.pi, 14))
        r = rng.uniform(8, 90) * np.exp(rng.normal(0, 0.25, 14))
        stretch = rng.uniform(1, 2.5)
        corners = np.column_stack([x + stretch * r * np.cos(t), y + r * np.sin(t)])
        canvas.fill(corners, spectrum(str(rng.choice(("rock", "vegetation", "soil", "dry_grass"))), rng), land=True)
        if rng.random() < 0.4:
            canvas.add(corners * 1.0 + rng.normal(0, 8, 2), np.full(BANDS, rng.uniform(0.02, 0.2), np.float32))
    return []


def _jetty(canvas: Canvas, shore: float, rng: np.random.Generator) -> list[Edge]:
    """An oil jetty: trestle, platform, dolphins; ships lie along its head."""
    x = rng.uniform(0.1, 0.9) * SIDE_M
    long = rng.uniform(120, 900)
    colour = spectrum(str(rng.choice(("concrete", "grey_deck", "asphalt"))), rng)
    head = shore - long
    canvas.fill(rectangle(x, (shore + head) / 2, rng.uniform(4, 12), long, 0), colour)
    wide = rng.uniform(30, 300)
    canvas.fill(rectangle(x, head, wide, rng.uniform(8, 30), 0), colour)
    for k in (-2, -1, 1, 2):
        canvas.fill(rectangle(x + k * rng.uniform(50, 80), head + rng.uniform(-4, 10), 9, 9, 0), colour)
    reach = max(wide, 260)
    out = [Edge(x - reach / 2, head - 12, x + reach / 2, head - 12, 0, -1)]
    if rng.random() < 0.4:
        out.append(Edge(x - reach / 2, head + 16, x + reach / 2, head + 16, 0, 1))
    return out


def _pontoons(canvas: Canvas, shore: float, rng: np.random.Generator) -> list[Edge]:
    """Floating pontoons, piling barges and fish cages: they look like ships but have no label."""
    for _ in range(int(rng.integers(1, 6))):
        x, y = rng.uniform(0, SIDE_M), rng.uniform(0, max(200.0, shore))
        corners = rectangle(x, y, rng.uniform(15, 60), rng.uniform(6, 25), rng.uniform(0, np.pi))
        canvas.fill(corners, spectrum(str(rng.choice(("concrete", "grey_deck", "rust"))), rng))
        canvas.claim(corners, -1)
    return []


def _grain(canvas: Canvas, rng: np.random.Generator) -> None:
    """Roughness of ground and water; slow changes of the water by silt, wind and current."""
    side = canvas.side
    fine = ndimage.gaussian_filter(rng.normal(0, 1, (side, side)).astype(np.float32), rng.uniform(0.8, 3))
    fine *= rng.uniform(0.03, 0.22) / max(1e-6, float(fine.std()))
    coarse = rng.normal(0, 1, (10, 10)).astype(np.float32)
    slow = ndimage.zoom(coarse, side / 10, order=1) * rng.uniform(0.02, 0.2)
    waves = ndimage.gaussian_filter(
        rng.normal(0, 1, (side, side)).astype(np.float32), (rng.uniform(1, 3), rng.uniform(2, 12))
    )
    waves *= rng.uniform(0.01, 0.15) / max(1e-6, float(waves.std()))
    for band in range(BANDS):
        field = np.where(canvas.land, 1 + fine, 1 + slow + waves)
        canvas.light[band] *= np.maximum(field, 0.2)


def _berth(canvas: Canvas, edges: list[Edge], sun: tuple[float, float], rng: np.random.Generator) -> None:
    """Ships along the edges: single, in a row, double-banked, stern to the quay; cranes that reach over them."""
    busy = rng.uniform(0.1, 0.95)
    number = 1
    for edge in edges:
        along = rng.uniform(0, 60)
        across = rng.random() < 0.07
        while along < edge.length - 30:
            length, beam = vessels.any_size(rng)
            if across:
                length, beam = rng.uniform(30, 110), rng.uniform(8, 18)
            taken = beam * 1.15 if across else length
            if along + taken * 0.8 > edge.length or rng.random() > busy:
                along += rng.uniform(10, 150) if not across else beam * 1.5
                continue
            rows = 1 if rng.random() < 0.88 else int(rng.integers(2, 4))
            off = rng.exponential(2.5)
            for _ in range(rows):
                middle = edge.at(along + taken / 2, off + (length if across else beam) / 2)
                angle = edge.angle + (np.pi / 2 if across else 0) + (np.pi if rng.random() < 0.5 else 0)
                number += _placed(canvas, Vessel(*middle, length, beam, angle + rng.normal(0, 0.01)), number, sun, rng)
                off += (length if across else beam) + rng.exponential(2)
                length, beam = length * rng.uniform(0.6, 1), beam * rng.uniform(0.7, 1)
            if rng.random() < 0.35 and not across:
                _cranes(canvas, edge, along, taken, beam, rng)
            along += taken + rng.exponential(6 if across else 30)
        if rng.random() < 0.3:
            _cranes(canvas, edge, 0, edge.length, 30, rng)


def _cranes(canvas: Canvas, edge: Edge, along: float, span: float, beam: float, rng: np.random.Generator) -> None:
    colour = spectrum(str(rng.choice(("white_box", "blue_box", "red_box", "grey_deck", "orange_box"))), rng)
    for at in rng.uniform(along, along + span, int(rng.integers(1, 5))):
        inner, outer = rng.uniform(-45, -15), beam * rng.uniform(0.2, 1.3)
        middle = edge.at(at, (inner + outer) / 2)
        canvas.fill(rectangle(*middle, outer - inner, rng.uniform(3, 8), edge.angle + np.pi / 2), colour)
        canvas.shade(rectangle(middle[0] + 8, middle[1] + 8, outer - inner, 8, edge.angle + np.pi / 2), 0.75)


def _placed(canvas: Canvas, ship: Vessel, number: int, sun: tuple[float, float], rng: np.random.Generator) -> int:
    """Draw the ship if there is water for her; returns 1 if so, else 0."""
    if canvas.share(ship.outline, canvas.land) > 0.06 or canvas.share(ship.outline, canvas.hull != 0) > 0.02:
        return 0
    vessels.draw(canvas, ship, number, sun, rng)
    return 1


def _afloat(canvas: Canvas, shore: float, sun: tuple[float, float], rng: np.random.Generator) -> None:
    """Ships at anchor and under way, boats, foam."""
    number = 1000
    for _ in range(int(rng.poisson(1.2))):
        length, beam = vessels.any_size(rng)
        ship = Vessel(rng.uniform(0, SIDE_M), rng.uniform(-0.2, 1.0) * shore, length, beam, rng.uniform(0, 2 * np.pi))
        if rng.random() < 0.35 and canvas.share(ship.outline, canvas.land) == 0:
            back = np.array([np.cos(ship.angle), np.sin(ship.angle)])
            long = length * rng.uniform(1, 4)
            middle = np.array([ship.x, ship.y]) - back * (length + long) / 2
            canvas.add(
                rectangle(*middle, long, beam * rng.uniform(0.5, 1.5), ship.angle),
                np.full(BANDS, rng.uniform(0.01, 0.08), np.float32),
            )
        number += _placed(canvas, ship, number, sun, rng)
    for _ in range(int(rng.poisson(3))):
        length = rng.uniform(8, 45)
        boat = Vessel(
            rng.uniform(0, SIDE_M), rng.uniform(-0.2, 1.0) * shore, length, length / 3.5, rng.uniform(0, 2 * np.pi)
        )
        _placed(canvas, boat, -1, sun, rng)
    for _ in range(int(rng.poisson(1.0))):
        spot = rectangle(
            rng.uniform(0, SIDE_M), rng.uniform(0, shore), rng.uniform(10, 200), rng.uniform(4, 20), rng.uniform(0, 6)
        )
        if canvas.share(spot, canvas.land) == 0:
            canvas.add(spot, np.full(BANDS, rng.uniform(0.01, 0.1), np.float32))


def _clouded(light: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Add soft clouds over a part of the scene."""
    field = ndimage.zoom(rng.normal(0, 1, (7, 7)), SIDE_PX / 7, order=3)
    thick = np.clip(field - rng.uniform(0.3, 1.3), 0, 1)[None] * rng.uniform(0.2, 1.0)
    cloud = rng.uniform(0.4, 0.8) * np.array([1.0, 1.0, 1.0, 1.0, rng.uniform(0.5, 0.9)])[:, None, None]
    return (light * (1 - thick) + cloud * thick).astype(np.float32)
