"""The report: one file that opens without a network, states its evidence, and cannot be hijacked by a ship's name."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from pipeline.report.page import render
from pipeline.report.summary import headline_lines
from pipeline.report.warnings_list import warnings
from pipeline.report.wording import barrels, interval, without_ais_words
from pipeline.table_files import read_table
from pipeline.tables import STAY_LAWS


class Loads(HTMLParser):
    """Collects everything that a browser would fetch, and scripts."""

    def __init__(self):
        super().__init__()
        self.fetched, self.scripts, self.tags = [], 0, []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.scripts += tag == "script"
        for name, value in attrs:
            if name in ("src", "data", "poster", "srcset") or (name == "href" and tag in ("link", "image", "use")):
                self.fetched.append(value)


@pytest.fixture(scope="module")
def page(tiny_run):
    return (tiny_run / "report.html").read_text("utf-8")


def test_nothing_is_fetched_and_only_named_scripts_run(page):
    loads = Loads()
    loads.feed(page)
    assert [f for f in loads.fetched if not f.startswith(("data:", "#"))] == []
    assert "@import" not in page
    styles = page[page.index("<style>") : page.index("</style>")]
    assert re.findall(r"url\((?!['\"]?(?:data:|#))", styles) == []
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe-eval" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) >= 5
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"sha256-{digest}" in html.unescape(policy)


def test_an_id_is_of_one_element_and_what_names_it_finds_it(page, tiny_run):
    """HTML ids are unique, so marks and clips of each figure must have their own."""
    drawn = [figure.read_text("utf-8") for figure in (tiny_run / "figures").glob("*.svg")]
    assert sum(figure in page for figure in drawn) == 3
    elements = re.sub(r"(?s)<(script|style).*?</\1>", "", page)
    ids = re.findall(r"""<[^>]*?\sid=["']([^"']+)""", elements)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"""(?:url\(|href=["'])#([\w.-]+)""", elements)) <= set(ids)


def test_the_libraries_are_the_published_files():
    """Byte for byte as npm serves them; NOTICE has their versions, licences and hashes."""
    from pipeline.report.assets import LIBRARIES, STATIC

    notice = Path("NOTICE").read_text("utf-8")
    for name in LIBRARIES:
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() in notice


def test_it_has_every_part_that_a_reader_needs(page, tiny_run):
    for heading in (
        "The account",
        "What moves the answer",
        "Where",
        "When it was looked at",
        "Port calls",
        "Evidence, call by call",
        "Method in short",
        "Inputs",
    ):
        assert f">{heading}</h2>" in page
    scenes = read_table(tiny_run / "scenes.parquet")
    for row in scenes.itertuples():
        assert row.scene_id in page
        assert row.sha256[:12] in page
    loads = Loads()
    loads.feed(page)
    assert loads.tags.count("svg") >= 4
    assert "img" in loads.tags  # at least one chip
    assert page.count('class="card"') == len(read_table(tiny_run / "port_calls.parquet"))


def test_chips_are_pictures_and_named_in_the_detections(tiny_run):
    detections = read_table(tiny_run / "detections.parquet")
    named = [c for c in detections["chip"] if c]
    assert named
    for chip in named:
        with Image.open(tiny_run / chip) as picture:
            assert min(picture.size) >= 200


@pytest.mark.parametrize(
    "name",
    [
        '<script>alert("x")</script>',
        '"><img src=x onerror=alert(1)>',
        "{{7*7}}",
        "</script><b>",
        "=1+1",
        "\u202eSHIP\u202c",
        "سفينة",
    ],
    ids=["script", "handler", "template", "end", "formula", "override", "arabic"],
)
def test_hostile_names_are_text(tiny_run, tiny_story, name):
    """A ship may broadcast markup as her name; the page must show it, not run it."""
    from dataclasses import replace

    from pipeline.report.page import render

    tables = dict(tiny_story.tables)
    tables["port_calls"] = tables["port_calls"].assign(name=name)
    tables["static"] = tables["static"].assign(name=name, dest=name)
    story = replace(tiny_story, tables=tables, problems=("<b>bad</b>",), remarks=("<u>odd</u>",))
    page = render(story, {"map": "", "timeline": "", "account": ""}, tiny_run)
    plain = page[: page.index('<script type="application/json"')]
    data = page[page.index('id="data">') + 10 :]
    data = data[: data.index("</script>")]
    assert "<script" not in plain
    assert "<img src=x" not in page
    assert f"<bdi>{html.escape(name, quote=True).replace('&quot;', '&#34;').replace('&#x27;', '&#39;')}</bdi>" in plain
    assert "<b>bad</b>" not in page
    assert "&lt;u&gt;odd&lt;/u&gt;" in plain
    assert {c["name"] for c in json.loads(data)["calls"]} == {name}
    assert "<" not in data


