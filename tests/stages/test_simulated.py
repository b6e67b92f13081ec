"""No simulated figure is ever called real: the mark goes from whatever file bears it to whatever is made with it."""

from __future__ import annotations

from functools import reduce
from operator import xor

import geopandas
import pandas as pd
import pytest
import shapely

from pipeline.ingest.simulated_mark import is_marked_simulated
from pipeline.table_files import marked, read_table, write_table
from pipeline.tables import DETECTIONS, LIFTINGS
from tests.commands.accounts import SET, liftings_of


def tag_block(content: str) -> str:
    """NMEA 0183's own form: its checksum is the exclusive or of what stands before the star."""
    return f"\\{content}*{reduce(xor, content.encode()):02X}\\"


SENTENCE = "!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A"
TIMED = tag_block("s:A,c:1709770142") + SENTENCE
HEADER = "mmsi,time_utc,lon,lat,sog,length,width,vesseltype,name"
SHIP = "999000001,2024-03-07T{:02}:30:00Z,133.0681,42.7369,0.0,99,16,80,SIM A"
TABLE = "\n".join([HEADER, *(SHIP.format(hour) for hour in range(24))])
CAP, ZONES = "configs/caps/unscr-2397.yaml", "configs/zones/vostochny.geojson"


def with_column(name: str, value: str) -> str:
    """The table with one more column, the same in every row."""
    first, *rows = TABLE.splitlines()
    return "\n".join([f"{first},{name}", *(f"{row},{value}" for row in rows)])


LOGS = {
    "a comment of a log": f"# SIMULATED: no ship sent this\n{TIMED}\n",
    "a comment in its middle": f"{TIMED}\n# SIMULATED: no ship sent this\n",
    "the text of a tag block": f"{tag_block('s:A,c:1709770142,t:SIMULATED')}{SENTENCE}\n",
    "a comment of a table": f"# SIMULATED: no ship sent this\n{TABLE}\n",
    "a column": with_column("Simulated", "true"),
    "a column that says it once": with_column("simulated", "") + "True",
    "a column beside a quote": with_column("simulated", "1").replace("SIM A", '"SIM, A"'),
}
REAL = {
    "a log": f"# not SIMULATED\n{tag_block('s:SIMULATED,c:1709770142')}{SENTENCE}\n",
    "a table": TABLE.replace("SIM A", "SIMULATED"),
    "a column that says no": with_column("simulated", "False"),
}


@pytest.mark.parametrize("text", [*LOGS.values(), *REAL.values()], ids=[*LOGS, *REAL])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_messages_of_a_simulated_file_say_so(capwatch, tmp_path, text, suffix):
    simulated = text in LOGS.values()
    given, real, out = tmp_path / "given.txt", tmp_path / "real.csv", tmp_path / f"out.{suffix}"
    given.write_text(text)
    real.write_text(TABLE.replace("999000001", "273000001"))
    for files in ([given], [real, given]):
        code, _, err = capwatch("ais", *files, "-o", out)
        assert code == 0, err
        assert (f"{given}: SIMULATED: no real ship is in it" in err) is simulated
        assert is_marked_simulated(out) is simulated
        assert len(pd.read_csv(out) if suffix == "csv" else pd.read_parquet(out)) > 0


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_from_messages_to_the_account_each_table_says_it(capwatch, tmp_path, suffix):
    """A day at the oil pier from AIS alone; a feed that says nothing of itself stands beside the simulated one."""
    feed, real = tmp_path / "feed.csv", tmp_path / "real.csv"
    feed.write_text(LOGS["a column"])
    real.write_text(TABLE.replace("999000001", "273000001").replace("42.7369", "42.6"))
    messages, calls, liftings, ledger = (tmp_path / f"{n}.{suffix}" for n in ("ais", "calls", "liftings", "ledger"))
    assert capwatch("ais", feed, "-o", messages)[0] == 0
    for words in (
        ("calls", "--ais", messages, "--ais", real, "--zones", ZONES, "-o", calls),
        ("volume", calls, "-o", liftings),
        ("account", liftings, "--cap", CAP, "--as-of", "2024-12-31", "-o", ledger),
    ):
        code, stdout, err = capwatch(*words)
        assert code == 0, err
        assert is_marked_simulated(words[-1])
    assert stdout
    assert all(line.startswith("SIMULATED: ") for line in stdout.splitlines())


def test_matches_with_simulated_messages_are_simulated(capwatch, tmp_path):
    ships, feed, out = tmp_path / "ships.csv", tmp_path / "feed.csv", tmp_path / "out.csv"
    ships.write_text("det_id,time_utc,lon,lat,length_m\na,2024-03-07T12:00:00Z,133.0681,42.7369,99\n")
    for text, simulated in ((LOGS["a column"], True), (TABLE, False)):
        feed.write_text(text)
        assert capwatch("match", "--detections", ships, "--ais", feed, "-o", out)[0] == 0
        assert is_marked_simulated(out) is simulated


