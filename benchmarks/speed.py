"""Speed as ratios within one run: our time over the time of just reading the same bytes, or of another program."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio

warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)  # bare pictures are wanted here

SIDE = 4000  # pixels of the square radar image; large enough that start-up does not count


def best_of(times: int, work: Callable[[], object]) -> float:
    """Shortest wall time of several runs [s], the one least disturbed by other load."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [radar(Path(folder)), *engines(Path(folder)), ais(Path(folder)), ais_table(Path(folder))]
    print(f"{'what':46s} {'ours, s':>9s} {'reference, s':>13s} {'ratio':>7s}")
    for what, ours, reference in rows:
        print(f"{what:46s} {ours:9.2f} {reference:13.2f} {ours / reference:7.2f}")


def radar(folder: Path) -> tuple[str, float, float]:
    """File to detections, against decoding the file."""
    from pipeline.detection import detect
    from pipeline.ingest.metadata.options import OpenOptions
    from pipeline.ingest.scenes import open_scene
    from pipeline.types import Sensor

    path = _radar_image(folder / "sea.tif", seed=1)
    options = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10)
    detect(open_scene(path, options))  # warm-up: compiles

    def decode() -> object:
        with rasterio.Env(GDAL_CACHEMAX=1), rasterio.open(path) as file:  # no cache: else the second read is of memory
            return file.read()

    return (
        f"radar, {SIDE} x {SIDE} px, detections / decoding",
        best_of(2, lambda: detect(open_scene(path, options))),
        best_of(2, decode),
    )


def engines(folder: Path) -> list[tuple[str, float, float]]:
    """Two workers against one on eight equal scenes."""
    from pipeline.config.run import EngineConfig
    from pipeline.engine import map_tasks

    paths = [_radar_image(folder / f"scene{n}.tif", seed=n, side=1500) for n in range(8)]
    one = best_of(2, lambda: map_tasks(_detect_file, paths, EngineConfig(kind="serial")))
    out = []
    for kind in ("threads", "processes"):
        engine = EngineConfig(kind=kind, workers=2)
        out.append(
            (f"eight scenes, two {kind} / one", best_of(2, lambda e=engine: map_tasks(_detect_file, paths, e)), one)
        )
    return out


def ais(folder: Path) -> tuple[str, float, float]:
    """Our NMEA reader against pyais on the same sentences, checksums verified by both."""
    import pyais

    from pipeline.ingest.ais.messages import read_ais

    path = folder / "feed.nmea"
    rng = np.random.default_rng(0)
    lines = []
    for n in range(60_000):
        message = {
            "type": 1, "mmsi": 999_000_000 + int(n % 500), "lon": float(rng.uniform(132.9, 133.1)),
            "lat": float(rng.uniform(42.7, 42.8)), "speed": 3.4, "course": 12.0, "heading": 11, "status": 0,
        }  # fmt: skip
        lines += pyais.encode_dict(message, radio_channel="A", talker_id="AI")
    path.write_text(
        "\n".join(f"\\c:{1_709_812_800 + n}*{_tag(1_709_812_800 + n)}\\{line}" for n, line in enumerate(lines)) + "\n"
    )
    read_ais([path])

    def theirs() -> int:
        count = 0
        with path.open("rb") as file:
            for line in file:
                sentence = pyais.decode(line.split(b"\\", 2)[2].strip())
                count += sentence.asdict()["mmsi"] > 0
        return count

    return f"AIS, {len(lines):,} sentences, ours / pyais", best_of(2, lambda: read_ais([path])), best_of(1, theirs)


def ais_table(folder: Path) -> tuple[str, float, float]:
    """Our table reader, with its checks, against pandas parsing the same columns without any."""
    import pandas as pd

    from pipeline.ingest.ais.messages import read_ais

    path, rng, n = folder / "day.csv", np.random.default_rng(0), 300_000
    seconds = pd.Timestamp("2024-03-07") + pd.to_timedelta(np.sort(rng.integers(0, 86_400, n)), unit="s")
    pd.DataFrame(
        {
            "MMSI": 999_000_000 + rng.integers(0, 3000, n),
            "BaseDateTime": seconds.strftime("%Y-%m-%dT%H:%M:%S"),
            "LAT": rng.uniform(42.7, 42.8, n).round(5),
            "LON": rng.uniform(132.9, 133.1, n).round(5),
            "SOG": rng.uniform(0, 15, n).round(1),
            "COG": rng.uniform(0, 359, n).round(1),
            "Heading": rng.integers(0, 360, n),
            "VesselName": "SIMULATED",
            "IMO": "",
            "CallSign": "SIM",
            "VesselType": 80,
            "Status": 0,
            "Length": 96,
            "Width": 15,
            "Draft": 5.5,
        }
    ).to_csv(path, index=False)
    read_ais([path])
    plain = best_of(2, lambda: pd.read_csv(path, parse_dates=["BaseDateTime"]))
    return f"AIS table, {n:,} rows, ours / pandas", best_of(2, lambda: read_ais([path])), plain


def _tag(second: int) -> str:
    from functools import reduce

    return f"{reduce(lambda a, b: a ^ b, f'c:{second}'.encode()):02X}"


def _detect_file(path: Path) -> int:
    from pipeline.detection import detect
    from pipeline.ingest.metadata.options import OpenOptions
    from pipeline.ingest.scenes import open_scene
    from pipeline.types import Sensor

    return len(detect(open_scene(path, OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10)))[0])


def _radar_image(path: Path, seed: int, side: int = SIDE) -> Path:
    """Speckled sea with a few ships as deflated uint16 amplitude, like a GRD measurement."""
    rng = np.random.default_rng(seed)
    image = np.sqrt(rng.gamma(4.4, 2000.0, (side, side)))
    for row, col in rng.integers(50, side - 50, (20, 2)):
        image[row : row + 4, col : col + 15] *= 12
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "uint16", "compress": "deflate"}
    with rasterio.open(path, "w", tiled=True, **profile) as file:
        file.write(np.clip(image, 1, 65535).astype("uint16"), 1)
    return path
