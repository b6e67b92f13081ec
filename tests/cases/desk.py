"""A small project with a known answer: one pier, one tanker that loads there, and radar images and AIS showing her.

The ship is simulated and has no real ship's name or number.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from pyproj import Transformer
from rasterio.transform import Affine

from pipeline.config import CapConfig, RunConfig, load
from pipeline.console import Console
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.place import load_place
from pipeline.types import Scene
from pipeline.workspace import configs_root, load_run_config

CRS = "EPSG:32653"
ORIGIN = (338_000.0, 4_736_000.0)  # easting, northing of the upper left corner [m]
SHAPE = (160, 160)
PIXEL_M = 10.0
SHIP_AT = (80, 80)  # row, col of her middle
LOOKS = (datetime(2024, 3, 7, 9, 20, tzinfo=UTC), datetime(2024, 3, 8, 21, 22, tzinfo=UTC))
ARRIVAL, DEPARTURE = datetime(2024, 3, 7, 1, tzinfo=UTC), datetime(2024, 3, 8, 22, tzinfo=UTC)
_TO_LONLAT = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)

RUN_FILE = """\
aoi:
  id: pier
  name: Test pier
  bbox: [{west}, {south}, {east}, {north}]
  zones: zones.geojson
period: {{start: 2024-03-06T00:00:00Z, end: 2024-03-10T00:00:00Z}}
source: {{kind: files, images: [{images}], ais: [{ais}]}}
volume: {{draws: 1000}}
cap: cap.yaml
engine: {{kind: serial}}
"""


def lonlat(row: float, col: float) -> tuple[float, float]:
    """Longitude and latitude of a pixel's centre [deg]."""
    return _TO_LONLAT.transform(ORIGIN[0] + (col + 0.5) * PIXEL_M, ORIGIN[1] - (row + 0.5) * PIXEL_M)


def speckle(seed: int = 0, *, ship: bool = True, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """Sea of 4.4 looks at -20 dB with a ship of 100 m by 20 m at 0 dB, linear power."""
    sea = np.random.default_rng(seed).gamma(4.4, 0.01 / 4.4, shape)
    if ship:
        row, col = SHIP_AT
        sea[row - 1 : row + 1, col - 5 : col + 5] = 1.0
    return sea.astype(np.float32)


def radar(path: Path, data: np.ndarray | None = None, *, sidecar: bool = False, tags: bool = True, **more) -> Path:
    """Write a calibrated radar GeoTIFF; with a sidecar that holds its checksum if asked."""
    data = speckle() if data is None else data
    bands = data if data.ndim == 3 else data[None]
    profile = {
        "driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2],
        "dtype": bands.dtype.name, "crs": CRS,
        "transform": Affine(PIXEL_M, 0, ORIGIN[0], 0, -PIXEL_M, ORIGIN[1]),
    } | more  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path, "w", **{k: v for k, v in profile.items() if v is not None}) as out:
        out.write(bands)
        if tags:
            out.update_tags(SENSOR="SENTINEL-1", SCALING="sigma0", POLARISATION="VV")
    if sidecar:
        describe(path)
    return path


def describe(image: Path, **more) -> Path:
    """Write an image's sidecar, with its checksum."""
    told = {"sensor": "sentinel-1", "sha256": hashlib.sha256(image.read_bytes()).hexdigest(), "bands": ["VV"]} | more
    path = image.with_suffix(".json")
    path.write_text(json.dumps(told))
    return path


def stamp(moment: datetime) -> str:
    """A time as written in file names."""
    return f"{moment:%Y%m%dT%H%M%S}"


