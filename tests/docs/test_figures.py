"""Figures of the volume that the pages state, against the code: what drifts is named by page and row.

Draws differ a little between versions, so estimates are held to 2 %; what is fixed is held as printed.
"""

from __future__ import annotations

import io
import re

import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig, load
from pipeline.ships.hull_depth import DEPTH_BY_LENGTH_LOG_SD
from pipeline.ships.retyping import RETYPED, TYPED_STEP_M
from pipeline.ships.sides import MOST_IDLE, N_POINTS, P_OTHERWISE
from pipeline.ships.signs_of_cargo import P_MISMEASURED, P_SAYS_THE_OPPOSITE
from pipeline.tables.call_columns import CALLS_READ
from pipeline.volume import ledger, liftings
from pipeline.volume.hull_form import (
    BLOCK_AT_100_M,
    BLOCK_PER_LOG_LENGTH,
    BLOCK_SD,
    LIGHTSHIP_AT_100_M,
    LIGHTSHIP_LOG_SD,
    LIGHTSHIP_PER_DEADWEIGHT,
    LIGHTSHIP_POWER,
    MOST_UNUSUAL,
)
from pipeline.volume.montecarlo import PART_CARGO
from pipeline.volume.plausible import NEXT_TO_NOTHING, OVERFULL, SMALLEST
from pipeline.volume.possible_voyages import BALLAST_SHARE
from pipeline.volume.typed_draughts import GARBLED_RANGE_M
from tests.docs.desk import AS_IN_COMMANDS_MD, ROOT

CONFIG = VolumeConfig()


def page(name: str) -> str:
    """A page with its line breaks as blanks, so that a sentence is found wherever it is broken."""
    return " ".join((ROOT / "docs" / name).read_text("utf-8").split())


