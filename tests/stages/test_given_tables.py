"""Tables that people bring to `capwatch volume` and `account`: what is left out is told, by exit code 3 too."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from pipeline.console import Console
from pipeline.errors import InputError
from pipeline.stages.given_tables import read_calls
from pipeline.tables import PORT_CALLS
from pipeline.tables.given import CALLS_READ


def told(tmp_path, header, row="1"):
    """What is said of a table with this header."""
    path = tmp_path / "calls.csv"
    path.write_text(f"{header}\n{','.join(row for _ in header.split(','))}\n")
    console = Console(quiet=True)
    table = read_calls(path, console)
    return table, [line.removeprefix(f"error: {tmp_path}/") for line in console.problems]


@pytest.mark.parametrize(
    ("column", "ours"),
    [
        ("DWT", "dwt_t"), ("deadweight", "dwt_t"), ("dwt (mt)", "dwt_t"), ("length", "length_m"), ("LOA", "length_m"),
        ("lenght_m", "length_m"), ("beam", "beam_m"), ("breadth_m", "beam_m"), ("cargo_mt", "tonnes"),
        ("tons", "tonnes"), ("bbl", "barrels"), ("estimated_barrels", "barrels"), ("quantity", "tonnes or barrels"),
        ("draft", "draught_in_m or draught_out_m"), ("draft_in", "draught_in_m"), ("arrival draught", "draught_in_m"),
        ("draught_departure_m", "draught_out_m"), ("grt", "gt"), ("date", "arrival"), ("ETA", "arrival"),
        ("departed", "departure"), ("cargo type", "product"), ("ship", "name"), ("counted", "counts"),
    ],
)  # fmt: skip
def test_a_column_that_may_be_one_of_ours_is_named_with_ours(tmp_path, column, ours):
    _, lines = told(tmp_path, f"call_id,{column}")
    assert lines == [f"calls.csv: column {column} was left out: if it is {ours}, name it so (the rest is used)"]


@pytest.mark.parametrize(
    ("column", "ours"),
    [
        ("Länge_m", "length_m"), ("Laenge", "length_m"), ("Breite", "beam_m"), ("Tragfähigkeit", "dwt_t"),
        ("Schiffsname", "name"), ("Ankunftsdatum", "arrival"), ("longueur", "length_m"), ("largeur (m)", "beam_m"),
        ("port en lourd", "dwt_t"), ("date départ", "departure"), ("eslora", "length_m"), ("manga", "beam_m"),
        ("peso muerto", "dwt_t"), ("fecha de salida", "departure"), ("длина", "length_m"), ("Ширина (м)", "beam_m"),
        ("Дата отхода", "departure"), ("дата", "arrival"), ("дедвейт", "dwt_t"), ("길이", "length_m"),
        ("선폭", "beam_m"), ("입항일", "arrival"), ("全長（ｍ）", "length_m"), ("載貨重量トン数", "dwt_t"),
        ("船长(米)", "length_m"), ("船宽", "beam_m"), ("离港时间", "departure"),
        ("осадка", "draught_in_m or draught_out_m"),
    ],
)  # fmt: skip
def test_words_of_other_languages_are_told_as_english_ones_are(tmp_path, column, ours):
    _, lines = told(tmp_path, f"call_id,{column}")
    assert lines == [f"calls.csv: column {column} was left out: if it is {ours}, name it so (the rest is used)"]


@pytest.mark.parametrize(("rows", "code"), [("A,98,x", 3), ('A,"1 250 t",x', 3), ("A,,98 times", 0), ("A,,2024", 3)])
def test_numbers_that_nobody_read_are_loud_where_no_size_was(capwatch, tmp_path, rows, code):
    """A size under a header of a language not known here: each call had the usual ship's barrels without a word."""
    (tmp_path / "calls.csv").write_text(f"arrival,name,pituus,huomautus\n2024-03-07,{rows}\n")
    done, _, err = capwatch("volume", tmp_path / "calls.csv", "-o", tmp_path / "o.csv")
    assert done == code
    assert ("no size of a ship was read, nor any number of" in err) == (code == 3)
    assert "name sizes length_m, beam_m or dwt_t (every ship taken for the usual one)" in err or code == 0