def test_annex_rows_are_the_calls(tiny_run):
    annex = pd.read_csv(tiny_run / "calls.csv")
    assert list(annex.columns[:5]) == ["ship", "imo", "arrival_date", "dwt_t", "estimated_barrels"]
    calls = read_table(tiny_run / "port_calls.parquet")
    assert sorted(annex["call_id"]) == sorted(calls["call_id"])


def test_stac_items_are_valid(tiny_run):
    """pystac's own reader follows the collection to every item and finds the run's scenes."""
    import pystac

    collection = pystac.Collection.from_file(str(tiny_run / "stac" / "collection.json"))
    items = {item.id: item for item in collection.get_items(recursive=True)}
    scenes = read_table(tiny_run / "scenes.parquet").set_index("scene_id")
    assert set(items) == set(scenes.index)
    for name, item in items.items():
        assert item.geometry["type"] == "Polygon"
        assert item.datetime == scenes.loc[name, "acquired"].to_pydatetime()


def test_a_look_that_tells_its_day_alone_is_a_day_in_the_catalogue(tiny_story, tmp_path):
    """Noon, which tables give for its time, would be found only by a search for that hour."""
    import pystac

    from pipeline.report.stac import write_stac

    scenes = tiny_story.tables["scenes"].assign(acquired_precision="day")
    write_stac(replace(tiny_story, tables={**tiny_story.tables, "scenes": scenes}), tmp_path / "stac")
    items = list(pystac.Collection.from_file(str(tmp_path / "stac" / "collection.json")).get_items(recursive=True))
    assert items
    for item in items:
        day = scenes.set_index("scene_id").loc[item.id, "acquired"].date()
        assert item.datetime is None
        first, last = item.common_metadata.start_datetime, item.common_metadata.end_datetime
        assert (first.date(), first.hour, last.date(), last.hour) == (day, 0, day, 23)


def test_a_run_folder_of_any_name_can_move(tiny_story, tmp_path):
    """Its links contain no path of this machine, whatever characters the folder's path has."""
    from pipeline.report.stac import write_stac

    for folder in ("Jérôme's runs", 'with "quotes" and \\'):
        write_stac(tiny_story, tmp_path / folder / "stac")
    texts = [p.read_text() for p in sorted(tmp_path.rglob("*.json"))]
    assert len(texts) > 2
    assert not [text for text in texts if tmp_path.name in text]


def test_the_annex_has_its_columns_without_a_call(tiny_story):
    from pipeline.report.exports import annex_table

    none = {name: tiny_story.tables[name].iloc[:0] for name in ("port_calls", "liftings")}
    empty = annex_table(replace(tiny_story, tables={**tiny_story.tables, **none}))
    assert list(empty.columns) == list(annex_table(tiny_story).columns)


def test_days_are_those_that_the_period_touches(tiny_story):
    """Noon to noon is two days, of which one look sees one; there are never fewer days than were seen."""
    from pipeline.report.wording import day_counts

    looks = tiny_story.tables["looks"]
    seen = looks[looks["state"] == "usable"].iloc[:1]
    noon = pd.Timestamp(seen["acquired"].iloc[0]).normalize() + pd.Timedelta(hours=12)
    period = tiny_story.config.period.model_copy(update={"start": noon, "end": noon + pd.Timedelta(days=1)})
    config = tiny_story.config.model_copy(update={"period": period})
    days = day_counts(replace(tiny_story, config=config, tables={**tiny_story.tables, "looks": seen}))
    assert days == {"usable": 1, "partly": 0, "unknown": 1, "total": 2}


