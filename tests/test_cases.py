"""Published cases: every published number to the barrel, through the volume stage, from the command, on one page."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from pipeline.cases import CaseOutcome, calls_table, run_case
from pipeline.config import CapConfig, CaseConfig, load, parse_overrides
from pipeline.console import Console
from pipeline.errors import ConfigError, InputError
from pipeline.provenance import UNHASHED, changes
from pipeline.report.case_page import figure_text
from pipeline.volume import headline, ledger, liftings
from pipeline.workspace import configs_root, find_case, load_over

CASES = sorted((configs_root() / "cases").glob("*.yaml"))
QUICK = {"volume": {"draws": 400}}

# Read in the sources again, not in the configs: case, fill, how many calls, barrels, how it was rounded.
PUBLISHED = [
    ("us-2018-05", "33", 89, 506_529, math.floor),
    ("us-2018-05", "50", 89, 759_793, math.floor),
    ("us-2018-05", "90", 89, 1_367_628, math.floor),
    ("us-2018", "100", 263, 3_780_000, round),
    ("panel-2023", "60", 87, 1_015_588, round),
    ("panel-2023", "90", 87, 1_523_381, round),
    ("panel-2023-05", "90", 46, 781_497, round),
    ("rusi-2024-03", "100", 5, 124_950, round),
]


@cache
def account(name: str):
    """Liftings and headline of a case by the volume stage alone. Tests only read them."""
    config = load_over(CaseConfig, find_case(name), QUICK)
    cap = load(CapConfig, configs_root() / config.cap)
    table = liftings(calls_table(config.calls, config), config.volume, config.seed)
    return table, headline(table, ledger(table, cap, config.volume, 0), cap, config.volume)


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Callable[[str], tuple[CaseOutcome, Console]]:
    """What a case, by its name, ended with, and what was told of it; run once. Tests only read it."""

    @cache
    def once(name: str) -> tuple[CaseOutcome, Console]:
        console = Console(quiet=True)
        return run_case(name, QUICK, tmp_path_factory.mktemp("runs"), console), console

    return once


@pytest.fixture
def rusi(ran) -> Path:
    """The folder of the smallest case. Tests only read it."""
    return ran("rusi-2024-03")[0].folder


@pytest.mark.parametrize(("name", "fill", "calls", "barrels", "rounded"), PUBLISHED, ids=lambda v: str(v))
def test_a_published_sum_comes_out_to_the_barrel(name, fill, calls, barrels, rounded):
    table, head = account(name)
    assert len(table) == head.calls_counted == calls
    assert (table["status"] == "used").all()
    assert rounded(head.scenario_bbl[fill] + 1e-6) == barrels


def test_rusi_is_three_thousand_tonnes_at_the_committees_factor_and_a_quarter_of_the_cap():
    table, head = account("rusi-2024-03")
    assert (table["bbl_per_t"] == 8.33).all()
    assert (table["given_tonnes"] == 3000).all()
    assert table["barrels_p50"].tolist() == pytest.approx([24_990] * 5)
    assert head.share_p50 == pytest.approx(0.25, abs=0.005)


def test_osc_breaks_even_at_11628_barrels_or_1559_tonnes_of_gas_oil_a_call():
    _, head = account("osc-2024")
    assert round(head.break_even_bbl_per_call) == 11_628
    assert round(head.break_even_bbl_per_call / 7.46) == 1_559


def test_osc_totals_are_told_as_size_classes(ran):
    page = (ran("osc-2024")[0].folder / "case.html").read_text()
    told = re.sub(r"<[^>]+>", " ", page)
    # 1.0 million over 43, 1.3 million over 43, 1.5 million over 50; tonnes by hand at both factors
    for figure in ("23,256", "3,117", "2,792", "30,233", "4,053", "3,629", "30,000", "4,021", "3,601"):
        assert figure in told
    # 23,256 bbl of gas oil at 90 % of a ship that gives 5 % to stores: 23256 / 7.46 / 0.95 / 0.9 = 3,646 t
    assert "3,650 t" in told


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_every_case_builds_runs_and_reproduces_its_figures(path, ran):
    config = load(CaseConfig, path)
    assert config.id == path.stem
    outcome, console = ran(path.stem)
    assert console.problems == []
    assert pd.read_csv(outcome.folder / "comparison.csv")["reproduced"].all()
    assert changes(outcome.folder) == []


def test_every_published_case_has_a_config():
    assert {p.stem for p in CASES} == {name for name, *_ in PUBLISHED} | {"osc-2024"}


def test_the_only_whole_capacities_that_give_the_published_sums_are_those_of_the_configs():
    """Searched for again: the three sums of 2018 and the two of 2023 each allow one whole number of barrels."""
    of_2018 = [t for t in range(1_519_000, 1_520_000) if (t // 3, t // 2, t * 9 // 10) == (506_529, 759_793, 1_367_628)]
    of_2023 = [t for t in range(1_692_000, 1_693_000) if (round(0.6 * t), round(0.9 * t)) == (1_015_588, 1_523_381)]
    stated = [load(CaseConfig, find_case(n)).calls[0].total_capacity_bbl for n in ("us-2018-05", "panel-2023")]
    assert [of_2018, of_2023] == [[total] for total in stated]


def test_calls_lie_inside_the_period_in_order_and_say_that_dates_are_assumed():
    config = load(CaseConfig, find_case("us-2018-05"))
    table = calls_table(config.calls, config)
    assert table["call_id"].is_unique
    assert table["arrival"].is_monotonic_increasing
    assert table["arrival"].between(config.period.start, config.period.end, inclusive="left").all()
    assert table["date_basis"].str.startswith("assumed").all()


def test_a_published_date_is_kept():
    config = load(CaseConfig, find_case("rusi-2024-03")).model_dump(mode="json")
    config["calls"] = [{"tonnes": 3000, "date": "2024-03-08T00:00:00Z"}, {"count": 4, "tonnes": 3000}]
    built = CaseConfig.model_validate(config)
    first = calls_table(built.calls, built).iloc[0]
    assert first["date_basis"] == "published"
    assert first["arrival"] == pd.Timestamp("2024-03-08", tz="UTC")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("osc-2024", "None published no figure here is stated by a source; 3 figures worked out by us"),
        ("rusi-2024-03", "1 of 1 published figure reproduced; 2 more figures worked out by us"),
        ("panel-2023", "2 of 2 published figures reproduced"),
    ],
)
def test_what_was_worked_out_here_is_not_counted_as_published(name, expected, ran):
    outcome, _ = ran(name)
    page = unescape((outcome.folder / "case.html").read_text())
    tiles = " ".join(re.sub(r"<[^>]+>", " ", page[page.index('class="tiles"') + 14 :]).split())
    assert tiles.startswith(expected)
    assert ("worked out" in tiles[:200]) == ("worked out" in expected)
    lines = "\n".join(outcome.lines)
    assert lines.count("not stated, worked out by us") == {"osc-2024": 3, "rusi-2024-03": 2, "panel-2023": 0}[name]


def test_the_folder_holds_what_it_should(rusi):
    assert {p.name for p in rusi.iterdir()} >= {
        "calls.csv", "liftings.parquet", "ledger.parquet", "comparison.csv", "config.yaml", "manifest.json",
        "case.html",
    }  # fmt: skip
    assert load(CaseConfig, rusi / "config.yaml").id == "rusi-2024-03"


def test_the_same_case_gives_the_same_bytes(rusi, tmp_path):
    again = run_case("rusi-2024-03", QUICK, tmp_path, Console(quiet=True)).folder
    for path in (p for p in rusi.iterdir() if p.name not in UNHASHED):  # the log alone holds times
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_page_asks_the_network_for_nothing_and_says_what_it_is(rusi):
    page = unescape((rusi / "case.html").read_text())
    assert not re.findall(r"<(?:script|img|link|iframe|object|embed|form)\b|url\((?!#)|@import|\bsrc=", page)
    assert "default-src 'none'" in page
    assert "Nothing here was measured from imagery" in page
    for text in ("124,950", "111,900", "25 %", "7.46", "8.33"):
        assert text in page


def test_the_page_does_not_call_a_figure_published_that_is_ours(ran, rusi):
    osc = (ran("osc-2024")[0].folder / "case.html").read_text()
    assert "comes out as we derived it" in osc
    assert "worked back from the figures themselves" not in osc
    assert "worked back from the figures themselves" in (rusi / "case.html").read_text()


def test_a_sum_is_rounded_in_one_way_on_the_whole_page(ran):
    page = (ran("us-2018-05")[0].folder / "case.html").read_text()
    assert "759,793 bbl" in page
    assert "759,794" not in page


def test_words_of_a_case_file_cannot_become_markup(tmp_path):
    outcome = run_case("rusi-2024-03", QUICK | {"title": "<script>alert(1)</script>"}, tmp_path, Console(quiet=True))
    assert "<script" not in (outcome.folder / "case.html").read_text()


def test_the_command_prints_the_figures_and_the_page(capwatch, tmp_path):
    code, out, err = capwatch("case", "rusi-2024-03", "--out", tmp_path, "--set", "volume.draws=400")
    assert code == 0, err
    assert "computed 124,950 bbl" in out
    assert str(tmp_path / "cases" / "rusi-2024-03" / "case.html") in out


def test_an_altered_figure_is_named_and_ends_in_exit_code_3(capwatch, tmp_path):
    altered = tmp_path / "mine.yaml"
    altered.write_text(find_case("rusi-2024-03").read_text().replace("value: 124950", "value: 124951"))
    code, _, err = capwatch("case", altered, "--out", tmp_path, "--set", "volume.draws=400")
    assert code == 3
    assert err == (
        "error: rusi-2024-03: the same to the barrel: 5 x 3,000 t x 8.33 bbl/t: stated 124,951 bbl, "
        "computed 124,950 bbl (written to comparison.csv)\n"
    )
    page = (tmp_path / "cases/rusi-2024-03/case.html").read_text()
    assert "1 of 3 figures does not come out" in page


def test_a_factor_other_than_the_committees_is_noticed(tmp_path):
    console = Console(quiet=True)
    run_case("rusi-2024-03", {"volume": {"draws": 400, "unnamed_bbl_per_t": 7.9}}, tmp_path, console)
    assert console.exit_code == 3
    assert len(console.problems) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tonnes: 3000", "tonnes: 3000, dwt_t: 9", "give one size of a call"),
        ("tonnes: 3000", "tonnes: -3", "must be above 0"),
        ("count: 5, tonnes", "count: 6, tonnes", "they are the same calls"),
        ("source: ft}", "source: elsewhere}", "is not in sources"),
        ("id: rusi-2024-03", "id: ../../up", "id"),
        ("url: \"https://spisok", "url: \"javascript:spisok", "url"),
        ("product: unnamed", "produkt: unnamed", "did you mean product|no such key"),
    ],
)  # fmt: skip
def test_nonsense_in_a_case_file_is_refused_by_name(old, new, message, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(find_case("rusi-2024-03").read_text().replace(old, new))
    with pytest.raises(ConfigError, match=message):
        run_case(str(path), QUICK, tmp_path, Console(quiet=True))


def test_calls_that_the_account_does_not_hold_are_named_with_the_cause(tmp_path):
    """Five cargoes of crude under the refined cap are no case of that cap."""
    path = tmp_path / "mine.yaml"
    path.write_text(find_case("rusi-2024-03").read_text().replace("product: unnamed", "product: crude"))
    crude = {"products": [{"name": "crude", "bbl_per_t": 7.32, "t_per_m3": 0.859, "share": 1.0}]}
    with pytest.raises(ConfigError, match=r"0 of 5 calls are in the account: 5 counted calls .* does not count that"):
        run_case(str(path), {"volume": QUICK["volume"] | crude}, tmp_path, Console(quiet=True))


def test_an_unknown_product_is_refused_and_nothing_written(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(find_case("rusi-2024-03").read_text().replace("product: unnamed", "product: wine"))
    with pytest.raises(InputError, match="wine"):
        run_case(str(path), QUICK, tmp_path / "runs", Console(quiet=True))
    assert not (tmp_path / "runs").exists()


def test_an_unknown_case_is_answered_with_those_that_exist(capwatch):
    code, _, err = capwatch("case", "atlantis")
    assert code == 2
    assert "no such case; there are osc-2024, panel-2023" in err


def test_figures_show_the_digits_of_their_step():
    assert figure_text(0.2499, "share_of_cap", 0.001) == "25.0 %"
    assert figure_text(11627.9, "break_even_bbl_per_call", 0.1) == "11,627.9 bbl"


@pytest.mark.parametrize("setting", ["volume.fil.mean=1", "volume.fill.mean=2", "aoi.id=x"])
def test_the_command_line_is_blamed_for_what_it_set(setting):
    with pytest.raises(ConfigError, match=r"^command line, over .*rusi-2024-03\.yaml: (volume|aoi)"):
        load_over(CaseConfig, find_case("rusi-2024-03"), parse_overrides([setting]))
