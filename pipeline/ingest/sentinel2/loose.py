"""Opens Sentinel-2 bands in separate files outside a product as one raster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.ingest.metadata.acquisition import TIME_TAGS
from pipeline.ingest.proven import open_proven
from pipeline.ingest.sentinel2.layers import is_on_grid, stack_bands
from pipeline.ingest.unpacked import open_unpacked

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.ingest.metadata.loose_bands import LooseBands
    from pipeline.ingest.rasters import RasterFile
    from pipeline.ingest.sentinel2.layers import BandStack

_MOST_TELLING = ("B08", "B11", "B12", "B04", "B03", "B02")  # preferred if no two bands agree: infrared tells water best


def open_bands(bands: LooseBands, *, all_read: bool = False, proven: Path | None = None) -> BandStack:
    """One raster of the bands that agree: on the grid of the majority, of one data type and one time.

    With ``all_read`` each is decoded only once if that is slow, since all of it will be read. ``proven`` is the folder
    of notes of `open_proven`. A band that is broken or does not agree is left out, and reported. Raises InputError if
    none can be opened.
    """
    layers: dict[str, RasterFile] = {}
    left_out: dict[str, str] = {}
    for band, path in bands.files.items():
        try:
            layers[band] = _require_single_band(open_unpacked(path) if all_read else open_proven(path, proven))
        except InputError as error:
            left_out[band] = str(error)
    if not layers:
        raise InputError(bands.name, f"none of its bands can be read; {next(iter(left_out.values()))}")
    matching = {base: [b for b, layer in layers.items() if not _mismatch(layer, layers[base])] for base in layers}
    base = max(matching, key=lambda b: (len(matching[b]), *_grid_rank(layers[b]), -_MOST_TELLING.index(b)))
    for band, layer in layers.items():
        if reason := _mismatch(layer, layers[base]):
            left_out[band] = f"{layer.item}: {reason}"
    kept = {band: layer for band, layer in layers.items() if band not in left_out}
    doubts = [f"without {band}: {left_out[band]}" for band in bands.files if band in left_out]
    return stack_bands(kept, str(bands.first.absolute()), bands.name, doubts)


def _require_single_band(layer: RasterFile) -> RasterFile:
    """A file unchanged; InputError if it holds more than the band in its name, in an unknown order."""
    if layer.count != 1:
        raise InputError(layer.item, f"holds {layer.count} bands, not the one in its name")
    return layer


def _grid_rank(layer: RasterFile) -> tuple[int, int]:
    """Sort key, the greatest is best: georeferenced, then more pixels."""
    return int(layer.transform is not None), layer.shape[0] * layer.shape[1]


def _mismatch(layer: RasterFile, base: RasterFile) -> str:
    """Why a band cannot be stacked with the band that sets the grid, or ""."""
    if layer is base:
        return ""
    if layer.dtype != base.dtype:
        return f"holds {layer.dtype} where {base.item} holds {base.dtype}"
    if not is_on_grid(layer, base):
        return f"does not lie on the grid of {base.item}"
    times = [(layer.tags[key], base.tags[key]) for key in TIME_TAGS if key in layer.tags and key in base.tags]
    return f"was taken at another time than {base.item}" if any(time != base_time for time, base_time in times) else ""
