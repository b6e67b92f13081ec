"""Opens a finished run for notebooks: its tables, its scenes with their pixels, and plots of its detections."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.chain.sources import gather
from pipeline.config import RunConfig
from pipeline.console import Console
from pipeline.errors import InputError, NothingToShow, printable
from pipeline.finished.kinds import case_in, page_of
from pipeline.provenance import read_manifest
from pipeline.table_files import read_table
from pipeline.tables import contract_of
from pipeline.times_places.longitudes import wrap_centre, wrap_table
from pipeline.times_places.moments import moment_of_image
from pipeline.types import Window
from pipeline.units import METRES_PER_DEGREE
from pipeline.workspace import CONFIG_FILES, latest_run, load_run_config, proven_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.types import Place, Scene

ACCEPTED, REJECTED = "#E69F00", "#56B4E9"  # Okabe and Ito's orange and sky blue
MARGIN_M = 300.0  # of water around what is reviewed (our choice: a ship's length)
SIGHTING_MARGIN_M = 180.0  # around a single ship: a closer view (our choice)
SMALL = 0.02  # of a picture: anything smaller gets a ring, to be found at all (our choice)


@dataclass(frozen=True, slots=True, eq=False)
class OpenedRun:
    """One run. Pixels are read from the run's inputs, which must still be where they were."""

    folder: Path
    config: RunConfig
    place: Place

    @property
    def simulated(self) -> bool:
        """Is any input simulated, be it an image or only AIS?"""
        return bool(read_manifest(self.folder).get("simulated"))

    def table(self, name: str) -> pd.DataFrame:
        """A table of the run by its contract's name: scenes, looks, detections, port_calls, ...

        At a place across 180 degrees, longitudes are near the place's and outlines are in one piece, as in the run.
        """
        written = read_table(self.folder / f"{name}.parquet", contract_of(name))
        return wrap_table(written, wrap_centre(self.place.bbox))

    def scene(self, scene_id: str) -> Scene:
        """A scene of the run with its pixels; InputError if its file is gone or has changed."""
        from pipeline.ingest.inputs import open_inputs
        from pipeline.ingest.metadata.options import OpenOptions
        from pipeline.ingest.metadata.side_files import to_lines

        scenes = self.table("scenes").set_index("scene_id")
        if scene_id not in scenes.index:
            raise InputError(printable(scene_id), f"no such scene in {self.folder}")
        source = self.config.source
        options = OpenOptions(pixel_spacing_m=source.pixel_spacing_m, scaling=source.scaling, proven=proven_files())
        config = _with_inputs_found(self.config, self.folder)
        inputs = gather(config, self.folder / CONFIG_FILES, self.place, Console(quiet=True))
        opened, _ = open_inputs(inputs.images, options, self.place, self.config.period.start, self.config.period.end)
        for scene in opened:
            recorded = scenes.loc[scene_id]
            if scene.source.sha256 == recorded["sha256"] and to_lines(scene.source.side_files) == list(
                recorded["side_files"]
            ):
                return scene
        raise InputError(printable(scene_id), "its file has gone or was changed since the run")

    def draw_sightings(self, sightings: pd.DataFrame) -> None:
        """Draw rows of detections side by side, each as its own image shows it."""
        import matplotlib.pyplot as plt

        size_inch = (4.2 * len(sightings), 4.6)
        _, panels = plt.subplots(1, len(sightings), figsize=size_inch, squeeze=False, layout="constrained")
        for axes, (_, sighting) in zip(panels[0], sightings.iterrows(), strict=True):
            image = self.scene(sighting["scene_id"])
            self.draw(axes, image, detections_window(image, pd.DataFrame([sighting]), margin_m=SIGHTING_MARGIN_M))

    def draw(self, axes: Axes, scene: Scene, window: Window | None = None) -> pd.DataFrame:
        """Draw a scene (or a window of it) with its detections' outlines; returns the detections drawn.

        Rows and columns on the axes count from the corner of the image file, as in the table of detections.
        """
        import shapely
        from matplotlib.patheffects import withStroke

        window = window or Window(0, 0, *scene.shape)
        row0, col0 = scene.corner
        row1, col1 = row0 + window.row1, col0 + window.col1
        row0, col0 = row0 + window.row0, col0 + window.col0
        axes.imshow(
            grey(scene, window), cmap="gray", vmin=0, vmax=1,
            extent=(col0 - 0.5, col1 - 0.5, row1 - 0.5, row0 - 0.5),
        )  # fmt: skip
        found = self.table("detections")
        in_window = found["scene_id"] == scene.scene_id
        in_window &= found["row"].between(row0, row1) & found["col"].between(col0, col1)
        for row in found[in_window].itertuples():
            if scene.geolocation is None or row.geometry is None:
                continue
            for part in shapely.get_parts(row.geometry):  # a hull on 180 degrees has two, if the place is not across it
                rows, cols = scene.geolocation.rowcol(*np.asarray(part.exterior.coords).T[:2])
                rows, cols = rows + scene.corner[0], cols + scene.corner[1]
                colour = ACCEPTED if row.accepted else REJECTED
                axes.plot(cols, rows, color=colour, lw=1.2)
                if max(np.ptp(rows), np.ptp(cols)) < SMALL * max(window.rows, window.cols):
                    axes.plot(cols.mean(), rows.mean(), "o", ms=11, mfc="none", mec=colour)
        axes.set(xlim=(col0 - 0.5, col1 - 0.5), ylim=(row1 - 0.5, row0 - 0.5))
        scene_row = self.table("scenes").set_index("scene_id").loc[scene.scene_id]
        when = moment_of_image(scene.acquired, scene_row["acquired_precision"])
        title = f"{when} UTC\n{scene.sensor}, {scene_row['pixel_spacing_m']:.3g} m"
        axes.set(xlabel="column", ylabel="row", title=title)
        if scene.simulated:
            word = axes.text(0.03, 0.92, "SIMULATED", transform=axes.transAxes, color="#ff9d5c", fontsize=13)
            word.set_path_effects([withStroke(linewidth=3, foreground="black")])
        return found[in_window]


