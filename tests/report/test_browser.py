"""The report in a real browser: layers, slider, sorting and a card work; nothing is fetched, no error is reported."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest


@pytest.fixture
def page(chromium, tiny_run):
    """The report of the small scenario, with a record of its messages and requests."""
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
    """It is chosen, not typed; a name is asked for only to rename a ship."""
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


@pytest.mark.parametrize("width", [320, 390, 1440])
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


def test_every_control_has_a_name_and_every_picture_a_text(page):
    nameless = """[...document.querySelectorAll('button, input, select, summary')]
        .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length)))
        .map(e => e.outerHTML)"""
    assert page.evaluate(nameless) == []
    assert page.evaluate("[...document.images].filter(i => !i.closest('#map') && !i.alt).length") == 0


FAINT = """() => {
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (rgb) => rgb.slice(0, 3).map((c) => c / 255)
        .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
    const ground = (e) => { for (; e; e = e.parentElement) {
        const c = parts(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] === 1) return c; } };
    const other = 'svg, script, .print-mark, .mark, .map-mark, .leaflet-tooltip, .leaflet-control-attribution';
    return [...document.querySelectorAll('body *')].filter((e) => !e.closest(other))
        .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.checkVisibility())
        .map((e) => [e.className, e.textContent.trim().slice(0, 30),
            [parts(getComputedStyle(e).color), ground(e)].map(light)])
        .map(([name, text, [a, b]]) => [name, text, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)])
        .filter(([, , ratio]) => ratio < 4.5); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(chromium, tiny_run, scheme):
    """WCAG 2, AA: 4.5 to 1, in dark mode too, where white on light orange has only 2.2 to 1."""
    opened = chromium.new_page(color_scheme=scheme)
    opened.goto((tiny_run / "report.html").as_uri())
    opened.wait_for_selector(".call-pin")
    opened.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    opened.evaluate(
        "document.querySelector('.card > summary').insertAdjacentHTML('beforeend', '<b class=\"badge no-ais\">x</b>')"
    )
    faint = opened.evaluate(FAINT)
    opened.close()
    assert not faint


def test_without_scripts_the_figures_stand_in(chromium, tiny_run):
    context = chromium.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto((tiny_run / "report.html").as_uri())
    assert still.locator(".static svg:visible").count() == 3
    assert still.locator(".needs-js:visible").count() == 0
    context.close()


