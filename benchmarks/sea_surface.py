"""A wind-driven open sea for sub-metre benchmarks: waves, reflected sky, sun glint and white caps.

Wind waves have a JONSWAP spectrum over 50 km of fetch (Hasselmann and others, Dtsch. Hydrogr. Z. A8, 12, 1973) spread
by cos squared; swell is a narrow band beside it. Unresolved slopes complete Cox and Munk's total (J. Opt. Soc. Am. 44,
838, 1954). White caps cover the share that Monahan and O'Muircheartaigh found (J. Phys. Oceanogr. 10, 2094, 1980),
where waves have the largest downward acceleration; their shapes and fading are our choice and copy no picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

from pipeline.simulation.optical import BANDS, Layers, Light, MapFrame
from pipeline.simulation.sea_and_air import REFRACTION, Conditions, smooth_noise

if TYPE_CHECKING:
    from pipeline.types import BoolImage, FloatArray, FloatImage

GRAVITY_M_S2 = 9.81
FETCH_M = 50e3
PEAK = 3.3  # JONSWAP's mean enhancement
SWELL_LENGTH_M = 120.0
SWELL_TURN = 0.7  # angle between wind and swell [rad] (our choice)
FOAM = (0.50, 0.50, 0.48, 0.40)  # reflectance of fresh foam by band (Whitlock and others, 1982, rounded)
SKY = (0.16, 0.13, 0.10, 0.07)  # radiance of a clear sky as reflectance, by band (our choice)
SUN_GLINT = 0.02  # Fresnel reflectance of the facets that mirror the sun


@dataclass(frozen=True, slots=True)
class RoughSea:
    """A sea under one light; calling it draws it (``pipeline.simulation.optical.Surface``)."""

    wind_m_s: float
    swell_m: float  # significant height
    light: Light

    def __call__(self, frame: MapFrame, water: BoolImage, air: Conditions, rng: np.random.Generator) -> Layers:
        """The open sea; ``water`` is ignored."""
        east, north, falls = self._slopes(frame, air, rng)
        view = _direction(90 - self.light.off_nadir_deg, self.light.view_azimuth_deg)
        mirrored = _fresnel(_cosine(east, north, view))
        foam, patches = self._foam(falls, frame.pixel_m, rng), smooth_noise(frame.shape, 120.0 / frame.pixel_m, rng)
        still, column = (np.empty((len(BANDS), *frame.shape), np.float32) for _ in range(2))
        for b in range(len(BANDS)):
            still[b] = air.path[b] + SKY[b] * mirrored * (1 - foam)
            column[b] = air.column[b] * (1 + 0.05 * patches) * (1 - foam) + FOAM[b] * foam
        glint = (self._glint(east, north) * (1 - foam)).astype(np.float32)
        return Layers(still, np.broadcast_to(glint, still.shape), column)

    def _slopes(
        self, frame: MapFrame, air: Conditions, rng: np.random.Generator
    ) -> tuple[FloatImage, FloatImage, FloatImage]:
        """Slopes to the east and to the north, and downward acceleration of the surface [m/s^2]."""
        side = int(2 ** np.ceil(np.log2(max(frame.shape))))
        ky, kx = np.meshgrid(
            2 * np.pi * np.fft.fftfreq(side, frame.pixel_m), 2 * np.pi * np.fft.rfftfreq(side, frame.pixel_m),
            indexing="ij",
        )  # fmt: skip
        k = np.maximum(np.hypot(kx, ky), 1e-6)
        step = (2 * np.pi / (side * frame.pixel_m)) ** 2
        power = self._power(kx, ky, k, np.radians(air.wave_deg), step)
        noise = rng.standard_normal(k.shape) + 1j * rng.standard_normal(k.shape)
        waves = np.sqrt(power * step) / 2 * side * side * noise

        def field(spectrum: np.ndarray) -> FloatImage:
            return np.fft.irfft2(spectrum, (side, side))[: frame.shape[0], : frame.shape[1]].astype(np.float32)

        falls = GRAVITY_M_S2 * k * waves * np.exp(-((k / 2) ** 2))  # of waves that pixels resolve
        return field(1j * kx * waves), -field(1j * ky * waves), field(falls)

    def _power(self, kx: FloatArray, ky: FloatArray, k: FloatArray, wave_rad: float, step: float) -> FloatArray:
        """Power of heights by wave number [m^4]; waves of 400 m and more are excluded."""
        frequency = np.sqrt(GRAVITY_M_S2 * k)
        peak = 22 * (GRAVITY_M_S2**2 / (self.wind_m_s * FETCH_M)) ** (1 / 3)
        level = 0.076 * (self.wind_m_s**2 / (FETCH_M * GRAVITY_M_S2)) ** 0.22
        width = np.where(frequency <= peak, 0.07, 0.09)
        enhanced = PEAK ** np.exp(-((frequency - peak) ** 2) / (2 * (width * peak) ** 2))
        by_frequency = level * GRAVITY_M_S2**2 * frequency**-5 * np.exp(-1.25 * (peak / frequency) ** 4) * enhanced
        along = (kx * np.sin(wave_rad) - ky * np.cos(wave_rad)) / k
        out = by_frequency * 0.5 * np.sqrt(GRAVITY_M_S2 / k) / k * (2 / np.pi) * along**2
        if self.swell_m > 0:
            of_swell = 2 * np.pi / SWELL_LENGTH_M
            turned = (kx * np.sin(wave_rad + SWELL_TURN) - ky * np.cos(wave_rad + SWELL_TURN)) / k
            swell = np.exp(-0.5 * ((k - of_swell) / (0.15 * of_swell)) ** 2) * np.abs(turned) ** 20
            out += swell * (self.swell_m / 4) ** 2 / (2 * swell.sum() * step)
        return np.where(k < 2 * np.pi / 400, 0.0, out)

    def _foam(self, falls: FloatImage, pixel_m: float, rng: np.random.Generator) -> FloatImage:
        """Foam cover of each pixel: fresh where downward acceleration is largest, older and dimmer downwind of it."""
        cover = min(0.2, 3.84e-6 * self.wind_m_s**3.41)
        beyond = (falls - np.quantile(falls, 1 - cover)) / falls.std()
        grain = np.clip(0.6 + 0.4 * smooth_noise(falls.shape, 1.0 / pixel_m, rng), 0.1, 1.3)
        fresh = np.clip(beyond / 0.15, 0, 1) * grain
        old = gaussian_filter(np.roll(fresh, (round(4 / pixel_m), round(3 / pixel_m)), (0, 1)), 2.0 / pixel_m)
        return np.clip(fresh + 0.5 * old, 0, 1).astype(np.float32)

    def _glint(self, east: FloatImage, north: FloatImage) -> FloatImage:
        """Sun reflected to the sensor, as reflectance, from the slopes that pixels do not resolve."""
        view = _direction(90 - self.light.off_nadir_deg, self.light.view_azimuth_deg)
        sun = _direction(self.light.sun_elevation_deg, self.light.sun_azimuth_deg)
        half = (sun + view) / np.linalg.norm(sun + view)
        whole = 0.003 + 0.00512 * self.wind_m_s
        rest = max(whole - float(east.var() + north.var()), 0.4 * whole)
        off = (-half[0] / half[2] - east) ** 2 + (-half[1] / half[2] - north) ** 2
        density = np.exp(-off / rest) / (np.pi * rest)
        return np.clip(np.pi * SUN_GLINT * density / (4 * sun[2] * view[2] * half[2] ** 4), 0, 0.6)


def _direction(elevation_deg: float, azimuth_deg: float) -> FloatArray:
    """Unit vector (east, north, up)."""
    high, angle = np.radians(elevation_deg), np.radians(azimuth_deg)
    return np.array([np.cos(high) * np.sin(angle), np.cos(high) * np.cos(angle), np.sin(high)])


def _cosine(east: FloatImage, north: FloatImage, view: FloatArray) -> FloatImage:
    """Cosine of the angle between the surface normal and a direction."""
    return (-east * view[0] - north * view[1] + view[2]) / np.sqrt(1 + east**2 + north**2)


def _fresnel(cosine: FloatImage) -> FloatImage:
    """Reflectance of sea water for unpolarised light."""
    into = np.clip(cosine, 0.02, 1.0)
    below = np.sqrt(1 - (1 - into**2) / REFRACTION**2)
    across = (into - REFRACTION * below) / (into + REFRACTION * below)
    along = (below - REFRACTION * into) / (below + REFRACTION * into)
    return 0.5 * (across**2 + along**2)
