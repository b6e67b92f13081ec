"""Cases X: what comes from data is shown, never run; configs that make no sense are refused by key and line."""

from __future__ import annotations

import csv
import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from pipeline.config import VolumeConfig, build
from pipeline.errors import ConfigError
from pipeline.table_files import neutral, write_table
from pipeline.volume import ledger as ledger_of
from pipeline.volume import liftings as liftings_of
from tests.cases.desk import Desk

case = pytest.mark.case

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "</script><b>", "{% raw %}")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\x00=1")


class Active(HTMLParser):
    """Everything in a page that could run."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self.links: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note scripts, event handlers and addresses."""
        self._inside = tag == "script"
        for name, value in attributes:
            if name.startswith("on"):
                self.handlers.append(f"{tag} {name}={value}")
            if name in {"src", "href", "data", "action"}:
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        """The end of a script."""
        self._inside = False

    def handle_data(self, data: str) -> None:
        """The text of a script."""
        if self._inside:
            self.scripts.append(data)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """A run whose ship, AIS, zones and place have names that want to be code."""
    desk = Desk(tmp_path_factory.mktemp("hostile") / "desk").furnished()
    name = "".join(HOSTILE)
    desk.ais.write_text(desk.ais.read_text().replace("SIM TANKER 1", '"' + name.replace('"', '""') + '"'))
    zones = desk.root / "zones.geojson"
    told = json.loads(zones.read_text())
    told["features"][0]["properties"]["name"] = name
    zones.write_text(json.dumps(told))
    desk.file.write_text(desk.file.read_text().replace("name: Test pier", f"name: {json.dumps(name)}"))
    return desk.run().folder


@case("X-01")
def test_names_that_want_to_be_code(hostile, saw):
    page = (hostile / "report.html").read_text()
    found = Active()
    found.feed(page)
    assert not [h for h in found.handlers if "alert" in h]
    for script in found.scripts:  # data inside a script is JSON text, and ends no script
        assert "alert(1)</script>" not in script
        assert "<img" not in script
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "49" not in re.findall(r"\{\{7\*7\}\}|>49<", page)
    assert "{{7*7}}" in page
    assert not [a for a in found.links if a.lower().startswith(("javascript:", "vbscript:"))]
    assert "Content-Security-Policy" in page
    for figure in hostile.rglob("*.svg"):
        assert "<script" not in figure.read_text().lower()
    saw("shown as text: &lt;script&gt;alert(1)&lt;/script&gt; …")


@case("X-02")
def test_names_that_want_to_be_formulas(desk, tmp_path, saw):
    for name in FORMULAS:
        assert neutral(name)[0] == "'"
    desk.ais.write_text(desk.ais.read_text().replace("SIM TANKER 1", "=HYPERLINK(1)"))
    outcome = desk.run()
    for path in outcome.folder.rglob("*.csv"):
        with path.open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        wild = [c for c in cells if c.startswith(("=", "@", "\t", "\r")) or re.match(r"[+-](?![\d.])", c)]
        assert wild == [], path
    calls = pd.read_csv(outcome.folder / "calls.csv")
    assert calls["ship"].tolist() == ["'=HYPERLINK(1)"]
    table = pd.DataFrame({"name": list(FORMULAS)})
    write_table(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        assert all(row[0].startswith("'") for row in list(csv.reader(file))[1:])
    saw("'=HYPERLINK(1)")


@case("X-03")
@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system ['touch owned']", "!!python/name:os.system ''"])
def test_python_tags(desk, capwatch, saw, tag):
    desk.file.write_text(desk.file.read_text() + f"seed: {tag}\n")
    done = capwatch(*desk.words)
    assert done.code == 2
    assert done.errors == [done.error("pier.yaml")]
    assert not (desk.root / "owned").exists()
    saw(done.error().replace(str(desk.root), ""))


@case("X-04")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sead: 3", "pier.yaml:11: sead: no such key (did you mean seed?)"),
        ("seed: soon", "pier.yaml:11: seed: "),
        ("detection: {radar: {false_alarm_rate: -1}}", "pier.yaml:11: detection.radar.false_alarm_rate: "),
        ("detection: {radar: {false_alarm_rat: 1e-6}}", "detection.radar.false_alarm_rat: no such key"),
        ("seed: true", "pier.yaml:11: seed: must be a number, not true or false"),
        ("detection: {radar: {false_alarm_rate: true}}", "radar.false_alarm_rate: must be a number, not true or false"),
    ],
    ids=[
        "unknown key",
        "wrong type",
        "negative threshold",
        "unknown inner key",
        "truth",
        "truth for a threshold",
    ],
)
def test_a_config_that_makes_no_sense(desk, capwatch, saw, line, said):
    desk.file.write_text(desk.file.read_text().rstrip() + f"\n{line}\n")
    done = capwatch(*desk.words)
    assert done.code == 2
    assert said in done.error()
    assert not desk.runs.exists()
    saw(done.error().replace(str(desk.root), ""))


