"""Reads the sidecar of an image: a small JSON file with metadata (time, angles, bands, scale)."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from pipeline.config.base import Section
from pipeline.config.loading import causes_of
from pipeline.config.mistakes import EPSG, SHA256
from pipeline.errors import InputError, PipelineError
from pipeline.ingest.json_text import RepeatedKey, parse_json
from pipeline.types import OpticalView, Sensor, utc

MAX_BYTES = 1 << 18  # our choice: a sidecar has some 500 bytes
GEOJSON_TYPES = ("Feature", "FeatureCollection", "GeometryCollection", "Polygon", "MultiPolygon")


def _checked_time(text: str) -> str:
    try:
        utc(text)
    except (PipelineError, ValueError) as error:
        raise ValueError("write the time as 2024-03-08T02:10:00Z") from error
    return text


class Sidecar(Section):
    """``<stem>.json`` beside ``<stem>.tif``. Angles that are not given are unknown; nothing is derived from them."""

    acquired: Annotated[str, AfterValidator(_checked_time)] | None = None
    """Middle of the acquisition, ISO 8601 with time zone."""
    platform: str = ""
    """Satellite."""
    sensor: Sensor = Sensor.OPTICAL
    """sentinel-1, sentinel-2 or optical; if not given, the image's tags, name and bands take precedence."""
    product_id: str = ""
    """The operator's name of the product."""
    bands: tuple[str, ...] = ()
    """Names of the bands, in file order: B02 etc., or B, G, R, N, or words such as blue and near infrared."""
    scale: float | None = Field(default=None, gt=0)
    """Reflectance = scale * DN + offset; null: unknown."""
    offset: float | None = None
    """See scale."""
    scales: tuple[float, ...] = ()
    """The same for each band, in file order; empty: scale applies to all."""
    offsets: tuple[float, ...] = ()
    """See scales."""
    pixel_spacing_m: float | None = Field(default=None, gt=0, le=1000)
    """Pixel spacing on the ground, for an image without georeference."""
    sun_elevation_deg: float | None = Field(default=None, ge=-90, le=90)
    """Sun elevation above the horizon."""
    sun_azimuth_deg: float | None = Field(default=None, ge=-360, le=360)
    """Direction towards the sun, from north, clockwise."""
    view_off_nadir_deg: float | None = Field(default=None, ge=0, lt=90)
    """Angle at the ground between the vertical and the satellite."""
    view_azimuth_deg: float | None = Field(default=None, ge=-360, le=360)
    """Direction towards the satellite, from north, clockwise."""
    sea_height_m: float | None = Field(default=None, ge=-150, le=150)
    """Height of the sea above the WGS84 ellipsoid, for an image located by rational polynomials; by default the geoid's
    (EGM2008)."""
    cloud_fraction: float | None = Field(default=None, ge=0, le=1)
    """Share of the image under cloud, as stated by its provider."""
    simulated: bool = False
    """Was it made by a simulator?"""
    crs: str | None = Field(default=None, pattern=EPSG)
    """Coordinate system stated by the catalogue, as EPSG:32653: compared with the image's own, or used for a world
    file that names none."""
    sha256: str | None = Field(default=None, pattern=SHA256)
    """Hash of the image; checked if it is given."""

    def view(self) -> OpticalView:
        """The angles as the pipeline carries them."""
        return OpticalView(
            sun_elevation_deg=self.sun_elevation_deg,
            sun_azimuth_deg=_azimuth_deg(self.sun_azimuth_deg),
            view_off_nadir_deg=self.view_off_nadir_deg,
            view_azimuth_deg=_azimuth_deg(self.view_azimuth_deg),
            cloud_fraction=self.cloud_fraction,
        )


def sidecar_path(image: Path) -> Path:
    """The path of an image's sidecar, if it has one; its suffix may be in capitals."""
    names = [image.with_suffix(ending) for ending in (".json", ".JSON", ".Json")]
    return next((path for path in names if path.is_file()), names[0])


def read_sidecar(image: Path) -> tuple[Sidecar | None, str]:
    """The sidecar of an image, if it has one, and a remark on a file of that name that was ignored.

    A JSON file counts as a sidecar if it is a mapping with at least one known key. GeoJSON and catalogue metadata are
    ignored without a remark.
    """
    path = sidecar_path(image)
    if not path.is_file():
        return None, ""
    if path.is_symlink() and not _is_inside_folder(path, image):
        return None, f"{path.name} is a link that leads out of its folder (ignored)"
    if path.stat().st_size > MAX_BYTES:
        return None, f"{path.name} is too large for a sidecar (ignored)"
    content = _read_content(path)
    if isinstance(content, dict) and _is_foreign(content):
        return None, ""
    if not isinstance(content, dict) or not content.keys() & Sidecar.model_fields.keys():
        return None, f"{path.name} has no key of a sidecar{_typo_hint(content)} (ignored)"
    try:
        return Sidecar.model_validate(content), ""
    except ValidationError as error:
        raise InputError(path.name, causes_of(Sidecar, content, error)) from error


def _typo_hint(content: Any) -> str:
    """A remark on the first key that is a sidecar's key with a typo; "" if there is none."""
    keys = [str(key).lower() for key in content] if isinstance(content, dict) else []
    close = [near for key in keys for near in difflib.get_close_matches(key, Sidecar.model_fields, n=1)]
    return f"; did you mean {close[0]}?" if close else ""


def _read_content(path: Path) -> Any:
    try:
        return parse_json(path.read_text("utf-8-sig"))
    except OSError as error:
        raise InputError(path.name, f"cannot be read ({error.strerror})") from error
    except RepeatedKey as error:
        raise InputError(path.name, str(error)) from None
    except ValueError:
        raise InputError(path.name, "is not JSON, so the image's time and angles are unknown") from None


def _is_inside_folder(link: Path, image: Path) -> bool:
    """Does a link lead to the image's own folder, or to where the image itself is a link to?"""
    target = link.resolve()
    return target.is_relative_to(image.parent.resolve()) or target.parent == image.resolve().parent


def _is_foreign(content: dict[str, Any]) -> bool:
    """GeoJSON, or an item of a SpatioTemporal Asset Catalog (which is GeoJSON as well)."""
    if content.keys() & {"acquired", "sensor", "platform"}:
        return False
    return "stac_version" in content or content.get("type") in GEOJSON_TYPES


def merged(sidecar: Sidecar | None, operator: Sidecar | None) -> Sidecar | None:
    """Merge field by field; the analyst's sidecar overrides the operator's file."""
    if sidecar is None or operator is None:
        return sidecar or operator
    return operator.model_copy(update={name: getattr(sidecar, name) for name in sidecar.model_fields_set})


def _azimuth_deg(angle_deg: float | None) -> float | None:
    return None if angle_deg is None else angle_deg % 360.0