@pytest.mark.parametrize("column", ["length_m", "tonnes"])
def test_numbers_that_nobody_read_are_a_note_where_a_size_or_a_cargo_was(capwatch, tmp_path, column):
    cells = {"length_m": ("98", ""), "tonnes": ("3000", "2000")}[column]
    rows = "".join(f"2024-03-{n},{cell},{n}\n" for n, cell in enumerate(cells, 11))
    (tmp_path / "calls.csv").write_text(f"arrival,{column},siirto\n{rows}")
    code, _, err = capwatch("volume", tmp_path / "calls.csv", "-o", tmp_path / "o.csv")
    assert (code, err) == (0, f"{tmp_path}/calls.csv: columns not used: siirto\n")


OPERATIONS = (
    "call_id,arrival,tonnes,Operation\n"
    "a,2024-03-07,3000,loading\nb,2024-03-08,3000,Discharge\nc,2024-03-09,3000,Bunkering\nd,2024-03-10,3000,\n"
)


@pytest.mark.parametrize("name", ["Operation", "Activity", "movement", "Cargo operation"])
def test_what_a_ship_did_in_words_sets_its_direction(capwatch, tmp_path, name):
    """Truth: the same table with the probabilities that its words stand for, and what takes no part."""
    (tmp_path / "words.csv").write_text(OPERATIONS.replace("Operation", name))
    shares = (
        "a,2024-03-07,3000,1,0,,\nb,2024-03-08,3000,0,1,no,other_direction\n"
        "c,2024-03-09,3000,0,0,no,other_direction\nd,2024-03-10,3000,,,,\n"
    )
    (tmp_path / "shares.csv").write_text("call_id,arrival,tonnes,p_loading,p_discharging,counts,flags\n" + shares)
    for stem in ("words", "shares"):
        assert capwatch("volume", tmp_path / f"{stem}.csv", "-o", tmp_path / f"{stem}.out.csv")[0] == 0
    assert (tmp_path / "words.out.csv").read_bytes() == (tmp_path / "shares.out.csv").read_bytes()
    found = pd.read_csv(tmp_path / "words.out.csv")
    assert found["p_lifting"].tolist() == [1, 0, 0, 1]
    assert found["status"].tolist() == ["used", "not_counted", "not_counted", "used"]
    assert found["cause"].dropna().unique().tolist() == ["no cargo that counts was moved"]
    assert capwatch("volume", tmp_path / "words.csv", "-o", tmp_path / "o.csv", "--set", "counted=discharging")[0] == 0
    assert pd.read_csv(tmp_path / "o.csv")["counts"].tolist() == [False, True, False, True]


def test_what_a_table_states_as_a_probability_stands_before_its_words(capwatch, tmp_path):
    (tmp_path / "t.csv").write_text("arrival,tonnes,operation,p_loading\n2024-03-07,3000,discharging,0.7\n")
    assert capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")[0] == 0
    assert pd.read_csv(tmp_path / "o.csv")["p_loading"].tolist() == [0.7]


@pytest.mark.parametrize("word", ["STS", "load/discharge", "loading cancelled", "arrival"])
def test_words_that_tell_no_direction_are_told(capwatch, tmp_path, word):
    (tmp_path / "t.csv").write_text(f"arrival,tonnes,activity\n2024-03-07,3000,{word}\n2024-03-09,3000,loading\n")
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 3
    assert err == (
        f"error: {tmp_path}/t.csv: column activity: '{word}' tells no direction; write loading, discharging or neither "
        "(rows taken for what the account counts)\n"
    )


def test_a_column_of_another_name_that_says_it_is_told(capwatch, tmp_path):
    (tmp_path / "t.csv").write_text("arrival,tonnes,state\n2024-03-07,3000,discharging\n")
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 3
    assert "column state was left out: if it is operation, name it so" in err


