"""``--time-format`` and ``--time-zone``: the same words in every command that reads times of tables."""

from __future__ import annotations

import pandas as pd
import pytest

ISO = "2024-04-13T12:00:00Z"
SHIPS = "det_id,time_utc,lon,lat,length_m\n"
FIX = "mmsi,time,lon,lat,sog_kn\n"
ZONES = "configs/zones/vostochny.geojson"


def written(folder, ships: str, *fixes: str) -> tuple[str, ...]:
    """The words of a match of one ship with a transponder at her place."""
    (folder / "ships.csv").write_text(SHIPS + ships + "\n")
    (folder / "ais.csv").write_text(FIX + "".join(f"273000001,{time},133.0,42.7,0.1\n" for time in fixes))
    return "match", "--detections", folder / "ships.csv", "--ais", folder / "ais.csv", "-o", folder / "out.csv"


@pytest.mark.parametrize("command", ["ais", "match", "calls", "volume"])
def test_each_command_that_reads_times_takes_several_forms(capwatch, command):
    text = " ".join(capwatch(command, "--help")[1].split())
    assert "--time-format" in text
    assert "once for each form" in text


def test_forms_that_a_match_is_given_read_its_transponders_and_its_detections(capwatch, tmp_path):
    """The same moments in ISO 8601 are the truth."""
    assert capwatch(*written(tmp_path, f"a,{ISO},133.0,42.7,180", ISO, "2024-04-13T12:10:00Z"))[0] == 0
    iso = (tmp_path / "out.csv").read_bytes()
    assert pd.read_csv(tmp_path / "out.csv")["mmsi"].tolist() == [273000001]
    words = written(tmp_path, "a,13.04.2024 12:00,133.0,42.7,180", "13.04.2024 22:00", "04/13/2024 22:10")
    assert capwatch(*words, "--time-zone", "+10:00")[0] != 0
    forms = ("--time-format", "%d.%m.%Y %H:%M", "--time-format", "%m/%d/%Y %H:%M")
    code, _, err = capwatch(*words, *forms, "--time-zone", "+10:00")
    assert code == 0, err
    assert (tmp_path / "out.csv").read_bytes() == iso


def test_calls_read_transponders_in_the_forms_given(capwatch, tmp_path):
    (tmp_path / "ais.csv").write_text(
        FIX + "".join(f"273000001,04/03/2024 12:{m:02d},133.0,42.7,0\n" for m in range(9))
    )
    words = ("calls", "--ais", tmp_path / "ais.csv", "--zones", ZONES, "-o", tmp_path / "out.csv")
    assert capwatch(*words, "--time-zone", "UTC")[0] == 2
    assert capwatch(*words, "--time-zone", "UTC", "--time-format", "%d/%m/%Y %H:%M")[0] == 0


@pytest.mark.parametrize(
    ("ships", "expected"),
    [
        ("a,13.04.2024 12:00,133.0,42.7,180", "'13.04.2024 12:00' is not written as"),
        ("a,13.04.2024 12:00,133.0,42.7,180", "--time-format '%d.%m.%Y %H:%M'"),
        (f"a,{ISO},east,42.7,180", "column lon: 'east' is not numeric"),
        (f"a,{ISO},133.0,42.7,long", "column length_m: 'long' is not numeric"),
        (f"a,{ISO},42.7,133.0,180", "lon and lat may be swapped"),
    ],
)
def test_a_cell_of_detections_that_cannot_be_is_one_line_and_no_traceback(capwatch, tmp_path, ships, expected):
    code, _, err = capwatch(*written(tmp_path, ships, ISO))
    assert code == 2
    (line,) = err.splitlines()
    assert line.startswith(f"error: {tmp_path}/ships.csv: ")
    assert expected in line
