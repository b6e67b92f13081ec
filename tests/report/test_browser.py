"""The report in a real browser: layers, slider, sort and a card work; nothing is fetched, no error is told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from itertools import combinations, pairwise

import pandas as pd
import pytest

from pipeline.commands.doctor import browser
from pipeline.report.page import render

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(browser() is None, reason="no Chromium on the PATH")


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(chromium, tiny_run):
    """The report of the small scenario, with a record of what it told and asked for."""
    opened = chromium.new_page(viewport={"width": 1280, "height": 900})
    opened.told, opened.asked = [], []
    opened.on("console", lambda message: opened.told.append(message.text))
    opened.on("pageerror", lambda error: opened.told.append(str(error)))
    opened.on("request", lambda request: opened.asked.append(request.url))
    opened.goto((tiny_run / "report.html").as_uri())
    opened.wait_for_selector("#map.leaflet-container")
    opened.wait_for_selector("#account-plot svg")
    yield opened
    assert opened.told == []
    assert [u for u in opened.asked if not u.startswith(("file:", "data:", "blob:"))] == []
    opened.close()


def test_layers_come_and_go(page):
    shown = "document.querySelectorAll('.leaflet-marker-pane .call-pin').length"
    before = page.evaluate(shown)
    assert before >= 1
    page.uncheck("#layers input[value=calls]")
    assert page.evaluate(shown) == 0
    page.check("#layers input[value=calls]")
    assert page.evaluate(shown) == before
    page.check("#layers input[value=flagged]")
    page.check("#layers input[value=footprints]")
    assert page.locator(".m-look").count() >= 1


def test_the_slider_puts_the_looks_of_a_day_on_the_map(page):
    assert page.locator(".look-picture").count() == 0
    page.click("#day-on")
    assert page.locator(".look-picture").count() >= 1
    assert re.search(r"\d+ Mar 2024: \d+ look", page.inner_text("#when"))
    page.focus("#day")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.click("#all-days")
    assert page.inner_text("#when").startswith("All ")
    assert page.locator(".look-picture").count() == 0


def test_the_table_sorts_and_filters(page):
    head = page.locator("#call-table thead th").nth(4)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    value = """[...document.querySelectorAll('#call-table tbody tr')]
        .map(r => parseFloat(r.cells[4].dataset.value) || -Infinity)"""
    up = page.evaluate(value)
    assert up == sorted(up)
    head.locator("button").click()
    assert page.evaluate(value) == sorted(up, reverse=True)
    page.check("#only-counted")
    visible = page.locator("#call-table tbody tr:visible")
    assert visible.count() == page.evaluate("document.querySelectorAll('#call-table tr[data-counts=\"1\"]').length")
    page.fill("#find", "no such ship")
    assert visible.count() == 0


def test_a_row_opens_its_card_and_a_verdict_becomes_a_line(page):
    page.click("#close-all")
    link = page.locator("#call-table tbody a").first
    call = link.get_attribute("href")[1:]
    link.click()
    assert page.locator(f"#{call}").get_attribute("open") is not None
    page.locator(f"#{call} .verdict button").nth(1).click()
    page.fill("#vd-who", "A, Analyst")
    page.fill("#vd-why", "=1+1")
    page.click("#verdict-dialog button[value=keep]")
    page.click("#show-verdicts")
    line = page.inner_text("#verdicts")
    assert line.startswith(f'{call.removeprefix("call-")},reject,,"A, Analyst",')
    assert line.endswith(",'=1+1")


def test_a_call_is_merged_with_one_of_the_others_of_the_page(page):
    """Chosen, not typed; a name is asked for only where a ship is renamed."""
    call = page.locator(".verdict button[data-verdict=merge]").first.get_attribute("data-target")
    page.locator(".verdict button[data-verdict=merge]").first.click()
    offered = page.evaluate("[...document.querySelectorAll('#vd-other option')].map((o) => o.value)")
    known = page.evaluate("capwatch.data.calls.map((c) => c.id)")
    assert offered == ["", *(c for c in known if c != call)]
    assert page.locator("#vd-other").is_visible()
    assert not page.locator("#vd-name").is_visible()
    page.select_option("#vd-verdict", "rename")
    assert page.locator("#vd-name").is_visible()
    assert not page.locator("#vd-other").is_visible()
    page.click("#verdict-dialog button[value=cancel]")


def test_a_day_of_the_slider_names_the_picture_that_it_shows(page):
    page.click("#day-on")
    on_top = page.locator("#map img.look-picture").last.get_attribute("alt")
    seen = "capwatch.data.scenes.filter((s) => s.t >= capwatch.data.start && s.t < capwatch.data.end)"
    assert on_top == "look " + page.evaluate(f"{seen}[document.getElementById('picture').value].id")
    page.click("#all-days")
    assert page.input_value("#picture") == ""


def test_scale_series_and_theme_redraw_without_a_word(page):
    page.check("input[name=scale][value=data]")
    page.uncheck("input[name=series][value=at_60]")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert "SIMULATED" in page.inner_text(".mark")
    assert page.locator("#account-plot svg text", has_text="SIMULATED").count() == 1


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_hangs_over_the_side(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1280])
def test_the_calendar_names_every_place_in_full_and_its_bars_open_cards(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(300)
    written = page.evaluate("[...document.querySelectorAll('#calendar svg text')].map(t => t.textContent)")
    names = page.evaluate("capwatch.data.zones.map(z => capwatch.alone(z.name))")
    assert set(names) <= set(written)
    told = page.evaluate("capwatch.data.looks.filter(l => l.berth && l.state !== 'unknown').map(l => l.berth)")
    assert (len(told) > 0) == bool({"●", "○", "?"} & set(written)), "what a look said of a berth is drawn on it"
    calls = page.evaluate("capwatch.data.calls.filter(c => c.zone).map(c => c.id)")
    bars = page.locator("#calendar g.calls rect")
    assert bars.count() == len(calls)
    page.click("#close-all")
    bars.first.click()
    assert page.evaluate("document.querySelectorAll('details.card[open]').length") == 1


def test_a_name_that_wants_to_be_markup_is_text_on_the_map_too(chromium, tiny_run, tmp_path):
    """The page's data with another name in it: popups, tooltips and labels show it letter by letter."""
    name = "<img src=x onerror=alert(1)>\u202e=1+1"
    shown = f"\u2068{name}\u2069"  # an override that turns letters around ends with the name
    text = (tiny_run / "report.html").read_text("utf-8")
    start = text.index('id="data">') + len('id="data">')
    end = text.index("</script>", start)
    data = json.loads(text[start:end])
    for call in data["calls"]:
        call["name"] = name
    for track in data["tracks"]:
        track["name"] = name
    for zone in data["zones"]:
        zone["name"] = name
    hostile = tmp_path / "report.html"
    hostile.write_text(text[:start] + json.dumps(data).replace("<", "\\u003c") + text[end:], "utf-8")
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.on("dialog", lambda dialog: told.append(dialog.message))
    page.goto(hostile.as_uri())
    page.wait_for_selector("#map.leaflet-container")
    page.locator(".call-pin").first.click(force=True)
    assert f": {shown}" in page.locator(".leaflet-popup-content").inner_text()
    assert shown in page.locator(".zone-name").first.text_content()
    page.wait_for_selector("#calendar svg")
    assert shown in page.evaluate("[...document.querySelectorAll('#calendar svg text')].map(t => t.textContent)")
    assert page.locator("img[src=x]").count() == 0
    assert told == []
    page.close()


