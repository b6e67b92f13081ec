"""Materials that ports consist of: reflectance by band and its variation. Rough values with a deliberately wide spread.

Bands are Sentinel-2's B02, B03, B04, B08, B11. The figures are rounded typical top-of-canopy or bottom-of-atmosphere
reflectances of such surfaces in spectral libraries (e.g. ECOSTRESS). More precision is not needed, since each use
scatters them by a factor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MATERIALS: dict[str, tuple[float, float, float, float, float]] = {
    "concrete": (0.16, 0.19, 0.21, 0.25, 0.29),
    "bright_concrete": (0.28, 0.32, 0.35, 0.38, 0.42),
    "asphalt": (0.07, 0.08, 0.09, 0.11, 0.14),
    "soil": (0.09, 0.13, 0.18, 0.25, 0.33),
    "vegetation": (0.03, 0.06, 0.04, 0.34, 0.17),
    "dry_grass": (0.07, 0.11, 0.13, 0.26, 0.30),
    "city": (0.12, 0.13, 0.14, 0.20, 0.22),
    "rock": (0.13, 0.15, 0.17, 0.20, 0.22),
    "coal": (0.03, 0.03, 0.04, 0.05, 0.06),
    "ore": (0.05, 0.07, 0.14, 0.19, 0.20),
    "white_roof": (0.50, 0.52, 0.53, 0.52, 0.38),
    "grey_roof": (0.22, 0.23, 0.24, 0.26, 0.26),
    "blue_roof": (0.28, 0.25, 0.18, 0.24, 0.24),
    "tile_roof": (0.07, 0.10, 0.20, 0.28, 0.30),
    "red_box": (0.05, 0.05, 0.20, 0.28, 0.26),
    "blue_box": (0.20, 0.14, 0.08, 0.18, 0.20),
    "green_box": (0.06, 0.14, 0.08, 0.22, 0.18),
    "white_box": (0.45, 0.46, 0.47, 0.48, 0.40),
    "orange_box": (0.06, 0.12, 0.30, 0.38, 0.34),
    "red_deck": (0.06, 0.07, 0.15, 0.22, 0.17),
    "green_deck": (0.07, 0.13, 0.10, 0.20, 0.15),
    "grey_deck": (0.13, 0.14, 0.15, 0.18, 0.16),
    "blue_deck": (0.15, 0.13, 0.10, 0.16, 0.13),
    "rust": (0.05, 0.07, 0.12, 0.17, 0.19),
    "dark_deck": (0.05, 0.05, 0.06, 0.08, 0.08),
    "white_paint": (0.55, 0.56, 0.56, 0.56, 0.40),
    "buff_deck": (0.20, 0.24, 0.28, 0.33, 0.28),
}
GROUND = ("concrete", "concrete", "bright_concrete", "asphalt", "asphalt", "soil", "dry_grass", "rock")
HINTERLAND = ("vegetation", "dry_grass", "city", "city", "soil", "concrete", "rock")
ROOFS = ("white_roof", "white_roof", "grey_roof", "grey_roof", "blue_roof", "tile_roof", "concrete")
BOXES = ("red_box", "red_box", "blue_box", "green_box", "white_box", "orange_box", "rust", "grey_deck")
DECKS = (
    "red_deck",
    "red_deck",
    "red_deck",
    "green_deck",
    "grey_deck",
    "grey_deck",
    "blue_deck",
    "rust",
    "dark_deck",
    "buff_deck",
)
HEAPS = ("coal", "ore", "soil", "white_roof", "bright_concrete")


def spectrum(name: str, rng: np.random.Generator, overall: float = 0.25, by_band: float = 0.1) -> NDArray[np.float32]:
    """One random draw of a material's reflectance, shape (5,): scattered as a whole, and band by band."""
    factor = np.exp(rng.normal(0, overall) + rng.normal(0, by_band, 5))
    return (np.array(MATERIALS[name]) * factor).astype(np.float32)


def water(rng: np.random.Generator) -> NDArray[np.float32]:
    """Reflectance of water, clear to silty, with haze and glint, shape (5,)."""
    clear = np.array([0.035, 0.03, 0.018, 0.010, 0.006])
    silt = rng.exponential(0.25) * np.array([0.05, 0.09, 0.09, 0.03, 0.004])
    green = rng.exponential(0.15) * np.array([0.01, 0.06, 0.02, 0.01, 0.0])
    haze = rng.exponential(0.4) * np.array([0.05, 0.04, 0.03, 0.02, 0.008])
    glint = rng.exponential(0.25) * np.array([0.03, 0.03, 0.03, 0.03, 0.025])
    return (clear * np.exp(rng.normal(0, 0.25, 5)) + silt + green + haze + glint).astype(np.float32)
