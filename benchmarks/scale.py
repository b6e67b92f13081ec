"""Cost of many looks: throughput and client memory on Dask, planning a year, and bytes and time of one live look.

Everything here is simulated and on loopback.
``python -m benchmarks.scale [memory] [waiting] [dask] [plan] [look] [wire]``
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config import DetectionConfig, EngineConfig, load
from pipeline.engine import map_tasks, reused_workers
from pipeline.ingest.place import load_place
from pipeline.simulation.radar_files import write_radar_look
from pipeline.simulation.scenario import Scenario
from pipeline.simulation.world import World
from pipeline.workspace import configs_root, find_config, load_run_config

LOOKS = int(os.environ.get("LOOKS", "1000"))
WAIT_S = 0.5  # that a waiting look takes: ten requests of 50 ms
SMALL = (133.055, 42.735, 133.075, 42.750)  # 1.6 km x 1.7 km
WIDE = (132.88, 42.62, 133.17, 42.88)  # 24 km x 29 km: wider than an AOI with its margins


def main() -> None:
    """Run the named parts, or all of them."""
    parts = {
        "memory": measure_client_memory,
        "waiting": time_waiting_looks,
        "dask": time_on_dask,
        "plan": time_plan,
        "look": time_live_look,
        "wire": measure_requests,
    }
    for name in sys.argv[1:] or list(parts):
        print(f"\n## {name}", flush=True)
        parts[name]()


def products(folder: Path, count: int, bbox: tuple[float, float, float, float]) -> list[Path]:
    """Simulated radar products of a box."""
    config = load_run_config(find_config("vostochny"), {})
    place = load_place(config.aoi, configs_root())
    scenario = load(Scenario, configs_root() / "scenarios/tiny.yaml")
    world = World.build(scenario, place, 0)
    look = next(k for k in scenario.looks if k.sensor == "sentinel-1")
    out = []
    for n in range(count):
        moved = look.model_copy(update={"bbox": bbox, "time": look.time + timedelta(seconds=60 * n)})
        out.append(write_radar_look(world, moved, folder, np.random.SeedSequence(n)))
    return out


def detect_look(task: tuple[int, str]) -> tuple[int, int, str]:
    """Open a product and detect its ships; returns number, ships, hash of the table."""
    from pipeline.detection import detect
    from pipeline.ingest.scenes import open_scene

    number, path = task
    scene = open_scene(Path(path))
    table, _ = detect(replace(scene, scene_id=f"look{number}"), place=None, config=DetectionConfig())
    return number, len(table), hashlib.sha256(table.drop(columns="geometry").to_csv().encode()).hexdigest()


def small_table(number: int) -> tuple[int, object]:
    """A detection table of twenty rows with geometry, as a look returns it."""
    import shapely

    from pipeline.tables import DETECTIONS

    rows = [
        {
            "detection_id": f"{number}-{k}", "scene_id": f"look{number}", "sensor": "sentinel-1",
            "geometry": shapely.box(133, 42, 133.01, 42.01), "row": 1.0, "col": 1.0, "length_m": 90.0,
            "length_lo_m": 80.0, "length_hi_m": 99.0, "beam_m": 15.0, "beam_lo_m": 10.0, "beam_hi_m": 20.0,
            "heading_ambiguous": True, "score": 0.9, "tanker_score": 0.5, "accepted": True, "context": "berth",
            "n_pixels": 20, "flags": [], "method": "radar",
        }
        for k in range(20)
    ]  # fmt: skip
    return number, DETECTIONS.from_rows(rows)


def measure_client_memory() -> None:
    """Client memory while many small tables arrive from Dask: it should hold only the tables."""
    engine = EngineConfig(kind="dask", workers=2)
    memory: list[float] = []
    with reused_workers(engine):
        map_tasks(small_table, range(4), engine)
        done = map_tasks(small_table, range(LOOKS), engine, done=lambda _t: memory.append(resident_mb()))
    size = sum(t.memory_usage(deep=True).sum() for _, t in done) / 1e6  # type: ignore[attr-defined]
    marks = ", ".join(f"{memory[int(len(memory) * s) - 1]:.0f}" for s in (0.1, 0.25, 0.5, 0.75, 1.0))
    print(f"{LOOKS} tables of 20 rows, {size:.0f} MB in all; client MB at 10, 25, 50, 75, 100 %: {marks}")


def waiting_look(number: int) -> tuple[int, object]:
    """A look limited by the network: its worker waits `WAIT_S`, then returns a small table."""
    time.sleep(WAIT_S)
    return small_table(number)


def time_waiting_looks() -> None:
    """Speed-up by a second worker when looks wait for the network and cores are not the limit."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for workers, count in ((1, LOOKS // 4), (2, LOOKS), (1, LOOKS // 4)):
        engine = EngineConfig(kind="dask", workers=workers)
        memory: list[float] = []
        with reused_workers(engine):
            map_tasks(waiting_look, range(4), engine)  # warm-up: starts the workers
            begun = time.perf_counter()
            done = map_tasks(waiting_look, range(count), engine, done=lambda _t: memory.append(resident_mb()))  # noqa: B023
            rates[workers].append(count / (time.perf_counter() - begun))
        assert [number for number, _ in done] == list(range(count))
        marks = ", ".join(f"{memory[int(len(memory) * s) - 1]:.0f}" for s in (0.1, 0.25, 0.5, 0.75, 1.0))
        print(
            f"{workers} workers, {count} looks: {rates[workers][-1]:.2f} looks/s; client MB at 10-100 %: {marks}",
            flush=True,
        )
    ratio = rates[2][0] / (sum(rates[1]) / len(rates[1]))
    print(f"2 workers against 1, each look waiting {WAIT_S} s: {ratio:.2f} x; load {os.getloadavg()[0]:.0f}")