def test_every_control_has_a_name_and_every_picture_a_text(page):
    nameless = """[...document.querySelectorAll('button, input, select, summary')]
        .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length)))
        .map(e => e.outerHTML)"""
    assert page.evaluate(nameless) == []
    assert page.evaluate("[...document.images].filter(i => !i.closest('#map') && !i.alt).length") == 0


def test_without_scripts_the_figures_stand_in(chromium, tiny_run):
    context = chromium.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto((tiny_run / "report.html").as_uri())
    assert still.locator(".static svg:visible").count() == 3
    assert still.locator(".needs-js:visible").count() == 0
    context.close()


def test_what_is_folded_is_printed_and_folds_again(page):
    """A heading with nothing under it is worse on paper than a long page; cards of other calls stay away."""
    folded = "[...document.querySelectorAll('details:not(.card)')].filter((d) => !d.open).length"
    before = page.evaluate(folded)
    assert before > 0
    cards = page.evaluate("document.querySelectorAll('details.card[open]').length")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(folded) == 0
    assert page.evaluate("document.querySelectorAll('details.card[open]').length") == cards
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(folded) == before


def test_a_pin_a_row_and_a_card_of_one_call_have_one_number(page):
    pins = page.evaluate("[...document.querySelectorAll('.call-pin')].map((p) => p.textContent)")
    rows = "[...document.querySelectorAll('#call-table .pin')]"
    told = page.evaluate(f"{rows}.map((p) => [p.textContent, p.closest('tr').querySelector('a').hash])")
    assert sorted(pins) == sorted(number for number, _ in told)
    for number, call in told:
        assert page.inner_text(f"{call} summary .pin") == number


