"""Determines the sensor of an image: from user options or sidecar, else from the file and its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, InputError
from pipeline.ingest.metadata.band_names import (
    OPTICAL_WORDS,
    are_masks,
    band_name,
    is_auxiliary_layer,
    polarisation,
    s2_band,
    s2_number,
)
from pipeline.types import Sensor

if TYPE_CHECKING:
    from pipeline.ingest.metadata.sidecar import Sidecar
    from pipeline.ingest.rasters import RasterFile

S2_FROM_M = 7.5  # our choice: Sentinel-2's finest bands have 10 m, pictures made from them a little less
MASK = "is a mask, not an image"
_S2 = re.compile(
    r"(?<![A-Z0-9])S2[A-D]_|SENTINEL[-_ ]?2|(?<![A-Z0-9])T\d{2}[C-X][A-Z]{2}_\d{8}T\d{6}"
    r"|\d{8}T\d{6}_T\d{2}[C-X][A-Z]{2}(?![A-Z0-9])"  # as Earth Engine names an image
    r"|(?<![A-Z0-9])HLS\.S30\."  # NASA's harmonised images, of which these are Sentinel-2's
)
_S1 = re.compile(r"(?<![A-Z0-9])S1[A-D](_|-(IW|EW|WV|S[1-6])-)|SENTINEL[-_ ]?1")
_RADAR = re.compile(
    r"(?<![A-Z])(SAR|RADAR|RADARSAT|TERRASAR[-_ ]?X?|TANDEM[-_ ]?X|ICEYE|UMBRA|CAPELLA|COSMO|SAOCOM|NOVASAR|PALSAR)"
    r"(?![A-Z])"
    r"|(?<![A-Z0-9])((TSX|TDX|CSKS|RCM)[1-4]|(GF|GAOFEN)[-_ ]?3[BC]?)(?![A-Z0-9])"  # as their operators' files begin
)
_MASK_FILE = re.compile(
    r"(^MSK|[_-](UDM|UDM2|SCL|AOT|WVP|QA60|CLDPRB|SNWPRB))([_-]|$)"
    r"|^HLS\..*\.(FMASK|SAA|SZA|VAA|VZA)$"  # classes and angles beside the bands
)


def sensor_of(
    raster: RasterFile, path: Path, sidecar: Sidecar | None, *, by_operator: bool, spacing_m: float
) -> Sensor:
    """The sensor that a sidecar names, that operators' metadata mean, or that tags, names and bands tell.

    ``by_operator``: did an operator of fine optical satellites write metadata for it? ``spacing_m`` is the ground
    distance of pixels: bands called blue, green and near infrared are Sentinel-2's only where pixels are as coarse.
    """
    if sidecar is not None and "sensor" in sidecar.model_fields_set:
        return sidecar.sensor
    if by_operator:
        return Sensor.OPTICAL
    if (sensor := _by_names(raster, path, sidecar)) is not None:
        return sensor
    if (sensor := _by_bands(raster, sidecar, spacing_m)) is not None:
        return sensor
    radar = _is_radar(raster, path, sidecar)
    if sidecar is not None and not radar:
        return Sensor.OPTICAL
    likely = Sensor.SENTINEL1 if radar else Sensor.SENTINEL2
    beside = f'write {{"sensor": "{likely}"}} (or another) into {path.stem}.json beside it'
    hint = f"{beside}; capwatch detect also takes --sensor"  # run, of many images, does not
    raise ConfigError(f"{raster.item}: nothing in the file or its name tells its sensor; {hint}")


def names_sentinel2(text: str) -> bool:
    """Does the name of a file or folder identify it as Sentinel-2?

    >>> [names_sentinel2(n) for n in ("t53tkj_20240307t020531", "S2A_52SXX_20240310_0_L2A", "HLS.L30.T52SXX", "2024")]
    [True, True, False, False]
    """
    return _S2.search(text.upper()) is not None


def refuse_masks(raster: RasterFile) -> None:
    """Refuse files that are masks or class layers delivered beside an image."""
    if are_masks(raster.descriptions) or is_mask_file(raster.item):
        raise InputError(raster.item, MASK)


def is_mask_file(name: str) -> bool:
    """Is a file, by its name, a mask or class layer delivered beside images?

    >>> is_mask_file("20240308_021000_1003_3B_udm2.tif"), is_mask_file("20240308_021000_1003_3B_AnalyticMS.tif")
    (True, False)
    >>> is_mask_file("MSK_DETFOO_B02.jp2")  # of the pixels that Sentinel-2's products hold beside their bands
    True
    """
    return _MASK_FILE.search(name.rpartition(".")[0].upper()) is not None


def _by_names(raster: RasterFile, path: Path, sidecar: Sidecar | None) -> Sensor | None:
    texts = [raster.tags.get("SENSOR", ""), raster.tags.get("SCENE", "")]
    if sidecar is not None:
        texts += [sidecar.platform, sidecar.product_id]
    for text in (" ".join(texts).upper(), path.name.upper()):
        if _S2.search(text):
            return Sensor.SENTINEL2
        if _S1.search(text):
            return Sensor.SENTINEL1
    return Sensor.SENTINEL1 if "A_COEF" in raster.tags else None


def _is_radar(raster: RasterFile, path: Path, sidecar: Sidecar | None) -> bool:
    """Is it of a radar, by a polarisation or a satellite's name? Whether Sentinel-1's detector will do, people say.

    A file named after a place may hold such a word, too: where the sidecar knows the sun or a colour, it is no radar's.
    """
    texts = (path.stem, *raster.descriptions)
    if sidecar is not None:
        colours = {band_name(name, Sensor.OPTICAL) for name in sidecar.bands} & set(OPTICAL_WORDS.values())
        if colours or sidecar.sun_elevation_deg is not None:
            return False
        texts += (sidecar.platform, sidecar.product_id, *sidecar.bands)
    return any(polarisation(text) or _RADAR.search(text.upper()) for text in texts)


def _by_bands(raster: RasterFile, sidecar: Sidecar | None, spacing_m: float) -> Sensor | None:
    """Two bands or more by Sentinel-2's numbers; or by words, where pixels are as coarse as Sentinel-2's."""
    names = sidecar.bands if sidecar is not None and sidecar.bands else raster.descriptions
    names = tuple(n for n in names if not is_auxiliary_layer(n))
    if sum(s2_number(n) is not None for n in names) >= 2:
        return Sensor.SENTINEL2
    if spacing_m >= S2_FROM_M:
        return Sensor.SENTINEL2 if sum(s2_band(n) is not None for n in names) >= 2 else None
    known = set(OPTICAL_WORDS.values())
    return Sensor.OPTICAL if sum(band_name(n, Sensor.OPTICAL) in known for n in names) >= 2 else None
