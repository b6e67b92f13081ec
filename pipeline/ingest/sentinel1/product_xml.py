"""Reads the XML files of a Sentinel-1 product: annotation, calibration, noise.

Fields and units as in the Sentinel-1 Product Specification (S1-RS-MDA-52-7441). Times have no zone and are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.safe.manifest import parse_xml
from pipeline.ingest.sentinel1.annotation import Annotation, AzimuthNoise, Vector
from pipeline.ingest.sentinel1.plausible import refuse_impossible
from pipeline.units import LIGHT_M_S

if TYPE_CHECKING:
    from pipeline.types import FloatArray

_MOST_INTERVAL_S = 1.0  # from line to line; our choice: detected products have some milliseconds
_LARGEST = float(np.finfo(np.float32).max)


def read_annotation(raw: bytes, item: str) -> Annotation:
    """One polarisation's annotation; raises InputError for missing or impossible values."""
    xml = _XmlReader(parse_xml(raw, item, "product"), item)
    first_line = xml.time("imageAnnotation/imageInformation/productFirstLineUtcTime")
    grid = _grid(xml, first_line)
    orbit = xml.root.findall("generalAnnotation/orbitList/orbit")
    found = Annotation(
        mission=xml.text("adsHeader/missionId").upper(),
        product_type=xml.text("adsHeader/productType"),
        mode=xml.text("adsHeader/mode"),
        polarisation=xml.text("adsHeader/polarisation").upper(),
        start=xml.time("adsHeader/startTime"),
        stop=xml.time("adsHeader/stopTime"),
        absolute_orbit=xml.whole("adsHeader/absoluteOrbitNumber"),
        data_take=xml.whole("adsHeader/missionDataTakeId"),
        pass_direction=xml.text("generalAnnotation/productInformation/pass").lower(),
        platform_heading_deg=xml.number("generalAnnotation/productInformation/platformHeading") % 360.0,
        radar_frequency_hz=xml.positive("generalAnnotation/productInformation/radarFrequency"),
        prf_hz=tuple(
            xml.positive("prf", at=e) for e in xml.root.iterfind("generalAnnotation/downlinkInformationList/*")
        ),
        slice_number=xml.whole("imageAnnotation/imageInformation/sliceNumber", default=0),
        shape=(
            xml.whole("imageAnnotation/imageInformation/numberOfLines"),
            xml.whole("imageAnnotation/imageInformation/numberOfSamples"),
        ),
        spacing_m=(
            xml.number("imageAnnotation/imageInformation/azimuthPixelSpacing"),
            xml.number("imageAnnotation/imageInformation/rangePixelSpacing"),
        ),
        first_line=first_line,
        line_interval_s=xml.positive("imageAnnotation/imageInformation/azimuthTimeInterval", most=_MOST_INTERVAL_S),
        orbit_time_s=np.array([(xml.time("time", at=o) - first_line).total_seconds() for o in orbit]),
        orbit_position_m=np.array([xml.triple("position", o) for o in orbit]).reshape(-1, 3),
        orbit_velocity_m_s=np.array([xml.triple("velocity", o) for o in orbit]).reshape(-1, 3),
        **grid,
    )
    refuse_impossible(found, item)
    return found


def read_calibration(raw: bytes, item: str) -> tuple[Vector, ...]:
    """The sigmaNought look-up table: DN / value squared is sigma0."""
    xml = _XmlReader(parse_xml(raw, item, "calibration"), item)
    vectors = _vectors(xml, "calibrationVectorList/calibrationVector", "sigmaNought")
    if not vectors:
        raise InputError(item, "has no calibration vectors")
    if any((v.value <= 0).any() for v in vectors):
        raise InputError(item, "has calibration values that are not positive")
    return vectors


def read_noise(raw: bytes, item: str) -> tuple[tuple[Vector, ...], tuple[AzimuthNoise, ...]]:
    """Range noise vectors, and azimuth noise factors.

    Before processor version 2.90 (March 2018) there is only one list, ``noiseVectorList``, and no factors.
    """
    xml = _XmlReader(parse_xml(raw, item, "noise"), item)
    old = _vectors(xml, "noiseVectorList/noiseVector", "noiseLut")
    if old:
        _refuse_negative(old, item)
        return old, ()
    vectors = _vectors(xml, "noiseRangeVectorList/noiseRangeVector", "noiseRangeLut")
    if not vectors:
        raise InputError(item, "has no noise vectors")
    _refuse_negative(vectors, item)
    blocks = []
    for entry in xml.root.iterfind("noiseAzimuthVectorList/noiseAzimuthVector"):
        line, factor = xml.numbers("line", entry), xml.numbers("noiseAzimuthLut", entry)
        if line.size != factor.size or line.size == 0:
            raise InputError(item, f"a noiseAzimuthVector has {line.size} lines and {factor.size} values")
        bounds = ("firstAzimuthLine", "lastAzimuthLine", "firstRangeSample", "lastRangeSample")
        first_line, last_line, first_pixel, last_pixel = (xml.whole(b, at=entry) for b in bounds)
        if (factor < 0).any():
            raise InputError(item, "has negative factors of noise")
        blocks.append(AzimuthNoise(first_line, last_line, first_pixel, last_pixel, line, factor))
    return vectors, tuple(blocks)