def numbers(text: str) -> list[float]:
    """The numbers in a piece of text."""
    return [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def test_the_example_of_commands_gives_what_is_printed():
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert AS_IN_COMMANDS_MD in text
    table = liftings(pd.read_csv(io.StringIO(AS_IN_COMMANDS_MD)), CONFIG, 0).set_index("call_id")
    printed = re.findall(r"^\| ([abc]) \| ([\d,]+ / [\d,]+ / [\d,]+) \| (\S+; \S+) \|$", text, re.MULTILINE)
    assert [row[0] for row in printed] == ["a", "b", "c"]
    for call, barrels, method in printed:
        told = table.loc[call]
        assert numbers(barrels) == pytest.approx([told[f"barrels_p{p}"] for p in (5, 50, 95)], rel=0.02), call
        assert method == told["method"]


def test_the_estimate_for_the_first_published_case():
    told = re.search(r"estimate for `us-2018-05` is ([\d./ ]+) million bbl", page("cases.md"))
    calls = pd.DataFrame(
        {"call_id": [f"c{n}" for n in range(89)], "arrival": "2018-03-01", "capacity_bbl": 17074.0112359}
    )
    cap = load(CapConfig, ROOT / "configs" / "caps" / "unscr-2397.yaml")
    last = ledger(liftings(calls, CONFIG, 0), cap, CONFIG, 0).iloc[-1]
    found = [last[f"observed_p{p}"] / 1e6 for p in (5, 50, 95)]
    assert numbers(told[1] if told else "") == pytest.approx(found, rel=0.02)
    unnamed = ledger(liftings(calls.assign(product="unnamed"), CONFIG, 0), cap, CONFIG, 0).iloc[-1]
    told = re.search(r"case us-2018-05` says ([\d./ ]+): it treats", page("cases.md"))
    found = [unnamed[f"observed_p{p}"] / 1e6 for p in (5, 50, 95)]
    assert numbers(told[1] if told else "") == pytest.approx(found, rel=0.02)


def test_the_priors_mean_fill_is_the_codes():
    """As the page works it out, and as liftings of many ships of one known size and product come out."""
    text, fill = page("volume.md"), CONFIG.fill
    said = re.findall(r"`fill.mean` ([\d.]+) and `fill.concentration` ([\d.]+)", text)
    assert said == [(f"{fill.mean:g}", f"{fill.concentration:g}")]
    told = re.search(
        r"`fill.part_cargo_share` ([\d.]+)\).*? is (0\.9) × ([\d.]+) \+ (0\.1) × ([\d.]+) = ([\d.]+)\.", text
    )
    share, whole, full, part, middle, both = map(float, told.groups())
    assert (share, whole, full, part) == (fill.part_cargo_share, 1 - share, fill.mean, share)
    assert middle == sum(PART_CARGO) / 2
    assert both == pytest.approx(whole * full + part * middle, abs=5e-4)
    ships = pd.DataFrame({"call_id": [f"c{n}" for n in range(40)], "dwt_t": 3500.0, "product": "gas_oil"})
    table = liftings(ships, CONFIG, 0)
    assert (table["barrels_mean"] / table["barrels_at_100"]).mean() == pytest.approx(both, rel=0.02)


def test_the_columns_of_volume_are_told_in_the_page_and_in_the_help(capwatch):
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    told = text[text.index("Known columns:") : text.index("Products: `gas_oil`")]
    assert set(re.findall(r"`([a-z_]+)`", told)) == set(CALLS_READ)
    _, out, _ = capwatch("volume", "--help")
    listed = out[out.index("Known columns:") : out.index("Arguments:")].removeprefix("Known columns:")
    assert set(re.findall(r"[a-z_]+", listed)) == set(CALLS_READ)


def test_the_products_of_the_page_are_those_of_the_config():
    """With barrels per tonne of deadweight worked out from the page's own rule."""
    rows = re.findall(
        r"^\| ([a-zA-Z ]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) % \| ([\d.]+) \| (weight|tanks) \|$",
        (ROOT / "docs" / "volume.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert [row[0].lower().replace(" ", "_") for row in rows] == [p.name for p in CONFIG.products]
    for product, (_, factor, density, share, full, binds) in zip(CONFIG.products, rows, strict=True):
        assert (float(factor), float(density)) == (product.bbl_per_t, product.t_per_m3)
        assert float(share) / 100 == product.share
        weight, tanks = 0.95, 1.15 * 0.98 * product.t_per_m3
        assert float(full) == pytest.approx(min(weight, tanks) * product.bbl_per_t, abs=0.006)
        assert binds == ("weight" if weight < tanks else "tanks")


def test_what_the_pages_say_of_draughts_and_units():
    volume, method = page("volume.md"), page("method.md")
    assert (
        f"{RETYPED:g} p(in | before) p(out | after) + {1 - RETYPED:g} q(in) N(out − in; 0, {TYPED_STEP_M / 2:g} m)"
        in volume
    )
    assert f"Cb_d = {BLOCK_AT_100_M:g} + {BLOCK_PER_LOG_LENGTH:g} x ± {BLOCK_SD:g}" in volume
    law = f"{LIGHTSHIP_AT_100_M:g} exp({LIGHTSHIP_POWER:g} x - {-LIGHTSHIP_PER_DEADWEIGHT:g} u ± {LIGHTSHIP_LOG_SD:g})"
    assert f"lightship / deadweight = {law.replace('-', '−')}" in volume
    assert f"at most {MOST_UNUSUAL:g} either way" in volume
    assert "({:.0f} ± {:.0f} % of deadweight)".format(*(100 * share for share in BALLAST_SHARE)) in volume
    assert f"flat over {GARBLED_RANGE_M:g} m: two standard deviations are the {TYPED_STEP_M:g} m" in volume
    assert f"gross tonnage under {SMALLEST:g}" in volume
    assert f"above {OVERFULL:g} times" in volume
    assert f"Below {NEXT_TO_NOTHING:.0%}".replace("%", " %") in volume
    assert f"points the wrong way in {P_SAYS_THE_OPPOSITE:g} of calls" in method
    assert f"Of freeboards, {P_MISMEASURED:g} are assumed to be wrong" in method
    assert f"of cargoes {P_OTHERWISE:g} to follow none" in method
    assert f"do not load, at most {MOST_IDLE:g} are" in method
    assert f"{N_POINTS:,} evenly spread ships: depth by length (± {100 * DEPTH_BY_LENGTH_LOG_SD:g} %" in method
