"""Plans: from the catalogues' own lists, for many ports at once; nothing is fetched and nothing is written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.batch import questions
from pipeline.cli import main
from pipeline.console import Console
from pipeline.plan import plan_lines
from tests.ingest.catalogue.builders import _item
from tests.servers import stac_api

PORTS = 12
EVERY_H = 33  # hours from one look at a port to the next: 266 a year


def looks(port: int) -> list[dict]:
    """A year of passes over one port, whose box lies at 2 degrees east for each port before it; none in June."""
    out, at = [], datetime(2023, 1, 1, 9, 20, tzinfo=UTC) + timedelta(minutes=port)
    west = 2.0 * port
    while at.year == 2023:
        if at.month != 6:
            orbit = int(at.timestamp()) // 6000 % 1_000_000
            name = f"S1A_IW_GRDH_1SDV_{at:%Y%m%dT%H%M%S}_{at:%Y%m%dT%H%M%S}_{orbit:06d}_{port:06X}_ABCD"
            told = {"datetime": f"{at:%Y-%m-%dT%H:%M:%SZ}", "sar:instrument_mode": "IW", "sar:product_type": "GRD"}
            item = _item(name, "sentinel-1-grd", told, {"vv": {"href": f"https://files.example/{name}/vv.tiff"}})
            ring = [[west, 40], [west + 1, 40], [west + 1, 41], [west, 41], [west, 40]]
            out.append(
                item | {"bbox": [west, 40, west + 1, 41], "geometry": {"type": "Polygon", "coordinates": [ring]}}
            )
        at += timedelta(hours=EVERY_H)
    return out


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """Run files of twelve ports, and a STAC server with their looks; how many there are."""
    folder = tmp_path_factory.mktemp("ports")
    items = [item for port in range(PORTS) for item in looks(port)]
    with stac_api(tmp_path_factory.mktemp("stac"), ["sentinel-1-grd"], items) as api:
        for port in range(PORTS):
            west = 2.0 * port
            (folder / f"port{port:02d}.yaml").write_text(
                f"aoi: {{id: port{port:02d}, name: Port {port}, bbox: [{west + 0.4}, 40.4, {west + 0.6}, 40.5], "
                "zones: zones.geojson}\n"
                "period: {start: 2023-01-01T00:00:00Z, end: 2024-01-01T00:00:00Z}\n"
                f"source: {{kind: stac, stac: {{sentinel1: planetary-computer, sentinel2: null, "
                f"services: {{planetary-computer: {{api: '{api}'}}}}}}}}\n"
            )
        yield folder, len(items), api


def test_a_year_of_twelve_ports_is_planned_from_the_catalogue(year, capsys, monkeypatch, tmp_path):
    folder, count, _ = year
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["capwatch", "run", str(folder), "--years", "2023", "--dry-run", "--quiet"])
    main_ended(main)
    *ports, total = capsys.readouterr().out.splitlines()
    assert len(ports) == PORTS
    found = [int(re.search(r": (\d+) sentinel-1", line).group(1)) for line in ports]
    assert sum(found) == count > 2_900
    assert f"together 12 runs, looks: {count} sentinel-1" in total
    assert all("no look at all in 2023-06" in line for line in ports)
    assert list(tmp_path.iterdir()) == [], "a plan writes nothing"


def main_ended(command):
    with pytest.raises(SystemExit) as stop:
        command()
    assert not stop.value.code


def test_a_port_whose_catalogue_does_not_answer_is_said_to_be_unplanned(year):
    folder, _, api = year
    asked = questions([str(folder / "port00.yaml"), str(folder / "port01.yaml")], {}, None)
    gone = asked[1].config.model_dump(mode="json")
    gone["source"]["stac"]["services"]["planetary-computer"]["api"] = "http://127.0.0.1:9"
    gone["source"]["stac"]["tries"] = 1
    from pipeline.batch import Question
    from pipeline.config import RunConfig

    bad = Question(RunConfig.model_validate(gone), asked[1].root)
    first, second, total = plan_lines([asked[0], bad], Console(quiet=True))
    assert "sentinel-1" in first
    assert "cannot be planned: planetary-computer: " in second
    assert api
    assert "together 2 runs" in total


def test_twice_the_looks_cost_twice_as_much(year):
    folder, _, _ = year
    one = plan_lines(questions([str(folder / "port00.yaml")], {}, None), Console(quiet=True))[-1]
    two = plan_lines(questions([str(folder / f"port0{n}.yaml") for n in (0, 1)], {}, None), Console(quiet=True))[-1]
    size = [float(re.search(r"about ([\d.]+) GB", line).group(1)) for line in (one, two)]
    assert size[1] == pytest.approx(2 * size[0], rel=0.05)
