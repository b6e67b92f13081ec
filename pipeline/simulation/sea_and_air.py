"""Optical model of water, air and sensor for simulated images: light from the water column, waves, haze, blur, noise.

Top-of-atmosphere reflectance of water = path radiance (unaffected by shadows) + sky reflected by the surface (likewise)
+ sun glint (absent in a shadow) + light from the water column. 90 % of the last comes from above the depth at which
light has fallen to 1/e (Gordon and McCluney, Applied Optics 14, 413, 1975), so a shadow seen on water lies a little
further from the sun than on the surface, and its edge is soft.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

if TYPE_CHECKING:
    from pipeline.types import FloatImage


REFRACTION = 1.34  # of sea water
WAVE_M = (1.5, 45.0)  # wavelengths of harbour waves


@dataclass(frozen=True, slots=True)
class Conditions:
    """Sea, air and optics of one look. Reflectances by band B, G, R, N."""

    path: tuple[float, ...] = (0.052, 0.034, 0.017, 0.007)  # path radiance
    sky: tuple[float, ...] = (0.006, 0.005, 0.004, 0.004)  # reflected by the surface
    glint: float = 0.003
    column: tuple[float, ...] = (0.017, 0.023, 0.016, 0.004)  # from the water column
    diffuse: tuple[float, ...] = (0.36, 0.29, 0.23, 0.16)  # share of daylight that comes from the sky
    light_depth_m: float = 0.4  # mean depth from which the column's light comes
    wind_m_s: float = 4.0
    wave_deg: float = 40.0
    psf_px: float = 0.55  # blur of optics and detector, standard deviation
    sharpening: float = 0.0  # edge enhancement by the operator's processing
    noise: float = 0.0012


def draw_conditions(rng: np.random.Generator, wind_m_s: float) -> Conditions:
    """A usual day over a usual harbour: clear to turbid water, clear to hazy air. Our choice of ranges."""
    turbid = float(rng.uniform(0.35, 1.6))
    haze = float(rng.uniform(0.8, 1.5))
    base = Conditions()
    return Conditions(
        path=tuple(haze * v for v in base.path),
        sky=tuple(float(rng.uniform(0.8, 1.6)) * v for v in base.sky),
        glint=float(rng.uniform(0.0, 0.004) + 0.0012 * wind_m_s * rng.uniform(0, 1)),
        column=tuple(float(v * turbid * k) for v, k in zip(base.column, (1, 1, turbid**0.4, turbid**0.8), strict=True)),
        diffuse=tuple(float(np.clip(v * haze, 0.1, 0.6)) for v in base.diffuse),
        light_depth_m=float(np.clip(0.42 / turbid**0.8 * np.exp(0.35 * rng.normal()), 0.12, 1.5)),
        wind_m_s=wind_m_s,
        wave_deg=float(rng.uniform(0, 180)),
        psf_px=float(rng.uniform(0.45, 0.72)),
        sharpening=float(max(0.0, rng.uniform(-0.3, 0.35))),
        noise=float(rng.uniform(0.0006, 0.0016)),
    )


def waves(shape: tuple[int, int], pixel_m: float, c: Conditions, rng: np.random.Generator) -> FloatImage:
    """Relative brightness of the surface, mean 0: waves with crests across the wind, by a random-phase spectrum.

    Made on a tile of at most 768 pixels and repeated, since waves are not measured.
    """
    side = int(min(768, 2 ** np.ceil(np.log2(max(shape)))))
    ky, kx = np.meshgrid(np.fft.fftfreq(side, pixel_m), np.fft.rfftfreq(side, pixel_m), indexing="ij")
    k = np.hypot(ky, kx)
    angle = np.radians(c.wave_deg)
    spread = ((kx * np.sin(angle) + ky * np.cos(angle)) / np.maximum(k, 1e-9)) ** 4 + 0.15
    band = (k > 1 / WAVE_M[1]) & (k < 1 / max(WAVE_M[0], 2 * pixel_m))
    amplitude = np.where(band, np.maximum(k, 1e-3) ** -1.0 * np.sqrt(spread), 0.0)
    spectrum = amplitude * (rng.standard_normal(k.shape) + 1j * rng.standard_normal(k.shape))
    field = np.fft.irfft2(spectrum, (side, side)).astype(np.float32)
    field /= max(1e-9, float(field.std()))
    repeats = (-(-shape[0] // side), -(-shape[1] // side))
    return np.tile(field, repeats)[: shape[0], : shape[1]]


def smooth_noise(shape: tuple[int, int], sigma_px: float, rng: np.random.Generator) -> FloatImage:
    """Unit-variance noise of a long correlation length, made on a coarse grid and enlarged."""
    step = max(1, int(sigma_px / 3))
    small = (shape[0] // step + 3, shape[1] // step + 3)
    field = gaussian_filter(rng.standard_normal(small, dtype=np.float32), sigma_px / step)
    field = (field - field.mean()) / field.std()
    return zoom(field, step, order=1)[: shape[0], : shape[1]]


def apply_sensor(image: FloatImage, c: Conditions, rng: np.random.Generator) -> FloatImage:
    """The image after sensor and processing: blur, sharpening, noise; shape (bands, rows, cols)."""
    out = np.empty(image.shape, np.float32)
    for band, seen in zip(image, out, strict=True):
        gaussian_filter(band, c.psf_px, output=seen)
        if c.sharpening > 0:
            edges = seen - gaussian_filter(seen, 1.0)
            edges *= np.float32(c.sharpening)
            seen += edges
        grain = rng.standard_normal(seen.shape, dtype=np.float32)
        grain *= np.float32(c.noise)
        seen += grain
    return np.clip(out, 0.001, 1.5, out=out)