def _refuse_negative(noise: tuple[Vector, ...], item: str) -> None:
    if any((v.value < 0).any() for v in noise):
        raise InputError(item, "has negative noise")


def _vectors(xml: _XmlReader, path: str, value: str) -> tuple[Vector, ...]:
    found = []
    for entry in xml.root.iterfind(path):
        pixel, values = xml.numbers("pixel", entry), xml.numbers(value, entry)
        if pixel.size != values.size or pixel.size == 0 or np.any(np.diff(pixel) <= 0):
            raise InputError(xml.item, f"a vector has {pixel.size} pixels and {values.size} values, or they go back")
        found.append(Vector(xml.number("line", at=entry), pixel, values))
    return tuple(sorted(found, key=lambda v: v.line))


def _grid(xml: _XmlReader, first_line: datetime) -> dict[str, FloatArray]:
    points = xml.root.findall("geolocationGrid/geolocationGridPointList/geolocationGridPoint")
    names = ("line", "pixel", "longitude", "latitude", "height", "incidenceAngle", "slantRangeTime")
    table = np.array([[xml.number(n, at=p) for n in names] for p in points]).reshape(-1, len(names))
    seconds = np.array([(xml.time("azimuthTime", at=p) - first_line).total_seconds() for p in points])
    order = np.lexsort((table[:, 1], table[:, 0]))
    table, seconds = table[order], seconds[order]
    line, pixel = np.unique(table[:, 0]), np.unique(table[:, 1])
    full = (line.size, pixel.size)
    if len(points) != line.size * pixel.size or min(full) < 2:
        raise InputError(xml.item, f"its geolocation grid of {len(points)} points is not regular")
    lon, lat, height, incidence, delay = (table[:, i].reshape(full) for i in range(2, 7))
    return {
        "grid_line": line,
        "grid_pixel": pixel,
        "grid_lon": lon,
        "grid_lat": lat,
        "grid_height_m": height,
        "grid_incidence_deg": incidence,
        "grid_slant_range_m": delay * LIGHT_M_S / 2,
        "grid_time_s": seconds.reshape(full),
    }


@dataclass(frozen=True, slots=True)
class _XmlReader:
    """Typed look-ups whose errors name file and field."""

    root: ElementTree.Element
    item: str

    def text(self, path: str, at: ElementTree.Element | None = None) -> str:
        value = (self.root if at is None else at).findtext(path)
        if value is None or not value.strip():
            raise InputError(self.item, f"has no {path}")
        return value.strip()

    def number(self, path: str, at: ElementTree.Element | None = None) -> float:
        text = self.text(path, at)
        try:
            value = float(text)
        except ValueError as error:
            raise InputError(self.item, f"{path} is no number: {text[:40]!r}") from error
        if not np.isfinite(value):
            raise InputError(self.item, f"{path} is {text[:40]}")
        return value

    def positive(self, path: str, at: ElementTree.Element | None = None, most: float = np.inf) -> float:
        """A number above 0, and at most ``most``."""
        value = self.number(path, at)
        if not 0 < value <= most:
            raise InputError(self.item, f"{path} is {value:g}, which no instrument has")
        return value

    def whole(self, path: str, at: ElementTree.Element | None = None, default: int | None = None) -> int:
        if default is not None and (self.root if at is None else at).findtext(path) is None:
            return default
        return int(self.number(path, at))

    def numbers(self, path: str, at: ElementTree.Element) -> FloatArray:
        text = self.text(path, at)
        try:
            values = np.array(text.split(), dtype=np.float64)
        except ValueError as error:
            raise InputError(self.item, f"{path} holds something that is no number") from error
        if not (np.abs(values) <= _LARGEST).all():
            raise InputError(self.item, f"{path} holds a number that is not finite, or beyond what pixels can hold")
        return values

    def triple(self, path: str, at: ElementTree.Element) -> list[float]:
        return [self.number(f"{path}/{axis}", at=at) for axis in "xyz"]

    def time(self, path: str, at: ElementTree.Element | None = None) -> datetime:
        text = self.text(path, at)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise InputError(self.item, f"{path} is no time: {text[:40]!r}") from error
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