def data_changed(tiny_run, to, change):
    """The report with other data in its script, by ``change``, which alters them."""
    text = (tiny_run / "report.html").read_text("utf-8")
    start = text.index('id="data">') + len('id="data">')
    end = text.index("</script>", start)
    data = json.loads(text[start:end])
    change(data)
    to.write_text(text[:start] + json.dumps(data).replace("<", "\\u003c") + text[end:], "utf-8")
    return to


def at_three_berths(data):
    """Three counted berths within 80 m, as slips of one oil port, each with calls of its own."""
    berth = next(zone for zone in data["zones"] if zone["counts"])
    call = next(call for call in data["calls"] if call["counts"])
    data["zones"], data["calls"] = [], []
    for n, name in enumerate(("western", "central", "eastern")):
        rings = [[[lat, lon + 5e-4 * n] for lat, lon in ring] for ring in berth["rings"]]
        data["zones"].append(berth | {"id": name, "name": f"Oil-product port, {name} slip", "rings": rings})
        data["calls"] += [call | {"zone": name, "number": 2 * n + k, "id": f"c{2 * n + k}"} for k in (1, 2)]


@pytest.mark.parametrize("width", [1280, 400])
def test_names_and_pins_of_berths_that_lie_close_stand_apart(chromium, tiny_run, tmp_path, width):
    """Genoa's slips had their names on one another, and the pin of one lay on the next one's."""
    opened = chromium.new_page(viewport={"width": width, "height": 900})
    opened.goto(data_changed(tiny_run, tmp_path / "close.html", at_three_berths).as_uri())
    opened.wait_for_selector(".call-pin")
    boxes = """[...document.querySelectorAll('.zone-name, .call-pin')].map(e => e.getBoundingClientRect())
        .map(b => [b.left, b.top, b.right, b.bottom])"""
    for zoomed in range(3):  # as it opens, and closer
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


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_every_printed_page_of_the_calls_has_the_head_of_their_table(page, tmp_path):
    """Chromium repeats no head that holds a button's box; pages of figures had no name over their columns."""
    page.evaluate("""() => {
        const body = document.querySelector('#call-table tbody'), row = body.querySelector('tr');
        for (let n = 0; n < 90; n += 1) body.append(row.cloneNode(true)); }""")
    page.pdf(path=tmp_path / "long.pdf", prefer_css_page_size=True)
    told = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "long.pdf", "-"], capture_output=True, text=True, check=True
    )
    call = page.locator("#call-table tbody tr td").first.inner_text().split()[-1]
    pages = [text for text in told.stdout.split("\f") if text.count(call) > 12]  # a card names a day less often
    assert len(pages) >= 3
    assert all("evidence" in text[: text.index(call)] for text in pages)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_no_printed_page_begins_with_the_last_line_of_a_card(page, tmp_path):
    """A page of figures began with the id of a call, and nothing else of her. The end of the card at every height."""
    page.evaluate("""() => {
        const card = document.querySelector('.card[open]'), list = card.parentElement;
        for (let n = 0; n < 70; n += 1) {
            const twin = card.cloneNode(true), filler = document.createElement('div');
            filler.style = `height: ${14 * n}px; break-before: page`;
            twin.style.breakInside = 'auto';
            list.append(filler, twin);
        } }""")
    page.pdf(path=tmp_path / "cards.pdf", prefer_css_page_size=True)
    told = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "cards.pdf", "-"], capture_output=True, text=True, check=True
    )
    starts = [text.split() for text in told.stdout.split("\f") if text.strip()]
    assert len(starts) > 70
    assert [words for words in starts if words[0] == "call" and "method" in words[:4]] == []


