"""A folder with every file that the pages mention, and a catalogue on loopback, so that the commands they print run."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from pipeline.config import read_yaml
from pipeline.table_files import read_table, write_table
from tests.ingest.catalogue.builders import radar_item
from tests.servers import Site, stac_api

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HARBOUR = [133.03, 42.71, 133.10, 42.77]  # the part of the AOI with the small scenario's images and tanker berth
SEA = {"crs": "EPSG:32653", "transform": Affine(10, 0, 330000, 0, -10, 4735000)}
GENOA = {"crs": "EPSG:32632", "transform": Affine(10, 0, 485000, 0, -10, 4917000)}
SECRETARY = "secretary"
RADAR = ("scene.tif", "a.tif", "b.tif", "images/scene.tif")
AS_IN_COMMANDS_MD = """\
call_id,arrival,departure,length_m,beam_m,dwt_t,draught_in_m,draught_out_m,product
a,2024-03-07T01:00:00Z,2024-03-08T20:00:00Z,98,15.8,,,,
b,2024-03-10T14:00:00Z,2024-03-12T08:00:00Z,,,3500,,,gas_oil
c,2024-03-13T20:00:00Z,2024-03-15T15:00:00Z,104,16.6,5000,4.2,6.4,gas_oil
e,2024-03-20T00:30:00Z,,95,95,,,,
"""


def furnish(home: Path, tiny_run: Path, catalogue: dict[str, object]) -> Path:
    """Fill the folder; every AOI in it is the small scenario renamed, and ``stac`` uses the loopback catalogue."""
    shutil.copytree(ROOT / "configs", home / "configs")
    for name in ("vostochny", "nampo", "chongjin", "wonsan"):
        (home / "configs" / f"{name}.yaml").write_text(_small(name, catalogue), "utf-8")
    (home / "my.yaml").write_text(_small("mine", catalogue), "utf-8")
    (home / "ports").mkdir()
    for name in ("north", "south"):
        (home / "ports" / f"{name}.yaml").write_text(_small(name, catalogue), "utf-8")
    for folder in ("coast", "zones", "caps", "scenarios", "backgrounds"):
        shutil.copytree(ROOT / "configs" / folder, home / folder)
        shutil.copytree(ROOT / "configs" / folder, home / "ports" / folder)
    _images(home)
    _tables(home, tiny_run)
    _runs(home, tiny_run)
    _make(home)
    return home


def _small(name: str, catalogue: dict[str, object]) -> str:
    """Vostochny's run file with the small scenario, few draws, one process, and the catalogue on loopback."""
    config, _ = read_yaml(ROOT / "configs" / "vostochny.yaml")
    config["aoi"] |= {"id": name, "bbox": HARBOUR}
    config["period"] = {"start": "2024-03-07T00:00:00Z", "end": "2024-03-09T00:00:00Z"}
    config["source"] = {"kind": "demo", "scenario": "scenarios/tiny.yaml", "stac": catalogue}
    config |= {"engine": {"kind": "serial"}, "volume": {"draws": 400}}
    return json.dumps(config, default=str)  # JSON is YAML


def _images(home: Path) -> None:
    rng = np.random.default_rng(5)
    sea = rng.gamma(4.4, 9.0, (128, 128))
    sea[60:64, 40:58] = 900.0
    (home / "images").mkdir()
    size = {"driver": "GTiff", "width": 128, "height": 128}
    for name in RADAR:
        with rasterio.open(home / name, "w", count=1, dtype="float32", **size, **SEA) as file:
            file.write(np.sqrt(sea).astype("float32"), 1)
    bands = ("B02", "B03", "B04", "B08", "B11")
    with rasterio.open(home / "genoa_20230710.tif", "w", count=len(bands), dtype="uint16", **size, **GENOA) as file:
        file.descriptions = bands
        file.update_tags(SENSOR="Sentinel-2 L2A", DATE="2023-07-10", SCALE="DN/65535 ~ reflectance, clipped at 1")
        for n in range(len(bands)):
            file.write((2000 + 20 * sea).astype("uint16"), n + 1)


