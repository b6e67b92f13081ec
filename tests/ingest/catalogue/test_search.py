"""Searching: against a real STAC server on loopback, and against one that answers as no server should."""

from __future__ import annotations

import contextlib
import copy
import io
import json
from datetime import UTC, datetime

import pytest

from pipeline.config.stac import StacConfig
from pipeline.errors import ConfigError, EnvironmentFault
from pipeline.ingest.catalogue import search as catalogue
from pipeline.ingest.catalogue.services import policy_of
from pipeline.ingest.catalogue.web import ForbiddenAddress
from pipeline.types import Sensor
from tests.ingest.catalogue.builders import _item
from tests.servers import Fault, stac_api

START, END = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)
BOX = (132.95, 42.70, 133.10, 42.80)


NO_BASE = '{"features": [{"id": "x", "capwatch": {"catalogue": "cdse", "sensor": "sentinel-1"}}]}'


def grd(day: int, *, mission: str = "S1A", mode: str = "IW", lon: float = 133.0, suffix: str = "ABCD", **more):
    """An item about a product of 2024-03-<day>."""
    time = f"202403{day:02d}T092000"
    name = f"{mission}_{mode}_GRDH_1SDV_{time}_202403{day:02d}T092025_05{day:04d}_0666{day:02d}_{suffix}"
    told = {"datetime": f"2024-03-{day:02d}T09:20:12Z", "sar:instrument_mode": mode, "sar:product_type": "GRD"}
    item = _item(name, "sentinel-1-grd", told | more, {"vv": {"href": f"https://files.example/{name}/vv.tiff"}})
    item["bbox"] = [lon - 1, 42.0, lon + 1, 44.0]
    ring = [[lon - 1, 42], [lon + 1, 42], [lon + 1, 44], [lon - 1, 44], [lon - 1, 42]]
    item["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    return item


def settings(url: str, **more) -> StacConfig:
    told = {"sentinel1": "cdse", "sentinel2": None, "services": {"cdse": {"api": url}}, "tries": 3, "scene_limit_s": 20}
    return StacConfig.model_validate(told | more)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Three months of passes, some of them far away, in other modes, or just outside the period."""
    items = [grd(day) for day in range(1, 29)]
    items += [grd(5, mode="EW"), grd(6, lon=10.0), grd(7, mission="S1D")]
    late = grd(9, suffix="FFFF")
    late["properties"]["datetime"] = "2024-04-01T00:00:00Z"
    items.append(late)
    with stac_api(tmp_path_factory.mktemp("stac"), ["sentinel-1-grd"], items) as url:
        yield url


def test_what_a_server_has_of_a_box_and_a_period(server, monkeypatch):
    """28 days, and one of a newer satellite; no other mode or place, and not the first moment after the end."""
    monkeypatch.setattr(catalogue, "PAGE", 7)
    found = catalogue.search(settings(server), BOX, START, END)
    assert len(found.items) == 29
    assert any("1 in mode EW" in note for note in found.notes)
    products = found.products()
    assert [p.acquired for p in products] == sorted(p.acquired for p in products)
    assert {p.platform for p in products} == {"sentinel-1a", "sentinel-1d"}


def test_the_same_search_gives_the_same_bytes(server, tmp_path):
    one = catalogue.save(catalogue.search(settings(server), BOX, START, END), tmp_path / "a.json")
    two = catalogue.save(catalogue.search(settings(server), BOX, START, END), tmp_path / "b.json")
    assert one == two == (tmp_path / "a.json").read_bytes()
    again = catalogue.read(tmp_path / "a.json")
    assert [p.item_id for p in again.products()] == [i["id"] for i in json.loads(one)["features"]]


def test_a_second_catalogue_shows_what_the_first_one_lacks(server, tmp_path):
    """By acquisition: another processing of a pass, or _COG at the end of its name, is the same pass."""
    fewer = [grd(day, suffix="0000") for day in range(1, 29) if day != 17]
    with stac_api(tmp_path, ["sentinel-1-grd"], fewer) as url:
        config = settings(
            server,
            sentinel1="planetary-computer",
            compare_with="cdse",
            services={"planetary-computer": {"api": url}, "cdse": {"api": server}},
        )
        found = catalogue.search(config, BOX, START, END)
    assert [m["acquisition"][:25] for m in found.missing] == ["S1A_IW_20240317T092000_20", "S1D_IW_20240307T092000_20"]
    assert found.missing[0]["cause"] == "in cdse, not in planetary-computer"
    assert found.missing[0]["acquired"] == "2024-03-17T09:20:12Z"


def test_a_pass_that_the_first_catalogue_lists_as_too_cloudy_is_not_one_that_it_lacks(site):
    """Cloud differs between processings of one pass: 96 % in one, 94 % in the other, with a limit of 95 %."""
    name = "S2B_MSIL2A_20240307T020529_N0510_R017_T53TKJ_20240307T045211"
    other = "S2B_MSIL2A_20240307T021529_N0510_R017_T53TKJ_20240307T045211"
    page(site, [_item(name, "sentinel-2-l2a", {"eo:cloud_cover": 96.0}, {})])
    site.pages["/second"] = json.loads(json.dumps(site.pages["/"]).replace("/search", "/second/search"))
    site.pages["/second/search"] = {
        "type": "FeatureCollection",
        "features": [_item(n, "sentinel-2-l2a", {"eo:cloud_cover": 94.0}, {}) for n in (name, other)],
        "links": [],
    }
    services = {"cdse": {"api": site.url}, "earth-search": {"api": f"{site.url}/second"}}
    found = ask(site, sentinel1=None, sentinel2="cdse", compare_with="earth-search", services=services)
    assert found.items == []
    assert [m["acquisition"] for m in found.missing] == ["S2B_20240307T021529_R017_T53TKJ"]


@pytest.mark.parametrize("told", [None, "2026-11-30T00:00:00Z", "yesterday"])
def test_a_pass_that_is_lacking_has_the_time_of_its_name_where_the_items_is_none_or_another(told):
    """STAC lets ``datetime`` be null; without a time a missed look could not be placed among the others."""
    (lacking,) = catalogue._unlisted_acquisitions([grd(3, datetime=told)], set(), Sensor.SENTINEL1, "lacking")
    assert lacking["acquired"] == "2024-03-03T09:20:00Z"


def page(site, items, **links):
    """One page of a hand-made API below ``site``."""
    root = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "made",
        "description": "made",
        "conformsTo": ["https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search"],
        "links": [{"rel": "search", "href": f"{site.url}/search", "type": "application/geo+json", "method": "POST"}],
    }
    site.pages["/"] = root
    site.pages[""] = root
    body = {"type": "FeatureCollection", "features": items, "links": [{"rel": k} | v for k, v in links.items()]}
    site.pages["/search"] = lambda _asked: body


def ask(site, **more):
    return catalogue.search(settings(site.url, hosts=[site.url], **more), BOX, START, END)


def bent(value):
    """Copies of a JSON document, each with one value changed or missing."""
    others = (None, 1e400, "", "http://[x", [], [[]], {}, {"href": 1}, "\ud800")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: other} for other in (*others, *bent(inner)))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from ([*value[:n], other, *value[n + 1 :]] for other in (*others, *bent(inner)))


@pytest.mark.parametrize("every", [29, pytest.param(1, marks=pytest.mark.fuzz)])
@pytest.mark.parametrize("which", ["root", "search"])
def test_answers_that_are_bent_in_one_place_end_in_one_line_or_in_items(site, which, every):
    """Only the libraries' errors, by name, are caught: an error of our own must not look like one."""
    page(site, [grd(3)], next={"href": f"{site.url}/search?page=2", "method": "GET"})
    root, body = site.pages["/"], site.pages["/search"](None)
    told: list[str] = []
    for copied in list(bent(root if which == "root" else body))[::every]:
        changed = json.loads(json.dumps(copied))
        site.pages.update({"/": changed, "": changed} if which == "root" else {"/search": changed})
        try:
            found = ask(site, tries=1)
        except EnvironmentFault as error:
            told.append(str(error))
        else:
            assert len(found.items) <= 2
    assert told
    assert all(line.isprintable() and "nothing was run" in line for line in told)


def test_a_fault_of_ours_is_not_laid_at_the_catalogues_door(site, monkeypatch):
    page(site, [grd(3)])

    def stumble(*_args):
        raise AssertionError("ours")

    monkeypatch.setattr(catalogue, "_transport", stumble)
    with pytest.raises(AssertionError, match="ours"):
        ask(site)


def test_items_that_come_twice_are_taken_once(site):
    page(site, [grd(3), grd(3), grd(4)])
    found = ask(site)
    assert len(found.items) == 2
    assert "1 listed twice" in found.notes[0]


def test_pages_that_go_in_a_circle_end(site):
    page(
        site, [grd(3)], next={"href": f"{site.url}/search", "method": "POST", "body": {"token": "again"}, "merge": True}
    )
    with pytest.raises(EnvironmentFault, match="cdse: its pages go in a circle"):
        ask(site)
    assert len(site.log) < 10


def test_further_pages_that_go_in_a_circle_end_whatever_they_are_called(site):
    def further(number):
        return {"rel": "next", "href": f"{site.url}/page/{number}", "method": "GET"}

    page(site, [grd(3)], next=further(2))
    site.pages |= {
        f"/page/{n}": {"type": "FeatureCollection", "features": [grd(n)], "links": [further(5 - n)]} for n in (2, 3)
    }
    with pytest.raises(EnvironmentFault, match="cdse: its pages go in a circle"):
        ask(site)
    assert len(site.log) < 10


def test_a_next_page_elsewhere_is_not_asked_for(site):
    page(site, [grd(3)], next={"href": "http://169.254.169.254/search", "method": "POST"})
    with pytest.raises(EnvironmentFault, match=r"leads to http://169.254.169.254, which is not allowed"):
        ask(site)


def test_null_geometry_is_no_matter_since_positions_come_from_the_product(site):
    item = grd(3) | {"geometry": None, "bbox": None}
    page(site, [item])
    assert len(ask(site).products()) == 1


def test_an_item_without_assets_keeps_its_place_among_the_inputs_and_its_time(site):
    page(site, [grd(3) | {"assets": None}, grd(4)])
    bad, good = ask(site).products()
    assert "names no polarisation" in bad.refused
    assert bad.acquired == datetime(2024, 3, 3, 9, 20, 12, tzinfo=UTC)
    assert (bad.sensor, bad.platform) == (good.sensor, good.platform) == (Sensor.SENTINEL1, "sentinel-1a")
    assert good.item_id.startswith("S1A_IW_GRDH_1SDV_20240304")


def test_nan_in_an_item_does_not_get_into_the_saved_search(site, tmp_path):
    item = grd(3)
    item["properties"]["eo:cloud_cover"] = float("nan")
    page(site, [item])
    catalogue.save(ask(site), tmp_path / "s.json")
    assert "NaN" not in (tmp_path / "s.json").read_text()


@pytest.mark.parametrize("item", [None, 5, "x", True, ["x"], []])
def test_what_is_no_object_among_items_is_set_aside(site, item):
    page(site, [grd(3), item])
    found = ask(site)
    assert len(found.items) == 1
    assert "1 without id or properties" in found.notes[0]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("conformsTo", []),
        ("type", "Feature"),
        ("links", [{"rel": "search"}]),
        ("stac_version", 5),
    ],
)
def test_a_catalogue_that_is_none_is_told_in_one_line(site, what, told):
    """The library raises a different error for each."""
    page(site, [grd(3)])
    site.pages["/"][what] = told
    with pytest.raises(EnvironmentFault, match=r"^cdse: .*nothing was run\)"):
        ask(site)


