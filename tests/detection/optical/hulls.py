"""Painted hulls: optical scenes with ships of known size, heading, height and shadow."""

from __future__ import annotations

import numpy as np

from pipeline.types import OpticalView, Radiometry, Scene, Sensor
from tests.builders import array_scene

WATER, DECK, SHADOW = 0.06, 0.22, 0.018
SUPERSAMPLE = 4


def mask_of(shape, centre, length_m, beam_m, heading_deg, spacing_m, bow_m=0.0):
    """Share of each pixel covered by a hull: a rectangle whose bow tapers over ``bow_m``. North is up."""
    n = SUPERSAMPLE
    near = around(shape, centre, np.hypot(length_m, beam_m) / 2 / spacing_m)
    row, col = np.mgrid[tuple(slice(s.start * n, s.stop * n) for s in near)]
    south = ((row + 0.5) / n - 0.5 - centre[0]) * spacing_m
    east = ((col + 0.5) / n - 0.5 - centre[1]) * spacing_m
    angle = np.radians(heading_deg)
    along = -south * np.cos(angle) + east * np.sin(angle)
    across = south * np.sin(angle) + east * np.cos(angle)
    half = np.full(along.shape, beam_m / 2)
    if bow_m:
        half = half * np.clip((length_m / 2 - along) / bow_m, 0, 1)
    inside = (np.abs(along) <= length_m / 2) & (np.abs(across) <= half)
    cover = np.zeros(shape)
    height, width = cover[near].shape
    cover[near] = inside.reshape(height, n, width, n).mean(axis=(1, 3))
    return cover


def around(shape, centre, reach_px):
    """Rows and columns of an image within reach of a place; none if it is far outside."""
    low = [min(max(0, int(np.floor(c - reach_px)) - 1), size) for c, size in zip(centre, shape, strict=True)]
    high = [min(max(0, int(np.ceil(c + reach_px)) + 2), size) for c, size in zip(centre, shape, strict=True)]
    return tuple(slice(a, b) for a, b in zip(low, high, strict=True))


def painted(
    ships, *, shape=(400, 400), spacing_m=3.0, noise=0.002, seed=0, sun=None, freeboard_m=0.0, blur_px=0.6, **more
) -> Scene:
    """One panchromatic scene; each ship is (row, col, length_m, beam_m, heading_deg); ``sun`` (elevation, azimuth)."""
    from scipy import ndimage

    image = np.full(shape, WATER)
    for row, col, length_m, beam_m, heading_deg in ships:
        if sun is not None:
            elevation, azimuth = np.radians(sun)
            steps = np.linspace(0, freeboard_m / np.tan(elevation) / spacing_m, 25)
            dark = np.zeros(shape)
            for step in steps:  # sweep the hull's outline away from the sun
                centre = (row + step * np.cos(azimuth), col - step * np.sin(azimuth))
                dark = np.maximum(
                    dark, mask_of(shape, centre, length_m, beam_m, heading_deg, spacing_m, 0.12 * length_m)
                )
            image = image * (1 - dark) + SHADOW * dark
        hull = mask_of(shape, (row, col), length_m, beam_m, heading_deg, spacing_m, 0.12 * length_m)
        image = image * (1 - hull) + DECK * hull
    image = ndimage.gaussian_filter(image, blur_px)
    image = image + np.random.default_rng(seed).normal(0, noise, shape)
    view = OpticalView(
        sun_elevation_deg=sun[0] if sun else None, sun_azimuth_deg=sun[1] if sun else None, view_off_nadir_deg=0.0
    )
    settings = {"radiometry": Radiometry.REFLECTANCE, "optical": view} | more
    return array_scene({"pan": image}, sensor=Sensor.OPTICAL, spacing_m=spacing_m, **settings)