def test_a_number_keeps_its_unit_on_one_line(page):
    said = page.text_content(".answer")
    assert re.search(r"\d\u00a0%", said)
    assert not re.search(r"\d %", said)


def test_a_date_in_prose_is_never_broken_at_its_hyphens(page):
    """Each date of a paragraph lies on one line, however narrow the page; copied, it is the date as it was written."""
    page.set_viewport_size({"width": 390, "height": 844})
    broken, dates, bare = page.evaluate(r"""() => {
        const prose = [...document.querySelectorAll('.page p, .page li, .page dd')];
        document.querySelectorAll('details').forEach(d => { d.open = true; });
        const dates = prose.flatMap(p => [...p.querySelectorAll('.date')]);
        const texts = prose.flatMap(p => [...p.childNodes]).filter(n => n.nodeType === 3);
        const bare = texts.filter(n => /\d{4}-\d\d-\d\d/.test(n.data)).length;
        const broken = dates.filter(d => d.getClientRects().length > 1).length;
        return [broken, dates.map(d => d.textContent), bare]; }""")
    assert dates
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for date in dates)
    assert (broken, bare) == (0, 0)


def test_a_long_path_widens_no_page(chromium, tiny_story, tiny_run, tmp_path):
    """A phone scrolls down, not sideways."""
    story = replace(tiny_story, problems=(f"/data/{'very_long_name_' * 8}.tif: nothing tells its sensor",))
    (tmp_path / "long.html").write_text(render(story, {}, tiny_run), "utf-8")
    opened = chromium.new_page(viewport={"width": 400, "height": 850})
    opened.goto((tmp_path / "long.html").as_uri())
    opened.wait_for_selector("#map.leaflet-container")
    assert opened.evaluate("document.documentElement.scrollWidth") == 400
    opened.close()


def test_what_nobody_saw_does_not_press_the_account_flat(chromium, tiny_story, tiny_run, tmp_path):
    """An estimate of many times the cap runs out at the top of the axis; cap and observed stay readable."""
    ledger = tiny_story.tables["ledger"]
    far = {f"corrected_p{p}": ledger["cap_bbl"] * times for p, times in ((5, 0.5), (50, 20.0), (95, 70.0))}
    story = replace(tiny_story, tables={**tiny_story.tables, "ledger": ledger.assign(**far)})
    story = replace(story, headline=replace(story.headline, corrected_bbl=(2.5e5, 1e7, 3.5e7)))
    (tmp_path / "far.html").write_text(render(story, {}, tiny_run), "utf-8")
    opened = chromium.new_page(viewport={"width": 1280, "height": 900})
    opened.goto((tmp_path / "far.html").as_uri())
    opened.wait_for_selector("#account-plot svg")
    ticks = opened.locator("#account-plot [aria-label='y-axis tick label'] text").all_text_contents()
    cap = story.headline.cap_bbl
    assert cap <= max(float(tick.replace(",", "")) for tick in ticks) <= 2.2 * cap
    box = opened.locator("#account-plot svg").bounding_box()
    label = opened.get_by_text("extrapolated, 10,000,000").bounding_box()
    assert box["y"] <= label["y"] <= box["y"] + box["height"] / 2
    texts = [text.bounding_box() for text in opened.locator("#account-plot svg text").all()]
    assert min(text["x"] for text in texts) >= box["x"]  # a million cut at its left is another number
    assert max(text["x"] + text["width"] for text in texts) <= box["x"] + box["width"]
    opened.close()


