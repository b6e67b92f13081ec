"""SOURCE=stac from search to report, against loopback servers with faults on the way. The scene is SIMULATED."""

from __future__ import annotations

import errno
import itertools
import json
import re
import shutil
import socket
import subprocess
from contextlib import contextmanager
from datetime import timedelta

import pandas as pd
import pytest

from pipeline.chain.live import gather_live, read_or_run_search
from pipeline.console import Console
from pipeline.errors import ConfigError, EnvironmentFault
from pipeline.finished.repeat import rerun, verify
from pipeline.ingest.catalogue import fetch
from pipeline.ingest.catalogue.cache_use import CacheUse
from pipeline.run import run
from pipeline.table_files import read_table
from pipeline.types import Sensor
from pipeline.workspace import configs_root, load_run_config
from tests.conftest import TINY
from tests.ingest.catalogue.builders import radar_item
from tests.servers import Fault, Site, stac_api
from tests.test_run import hashes

REAL_TIME = "2024-03-07T21:22:00Z"
SECRET = "t0p-secret"


def renamed(item, number, **assets):
    """Another pass, hours earlier, with the given files."""
    copy = json.loads(json.dumps(item))
    copy["id"] = f"S1A_IW_GRDH_1SDV_2024030{number}T092000_2024030{number}T092025_05287{number}_06661{number}_ABCD"
    copy["properties"]["datetime"] = f"2024-03-0{number}T09:20:12Z"
    for key, href in assets.items():
        copy["assets"][key.replace("_", "-")]["href"] = href
    return copy


@pytest.fixture(scope="module")
def live(tiny_run, shared_tmp, tmp_path_factory):
    """A site with the scenario's radar product behind tokens, and a STAC server that lists it among broken ones."""
    scenes = next((shared_tmp / "cache" / "simulated").glob("*/scenes"))
    folder = tmp_path_factory.mktemp("live")
    product = next(scenes.glob("*.SAFE"))
    shutil.copytree(product, folder / "account/box" / product.name)
    site = Site(folder)
    site.locked, site.token = "/account/", SECRET
    base = f"{site.url}/account/box"
    good = radar_item(folder / "account/box" / product.name, base, "planetary-computer")
    good["properties"]["datetime"] = REAL_TIME
    items = [
        good,
        renamed(good, 7, vv=f"{base}/missing.tiff"),
        renamed(good, 8, schema_product_vv="http://169.254.169.254/latest/meta-data"),
    ]
    with stac_api(tmp_path_factory.mktemp("stac"), ["sentinel-1-grd"], items) as api:
        yield site, api, product, scenes.parent / "ais"
    site.close()


def config_of(live, **more):
    site, api, _, ais = live
    service = {"api": api, "tokens": f"{site.url}/sas/token", "storage": site.url}
    stac = {"sentinel1": "planetary-computer", "sentinel2": None, "services": {"planetary-computer": service}}
    patience = {"hosts": [site.url], "tries": 4, "silence_s": 5.0, "scene_limit_s": 60.0}
    source = {"kind": "stac", "ais": [str(ais)], "stac": stac | patience | more.pop("stac", {})}
    told = {
        "source": source,
        "period": TINY["period"],
        "volume": {"draws": 200},
        "engine": {"kind": "serial"},
    }
    return load_run_config(configs_root() / "vostochny.yaml", told | more)


def stopped(*_args, **_words):
    """Stands in for a step that a test must not reach."""
    raise InterruptedError


@pytest.fixture
def own_live_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CAPWATCH_CACHE", str(tmp_path / "own-cache"))
    return tmp_path / "own-cache"


