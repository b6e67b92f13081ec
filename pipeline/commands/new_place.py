"""Writes the files of a new AOI (run file, coast, zones), after checking them as a run would read them."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config.aoi import AoiConfig
from pipeline.config.loading import build
from pipeline.errors import ConfigError, InputError, printable
from pipeline.storage import require_writable, write_text
from pipeline.workspace import configs_root, load_run_config

if TYPE_CHECKING:
    from pipeline.console import Console

PROVIDERS = {"osm": "Osm", "gshhg": "Gshhg"}
CAP = "caps/unscr-2397.yaml"


@dataclass(frozen=True, slots=True)
class NewPlace:
    """The request. ``coast``: a provider of `PROVIDERS`, "none", or a GeoJSON file; ``zones``: a GeoJSON file."""

    id: str
    name: str
    bbox: str
    start: str
    end: str
    coast: str
    zones: Path | None


def add_place(new: NewPlace, into: Path, console: Console) -> Path:
    """Write the files of a new AOI below the folder ``into``, and say what is left to do; returns the run file's path.

    Raises ConfigError if a file of that name already exists, or if a run would refuse the request.
    """
    box = _box(new)
    names = {"coast": f"coast/{new.id}.geojson", "zones": f"zones/{new.id}.geojson", "run": f"{new.id}.yaml"}
    for name in names.values():
        if (into / name).exists():
            raise ConfigError(f"{printable(into / name)}: is there already (nothing was written)")
    coast = _coast(new, box)
    zones = _read_text(new.zones) if new.zones else json.dumps(_whole_box(box), indent=1) + "\n"
    texts = {names["zones"]: zones} | ({names["coast"]: coast} if coast else {})
    texts[names["run"]] = _run_file(new, box, names, coast=coast is not None)
    given_paths = {names["zones"]: str(new.zones or names["zones"]), names["coast"]: new.coast}
    _check_as_run(texts, names["run"], given_paths)
    require_writable(into)
    if not (into / CAP).is_file():
        write_text(into / CAP, (configs_root() / CAP).read_text("utf-8"))
    for name, text in texts.items():  # the run file last: it names the others
        write_text(into / name, text)
    if new.zones is None:
        console.note(f"{into / names['zones']}: the whole box as one zone that does not count; draw the berths there")
    if coast is None:
        console.note("without a coast each image is searched for land; a coast tells quays from ships better")
    elif new.coast in PROVIDERS:
        console.note(f"{into / names['coast']}: correct it where berths lie; name its attribution wherever it is shown")
    return into / names["run"]


def _box(new: NewPlace) -> tuple[float, float, float, float]:
    """The box, validated by the config; ConfigError with the message that a run file would get."""
    parts = new.bbox.replace(",", " ").split()
    try:
        sides = [float(part) for part in parts]
    except ValueError:
        sides = []
    if len(sides) != 4:
        raise ConfigError(f"--bbox {printable(new.bbox)}: write four degrees, west,south,east,north")
    data = {"id": new.id, "name": new.name, "bbox": sides, "zones": "-"}
    return build(AoiConfig, data, where="capwatch aoi add", lines={}).bbox


def _coast(new: NewPlace, box: tuple[float, float, float, float]) -> str | None:
    if new.coast == "none":
        return None
    if new.coast not in PROVIDERS:
        return _read_text(Path(new.coast))
    from pipeline.ingest.coast import clip_coast

    try:
        return json.dumps(clip_coast(box, provider=PROVIDERS[new.coast])) + "\n"
    except ConfigError as error:
        raise ConfigError(f"{error}; or name a GeoJSON file of land: --coast FILE, or --coast none") from error


def _whole_box(box: tuple[float, float, float, float]) -> dict[str, Any]:
    """One uncounted zone over the whole box: a first run shows where ships lie, as a basis for drawing berths."""
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    properties = {
        "zone_id": "whole_box",
        "kind": "anchorage",
        "name": "The whole box",
        "counts": False,
        "source": "made by capwatch aoi add: no berth is drawn yet",
    }
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": properties, "geometry": geometry}],
    }


def _run_file(new: NewPlace, box: tuple[float, float, float, float], names: dict[str, str], *, coast: bool) -> str:
    """The run file as YAML; texts are quoted as JSON, which is valid YAML."""
    return "\n".join(
        [
            "# Made by capwatch aoi add. All that is not here has a default, which capwatch config show prints.",
            "aoi:",
            f"  id: {json.dumps(new.id)}",  # quoted: else 12 and null would not be text
            f"  name: {json.dumps(new.name, ensure_ascii=False)}",
            f"  bbox: {list(box)}  # west, south, east, north [deg]",
            f"  coast: {names['coast'] if coast else 'null  # each image is searched for land'}",
            f"  zones: {names['zones']}",
            "  facts: []  # what a reader should know of the place: {what: ..., source: ...}",
            f"period: {{start: {json.dumps(new.start)}, end: {json.dumps(new.end)}}}  # UTC, the end not included",
            "source: {kind: files}",
            "# Where ships come to discharge, take the # off; else each is taken for one that comes to load:",
            "# calls: {prior_p_loading: 0.05}",
            "# volume: {counted: discharging}",
            f"cap: {CAP}",
            "",
        ]
    )


def _check_as_run(texts: dict[str, str], run_file: str, given_paths: dict[str, str]) -> None:
    """Read the files as a run would, in a temporary folder; ConfigError with the run's own message.

    ``given_paths`` maps a written file to the user's file that it comes from.
    """
    from pipeline.ingest.place import load_place

    with tempfile.TemporaryDirectory(prefix="capwatch-aoi-") as folder:
        for name, text in texts.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        Path(folder, CAP).parent.mkdir(parents=True)
        shutil.copyfile(configs_root() / CAP, Path(folder, CAP))
        try:
            load_place(load_run_config(Path(folder, run_file), {}).aoi, Path(folder))
        except (ConfigError, InputError) as error:
            message = str(error)
            for name, given_path in given_paths.items():
                message = message.replace(f"{folder}/{name}", printable(given_path))
            raise ConfigError(message.replace(f"{folder}/", "")) from error


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no text"
        raise ConfigError(f"{printable(path)}: cannot be read ({why})") from error
