"""Cases F: network and catalogue. What a catalogue says is not trusted, and what a server does costs one scene."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

import pipeline.ingest.catalogue.web as web_module
from pipeline.errors import EnvironmentFault
from pipeline.ingest.catalogue import search as catalogue
from pipeline.ingest.catalogue.fetch import Fetched, FetchTask, fetch
from pipeline.ingest.catalogue.products import product_of
from pipeline.ingest.found import Found
from pipeline.ingest.inputs import open_inputs
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.place import load_place
from pipeline.types import Sensor
from pipeline.workspace import configs_root, load_run_config
from tests.ingest.catalogue.builders import config_for, radar_item
from tests.ingest.catalogue.test_search import ask, grd, page
from tests.ingest.sentinel1.safe_product import Recipe, place, write_safe
from tests.servers import Fault

case = pytest.mark.case
MIDDLE = place(Recipe(), 40, 50)
AOI = (MIDDLE[0] - 0.002, MIDDLE[1] - 0.002, MIDDLE[0] + 0.002, MIDDLE[1] + 0.002)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    """Tries follow one another at once."""
    monkeypatch.setattr(web_module.time, "sleep", lambda _s: None)


@pytest.fixture
def item(site):
    """An item about a small sound product on the site."""
    return radar_item(write_safe(site.root), site.url)


@pytest.fixture
def had(site, tmp_path, saw):
    """Fetch an item: what became of it, one line, and nothing half-made anywhere."""

    def look(item, **more) -> Fetched:
        product = product_of(item, "earth-search", Sensor.SENTINEL1)
        found = fetch(FetchTask(product, AOI, config_for(site.url, **more), tmp_path / "cache"))
        entries = list((tmp_path / "cache").iterdir()) if (tmp_path / "cache").is_dir() else []
        if found.path is None:
            assert entries == [], "nothing of a scene that failed is left"
            assert "\n" not in found.cause
            assert len(found.cause) <= 200
            saw(found.cause)
        else:
            assert entries == [found.path.parent]
        return found

    return look


@case("F-01")
@pytest.mark.parametrize("key", ["vv", "schema-product-vv", "safe-manifest"])
@pytest.mark.parametrize(
    "href",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "/vsicurl/http://169.254.169.254/x.tif",
        "http://169.254.169.254/latest/meta-data/iam",
        "LISTENER/x.tif",
        "s3://somebody-elses-bucket/x.tif",
        "ftp://127.0.0.1/x.tif",
    ],
)
def test_an_address_elsewhere_is_refused_without_a_request(had, item, listener, key, href):
    item["assets"][key]["href"] = href.replace("LISTENER", f"http://127.0.0.1:{listener.port}")
    found = had(item)
    assert "not allowed (no request made)" in found.cause
    assert listener.requests == 0


@case("F-01")
def test_a_redirect_elsewhere_is_not_followed(had, item, site, listener):
    site.faults = [Fault(r"\.tiff", "redirect", times=-1, target=f"http://127.0.0.1:{listener.port}/x")]
    assert f"http://127.0.0.1:{listener.port}, which is not allowed" in had(item).cause
    assert listener.requests == 0


@case("F-02")
def test_an_asset_that_is_gone_makes_its_look_unknown(had, item, tmp_path):
    """The row keeps its time, and every zone of the place counts as not looked at."""
    from pipeline import calls
    from pipeline.tables import DETECTIONS

    item["assets"]["vh"]["href"] += "x"
    found = had(item)
    assert found.cause == "VH: is not there (HTTP 404)"
    lost = Found(Path("x"), found.cause, name="lost", acquired=found.product.acquired, sensor=found.product.sensor)
    config = load_run_config(configs_root() / "vostochny.yaml", {})
    here = load_place(config.aoi, configs_root())
    _, table = open_inputs([lost], OpenOptions(), here, config.period.start, config.period.end)
    looks = calls.looks(table, {}, DETECTIONS.empty(), here)
    assert len(looks) == len(here.zones) > 0
    assert set(looks["state"]) == {"unknown"}
    assert set(looks["acquired"]) == {datetime(2024, 3, 7, 9, 20, 12, tzinfo=UTC)}


@case("F-03")
@pytest.mark.parametrize("part", [r"\.tiff", "annotation", "manifest"])
def test_an_html_page_instead_of_a_file_is_no_file(had, item, site, part):
    site.faults = [Fault(part, "html", times=-1)]
    assert had(item).cause.endswith("answers with an HTML page instead of the file")


@case("F-04")
def test_a_connection_that_breaks_is_tried_again(had, item, site):
    site.faults = [Fault(r"-vv-.*\.tiff", "cut", times=2), Fault(r"calibration-.*-vh", "cut", times=1)]
    assert had(item).path is not None


@case("F-04")
def test_a_connection_that_always_breaks_costs_the_scene(had, item, site):
    site.faults = [Fault(r"-vv-.*\.tiff", "cut", times=-1)]
    assert "the connection broke off" in had(item).cause
    assert len(site.asked("-vv-")) <= 3 + 4, "three tries of the image"


@case("F-05")
@pytest.mark.parametrize(("name", "value"), [("file:size", 17), ("file:checksum", "1220" + "00" * 32)])
def test_a_size_or_checksum_that_does_not_fit(had, item, name, value):
    item["assets"]["schema-noise-vv"][name] = value
    cause = had(item).cause
    assert cause.startswith("noise VV: ")
    assert "its catalogue says 17" in cause or "differs from the checksum in its catalogue" in cause


@case("F-05")
def test_a_small_file_that_differs_from_the_manifest(had, item, site):
    path = next(site.root.glob("*/annotation/calibration/calibration-*-vv-*"))
    path.write_text(path.read_text().replace("400 500", "400 501"))
    told = "calibration VV: MD5 differs from manifest.safe (altered or damaged) (also when fetched anew)"
    assert had(item).cause == told


@case("F-06")
@pytest.mark.parametrize("part", [r"\.tiff", "manifest"])
def test_a_server_that_drips_is_given_up_at_the_limit(had, item, site, part, monkeypatch):
    monkeypatch.undo()
    site.faults = [Fault(part, "drip", times=-1)]
    begun = time.monotonic()
    assert had(item, scene_limit_s=1.0).cause.endswith("took longer than the limit of 1 s")
    assert time.monotonic() - begun < 10


@case("F-07")
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_but_not_for_ever(had, item, site, status):
    site.faults = [Fault(r"-vv-.*\.tiff", "status", times=2, status=status)]
    assert had(item).path is not None
    site.faults = [Fault("manifest", "status", times=-1, status=status)]
    item["id"] += "X"
    before = len(site.asked("manifest"))
    assert had_again(site, item).cause == f"manifest.safe: answers HTTP {status} (3 tries)"
    assert len(site.asked("manifest")) - before == 3


def had_again(site, item) -> Fetched:
    product = product_of(item, "earth-search", Sensor.SENTINEL1)
    return fetch(FetchTask(product, AOI, config_for(site.url), site.root.parent / "cache"))


@case("F-08")
def test_an_address_whose_signature_ran_out_is_said_to_have(had, item, site):
    """Signed by the catalogue itself, long ago."""
    for asset in item["assets"].values():
        asset["href"] += "?X-Amz-Date=20240101T000000Z&X-Amz-Expires=60&X-Amz-Signature=abcdef"
    body = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
    site.faults = [Fault(".", "status", times=-1, status=403, body=body)]
    cause = had(item).cause
    assert cause == "manifest.safe: its address has expired (HTTP 403); search again"
    assert "abcdef" not in cause


@case("F-09")
def test_pages_in_a_circle_twins_and_items_without_geometry(site, saw):
    twin = grd(4) | {"geometry": None, "bbox": None}
    page(site, [grd(3), twin, twin])
    found = ask(site)
    assert len(found.items) == 2
    saw("; ".join(found.notes))
    link = {"href": f"{site.url}/search", "method": "POST", "body": {"token": "t"}, "merge": True}
    page(site, [grd(3)], next=link)
    with pytest.raises(EnvironmentFault, match="pages go in a circle") as caught:
        ask(site)
    saw(caught.value)


@case("F-10")
@pytest.mark.parametrize(
    "name",
    ["../../x", "/etc/x", "a" * 300, "CON", "S1A:B", "x\ny", ".hidden", "нефть", "a\0b", " ", "..", "x" * 80 + "."],
)
def test_an_id_becomes_a_file_name_and_nothing_more(had, item, tmp_path, name, saw):
    before = {p for p in tmp_path.rglob("*") if "cache" not in p.parts}
    item["id"] = name
    found = had(item)
    assert found.path is not None, found.cause
    stem = found.path.name.removesuffix(".SAFE")
    assert found.path.resolve().is_relative_to((tmp_path / "cache").resolve())
    assert len(stem) <= 80
    assert stem.isprintable()
    assert not set(stem) & set('/\\:*?"<>| ')
    assert not stem.startswith(".")
    assert stem.upper() != "CON"
    assert {p for p in tmp_path.rglob("*") if "cache" not in p.parts} == before
    saw(stem)


@case("F-10")
def test_an_item_without_an_id_is_set_aside(site):
    page(site, [grd(3), grd(4) | {"id": ""}, grd(5) | {"id": None}])
    assert len(ask(site).items) == 1
    assert catalogue.PAGE <= 100
