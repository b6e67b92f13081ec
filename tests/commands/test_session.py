"""The command line's own options as settings on top of a run file."""

from pathlib import Path

import pytest

from pipeline.commands.session import option_settings
from pipeline.config import merged, parse_overrides
from pipeline.workspace import find_config, load_run_config


def test_options_that_were_not_given_set_nothing():
    assert option_settings() == {}


def test_options_become_settings_and_a_day_is_its_midnight_in_utc():
    asked = option_settings(
        source="stac", start="2024-03-01", end="2024-04-01T06:00:00+10:00", engine="dask", workers=4,
        scheduler="tcp://h:1",
    )  # fmt: skip
    assert asked == {
        "source": {"kind": "stac"},
        "period": {"start": "2024-03-01", "end": "2024-04-01T06:00:00+10:00"},
        "engine": {"kind": "dask", "workers": 4, "scheduler": "tcp://h:1"},
    }
    assert load_run_config(find_config("nampo"), asked).period.end.isoformat() == "2024-03-31T20:00:00+00:00"


@pytest.mark.parametrize(("images", "ais"), [([Path("a.tif")], None), (None, [Path("b.nmea")])])
def test_giving_files_means_the_source_is_files(images, ais):
    assert option_settings(images=images, ais=ais)["source"]["kind"] == "files"
    assert option_settings(source="demo", images=images, ais=ais)["source"]["kind"] == "demo"


def test_what_was_asked_for_gives_way_to_what_was_set():
    asked = merged(option_settings(workers=4), parse_overrides(["engine.workers=8"]))
    assert load_run_config(find_config("vostochny"), asked).engine.workers == 8
