"""Height of a ship's side above water, from the shadow that it throws on the water.

On flat water the shadow of a point at height ``h`` falls ``h / tan(sun elevation)`` away, on the side away from the
sun. Across the hull, towards its shaded side, that is ``h k_s`` with ``k_s = sin(angle between sun and hull) /
tan(elevation)``. The image shows the point itself off its place as well: a camera ``off_nadir`` from the zenith sees it
``h tan(off_nadir)`` farther from the satellite; across the hull ``h k_v``, positive towards the shaded side. Water has
no height, so the far edge of the shadow lies at the waterline + ``h k_s``, while the deck's edge appears at the
waterline + ``h k_v``. The dark strip reaches from the deck's edge (or, where the camera sees the shaded side itself,
``k_v < 0``, from the waterline) to the shadow's edge, so its width is ``h (k_s - max(k_v, 0))``, and

    h = width / (k_s - max(k_v, 0)).

The same geometry measures oil tanks to 0.24 m (https://doi.org/10.3390/rs11070793); for hulls nothing is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.optimize import least_squares
from scipy.special import erf

from pipeline.detection.optical.frame import HullFrame, resample

if TYPE_CHECKING:
    from pipeline.detection.optical.outline import Hull
    from pipeline.types import FloatArray, FloatImage

MAX_PIXEL_M = 3.5  # coarser pixels blur a ship's shadow into her hull
MIN_SHIFT = 0.30  # metres of strip per metre of height; below it an edge error is multiplied by more than three
MAX_HEIGHT_M = 25.0  # of a side: the largest container ships and car carriers in ballast
HOUSE_TOP_M = 14.0  # above deck; how far a house's own shadow may reach along the hull
PSF_SIGMA_PX = 0.65  # blur of a sampled optical image: aperture and detector; our choice between 0.5 and 0.8
CHUNK_M = 12.0  # of hull in one profile: longer than swell, shorter than a crooked side
ELEVATION_SE_DEG = 0.2
VIEW_SE_DEG = 0.5
SEA_SE_M = 0.10  # water runs up and down the side; calm harbour water; our choice
MIN_DEPTH = 0.12  # share of light missing in a shadow that can be told from a wave


@dataclass(frozen=True, slots=True)
class SunView:
    """Angles in the pixel frame: unit vectors (south, east) to the sun and to the satellite; elevations in degrees."""

    sun: tuple[float, float]
    sun_elevation_deg: float
    view: tuple[float, float]
    off_nadir_deg: float


@dataclass(frozen=True, slots=True)
class Freeboard:
    """Freeboard with its 90 % interval, or None with the reason; ``evidence`` says which in plain words."""

    value_m: float | None
    lo_m: float | None
    hi_m: float | None
    evidence: str


def shifts(axis: tuple[float, float], light: SunView) -> tuple[float, float, float, int]:
    """``k_s``, ``k_v``, shadow shift along the hull [m per m of height], and the shaded side (+1: v > 0, -1: v < 0).

    >>> k_s, k_v, k_u, side = shifts((-1.0, 0.0), SunView((0.0, 1.0), 45.0, (0.0, 1.0), 0.0))  # north-going, sun east
    >>> round(k_s, 3), round(abs(k_u), 3), side  # the shadow falls to the west: one metre for each metre
    (1.0, 0.0, 1)
    """
    reach = 1 / np.tan(np.radians(light.sun_elevation_deg))
    normal = np.array([-axis[1], axis[0]])
    away = -np.array(light.sun)
    side = 1 if away @ normal >= 0 else -1
    lean = -np.array(light.view) * np.tan(np.radians(light.off_nadir_deg))
    return float(abs(away @ normal) * reach), float(side * (lean @ normal)), float(away @ np.array(axis) * reach), side


def measure_freeboard(
    brightness: FloatImage, solid: FloatImage, hull: Hull, light: SunView | None, origin: tuple[int, int]
) -> Freeboard:
    """Freeboard of a fitted hull. ``brightness`` is visible light over that of the water around (water 1)."""
    pixel = float(np.mean(hull.frame.spacing_m))
    if light is None:
        return _none("sun and view angles are not known")
    if pixel > MAX_PIXEL_M:
        return _none(f"pixels of {pixel:.1f} m carry no shadow edge")
    if light.sun_elevation_deg < 8:
        return _none("the sun is too low: shadows run into one another")
    k_s, k_v, k_u, side = shifts(hull.frame.axis, light)
    gain = k_s - max(k_v, 0.0)
    if gain < MIN_SHIFT:
        return _none("the sun stands too high, or along the hull, or behind the satellite's lean")
    strip = _strip(brightness, solid, hull, (k_s, k_v, k_u, side), pixel, origin)
    if isinstance(strip, str):
        return _none(strip)
    width, width_se = strip
    value = width / gain
    angle = np.radians(ELEVATION_SE_DEG) * k_s / (gain * np.sin(2 * np.radians(light.sun_elevation_deg)) / 2)
    turn = hull.heading_se_rad * abs(k_u) / gain
    view = np.radians(VIEW_SE_DEG) * (1.0 if k_v > 0 else 0.0) / gain
    side_doubt = 0.25 * (value - width / (k_s - k_v)) if k_v < 0 else 0.0  # a side as dark as the shadow itself
    error = np.sqrt((width_se / gain) ** 2 + (value * np.hypot(angle, turn)) ** 2 + (value * view) ** 2 + SEA_SE_M**2)
    lo, hi = value - 1.645 * error - side_doubt, value + 1.645 * error
    if value > MAX_HEIGHT_M or hi - lo > max(4.0, 1.2 * value):
        return _none(f"the shadow edge is too vague ({lo:.1f} to {hi:.1f} m)")
    text = f"freeboard by shadow on water: strip {width:.1f} m, sun {light.sun_elevation_deg:.0f} deg high"
    return Freeboard(round(float(value), 3), round(max(0.0, float(lo)), 3), round(float(hi), 3), text)


def _none(reason: str) -> Freeboard:
    return Freeboard(None, None, None, f"no freeboard: {reason}")


def _strip(
    brightness: FloatImage,
    solid: FloatImage,
    hull: Hull,
    geometry: tuple[float, float, float, int],
    pixel: float,
    origin: tuple[int, int],
) -> tuple[float, float] | str:
    """Width of the dark strip and its standard error [m], or why there is none."""
    k_s, k_v, k_u, side = geometry
    frame = hull.frame if side > 0 else HullFrame(hull.frame.centre, hull.frame.axis, hull.frame.spacing_m)
    reach = max(MAX_HEIGHT_M * 0.6 * k_s, 6 * pixel)
    step = pixel / 2
    v = np.arange(-4 * pixel, min(reach, 60.0) + 4 * pixel + 1e-9, step)  # from the hull's edge outwards
    height, result = 5.0, None
    for _ in range(2):  # which part of the shadow comes from the parallel side depends on the height itself
        u = _clear_stretch(hull, k_u, height, step)
        if len(u) * step < max(10.0, 0.08 * hull.length_m):
            return "too little of the side throws a shadow clear of house, bow and stern"
        across = side * (hull.beam_m / 2 + v)
        light_strip = resample(brightness, frame, u, across, origin)
        blocked = resample(solid, frame, u, across, origin) > 0.5
        near = (v > 2 * pixel) & (v < max(3 * pixel, 3.0 * k_s) + 2 * pixel)
        open_rows = ~(blocked[:, near].mean(axis=1) > 0.2) & np.isfinite(light_strip).all(axis=1)
        if open_rows.mean() < 0.4 or open_rows.sum() < 6:
            return "the shaded side lies at a quay, another hull or the image's edge"
        result = _fit_chunks(v, light_strip[open_rows], pixel, step)
        if isinstance(result, str):
            return result
        height = float(np.clip(result[0] / (k_s - max(k_v, 0.0)), 0.3, MAX_HEIGHT_M))
    return result if result is not None else "no profile"


def _clear_stretch(hull: Hull, k_u: float, height: float, step: float) -> FloatArray:
    """Positions along the hull whose strip of shadow comes from the straight side and from no house."""
    half = hull.length_m / 2
    low, high = -0.88 * half, (0.58 if hull.bow_known else 0.55) * half
    if not hull.bow_known:
        low = -0.55 * half
    shift = height * k_u
    u = np.arange(low, high, step)
    source = u - shift
    good = (source > low) & (source < high)
    if hull.house_m is not None:
        reach = sorted((0.0, (height + HOUSE_TOP_M) * k_u))
        good &= ~((u > hull.house_m[0] + reach[0] - 3.0) & (u < hull.house_m[1] + reach[1] + 3.0))
    return u[good]


def _fit_chunks(v: FloatArray, strip: FloatImage, pixel: float, step: float) -> tuple[float, float] | str:
    """Fit each chunk of hull; the median width and its standard error."""
    per_chunk = max(2, round(CHUNK_M / step))
    chunks = [strip[i : i + per_chunk] for i in range(0, len(strip) - per_chunk // 2, per_chunk)]
    profiles = np.array([np.nanmedian(c, axis=0) for c in chunks])
    whole = np.nanmedian(strip, axis=0)
    guess = _guess(v, whole, pixel)
    if guess is None:
        return "no dark strip on the shaded side"
    x1, x2, depth = guess
    first = _fit(v, whole, (x1, x2, depth), pixel, None)
    if first is None:
        return "no dark strip on the shaded side"
    widths = []
    for profile in profiles:
        fitted = _fit(v, profile, first[:3], pixel, first[2])
        if fitted is not None:
            widths.append(fitted[1] - fitted[0])
    beyond = np.abs(np.diff(whole[v > first[1] + 2 * pixel]))
    if not widths or not len(beyond):
        return "no dark strip on the shaded side"
    noise = 1.4826 * float(np.median(beyond))
    values = np.array(widths)
    width = float(np.median(values))
    if width <= 0.3 * pixel or first[2] < max(MIN_DEPTH, 3 * noise):
        return "no dark strip on the shaded side"
    spread = 1.4826 * float(np.median(np.abs(values - width))) if len(values) > 2 else 0.35 * pixel
    error = np.hypot(max(spread, 0.1 * pixel) * 1.25 / np.sqrt(len(values)), 0.20 * pixel)
    if width < 2 * pixel:  # depth and width of a narrow strip trade against each other
        error = np.hypot(error, 0.25 * (2 * pixel - width))
    return width, float(error)


def _guess(v: FloatArray, profile: FloatImage, pixel: float) -> tuple[float, float, float] | None:
    """First edges and depth: the run below three quarters of the way down to the darkest point near the hull."""
    smooth = ndimage.uniform_filter1d(profile, 3)
    near = v < max(8.0, 6 * pixel)
    floor = int(np.argmin(np.where(near, smooth, np.inf)))
    depth = 1 - float(smooth[floor])
    if depth < MIN_DEPTH * 0.7:
        return None
    level = 1 - depth / 2
    i, j = floor, floor
    while i > 0 and smooth[i - 1] < level:
        i -= 1
    while j < len(v) - 1 and smooth[j + 1] < level:
        j += 1
    if j >= len(v) - 2:
        return None
    return float(v[i]), float(v[j]), depth


def _fit(
    v: FloatArray, profile: FloatImage, start: tuple[float, float, float], pixel: float, depth: float | None
) -> tuple[float, float, float] | None:
    """Edges of the strip and its depth by least squares on hull | shadow | water, each edge blurred alike."""
    sigma = PSF_SIGMA_PX * pixel
    x1, x2, d0 = start
    x2 = max(x2, x1 + 0.5 * pixel)
    window = (v > x1 - 3.5 * pixel) & (v < x2 + max(8 * pixel, 6.0))
    x, y = v[window], profile[window]
    if len(x) < 8 or not np.isfinite(y).all():
        return None

    def edge(at: float) -> FloatArray:
        return 0.5 * (1 + erf((x - at) / (np.sqrt(2) * sigma)))

    def model(p: FloatArray) -> FloatArray:
        d = p[4] if depth is None else depth
        shadow = p[3] - d
        return p[2] + (shadow - p[2]) * edge(p[0]) + (p[3] - shadow) * edge(p[0] + p[1])

    hull_level = float(np.median(profile[v < x1 - pixel])) if (v < x1 - pixel).any() else float(y[0])
    p0 = np.array([x1, x2 - x1, hull_level, 1.0, d0])
    low = [x1 - 6 * pixel, 0.0, -1.0, 0.7, 0.02]
    high = [x1 + 6 * pixel, max(60.0, 2 * (x2 - x1)), 50.0, 1.4, 0.98]
    if depth is not None:
        p0, low, high = p0[:4], low[:4], high[:4]
    p0 = np.clip(p0, np.array(low) + 1e-6, np.array(high) - 1e-6)
    fitted = least_squares(lambda p: model(p) - y, p0, bounds=(low, high), loss="soft_l1", f_scale=0.05)
    p = fitted.x
    return float(p[0]), float(p[0] + p[1]), float(p[4] if depth is None else depth)