def chosen_run(named: Path | str | None = None, *, variable: str = "CAPWATCH_RUN") -> Path:
    """The run folder given by path or id, else by an environment variable, else the last finished run.

    A notebook's working folder is its own, wherever it was started: relative names are looked up in the shell's folder,
    then here, then in the parent folder; ids below ``runs/`` there. InputError if no run has that name, ConfigError if
    there is no run.
    """
    bases = [Path(p) for p in (os.environ.get("PWD", "."), ".", "..")]
    name, prefix = (str(named), "") if named else (os.environ.get(variable), f"{variable}=")
    if name:
        places = [place for base in bases for place in (base, *sorted(base.glob("runs/*/")))]
        found = [place / name for place in places if (place / name / "config.yaml").is_file()]
        if not found:
            raise InputError(f"{prefix}{printable(name)}", "is no run folder: it holds no config.yaml")
        return found[0].resolve()
    out = next((base / "runs" for base in bases if (base / "runs").is_dir()), Path("runs"))
    return latest_run(out).resolve()


def _with_inputs_found(config: RunConfig, folder: Path) -> RunConfig:
    """The config of a run folder, with relative input names resolved from here, else from where the run was made.

    That is usually the shell's folder, or the one that holds the folder of runs; a notebook's own folder is another.
    """
    made_in = folder.resolve().parents[2:3]
    bases = [Path(), Path(os.environ.get("PWD", ".")), *made_in]

    def found(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(next((str(b / name) for b in bases if (b / name).exists()), name) for name in names)

    source = config.source
    return config.model_copy(
        update={"source": source.model_copy(update={"images": found(source.images), "ais": found(source.ais)})}
    )


def open_run(folder: Path | str) -> OpenedRun:
    """Open a run folder, given as a path or text; InputError if it is not one, NothingToShow if it is a case."""
    from pipeline.ingest.place import load_place

    folder = Path(folder)
    if not (folder / "config.yaml").is_file():
        raise InputError(folder, "is no run folder: it holds no config.yaml")
    if case := case_in(folder):
        cause = f"{case} is a published case, a table of calls: no image, no transponder and no run to look at"
        raise NothingToShow(f"{cause}. Its page is {page_of(folder)}; the notebook volume_assumptions takes it.")
    config = load_run_config(folder / "config.yaml", {})
    return OpenedRun(folder, config, load_place(config.aoi, folder / CONFIG_FILES))


def draw_land(axes: Axes, place: Place, bounds: tuple[float, float, float, float] | None = None) -> None:
    """Draw the land of a place within bounds (by default its box), to scale, and set the axis limits to them."""
    import shapely
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    west, south, east, north = bounds or place.bbox
    land = shapely.Polygon() if place.land is None else shapely.clip_by_rect(place.land, west, south, east, north)
    for part in shapely.get_parts(land):
        rings = [Outline(np.asarray(r.coords)[:, :2], closed=True) for r in (part.exterior, *part.interiors)]
        axes.add_patch(PathPatch(Outline.make_compound_path(*rings), facecolor="#d9d2c3", edgecolor="none"))
    axes.set(xlim=(west, east), ylim=(south, north))
    axes.set_aspect(1 / np.cos(np.radians((south + north) / 2)))


def detections_window(scene: Scene, detections: pd.DataFrame, margin_m: float = MARGIN_M) -> Window:
    """The window of the scene that holds these detections and a margin."""
    margin = int(np.ceil(margin_m / min(scene.pixel_spacing_m)))
    row, col = detections["row"] - scene.corner[0], detections["col"] - scene.corner[1]
    first = Window(int(row.min()), int(col.min()), int(np.ptp(row)) + 1, int(np.ptp(col)) + 1)
    return first.padded(margin, scene.shape)


def hull_profiles(scene: Scene, detection: pd.Series, along_deg: float) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Brightness along and across a hull through its middle: (words, distance [m], value from 0 to 1) for each.

    ``along_deg`` is the direction of the long axis, clockwise from north. Values are averaged over a third of the hull
    on both sides of the line; if the scene is not georeferenced, the axis is relative to the pixel grid.
    """
    from scipy.ndimage import map_coordinates

    window = detections_window(
        scene, pd.DataFrame([detection]), margin_m=max(100.0, 1.2 * float(detection["length_m"]))
    )
    image = grey(scene, window)
    row, col = float(detection["row"]) - scene.corner[0], float(detection["col"]) - scene.corner[1]
    centre = row - window.row0, col - window.col0
    out = []
    for words, turn_deg, reach_m, width_m in (
        ("along", 0.0, float(detection["length_m"]), float(detection["beam_m"]) / 3),
        ("across", 90.0, float(detection["beam_m"]) + 60.0, float(detection["length_m"]) / 3),
    ):
        step = _pixel_steps(scene, detection, along_deg + turn_deg)
        side = _pixel_steps(scene, detection, along_deg + turn_deg + 90)
        distance_m = np.linspace(-reach_m, reach_m, 161)
        lanes = np.linspace(-width_m, width_m, 7)
        rows = centre[0] + np.add.outer(lanes * side[0], distance_m * step[0])
        cols = centre[1] + np.add.outer(lanes * side[1], distance_m * step[1])
        value = map_coordinates(image, [rows, cols], order=1, mode="nearest").mean(axis=0)
        out.append((words, distance_m, value))
    return out


def _pixel_steps(scene: Scene, detection: pd.Series, bearing_deg: float) -> tuple[float, float]:
    """The step (rows, columns) that corresponds to one metre on the ground in a direction, at a detection."""
    north, east = np.cos(np.radians(bearing_deg)), np.sin(np.radians(bearing_deg))
    if scene.geolocation is None or pd.isna(detection["lat"]):
        return -north / scene.pixel_spacing_m[0], east / scene.pixel_spacing_m[1]
    lat, lon, reach_m = float(detection["lat"]), float(detection["lon"]), 50.0
    d_lat, d_lon = reach_m * north / METRES_PER_DEGREE, reach_m * east / (METRES_PER_DEGREE * np.cos(np.radians(lat)))
    rows, cols = scene.geolocation.rowcol(np.array([lon - d_lon, lon + d_lon]), np.array([lat - d_lat, lat + d_lat]))
    return float(np.diff(rows)[0] / (2 * reach_m)), float(np.diff(cols)[0] / (2 * reach_m))


def grey(scene: Scene, window: Window) -> np.ndarray:
    """A window as a picture, 0 to 1 between its own percentiles; radar in decibels. Shape (rows, cols)."""
    data = scene.read(window).data
    image = data[0] if scene.radar is not None else np.nanmean(data[-1:], axis=0)
    if scene.radar is not None:
        image = 10 * np.log10(np.maximum(image, 1e-6))
    low, high = np.nanpercentile(image, (1, 99.7)) if np.isfinite(image).any() else (0.0, 1.0)
    return np.clip((np.nan_to_num(image, nan=low) - low) / max(high - low, 1e-12), 0, 1)
