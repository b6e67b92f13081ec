"""Identifies the bands of a file, and which of them are masks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.ingest.metadata.band_names import (
    band_name,
    is_auxiliary_layer,
    is_mask,
    polarisation,
    s2_band,
    s2_number,
    zero_is_good,
)
from pipeline.types import RADARS, Sensor

if TYPE_CHECKING:
    from pipeline.ingest.metadata.options import OpenOptions
    from pipeline.ingest.metadata.sidecar import Sidecar
    from pipeline.ingest.rasters import RasterFile

_S2_COLOURS = {"red": "B04", "green": "B03", "blue": "B02"}
_COLOURS = {"red": "R", "green": "G", "blue": "B"}
_SAME_GREY = 3  # 8-bit steps by which JPEG may part the channels of a grey picture
NAMING_HINT = 'name them with --bands, or as "bands" in a sidecar'


@dataclass(frozen=True, slots=True)
class Mask:
    """A band that says where the others were measured: where it is not zero, or where it is."""

    index: int  # 1-based
    zero_is_good: bool = False


@dataclass(frozen=True, slots=True)
class Channels:
    """The bands that a scene takes from its file (``indexes`` are 1-based), and the file's mask bands."""

    names: tuple[str, ...]
    indexes: tuple[int, ...]
    masks: tuple[Mask, ...] = ()
    doubt: str = ""


def picture_bands(raster: RasterFile) -> tuple[int, ...]:
    """Indexes of the bands that are neither masks nor Sentinel-2 class layers."""
    masks = {mask.index for mask in _masks(raster, raster.descriptions)}
    return tuple(i for i, d in enumerate(raster.descriptions, 1) if i not in masks and not is_auxiliary_layer(d))


def channels_of(raster: RasterFile, sensor: Sensor, options: OpenOptions, sidecar: Sidecar | None) -> Channels:
    """Names of the bands: as the user says, else the sidecar, the descriptions, the colours, the file's name."""
    masks = _masks(raster, raster.descriptions)
    if options.bands:
        chosen = tuple(options.bands.values())
        if max(chosen) > raster.count:
            raise InputError(raster.item, f"has {raster.count} bands; --bands asks for number {max(chosen)}")
        return Channels(tuple(options.bands), chosen, tuple(m for m in masks if m.index not in chosen))
    if sidecar is not None and sidecar.bands:
        return _sidecar_channels(raster, sensor, sidecar.bands)
    indexes = picture_bands(raster)
    if not indexes:
        raise InputError(raster.item, "has no band but a mask")
    if len(indexes) in (3, 4) and raster.dtype == "uint8" and _is_grey(raster, indexes[:3]):
        indexes = indexes[:1]
    if sensor in RADARS:
        return _radar_channels(raster, indexes, masks)
    return _optical_channels(raster, sensor, indexes, masks)


def _masks(raster: RasterFile, names: tuple[str, ...]) -> tuple[Mask, ...]:
    """Bands that are masks by colour (alpha) or by name."""
    return tuple(
        Mask(i, zero_is_good(name))
        for i, (colour, name) in enumerate(zip(raster.colours, names, strict=True), 1)
        if colour == "alpha" or is_mask(name)
    )


def _sidecar_channels(raster: RasterFile, sensor: Sensor, names: tuple[str, ...]) -> Channels:
    """The sidecar's names, for every band but alpha, masks among them, or for the bands that are no masks."""
    not_alpha = tuple(i for i, c in enumerate(raster.colours, 1) if c != "alpha")
    indexes = not_alpha if len(names) == len(not_alpha) else picture_bands(raster)
    if len(names) != len(indexes):
        raise InputError(raster.item, f"has {len(indexes)} bands; its sidecar names {len(names)}")
    named = list(raster.descriptions)
    for index, name in zip(indexes, names, strict=True):
        named[index - 1] = name
    masks = _masks(raster, tuple(named))
    taken = tuple(i for i in indexes if i not in {m.index for m in masks} and not is_auxiliary_layer(named[i - 1]))
    if not taken:
        raise InputError(raster.item, "has no band but a mask")
    return _with_unique_names(tuple(band_name(named[i - 1], sensor) or named[i - 1] for i in taken), taken, masks)