def test_a_piece_of_a_track_has_the_name_of_its_time(tiny_story):
    """One MMSI, two ships in turn."""
    from pipeline.report.page_data import tracks

    track = tiny_story.tables["tracks"]
    mmsi, first = int(track["mmsi"].iloc[0]), track["time_utc"].min()
    later = track.assign(time_utc=track["time_utc"] + pd.Timedelta(days=30), track_id="later")
    said = tiny_story.tables["static"].iloc[:1].assign(mmsi=mmsi, time_utc=first, name="FIRST")
    said = pd.concat([said, said.assign(time_utc=first + pd.Timedelta(days=29), name="SECOND")])
    story = replace(tiny_story, tables={**tiny_story.tables, "tracks": pd.concat([track, later]), "static": said})
    names = {(piece["id"] == "later"): piece["name"] for piece in tracks(story) if piece["mmsi"] == mmsi}
    assert names == {False: "FIRST", True: "SECOND"}


def test_a_zone_of_two_parts_is_drawn(tiny_story):
    """A pier with two sides: the map with the second differs from that without."""
    import shapely
    import shapely.affinity

    from pipeline.report.drawing import to_png
    from pipeline.report.figures import figures

    zone = tiny_story.place.zones[0]
    twice = shapely.MultiPolygon([zone.geometry, shapely.affinity.translate(zone.geometry, 0.02, 0.0)])
    zones = (replace(zone, geometry=twice), *tiny_story.place.zones[1:])
    two = replace(tiny_story, place=replace(tiny_story.place, zones=zones))
    before = figures(tiny_story)
    assert [name for name, made in figures(two).items() if to_png(made) != to_png(before[name])] == ["map"]


@pytest.mark.parametrize(
    ("value", "text"), [(124_950, "125,000"), (999.4, "1,000"), (0, "0"), (None, "–"), (38_854, "38,900"), (7, "7")]
)
def test_barrels_claim_three_digits_at_most(value, text):
    assert barrels(value) == text


def test_an_unknown_size_is_a_dash():
    assert interval(float("nan"), 1, 2, "m") == "–"
    assert interval(98.2, 84.4, 112.1, "m") == "98 m (84 to 112)"


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ([[], []], ""),
        ([["dark"], ["dark", "left_open"]], "all without AIS"),
        ([["no_ais"], []], "1 while no AIS was heard"),
    ],
)
def test_dark_is_not_said_where_nobody_was_heard(flags, text):
    assert without_ais_words(pd.DataFrame({"flags": flags})) == text


def test_it_says_what_its_looks_find(page, tiny_run):
    """Trials, hits and the share with its interval, for each kind of image in the run and no other."""
    recalls, scenes = read_table(tiny_run / "recalls.parquet"), read_table(tiny_run / "scenes.parquet")
    part = page[page.index("Recall: the share") :]
    rows = re.findall(r"<tr><td class=\"lead\">(.*?)</tr>", part[: part.index("</table>")])
    looked = set(scenes["sensor"])
    assert len(rows) == len(recalls[(recalls["size"] == "all") & recalls["sensor"].isin(looked)])
    assert {re.match(r"[\w-]+", row)[0] for row in rows} == looked & set(recalls["sensor"])
    for row in recalls[
        (recalls["size"] == "all") & recalls["sensor"].isin(looked) & (recalls["tries"] > 0)
    ].itertuples():
        assert any(f"{row.hits} of {row.tries}" in text and row.sensor in text for text in rows)


