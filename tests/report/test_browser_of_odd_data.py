"""The report in a real browser with odd data: hostile names, adjacent berths, a day, a year, sums far above the cap."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import combinations, pairwise

import pandas as pd
import pytest

from pipeline.report.page import render


@pytest.fixture
def open_story(chromium, tiny_run, tmp_path):
    """Opens the page of a story and waits for some of its parts."""
    opened = []

    def open_page(story, *parts, width=1280):
        (tmp_path / "story.html").write_text(render(story, {}, tiny_run), "utf-8")
        opened.append(page := chromium.new_page(viewport={"width": width, "height": 900}))
        page.goto((tmp_path / "story.html").as_uri())
        for part in parts:
            page.wait_for_selector(part)
        return page

    yield open_page
    for page in opened:
        page.close()


def data_changed(tiny_run, to, change):
    """The report after ``change`` has altered the data in its script."""
    text = (tiny_run / "report.html").read_text("utf-8")
    start = text.index('id="data">') + len('id="data">')
    end = text.index("</script>", start)
    data = json.loads(text[start:end])
    change(data)
    to.write_text(text[:start] + json.dumps(data).replace("<", "\\u003c") + text[end:], "utf-8")
    return to


def test_a_name_that_wants_to_be_markup_is_text_on_the_map_too(chromium, tiny_run, tmp_path):
    """Popups, tooltips and labels show another name in the page's data letter by letter."""
    name = "<img src=x onerror=alert(1)>\u202e=1+1"
    shown = f"\u2068{name}\u2069"  # isolates a direction override within the name

    def renamed(data):
        for thing in (*data["calls"], *data["tracks"], *data["zones"]):
            thing["name"] = name

    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.on("dialog", lambda dialog: told.append(dialog.message))
    page.goto(data_changed(tiny_run, tmp_path / "report.html", renamed).as_uri())
    page.wait_for_selector("#map.leaflet-container")
    page.locator(".call-pin").first.click(force=True)
    assert f": {shown}" in page.locator(".leaflet-popup-content").inner_text()
    assert shown in page.locator(".zone-name").first.text_content()
    page.wait_for_selector("#calendar svg")
    assert shown in page.evaluate("[...document.querySelectorAll('#calendar svg text')].map(t => t.textContent)")
    assert page.locator("img[src=x]").count() == 0
    assert told == []
    page.close()


def at_three_berths(data):
    """Three counted berths within 80 m, like the slips of one oil port, each with its own calls."""
    berth = next(zone for zone in data["zones"] if zone["counts"])
    call = next(call for call in data["calls"] if call["counts"])
    data["zones"], data["calls"] = [], []
    for n, name in enumerate(("western", "central", "eastern")):
        rings = [[[lat, lon + 5e-4 * n] for lat, lon in ring] for ring in berth["rings"]]
        data["zones"].append(berth | {"id": name, "name": f"Oil-product port, {name} slip", "rings": rings})
        data["calls"] += [call | {"zone": name, "number": 2 * n + k, "id": f"c{2 * n + k}"} for k in (1, 2)]


@pytest.mark.parametrize("width", [1280, 400])
def test_names_and_pins_of_berths_that_lie_close_stand_apart(chromium, tiny_run, tmp_path, width):
    """Names of neighbouring slips must not overlap, nor a pin of one lie on the other."""
    opened = chromium.new_page(viewport={"width": width, "height": 900})
    opened.goto(data_changed(tiny_run, tmp_path / "close.html", at_three_berths).as_uri())
    opened.wait_for_selector(".call-pin")
    boxes = """[...document.querySelectorAll('.zone-name, .call-pin')].map(e => e.getBoundingClientRect())
        .map(b => [b.left, b.top, b.right, b.bottom])"""
    for zoomed in range(3):  # as opened, and zoomed in
        shown = opened.evaluate(boxes)
        assert len(shown) == 9
        apart = [a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for a, b in combinations(shown, 2)]
        assert all(apart)
        if not zoomed:
            frame = opened.evaluate("(b => [b.left, b.top, b.right, b.bottom])(map.getBoundingClientRect())")
            assert all(b[0] >= frame[0] and b[2] <= frame[2] and b[1] >= frame[1] for b in shown)
        opened.click(".leaflet-control-zoom-in")
        opened.wait_for_timeout(400)
    opened.close()


def in_the_middle(data):
    """One berth in the middle of a small AOI, with a name that does not fit on either side of it on a phone."""
    berth = next(zone for zone in data["zones"] if zone["counts"])
    lat, lon = (sum(at) / len(berth["rings"][0]) for at in zip(*berth["rings"][0], strict=True))
    data["zones"] = [berth | {"name": "Oil-product berth of the eastern basin, at its northern side"}]
    data["calls"] = [call | {"zone": berth["id"]} for call in data["calls"] if call["counts"]]
    data["bbox"] = [lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01]


