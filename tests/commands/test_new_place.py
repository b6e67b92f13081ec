"""`capwatch aoi add`: files of a new place that a run takes, or none at all."""

import json
import shlex
from pathlib import Path

import pytest
import shapely

from pipeline.ingest import coast
from pipeline.ingest.place import load_place
from pipeline.workspace import configs_root, load_run_config

WONSAN = ("127.38,39.12,127.52,39.22", (127.38, 39.12, 127.52, 39.22))
PERIOD = {"--start": "2024-03-01", "--end": "2024-04-01"}


def add(capwatch, into, *more, name="wonsan", bbox=WONSAN[0]):
    given = [word for option, day in PERIOD.items() if option not in more for word in (option, day)]
    return capwatch("aoi", "add", name, f"--bbox={bbox}", *given, "--into", into, *more)


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_run_takes_what_was_written(capwatch, tmp_path):
    code, out, err = add(capwatch, tmp_path, "--coast", "none", "--name", 'Wonsan: "port", #1')
    assert code == 0, err
    assert str(tmp_path / "wonsan.yaml") in out
    config = load_run_config(tmp_path / "wonsan.yaml", {})
    assert (config.aoi.name, config.aoi.bbox, config.aoi.coast) == ('Wonsan: "port", #1', WONSAN[1], None)
    (zone,) = load_place(config.aoi, tmp_path).zones
    assert not zone.counts
    assert zone.geometry.equals(shapely.box(*WONSAN[1]))
    assert (tmp_path / config.cap).read_bytes() == (configs_root() / config.cap).read_bytes()


def test_the_commands_that_it_names_can_be_copied(capwatch, tmp_path):
    code, out, err = add(capwatch, tmp_path / "my ports #1", "--coast", "none")
    assert code == 0, err
    shown = shlex.split(out.split("see it with ")[1].split(";")[0], comments=True)
    assert Path(shown[-1]) == tmp_path / "my ports #1" / "wonsan.yaml"


def test_the_lines_of_a_discharge_port_want_no_more_than_their_sign_taken_off(capwatch, tmp_path):
    """Nothing told of them, and a port added by the book counted tankers that came to discharge as loading."""
    assert add(capwatch, tmp_path, "--coast", "none")[0] == 0
    path = tmp_path / "wonsan.yaml"
    loads = load_run_config(path, {})
    path.write_text(path.read_text().replace("# calls:", "calls:").replace("# volume:", "volume:"))
    lands, nampo = load_run_config(path, {}), load_run_config(configs_root() / "nampo.yaml", {})
    assert (lands.calls, lands.volume) == (nampo.calls, nampo.volume)
    assert loads.calls.prior_p_loading > 0.5
    assert loads.volume.counted == "loading"


@pytest.mark.parametrize("name", ["12", "null", "1e3", "no", "2024-03-01"])
def test_a_name_that_yaml_would_take_for_something_else_is_a_name(capwatch, tmp_path, name):
    assert add(capwatch, tmp_path, "--coast", "none", name=name)[0] == 0
    assert load_run_config(tmp_path / f"{name}.yaml", {}).aoi.id == name


def test_coast_and_zones_that_are_brought_are_copied(capwatch, tmp_path):
    genoa = load_run_config(configs_root() / "genoa.yaml", {}).aoi
    box = ",".join(map(str, genoa.bbox))
    brought = ("--coast", configs_root() / genoa.coast, "--zones", configs_root() / genoa.zones)
    code, _, err = add(capwatch, tmp_path, *brought, bbox=box)
    assert code == 0, err
    new = load_place(load_run_config(tmp_path / "wonsan.yaml", {}).aoi, tmp_path)
    old = load_place(genoa, configs_root())
    assert [z.zone_id for z in new.zones] == [z.zone_id for z in old.zones]
    assert new.land.equals(old.land)


@pytest.mark.parametrize(("word", "provider"), [("osm", "Osm"), ("gshhg", "Gshhg")])
def test_a_coast_is_clipped_to_the_box(capwatch, tmp_path, monkeypatch, word, provider):
    asked = []

    def clip(box, provider):
        asked.append((box, provider))
        land = {
            "type": "Feature",
            "properties": {},
            "geometry": shapely.geometry.mapping(shapely.box(127.3, 39, 127.4, 40)),
        }
        return {"type": "FeatureCollection", "attribution": "somebody", "features": [land]}

    monkeypatch.setattr(coast, "clip_coast", clip)
    code, _, err = add(capwatch, tmp_path, "--coast", word)
    assert code == 0
    assert asked == [(WONSAN[1], provider)]
    assert "attribution" in err
    assert load_place(load_run_config(tmp_path / "wonsan.yaml", {}).aoi, tmp_path).land.area > 0


@pytest.mark.parametrize(
    ("bbox", "more", "expected"),
    [
        ("127.38,39.12,127.52", (), "write four degrees, west,south,east,north"),
        ("127.38,39.12,east,39.22", (), "write four degrees, west,south,east,north"),
        ("39.12,127.38,39.22,127.52", (), "lon and lat may be swapped"),
        ("127,39,137,49", (), "its sides must lie between"),
        (WONSAN[0], ("--end", "2024-02-01"), "must come after period.start"),
        (WONSAN[0], ("--start", "March"), "write a time as 2024-03-06"),
        (WONSAN[0], ("--zones", "/no/such.geojson"), "/no/such.geojson: cannot be read"),
        (WONSAN[0], ("--zones", configs_root() / "zones" / "genoa.geojson"), "genoa.geojson: none of its 4 zones lies"),
    ],
)
def test_what_a_run_would_refuse_is_refused_in_one_line_and_nothing_is_written(
    capwatch, tmp_path, bbox, more, expected
):
    code, _, err = add(capwatch, tmp_path, "--coast", "none", *more, bbox=bbox)
    assert code == 2
    assert expected in err
    assert len(err.strip().splitlines()) == 1
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["Wonsan", "../wonsan", "won san", ""])
def test_a_name_that_is_no_short_name_is_refused(capwatch, tmp_path, name):
    code, _, err = add(capwatch, tmp_path / "configs", "--coast", "none", name=name)
    assert code == 2
    assert "must be lower-case a to z, digits" in err
    assert files(tmp_path) == []


@pytest.mark.parametrize("there", ["wonsan.yaml", "zones/wonsan.geojson", "coast/wonsan.geojson"])
def test_no_file_is_written_over(capwatch, tmp_path, there):
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text(json.dumps("mine"))
    code, _, err = add(capwatch, tmp_path, "--coast", "none")
    assert code == 2
    assert f"{there}: is there already" in err
    assert files(tmp_path) == [there]
