"""The sidecar that people write by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.errors import InputError
from pipeline.ingest.metadata.sidecar import read_sidecar
from pipeline.types import utc


def test_a_key_that_stands_twice_is_refused(tmp_path):
    """Which of the two times it is cannot be known; YAML says the same."""
    (tmp_path / "x.json").write_text('{"acquired": "2024-03-07T12:00:00Z", "acquired": "2024-03-08T12:00:00Z"}')
    with pytest.raises(InputError, match=r"x\.json: key acquired stands twice"):
        read_sidecar(tmp_path / "x.tif")


def test_a_leap_second_is_a_time(tmp_path):
    """The last second of 2016 had number 60 (IERS Bulletin C 52); it ended as 2017 began."""
    (tmp_path / "x.json").write_text('{"acquired": "2016-12-31T23:59:60Z"}')
    told, _ = read_sidecar(tmp_path / "x.tif")
    assert utc(told.acquired) == datetime(2017, 1, 1, tzinfo=UTC)