@pytest.fixture(scope="module")
def kept_cache(tmp_path_factory):
    """The finished run's cache. Tests only read it, or copy it."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def finished(live, kept_cache, tmp_path_factory):
    """One run with faults on the way: a busy server, a broken connection, a token that expires in the middle."""
    site = live[0]
    site.faults = [
        Fault(r"manifest\.safe", "status", times=2, status=503, headers={"Retry-After": "0"}),
        Fault(r"-vv-.*\.tiff", "cut", times=1),
        Fault(r"/sas/token", "status", times=1, status=429, headers={"Retry-After": "0"}),
        Fault(r"-vh-.*\.tiff", "status", times=1, status=403, body=b"token has expired"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAPWATCH_CACHE", str(kept_cache))
        outcome = run(config_of(live), configs_root(), tmp_path_factory.mktemp("runs"), Console(quiet=True))
    assert all(fault.times == 0 for fault in site.faults), "each fault was met"
    return outcome


def test_the_tanker_of_the_scenario_is_found_through_the_catalogue(finished, tiny_run):
    """Truth: one tanker at the oil pier; the same scene from a folder gives the same detections."""
    calls = read_table(finished.folder / "port_calls.parquet")
    assert list(calls[calls["counts"]]["berth_id"]) == ["oil_pier"]
    here = read_table(finished.folder / "detections.parquet")
    there = read_table(tiny_run / "detections.parquet")
    there = there[there["sensor"] == "sentinel-1"].reset_index(drop=True)
    assert len(here) == len(there) > 0
    for name in ("lon", "lat", "length_m", "beam_m", "score", "accepted"):
        pd.testing.assert_series_equal(here[name], there[name])
    assert (finished.folder / "report.html").read_text().count("SIMULATED") >= 4


def test_what_each_catalogue_has_is_told_also_where_it_has_nothing(monkeypatch, capsys):
    """For a period without a pass, "no image could be used" alone would not tell that the catalogue was asked."""
    import pipeline.ingest.catalogue.search as catalogue

    found = catalogue.SearchResult(items=[{"capwatch": {"sensor": Sensor.SENTINEL1}}])
    monkeypatch.setattr(catalogue, "search", lambda *_: found)
    told = {"source": {"kind": "stac"}, "period": {"start": "2024-06-01", "end": "2024-06-12"}}
    read_or_run_search(load_run_config(configs_root() / "vostochny.yaml", told), configs_root(), Console())
    period = "of vostochny from 2024-06-01 to 2024-06-12"
    assert capsys.readouterr().err.splitlines() == [
        f"planetary-computer: 1 sentinel-1 product {period}",
        f"earth-search: no sentinel-2 product {period}",
    ]


def test_what_could_not_be_had_is_an_unknown_look_at_its_time(finished):
    assert finished.exit_code == 3
    scenes = read_table(finished.folder / "scenes.parquet").set_index("href")
    status = {h.rpartition(":")[2][17:25]: (r.status, r.cause) for h, r in scenes.iterrows()}
    assert status["20240307"][0] in ("skipped", "used", "degraded")
    skipped = scenes[scenes["status"] == "skipped"]
    assert len(skipped) == 2
    assert sorted(skipped["cause"])[0].endswith("is not there (HTTP 404)")
    assert "169.254.169.254, which is not allowed (no request made)" in sorted(skipped["cause"])[1]
    looks = read_table(finished.folder / "looks.parquet")
    lost = looks[looks["scene_id"].isin(skipped["scene_id"])]
    assert set(lost["state"]) == {"unknown"}
    assert lost["acquired"].notna().all()


def test_the_search_is_an_input_of_the_run(finished):
    manifest = json.loads((finished.folder / "manifest.json").read_text())
    assert "config_files/items.json" in {r["path"] for r in manifest["outputs"]}
    items = json.loads((finished.folder / "config_files/items.json").read_text())
    assert len(items["features"]) == 3
    verify(finished.folder, Console(quiet=True))


def test_no_secret_and_no_place_of_this_machine_is_in_the_run_folder(finished, live):
    for path in finished.folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert SECRET.encode() not in raw, path
            assert b"sig=" not in raw, path
            assert b"own-cache" not in raw, path


def test_no_request_left_for_a_place_that_is_not_allowed(finished, live):
    site = live[0]
    assert {a.path.split("/")[1] for a in site.log} <= {"account", "sas"}


def test_rerun_asks_no_catalogue_and_tries_a_refused_connection_again(
    finished, live, own_live_cache, monkeypatch, capsys
):
    """From its own folder with an empty cache: files are fetched again, the search is not repeated."""
    import pipeline.ingest.catalogue.search as catalogue

    def never(*_args):
        raise AssertionError("searched")

    monkeypatch.setattr(catalogue, "search", never)
    live[0].faults = []
    with nth_connection_refused(2, monkeypatch) as made:
        rerun(finished.folder, Console(quiet=True))
    assert made[0] > 2
    assert "agree byte for byte" in capsys.readouterr().out


def test_the_same_question_again_fetches_nothing(live, finished, kept_cache, monkeypatch, capsys):
    site = live[0]
    site.faults = []
    monkeypatch.setenv("CAPWATCH_CACHE", str(kept_cache))
    before = len(site.asked(".tiff"))
    again = run(config_of(live), configs_root(), finished.folder.parents[1], Console())
    assert again.folder == finished.folder
    fetched_again = [a for a in site.asked(".tiff")[before:] if "missing" not in a.path]
    assert fetched_again == []
    assert "nothing changed since" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "cache_use"), [({}, CacheUse.UNDOUBTED), ({"fresh": True}, CacheUse.NONE)], ids=["run", "fresh"]
)
def test_fresh_passes_by_the_cut_outs_too(live, monkeypatch, tmp_path, words, cache_use):
    """It uses nothing made by earlier runs, so it replaces a wrong cut-out that looks right."""
    passed = []

    def gathered(*args):
        passed.append(args[-1])
        raise InterruptedError

    monkeypatch.setattr("pipeline.run.gather", gathered)
    with pytest.raises(InterruptedError):
        run(config_of(live), configs_root(), tmp_path, Console(quiet=True), **words)
    assert passed == [cache_use]


def test_a_rerun_uses_the_cut_outs_that_are_kept(tiny_run, monkeypatch):
    """It repeats the run as it was, odd cut-outs included, and fetches nothing anew."""
    passed = {}

    def ran(*_args, **words):
        passed.update(words)
        raise InterruptedError

    monkeypatch.setattr("pipeline.finished.repeat.run", ran)
    with pytest.raises(InterruptedError):
        rerun(tiny_run, Console(quiet=True))
    assert passed["cache_use"] is CacheUse.ALL


def test_processes_fetch_the_same_bytes(live, finished, own_live_cache, tmp_path):
    live[0].faults = []
    other = run(
        config_of(live, engine={"kind": "processes", "workers": 2}), configs_root(), tmp_path, Console(quiet=True)
    )
    assert other.folder.name == finished.folder.name
    assert hashes(other.folder) == hashes(finished.folder)


def test_a_cached_scene_that_changed_is_fetched_again(live, finished, kept_cache, own_live_cache, tmp_path):
    live[0].faults = []
    shutil.copytree(kept_cache, own_live_cache)
    (image,) = (own_live_cache / "live").glob("*/*/measurement/*-vv-*")
    raw = bytearray(image.read_bytes())
    raw[len(raw) // 2] ^= 1
    image.write_bytes(raw)
    again = run(config_of(live), configs_root(), tmp_path / "b", Console(quiet=True))
    assert image.read_bytes() != bytes(raw)
    assert hashes(again.folder) == hashes(finished.folder)


def test_a_product_that_takes_its_worker_with_it_costs_its_own_look(live, own_live_cache, monkeypatch, tmp_path):
    """As a damaged JPEG2000 may, decoded where it is fetched: it must not end the whole run."""

    def greedy(_task):
        raise MemoryError

    monkeypatch.setattr("pipeline.chain.live.fetch", greedy)
    images = gather_live(config_of(live), tmp_path, Console(quiet=True)).images
    assert [i.refused for i in images] == ["needs more memory than there is (3 tries)"] * 3
    assert all(i.acquired is not None for i in images)


def test_keys_are_missed_before_anything_is_asked(live, monkeypatch, tmp_path):
    pytest.importorskip("botocore", reason="the extra 'cloud' is not installed")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    before = len(live[0].log)
    with pytest.raises(ConfigError, match="cdse needs S3 keys"):
        run(config_of(live, stac={"sentinel2": "cdse"}), configs_root(), tmp_path, Console(quiet=True))
    assert len(live[0].log) == before


def test_a_catalogue_that_does_not_answer_ends_the_run_before_it_begins(live, tmp_path):
    config = config_of(live, stac={"services": {"planetary-computer": {"api": "http://127.0.0.1:9"}}, "tries": 1})
    with pytest.raises(EnvironmentFault, match=r"^planetary-computer: .*search incomplete, nothing was run"):
        run(config, configs_root(), tmp_path, Console(quiet=True))
    assert not list(tmp_path.rglob("report.html"))


def test_the_cache_keeps_to_its_bound(live, own_live_cache, monkeypatch, tmp_path):
    """The run's own scenes stay; those left by an earlier question go, before any scene is opened."""
    live[0].faults = []
    old = own_live_cache / "live" / ("f" * 24)
    old.mkdir(parents=True)
    (old / "big").write_bytes(bytes(2_000_000))
    (old / "seal.json").write_text("{}")
    monkeypatch.setattr("pipeline.run.open_scenes", stopped)
    with pytest.raises(InterruptedError):
        run(config_of(live, stac={"cache_gb": 0.001}), configs_root(), tmp_path, Console(quiet=True))
    assert not old.exists()
    assert len(list((own_live_cache / "live").glob("*/*.SAFE"))) == 1