def time_on_dask() -> None:
    """1,000 small looks: the client's memory over time, and two workers against one."""
    with tempfile.TemporaryDirectory() as folder:
        paths = products(Path(folder), 3, SMALL)
        detect_look((0, str(paths[0])))  # warm-up: compiles and caches
        tasks = [(n, str(paths[n % len(paths)])) for n in range(LOOKS)]
        rates: dict[int, list[float]] = {1: [], 2: []}
        spent: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
        seen: dict[int, list[tuple[int, int, str]]] = {}
        for workers, count in ((1, LOOKS // 8), (2, LOOKS), (1, LOOKS // 8)):
            engine = EngineConfig(kind="dask", workers=workers)
            memory: list[float] = []
            with reused_workers(engine):
                map_tasks(detect_look, tasks[:4], engine)  # warm-up: starts the workers
                before, begun = cpu_seconds(), time.perf_counter()
                done = map_tasks(detect_look, tasks[:count], engine, done=lambda _t: memory.append(resident_mb()))  # noqa: B023
                rates[workers].append(count / (time.perf_counter() - begun))
                spent[workers].append(tuple((b - a) / count for a, b in zip(before, cpu_seconds(), strict=True)))
            seen[workers] = done
            marks = ", ".join(f"{memory[int(len(memory) * s) - 1]:.0f}" for s in (0.1, 0.25, 0.5, 0.75, 1.0))
            print(f"{workers} workers, {count} looks: {rates[workers][-1]:.1f} looks/s; client MB at 10-100 %: {marks}")
        agree = seen[1] == seen[2][: len(seen[1])]
        ratio = rates[2][0] / (sum(rates[1]) / len(rates[1]))
        print(
            f"2 workers against 1: {ratio:.2f} x; tables agree: {agree}; load of the machine {os.getloadavg()[0]:.0f}"
        )
        (mine1, theirs1), (mine2, theirs2) = (np.mean(spent[w], axis=0) for w in (1, 2))
        # one worker fills one core while the client has the other; two share both with the client
        possible = 2 * max(theirs1, mine1) / (theirs2 + mine2)
        print(
            f"CPU s a look: workers {theirs1:.3f} with one, {theirs2:.3f} with two; client {mine1:.4f}, {mine2:.4f}; "
            f"so two free cores give {possible:.2f} x"
        )


def cpu_seconds() -> tuple[float, float]:
    """CPU time of this process, and of all its living child processes."""
    import psutil

    here = psutil.Process()
    times = [p.cpu_times() for p in (here, *here.children(recursive=True))]
    own, *others = (t.user + t.system for t in times)
    return own, sum(others)


def time_plan() -> None:
    """Plan a year of Sentinel-1 over twelve ports, from a STAC server on loopback to the printed plan."""
    from pipeline.batch import load_questions
    from pipeline.commands.plan import plan_lines
    from pipeline.console import Console
    from tests.commands.test_plan import looks
    from tests.servers import stac_api

    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        items = [item for port in range(13) for item in looks(port)]
        (folder / "ports").mkdir()
        with stac_api(folder / "stac", ["sentinel-1-grd"], items) as api:
            for port in range(13):
                text = (
                    f"aoi: {{id: port{port}, name: P, bbox: [{2.0 * port + 0.4}, 40.4, {2.0 * port + 0.6}, 40.5], "
                    "zones: z.geojson}\nperiod: {start: 2023-01-01T00:00:00Z, end: 2024-01-01T00:00:00Z}\n"
                    "source: {kind: stac, stac: {sentinel1: planetary-computer, sentinel2: null, services: "
                    f"{{planetary-computer: {{api: '{api}'}}}}}}}}\n"
                )
                (folder / "ports" / f"port{port}.yaml").write_text(text)
            begun, cpu = time.perf_counter(), time.process_time()
            lines = plan_lines(load_questions([str(folder / "ports")], {}, None), Console(quiet=True))
            print(f"{len(items)} looks over 13 ports: {time.perf_counter() - begun:.1f} s, "
                  f"{time.process_time() - cpu:.1f} CPU s\n{lines[-1]}")  # fmt: skip


def time_live_look() -> None:
    """Bytes, requests and CPU of one radar look of Vostochny's AOI, from catalogue to detections."""
    from pipeline.detection import detect
    from pipeline.ingest.catalogue.fetch import FetchTask, fetch
    from pipeline.ingest.scenes import open_scene
    from tests.ingest.catalogue.builders import config_for, radar_product, tiled
    from tests.servers import Site

    config = load_run_config(find_config("vostochny"), {})
    place = load_place(config.aoi, configs_root())
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        (root,) = products(folder / "site", 1, WIDE)
        whole = sum(p.stat().st_size for p in (root / "measurement").iterdir())
        (tiled(root) / "manifest.safe").unlink()
        site = Site(folder / "site")
        product = radar_product(root, site.url)
        product = replace(product, files={k: f for k, f in product.files.items() if k != "manifest"})
        cpu = time.process_time()
        found = fetch(FetchTask(product, config.aoi.bbox, config_for(site.url), folder / "cache", 4))
        fetched = time.process_time() - cpu
        assert found.path is not None, found.cause
        cpu = time.process_time()
        scene = open_scene(found.path, land=place.land)
        opened = time.process_time() - cpu
        detect(scene, place=place, config=config.detection)
        cpu = time.process_time()
        detect(scene, place=place, config=config.detection)
        detected = time.process_time() - cpu
        site.close()
        pixels = scene.shape[0] * scene.shape[1]
        print(
            f"{scene.shape[0]} x {scene.shape[1]} pixels of {whole / 1e6:.0f} MB: {found.requests} requests, "
            f"{found.bytes / 1e6:.1f} MB ({found.bytes / pixels / 2:.2f} bytes a pixel and polarisation)\n"
            f"CPU s: fetch and cut {fetched:.2f} (the server on the same process included), open {opened:.2f}, "
            f"detect {detected:.2f}; {detected / pixels * 1e6:.2f} a million pixels"
        )


def measure_requests() -> None:
    """One window of a tiled image at 50 ms of latency: our client against GDAL's."""
    import warnings
    from multiprocessing import get_context

    import rasterio

    warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
    with tempfile.TemporaryDirectory() as temp:
        image = np.random.default_rng(0).integers(0, 2000, (8192, 8192)).astype(np.uint16)
        with rasterio.open(
            Path(temp) / "x.tif", "w", driver="GTiff", width=8192, height=8192, count=1, dtype="uint16", tiled=True,
            blockxsize=512, blockysize=512, compress="deflate", zlevel=1,
        ) as out:  # fmt: skip
            out.write(image, 1)
        here, there = get_context("spawn").Pipe()
        # in a separate process: GDAL holds Python's lock while opening, so a server in this process could not answer
        server = get_context("spawn").Process(target=_serve, args=(temp, there), daemon=True)
        server.start()
        url = here.recv()
        for name, read in {
            "GDAL, defaults": lambda: _read_with_gdal(url, {}),
            "GDAL, tuned": lambda: _read_with_gdal(url, TUNED),
            "ours": lambda: _read_with_own_reader(url),
            "ours again": lambda: _read_with_own_reader(url),
        }.items():
            before, begun, cpu = _requests(here), time.perf_counter(), time.process_time()
            read()
            wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
            print(f"{name}: {wall:.2f} s, {cpu:.2f} CPU s, {_requests(here) - before} requests", flush=True)
        server.terminate()


TUNED = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES", "GDAL_INGESTED_BYTES_AT_OPEN": "32768", "VSI_CACHE": "TRUE",
}  # fmt: skip
PART = (2100, 2300, 2000, 2000)  # row, column, rows, columns


def _serve(folder: str, line: Any) -> None:
    """A file server with latency that reports its number of requests."""
    from tests.servers import Site

    site = Site(Path(folder))
    site.latency_s = 0.05
    line.send(site.url)
    while True:
        line.recv()
        line.send(len(site.log))


def _requests(line: Any) -> int:
    line.send("?")
    return line.recv()


def _read_with_gdal(url: str, options: dict[str, str]) -> None:
    import rasterio
    from rasterio.windows import Window as RasterioWindow

    row, col, rows, cols = PART
    with rasterio.Env(**options), rasterio.open(f"/vsicurl/{url}/x.tif") as dataset:
        dataset.read(1, window=RasterioWindow(col, row, cols, rows))


def _read_with_own_reader(url: str) -> None:
    from pipeline.ingest.catalogue.products import RemoteFile
    from pipeline.ingest.catalogue.remote import RemoteImage
    from pipeline.types import Window
    from tests.ingest.catalogue.builders import access_for, config_for

    access = access_for(config_for(url))
    remote = RemoteImage(RemoteFile(f"{url}/x.tif"), "x", access, access.web.deadline(), 4)
    with remote.opened() as dataset:
        remote.window(dataset, Window(*PART))


def resident_mb() -> float:
    """Resident memory of this process [MB]."""
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.0f}")
    main()