def test_numbers_of_ships_that_lost_digits_are_none(capwatch, tmp_path):
    """Truth: the same table without them; where all digits are there, the notation is no reason to refuse a number."""
    head, form = "call_id,arrival,tonnes,mmsi,imo\n", "a,2024-03-07,3000,{},{}\nb,2024-03-08,3000,563000001,9074729\n"
    for name, numbers in {
        "rounded": ("5.630e+08", "9.07E+06"), "none": ("", ""),
        "exact": ("5.63000007E+08", "IMO 9074731"), "whole": ("563000007", "9074731"),
    }.items():  # fmt: skip
        (tmp_path / f"{name}.csv").write_text(head + form.format(*numbers))
    told = {name: capwatch("volume", tmp_path / f"{name}.csv", "-o", tmp_path / f"{name}.out.csv") for name in
            ("rounded", "none", "exact", "whole")}  # fmt: skip
    assert [done[0] for done in told.values()] == [3, 0, 0, 0]
    assert told["rounded"][2].splitlines()[1] == (
        f"error: {tmp_path}/rounded.csv: column mmsi: 5.630e+08 lost digits, as spreadsheets do to long numbers; "
        "save it again with all (rows kept without that number)"
    )
    for one, other in (("rounded", "none"), ("exact", "whole")):
        assert (tmp_path / f"{one}.out.csv").read_bytes() == (tmp_path / f"{other}.out.csv").read_bytes()


def test_ships_of_another_trade_are_no_tankers_unless_the_row_says_more(capwatch, tmp_path):
    """A stated cargo or p_tanker stands before her type."""
    rows = [
        "a,180,Bulk Carrier,,", "b,180,Oil Products Tanker,,", "c,30,52,,", "d,98,,,", "e,98,General cargo,500,",
        "f,98,Container ship,,0.4", "g,98,82,,",
    ]  # fmt: skip
    known = [False, True, False, True, True, True, True]
    head = "call_id,length_m,ship_type,tonnes,p_tanker,arrival\n"
    (tmp_path / "t.csv").write_text(head + "".join(f"{row},2024-03-{n:02d}\n" for n, row in enumerate(rows, 1)))
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 0
    assert err == (
        f"{tmp_path}/t.csv: 2 calls of no tankers by ship_type, not counted: Bulk Carrier (1), AIS type 52 (1)\n"
    )
    found = pd.read_csv(tmp_path / "o.csv")
    assert found["counts"].tolist() == known
    assert found["cause"].dropna().str.startswith("by her type no tanker (").all()
    assert found["p_lifting"].tolist()[5] == 0.4


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["a,X,2024-03-07,3000", "b,X,2024-03-07,3000"], True),
        (["a,X,2024-03-07,3000", "b,X,2024-03-27,3000"], False),  # she came again
        (["a,,2024-03-07,3000", "b,,2024-03-07,3000"], False),  # two ships, maybe
        (["a,X,2024-03-07,3000", "b,Y,2024-03-07,3000"], False),
    ],
)
def test_a_call_that_is_written_twice_is_told(capwatch, tmp_path, rows, told):
    (tmp_path / "t.csv").write_text("\n".join(["call_id,name,arrival,tonnes", *rows, ""]))
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 3 * told
    assert ("t.csv: call b: the same ship, times and numbers as an earlier call" in err) == told


def test_a_call_of_a_year_that_has_not_come_is_told(capwatch, tmp_path):
    (tmp_path / "t.csv").write_text("arrival,tonnes\n2084-03-07,3000\n2024-03-07,3000\n")
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 3
    assert err == (
        f"error: {tmp_path}/t.csv: call row1: arrival 2084-03-07 has not come yet; is its year right? (row kept)\n"
    )


def test_a_runs_answer_is_not_taken_for_calls(tmp_path):
    """Its column `counted` is no `counts`: every ship at anchor would have taken part."""
    with pytest.raises(InputError, match=r"calls\.csv: is a run's answer.*port_calls\.parquet"):
        told(tmp_path, "ship,dwt_t,estimated_barrels,counted,p_lifting,call_id")


