"""Opens untrusted raster files safely: named drivers only, no GDAL side files, a size limit, windowed reads.

A file's metadata are read once into a frozen `RasterFile`. Threads and processes share nothing but its path: each opens
the file itself, and keeps the last few open, so that blocks decoded for one window need not be decoded again for the
next.
"""

from __future__ import annotations

import atexit
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError, MemoryShort, is_utf8
from pipeline.first_bytes import kind_of
from pipeline.ingest.gdal_errors import REPACK_HINT, is_from_rasterio, is_out_of_memory, missing_codec
from pipeline.ingest.gdal_noise import mute_spurious
from pipeline.ingest.gdal_settings import SETTINGS
from pipeline.types import Stamp, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from pipeline.types import BoolImage, FloatArray

MAGIC = (  # the driver is chosen by a file's first bytes, never its name; a VRT is text and matches none
    (b"II*\0", "GTiff"),
    (b"MM\0*", "GTiff"),
    (b"II+\0", "GTiff"),  # BigTIFF
    (b"MM\0+", "GTiff"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JP2OpenJPEG"),
    (b"\xff\x4f\xff\x51", "JP2OpenJPEG"),
)
MAX_BYTES = 40_000_000_000  # decoded as float32; our choice: a dual-polarisation GRD has 4e9
MAX_BLOCK_BYTES = 1 << 30  # one compressed block; our choice, against deflate bombs
BOMB_BLOCK_BYTES = 1 << 26  # blocks from this size on must not exceed ...
BOMB_RATIO = 200.0  # ... this compression ratio: deflate reaches 1,032, images of the sea some 2
FOREIGN_NAME = "has a name that is not UTF-8 (rename it, or the folder that it lies in)"
MAX_BANDS = 64  # our choice: hyperspectral cubes are not what this reads
MAX_OPEN = 6  # rasters that a thread keeps open (our choice): the bands of one scene


mute_spurious()


_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class RasterFile:
    """A raster file's metadata. ``gcps`` are (row, col, lon, lat, height [m]), whole numbers at pixel centres."""

    path: str  # GDAL's name for it
    item: str  # its name in messages
    driver: str
    shape: tuple[int, int]
    dtype: str
    descriptions: tuple[str, ...]  # "" if a band has none
    colours: tuple[str, ...]  # grey, red, green, blue, alpha, palette, ...
    tags: dict[str, str]
    nodata: float | None
    crs_wkt: str | None
    transform: tuple[float, float, float, float, float, float] | None
    gcps: FloatArray | None
    rpc: dict[str, list[float]] | None = None  # rational polynomials from the file's own tag, by GDAL's names
    doubt: str = ""  # what decoding it showed to be odd
    masked: bool = False  # does the file have an internal mask besides its bands?
    scales: tuple[float, ...] = ()  # by band: value = scale * stored + offset; empty if not stated
    offsets: tuple[float, ...] = ()
    reduced: bool = False  # does it have overviews, which make samples cheap?
    number: int = field(default_factory=_NUMBERS.__next__, compare=False, repr=False)  # of this look at the file

    @property
    def count(self) -> int:
        """Number of bands."""
        return len(self.descriptions)

    def metadata(self) -> dict[str, Any]:
        """All metadata by field, to construct another kind of raster from the same file."""
        return {f.name: getattr(self, f.name) for f in fields(RasterFile)}

    def read(self, window: Window, indexes: tuple[int, ...] | None = None, *, alone: bool = False) -> NDArray[Any]:
        """Stored values of a window, shape (bands, rows, cols); ``indexes`` are 1-based.

        ``alone``: its neighbours are not read next, so nothing is decoded for them.
        """
        with kept_open(self) as dataset:
            return dataset.read(list(indexes) if indexes else None, window=rasterio_window(window))

    def measured(self, window: Window) -> BoolImage:
        """True where the file's own mask says that a pixel was measured, shape (rows, cols)."""
        if not self.masked:
            return np.ones((window.rows, window.cols), bool)
        with kept_open(self) as dataset:
            return np.asarray(dataset.read_masks(1, window=rasterio_window(window)) != 0)

    def sample(self, side: int = 1024, indexes: tuple[int, ...] | None = None) -> NDArray[Any]:
        """At most side x side pixels of the whole image, shape (bands, rows, cols), by taking every n-th pixel."""
        return self.resampled(self.sample_shape(side), indexes)

    def resampled(self, shape: tuple[int, int], indexes: tuple[int, ...] | None = None) -> NDArray[Any]:
        """The whole image resampled to ``shape`` (rows, cols), nearest neighbour."""
        from rasterio.enums import Resampling

        with kept_open(self) as dataset:
            chosen = list(indexes) if indexes else list(range(1, self.count + 1))
            return dataset.read(chosen, out_shape=(len(chosen), *shape), resampling=Resampling.nearest)

    def measured_sample(self, side: int) -> BoolImage:
        """`measured` for the pixels of a `sample`, shape (rows, cols)."""
        return self.measured_as(self.sample_shape(side))

    def measured_as(self, shape: tuple[int, int]) -> BoolImage:
        """`measured` for the whole image resampled to ``shape`` (rows, cols), nearest neighbour."""
        from rasterio.enums import Resampling

        if not self.masked:
            return np.ones(shape, bool)
        with kept_open(self) as dataset:
            return np.asarray(dataset.read_masks(1, out_shape=shape, resampling=Resampling.nearest) != 0)

    def sample_shape(self, side: int) -> tuple[int, int]:
        """Rows and columns of a `sample`."""
        step = max(1, -(-max(self.shape) // side))
        return max(1, self.shape[0] // step), max(1, self.shape[1] // step)

    def palette(self) -> FloatArray | None:
        """Brightness of each of the 256 colours of a palette image, else None."""
        if "palette" not in self.colours:
            return None
        with opened(self.path, self.item, self.driver) as dataset:
            colours = dataset.colormap(1)
        table = np.zeros(256)
        for index, rgba in colours.items():
            table[index] = sum(rgba[:3]) / 3
        return table


def rasterio_window(window: Window) -> Any:
    """A window as rasterio's own."""
    from rasterio.windows import Window as RasterioWindow

    return RasterioWindow(window.col0, window.row0, window.cols, window.rows)


def open_raster(
    path: Path,
    *,
    member: str | None = None,
    whole: bool = True,
    meanwhile: Callable[[], object] = lambda: None,
) -> RasterFile:
    """Read a raster's metadata; refuse what is not an image, is complex, or is larger than `MAX_BYTES`.

    With ``member`` the file is a GeoTIFF or JPEG2000 of that name inside the zip ``path``, which the caller has
    checked. It is decoded in quarantine first: ``whole``, or only its ends if its bytes were verified against the
    producer's checksum or the rest is decoded there as it is read (``in_passing``). ``meanwhile`` is called while that
    goes on.
    """
    from pipeline.ingest.quarantine import examine

    where, name, driver = gdal_address(path, member)

    def load() -> None:
        import rasterio  # noqa: F401

        meanwhile()

    return read_metadata(where, name, driver, examine(where, name, driver, whole=whole, meanwhile=load))


def gdal_address(path: Path, member: str | None = None) -> tuple[str, str, str]:
    """A file's name for GDAL, its name in messages, and its driver; InputError if it is not an image."""
    name = path.name if member is None else Path(member).name
    require_file(path, name)
    place = str(path.absolute())  # absolute, so that it cannot be taken for a URL
    if member is None:
        return place, name, _driver_of(path, name)
    packed = "JP2OpenJPEG" if name.lower().endswith(".jp2") else "GTiff"
    return f"/vsizip/{{{place}}}/{member}", name, packed


def read_metadata(where: str, name: str, driver: str, doubt: str = "") -> RasterFile:
    """The metadata of a raster that was decoded in quarantine before."""
    with opened(where, name, driver) as dataset:
        refuse_unsupported(dataset, name)
        scales, offsets = _stated_scale(dataset)
        located = dataset.crs is not None and not dataset.transform.is_identity
        return RasterFile(
            path=where,
            item=name,
            driver=driver,
            shape=(dataset.height, dataset.width),
            dtype=dataset.dtypes[0],
            descriptions=tuple((d or "").strip() for d in dataset.descriptions),
            colours=tuple("grey" if c.name == "gray" else c.name for c in dataset.colorinterp),
            tags={str(k): str(v) for k, v in sorted(dataset.tags().items())},
            nodata=None if dataset.nodata is None else float(dataset.nodata),
            crs_wkt=dataset.crs.to_wkt() if located else None,
            transform=tuple(dataset.transform)[:6] if located else None,
            gcps=None if located else _read_gcps(dataset, name),
            rpc=None if located else _read_rpc(dataset),
            doubt=doubt,
            masked=has_mask(dataset),
            scales=scales,
            offsets=offsets,
            reduced=bool(dataset.overviews(1)),
        )


def has_mask(dataset: DatasetReader) -> bool:
    """Does the file have an internal mask that is neither one of its bands nor derived from a nodata value?"""
    from rasterio.enums import MaskFlags

    flags = dataset.mask_flag_enums[0]
    return MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags


def _stated_scale(dataset: DatasetReader) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Scale and offset of each band; empty if they change nothing, or are not usable numbers."""
    scales, offsets = tuple(map(float, dataset.scales)), tuple(map(float, dataset.offsets))
    if not any(s != 1.0 for s in scales) and not any(offsets):
        return (), ()
    sound = all(np.isfinite(s) and s > 0 for s in scales) and all(np.isfinite(o) for o in offsets)
    return (scales, offsets) if sound else ((), ())


@contextmanager
def opened(
    path: str, item: str, driver: str, opener: Callable[..., Any] | None = None, *, threads: int = 1
) -> Iterator[DatasetReader]:
    """Open a raster with exactly this driver, without side files; GDAL's errors become an InputError.

    With ``opener`` GDAL reads the file object that it returns. ``threads``: number of decoding threads.
    """
    with _gdal_errors_as_input_errors(path, item, driver, threads), _open(path, driver, opener) as dataset:
        yield dataset


class _OpenRasters(threading.local):
    """A thread's last rasters, kept open, by path, number and state of the file (whose mtime may lag by 4 ms)."""

    def __init__(self) -> None:
        self.files: dict[tuple[object, ...], DatasetReader] = {}


_OPEN = _OpenRasters()


@atexit.register
def _close_open_rasters() -> None:
    """Close the main thread's open rasters at exit: from Python 3.13 on rasterio raises errors if it is done later."""
    while _OPEN.files:
        _OPEN.files.popitem()[1].close()


@contextmanager
def kept_open(raster: RasterFile) -> Iterator[DatasetReader]:
    """As `opened`, but kept open in this thread for its next read; reopened if the file changed or is a new raster."""
    with _gdal_errors_as_input_errors(raster.path, raster.item, raster.driver):
        state = os.stat(_path_on_disk(raster.path))
        key = (raster.path, raster.number, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
        dataset = _OPEN.files.pop(key, None) or _open(raster.path, raster.driver)
        yield dataset  # not kept if the read fails
        _OPEN.files[key] = dataset
        while len(_OPEN.files) > MAX_OPEN:
            _OPEN.files.pop(next(iter(_OPEN.files))).close()


def _path_on_disk(path: str) -> str:
    """The file on disk: itself, or the archive that contains it."""
    return path[len("/vsizip/{") : path.rindex("}")] if path.startswith("/vsizip/{") else path


def _open(path: str, driver: str, opener: Callable[..., Any] | None = None) -> DatasetReader:
    import rasterio

    return rasterio.open(path, driver=driver, sharing=False, opener=opener)


@contextmanager
def _gdal_errors_as_input_errors(path: str, item: str, driver: str, threads: int = 1) -> Iterator[None]:
    """Run GDAL under `SETTINGS`, turning its errors into an InputError. Our own ValueErrors are passed on."""
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with rasterio.Env(**SETTINGS | {"GDAL_NUM_THREADS": str(threads)}):
            yield
    except (MemoryError, RasterioError, ValueError, OSError) as error:
        if is_out_of_memory(error):
            raise MemoryShort(f"{item}: not enough memory to read it") from error
        if isinstance(error, ValueError) and not is_from_rasterio(error):
            raise
        if codec := missing_codec(error):
            raise InputError(item, f"is packed as {codec}, which cannot be decoded here; {REPACK_HINT}") from error
        # GDAL's names for in-memory files are numbered per process, and not part of the message
        message = re.sub(r"/vsi(riopener_\w+/|mem/[^\s:]*:)", "", str(error.__cause__ or error).replace(path, item))
        raise InputError(item, f"is damaged, or no true {driver} file ({' '.join(message.split())[:120]})") from error


def _driver_of(path: Path, item: str) -> str:
    """The GDAL driver of a file, by its first bytes."""
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise InputError(item, f"cannot be read ({error.strerror})") from error
    for magic, driver in MAGIC:
        if head.startswith(magic):
            return driver
    kind = kind_of(head)
    raise InputError(item, f"is no GeoTIFF, PNG, JPEG or JPEG2000 file{f', but {kind}' if kind else ''}")


def stamp_of(path: Path) -> Stamp:
    """A file's size and times; InputError if they cannot be read."""
    try:
        found = path.stat()
    except OSError as error:
        raise InputError(path.name, f"cannot be read ({error.strerror})") from error
    return Stamp(str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def require_file(path: Path, item: str) -> None:
    """Refuse a file that is missing, not regular, empty or unreadable, or whose name GDAL could not handle."""
    if not path.exists():
        raise InputError(item, "there is no such file")
    if not path.is_file():
        raise InputError(item, "is not a regular file")
    if path.stat().st_size == 0:
        raise InputError(item, "is empty (0 bytes)")
    if not os.access(path, os.R_OK):
        raise InputError(item, "may not be read (permission denied)")
    if not is_utf8(path.absolute()):
        raise InputError(item, FOREIGN_NAME)


def refuse_unsupported(dataset: DatasetReader, item: str) -> None:
    """Refuse complex values, mixed types, and implausible sizes."""
    kinds = set(dataset.dtypes)
    if any(k.startswith("complex") for k in kinds):
        raise InputError(item, f"holds {dataset.dtypes[0]}; a detected (amplitude or intensity) image is needed")
    if len(kinds) > 1:
        raise InputError(item, f"its bands differ in type ({', '.join(sorted(kinds))})")
    if dataset.count > MAX_BANDS:
        raise InputError(item, f"has {dataset.count} bands; at most {MAX_BANDS} are read")
    declared = 4 * dataset.width * dataset.height * dataset.count
    if declared > MAX_BYTES:
        raise InputError(item, f"declares {declared / 1e9:.0f} GB of pixels (limit {MAX_BYTES / 1e9:.0f} GB)")
    rows, cols = dataset.block_shapes[0]
    block = rows * cols * np.dtype(dataset.dtypes[0]).itemsize
    if dataset.driver == "GTiff" and min(block, declared) > MAX_BLOCK_BYTES:
        raise InputError(item, f"has blocks of {rows} x {cols} pixels; write it in tiles of 512 x 512")
    stored = os.stat(dataset.name).st_size if os.path.isfile(dataset.name) else 0  # archives were checked before
    if stored and block >= BOMB_BLOCK_BYTES and declared / 4 > BOMB_RATIO * stored:
        raise InputError(item, f"unpacks over {BOMB_RATIO:g}-fold in blocks of {rows} x {cols} pixels (a bomb?)")


def _read_rpc(dataset: DatasetReader) -> dict[str, list[float]] | None:
    """Rational polynomials by name; None if the file has none that can be read."""
    try:
        coefficients = {k: [float(v) for v in str(value).split()] for k, value in dataset.tags(ns="RPC").items()}
    except ValueError:
        return None
    return coefficients if "LINE_NUM_COEFF" in coefficients else None


def _read_gcps(dataset: DatasetReader, item: str) -> FloatArray | None:
    """Ground control points as (row, col, lon, lat, height [m]), or None."""
    points, crs = dataset.gcps
    if not points:
        return None
    lon, lat = np.array([p.x for p in points], float), np.array([p.y for p in points], float)
    if crs is not None and crs.to_epsg() != 4326:
        from pyproj import Transformer

        lon, lat = Transformer.from_crs(crs.to_wkt(), "EPSG:4326", always_xy=True).transform(lon, lat)
    is_on_earth = np.isfinite(lon) & (np.abs(lon) <= 360) & (np.abs(lat) <= 90)
    if crs is None or not is_on_earth.all():
        raise InputError(item, "its ground control points are not on Earth, or have no coordinate system")
    # GDAL counts GCPs from the corner of the first pixel, we count from its centre
    height = np.nan_to_num([p.z or 0.0 for p in points])
    found = np.column_stack([[p.row - 0.5 for p in points], [p.col - 0.5 for p in points], lon, lat, height])
    if not np.isfinite(found).all():
        raise InputError(item, "its ground control points have no place in the image")
    return found
