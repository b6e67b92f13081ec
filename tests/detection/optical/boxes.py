"""A floating box drawn by geometry alone: deck, side and shadow, as light relative to that of the water (water 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from pipeline.detection.optical.frame import HullFrame
from pipeline.detection.optical.freeboard import Freeboard, SunView, measure_freeboard
from pipeline.detection.optical.outline import Hull

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

DECK, SIDE, BOOT, SHADE = 2.5, 0.85, 1.7, 0.7
SAMPLES = 2  # per pixel in each direction
LIGHT_DEPTHS_M = -0.4 * np.log(1 - np.array([0.1, 0.3, 0.5, 0.7, 0.9]))  # exponential


def toward(azimuth_deg: float) -> tuple[float, float]:
    """Unit vector (down, right) towards an azimuth, north up."""
    angle = np.radians(azimuth_deg)
    return -float(np.cos(angle)), float(np.sin(angle))


def light_from(sun_deg: tuple[float, float], view_deg: tuple[float, float] = (0.0, 0.0)) -> SunView:
    """Sun (elevation, azimuth) and camera (off nadir, azimuth)."""
    return SunView(toward(sun_deg[1]), sun_deg[0], toward(view_deg[1]), view_deg[0])


def under_water(zenith_deg: float) -> float:
    """Horizontal shift [m] per metre of depth, by Snell's law with index 1.34."""
    sine = np.sin(np.radians(zenith_deg)) / 1.34
    return float(sine / np.sqrt(1 - sine**2))


@dataclass(frozen=True)
class Box:
    """A hull with upright sides: height above water, length and beam [m], heading; and the image's pixels."""

    height_m: float = 3.0
    heading_deg: float = 0.0
    length_m: float = 64.0
    beam_m: float = 10.0
    pixel_m: float = 0.5
    boot_m: float = 0.0  # height of a brighter strip of the side at the waterline
    room_m: float = 20.0  # water around the hull

    @property
    def pixels(self) -> int:
        return round((self.length_m + 2 * self.room_m) / self.pixel_m)

    def outline(self, light: SunView) -> Hull:
        """The perfect fit of its outline: the deck where the camera sees it."""
        middle = (self.pixels - 1) / 2
        shift_px = self.height_m * np.tan(np.radians(light.off_nadir_deg)) / self.pixel_m
        centre = (middle - shift_px * light.view[0], middle - shift_px * light.view[1])
        frame = HullFrame(centre, toward(self.heading_deg), (self.pixel_m, self.pixel_m))
        return Hull(frame, self.length_m, self.beam_m, 0.5, 0.3, 0.001, True, 0.95, (True, True), (1.0, 1.0), 0.1)

    def covered(self, start_m: FloatArray, end_m: FloatArray) -> BoolImage:
        """Area swept by the plan as it moves from one place to another (south, east) [m]; two samples a pixel."""
        step = self.pixel_m / SAMPLES
        at = (np.arange(self.pixels * SAMPLES) - (self.pixels * SAMPLES - 1) / 2) * step
        south, east = toward(self.heading_deg)
        first, last = np.zeros((len(at), len(at))), np.ones((len(at), len(at)))
        for axis, half in (((south, east), self.length_m / 2), ((-east, south), self.beam_m / 2)):
            place = axis[0] * (at[:, None] - start_m[0]) + axis[1] * (at[None, :] - start_m[1])
            move = float(np.dot(axis, end_m - start_m))
            if abs(move) < 1e-9:
                last[np.abs(place) > half] = -1.0
                continue
            one, two = (place - half) / move, (place + half) / move
            first, last = np.maximum(first, np.minimum(one, two)), np.minimum(last, np.maximum(one, two))
        return np.asarray(first <= last, bool)

    def drawn(self, light: SunView, *, noise: float = 0.005) -> FloatImage:
        """The picture: the plan swept away from the sun is shade, swept away from the camera the side, then the deck.

        A point at height z is seen z tan(off nadir) away from the camera; its shadow falls z / tan(elevation) from the
        sun. The water's light comes from depths (mean 0.4 m), to which both rays continue, refracted: the visible
        shade moves away from the sun and towards the camera. Optics blur by 0.68 pixel.
        """
        shade = -np.array(light.sun) / np.tan(np.radians(light.sun_elevation_deg))
        lean = -np.array(light.view) * np.tan(np.radians(light.off_nadir_deg))
        here, top, boot = np.zeros(2), self.height_m * lean, self.boot_m * lean
        image = np.ones((self.pixels * SAMPLES,) * 2)
        drift = np.array(light.view) * under_water(light.off_nadir_deg)
        drift -= np.array(light.sun) * under_water(90 - light.sun_elevation_deg)
        for depth in LIGHT_DEPTHS_M:
            image[self.covered(depth * drift, depth * drift + self.height_m * shade)] -= (1 - SHADE) / len(
                LIGHT_DEPTHS_M
            )
        if light.off_nadir_deg > 0:
            image[self.covered(here, boot)] = BOOT
            image[self.covered(boot, top)] = SIDE
        image[self.covered(top, top)] = DECK
        mean = image.reshape(self.pixels, SAMPLES, self.pixels, SAMPLES).mean(axis=(1, 3))
        seen = ndimage.gaussian_filter(mean, 0.65) + np.random.default_rng(1).normal(0, noise, mean.shape)
        return seen.astype(np.float32)

    def read(self, light: SunView, image: FloatImage | None = None, **more: Any) -> Freeboard:
        """The freeboard read from it, given the outline; ``others``, ``tanker`` and ``hull`` are optional."""
        image = self.drawn(light) if image is None else image
        others = more.get("others", np.zeros(image.shape, bool))
        return measure_freeboard(
            image, others, more.get("hull", self.outline(light)), light, (0, 0), more.get("tanker", 1.0)
        )