def test_make_run_passes_the_source_on():
    """make -n prints what it would run."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make here")
    told = subprocess.run(
        [make, "-n", "run", "AOI=vostochny", "SOURCE=stac", "START=2024-03-01", "END=2024-04-01",
         "SET=source.stac.services.cdse.api=http://127.0.0.1:1"],
        capture_output=True, text=True, cwd=configs_root().parent, check=False,
    )  # fmt: skip
    line = re.sub(r"[\s\\]+", " ", told.stdout)
    assert re.search(r"capwatch run vostochny|capwatch run \"vostochny\"", line)
    assert "--source stac --start 2024-03-01 --end 2024-04-01" in line
    assert "--set source.stac.services.cdse.api=http://127.0.0.1:1" in line


def test_every_moment_of_the_fixture_lies_in_the_period():
    start, end = (pd.Timestamp(TINY["period"][k]) for k in ("start", "end"))
    assert start <= pd.Timestamp(REAL_TIME) < end
    assert end - start == timedelta(days=2)


@contextmanager
def nth_connection_refused(n, monkeypatch):
    """Refuses the n-th connection made within; yields how many were made, which may be fewer."""
    real, made = socket.socket.connect, [0]
    fetch._access.cache_clear()  # else connections of an earlier run are still open

    def connect(self, address):
        if self.family == socket.AF_INET:
            made[0] += 1
            if made[0] == n:
                raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return real(self, address)

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield made


@pytest.mark.fuzz
def test_every_nth_connection_refused(live, finished, tmp_path, monkeypatch):
    live[0].faults = []
    for n in itertools.count(1):
        monkeypatch.setenv("CAPWATCH_CACHE", str(tmp_path / f"cache-{n}"))
        with nth_connection_refused(n, monkeypatch) as made:
            outcome = run(config_of(live), configs_root(), tmp_path / str(n), Console(quiet=True))
        if made[0] < n:
            break
        assert hashes(outcome.folder) == hashes(finished.folder), f"connection {n}"
    assert n > 2