@pytest.mark.parametrize("rel", ["root", "search"])
@pytest.mark.parametrize("href", ["file:///etc/hostname", "/etc/hostname"])
def test_a_link_to_a_file_of_this_machine_is_not_opened(site, href, rel, monkeypatch):
    """pystac-client opens whatever is not a web address as a file, and reports what it finds."""
    page(site, [grd(3)])
    links = [{"rel": "self", "href": site.url}, *site.pages["/"]["links"]]
    site.pages["/"]["links"] = [k for k in links if k["rel"] != rel] + [{"rel": rel, "href": href}]
    opened, real = [], io.open
    monkeypatch.setattr("builtins.open", lambda path, *a, **k: opened.append(str(path)) or real(path, *a, **k))
    with contextlib.suppress(EnvironmentFault):
        ask(site)
    assert [path for path in opened if path.endswith("/etc/hostname")] == []


@pytest.mark.parametrize("kind", ["html", "status"])
def test_a_search_that_is_not_complete_is_no_search(site, kind):
    page(site, [grd(3)])
    site.faults = [Fault("search", kind, times=-1, status=500)]
    with pytest.raises(EnvironmentFault, match=r"^cdse: .*nothing was run\)"):
        ask(site)


def test_a_search_survives_a_server_that_is_busy(site):
    page(site, [grd(3)])
    site.faults = [Fault("search", "status", times=2, status=429, headers={"Retry-After": "0"})]
    assert len(ask(site).items) == 1