def test_another_unit_is_no_reason_to_rename(tmp_path):
    _, lines = told(tmp_path, "call_id,length_ft")
    assert lines == [
        "calls.csv: column length_ft was left out: it says feet; length_m holds another unit (the rest is used)"
    ]


def test_case_blanks_and_brackets_make_no_other_name(tmp_path):
    table, lines = told(tmp_path, "Call_ID,Length (m),DWT_T")
    assert list(table.columns) == ["call_id", "length_m", "dwt_t"]
    assert lines == []


@pytest.mark.parametrize(
    "header", ["call_id,remarks,flag_state", "call_id,flag", "call_id,length_m,loa", "call_id,arrival_lo,date"]
)
def test_a_tables_own_columns_are_no_doubt(tmp_path, header):
    """Nor is a second name of what the table has."""
    assert told(tmp_path, header)[1] == []


def test_our_own_calls_are_known(tmp_path):
    assert told(tmp_path, ",".join(PORT_CALLS.names), row="")[1] == []


def test_liftings_are_not_read_as_calls(capwatch, tmp_path):
    """3,000 t stated were drawn anew as a cargo of which nothing is known: 30,195 barrels in place of 22,380."""
    (tmp_path / "calls.csv").write_text("call_id,arrival,length_m,tonnes\na,2024-03-07,98,3000\n")
    assert capwatch("volume", tmp_path / "calls.csv", "-o", tmp_path / "liftings.csv")[0] == 0
    code, _, err = capwatch("volume", tmp_path / "liftings.csv", "-o", tmp_path / "o.csv")
    assert code == 2 or code == 4
    assert "holds liftings already; give them to capwatch account" in err
    assert not (tmp_path / "o.csv").exists()


def test_every_column_that_help_and_docs_name_is_read(capwatch):
    text = re.search(r"Known columns: (.*?)\.\s", " ".join(capwatch("volume", "--help")[1].split())).group(1)
    named = set(re.findall(r"[a-z_]+", text)) - {"or"}
    assert len(named) > 20
    assert named <= set(CALLS_READ)


def test_a_damaged_header_costs_exit_code_3_and_one_line(capwatch, tmp_path):
    (tmp_path / "calls.csv").write_text("call_id,arrival,DWT\na,2024-03-07,3500\n")
    code, _, err = capwatch("volume", tmp_path / "calls.csv", "-o", tmp_path / "o.csv")
    assert code == 3
    assert f"{tmp_path}/calls.csv: column DWT was left out: if it is dwt_t, name it so" in err
    assert (tmp_path / "o.csv").is_file()


def test_rows_without_anything_are_no_calls_and_calls_without_an_id_get_their_rows(capwatch, tmp_path):
    (tmp_path / "calls.csv").write_text("call_id;arrival;tonnes\n;2024-03-07;3000\nb;2024-03-08;2000\n;;\n")
    assert capwatch("volume", tmp_path / "calls.csv", "-o", tmp_path / "o.csv")[0] == 0
    assert pd.read_csv(tmp_path / "o.csv")["call_id"].tolist() == ["row1", "b"]


