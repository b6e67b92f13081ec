"""A full Sentinel-1 scene from file to detections: wall time, CPU time (without and with the quarantine's helper
process) and memory, compared with just decoding the same file.

``python -m benchmarks.full_scene [--rows 17000] [--cols 26000] [--threads 2]``. The scene (simulated: speckle of 4.4
looks on a sea that varies, 60 ships, two bands of uint16 amplitude, deflated tiles of 512) is written once; then each
job runs in a separate process, decoding first. Two jobs are timed; compilation on first use is excluded.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window

from pipeline.ingest import quarantine

PATTERN = 2048  # side of the speckle pattern, which is rotated and mirrored to fill the scene
STRIP = 512
SHIPS = 60


def write_scene(path: Path, rows: int, cols: int, seed: int = 0) -> None:
    """Write one scene of VV and VH."""
    rng = np.random.default_rng(seed)
    patterns = [np.sqrt(rng.gamma(4.4, 1 / 4.4, (PATTERN, PATTERN)).astype(np.float32)) for _ in range(2)]
    ships = np.column_stack([rng.integers(100, rows - 100, SHIPS), rng.integers(100, cols - 100, SHIPS)])
    profile = {"driver": "GTiff", "width": cols, "height": rows, "count": 2, "dtype": "uint16", "compress": "deflate"}
    profile |= {"tiled": True, "blockxsize": STRIP, "blockysize": STRIP, "interleave": "band", "ZLEVEL": 6}
    with rasterio.Env(GDAL_NUM_THREADS="2"), rasterio.open(path, "w", **profile) as file:
        file.update_tags(PIXEL_SPACING_M="10")
        file.descriptions = ("VV", "VH")
        for row in range(0, rows, STRIP):
            height = min(STRIP, rows - row)
            level = 1 + 0.3 * np.sin(np.arange(cols) / 900.0 + row / 1500.0).astype(np.float32)
            for band, (pattern, mean) in enumerate(zip(patterns, (120.0, 45.0), strict=True), 1):
                pieces = []
                for _ in range(-(-cols // PATTERN)):
                    top = int(rng.integers(0, PATTERN - STRIP))
                    piece = pattern[top : top + height]
                    pieces.append(piece[:, ::-1] if rng.random() < 0.5 else piece)
                image = np.concatenate(pieces, axis=1)[:, :cols] * level * mean
                for r, c in ships:
                    if row <= r < row + height - 4:
                        image[r - row : r - row + 4, c : c + 14] *= 15
                file.write(np.clip(image, 1, 65535).astype(np.uint16), band, window=Window(0, row, cols, height))


def decode(path: Path, threads: int) -> int:
    """Read every pixel of every band, strip by strip, on ``threads`` threads; returns the number of bytes."""

    def strip(row: int) -> int:
        with rasterio.open(path) as file:
            window = Window(0, row, file.width, min(STRIP, file.height - row))
            return int(file.read(window=window).nbytes)

    with rasterio.Env(GDAL_CACHEMAX=128), rasterio.open(path) as file:
        rows = range(0, file.height, STRIP)
    with rasterio.Env(GDAL_CACHEMAX=128), ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(strip, rows))


def detect(path: Path, threads: int) -> int:
    """Detect from the file; returns the number of rows in the table."""
    from pipeline.config import DetectionConfig
    from pipeline.detection import detect as detect_scene
    from pipeline.detection import preload_detector
    from pipeline.ingest.metadata.options import OpenOptions
    from pipeline.ingest.scenes import open_scene, with_decoding_doubt
    from pipeline.types import Sensor

    options = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10.0)
    scene = open_scene(path, options, meanwhile=partial(preload_detector, options.sensor), all_read=True)
    table, _ = detect_scene(scene, config=DetectionConfig(threads=threads))
    with_decoding_doubt(scene)
    return int(table["accepted"].sum())


def _job(name: str, path: str, threads: int) -> dict[str, float]:
    """Run one job in a separate process."""
    command = [sys.executable, "-m", "benchmarks.full_scene", "--job", name, "--path", path, "--threads", str(threads)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=17_000)
    parser.add_argument("--cols", type=int, default=26_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--job", choices=["decode", "detect"])
    parser.add_argument("--path", type=Path)
    chosen = parser.parse_args()
    if chosen.job:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = {"decode": decode, "detect": detect}[chosen.job](chosen.path, chosen.threads)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        quarantine.release()
        helper = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(json.dumps({"answer": answer, "wall": wall, "cpu": cpu, "peak_gb": peak,
                          "with_helper": cpu + helper.ru_utime + helper.ru_stime}))  # fmt: skip
        return
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.path or Path(folder) / "scene.tif"
        if not path.exists():
            write_scene(path, chosen.rows, chosen.cols)
        _job("detect", str(path), chosen.threads)  # compiles
        print(f"{'simulated scene':34s} {'wall, s':>8s} {'CPU, s':>8s} {'with helper':>11s} {'peak, GB':>9s}")
        found = {name: _job(name, str(path), chosen.threads) for name in ("decode", "detect")}
        for name, got in found.items():
            print(f"{name:34s} {got['wall']:8.1f} {got['cpu']:8.1f} {got['with_helper']:11.1f} {got['peak_gb']:9.2f}")
        wall, cpu, both = (found["detect"][k] / found["decode"][k] for k in ("wall", "cpu", "with_helper"))
        print(f"{'detect / decode':34s} {wall:8.2f} {cpu:8.2f} {both:11.2f}   ships {found['detect']['answer']}")


if __name__ == "__main__":
    main()