def test_a_box_across_180_degrees_is_asked_in_two_parts(site):
    asked = []
    page(site, [])
    site.pages["/search"] = lambda body: asked.append(body["bbox"]) or {"type": "FeatureCollection", "features": []}
    catalogue.search(settings(site.url), (179.5, 51.0, -179.5, 52.0), START, END)
    assert asked == [[179.5, 51.0, 180.0, 52.0], [-180.0, 51.0, -179.5, 52.0]]


def test_only_what_every_server_understands_is_asked_for(site):
    """No query, filter or sorting: some servers answer those with no items and no error."""
    asked = []
    page(site, [])
    site.pages["/search"] = lambda body: asked.append(body) or {"type": "FeatureCollection", "features": []}
    ask(site)
    assert set(asked[0]) == {"collections", "bbox", "datetime", "limit"}
    assert asked[0]["datetime"] == "2024-03-01T00:00:00Z/2024-03-31T23:59:59.999999Z"


def test_cloudy_products_are_listed_but_not_taken(site):
    clear = grd(3)
    clear["id"], clear["properties"]["eo:cloud_cover"] = "clear", 20.0
    cloudy = copy.deepcopy(clear) | {"id": "cloudy"}
    cloudy["properties"]["eo:cloud_cover"] = 99.0
    page(site, [clear, cloudy])
    found = ask(site, sentinel1=None, sentinel2="cdse", max_cloud=0.9)
    assert [i["id"] for i in found.items] == ["clear"]
    assert "1 with more than 90 % cloud" in found.notes[0]


