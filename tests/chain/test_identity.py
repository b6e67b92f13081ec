"""A different question has a different id, also if only what is known about an image differs and not its pixels."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import shapely

from pipeline.chain.identity import image_identities, image_records
from pipeline.chain.job import Job
from pipeline.chain.slots import detect_slot, metadata_digest
from pipeline.chain.verification import differences
from pipeline.console import Console
from pipeline.detection.flat_reader import FlatReader
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.scenes import with_land
from pipeline.table_files import read_table
from pipeline.tables import SCENES
from pipeline.workspace import RunFolder, configs_root, load_run_config
from tests.builders import place_of
from tests.cases.desk import Desk, describe, radar


def identity(folder):
    return image_identities(open_inputs([folder])[1])


@pytest.fixture
def images(tmp_path):
    radar(tmp_path / "images" / "look_20240308.tif", sidecar=True)
    return tmp_path / "images"


def test_where_images_lie_does_not_matter(images, tmp_path):
    before = identity(images)
    moved = shutil.copytree(images, tmp_path / "elsewhere" / "deeper")
    assert identity(moved) == before


def test_a_product_and_its_zip_are_the_same_image():
    rows = [{"scene_id": n, "href": href, "sha256": "a"} for n, href in enumerate(["x/S1A_1.SAFE", "S1A_1.SAFE.zip"])]
    one, other = (image_identities(SCENES.from_rows([row])) for row in rows)
    assert one == other


def new_time(folder):
    describe(folder / "look_20240308.tif", acquired="2024-03-08T09:00:00Z")


def no_sidecar(folder):
    (folder / "look_20240308.json").unlink()


def broken(folder):
    (folder / "look_20240308.json").write_text("no JSON")


def other_date_in_its_name(folder):
    for path in list(folder.iterdir()):
        path.rename(path.with_name(path.name.replace("0308", "0309")))


def polynomials(folder):
    (folder / "look_20240308.RPB").write_text("lineOffset = 1;")


@pytest.mark.parametrize("change", [new_time, no_sidecar, broken, other_date_in_its_name, polynomials])
def test_other_metadata_is_another_question(images, change):
    before = identity(images)
    change(images)
    assert identity(images) != before


def test_what_is_kept_of_a_scene_is_kept_under_its_metadata(images):
    seen = set()
    for angle in (None, 30.0, 40.0):
        describe(images / "look_20240308.tif", **({} if angle is None else {"sun_elevation_deg": angle}))
        (scene,), _ = open_inputs([images])
        seen.add(metadata_digest(scene))
    assert len(seen) == 3


def flattened(scene, **changed):
    """The scene with quays taken out of a square of it."""
    one = np.ones((8, 8), bool)
    usual = np.full((1, 8, 8), 0.5, np.float32)
    return replace(
        scene,
        read=replace(FlatReader(scene.read, (4, 4), usual, one, one, np.array([0.01]), scene.shape, 5), **changed),
    )


def test_what_was_learnt_of_a_scene_is_part_of_the_question(images, tmp_path):
    """Structures and quays come from other scenes: when one is added, the stored result for this one is void."""
    (scene,), _ = open_inputs([images])
    west, south, east, north = scene.footprint.bounds
    jetty = shapely.box(west, south, (west + east) / 2, north)
    some = np.eye(8, dtype=bool)
    asked = [
        scene,
        with_land(scene, jetty),
        flattened(scene),
        flattened(with_land(scene, jetty)),
        flattened(scene, n_looks=0),
        flattened(scene, known=some),
        flattened(scene, land_beside=some),
        flattened(scene, corner=(4, 5)),
        flattened(scene, usual=np.full((1, 8, 8), 0.6, np.float32)),
        flattened(scene, sea=np.array([0.02])),
    ]
    config = load_run_config(configs_root() / "vostochny.yaml", {})
    job = Job(config, configs_root(), place_of(), RunFolder(tmp_path / "run"), Console(quiet=True))
    keys = [detect_slot(one, job).key for one in asked]
    assert len(set(keys)) == len(asked)
    assert keys[3] == detect_slot(flattened(with_land(scene, jetty)), job).key


def test_another_shore_is_not_told_as_another_place(images, tmp_path):
    """An added or removed image changes the shore that all of them show; box, coast and zones stay the same."""
    (scene,), _ = open_inputs([images])
    west, south, east, north = scene.footprint.bounds
    config = load_run_config(configs_root() / "vostochny.yaml", {})
    job = Job(config, configs_root(), place_of(), RunFolder(tmp_path / "run"), Console(quiet=True))
    detect_slot(scene, job).store(b"", {})
    learnt = detect_slot(with_land(scene, shapely.box(west, south, (west + east) / 2, north)), job)
    assert learnt.why() == "run: changed what the images together show of the shore"
    moved = replace(job, place=replace(job.place, bbox=(133.0, 42.7, 133.1, 42.8)))
    assert detect_slot(scene, moved).why() == "run: changed the place"


def test_records_name_each_file_once():
    rows = [
        {"scene_id": "a", "href": "data/a.tif", "sha256": "1", "side_files": ["2  a.json", "  unreadable.xml"]},
        {"scene_id": "b", "href": "data/a_1.tif", "sha256": "3", "side_files": ["2  a.json"]},
        {"scene_id": "c", "href": "c.tif", "sha256": "4", "side_files": ["5  c.json"]},
        {"scene_id": "d", "href": "demo:scenes/d.tif", "sha256": "6", "side_files": ["7  d.json"]},
        {"scene_id": "e", "href": "https://host/e.tif", "sha256": "8", "side_files": ["9  e.json"]},
        {"scene_id": "f", "href": "gone.tif", "sha256": ""},
    ]
    told = {r["path"]: r["sha256"] for r in image_records(SCENES.from_rows(rows))}
    assert told == {
        "data/a.tif": "1", "data/a.json": "2", "data/a_1.tif": "3", "c.tif": "4", "c.json": "5",
        "demo:scenes/d.tif": "6", "demo:scenes/d.json": "7", "https://host/e.tif": "8",
        "https://host/e.tif#e.json": "9",
    }  # fmt: skip


def test_a_changed_sidecar_is_looked_at_anew_and_told_by_verify(tmp_path):
    """Truth: the sidecar's time, which is in scenes and detections; verify names the file."""
    desk = Desk(tmp_path / "desk").furnished()
    first = desk.run().folder
    image = min(desk.images.glob("*.tif"))
    sidecar = image.with_suffix(".json")
    listed = {r["path"] for r in json.loads((first / "manifest.json").read_text())["inputs"]}
    assert {str(image), str(sidecar)} <= listed
    assert differences(first) == []
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"acquired": "2024-03-07T10:00:00Z"}))
    assert differences(first) == [f"{sidecar}: input changed since the run"]
    second = desk.run().folder
    assert second != first
    for name in ("scenes", "detections"):
        table = read_table(second / f"{name}.parquet").set_index("scene_id")
        assert set(table.loc[[image.stem], "acquired"].dt.strftime("%m-%d %H:%M")) == {"03-07 10:00"}
    assert desk.run().folder == second, "and the same question is not asked twice"
