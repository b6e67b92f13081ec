"""An AOI in a full scene: time to find its ships, compared with just reading its part of the file.

    python -m benchmarks.aoi_window [--side 10980] [--aoi-km 8]

Both scenes are simulated, deflated GeoTIFFs of the given side: a Sentinel-2 tile of five bands and a radar scene of two
bands. Each is written once and cut, as a run does, to a box of the given size at its centre. Reading fetches the box's
pixels block by block; searching starts from the opened scene. Prints CPU seconds of the process and wall seconds, each
the shortest of three; compilation on first use is excluded.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import rasterio
from affine import Affine
from pyproj import Transformer
from rasterio.windows import Window

from benchmarks.full_scene import write_scene
from benchmarks.sentinel2_tile import write_tile
from pipeline.detection import detect
from pipeline.ingest.cut import cut_to
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.scenes import open_scene
from pipeline.types import Place, Scene, Sensor

CRS, ORIGIN_M = "EPSG:32653", (500_000.0, 4_730_000.0)
REPEATS = 3


def middle_box(side: int, aoi_km: float) -> tuple[float, float, float, float]:
    """West, south, east, north [deg] of a box of ``aoi_km`` at the centre of an image of ``side`` pixels of 10 m."""
    x, y = ORIGIN_M[0] + 5 * side, ORIGIN_M[1] - 5 * side
    half = 500 * aoi_km
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(
        [x - half, x + half], [y - half, y + half]
    )
    return lon[0], lat[0], lon[1], lat[1]


def read_part(path: Path, scene: Scene, block: int = 512) -> int:
    """Read the scene's part of its file, one row of blocks at a time; returns the number of bytes."""
    (rows, cols), (row0, col0) = scene.shape, scene.corner
    with rasterio.open(path) as file:
        return sum(
            file.read(window=Window(col0, row, cols, min(block, row0 + rows - row))).nbytes
            for row in range(row0, row0 + rows, block)
        )


def shortest(work: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds of this process and wall seconds, each the shortest of several runs."""
    taken = []
    for _ in range(REPEATS):
        start = time.process_time(), time.perf_counter()
        work()
        taken.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    return min(t[0] for t in taken), min(t[1] for t in taken)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=10_980)
    parser.add_argument("--aoi-km", type=float, default=8.0)
    args = parser.parse_args(arguments)
    place = Place("box", "Box", middle_box(args.side, args.aoi_km), None, ())
    print(f"SIMULATED scenes of {args.side:,} px a side, AOI {args.aoi_km:g} km wide with its margins")
    print("| scene | part, px | reading, CPU / wall s | searching, CPU / wall s | ratio, CPU / wall |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="capwatch-") as folder:
        for name, sensor, write in (
            ("Sentinel-2, 5 bands", Sensor.SENTINEL2, lambda path: write_tile(path, args.side)),
            ("radar, 2 bands", Sensor.SENTINEL1, lambda path: write_scene(path, args.side, args.side)),
        ):
            path = Path(folder) / f"{sensor}.tif"
            write(path)
            with rasterio.open(path, "r+") as file:
                file.crs, file.transform = CRS, Affine(10, 0, ORIGIN_M[0], 0, -10, ORIGIN_M[1])
            scene = cut_to(open_scene(path, OpenOptions(sensor=sensor)), place)
            detect(scene)  # warm-up: compiles machine code
            reading = shortest(lambda path=path, scene=scene: read_part(path, scene))  # type: ignore[misc]
            searching = shortest(lambda scene=scene: detect(scene))  # type: ignore[misc]
            ratio = " / ".join(f"{b / a:.1f}" for a, b in zip(reading, searching, strict=True))
            told = (f"{cpu:.2f} / {wall:.2f}" for cpu, wall in (reading, searching))
            print(f"| {name} | {scene.shape[0]} x {scene.shape[1]} | {' | '.join(told)} | {ratio} |", flush=True)
            path.unlink()


if __name__ == "__main__":
    main()