@pytest.fixture
def one_day(chromium, tiny_story, tiny_run, tmp_path):
    """The page of the story's last day alone, with a dozen calls at its berth at once."""
    end = tiny_story.config.period.end
    period = tiny_story.config.period.model_copy(update={"start": end - timedelta(days=1)})
    tables, calls, liftings = dict(tiny_story.tables), [], []
    for n in range(12):
        own = tables["port_calls"]["call_id"] if n == 0 else f"call{n}"
        calls.append(tables["port_calls"].assign(call_id=own))
        liftings.append(tables["liftings"].assign(call_id=own, counts=n == 0))
    tables |= {"port_calls": pd.concat(calls, ignore_index=True), "liftings": pd.concat(liftings, ignore_index=True)}
    story = replace(tiny_story, config=tiny_story.config.model_copy(update={"period": period}), tables=tables)
    (tmp_path / "day.html").write_text(render(story, {}, tiny_run), "utf-8")
    opened = chromium.new_page(viewport={"width": 1280, "height": 900})
    opened.goto((tmp_path / "day.html").as_uri())
    opened.wait_for_selector("#account-plot svg")
    opened.wait_for_selector("#calendar svg")
    yield opened
    opened.close()


def test_the_account_of_one_day_has_a_line(one_day):
    """One point has no line and no band: the chart was empty but for its labels."""
    lines = "[...document.querySelectorAll('#account-plot g[aria-label=line] path')]"
    assert one_day.evaluate(f"Math.max(...{lines}.map(line => line.getBBox().width))") > 100
    ticks = one_day.locator("#account-plot [aria-label='x-axis tick label'] text").all_text_contents()
    assert "12:00" in ticks
    assert one_day.inner_text("#when").startswith("The day: ")


def test_each_of_many_calls_at_once_has_a_bar_of_its_own(one_day):
    boxes = one_day.evaluate(
        "[...document.querySelectorAll('#calendar g.calls rect')].map(r => r.getBBox()).map(b => [b.y, b.height])"
    )
    assert len(boxes) == 12
    assert all(height >= 1.5 for _, height in boxes)
    assert all(low + height <= high for (low, height), (high, _) in pairwise(sorted(boxes)))


@pytest.fixture
def crowded(chromium, tiny_story, tiny_run, tmp_path):
    """The page of a year with thirty counted calls at one berth, whose name is longer than any room for it."""
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
    (tmp_path / "crowd.html").write_text(render(story, {}, tiny_run), "utf-8")
    opened = chromium.new_page(viewport={"width": 1280, "height": 900})
    opened.goto((tmp_path / "crowd.html").as_uri())
    opened.wait_for_selector("#map.leaflet-container")
    opened.wait_for_selector("#calendar svg")
    yield opened
    opened.close()


def test_a_crowd_of_calls_at_a_berth_is_one_mark(crowded):
    """Pins of a year's calls ran out of the map; a day of the slider still shows its own."""
    assert crowded.locator(".call-pin").all_text_contents() == ["30 calls"]
    crowded.locator("#day-on").click()
    assert "30 calls" not in crowded.locator(".call-pin").all_text_contents()


def test_a_year_is_seen_whole_and_names_keep_their_beginning(crowded):
    """Seven pixels a day made a year too wide, and shrunk to the page nobody could read it."""
    svg = crowded.locator("#calendar svg").first
    box = svg.bounding_box()
    assert box["width"] == pytest.approx(float(svg.get_attribute("width")), abs=1), "not shrunk"
    assert box["width"] <= 1280
    names = [t for t in crowded.locator("#calendar svg text").all() if t.text_content().startswith("\u2068Причал")]
    assert names
    assert all(t.text_content().endswith("…") and t.bounding_box()["x"] >= box["x"] for t in names)
