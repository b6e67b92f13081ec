"""What a run needs before any work: a file that is not as the config says is told by what is there instead."""

from __future__ import annotations

import os

import pytest

from pipeline.chain.readiness import made_ready, require_file
from pipeline.console import Console
from pipeline.errors import ConfigError
from tests.cases.desk import Desk

KINDS = {
    "not there": lambda path: None,
    "a folder": lambda path: path.mkdir(),
    "no regular file": os.mkfifo,
    "a link that leads nowhere": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_called_what_it_is(tmp_path, kind):
    KINDS[kind](tmp_path / "cap.yaml")
    with pytest.raises(ConfigError, match=rf"cap\.yaml: the config names this file, and it is {kind} \(names are"):
        require_file(tmp_path, "cap.yaml")


@pytest.mark.parametrize("name", ["zones.geojson", "cap.yaml", "vessels.csv", "coast.geojson"])
def test_every_file_that_the_config_names_is_a_file_of_the_question(tmp_path, name):
    """What cannot be read of it is a mistake in the question (exit code 2), whichever file it is."""
    desk = Desk(tmp_path / "desk").furnished()
    (desk.root / "vessels.csv").write_text("name,source\nSIM TANKER 1,made up\n")
    (desk.root / "coast.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    told = {"source": {"registry": "vessels.csv"}, "aoi": {"coast": "coast.geojson"}}
    assert made_ready(desk.config(**told), desk.root, Console(quiet=True)).zones
    (desk.root / name).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=name):
        made_ready(desk.config(**told), desk.root, Console(quiet=True))