@pytest.mark.parametrize(
    ("heard", "unended", "pairs", "words"),
    [
        (0, 0, 0, "1.5 days (nine in ten 0.8 to 3.0), as declared; neither AIS nor images correct it."),
        (12, 0, 0, ", corrected by 12 stays heard whole."),
        (1, 2, 30, "1 stay heard whole, 2 stays not over when AIS ends, 30 pairs of consecutive looks"),
        (0, 0, 7, ", corrected by 7 pairs of consecutive looks at ships without AIS."),
    ],
)
def test_it_says_how_long_ships_stay_and_how_that_is_known(tiny_story, tmp_path, heard, unended, pairs, words):
    days = {"stay_lo_d": 0.8, "stay_d": 1.549, "stay_hi_d": 3.0, "log_sd": 0.25}
    longer = {"stay_lo_d": 2.0, "stay_d": 4.2, "stay_hi_d": 9.0} if heard + unended + pairs else {}
    counts = {"heard": heard, "unended": unended, "pairs": pairs}
    laws = STAY_LAWS.from_rows([days | dict.fromkeys(counts, 0) | {"law": "declared"},
                                days | longer | counts | {"law": "used"}])  # fmt: skip
    page = render(replace(tiny_story, tables=tiny_story.tables | {"stay_laws": laws}), {}, tmp_path)
    assert words in page
    assert ("4.2 days (nine in ten 2.0 to 9.0). Declared are 1.5 days" in page) is bool(longer)
    older = {name: table for name, table in tiny_story.tables.items() if name != "stay_laws"}
    assert "Length of a stay at counted berths" not in render(replace(tiny_story, tables=older), {}, tmp_path)


@pytest.mark.parametrize(("as_of", "expected"), [("2024-12-04", True), ("2024-03-01", False)])
def test_a_total_that_was_known_after_the_account_says_that_it_may_hold_more(tiny_story, tmp_path, as_of, expected):
    """Beside March's account, December's total would read as notified for the same months."""
    head = replace(tiny_story.headline, notified_bbl=168_679.0, notified_as_of=as_of, notified_source="A paper")
    page = render(replace(tiny_story, headline=head), {}, tmp_path)
    assert "Source: <bdi>A paper</bdi>." in page
    assert f"as of {as_of}: 169,000 barrels" in page
    assert (f"the date is after this account's last day, {head.as_of}" in page) is expected


@pytest.mark.parametrize(
    ("probability", "days", "expected"),
    [
        (
            0.996,
            ("01-02", "01-03", "01-03"),
            "passed the cap: 99.6 % (it reached 5 % on 2024-01-02, 50 % on 2024-01-03",
        ),
        (0.3, ("01-02", None, None), "passed the cap: 30 % (it reached 5 % on 2024-01-02)."),
        (0.0, (None, None, None), "passed the cap: under 0.1 %."),
    ],
)
def test_a_cap_is_never_surely_passed_and_the_days_of_it_are_told(tiny_story, tmp_path, probability, days, expected):
    crossing = {share: day and f"2024-{day}" for share, day in zip(("5", "50", "95"), days, strict=True)}
    head = replace(tiny_story.headline, p_over_cap=probability, crossing_days=crossing)
    assert expected in html.unescape(render(replace(tiny_story, headline=head), {}, tmp_path))


def test_tonnes_that_were_notified_are_not_called_notified_barrels(tiny_story, tmp_path):
    """48,430 t, published in 2020 without barrels: 403,421.9 bbl only by the factor 8.33."""
    head = replace(tiny_story.headline, notified_t=48_430.0, notified_bbl=403_421.9, notified_as_of="2020-02-21")
    page = render(replace(tiny_story, headline=head), {}, tmp_path)
    assert "as of 2020-02-21: 48,430 t, at 8.33 bbl/t 403,000 barrels" in page


@pytest.mark.parametrize(
    ("calls", "fill", "expected"),
    [
        (1, 1.2, "With 1 call the cap is reached at a cargo of 50,000 barrels, more than this ship holds."),
        (2, 1.2, "With 2 calls the cap is reached at a mean cargo of 50,000 barrels, more than these ships hold."),
        (1, 0.67, "at a cargo of 50,000 barrels, or with the ship 67 % full."),
        (2, 0.67, "at a mean cargo of 50,000 barrels, or with every ship 67 % full."),
    ],
)
def test_break_even_holds_of_ships_that_differ_in_size_and_of_one(tiny_story, tmp_path, calls, fill, expected):
    """For ships of unequal size the same fill is not the same cargo: only the mean is."""
    head = replace(tiny_story.headline, calls_counted=calls, break_even_bbl_per_call=50_000.0, break_even_fill=fill)
    page = render(replace(tiny_story, headline=replace(head, calls_seen=2)), {}, tmp_path)
    assert expected in page
    verb = "takes part in the account and is shown" if calls == 1 else "take part in the account and are shown"
    assert f"<b>{calls} of 2 calls</b><span>seen {verb} below" in page