def test_captions_speak_of_the_charts_that_are_shown(page, chromium, tiny_run):
    """Drawn charts have hatched days and marks in looks; the charts shown without scripts have neither."""
    expected = "document.getElementById('account').innerText + document.getElementById('looks').innerText"
    drawn = page.evaluate(expected)
    assert all(words in drawn for words in ("Hatched days", "berth occupied"))
    assert "Grey days" not in drawn
    page.emulate_media(media="print")
    assert all(words in page.evaluate(expected) for words in ("Hatched days", "berth occupied"))
    context = chromium.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto((tiny_run / "report.html").as_uri())
    still = plain.inner_text("#account") + plain.inner_text("#looks")
    context.close()
    assert "Grey days had no look" in still
    assert not any(words in still for words in ("Hatched", "the dot marks", "berth occupied"))


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_every_number_at_a_bar_of_the_sensitivity_stands_within_its_column(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    beside = page.evaluate("""[...document.querySelectorAll('.tornado td.bar')].flatMap(cell => {
        const room = cell.getBoundingClientRect();
        return [...cell.querySelectorAll('text')].map(text => text.getBoundingClientRect())
            .filter(box => box.left < room.left - 1 || box.right > room.right + 1)}).length""")
    assert page.locator(".tornado td.bar text").count() > 4
    assert beside == 0


def test_what_is_folded_is_printed_and_folds_again(page):
    """On paper a heading with nothing under it is worse than a long page; cards of other calls are not printed."""
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


def printed_pages(page, to):
    """The text of each page of the printed report."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    page.pdf(path=to, prefer_css_page_size=True)
    done = subprocess.run(["pdftotext", "-layout", to, "-"], capture_output=True, text=True, check=True)
    return done.stdout.split("\f")


def test_every_printed_page_of_the_calls_has_the_head_of_their_table(page, tmp_path):
    """Chromium does not repeat a head that contains a button's box, which would leave columns without names."""
    page.evaluate("""() => {
        const body = document.querySelector('#call-table tbody'), row = body.querySelector('tr');
        for (let n = 0; n < 90; n += 1) body.append(row.cloneNode(true)); }""")
    printed = printed_pages(page, tmp_path / "long.pdf")
    call = page.locator("#call-table tbody tr td").first.inner_text().split()[-1]
    pages = [text for text in printed if text.count(call) > 12]  # a card repeats a day less often
    assert len(pages) >= 3
    assert all("evidence" in text[: text.index(call)] for text in pages)


def test_no_printed_page_begins_with_the_last_line_of_a_card(page, tmp_path):
    """A page must not begin with a call's id and nothing else of her. The card ends at every possible height."""
    page.evaluate("""() => {
        const card = document.querySelector('.card[open]'), list = card.parentElement;
        for (let n = 0; n < 70; n += 1) {
            const twin = card.cloneNode(true), filler = document.createElement('div');
            filler.style = `height: ${14 * n}px; break-before: page`;
            twin.style.breakInside = 'auto';
            list.append(filler, twin);
        } }""")
    starts = [text.split() for text in printed_pages(page, tmp_path / "cards.pdf") if text.strip()]
    assert len(starts) > 70
    assert [words for words in starts if words[0] == "call" and "method" in words[:4]] == []


def test_no_printed_page_ends_with_the_head_of_a_table_and_little_of_it(page, tmp_path):
    """Nor does one begin with a table's last row alone. The table begins at every possible height of a page."""
    page.evaluate("""() => {
        const section = document.querySelector('#calls'), body = section.querySelector('#call-table tbody');
        const row = body.querySelector('tr');
        body.replaceChildren(...Array.from({ length: 30 }, (_, n) => {
            const twin = row.cloneNode(true);
            twin.cells[0].textContent = `row${n}.`;
            return twin; }));
        document.querySelectorAll('#main > :not(#calls)').forEach(other => other.remove());
        for (let n = 0; n < 70; n += 1) {
            const filler = document.createElement('div');
            filler.style = `height: ${14 * n}px; break-before: page`;
            section.parentElement.append(filler, section.cloneNode(true));
        } }""")
    pages = printed_pages(page, tmp_path / "tables.pdf")
    begun = [text for text in pages if "Port calls" in text]
    assert len(begun) > 70
    assert all(f"row{n}." in text for text in begun for n in range(3))
    ended = [text for text in pages if "row29." in text]
    assert len(ended) > 70
    assert all(f"row{n}." in text for text in ended for n in (27, 28))


def test_the_mark_on_paper_is_drawn_and_puts_no_letters_into_the_text(page):
    """A PDF's text is searched and copied: a sentence must not hold letters of the mark across it."""
    page.emulate_media(media="print")
    text, wide_px, opacity = page.evaluate("""() => {
        const mark = document.querySelector('.print-mark'), box = mark.querySelector('path').getBoundingClientRect();
        const style = getComputedStyle(mark);
        return [mark.textContent.trim(), box.width, +style.opacity]; }""")
    page.emulate_media(media="screen")
    assert text == ""
    assert wide_px > 300
    assert opacity >= 0.09, "no weaker than the words that stood there"


def test_on_paper_every_link_leads_to_something_that_is_printed(page):
    """Cards of calls that do not count are not printed, so in a PDF links to them would lead nowhere."""
    page.evaluate("""() => {
        const others = document.createElement('div'), card = document.querySelector('.card').cloneNode(true);
        others.className = 'others'; card.id = 'call-other'; card.open = false; others.append(card);
        document.querySelector('#cards').append(others);
        document.querySelector('#call-table td.lead').innerHTML += '<a href="#call-other">another</a>'; }""")
    page.emulate_media(media="print")
    dead = page.evaluate("""() => [...document.querySelectorAll('#main a[href^="#"]')].filter(a => a.checkVisibility())
        .map(a => a.hash).filter(hash => !document.querySelector(hash).getClientRects().length)""")
    height = page.evaluate("document.querySelector('#call-other').getBoundingClientRect().height")
    page.emulate_media(media="screen")
    assert (dead, height) == ([], 0)


def test_a_number_keeps_its_unit_on_one_line(page):
    said = page.text_content(".answer")
    assert re.search(r"\d\u00a0%", said)
    assert not re.search(r"\d %", said)


def test_a_date_in_prose_is_never_broken_at_its_hyphens(page):
    """Each date in a paragraph is on one line, however narrow the page, and copies as it was written."""
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


def test_every_printed_page_says_of_which_run_it_is_and_of_how_many(page, tiny_run, tmp_path):
    """Otherwise nobody knows what a loose page belongs to."""
    pages = [text for text in printed_pages(page, tmp_path / "report.pdf") if text.strip()]
    run_id = re.search(r"capwatch (\w{12})</title>", (tiny_run / "report.html").read_text("utf-8")).group(1)
    for number, text in enumerate(pages, start=1):
        foot = " ".join(text.strip().splitlines()[-1].split())
        assert foot == f"SIMULATED, capwatch {run_id} {number} of {len(pages)}"


@pytest.mark.parametrize(("width", "height"), [(390, 844), (412, 915)])
def test_a_phone_shows_the_map_with_its_slider_and_its_caption_at_once(page, width, height):
    """The map must not fill the screen: the slider's text would be out of view, and a thumb could not scroll."""
    page.set_viewport_size({"width": width, "height": height})
    bar = page.locator(".bar-top").bounding_box()["height"]
    top = page.locator("#map").bounding_box()["y"]
    words = page.locator("#where figcaption").last.bounding_box()
    assert words["y"] + words["height"] - top <= height - bar
