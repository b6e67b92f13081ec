"""Coloured triangle meshes: the shapes of simulated ships and quays for the optical renderer.

Coordinates are (ahead, to starboard, up) in metres, up from the water's surface; colours are reflectances by band
(B, G, R, N). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.types import FloatArray


Colour = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles (n, 3, 3) and the colour of each (n, 4)."""

    corners: FloatArray
    colours: FloatArray

    @classmethod
    def merged(cls, parts: Sequence[Mesh]) -> Mesh:
        """All parts as one."""
        if not parts:
            return cls(np.zeros((0, 3, 3)), np.zeros((0, 4)))
        return cls(np.concatenate([p.corners for p in parts]), np.concatenate([p.colours for p in parts]))

    def placed(self, heading_deg: float, centre: tuple[float, float]) -> Mesh:
        """The mesh transformed from ship coordinates to (east, north, up)."""
        h = np.radians(heading_deg)
        ahead, abeam = np.array([np.sin(h), np.cos(h), 0.0]), np.array([np.cos(h), -np.sin(h), 0.0])
        turn = np.stack([ahead, abeam, [0.0, 0.0, 1.0]])
        return Mesh(self.corners @ turn + np.array([*centre, 0.0]), self.colours)


def quads(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray, colour: Colour | FloatArray) -> Mesh:
    """Quadrilaterals a-b-c-d, each (n, 3), as two triangles each; one colour or one a quadrilateral."""
    corners = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    shade = np.broadcast_to(np.asarray(colour, float), (len(a), 4))
    return Mesh(corners, np.concatenate([shade, shade]))


def box(
    ahead: tuple[float, float],
    abeam: tuple[float, float],
    up: tuple[float, float],
    side: Colour,
    roof: Colour | None = None,
) -> Mesh:
    """A rectangular block without a floor."""
    (x0, x1), (y0, y1) = sorted(ahead), sorted(abeam)
    return prism(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), up, side, roof)


def prism(outline: FloatArray, up: tuple[float, float], side: Colour, roof: Colour | None = None) -> Mesh:
    """Walls and a roof over a convex outline (n, 2)."""
    low = np.column_stack([outline, np.full(len(outline), up[0])])
    high = np.column_stack([outline, np.full(len(outline), up[1])])
    walls = quads(low, np.roll(low, -1, 0), np.roll(high, -1, 0), high, side)
    fan = np.stack([np.repeat(high[:1], len(high) - 2, 0), high[1:-1], high[2:]], 1)
    return Mesh.merged([walls, Mesh(fan, np.broadcast_to(np.asarray(roof or side, float), (len(fan), 4)))])


def cylinder(middle: tuple[float, float], radius_m: float, up: tuple[float, float], side: Colour) -> Mesh:
    """An upright drum: a tank's dome, a mast, a crane's pedestal."""
    angle = np.linspace(0, 2 * np.pi, 9)[:-1]
    return prism(np.column_stack([np.cos(angle), np.sin(angle)]) * radius_m + middle, up, side)


def beam(start: Sequence[float], end: Sequence[float], width_m: float, colour: Colour) -> Mesh:
    """A boom between two points: a flat band and an upright one, crossed, so that both camera and sun see it."""
    a, b = np.asarray(start, float), np.asarray(end, float)
    along = b[:2] - a[:2]
    across = np.array([-along[1], along[0], 0.0]) / max(1e-6, float(np.hypot(*along))) * width_m / 2
    rise = np.array([0.0, 0.0, width_m / 2])
    bands = [[p[None] for p in (a - o, b - o, b + o, a + o)] for o in (across, rise)]
    return Mesh.merged([quads(p, q, r, s, colour) for p, q, r, s in bands])