@pytest.mark.parametrize("width", [400, 360])
def test_a_name_without_room_on_either_side_stays_on_the_map(chromium, tiny_run, tmp_path, width):
    """Half of it beyond the map's edge could not be read."""
    opened = chromium.new_page(viewport={"width": width, "height": 900})
    opened.goto(data_changed(tiny_run, tmp_path / "middle.html", in_the_middle).as_uri())
    opened.wait_for_selector(".zone-name")
    box = "(b => [b.left, b.top, b.right, b.bottom])(document.querySelector('%s').getBoundingClientRect())"
    frame, name, pin = (opened.evaluate(box % what) for what in ("#map", ".zone-name", ".call-pin"))
    for left, top, right, bottom in (name, pin):
        assert frame[0] <= left < right <= frame[2]
        assert frame[1] <= top < bottom <= frame[3]
    assert name[1] >= pin[3] or name[3] <= pin[1] or name[0] >= pin[2] or name[2] <= pin[0]
    opened.close()


def test_a_long_path_widens_no_page(open_story, tiny_story):
    """A phone scrolls down, not sideways."""
    story = replace(tiny_story, problems=(f"/data/{'very_long_name_' * 8}.tif: nothing tells its sensor",))
    opened = open_story(story, "#map.leaflet-container", width=400)
    assert opened.evaluate("document.documentElement.scrollWidth") == 400


@pytest.mark.parametrize("width", [400, 1200])
def test_a_long_name_widens_no_page(open_story, tiny_story, width):
    """AIS tables hold names of any length; one without a blank must not run out of its card, and widen the page."""
    for name in ("port_calls", "liftings"):
        tiny_story.tables[name]["name"] = "W" * 84
    opened = open_story(tiny_story, "#map.leaflet-container", width=width)
    assert opened.evaluate("document.documentElement.scrollWidth") == width


def test_what_nobody_saw_does_not_press_the_account_flat(open_story, tiny_story):
    """An estimate of many times the cap is cut off at the top of the axis; cap and observed sum stay readable."""
    ledger = tiny_story.tables["ledger"]
    far = {f"corrected_p{p}": ledger["cap_bbl"] * times for p, times in ((5, 0.5), (50, 20.0), (95, 70.0))}
    story = replace(tiny_story, tables={**tiny_story.tables, "ledger": ledger.assign(**far)})
    story = replace(story, headline=replace(story.headline, corrected_bbl=(2.5e5, 1e7, 3.5e7)))
    opened = open_story(story, "#account-plot svg")
    ticks = opened.locator("#account-plot [aria-label='y-axis tick label'] text").all_text_contents()
    cap = story.headline.cap_bbl
    assert cap <= max(float(tick.replace(",", "")) for tick in ticks) <= 2.2 * cap
    box = opened.locator("#account-plot svg").bounding_box()
    assert opened.get_by_text("↑ to 35,000,000").count() == 1  # says where the cut band ends
    label = opened.get_by_text("extrapolated, 10,000,000").bounding_box()
    assert box["y"] <= label["y"] <= box["y"] + box["height"] / 2
    texts = [text.bounding_box() for text in opened.locator("#account-plot svg text").all()]
    assert min(text["x"] for text in texts) >= box["x"]  # a number cut at its left is another number
    assert max(text["x"] + text["width"] for text in texts) <= box["x"] + box["width"]


@pytest.fixture
def one_day(open_story, tiny_story):
    """The page of only the story's last day, with a dozen simultaneous calls at its berth."""
    end = tiny_story.config.period.end
    period = tiny_story.config.period.model_copy(update={"start": end - timedelta(days=1)})
    tables, calls, liftings = dict(tiny_story.tables), [], []
    for n in range(12):
        own = tables["port_calls"]["call_id"] if n == 0 else f"call{n}"
        calls.append(tables["port_calls"].assign(call_id=own))
        liftings.append(tables["liftings"].assign(call_id=own, counts=n == 0))
    tables |= {"port_calls": pd.concat(calls, ignore_index=True), "liftings": pd.concat(liftings, ignore_index=True)}
    story = replace(tiny_story, config=tiny_story.config.model_copy(update={"period": period}), tables=tables)
    return open_story(story, "#account-plot svg", "#calendar svg")


