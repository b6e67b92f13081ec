"""Caps: those in ``configs/caps``, and mistakes in a cap file, each reported by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import CapConfig, CaseConfig, RunConfig, VolumeConfig, build, load, load_cap, read_yaml
from pipeline.errors import ConfigError
from pipeline.simulation.scenario import Scenario
from tests.config.refusal import refused

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
CAPS = sorted((CONFIGS / "caps").glob("*.yaml"))
UNSCR_2397 = CONFIGS / "caps/unscr-2397.yaml"
CAP = {"id": "c", "title": "C", "barrels": 500_000, "year_starts": "01-01", "source": "s"}


@pytest.mark.parametrize("path", CAPS, ids=lambda p: p.stem)
def test_every_cap_builds_and_its_notices_are_dated_after_their_year_began(path):
    cap = load(CapConfig, path)
    assert cap.id == path.stem
    assert all(n.as_of.year >= n.year for n in cap.notified)
    assert [n.year for n in cap.notified] == sorted({n.year for n in cap.notified})


def test_the_caps_are_those_of_the_resolution():
    assert load(CapConfig, CONFIGS / "caps/unscr-2397.yaml").barrels == 500_000
    assert load(CapConfig, CONFIGS / "caps/unscr-2397-crude.yaml").barrels == 4_000_000


@pytest.mark.parametrize("day", ["02-29", "13-01", "00-10", "1-1", "W05", "01-32", "01-01-01"])
def test_an_account_year_starts_on_a_day_that_every_year_has(day):
    refused(CapConfig, CAP | {"year_starts": day}, r"x\.yaml: year_starts: .* write month and day as 01-01; got ")


@pytest.mark.parametrize("barrels", [0, -1, "many", float("inf")])
def test_a_cap_is_a_positive_number_of_barrels(barrels):
    refused(CapConfig, CAP | {"barrels": barrels}, r"x\.yaml: barrels: ")


@pytest.mark.parametrize("day", ["2024-03", "2024", 2024, 1711843200, "1711843200", "31.03.2024"])
def test_an_official_total_has_the_day_by_which_it_was_known(day):
    notified = {"year": 2024, "barrels": 1.0, "as_of": day, "source": "x"}
    refused(
        CapConfig,
        CAP | {"notified": [notified]},
        r"x\.yaml: notified \(first entry\)\.as_of: write a day as 2024-03-31",
    )


@pytest.mark.parametrize(("named", "meant"), [("gazoil", "gas_oil"), ("diesel", "gas_oil"), ("crude", "")])
def test_a_cap_that_counts_a_product_nobody_knows_is_refused(tmp_path, named, meant):
    """Otherwise it would count nothing: 0 % of the cap, whatever was lifted."""
    text = UNSCR_2397.read_text().replace("excluded_products: [crude]", f"products: [{named}]")
    (tmp_path / "cap.yaml").write_text(text)
    with pytest.raises(ConfigError, match=f"products: {named} is none of the assumptions' products") as told:
        load_cap(tmp_path / "cap.yaml", VolumeConfig())
    assert ("did you mean gas_oil" in str(told.value)) == bool(meant)


def test_a_cap_on_crude_says_which_assumptions_it_wants(tmp_path):
    """Not a list of the known products, none of which is meant."""
    crude = UNSCR_2397.with_name("unscr-2397-crude.yaml")
    with pytest.raises(ConfigError, match=r"volume and account alike --assumptions .*\.yaml$") as told:
        load_cap(crude, VolumeConfig())
    named = Path(str(told.value).rpartition("--assumptions ")[2])
    products = read_yaml(CONFIGS.parent / named)[0]["products"]
    assert load_cap(crude, build(VolumeConfig, {"products": products}, where="x")).products == ("crude",)


@pytest.mark.parametrize("unit", ["tonnes", "bbl"])
def test_a_cap_in_another_unit_is_told_what_it_lacks(tmp_path, unit):
    """ "barrels: is missing" alone leaves open that the tonnes cannot do."""
    (path := tmp_path / "cap.yaml").write_text(
        UNSCR_2397.read_text("utf-8").replace("barrels: 500000", f"{unit}: 60000", 1)
    )
    with pytest.raises(ConfigError, match=rf"the cap is in {unit}, and accounts are in barrels: state it as barrels"):
        load_cap(path, VolumeConfig())


FILES = {  # our own configs, with the kind that their folder says
    "a run file": (RunConfig, CONFIGS / "vostochny.yaml"),
    "a cap": (CapConfig, UNSCR_2397),
    "a case": (CaseConfig, CONFIGS / "cases" / "rusi-2024-03.yaml"),
    "a scenario": (Scenario, CONFIGS / "scenarios" / "tiny.yaml"),
}


@pytest.mark.parametrize("given", FILES)
@pytest.mark.parametrize("wanted", FILES)
def test_a_file_of_another_kind_is_called_what_it_is(wanted, given):
    """Not a list of ten keys that are missing or unknown."""
    model, path = FILES[wanted][0], FILES[given][1]
    if wanted == given:
        assert load(model, path)
        return
    with pytest.raises(ConfigError, match=rf"{path.name}: is {given}; {wanted} is wanted$"):
        load(model, path)


@pytest.mark.parametrize(("named", "meant"), [("gazoil", "gas_oil"), ("Diesel", "gas_oil"), ("crude_oil", "crude")])
def test_a_misspelt_product_that_a_cap_excludes_is_refused(tmp_path, named, meant):
    """Otherwise it would exclude nothing, and the cargo that was meant would count."""
    text = UNSCR_2397.read_text().replace("[crude]", f"[{named}]")
    (tmp_path / "cap.yaml").write_text(text)
    with pytest.raises(ConfigError, match=rf"excluded_products: {named} is none of .*did you mean {meant}\?"):
        load_cap(tmp_path / "cap.yaml", VolumeConfig())


def test_a_cap_may_exclude_what_no_cargo_of_the_assumptions_can_be(tmp_path):
    text = UNSCR_2397.read_text().replace("[crude]", "[crude, bitumen, lng]")
    (tmp_path / "cap.yaml").write_text(text)
    assert load_cap(tmp_path / "cap.yaml", VolumeConfig()).excluded_products == ("crude", "bitumen", "lng")


def test_no_product_is_proposed_that_the_assumptions_do_not_have(tmp_path):
    text = UNSCR_2397.read_text().replace("excluded_products: [crude]", "products: [diesel]")
    (tmp_path / "cap.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"which are crude, unnamed$"):
        load_cap(tmp_path / "cap.yaml", load(VolumeConfig, CONFIGS / "assumptions/crude.yaml"))


def test_a_product_both_counted_and_excluded_is_refused(tmp_path):
    text = UNSCR_2397.read_text().replace("[crude]", "[crude, lpg]\nproducts: [gas_oil, lpg]")
    (tmp_path / "cap.yaml").write_text(text)
    with pytest.raises(ConfigError, match="lpg stands in products and in excluded_products"):
        load(CapConfig, tmp_path / "cap.yaml")


def test_two_sources_of_one_name_are_refused(tmp_path):
    """It would be open which of them a figure comes from."""
    path = tmp_path / "case.yaml"
    path.write_text(FILES["a case"][1].read_text("utf-8").replace("{id: kirby", "{id: ft"), "utf-8")
    with pytest.raises(ConfigError, match="two sources are called 'ft'"):
        load(CaseConfig, path)


def test_of_a_list_with_a_wrong_entry_it_is_not_said_that_it_has_none(tmp_path):
    """Only valid entries are counted, so a list whose one call is wrong must not be called empty."""
    path = tmp_path / "case.yaml"
    path.write_text(FILES["a case"][1].read_text("utf-8").replace("tonnes: 3000", "tonnes: -3"), "utf-8")
    with pytest.raises(ConfigError, match=r"case\.yaml:7: calls \(first entry\)\.tonnes: must be above 0; got -3$"):
        load(CaseConfig, path)
    path.write_text(
        FILES["a case"][1].read_text("utf-8").replace("  - {count: 5, tonnes: 3000, product: unnamed}", "  []")
    )
    with pytest.raises(ConfigError, match=r"case\.yaml:6: calls: must have 1 or more entries; it has 0$"):
        load(CaseConfig, path)