@pytest.mark.parametrize("content", [None, "", "a|b\n1|2\n"], ids=["not there", "empty", "no column known"])
def test_a_table_that_cannot_be_used_writes_nothing_and_says_so(capwatch, tmp_path, content):
    if content is not None:
        (tmp_path / "calls.csv").write_text(content)
    code, _, err = capwatch("volume", tmp_path / "calls.csv", "-o", tmp_path / "o.csv")
    assert code == 4
    assert err.startswith(f"error: {tmp_path}/calls.csv: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "o.csv").exists()


def test_calls_taken_for_liftings_are_told_from_them(capwatch, tmp_path):
    (tmp_path / "calls.csv").write_text("call_id,arrival,tonnes\na,2024-03-07,3000\n")
    words = ("account", tmp_path / "calls.csv", "--cap", "configs/caps/unscr-2397.yaml", "-o", tmp_path / "l.csv")
    code, _, err = capwatch(*words)
    assert code == 2
    assert err.startswith(f"error: {tmp_path}/calls.csv: ")
    assert "Run capwatch volume" in err


def test_dates_as_a_spreadsheet_saves_them_are_one_line_until_their_form_is_named(capwatch, tmp_path):
    """The same days in ISO 8601 are the truth."""
    days = [f"2024-03-{n:02d}" for n in range(7, 19)]
    for name, form in (("iso", "%Y-%m-%d"), ("german", "%d.%m.%Y")):
        rows = "".join(f"c{n},{pd.Timestamp(day):{form}},90\n" for n, day in enumerate(days))
        (tmp_path / f"{name}.csv").write_text("call_id,arrival,length_m\n" + rows)
    iso, german, out = (tmp_path / f"{name}.csv" for name in ("iso", "german", "out"))
    code, _, err = capwatch("volume", german, "-o", out)
    assert code == 3
    (line,) = err.splitlines()
    assert line.startswith(
        f"error: {german}: calls c0, c1, c2, c3, c4 and 7 more: time '07.03.2024' is no time of the "
    )
    assert line.endswith("; name theirs with --time-format '%d.%m.%Y' (rows kept, refused)")
    assert capwatch("volume", german, "-o", out, "--time-format", "%d.%m.%Y")[0] == 0
    named = out.read_bytes()
    assert capwatch("volume", iso, "-o", out)[0] == 0
    assert out.read_bytes() == named
    assert pd.read_csv(out)["departure"].isna().all(), "no table said when she left"


def test_one_fault_in_other_numbers_is_one_line_and_other_faults_stay_apart(capwatch, tmp_path):
    rows = "".join(f"c{n},2024-03-07,90,{95 + n / 2},\n" for n in range(9)) + "d,2024-03-08,90,15,33\n"
    (tmp_path / "t.csv").write_text("call_id,arrival,length_m,beam_m,draught_in_m\n" + rows)
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    swapped, deep = err.splitlines()
    assert code == 3
    assert swapped.removeprefix(f"error: {tmp_path}/t.csv: ") == (
        "calls c0, c1, c2, c3, c4 and 4 more, the first: beam 95 m is not below length 90 m; they may be swapped "
        "(rows kept, refused)"
    )
    assert "call d: draught_in_m is 33" in deep


@pytest.mark.parametrize(
    "form",
    [
        "%m/%d/%y", "%d-%m-%Y", "%d %b %Y", "%d.%m.%Y %H:%M", "%b %d, %Y", "%d/%m/%Y %I:%M:%S %p", "%Y%m%d",
        "%d-%b-%y %H:%M UTC", "%Y年%m月%d日",
    ],
)  # fmt: skip
def test_the_hint_followed_to_the_letter_reads_the_dates(capwatch, tmp_path, form):
    """Truth: the days themselves, written in ISO 8601."""
    days = pd.date_range("2024-03-07", periods=12, freq="3D")
    for name, written in (("given", form), ("iso", "%Y-%m-%d")):
        rows = "".join(f"c{n};{day:{written}};90\n" for n, day in enumerate(days))
        (tmp_path / f"{name}.csv").write_text("call_id;arrival;length_m\n" + rows)
    code, _, err = capwatch("volume", tmp_path / "given.csv", "-o", tmp_path / "o.csv")
    assert (code, len(err.splitlines())) == (3, 1)
    (hint,) = re.findall(r"--time-format '([^']+)' \(", err)
    assert capwatch("volume", tmp_path / "given.csv", "-o", tmp_path / "o.csv", "--time-format", hint)[0] == 0
    assert capwatch("volume", tmp_path / "iso.csv", "-o", tmp_path / "iso.out.csv")[0] == 0
    assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "iso.out.csv").read_bytes()


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("45358", "; a spreadsheet counts days so: show the column as dates there, and save it again"),
        ("03/04/2024", "; name theirs with --time-format '%d/%m/%Y' or '%m/%d/%Y'"), ("Total", ""),
        ("19 May 10:00 PST", ""),
    ],
)  # fmt: skip
def test_a_hint_says_what_can_be_done_and_else_nothing(capwatch, tmp_path, cell, hint):
    (tmp_path / "t.csv").write_text(f"arrival,length_m\n{cell},90\n")
    err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")[2]
    assert err.endswith(f"is no time of the form YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ{hint} (row kept, refused)\n")


