"""Geolocation by rational polynomial coefficients (RPC), for images in sensor geometry, at sea level.

The model is the common RPC00B: row and column are each a quotient of two cubic polynomials in longitude, latitude and
height above the ellipsoid, all scaled to about -1 to 1. Within an image the sea has one height, by default that of the
geoid at its middle (which changes by a metre or less across an image), so two coordinates suffice. Read from the
GeoTIFF's own tag, or from a file beside it: ``.RPB`` (Maxar), ``_RPC.TXT`` (many), ``RPC_*.XML`` (Airbus, whose pixels
count from 1, but from 0 in DIMAP 3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.metadata.dimap import tile_corner
from pipeline.ingest.metadata.operator_text import files_in_folder, parse_xml
from pipeline.times_places.geoid import geoid_height_m
from pipeline.times_places.longitudes import wrap_longitudes

if TYPE_CHECKING:
    from pipeline.types import FloatArray


MAX_ITERATIONS = 20  # at most; Newton's method needs a few
CONVERGED_PX = 1e-3  # a thousandth of a pixel: finer than any camera model (our choice)
REACH = 1.6  # in scaled units: farther out the polynomials are meaningless
MAX_BYTES = 1 << 20  # of an RPC file; our choice: they have some 2 kB


@dataclass(frozen=True, slots=True)
class RpcGeolocation:
    """``offsets`` and ``scales`` are (row, col, lon, lat, height); the four polynomials have 20 terms each."""

    offsets: tuple[float, ...]
    scales: tuple[float, ...]
    row_numerator: tuple[float, ...]
    row_denominator: tuple[float, ...]
    col_numerator: tuple[float, ...]
    col_denominator: tuple[float, ...]
    height_m: float  # of the sea above the ellipsoid

    def __post_init__(self) -> None:
        if len(self.offsets) != 5 or len(self.scales) != 5 or not all(s > 0 for s in self.scales):
            raise ValueError("five offsets and five positive scales are needed")
        if not np.isfinite(self.offsets + self.scales).all():
            raise ValueError("an offset or a scale is no finite number")
        for p in (self.row_numerator, self.row_denominator, self.col_numerator, self.col_denominator):
            if len(p) != 20 or not np.isfinite(p).all():
                raise ValueError("each polynomial needs 20 coefficients")

    def rowcol(self, lon: Any, lat: Any) -> tuple[FloatArray, FloatArray]:
        """Pixel position of points on the sea; NaN far from the image."""
        lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
        x = wrap_longitudes(lon - self.offsets[2]) / self.scales[2]  # an image may lie across 180 degrees
        y = (lat - self.offsets[3]) / self.scales[3]
        row, col = self._pixels(x, y)
        far = ~((np.abs(x) < REACH) & (np.abs(y) < REACH))
        return np.where(far, np.nan, row), np.where(far, np.nan, col)

    def lonlat(self, row: Any, col: Any) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude [deg] of pixel positions, by Newton's method on `rowcol`."""
        row, col = np.broadcast_arrays(np.asarray(row, float), np.asarray(col, float))
        x, y = np.zeros(row.shape), np.zeros(row.shape)
        h = 1e-4
        for _ in range(MAX_ITERATIONS):
            at_row, at_col = self._pixels(x, y)
            miss_row, miss_col = row - at_row, col - at_col
            row_x, col_x = ((b - a) / h for a, b in zip((at_row, at_col), self._pixels(x + h, y), strict=True))
            row_y, col_y = ((b - a) / h for a, b in zip((at_row, at_col), self._pixels(x, y + h), strict=True))
            det = row_x * col_y - row_y * col_x
            with np.errstate(divide="ignore", invalid="ignore"):
                x = np.clip(x + (miss_row * col_y - row_y * miss_col) / det, -2 * REACH, 2 * REACH)
                y = np.clip(y + (row_x * miss_col - miss_row * col_x) / det, -2 * REACH, 2 * REACH)
            if np.nanmax(np.hypot(miss_row, miss_col), initial=0.0) < CONVERGED_PX:
                break
        return wrap_longitudes(x * self.scales[2] + self.offsets[2]), y * self.scales[3] + self.offsets[3]

    def _pixels(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        z = np.full(x.shape, (self.height_m - self.offsets[4]) / self.scales[4])
        terms = _polynomial_terms(x, y, z)
        row = _weighted_sum(self.row_numerator, terms) / _weighted_sum(self.row_denominator, terms)
        col = _weighted_sum(self.col_numerator, terms) / _weighted_sum(self.col_denominator, terms)
        return row * self.scales[0] + self.offsets[0], col * self.scales[1] + self.offsets[1]


def _weighted_sum(weights: tuple[float, ...], terms: FloatArray) -> FloatArray:
    """The weighted sum of terms, identical to the last bit wherever in an array a point is.

    A matrix product is not: the two ends of a coast's ring, which are one point, could differ by a rounding error.
    """
    return np.asarray(sum(weight * term for weight, term in zip(weights, terms, strict=True)))


def _polynomial_terms(x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    """The 20 terms of RPC00B in their order; x is longitude, y latitude, z height."""
    ones = np.ones_like(x)
    return np.stack([
        ones, x, y, z, x * y, x * z, y * z, x * x, y * y, z * z, x * y * z, x**3, x * y * y, x * z * z, x * x * y,
        y**3, y * z * z, x * x * z, y * y * z, z**3,
    ])  # fmt: skip


def rpc_beside(image: Path) -> Path | None:
    """The RPC file beside an image, if there is one; parts of a Pleiades Neo product (P, RGB, NED) may share theirs."""
    stem = image.stem.upper()
    core = re.sub(r"_R\d+C\d+$", "", stem.removeprefix("IMG_"))
    beside = files_in_folder(image)
    wider = [n for n in beside if re.fullmatch(r"RPC_.+\.XML", n) and core.startswith(n[4:-4] + "_")]
    names = [f"RPC_{core}.XML", f"{stem}.RPB", f"{stem}_RPC.TXT", f"{stem}_RPC.XML", *sorted(wider, key=len)[::-1]]
    return next((beside[name] for name in names if name in beside), None)


def rpc_of(image: Path, path: Path, sea_height_m: float | None = None) -> RpcGeolocation:
    """The model of one image from its RPC file. Airbus writes one file for all tiles of an image."""
    if not path.name.upper().startswith("RPC_"):
        return read_rpc(path, sea_height_m)
    try:
        beside = files_in_folder(image)
        corner = tile_corner(image, beside)
    except (ValueError, ElementTree.ParseError) as error:
        raise InputError(image.name, f"its place among the tiles of {path.name} cannot be read ({error})") from error
    if corner is None:
        raise InputError(image.name, f"is a tile, and no DIM_*.XML tells the size of the tiles of {path.name}")
    model = read_rpc(path, sea_height_m)
    row, col, *others = model.offsets
    return replace(model, offsets=(row - corner[0], col - corner[1], *others))


def read_rpc(path: Path, sea_height_m: float | None = None) -> RpcGeolocation:
    """The model in an RPC file; sea level is ``sea_height_m`` above the ellipsoid, by default that of the geoid."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("larger than 1 MB")
        text = path.read_text("utf-8", errors="replace")
        fields = _parse_rpc_xml(text) if path.suffix.upper() == ".XML" else _parse_rpc_text(text)
        return rpc_from_fields(fields, sea_height_m)
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as error:
        raise InputError(path.name, f"its rational polynomials cannot be read ({error})"[:160]) from error


def rpc_from_fields(fields: dict[str, list[float]], sea_height_m: float | None) -> RpcGeolocation:
    """From GDAL's names (LINE_OFF, SAMP_OFF, ... LINE_NUM_COEFF ...), each with its numbers."""

    def values_of(*names: str) -> tuple[float, ...]:
        return tuple(fields[n][0] for n in names)

    offsets = values_of("LINE_OFF", "SAMP_OFF", "LONG_OFF", "LAT_OFF", "HEIGHT_OFF")
    scales = values_of("LINE_SCALE", "SAMP_SCALE", "LONG_SCALE", "LAT_SCALE", "HEIGHT_SCALE")
    height = float(geoid_height_m(offsets[2], offsets[3])) if sea_height_m is None else sea_height_m
    parts = [tuple(fields[f"{n}_COEFF"]) for n in ("LINE_NUM", "LINE_DEN", "SAMP_NUM", "SAMP_DEN")]
    return RpcGeolocation(offsets, scales, parts[0], parts[1], parts[2], parts[3], height)


_RPB = {
    "lineOffset": "LINE_OFF", "sampOffset": "SAMP_OFF", "latOffset": "LAT_OFF", "longOffset": "LONG_OFF",
    "heightOffset": "HEIGHT_OFF", "lineScale": "LINE_SCALE", "sampScale": "SAMP_SCALE", "latScale": "LAT_SCALE",
    "longScale": "LONG_SCALE", "heightScale": "HEIGHT_SCALE", "lineNumCoef": "LINE_NUM_COEFF",
    "lineDenCoef": "LINE_DEN_COEFF", "sampNumCoef": "SAMP_NUM_COEFF", "sampDenCoef": "SAMP_DEN_COEFF",
}  # fmt: skip
# Whole: no part of Fortran's 1.0D+02 is that number
_NUMBER = r"(?<![\w.+-])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\d.]|[dD][-+\d])"


def _parse_rpc_text(text: str) -> dict[str, list[float]]:
    """RPB (``lineNumCoef = ( ... );``) or RPC.TXT (``LINE_NUM_COEFF_1: value units``)."""
    out: dict[str, list[float]] = {}
    if "lineNumCoef" in text:
        for name, value in re.findall(r"(\w+)\s*=\s*([^;=]+);", text):
            if name in _RPB and (numbers := re.findall(_NUMBER, value)):
                out[_RPB[name]] = [float(v) for v in numbers]
        return out
    numbered: dict[str, dict[int, float]] = {}
    for name, value in re.findall(rf"^\s*(\w+)\s*:\s*({_NUMBER})(?!,\d)", text, re.MULTILINE):
        if found := re.fullmatch(r"(\w+_COEFF)_(\d+)", name):
            numbered.setdefault(found.group(1), {})[int(found.group(2))] = float(value)
        else:
            out[name] = [float(value)]
    return out | {name: [values[n] for n in sorted(values)] for name, values in numbered.items()}


def _parse_rpc_xml(text: str) -> dict[str, list[float]]:
    """Airbus: the model from ground to image and the validity block that holds its scales.

    The first pixel's centre is (1, 1) in DIMAP 2. In DIMAP 3 (Pleiades Neo), which names the model otherwise, it is
    (0, 0): GDAL issue 5716, and a corner of a real product. The domain of validity may begin outside the image.
    """
    root = parse_xml(text)
    inverse, first = root.find(".//Inverse_Model"), 1
    if inverse is None:
        inverse, first = root.find(".//GroundtoImage_Values"), 0
    if inverse is None or root.find(".//RFM_Validity") is None:
        raise ValueError("no Inverse_Model or GroundtoImage_Values, or no RFM_Validity")
    out: dict[str, list[float]] = {}
    for name in ("LINE_NUM", "LINE_DEN", "SAMP_NUM", "SAMP_DEN"):
        out[f"{name}_COEFF"] = [float(inverse.findtext(f"{name}_COEFF_{n}") or "nan") for n in range(1, 21)]
    for name in ("LINE", "SAMP", "LONG", "LAT", "HEIGHT"):
        for kind in ("OFF", "SCALE"):
            out[f"{name}_{kind}"] = [float(root.findtext(f".//{name}_{kind}") or "nan")]
    out["LINE_OFF"][0] -= first
    out["SAMP_OFF"][0] -= first
    return out
