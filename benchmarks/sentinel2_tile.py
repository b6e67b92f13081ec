"""A Sentinel-2 tile of five bands from file to detections: CPU time and memory, against just decoding the same file.

    python -m benchmarks.sentinel2_tile [--side 10980] [--as-delivered]

Simulated: two fifths land with a ragged coast, sea that varies, forty ships. One deflated GeoTIFF or, as ESA delivers
it, one JPEG2000 file per band with B11 in pixels of 20 m. Prints CPU seconds of this process, without and with the
quarantine's helper, and wall time, which means little on a shared machine. Runs decoding first, then detection with the
hull network, then without.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.windows import Window
from scipy import ndimage

from benchmarks.hull_sizes import BANDS, DECKS, LAND, WATER
from pipeline.detection import detect
from pipeline.detection.optical import network, sentinel2
from pipeline.ingest import quarantine
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene, with_decoding_doubt
from pipeline.types import Sensor

STRIP = 512
SHIPS = 40


def write_tile(path: Path, side: int, seed: int = 0) -> None:
    """One tile as GeoTIFF, uint16 reflectance x 10,000, deflated blocks of 512."""
    rng = np.random.default_rng(seed)
    texture = ndimage.gaussian_filter(rng.normal(0, 1, (STRIP, 2 * STRIP)), 1.5, mode="wrap")
    texture /= texture.std()
    coast = 0.4 * side + np.cumsum(rng.normal(0, 1.2, side)) + 60 * np.sin(np.arange(side) / 170)
    ships = [(int(rng.uniform(60, side - 60)), int(rng.uniform(0.5 * side, side - 60))) for _ in range(SHIPS)]
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 5, "dtype": "uint16", "compress": "deflate",
               "tiled": True, "blockxsize": STRIP, "blockysize": STRIP, "interleave": "band", "crs": "EPSG:32653",
               "transform": Affine(10, 0, 5e5, 0, -10, 4.73e6)}  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.descriptions = BANDS
        for row in range(0, side, STRIP):
            height = min(STRIP, side - row)
            dry = np.arange(side)[None, :] < coast[row : row + height, None]
            grain = np.tile(texture[:height], (1, -(-side // texture.shape[1])))[:, :side]
            haze = 1 + 0.1 * np.sin(np.arange(side) / 900 + row / 1500)
            for k in range(5):
                band = np.where(dry, LAND[k] * np.exp(0.45 * grain), WATER[k] * haze)
                for n, (r, c) in enumerate(ships):
                    if row <= r < row + height - 3:
                        band[r - row : r - row + 3, c : c + 14] = DECKS[n % len(DECKS), k]
                band += rng.normal(0, 0.002, band.shape)
                stored = np.clip(np.rint(1e4 * band), 1, 65535).astype(np.uint16)
                file.write(stored, k + 1, window=Window(0, row, side, height))


def delivered(tile: Path, folder: Path) -> list[Path]:
    """A tile's bands as separate files, lossless in tiles of 1,024 as ESA packs them; B11 in pixels of 20 m."""
    out = []
    with rasterio.open(tile) as file:
        for k, band in enumerate(BANDS, 1):
            steps = 2 if band == "B11" else 1
            image = file.read(k)
            rows, cols = (side // steps for side in image.shape)
            means = image[: rows * steps, : cols * steps].reshape(rows, steps, cols, steps).mean(axis=(1, 3))
            path = folder / f"T52SXX_20240310T020621_{band}_{10 * steps}m.jp2"
            profile = {"driver": "JP2OpenJPEG", "width": cols, "height": rows, "count": 1, "dtype": "uint16",
                       "crs": file.crs, "transform": file.transform @ Affine.scale(steps), "REVERSIBLE": "YES",
                       "QUALITY": "100", "BLOCKXSIZE": "1024", "BLOCKYSIZE": "1024"}  # fmt: skip
            with rasterio.open(path, "w", **profile) as packed:
                packed.write(np.rint(means).astype(np.uint16), 1)
            out.append(path)
    return out


def timed(work: Callable[[], object]) -> tuple[float, float, float]:
    """CPU seconds of this process, CPU seconds with its helper (a new one each time, which ends), and wall seconds."""
    own, others, wall = time.process_time(), _of_others(), time.perf_counter()
    work()
    own, wall = time.process_time() - own, time.perf_counter() - wall
    quarantine.release()
    return own, own + _of_others() - others, wall


def _of_others() -> float:
    """CPU seconds of this process's finished children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def found(path: Path, options: OpenOptions) -> None:
    """Detect from the file to the table, as `capwatch detect` does."""
    scene = open_scene(path, options, all_read=True)
    detect(scene)
    with_decoding_doubt(scene)


def decode(paths: Sequence[Path]) -> int:
    """Read every pixel once, by strips of the files' own tiles; returns the number of bytes."""
    total = 0
    for path in paths:
        with rasterio.Env(GDAL_CACHEMAX=64), rasterio.open(path) as file:
            strip = file.block_shapes[0][0]
            for row in range(0, file.height, strip):
                total += file.read(window=Window(0, row, file.width, min(strip, file.height - row))).nbytes
    return total


def main(arguments: Sequence[str] = ()) -> None:
    """Write, decode, detect, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=10_980)
    parser.add_argument("--path", type=Path, help="where the tile is kept from one time to the next")
    parser.add_argument("--as-delivered", action="store_true", help="bands in JPEG2000 files of their own")
    args = parser.parse_args(list(arguments))
    looked = [0, 0]
    worth = sentinel2.search_marks

    def counted(*asked: object) -> object:
        answer = worth(*asked)  # type: ignore[arg-type]
        looked[0] += answer is not None
        looked[1] += 1
        return answer

    sentinel2.search_marks = counted  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        small, path = Path(folder) / "warm.tif", args.path or Path(folder) / "tile.tif"
        write_tile(small, 600)
        if not path.exists():
            write_tile(path, args.side)
        files = delivered(path, Path(folder)) if args.as_delivered else [path]
        options = OpenOptions(sensor=Sensor.SENTINEL2)
        timed(lambda: found(small, options))  # warm-up: compiles, loads the weights
        looked[:] = [0, 0]
        read = timed(lambda: decode(files))
        base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        whole = timed(lambda: found(files[0], options))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        network.is_available = lambda: False
        alone = timed(lambda: found(files[0], options))
    print(f"SIMULATED tile of {args.side} x {args.side} px, 5 bands; CPU seconds, with the helper, and by the wall")
    for what, seconds in (("decoding", read), ("file to table", whole), ("... without the hull network", alone)):
        told = "".join(f" {s:8.1f} {s / r:6.1f} x" for s, r in zip(seconds, read, strict=True))
        print(f"{what:30s}{told}")
    print(
        f"blocks that the network looked at: {looked[0]} of {looked[1]}; peak memory {peak:.2f} GB ({base:.2f} before)"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
