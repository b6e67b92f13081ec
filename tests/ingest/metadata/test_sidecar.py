"""The sidecar that people write by hand."""

from __future__ import annotations

import pytest

from pipeline.errors import InputError
from pipeline.ingest.metadata.sidecar import read_sidecar


def test_a_key_that_stands_twice_is_refused(tmp_path):
    """Which of the two times it is cannot be known; YAML says the same."""
    (tmp_path / "x.json").write_text('{"acquired": "2024-03-07T12:00:00Z", "acquired": "2024-03-08T12:00:00Z"}')
    with pytest.raises(InputError, match=r"x\.json: key acquired stands twice"):
        read_sidecar(tmp_path / "x.tif")