@case("X-05")
def test_an_alias_bomb(desk, capwatch, saw):
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
    desk.file.write_text(bomb + desk.file.read_text())
    start = time.process_time()
    done = capwatch(*desk.words)
    assert time.process_time() - start < 5
    assert done.code == 2
    assert "YAML aliases are not supported here" in done.error()
    saw(done.error().replace(str(desk.root), ""))


@case("X-06")
@pytest.mark.parametrize("factor", [".nan", ".inf", "0", "-7.46"])
def test_a_factor_that_is_none(desk, capwatch, saw, factor):
    desk.file.write_text(
        desk.file.read_text().replace(
            "volume: {draws: 1000}",
            f"volume: {{products: [{{name: gas oil, share: 1.0, bbl_per_t: {factor}, t_per_m3: 0.84}}]}}",
        )
    )
    done = capwatch(*desk.words)
    assert done.code == 2
    assert "bbl_per_t" in done.error()
    saw(done.error().replace(str(desk.root), ""))


@case("X-07")
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("volume.products=[{name: gas oil, share: 1.0, t_per_bbl: 7.46, t_per_m3: 0.84}]", "t_per_bbl: no such key"),
        ("calls.stopped_kt=0.2", "calls.stopped_kt: no such key"),
        ("volume.products=[{name: gas oil, share: 1.0, bbl_per_t: 0.134, t_per_m3: 0.84}]", "bbl_per_t"),
    ],
    ids=["t per bbl", "kt", "a factor upside down"],
)
def test_units_by_another_name(desk, capwatch, saw, setting, said):
    """Every field's unit ends its name, so that a value in another unit has no field; factors have sane ranges."""
    done = capwatch(*desk.words, "--set", setting)
    assert done.code == 2
    assert said in done.error()
    saw(done.error().replace(str(desk.root), ""))


def strictly(path: Path) -> object:
    """JSON without NaN or Infinity."""
    return json.loads(path.read_text(), parse_constant=lambda word: pytest.fail(f"{path} holds {word}"))


@case("X-08")
def test_json_is_json(hostile):
    found = [p for p in hostile.rglob("*") if p.suffix in {".json", ".geojson"}]
    assert len(found) >= 4
    for path in found:
        strictly(path)
    for line in (hostile / "log.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=lambda word: pytest.fail(word))


@case("X-09")
def test_a_period_in_which_nothing_was_seen(desk, capwatch, saw):
    """Images of another month and no AIS: no answer, and certainly not zero."""
    desk.ais.unlink()
    text = desk.file.read_text().replace(f"[{desk.ais}]", "[]")
    desk.file.write_text(text.replace("2024-03-06", "2024-05-06").replace("2024-03-10", "2024-05-10"))
    done = capwatch(*desk.words)
    assert done.code == 4
    assert "so nothing is known" in done.errors[-1]
    assert "0 barrels" not in done.out
    assert not list(desk.runs.rglob("report.html"))
    saw(done.errors[-1])


@case("X-09")
def test_a_period_with_images_of_nothing(desk, saw):
    import numpy as np

    from tests.cases.desk import SHAPE, radar

    desk.ais.unlink()
    desk.file.write_text(desk.file.read_text().replace(f"[{desk.ais}]", "[]"))
    for image in desk.images.glob("*.tif"):
        radar(image, np.full(SHAPE, np.nan, np.float32), sidecar=True)
    outcome = desk.run()
    page = (outcome.folder / "report.html").read_text()
    assert "No usable look" in page
    assert "unknown" in page
    saw("No usable look at any counted berth …: what was lifted there is unknown.")


CALLS = "call_id,arrival,departure,tonnes\nx,2023-12-31T23:00:00Z,2024-01-02T00:00:00Z,3000\n"


@case("X-10")
@pytest.mark.parametrize("spelling", ["Z", "+10:00"])
def test_a_call_over_new_year(desk, spelling, saw):
    """The cap counts on departure: in 2024, whichever zone the times were written in."""
    times = ["2023-12-31T23:00:00Z", "2024-01-02T00:00:00Z"]
    if spelling != "Z":
        times = [pd.Timestamp(t).tz_convert("Asia/Vladivostok").isoformat() for t in times]
    calls = pd.DataFrame({"call_id": ["x"], "arrival": times[:1], "departure": times[1:], "tonnes": [3000.0]})
    config = VolumeConfig(draws=200)
    cap = desk.cap()
    assert cap.counts_on == "departure"
    liftings = liftings_of(calls, config, 0)
    years = {}
    for rule in ("departure", "arrival"):
        table = ledger_of(liftings, cap.model_copy(update={"counts_on": rule}), config, 0, as_of=None, looks=None)
        years[rule] = str(table["account_year"].iloc[-1])
    assert years == {"departure": "2024", "arrival": "2023"}
    saw("counted on departure: 2024; a cap that counts on arrival: 2023")


@case("X-06")
def test_factors_within_a_section_alone():
    with pytest.raises(ConfigError, match="bbl_per_t"):
        build(VolumeConfig, {"products": [{"name": "x", "share": 1, "bbl_per_t": 0, "t_per_m3": 0.8}]}, where="t")
