"""Painted 10 m scenes of a port: water, a quay, ships alongside and at anchor, in the five bands of Sentinel-2."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tests.detection.optical.hulls import mask_of

WATER = {"B02": 0.06, "B03": 0.05, "B04": 0.035, "B08": 0.02, "B11": 0.01}
QUAY = {"B02": 0.16, "B03": 0.19, "B04": 0.21, "B08": 0.25, "B11": 0.29}
GRASS = {"B02": 0.03, "B03": 0.06, "B04": 0.04, "B08": 0.34, "B11": 0.17}
DECK = {"B02": 0.07, "B03": 0.08, "B04": 0.15, "B08": 0.23, "B11": 0.18}
HOUSE = {"B02": 0.5, "B03": 0.5, "B04": 0.5, "B08": 0.5, "B11": 0.4}
SHAPE = (240, 240)
QUAY_ROW = 150  # land lies below
ALONGSIDE = (148.2, 90.0, 200.0, 32.0, 90.0)  # row, col, length, beam [m], heading: 2 m off the quay
AT_ANCHOR = (60.0, 150.0, 180.0, 30.0, 35.0)


def port(ships=(ALONGSIDE, AT_ANCHOR), *, noise=0.002, seed=0, land=True) -> dict[str, np.ndarray]:
    """Reflectance by band, shape ``SHAPE``: quay apron 12 pixels deep, sheds and grass behind."""
    rng = np.random.default_rng(seed)
    rows = np.arange(SHAPE[0])[:, None]
    sheds = (ndimage.gaussian_filter(rng.normal(0, 1, SHAPE), 3) > 0.05) & (rows > QUAY_ROW + 12)
    hulls = [mask_of(SHAPE, s[:2], s[2], s[3], s[4], 10.0, 0.12 * s[2]) for s in ships]
    houses = []
    for row, col, length, beam, heading in ships:
        aft = 0.38 * length / 10.0
        centre = (row + aft * np.cos(np.radians(heading)), col - aft * np.sin(np.radians(heading)))
        houses.append(mask_of(SHAPE, centre, 0.1 * length, 0.9 * beam, heading, 10.0))
    out = {}
    for band in WATER:
        image = np.full(SHAPE, WATER[band])
        if land:
            ground = np.where(rows > QUAY_ROW + 12, GRASS[band], QUAY[band])
            image = np.where(rows >= QUAY_ROW, np.where(sheds, QUAY[band] * 1.4, ground), image)
        for hull, house in zip(hulls, houses, strict=True):
            image = image * (1 - hull) + DECK[band] * hull
            image = image * (1 - house) + HOUSE[band] * house
        image = ndimage.gaussian_filter(image, 1.0 if band == "B11" else 0.6)
        out[band] = image + rng.normal(0, noise, SHAPE)
    return out
