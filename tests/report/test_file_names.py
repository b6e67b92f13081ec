"""A report for strangers distinguishes files without showing whose disk they were on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.report.file_names import short_names, with_short_names
from pipeline.report.page import render
from pipeline.report.warnings_list import warnings

HOME = "/home/somebody/cases/7"


@pytest.fixture
def path_story(tiny_story):
    """A run on files given by full paths: two images of one name, one with a bad sidecar, and AIS read in part."""
    scenes = tiny_story.tables["scenes"].copy()
    scenes.loc[scenes.index[:2], "href"] = [f"{HOME}/images/may/port.tif", f"{HOME}/images/july/port.tif"]
    scenes.loc[scenes.index[1], "cause"] = f"{HOME}/images/july/port.json: is no JSON"
    source = tiny_story.config.source.model_copy(update={"kind": "files", "ais": (f"{HOME}/ais",)})
    return replace(
        tiny_story,
        config=tiny_story.config.model_copy(update={"source": source}),
        tables={**tiny_story.tables, "scenes": scenes},
        inputs=({"path": f"{HOME}/ais/day.csv", "sha256": "ab" * 32, "bytes": None},),
        problems=(
            f"error: {HOME}/images/may/port.tif: is cut off (scene skipped)",
            f"error: {HOME}/images/july/port.tif: time of day unknown (scene degraded)",
            f"error: {HOME}/ais/night.csv: duplicate_of {HOME}/ais/day.csv: the same bytes (counted once)",
        ),
        remarks=(f"{HOME}/ais/day.csv: 3 lines lack a time",),
    )


def test_things_to_know_tell_files_apart_by_the_least_of_their_paths(path_story):
    lines = [line for line in warnings(path_story) if line.partition(": ")[0].endswith((".tif", ".csv"))]
    assert lines == [
        "may/port.tif: is cut off (scene skipped)",
        "july/port.tif: time of day unknown (scene degraded)",
        "ais/night.csv: duplicate_of day.csv: the same bytes (counted once)",
    ]


def test_no_place_of_the_page_names_a_folder_of_the_machine(path_story, tmp_path):
    page = render(path_story, {}, tmp_path)
    assert "somebody" not in page
    for told in ("may/port.tif", "july/port.json: is no JSON", "<code>day.csv</code>", "day.csv: 3 lines lack a time"):
        assert told in page


def test_what_joins_tables_keeps_the_whole_path(path_story):
    scenes, before = with_short_names(path_story).tables["scenes"], path_story.tables["scenes"]
    assert scenes["href"].equals(before["href"])


def test_short_names_tell_apart_what_paths_tell_apart():
    paths = ["/a/b/c.tif", "/b/c.tif", "/c.tif", "/a/b", "/x/d.tif", "rel/c.tif", "https://host/c.tif", "/"]
    names = short_names(paths)
    assert len(set(names.values())) == len(names) == 5
    assert all(path.endswith(name) for path, name in names.items())


def test_names_that_a_user_typed_or_a_catalogue_gave_stay(tiny_story):
    problems = ("error: images/a.tif: torn (skipped)", "error: https://host/data/a.tif: not there (skipped)")
    assert with_short_names(replace(tiny_story, problems=problems)).problems == problems