def _with_unique_names(names: tuple[str, ...], indexes: tuple[int, ...], masks: tuple[Mask, ...]) -> Channels:
    """These names; two bands of one name have none, since nobody knows which of them it is."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if not twice:
        return Channels(names, indexes, masks)
    out = tuple(f"band{i}" if name in twice else name for name, i in zip(names, indexes, strict=True))
    return Channels(out, indexes, masks, doubt=f"several bands are called {', '.join(twice)}; {NAMING_HINT}")


def _radar_channels(raster: RasterFile, indexes: tuple[int, ...], masks: tuple[Mask, ...]) -> Channels:
    described = [polarisation(raster.descriptions[i - 1]) for i in indexes]
    if all(described) and len(set(described)) == len(described):
        return Channels(tuple(d for d in described if d), indexes, masks)
    if len(indexes) == 1:
        known = polarisation(raster.tags.get("POLARISATION", "")) or polarisation(raster.item)
        if known:
            return Channels((known,), indexes, masks)
        return Channels(("intensity",), indexes, masks, doubt="polarisation unknown")
    if raster.dtype == "uint8" and len(indexes) in (3, 4):
        return Channels(("intensity",), indexes[:1], masks, doubt="colour picture: its first channel is used")
    named = [d for d, i in zip(described, indexes, strict=True) if d]
    if named:  # bands such as an incidence angle or a mask stand beside the polarisations
        taken = tuple(i for d, i in zip(described, indexes, strict=True) if d)
        if len(set(named)) == len(named):
            return Channels(tuple(named), taken, masks)
    if len(indexes) > 2:
        raise InputError(raster.item, f"has {len(indexes)} bands without polarisation; {NAMING_HINT}")
    names = tuple(f"band{i}" for i in indexes)
    return Channels(names, indexes, masks, doubt="polarisations unknown")


def _optical_channels(
    raster: RasterFile, sensor: Sensor, indexes: tuple[int, ...], masks: tuple[Mask, ...]
) -> Channels:
    s2 = sensor is Sensor.SENTINEL2
    described = tuple(band_name(raster.descriptions[i - 1], sensor) for i in indexes)
    if s2 and len(indexes) == 1 and (name := s2_band(described[0]) or s2_number(raster.item)):
        return Channels(
            (name,),
            indexes,
            masks,
            doubt=f"{name} alone; lay the image's bands in one folder, or stack the bands in one file",
        )
    if all(described):
        return _with_unique_names(described, indexes, masks)
    colours = [raster.colours[i - 1] for i in indexes]
    if sorted(colours[:3]) == ["blue", "green", "red"] and len(indexes) <= 4:
        table = _S2_COLOURS if s2 else _COLOURS
        names = [table[c] for c in colours[:3]] + ([] if len(indexes) == 3 else ["B08" if s2 else "N"])
        return Channels(tuple(names), indexes, masks)
    if len(indexes) == 1:
        return Channels(("pan",), indexes, masks, doubt="band unknown: taken as one grey band" if s2 else "")
    if not s2 and len(indexes) == 4 and not any(described):
        return Channels(("B", "G", "R", "N"), indexes, masks, doubt="bands taken as blue, green, red, near infrared")
    known = _with_unique_names(tuple(d or f"band{i}" for d, i in zip(described, indexes, strict=True)), indexes, masks)
    return Channels(known.names, indexes, masks, doubt=known.doubt or f"band names unknown; {NAMING_HINT}")


def _is_grey(raster: RasterFile, indexes: tuple[int, ...]) -> bool:
    """Do three channels hold one picture?"""
    sample = raster.sample(512, indexes).astype(np.int16)
    return bool((np.ptp(sample, axis=0) <= _SAME_GREY).mean() > 0.999)
