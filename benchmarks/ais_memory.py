"""Peak memory of ``capwatch ais`` on files of growing length: it should not grow with the file (a day can be 10 GB)."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROWS = 1_500_000  # of the shortest file, about 150 MB: more than the reader keeps in memory (``ais_spool.IN_MEMORY``)
ROWS_AT_ONCE = 250_000


def main() -> None:
    """Print rows, bytes, CPU seconds and peak memory for files of one, two and four times the base length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the shortest file")
    rows = parser.parse_args().rows
    print(f"{'rows':>12s} {'file, MB':>9s} {'CPU, s':>8s} {'rows / CPU s':>13s} {'peak, MB':>9s}")
    with tempfile.TemporaryDirectory() as folder:
        for times in (1, 2, 4):
            path = Path(folder) / "day.csv"
            write_day(path, rows * times)
            cpu_s, peak_mb = _measured(path, Path(folder) / "out.parquet")
            megabytes = path.stat().st_size / 1e6
            print(f"{rows * times:12,d} {megabytes:9.0f} {cpu_s:8.1f} {rows * times / cpu_s:13,.0f} {peak_mb:9.0f}")


def write_day(path: Path, n: int) -> None:
    """Write a MarineCadastre table of ``n`` simulated rows in time order: 3,000 ships with names."""
    import pandas as pd

    rng = np.random.default_rng(0)
    with path.open("w") as file:
        for first in range(0, n, ROWS_AT_ONCE):
            k = min(ROWS_AT_ONCE, n - first)
            seconds = np.datetime64("2024-03-07") + ((first + np.arange(k)) * 86_400 // n).astype("timedelta64[s]")
            ship = rng.integers(0, 3000, k)
            table = {
                "MMSI": 999_000_000 + ship,
                "BaseDateTime": np.datetime_as_string(seconds, unit="s"),
                "LAT": rng.uniform(42.7, 42.8, k).round(5),
                "LON": rng.uniform(132.9, 133.1, k).round(5),
                "SOG": rng.uniform(0, 15, k).round(1),
                "COG": rng.uniform(0, 359, k).round(1),
                "Heading": rng.integers(0, 360, k),
                "VesselName": np.char.add("SIMULATED ", ship.astype(str)),
                "IMO": "",
                "CallSign": np.char.add("SIM", ship.astype(str)),
                "VesselType": 80,
                "Status": 0,
                "Length": 60 + ship % 200,
                "Width": 15,
                "Draft": 5.5,
            }
            pd.DataFrame(table).to_csv(file, index=False, header=first == 0)


def _measured(path: Path, out: Path) -> tuple[float, float]:
    """CPU seconds and peak resident memory [MB] of decoding a file to Parquet in a separate process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pipeline", "ais", str(path), "-o", str(out), "--quiet"]
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu_s, after.ru_maxrss / 1024  # maximum over children so far; valid because the files grow


if __name__ == "__main__":
    main()
