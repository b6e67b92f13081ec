"""Maps band descriptions to band names: colours, Sentinel-2 numbers, polarisations, masks.

A scene's bands have short names: ``B02`` and so on for Sentinel-2, ``B G R N`` and a few more for other optical images.
"""

from __future__ import annotations

import re

from pipeline.types import RADARS, Sensor

S2_USED = ("B02", "B03", "B04", "B08", "B11", "B12")  # what the optical chain uses, as from catalogues
POLARISATIONS = ("VV", "VH", "HH", "HV")  # in the order in which a scene has them
S2_WORDS = {  # the second half: common names of the STAC extension "eo"
    "BLUE": "B02", "GREEN": "B03", "RED": "B04", "NIR": "B08", "SWIR": "B11", "SWIR1": "B11", "SWIR16": "B11",
    "SWIR2": "B12", "SWIR22": "B12", "COASTAL": "B01", "REDEDGE1": "B05", "REDEDGE2": "B06", "REDEDGE3": "B07",
    "NIR08": "B8A", "NIR09": "B09", "CIRRUS": "B10", "NEARINFRARED": "B08", "INFRARED": "B08",
}  # fmt: skip
OPTICAL_WORDS = {
    "COASTAL": "CB", "COASTALBLUE": "CB", "BLUE": "B", "GREEN": "G", "GREENI": "GI", "YELLOW": "Y", "RED": "R",
    "REDEDGE": "RE", "NIR": "N", "NIR1": "N", "NEARINFRARED": "N", "NEARINFRARED1": "N", "INFRARED": "N", "NIR2": "N2",
    "NEARINFRARED2": "N2", "PAN": "pan", "PANCHROMATIC": "pan", "GREY": "pan", "GRAY": "pan",
    "CB": "CB", "B": "B", "G": "G", "GI": "GI", "Y": "Y", "R": "R", "RE": "RE", "N": "N", "N2": "N2",
}  # fmt: skip
VALID_MASK_WORDS = ("ALPHA", "MASK", "DATAMASK", "VALID", "VALIDMASK")  # zero: nothing was measured
INVALID_MASK_WORDS = ("UDM", "UDM1", "UNUSABLEDATAMASK")  # Planet: anything but zero is unusable
AUXILIARY_WORDS = ("SCL", "CLD", "CLP", "CLM", "SNW", "AOT", "WVP", "QA60", "MSKCLDPRB", "MSKSNWPRB")  # of Sentinel-2
UDM2_BANDS = ("CLEAR", "SNOW", "SHADOW", "CLOUD", "CONFIDENCE", "UDM1")  # of Planet's masks, with kinds of haze between


def band_name(text: str, sensor: Sensor) -> str:
    """The short name for a band description; the description itself if its meaning is unknown.

    ``Band 3``, a placeholder of some programs, means nothing and gives "".

    >>> band_name("near-infrared", Sensor.OPTICAL), band_name("Band 1 - Blue", Sensor.OPTICAL)
    ('N', 'B')
    >>> band_name("nir", Sensor.SENTINEL2), band_name("Band 4", Sensor.OPTICAL), band_name("depth", Sensor.OPTICAL)
    ('B08', '', 'depth')
    """
    text = text.strip()
    if re.fullmatch(r"(?i)(band|layer|channel)[ _#-]*\d+", text):
        return ""
    if sensor is Sensor.SENTINEL2:
        return s2_band(text) or text
    if sensor in RADARS:
        return polarisation(text) or text
    return OPTICAL_WORDS.get(_plain_word(text), text)


def s2_band(text: str) -> str | None:
    """The Sentinel-2 band that a description or file name means, else None.

    >>> s2_band("b8"), s2_band("B08 (842 nm)"), s2_band("nir"), s2_band("T53_B8A_20m.tif")
    ('B08', 'B08', 'B08', 'B8A')
    """
    return S2_WORDS.get(_plain_word(text)) or s2_number(text)


def s2_number(text: str) -> str | None:
    """The Sentinel-2 band whose number stands in a text, else None.

    >>> s2_number("B8"), s2_number("nir")
    ('B08', None)
    """
    found = re.search(r"(?<![A-Z0-9])B(8A|0?[1-9]|1[0-2])(?![0-9A-Z])", text.upper())
    if found is None:
        return None
    number = found.group(1)
    return "B8A" if number == "8A" else f"B{int(number):02d}"


def polarisation(text: str) -> str | None:
    """The polarisation that stands in a text, else None."""
    found = re.search(r"(?<![A-Z0-9])(VV|VH|HH|HV)(?![A-Z0-9])", text.upper().replace("_", " "))
    return found.group(1) if found else None


def is_mask(text: str) -> bool:
    """Does the description mean a mask rather than a band?"""
    return _plain_word(text) in VALID_MASK_WORDS + INVALID_MASK_WORDS


def zero_is_good(text: str) -> bool:
    """Does a zero in this mask mean that a pixel was measured well?"""
    return _plain_word(text) in INVALID_MASK_WORDS


def is_auxiliary_layer(text: str) -> bool:
    """Does the description mean a layer that providers put beside the bands: classes, depths, probabilities?"""
    return _plain_word(text) in AUXILIARY_WORDS


def are_masks(descriptions: tuple[str, ...]) -> bool:
    """Are these the bands of a file of usable-data masks, as Planet delivers one beside each image?"""
    words = [_plain_word(d) for d in descriptions]
    return sum(w in UDM2_BANDS for w in words) >= 4 or (bool(words) and all(w in INVALID_MASK_WORDS for w in words))


def _plain_word(text: str) -> str:
    """A description in capitals, without leading number, trailing units and word separators."""
    bare = re.sub(r"\(.*?\)|\[.*?\]", "", text.upper())
    bare = re.sub(r"^\s*BAND[ _]*\d+\s*[-:_,.]?\s*(?=\S)", "", bare)
    return re.sub(r"[^A-Z0-9]", "", bare)
