"""Tables as spreadsheets of any country save them: read correctly or refused, never misread."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.first_bytes import not_text_table_cause
from pipeline.ingest.ais.messages import read_ais
from pipeline.table_files import read_table
from pipeline.tables import LIFTINGS

BOM = b"\xef\xbb\xbf"
WANTED = {"call_id": ["007", "b"], "arrival": ["2024-03-07", "2024-03-09"], "tonnes": [3000.5, 2500.25]}


def table(tmp_path, content: str | bytes):
    path = tmp_path / "calls.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "call_id,arrival,tonnes\n007,2024-03-07,3000.5\nb,2024-03-09,2500.25\n",
        "call_id;arrival;tonnes\n007;2024-03-07;3000,5\nb;2024-03-09;2500,25\n",
        "call_id;arrival;tonnes\n007;2024-03-07;3000.5\nb;2024-03-09;2500.25\n",
        "call_id\tarrival\ttonnes\n007\t2024-03-07\t3000,5\nb\t2024-03-09\t2500,25\n",
        "sep=;\ncall_id;arrival;tonnes\n007;2024-03-07;3000,5\nb;2024-03-09;2500,25\n",
        "call_id, arrival ,tonnes,,\n\n007,2024-03-07,3000.5,,\nb,2024-03-09,2500.25,\n",
    ],
    ids=["comma", "semicolon, comma", "semicolon, point", "tab", "sep line", "blanks and empty cells"],
)
@pytest.mark.parametrize("mark", [b"", BOM], ids=["", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["", "CRLF"])
def test_a_spreadsheets_table_is_read_however_it_was_saved(tmp_path, text, mark, end):
    found = read_table(table(tmp_path, mark + text.replace("\n", end).encode()))
    assert found.to_dict("list") == WANTED


@pytest.mark.parametrize("wider", [0, 1, 2], ids=["first row", "second", "last"])
@pytest.mark.parametrize("mark", [",", ";"], ids=["commas", "semicolons"])
def test_empty_cells_beyond_the_header_may_stand_in_any_row(tmp_path, wider, mark):
    """Spreadsheets write them where somebody touched a cell, often not in the first row."""
    rows = [["007", "2024-03-07", "3000.5"], ["b", "2024-03-09", "2500.25"], ["c", "2024-03-11"]]
    rows[wider] += ["", " ", ""][: 2 + wider]
    lines = ["call_id,arrival,tonnes".replace(",", mark), *map(mark.join, rows)]
    found = read_table(table(tmp_path, "\n".join(lines) + "\n"))
    assert list(found.columns) == list(WANTED)
    assert found[:2].to_dict("list") == WANTED
    assert (found["call_id"][2], found["arrival"][2], np.isnan(found["tonnes"][2])) == ("c", "2024-03-11", True)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("call_id;tonnes\na;3.000\n", "line 2, column tonnes: the number 3.000 may be 3 or 3000"),
        ("call_id;tonnes\na;3,000\n", "3,000 may be 3 or 3000"),
        ("call_id;tonnes\na;4.850\n", "4.850 may be 4.85 or 4850; write 4850 or 4.8500"),
        (
            "call_id;tonnes;dwt_t\na;;\nb;3000,5;5000.5\n",
            r"decimal points and commas \(5000.5 in line 3, column dwt_t and 3000,5 in line 3, column tonnes\)",
        ),
        ("call_id;tonnes;dwt_t\na;3000,5;5.000\n", "decimal points and commas"),
        ("call_id;DWT (t)\na;5000\n;\n\nb;3.000,5\n", r"line 5, column DWT \(t\): the number 3.000,5 has thousands"),
        ("call_id;tonnes\na;1.234.567\n", "thousands separators"),
        ("call_id,tonnes\na,3000,5\n", "line 2 has 3 cells, its header 2"),
        ("call_id;arrival,tonnes\na;b,c\n", "commas and semicolons"),
        ("call_id,tonnes,tonnes\na,3,4\n", "column tonnes appears twice"),
        ("call_id,tonnes\na,3\nb", "its last line is cut off"),
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("call_id\ttonnes\na\t3\n".encode("utf-16"), "is UTF-16 text"),
        ("call_id\ttonnes\na\t3\n".encode("utf-16-le"), "is UTF-16 text"),
        ("call_id\ttonnes\na\t3\n".encode("utf-32"), "is UTF-32 text"),
        ("call_id,name\na,Škoda\n".encode("cp1250"), "is not UTF-8 text"),
        (bytes(2000), "holds nothing but zeros"),
        (gzip.compress(b"call_id,tonnes\na,3\n" * 99, mtime=0)[:-20], "cannot be unpacked: its gzip data are cut off"),
        (
            gzip.compress(gzip.compress(b"call_id,tonnes\n", mtime=0), mtime=0),
            "is packed by gzip: unpack it, not a table",
        ),
    ],
    ids=lambda v: str(v)[:30],
)
def test_what_could_be_read_in_two_ways_is_refused(tmp_path, content, cause):
    path = table(tmp_path, content)
    with pytest.raises(InputError, match=cause) as caught:
        read_table(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("name", ["calls.tsv", "CALLS.TXT", "calls.tab"])
def test_a_table_of_text_may_be_named_as_spreadsheets_name_those_of_tabs(tmp_path, name):
    path = tmp_path / name
    path.write_text("call_id\tarrival\ttonnes\n007\t2024-03-07\t3000,5\nb\t2024-03-09\t2500,25\n")
    assert read_table(path).to_dict("list") == WANTED


@pytest.mark.parametrize("name", ["calls.csv.gz", "CALLS.CSV.GZ", "calls.csv"])
def test_a_gzipped_table_is_the_table_that_was_packed(tmp_path, name):
    """Recognised by its bytes, as for AIS: some browsers unpack downloads and keep the name, others shorten it."""
    text = "call_id;arrival;tonnes\n007;2024-03-07;3000,5\nb;2024-03-09;2500,25\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()))
    assert read_table(path).to_dict("list") == WANTED
    path.write_bytes(gzip.compress(text.encode() + b"c;"))
    with pytest.raises(InputError, match="its last line is cut off"):
        read_table(path)


@pytest.mark.parametrize(
    ("begins", "kind"),
    [
        (b"%PDF-1.7\n", "a PDF"), (b"\x89PNG\r\n\x1a\n", "a PNG picture"), (b"II*\x00", "a TIFF image"),
        (b"\xd0\xcf\x11\xe0", "an old Excel"), (b"PK\x03\x04 [Content_Types].xml", "an Excel workbook"),
        (b"PAR1", "a Parquet table"), (b"SQLite format 3\x00", "a GeoPackage"), (b"<!DOCTYPE html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"), (b"", "binary data"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_told_to_be_what_it_is(tmp_path, begins, kind):
    """For calls and AIS alike; not in the words of a parser that met an unexpected byte."""
    path = table(tmp_path, begins + np.random.default_rng(0).bytes(5000))
    with pytest.raises(InputError, match=f"is {kind}.*, not a table of text"):
        read_table(path)
    if not begins.startswith((b"PK", b"PAR1")):  # AIS may be in archives and Parquet
        assert f"is {kind}" in read_ais([path]).files[0].cause


@pytest.mark.parametrize("header", ["bm_id,tonnes", "cdf,tonnes", "riff,tonnes", "id,\x02tonnes in all of the holds"])
def test_a_table_whose_first_letters_begin_other_files_too_is_one(header):
    assert not_text_table_cause(header.encode()) == ""


def test_zeros_behind_a_table_are_a_copy_that_broke_off(tmp_path):
    with pytest.raises(InputError, match="its last line is cut off"):
        read_table(table(tmp_path, b"call_id,tonnes\na,3\n" + bytes(500)))


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_columns_between_other_marks_read_as_between_commas(tmp_path, mark):
    """For example between pipes, as databases write them; not as one unknown column."""
    text = 'call_id,tonnes,name\na,3000,"SIM; ONE"\nb,4500.5,\n'
    plain = read_table(table(tmp_path, text))
    found = read_table(table(tmp_path, text.replace(",", mark).replace(".", ",")))
    pd.testing.assert_frame_equal(found, plain)


@pytest.mark.parametrize(
    ("written", "tonnes"),
    [("-0,75", -0.75), ("+12,5", 12.5), ("3,5e3", 3500.0), ("1,25E-2", 0.0125), (" 7,5 ", 7.5), ("0,125", 0.125)],
)
def test_a_number_with_a_decimal_comma_is_the_one_with_a_point(tmp_path, written, tonnes):
    found = read_table(table(tmp_path, f"call_id;tonnes\na;{written}\nb;12\nc;\n"))["tonnes"]
    assert found[:2].tolist() == [tonnes, 12.0]
    assert np.isnan(found[2])


def test_between_commas_three_digits_behind_a_point_are_decimals(tmp_path):
    """There a comma that groups thousands or marks decimals would be a separator."""
    found = read_table(table(tmp_path, "call_id,tonnes,dwt_t\na,3.125,4850.000\nb,12.500,\n"))
    assert found["tonnes"].tolist() == [3.125, 12.5]
    assert found["dwt_t"][0] == 4850.0


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["", "CRLF"])
@pytest.mark.parametrize("mark", [",", ";"])
def test_a_name_may_have_two_lines(tmp_path, mark, end):
    """Spreadsheets break long names in two, in quotes (RFC 4180); rows must not seem longer than the header."""
    text = f'call_id{mark}"Length{end}(m, or so)"{mark}"DWT{end}(t)"{end}a{mark}98{mark}3500{end}'
    found = read_table(table(tmp_path, text))
    assert [" ".join(name.split()) for name in found.columns] == ["call_id", "Length (m, or so)", "DWT (t)"]
    assert found.to_numpy().tolist() == [["a", 98, 3500]]


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("Liftings at Vostochny, 2024,,\n", 2),
        ("Liftings 2024\n", 2),
        ("Liftings 2024\n\nby A. Analyst,,,\n,,,\n", 5),
        (",Stay,,Hull\n", 2),
        ("Tonnes,,\n", 2),
    ],
    ids=["filled up", "alone", "more lines", "two levels", "a word that names a column"],
)
@pytest.mark.parametrize("names", ["call_id,arrival,length_m", "Vessel,Date,DWT (t)"], ids=["ours", "others'"])
@pytest.mark.parametrize("mark", [",", ";"])
def test_a_title_above_the_header_is_told_with_the_headers_line(tmp_path, above, line, names, mark):
    """Not a message about unknown columns "Liftings" and "Unnamed: 1", or about decimal points."""
    written = table(tmp_path, f"{above}{names}\na,2024-03-07,98\n".replace(",", mark))
    cause = f"its header seems to be in line {line}; remove the lines above it"
    with pytest.raises(InputError, match=cause):
        read_table(written)
    with pytest.raises(InputError, match=cause):
        read_table(written, LIFTINGS)


def test_a_quote_that_a_header_does_not_close_takes_no_row(tmp_path):
    found = read_table(table(tmp_path, 'call_id,draught 3",tonnes\na,1,3000.5\nb,2,"2500.25"\n'))
    assert found["tonnes"].tolist() == WANTED["tonnes"]


def test_a_cell_that_is_no_number_costs_the_others_nothing(tmp_path):
    """With one "unknown" in a column with decimal commas, only its own row is refused by the reader."""
    found = read_table(table(tmp_path, "call_id;tonnes\na;3000,5\nb;unknown\nc;\n"))
    assert found["tonnes"].tolist()[:2] == ["3000.5", "unknown"]
    assert found["tonnes"].isna().tolist() == [False, False, True]


def test_times_and_ids_are_no_numbers_however_many_points_they_hold(tmp_path):
    text = "call_id;arrival;tonnes\n1.000;07.03.2024;3000,5\n"
    assert read_table(table(tmp_path, text)).iloc[0].tolist() == ["1.000", "07.03.2024", 3000.5]