@pytest.mark.parametrize("suffix", ["csv", "parquet", "geojson", "gpkg"])
@pytest.mark.parametrize("simulated", [True, False])
def test_a_mark_is_read_back_in_every_format(tmp_path, suffix, simulated):
    """Before, detections as GeoJSON said in their file that they were simulated, and nothing made of them did."""
    table = geopandas.GeoDataFrame({"detection_id": ["a"]}, geometry=[shapely.Point(133, 42.7)], crs="EPSG:4326")
    write_table(marked(table, simulated), tmp_path / f"d.{suffix}")
    assert is_marked_simulated(tmp_path / f"d.{suffix}") is simulated
    write_table(marked(DETECTIONS.empty(), simulated), tmp_path / "none.parquet")
    assert is_marked_simulated(tmp_path / "none.parquet") is simulated


def test_simulated_looks_speak_of_no_real_account(capwatch, tmp_path):
    calls, liftings, looks = tmp_path / "calls.csv", tmp_path / "liftings.csv", tmp_path / "looks.csv"
    calls.write_text("call_id,arrival,tonnes\na,2024-03-07,3000\n")
    assert capwatch("volume", calls, "-o", liftings)[0] == 0
    looks.write_text("scene_id,simulated\nx,true\n")
    words = ("account", liftings, "--cap", CAP, "--missed", looks, "-o", tmp_path / "ledger.csv")
    code, _, err = capwatch(*words)
    assert code == 2
    assert f"{looks}: is SIMULATED, {liftings} is not marked so" in err


def test_an_account_of_simulated_liftings_says_so(capwatch, tmp_path):
    """Before, liftings of the demo made an account like any other, and a sum with real ones."""
    demo, real, csv, out = (tmp_path / name for name in ("demo.parquet", "real.parquet", "real.csv", "ledger.parquet"))
    write_table(marked(liftings_of("2024-05-01"), True), demo)
    write_table(liftings_of("2024-06-01"), real)
    write_table(liftings_of("2024-06-01"), csv)
    code, stdout, _ = capwatch("account", demo, "--cap", CAP, "-o", out, *SET)
    assert code == 0
    assert stdout
    assert all(line.startswith("SIMULATED: ") for line in stdout.splitlines())
    assert is_marked_simulated(out)
    for other in (real, csv):
        code, _, err = capwatch("account", other, demo, "--cap", CAP, "-o", tmp_path / "both.parquet", *SET)
        assert code == 2
        assert f"demo.parquet: is SIMULATED, {other} is not marked so" in err
        assert not (tmp_path / "both.parquet").exists()
    assert "SIMULATED" not in capwatch("account", real, "--cap", CAP, "-o", out, *SET)[1]
    assert not is_marked_simulated(out)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_two_simulated_tables_make_one_account_in_whatever_format(capwatch, tmp_path, suffix):
    """Before, a CSV made from simulated calls said nothing: it passed for real, and was refused beside the demo."""
    calls, made, out = tmp_path / "calls.csv", tmp_path / f"liftings.{suffix}", tmp_path / f"ledger.{suffix}"
    rows = {"call_id": ["a"], "departure": ["2024-05-01"], "length_m": [99.0], "beam_m": [16.0], "simulated": [True]}
    pd.DataFrame(rows).to_csv(calls, index=False)
    code, _, err = capwatch("volume", calls, "-o", made, *SET)
    assert code == 0
    assert "SIMULATED: no real ship is in it" in err
    assert "not used" not in err
    other = tmp_path / "other.parquet"
    write_table(marked(read_table(made, LIFTINGS).assign(call_id="b"), True), other)
    for paths in ([made], [made, other]):
        code, stdout, _ = capwatch("account", *paths, "--cap", CAP, "-o", out, *SET)
        assert code == 0
        assert all(line.startswith("SIMULATED: ") for line in stdout.splitlines())
        assert is_marked_simulated(out)


def test_a_table_that_says_of_no_row_that_it_is_simulated_is_real(capwatch, tmp_path):
    made, out = tmp_path / "liftings.csv", tmp_path / "ledger.csv"
    write_table(liftings_of("2024-05-01").assign(simulated=False), made)
    code, stdout, _ = capwatch("account", made, "--cap", CAP, "-o", out, *SET)
    assert (code, "SIMULATED" in stdout, is_marked_simulated(out)) == (0, False, False)


def test_liftings_of_simulated_calls_are_simulated(capwatch, tmp_path):
    calls, out = tmp_path / "calls.parquet", tmp_path / "liftings.parquet"
    table = pd.DataFrame({"call_id": ["a"], "arrival": ["2024-05-01"], "length_m": [99.0], "beam_m": [16.0]})
    write_table(marked(table, True), calls)
    code, _, err = capwatch("volume", calls, "-o", out, *SET)
    assert code == 0
    assert "SIMULATED: no real ship is in it" in err
    assert is_marked_simulated(out)