def _tables(home: Path, tiny_run: Path) -> None:
    feed = sorted(simulated(tiny_run, "ais").iterdir())
    (home / "ais").mkdir()
    for source in feed:
        shutil.copy(source, home / source.name)
        shutil.copy(source, home / "ais")
    first = next(p for p in feed if p.suffix == ".nmea")
    for name in ("feed.nmea", "day.nmea", "first-part.nmea"):
        shutil.copy(first, home / name)
    second = next((p for p in feed if p.suffix == ".csv"), None)
    if second is not None:
        shutil.copy(second, home / "second-part.csv")
        shutil.copy(second, home / "messages.csv")
    (home / "positions.csv").write_text("ID,time_utc,longitude,latitude\n1,2024-03-07T00:00:00Z,133,42\n")
    (home / "copied.csv").write_text(_copied())
    for name in ("detections", "scenes", "looks", "liftings"):
        shutil.copy(tiny_run / f"{name}.parquet", home)
    shutil.copy(tiny_run / "port_calls.parquet", home / "calls.parquet")
    found = read_table(tiny_run / "detections.parquet")
    write_table(found, home / "ships.csv")
    write_table(found, home / "ships.parquet")
    shutil.copy(home / "configs" / "zones" / "vostochny.geojson", home / "zones.geojson")
    (home / "reviews").mkdir()
    call = read_table(tiny_run / "port_calls.parquet")["call_id"].iloc[0]
    (home / "reviews" / "vostochny.csv").write_text(
        f"target,verdict,value,who,when,why\n{call},confirm,,A,2024-04-02,seen\n"
    )
    (home / "calls.csv").write_text(AS_IN_COMMANDS_MD)
    (home / "us2018-as-sent.csv").write_text("call_id,arrival,DWT,flag\nc1,2024-03-07,3000,PRK\n")
    for name in ("us2018.csv", "rusi2024.csv"):
        (home / name).write_text("call_id,arrival,tonnes,product\nc1,2024-03-07T00:00:00Z,3000,unnamed\n")
    liftings = read_table(tiny_run / "liftings.parquet")
    for name in ("liftings.csv", "rusi.csv", "years.csv", "vostochny.parquet", "chongjin.parquet"):
        write_table(liftings, home / name)


def _copied() -> str:
    """An AIS table damaged by copying: a letter in the header, a letter of one name, the end of its last line."""
    names = ["SIM OME" if n == 8 else "SIM ONE" for n in range(39)]
    rows = [
        f"200000001,2024-03-07T00:{n:02d}:00Z,{42.7 + n / 2000:.4f},133.1,6.0,0,0,{name}"
        for n, name in enumerate(names)
    ]
    return "\n".join(["mmsi,time_utc,lat,lon,sog,cog,headihg,name", *rows])


def _runs(home: Path, tiny_run: Path) -> None:
    for name in ("OLD", "NEW"):
        shutil.copytree(tiny_run, home / "runs" / "vostochny" / name)
    shutil.copytree(tiny_run, home / "altered")
    with (home / "altered" / "calls.csv").open("a") as file:
        file.write("x\n")


def _make(home: Path) -> None:
    """The Makefile, with the environment that runs this test as its up-to-date .venv."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copyfile(ROOT / name, home / name)
    for name in ("tools/__init__.py", "tools/write_notebooks.py", "notebooks/follow_a_call.py"):
        (home / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, home / name)
    (home / ".venv").mkdir()
    for place in (Path(sys.executable).parent, Path(sys.prefix) / "lib"):
        (home / ".venv" / place.name).symlink_to(place, target_is_directory=True)
    if (told := Path(sys.prefix) / "pyvenv.cfg").is_file():
        shutil.copyfile(told, home / ".venv" / told.name)
    (home / ".venv" / ".made-from-lock").touch()
    _secretary(home / SECRETARY)


def _secretary(bin_: Path) -> None:
    """A folder for make's ``BIN`` whose capwatch only records its arguments, each ended by NUL."""
    bin_.mkdir()
    (bin_ / "python").symlink_to(sys.executable)
    (bin_ / "capwatch").write_text("#!/bin/sh\nprintf '%s\\0' \"$@\" > asked.txt\n")
    (bin_ / "capwatch").chmod(0o755)


def asked(home: Path) -> list[str]:
    """The arguments that the recording capwatch got last."""
    return (home / "asked.txt").read_text("utf-8").split("\0")[:-1]


def simulated(tiny_run: Path, kind: str) -> Path:
    """The folder of simulated inputs of this kind from which the small run was made."""
    return next((tiny_run.parents[2] / "cache" / "simulated").glob(f"*/{kind}"))


@contextmanager
def loopback(tiny_run: Path, folder: Path) -> Iterator[dict[str, object]]:
    """A ``source.stac`` section with catalogue and files on 127.0.0.1: the small scenario's radar product."""
    product = next(simulated(tiny_run, "scenes").glob("*.SAFE"))
    shutil.copytree(product, folder / "site/account/box" / product.name)
    site = Site(folder / "site")
    try:
        item = radar_item(folder / "site/account/box" / product.name, f"{site.url}/account/box", "planetary-computer")
        item["properties"]["datetime"] = "2024-03-07T21:22:00Z"
        with stac_api(folder / "api", ["sentinel-1-grd"], [json.loads(json.dumps(item))]) as api:
            service = {"api": api, "tokens": f"{site.url}/sas/token", "storage": site.url}
            yield {
                "sentinel1": "planetary-computer", "sentinel2": None, "hosts": [site.url], "tries": 2,
                "silence_s": 5.0, "scene_limit_s": 60.0, "services": {"planetary-computer": service},
            }  # fmt: skip
    finally:
        site.close()


def words_of(command: str) -> str:
    """The command with the reader's own values masked, so that commands that differ only in these are equal."""
    text = re.sub(r"runs/vostochny/(<id>|ID|[0-9a-f]{12})", "runs/vostochny/NEW", command)
    text = text.replace("/my/images", "images").replace("/my/ais", "ais").replace("/tmp/tiny", "tiny")
    return re.sub(r"\S+\.SAFE", "b.tif", text)
