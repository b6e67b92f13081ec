"""Plans: from the catalogues' own lists, for many ports at once; nothing is fetched and nothing is written."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.batch import load_questions
from pipeline.cli import main
from pipeline.commands.plan import plan_lines
from pipeline.commands.plan_local import local_lines
from pipeline.console import Console
from pipeline.errors import EnvironmentFault
from pipeline.workspace import configs_root, load_run_config
from tests.conftest import TINY
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


def zone(path, west: float, kind: str = "berth", *, swapped: bool = False) -> None:
    """A zones file with one berth at 40.45 north."""
    ring = [[west, 40.45], [west + 0.01, 40.45], [west + 0.01, 40.46], [west, 40.46], [west, 40.45]]
    ring = [point[::-1] for point in ring] if swapped else ring
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"zone_id": "pier", "kind": kind}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """Run files of twelve ports, and a STAC server with their looks; how many there are."""
    folder = tmp_path_factory.mktemp("ports")
    shutil.copytree(configs_root() / "caps", folder / "caps")
    items = [item for port in range(PORTS) for item in looks(port)]
    with stac_api(tmp_path_factory.mktemp("stac"), ["sentinel-1-grd"], items) as api:
        for port in range(PORTS):
            west = 2.0 * port
            zone(folder / f"zone{port:02d}.geojson", west + 0.5)
            (folder / f"port{port:02d}.yaml").write_text(
                f"aoi: {{id: port{port:02d}, name: Port {port}, bbox: [{west + 0.4}, 40.4, {west + 0.6}, 40.5], "
                f"zones: zone{port:02d}.geojson}}\n"
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
    asked = load_questions([str(folder / "port00.yaml"), str(folder / "port01.yaml")], {}, None)
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
    assert total.endswith("; of 1 run nothing is known")
    assert plan_lines([bad, bad], Console(quiet=True))[-1] == "together 2 runs; of 2 runs nothing is known"
    with pytest.raises(EnvironmentFault, match="cannot be reached"):  # as the run itself would end
        plan_lines([bad], Console(quiet=True))


def test_twice_the_looks_cost_twice_as_much(year):
    folder, _, _ = year
    one = plan_lines(load_questions([str(folder / "port00.yaml")], {}, None), Console(quiet=True))[-1]
    two = plan_lines(load_questions([str(folder / f"port0{n}.yaml") for n in (0, 1)], {}, None), Console(quiet=True))[
        -1
    ]
    size = [float(re.search(r"about ([\d.]+) GB", line).group(1)) for line in (one, two)]
    assert size[1] == pytest.approx(2 * size[0], rel=0.05)


# what a run would refuse, its plan refuses too


@pytest.fixture
def plan(capwatch, tmp_path, monkeypatch):
    """A dry run in an empty folder, which must stay empty but for what a test puts there."""
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> tuple[int, str, str]:
        before = sorted(tmp_path.rglob("*"))
        answer = capwatch("run", *words, "--dry-run")
        assert sorted(tmp_path.rglob("*")) == before, "a plan writes nothing"
        return answer

    return call


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("--set", "cap=caps/foo.yaml"), 2, "caps/foo.yaml: the config names this file, and it is not there"),
        (("--set", "source.scenario=null"), 2, "source.scenario names no scenario file"),
        (("--set", "source.registry=registry/none.csv"), 2, "registry/none.csv: the config names this file"),
        (("--set", "source.scaling=loud"), 2, "loud"),
        (("--images", "/nowhere"), 2, "/nowhere: no such file or folder"),
        (("--images", "nowhere"), 2, "the working folder"),
        (("--source", "files"), 2, "neither images nor ais are named"),
        (("--images", "bare"), 4, "bare: neither an image nor an AIS file is there"),
        (("--reviews", "none.csv"), 2, "--reviews none.csv: no such file"),
        (("--years", "2023"), 3, "none of its 17 looks lies in the period 2023-01-01 to 2024-01-01"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else "",
)  # fmt: skip
def test_a_plan_refuses_what_the_run_would(plan, tmp_path, words, code, expected):
    (tmp_path / "bare").mkdir()
    found, out, err = plan("vostochny", *words)
    assert found == code
    assert expected in err
    assert len(err.splitlines()) == 1
    assert (out == "") == (code != 3)


@pytest.mark.parametrize("others", [("ais.csv",), ()], ids=["beside AIS", "alone"])
def test_a_plan_tells_what_it_does_not_read(plan, tmp_path, others):
    """Only the run did: who planned a month of looks in archives took them for counted."""
    (tmp_path / "mine").mkdir()
    for name in ("a.nc", "b.tar.gz", *others):
        (tmp_path / "mine" / name).write_bytes(b"x")
    code, _, err = plan("vostochny", "--images", "mine", "--ais", "mine")
    assert code in (3, 4)
    expected = (
        "mine: 2 files of kinds that are not read (the first: a.nc); unpack archives but zip, save images as GeoTIFF"
    )
    assert err.splitlines().count(expected) == 1


def test_a_registry_with_one_number_for_two_ships_is_told(plan, tmp_path):
    listed = tmp_path / "ships.csv"
    listed.write_text("mmsi,name,source\n273000001,ALPHA,x\n273000001,BRAVO,y\n")
    code, _, err = plan("vostochny", "--set", f"source.registry={listed}")
    assert code == 3
    expected = (
        f"error: {listed}: mmsi 273000001 stands in lines 2 (ALPHA) and 3 (BRAVO) (that number identifies no ship;"
    )
    assert [line.startswith(expected) for line in err.splitlines()] == [True]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"kind": "birth"}, "feature pier: kind: must be berth or anchorage (did you mean berth?)"),
        ({"swapped": True}, "swapped"),
    ],
    ids=["kind", "swapped"],
)
def test_a_plan_reads_the_zones(plan, tmp_path, more, expected):
    zone(tmp_path / "z.geojson", 20.5, **more)
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "a.tif").write_bytes(b"")
    shutil.copytree(configs_root() / "caps", tmp_path / "caps")
    (tmp_path / "my.yaml").write_text(
        "aoi: {id: my, name: My, bbox: [20.4, 40.4, 20.6, 40.5], zones: z.geojson}\n"
        "period: {start: 2024-03-01T00:00:00Z, end: 2024-04-01T00:00:00Z}\n"
    )
    code, _, err = plan("my.yaml", "--images", "bare")
    assert code == 2
    assert expected in err


def test_of_several_questions_those_that_would_not_run_are_told(plan, tmp_path):
    code, out, err = plan("vostochny", "genoa")
    assert code == 3
    assert "vostochny 2024-03-01/2024-04-01: about" in out
    assert "genoa" in err
    assert "neither images nor ais are named" in err
    assert [line.count("genoa") for line in err.splitlines() if "source.kind" in line] == [1]


def test_few_looks_of_a_small_port_have_a_size_and_a_time(year):
    """One look of a box of 17 by 11 km: 30 by 30 km with its margins, a byte a pixel in each of two polarisations."""
    folder, _, _ = year
    asked = load_questions([str(folder / "port00.yaml")], {"period": {"end": "2023-01-03T00:00:00Z"}}, None)
    line, total = plan_lines(asked, Console(quiet=True))[-2:]
    megabytes, seconds = map(int, re.search(r": 2 sentinel-1, (\d+) MB, (\d+) s of CPU", line).groups())
    assert 20 < megabytes < 60
    assert 2 < seconds < 20
    assert f"about {megabytes} MB to fetch, {seconds} s of CPU" in total


def test_images_that_the_run_will_skip_take_no_time(plan, tmp_path):
    (tmp_path / "bare").mkdir()
    for name in ("a_20240310T010203.tif", "b_20230310.tif", "c_20240401.tif"):
        (tmp_path / "bare" / name).write_bytes(b"x")
    _, out, _ = plan("vostochny", "--images", "bare")
    assert "2 of 3 images outside the period, by their names" in out
    assert "for 1 look (" in out
    (tmp_path / "bare" / "algiers.tif").write_bytes(b"x")
    _, out, _ = plan("vostochny", "--images", "bare")
    assert "1 of 4 images without a date in the name" in out
    assert "for at most 2 looks (" in out


def test_a_period_that_has_not_come_is_told(plan):
    _, out, _ = plan("vostochny", "--start", "2097-01-01", "--end", "2097-02-01")
    assert "period 2097-01-01 to 2097-02-01 (end not included), UTC: it has not come yet" in out
    _, out, _ = plan("vostochny")
    assert "has not come" not in out


def test_looks_of_the_period_alone_take_time(plan):
    code, out, _ = plan("vostochny", "--end", "2024-03-08")
    assert code == 0
    few = int(re.search(r"(\d+) of 17 looks in the period", out).group(1))
    assert 0 < few < 17
    assert f"for {few} look" in out


def test_a_config_that_was_copied_out_of_the_configs_finds_its_files_there(plan, tmp_path):
    shutil.copy(configs_root() / "vostochny.yaml", tmp_path / "my.yaml")
    code, out, err = plan("my.yaml")
    assert code == 0
    assert "17 looks" in out
    assert f"my.yaml: none of its files lies beside it; those in {configs_root()} are used" in err


def test_a_config_with_some_files_beside_it_must_have_all(plan, tmp_path):
    shutil.copy(configs_root() / "vostochny.yaml", tmp_path / "my.yaml")
    shutil.copytree(configs_root() / "caps", tmp_path / "caps")
    code, _, err = plan("my.yaml")
    assert code == 2
    assert "relative to the run file's folder" in err
    assert f"there is one in {configs_root()}" in err


def test_a_question_that_is_answered_is_said_to_be(tiny_run, tmp_path):
    """And one that differs from it, in a setting, in verdicts or by --fresh, is not."""
    root, out = configs_root(), tiny_run.parents[1]
    config = load_run_config(root / "vostochny.yaml", TINY)
    assert (
        local_lines(config, root, Console(quiet=True), out)[-1]
        == f"nothing to do: {tiny_run} answers this already (--fresh repeats it)"
    )
    (tmp_path / "vostochny.csv").write_text("target,verdict,value,who,when,why\n")
    other = load_run_config(root / "vostochny.yaml", TINY | {"seed": 5})
    for lines in (
        local_lines(config, root, Console(quiet=True), out, fresh=True),
        local_lines(config, root, Console(quiet=True), out, reviews=tmp_path / "vostochny.csv"),
        local_lines(other, root, Console(quiet=True), out),
    ):
        assert lines[-1].startswith("about ")


def test_verdicts_that_the_run_would_apply_are_told(plan, tmp_path):
    """They are part of the question; a plan that did not name them looked like that of the run without."""
    assert "verdicts" not in plan("vostochny")[1]
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "vostochny.csv").write_text(
        "target,verdict,value,who,when,why\n98b236b19b23,reject,,A. Analyst,2024-04-02T09:00Z,a bunker barge\n"
    )
    assert "verdicts: 1 line of reviews/vostochny.csv" in plan("vostochny")[1].splitlines()


def test_an_ais_file_that_the_run_would_skip_is_told_by_the_plan(capwatch, tmp_path):
    """It was counted as an AIS file, and the plan ended with 0 where the run ends with 3."""
    good, empty, other = tmp_path / "good.nmea", tmp_path / "empty.csv", tmp_path / "other.csv"
    good.write_text("!AIVDM,1,1,,A,15M67FC000G?ufbE`FepT@3n00Sa,0*5C\n")
    empty.write_text("")
    other.write_text("a,b\n1,2\n")
    words = ("run", "vostochny", "--source", "files", "--dry-run", "--start", "2024-03-07", "--end", "2024-03-09")
    code, stdout, err = capwatch(*words, "--ais", good, "--ais", empty, "--ais", other)
    assert (code, stdout.splitlines()[-1]) == (3, "files: 0 images, 3 AIS files, 2 of them not readable")
    assert err.splitlines()[0] == f"error: {empty}: is empty (will be skipped)"
    assert err.splitlines()[1].startswith(f"error: {other}: no column for mmsi among a, b; ")
    code, _, err = capwatch(*words, "--ais", other)
    assert code == 4
    assert err.splitlines()[-1] == (
        "error: vostochny: no image and no AIS file could be used, so nothing would be known"
    )