def test_a_median_of_0_is_not_printed_as_a_finding(tiny_story, tmp_path):
    """If a call has a chance of 0.3 to have lifted, her account's median is 0 and its 95 % point is a cargo."""
    head = replace(tiny_story.headline, calls_counted=1, barrels_p5=0.0, barrels_p50=0.0, barrels_p95=21_068.0)
    page = render(replace(tiny_story, headline=replace(head, cap_bbl=500_000.0)), {}, tmp_path)
    expected = "an estimated 0 to 21,100 barrels (90 % interval; that nothing was lifted is at least as likely as not)"
    assert f"{expected}, up to 4.2 % of the cap of 500,000 barrels." in page
    assert "<b>0 to 21,100 barrels</b>" in page
    assert "0 % of the cap" not in page
    lines = headline_lines(replace(tiny_story, headline=replace(head, cap_bbl=500_000.0)))
    in_bbl = expected.removeprefix("an estimated ").replace("barrels", "bbl")
    assert any(line.endswith(f"observed barrels: {in_bbl}") for line in lines)
    assert any(line.endswith("share of the cap of 500,000 bbl: up to 4.2 %") for line in lines)


def test_without_a_counted_call_nothing_is_said_of_what_is_not_there(tiny_story, tmp_path):
    head = replace(tiny_story.headline, calls_counted=0, assumptions_id="", corrected_bbl=None)
    page = render(replace(tiny_story, headline=head), {}, tmp_path)
    assert "scenarios above" not in page
    assert "assumptions <code></code>" not in page
    assert "The sum includes only" not in page


def test_a_cap_that_may_be_in_thousands_is_a_thing_to_know_first(tiny_story):
    doubted = replace(tiny_story, cap=tiny_story.cap.model_copy(update={"barrels": 500.0}))
    words = "The cap of 500 barrels a year is less than one small tanker carries"
    assert [any(w.startswith(words) for w in warnings(story)) for story in (doubted, tiny_story)] == [True, False]


def test_a_scene_that_tells_its_day_alone_is_listed_by_its_day(tiny_story, tiny_run):
    """Tables give noon for its time; on the page that would read as measured."""
    scenes = tiny_story.tables["scenes"]
    noon = scenes.assign(acquired=scenes["acquired"].dt.floor("D") + pd.Timedelta(hours=12),
                         acquired_precision="day")  # fmt: skip
    page = render(replace(tiny_story, tables={**tiny_story.tables, "scenes": noon}), {}, tiny_run)
    listed = page[page.index("Every image, used or not") :]
    assert '<td class="d lead">2024-03-07</td>' in listed
    assert "12:00" not in listed[: listed.index("</table>")]
    assert page.count('"dated":true') + page.count('"dated": true') == len(scenes)


def test_a_scene_whose_cloud_nobody_measured_says_so(tiny_story, tiny_run):
    """An empty cell would read as no cloud, even for an image of nothing else; radar does not see cloud."""
    scenes = tiny_story.tables["scenes"]
    unknown = scenes.assign(cloud_fraction=float("nan"), sensor=["sentinel-1", *["optical"] * (len(scenes) - 1)])
    page = render(replace(tiny_story, tables={**tiny_story.tables, "scenes": unknown}), {}, tiny_run)
    cells = re.findall(r'data-label="cloud">([^<]*)</td>', page)
    assert sorted(cells) == ["", *["not known"] * (len(scenes) - 1)]


def test_products_that_no_cargo_is_taken_for_are_not_listed(page):
    """The chart's LPG has a share of 0 unless set otherwise."""
    assert "gas oil 75 %" in page
    assert "lpg 0 %" not in page