def test_the_account_of_one_day_has_a_line(one_day):
    """A single point has no line or band, which would leave the chart empty but for its labels."""
    lines = "[...document.querySelectorAll('#account-plot g[aria-label=line] path')]"
    assert one_day.evaluate(f"Math.max(...{lines}.map(line => line.getBBox().width))") > 100
    ticks = one_day.locator("#account-plot [aria-label='x-axis tick label'] text").all_text_contents()
    assert "12:00" in ticks
    assert one_day.inner_text("#when").startswith("The day: ")


def test_the_account_begins_with_its_year(open_story, tiny_story):
    """No row of the ledger hatches the December before, which would look observed on every day."""
    ledger = tiny_story.tables["ledger"]
    ledger = ledger[ledger["day"] >= "2024-03-08"].assign(looked="unknown")
    opened = open_story(replace(tiny_story, tables={**tiny_story.tables, "ledger": ledger}), "#account-plot svg")
    marks = "document.querySelector('#account-plot g[aria-label={}] {}').getBBox().width"
    hatched, cap = (opened.evaluate(marks.format(*what)) for what in (("rect", "rect"), ("rule", "line")))
    assert hatched == pytest.approx(cap, abs=1)


def test_each_of_many_calls_at_once_has_a_bar_of_its_own(one_day):
    boxes = one_day.evaluate(
        "[...document.querySelectorAll('#calendar g.calls rect')].map(r => r.getBBox()).map(b => [b.y, b.height])"
    )
    assert len(boxes) == 12
    assert all(height >= 1.5 for _, height in boxes)
    assert all(low + height <= high for (low, height), (high, _) in pairwise(sorted(boxes)))


@pytest.fixture
def crowded(open_story, tiny_story):
    """The page of a year with thirty counted calls at one berth, whose name is too long for any place."""
    period = tiny_story.config.period.model_copy(update={"end": tiny_story.config.period.start + timedelta(days=366)})
    own = tiny_story.tables["port_calls"]["call_id"]
    tables = {
        name: pd.concat(
            [tiny_story.tables[name].assign(call_id=own if n == 0 else f"call{n}", counts=True) for n in range(30)],
            ignore_index=True,
        )
        for name in ("port_calls", "liftings")
    }
    zones = tuple(replace(zone, name="Причал " + "НЕФТЕПРОДУКТОВ " * 8) for zone in tiny_story.place.zones)
    story = replace(
        tiny_story, config=tiny_story.config.model_copy(update={"period": period}),
        place=replace(tiny_story.place, zones=zones), tables={**tiny_story.tables, **tables},
    )  # fmt: skip
    return open_story(story, "#map.leaflet-container", "#calendar svg")


def test_a_crowd_of_calls_at_a_berth_is_one_mark(crowded):
    """A year's pins would run off the map; for one day the slider still shows each."""
    assert crowded.locator(".call-pin").all_text_contents() == ["30 calls"]
    crowded.locator("#day-on").click()
    assert "30 calls" not in crowded.locator(".call-pin").all_text_contents()


def test_a_year_is_seen_whole_and_names_keep_their_beginning(crowded):
    """Seven pixels a day would make a year too wide, and shrunk to the page unreadable."""
    svg = crowded.locator("#calendar svg").first
    box = svg.bounding_box()
    assert box["width"] == pytest.approx(float(svg.get_attribute("width")), abs=1), "not shrunk"
    assert box["width"] <= 1280
    names = [t for t in crowded.locator("#calendar svg text").all() if t.text_content().startswith("\u2068Причал")]
    assert names
    assert all(t.text_content().endswith("…") and t.bounding_box()["x"] >= box["x"] for t in names)


def test_a_look_that_tells_its_day_alone_has_no_hour(chromium, tiny_run, tmp_path):
    """Noon only stands in for its time, and the page must not say 12:00."""

    def dated(data):
        for scene in data["scenes"]:
            scene |= {"t": scene["t"] // 86400 * 86400 + 43200, "dated": True}
        for call in data["calls"]:
            day = call["t"][1] // 86400 * 86400
            call |= {"t": [None, day, day + 86399, None], "dated": True}

    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(data_changed(tiny_run, tmp_path / "report.html", dated).as_uri())
    page.wait_for_selector("#map.leaflet-container")
    shown = page.locator("#picture option").all_text_contents()[1:]
    assert shown
    assert not any(":" in text for text in shown)
    page.locator("#day-on").click()
    assert "hour unknown" in page.inner_text("#when")
    page.locator("#all-days").click()
    page.locator(".call-pin").first.click(force=True)
    popup = page.inner_text(".leaflet-popup-content")
    assert "Mar 2024 UTC" in popup
    assert ":00" not in popup
    page.close()
