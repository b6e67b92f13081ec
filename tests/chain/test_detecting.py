"""What detection adds to the scenes table, beside its measurements: what an image could not show."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pipeline.chain import detecting
from pipeline.console import Console
from pipeline.tables import DETECTIONS, SCENES
from tests.tables.rows import good_rows

NO_WATER = "no usable water in the image: what ships are there is unknown"


@pytest.mark.parametrize(("before", "after"), [("", NO_WATER), ("from a copy", f"from a copy; {NO_WATER}")])
def test_what_an_image_could_not_show_stands_in_its_row(monkeypatch, before, after):
    """Not only in the log: an image of nothing but cloud must not be called used without a word."""
    rows = [
        row | {"scene_id": name, "sensor": "optical", "status": "used", "cause": before, "cloud_fraction": None}
        for name, row in zip("ab", good_rows(SCENES, 2), strict=False)
    ]
    told = [
        (DETECTIONS.empty(), {"notes": [NO_WATER], "unknown": [NO_WATER]}),
        (DETECTIONS.empty(), {"notes": [], "unknown": [], "cloud_fraction": 0.25}),
    ]
    monkeypatch.setattr(detecting, "_detect_scenes", lambda scenes, job: told)
    scenes = [SimpleNamespace(scene_id=name, sensor="optical") for name in "ab"]
    job = SimpleNamespace(console=Console(quiet=True))
    _, table, _ = detecting.detect_all(scenes, SCENES.from_rows(rows), job)
    assert list(table["cause"]) == [after, before]
    assert table["cloud_fraction"].isna().tolist() == [True, False]
    assert list(table["status"]) == ["used", "used"]