@pytest.mark.parametrize(("form", "code"), [("%d.%m.%Y", 0), ("%Q", 2), ("%d %", 2), ("%m/%Y", 2)])
def test_what_is_no_form_of_times_is_refused_and_iso_stays_readable(capwatch, tmp_path, form, code):
    (tmp_path / "t.csv").write_text("call_id,arrival,length_m\na,2024-03-07,90\n")
    done, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv", "--time-format", form)
    assert done == code
    assert len(err.splitlines()) == (code > 0)


def test_a_month_in_a_cell_is_one_line_and_its_row_is_kept(capwatch, tmp_path):
    (tmp_path / "t.csv").write_text("call_id,arrival,length_m\na,2024-03,90\nb,2024-03-08,90\n")
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    (line,) = err.splitlines()
    assert code == 3
    assert line.startswith(
        f"error: {tmp_path / 't.csv'}: call a: arrival '2024-03' names no day; write it as YYYY-MM-DD"
    )
    assert line.endswith("(row kept, refused)")
    assert pd.read_csv(tmp_path / "o.csv")["status"].tolist() == ["refused", "used"]


def test_a_table_that_mixes_forms_of_times_names_each_and_what_two_read_is_no_time(capwatch, tmp_path):
    """Days above 12 have one reading; 3 April or 4 March has two."""
    rows = ["a,13.04.2024,90", "b,04/13/2024,90", "c,2024-04-13,90", "d,03/04/2024,90"]
    (tmp_path / "t.csv").write_text("\n".join(["call_id,arrival,length_m", *rows]))
    out = tmp_path / "o.csv"
    named = ("--time-format", "%d.%m.%Y", "--time-format", "%m/%d/%Y", "--time-format", "%d/%m/%Y")
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", out, *named)
    assert code == 3
    (line,) = err.splitlines()
    assert line.startswith(f"error: {tmp_path}/t.csv: call d: time '03/04/2024' is no time")
    assert line.endswith("; two of the --time-format given read it as two times (row kept, refused)")
    table = pd.read_csv(out).set_index("call_id")
    assert table["arrival"].dropna().unique().tolist() == ["2024-04-13T00:00:00Z"]
    assert table["status"].to_dict() == {"a": "used", "b": "used", "c": "used", "d": "refused"}


def test_one_call_written_twice_in_another_case_is_told(capwatch, tmp_path):
    rows = "a,SIM ONE,2024-03-01,3000\nb,Sim One ,2024-03-01,3000\n"
    (tmp_path / "t.csv").write_text("call_id,name,arrival,tonnes\n" + rows)
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 3
    assert "call b: the same ship, times and numbers as an earlier call" in err


def test_a_departure_alone_that_has_not_come_is_told(capwatch, tmp_path):
    (tmp_path / "t.csv").write_text("call_id,departure,tonnes\na,2099-03-01,3000\n")
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert (code, "departure 2099-03-01 has not come yet" in err) == (3, True)


@pytest.mark.parametrize(("swapped", "told"), [(3, True), (2, False)])
def test_draughts_in_swapped_columns_are_noticed_where_the_whole_table_says_so(capwatch, tmp_path, swapped, told):
    """Nothing would count, and nobody said why."""
    rows = "".join(f"c{n},2024-03-0{n + 1},98,15.8,6.2,4.2\n" for n in range(swapped))
    (tmp_path / "t.csv").write_text("call_id,arrival,length_m,beam_m,draught_in_m,draught_out_m\n" + rows)
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 0
    assert ("3 of 3 calls that tell a direction are discharging, and loading is counted" in err) is told