def test_no_catalogue_is_a_mistake_in_the_config(site):
    with pytest.raises(ConfigError, match="names no catalogue"):
        ask(site, sentinel1=None)


SAVED = json.dumps({"features": [{"id": "x", "capwatch": {"catalogue": "cdse", "sensor": "sentinel-1", "base": ""}}]})
LACKED = dict.fromkeys(catalogue.MISSING, "x")


@pytest.mark.parametrize(
    "text",
    [
        SAVED.replace("cdse", "elsewhere"),
        SAVED[:-1] + f', "capwatch:missing": [{json.dumps(LACKED)}]}}',
        "",
        "[]",
        "{}",
        '{"features": [{"id": "x"}]}',
        '{"features": 3}',
        "\x00",
        "[" * 100_000,
        NO_BASE,
    ],
)
def test_a_file_that_is_no_saved_search(tmp_path, text):
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(ConfigError, match=r"s\.json: is no search that capwatch saved"):
        catalogue.read(tmp_path / "s.json")


def test_the_published_search_holds_no_query_and_no_user(tmp_path):
    item = grd(3)
    item["assets"]["vv"]["href"] = "https://me:pw@files.example/x.tiff?X-Amz-Signature=secret#f"
    item["assets"]["vv"]["alternate"] = {"s3": {"href": "https://files.example/y?sig=secret"}}
    item["capwatch"] = {"catalogue": "cdse", "sensor": str(Sensor.SENTINEL1), "base": ""}
    raw = catalogue.save(catalogue.SearchResult([item]), tmp_path / "s.json", public=True)
    assert b"secret" not in raw
    assert b"pw@" not in raw
    assert b"https://files.example/x.tiff" in raw


def test_the_published_search_holds_no_query_wherever_an_address_stands(tmp_path):
    item = grd(3)
    item["properties"]["thumbnail"] = "https://me:secret@files.example/t.png?sig=secret"
    item["assets"]["vv"] = {"href": "x.tiff?sig=secret", "storage": ["https://files.example/z?sig=secret"]}
    item["properties"]["note"] = "what? a ship: see https://files.example"
    item["properties"]["also"] = "as a quicklook: https://files.example/q.png?sig=secret, or whole"
    base = "https://files.example/items/3?token=secret"
    item["capwatch"] = {"catalogue": "cdse", "sensor": str(Sensor.SENTINEL1), "base": base}
    raw = catalogue.save(catalogue.SearchResult([item]), tmp_path / "s.json", public=True)
    assert b"secret" not in raw
    again = catalogue.read(tmp_path / "s.json")
    assert again.items[0]["properties"]["note"] == item["properties"]["note"]
    assert again.products()[0].files["VV"].href == "https://files.example/items/x.tiff"


@pytest.mark.parametrize("href", ["//[bad/x.tiff", "http://[bad/x.tiff"])
def test_an_asset_whose_address_is_none_costs_its_image_alone(href):
    """An address that cannot be parsed is refused when requested, like any other; the search goes on."""
    items = [grd(3), grd(4)]
    items[0]["assets"]["vv"]["href"] = href
    for item in items:
        item["capwatch"] = {"catalogue": "cdse", "sensor": str(Sensor.SENTINEL1), "base": "https://files.example/a"}
    first, second = catalogue.SearchResult(items).products()
    assert first.files["VV"].href == href
    assert second.files["VV"].href == items[1]["assets"]["vv"]["href"]
    with pytest.raises(ForbiddenAddress, match="no request made"):
        policy_of(StacConfig(), "cdse").require(href, "VV")


@pytest.mark.parametrize("written", ["https://Data.example", "https://data.example:443"])
@pytest.mark.parametrize("asked", ["https://data.example/x", "HTTPS://DATA.example:443/x"])
def test_the_default_port_makes_no_other_host(written, asked):
    policy = policy_of(StacConfig(hosts=(written,)), "cdse")
    policy.require(asked, "VV")
    for other in ("https://data.example:8443/x", "http://data.example:443/x"):
        with pytest.raises(ForbiddenAddress):
            policy.require(other, "VV")