@dataclass(frozen=True)
class Desk:
    """A project folder."""

    root: Path

    @property
    def images(self) -> Path:
        """The folder of the images."""
        return self.root / "images"

    @property
    def ais(self) -> Path:
        """The AIS table."""
        return self.root / "ais.csv"

    @property
    def runs(self) -> Path:
        """The folder for runs."""
        return self.root / "runs"

    @property
    def file(self) -> Path:
        """The run file."""
        return self.root / "pier.yaml"

    @property
    def words(self) -> tuple[str, ...]:
        """The command that runs the project."""
        return ("run", str(self.file), "--out", str(self.runs), "--quiet")

    def furnished(self) -> Desk:
        """Write all files of the project; returns it."""
        self.root.mkdir(parents=True)
        (self.root / "zones.geojson").write_text(json.dumps(zones()))
        shutil.copy(configs_root() / "caps" / "unscr-2397.yaml", self.root / "cap.yaml")
        for number, moment in enumerate(LOOKS):
            radar(self.images / f"look_vv_{stamp(moment)}.tif", speckle(number), sidecar=True)
        self.ais.write_text(ais_table())
        self.write_run_file()
        return self

    def write_run_file(self, **more: object) -> None:
        """Write the run file; ``more`` replaces the box's sides, ``images`` or ``ais``."""
        west, north = lonlat(4, 4)
        east, south = lonlat(SHAPE[0] - 5, SHAPE[1] - 5)
        told = {"west": west, "south": south, "east": east, "north": north, "images": self.images, "ais": self.ais}
        self.file.write_text(RUN_FILE.format(**(told | more)))

    def config(self, **settings: object) -> RunConfig:
        """The run file as a config."""
        return load_run_config(self.file, settings)

    def run(self, out: Path | None = None, *, fresh: bool = False, **settings: object):
        """Run the project in this process; returns the outcome."""
        from pipeline.run import run

        return run(self.config(**settings), self.root, out or self.runs, Console(quiet=True), fresh=fresh)

    def cap(self) -> CapConfig:
        """The cap that the account is compared with."""
        return load(CapConfig, self.root / "cap.yaml")


def judged(desk: Desk, image: Path) -> tuple[list[Scene], pd.Series]:
    """The scenes that a run would use of one image, and the image's row in its scenes table."""
    config = desk.config()
    place = load_place(config.aoi, desk.root)
    used, table = open_inputs([image], OpenOptions(), place, config.period.start, config.period.end)
    return used, table.iloc[0]


def same_answers(desk: Desk, other: Desk) -> bool:
    """Do the runs of two desks have equal tables, apart from the paths of the inputs?"""
    one, two = (next(p.parent for p in d.runs.rglob("manifest.json")) for d in (desk, other))
    for path in sorted(one.glob("*.parquet")):
        a, b = pd.read_parquet(path), pd.read_parquet(two / path.name)
        if "href" in a:
            a, b = a.drop(columns="href"), b.drop(columns="href")
        pd.testing.assert_frame_equal(a, b)
    return True


def zones() -> dict:
    """One pier around the ship, and an unused anchorage."""

    def box(zone_id: str, kind: str, top: int, left: int, bottom: int, right: int) -> dict:
        corners = [lonlat(top, left), lonlat(top, right), lonlat(bottom, right), lonlat(bottom, left)]
        geometry = {"type": "Polygon", "coordinates": [[*map(list, corners), list(corners[0])]]}
        told = {"zone_id": zone_id, "kind": kind, "name": zone_id, "cargo": "oil_products", "counts": kind == "berth"}
        return {"type": "Feature", "properties": told, "geometry": geometry}

    return {
        "type": "FeatureCollection",
        "features": [box("pier", "berth", 70, 65, 90, 95), box("roads", "anchorage", 20, 20, 50, 50)],
    }


def ais_table() -> str:
    """AIS of the ship: arrives from the south, lies at the pier, and leaves deeper."""
    rows = ["mmsi,time_utc,lon,lat,sog,cog,heading,nav,ship_type,a,b,c,d,draught,name"]

    def row(moment: datetime, at: tuple[float, float], speed_kn: float, draught_m: float) -> str:
        lon, lat = lonlat(*at)
        nav = 5 if speed_kn < 0.5 else 0
        return (
            f"999000001,{moment:%Y-%m-%dT%H:%M:%SZ},{lon:.6f},{lat:.6f},{speed_kn},0.0,90,{nav},80,50,50,10,10,"
            f"{draught_m},SIM TANKER 1"
        )

    for minutes in range(-120, 0, 6):
        rows.append(row(ARRIVAL + timedelta(minutes=minutes), (SHIP_AT[0] - minutes * 15, SHIP_AT[1]), 5.0, 4.2))
    moment = ARRIVAL
    while moment <= DEPARTURE:
        loaded = moment > ARRIVAL + (DEPARTURE - ARRIVAL) * 0.8
        rows.append(row(moment, SHIP_AT, 0.0, 6.4 if loaded else 4.2))
        moment += timedelta(minutes=12)
    for minutes in range(6, 120, 6):
        rows.append(row(DEPARTURE + timedelta(minutes=minutes), (SHIP_AT[0] + minutes * 15, SHIP_AT[1]), 5.0, 6.4))
    return "\n".join(rows) + "\n"
