"""Real images and real AIS, the whole way to a report. Skipped where the labelled data is not beside the project."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from pipeline.console import Console
from pipeline.run import run
from pipeline.table_files import read_table
from pipeline.workspace import configs_root, load_run_config
from tests.builders import REAL_DATA, needs_real_data

pytestmark = needs_real_data


def ran(name, tmp_path, images, ais=()):
    root = configs_root()
    asked = {
        "source": {"kind": "files", "images": [str(p) for p in images], "ais": [str(p) for p in ais]},
        "volume": {"draws": 400},
        "engine": {"kind": "serial"},
    }
    outcome = run(load_run_config(root / f"{name}.yaml", asked), root, tmp_path, Console(quiet=True))
    tables = {n: read_table(outcome.folder / f"{n}.parquet") for n in ("scenes", "port_calls", "liftings", "ledger")}
    return outcome, tables


def test_genoa_from_a_real_sentinel_2_image(tmp_path):
    """A labelled ship lies at Multedo's oil port; one sighting is one call, and the report says what is not known."""
    outcome, tables = ran("genoa", tmp_path, [REAL_DATA / "s2_ports" / "genoa_20230710.tif"])
    assert outcome.exit_code == 3  # the file gives the day only: said once, counted as degraded
    assert outcome.lines[1] in (configs_root().parent / "docs" / "commands.md").read_text("utf-8").splitlines()
    assert not tables["scenes"]["simulated"].any()
    calls = tables["port_calls"].set_index("call_id")
    counted = calls[calls["counts"]]
    assert len(counted) >= 1
    assert set(counted["evidence_class"]) == {"D"}
    assert all({"single_sighting", "no_ais"} <= set(f) for f in counted["flags"])
    labels = pd.read_csv(REAL_DATA / "s2_ports" / "labels.csv")
    oil = labels[
        (labels["file"] == "genoa_20230710.tif") & labels["cx"].between(845, 865) & labels["cy"].between(170, 210)
    ]
    assert len(oil) == 1
    length_m = oil["length_m_est"].iloc[0] - 15  # labels are drawn loose, about 15 m too long
    longest = counted.sort_values("length_m").iloc[-1]
    assert longest["length_lo_m"] - 5 <= length_m <= longest["length_hi_m"] + 5
    assert longest["length_m"] == pytest.approx(length_m, rel=0.25)
    page = (outcome.folder / "report.html").read_text()
    assert "SIMULATED" not in re.sub(
        r"<script.*?</script>", "", page, flags=re.DOTALL
    )  # the chart's code knows the word
    assert "no AIS to compare with" in page
    caveat = "The account against the cap is an exercise"
    assert outcome.lines[2].startswith(caveat)
    assert f'<p class="answer"><strong>{caveat}' in page


def test_a_sentinel_1_composite_with_its_ais(tmp_path):
    """Two real tankers among sixteen ships: an oil products tanker of 96 m and an LPG tanker of 100 m."""
    folder = REAL_DATA / "s1_composites"
    _, tables = ran(
        "composite-20160131", tmp_path, [folder / "20160131T101646_grd.tif"], [folder / "20160131T101646_ais.csv"]
    )
    ships = pd.read_csv(folder / "20160131T101646_ships.csv")
    truth = ships[ships["tanker"].astype(str) == "True"].set_index("mmsi")
    calls = tables["port_calls"]
    counted = calls[calls["counts"]]
    assert set(counted["mmsi"].astype("int64")) == set(truth.index)
    liftings = tables["liftings"].set_index("call_id")
    product = counted[counted["mmsi"] == truth.index[truth["type"] == "Oil Products Tanker"][0]].iloc[0]
    lifting = liftings.loc[product["call_id"]]
    assert lifting["dwt_p5_t"] < truth["dwt"].loc[product["mmsi"]] < lifting["dwt_p95_t"]
    assert tables["ledger"].iloc[-1]["calls"] == 2
