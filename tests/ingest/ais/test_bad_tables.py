"""Tables whose values are no longer what was sent: told, and none of them taken for a number."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.ingest.ais.messages import read_ais

HEADER = "MMSI,BaseDateTime,LAT,LON,SOG,COG"
ROW = "273000001,2024-03-07T12:00:00,42.75,133.05,0.1,10.0"


def rows(n, row=ROW):
    return [row.replace("12:00:00", f"12:{i:02}:00") for i in range(n)]


def read(tmp_path, *lines, end="\n", encoding="utf-8", **options):
    """The read of a table of these lines, each of which must be in one bucket."""
    path = tmp_path / "ais.csv"
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    found = read_ais([path], **options)
    assert sum(found.balance.values()) == len(lines)
    return found


@pytest.mark.parametrize("mmsi", ["2.73E+08", "9.99e8", "2.73000001E+08"])
def test_an_mmsi_in_scientific_notation_is_no_mmsi(tmp_path, mmsi):
    found = read(tmp_path, HEADER, ROW, ROW.replace("273000001", mmsi))
    assert found.messages["mmsi"].tolist() == [273000001]
    assert found.balance["bad_format"] == 1
    assert "line 3: column MMSI" in found.files[0].cause
    assert "rounded" in found.files[0].cause


def test_an_mmsi_with_a_point_and_a_zero_is_one(tmp_path):
    found = read(tmp_path, HEADER, ROW.replace("273000001", "273000001.0"))
    assert found.messages["mmsi"].tolist() == [273000001]
    assert not found.problems


def test_an_imo_number_in_scientific_notation_is_none(tmp_path):
    found = read(tmp_path, HEADER + ",IMO", ROW + ",IMO9074729", ROW + ",9.07E+06")
    assert found.messages["imo"].tolist() == [9074729]
    assert "rounded" in found.files[0].cause


def test_a_parquet_mmsi_of_24_bits_is_refused(tmp_path):
    table = pd.DataFrame({"mmsi": [273000001.0], "time_utc": ["2024-03-07T12:00:00Z"], "lon": [133.05], "lat": [42.75]})
    for kind, status in ((pa.float32(), "skipped"), (pa.float64(), "used")):
        path = tmp_path / f"{kind}.parquet"
        arrow = pa.Table.from_pandas(table)
        pq.write_table(arrow.set_column(0, "mmsi", arrow["mmsi"].cast(kind)), path)
        assert read_ais([path]).files[0].status == status


@pytest.mark.parametrize("year", ["0024", "1970", "1999", "2099", "2124", "9999"])
@pytest.mark.parametrize("form", ["{}-03-07T12:00:00", "{}-03-07T12:00:00Z", "07/03/{} 12:00:00"])
def test_a_time_at_which_nothing_was_sent_is_none(tmp_path, year, form):
    stated = "13/03/2024 12:00:00" if "/" in form else "2024-03-07T12:00:00" + "Z" * form.endswith("Z")
    lines = [HEADER, *(ROW.replace("2024-03-07T12:00:00", t) for t in (stated, form.format(year)))]
    found = read(tmp_path, *lines)
    assert found.messages["time_utc"].dt.year.tolist() == [2024]
    assert found.balance["bad_format"] == 1
    assert "line 3: column BaseDateTime" in found.files[0].cause


def test_rows_without_a_time_are_told(tmp_path):
    empty = ROW.replace("2024-03-07T12:00:00", "")
    few, many = read(tmp_path, HEADER, *rows(5), empty), read(tmp_path, HEADER, ROW, empty, empty)
    assert "1 of 6 messages have no time" in few.notes[0]
    assert "2 of 3 messages have no time" in many.files[0].cause
    assert many.files[0].status == "degraded"
