"""Tables that people bring to `capwatch volume` and `account`: what is left out is told, by exit code 3 too."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.console import Console
from pipeline.errors import InputError
from pipeline.stages.given_tables import read_calls
from pipeline.storage import write_json
from pipeline.tables import PORT_CALLS
from pipeline.tables.call_columns import CALLS_READ
from pipeline.volume import liftings


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
        ("Cargo (t)", "tonnes"), ("Quantity_t", "tonnes"), ("Loaded (t)", "tonnes"), ("IMO number", "imo"),
        ("Estimated amount", "tonnes or barrels"), ("Total quantity", "tonnes or barrels"), ("IMO No.", "imo"),
        ("MMSI no.", "mmsi"), ("Vessel IMO", "imo"), ("IMO code", "imo"), ("Dead weight (t)", "dwt_t"),
        ("Vessel Type", "ship_type"), ("Type of ship", "ship_type"), ("ATA (UTC)", "arrival"),
        ("ATD (UTC)", "departure"), ("Sailed Date", "departure"), ("Last seen", "departure"), ("End", "departure"),
    ],
)  # fmt: skip
def test_a_column_that_may_be_one_of_ours_is_named_with_ours(tmp_path, column, ours):
    _, lines = told(tmp_path, f"call_id,{column}")
    assert lines == [f"calls.csv: column {column} was left out: if it is {ours}, rename it (the rest is used)"]


def test_a_cargo_in_words_may_be_the_product(tmp_path):
    _, lines = told(tmp_path, "call_id,Cargo", "Diesel")
    assert lines == ["calls.csv: column Cargo was left out: if it is product, rename it (the rest is used)"]


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
    assert lines == [f"calls.csv: column {column} was left out: if it is {ours}, rename it (the rest is used)"]


@pytest.mark.parametrize(("rows", "code"), [("A,98,x", 3), ('A,"1 250 t",x', 3), ("A,,98 times", 0), ("A,,2024", 3)])
def test_numbers_that_nobody_read_are_loud_where_no_size_was(capwatch, tmp_path, rows, code):
    """A size under a header of a language not known here: each call had the usual ship's barrels without a word."""
    (tmp_path / "calls.csv").write_text(f"arrival,name,pituus,huomautus\n2024-03-07,{rows}\n")
    done, _, err = capwatch("volume", tmp_path / "calls.csv", "-o", tmp_path / "o.csv")
    assert done == code
    assert ("no ship size was read, and numbers in" in err) == (code == 3)
    assert "name sizes length_m, beam_m or dwt_t (every ship assumed to be of the usual size)" in err or code == 0


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


@pytest.mark.parametrize("unsaid", ["-", "unknown", ""])
def test_words_say_the_direction_where_its_probability_is_a_dash(capwatch, tmp_path, unsaid):
    (tmp_path / "t.csv").write_text(f"arrival,tonnes,operation,p_loading\n2024-03-07,3000,discharging,{unsaid}\n")
    assert capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")[0] == 0
    assert pd.read_csv(tmp_path / "o.csv")["counts"].tolist() == [False]


@pytest.mark.parametrize("word", ["STS", "load/discharge", "loading cancelled", "arrival", "loaded?", "卸货？"])
def test_words_that_tell_no_direction_are_told(capwatch, tmp_path, word):
    (tmp_path / "t.csv").write_text(f"arrival,tonnes,activity\n2024-03-07,3000,{word}\n2024-03-09,3000,loading\n")
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 3
    assert err == (
        f"error: {tmp_path}/t.csv: column activity: '{word}' states no direction; write loading, discharging or "
        "neither, or their chances as p_loading and p_discharging (rows taken as going the counted way)\n"
    )


def test_a_column_of_another_name_that_says_it_is_told(capwatch, tmp_path):
    (tmp_path / "t.csv").write_text("arrival,tonnes,state\n2024-03-07,3000,discharging\n")
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 3
    assert "column state was left out: if it is operation, rename it" in err


def test_rows_of_blanks_are_no_calls(tmp_path):
    """A spreadsheet's empty rows hold a blank here and there, also one that does not break."""
    (tmp_path / "t.csv").write_text("name,arrival,tonnes\nA,2024-03-07,3000\n , ,\n\u00a0,,\n,,\nB,2024-03-09,2000\n")
    console = Console(quiet=True)
    assert read_calls(tmp_path / "t.csv", console)["name"].tolist() == ["A", "B"]
    assert console.problems == []


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
        "save it again with all digits (rows kept without that number)"
    )
    for one, other in (("rounded", "none"), ("exact", "whole")):
        assert (tmp_path / f"{one}.out.csv").read_bytes() == (tmp_path / f"{other}.out.csv").read_bytes()


def test_a_runs_answer_is_not_taken_for_calls(tmp_path):
    """Its column `counted` is no `counts`: every ship at anchor would have taken part."""
    with pytest.raises(InputError, match=r"calls\.csv: is a run's answer.*port_calls\.parquet"):
        told(tmp_path, "ship,dwt_t,estimated_barrels,counted,p_lifting,call_id")


@pytest.mark.parametrize("column", ["Arrival (KST)", "arrival_local", "ETA (UTC+9)", "Приход МСК"])
def test_another_zone_is_no_reason_to_rename(tmp_path, column):
    """Named arrival, its times would be read as UTC: at New Year in another account year."""
    _, (line,) = told(tmp_path, f"call_id,{column}")
    assert "arrival must be UTC, or times with an offset such as +09:00" in line


def test_another_unit_is_no_reason_to_rename(tmp_path):
    _, lines = told(tmp_path, "call_id,length_ft")
    assert lines == [
        "calls.csv: column length_ft was left out: it is in feet; convert it to length_m (the rest is used)"
    ]


@pytest.mark.parametrize(
    ("column", "unit"),
    [("m3", "cubic metres"), ("Cargo (kl)", "kilolitres"), ("Quantity (kt)", "thousand tonnes")],
)
def test_a_cargo_in_a_unit_of_its_own_is_no_size_drawn_in_its_place(tmp_path, column, unit):
    """2,100 m³ stated were left out in a note, and the usual fill of her size stood in the sum with exit code 0."""
    _, lines = told(tmp_path, f"call_id,length_m,{column}")
    cause = f"it is in {unit}; convert it to tonnes or barrels"
    assert lines == [f"calls.csv: column {column} was left out: {cause} (the rest is used)"]


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("Barrels (thousand)", "thousands"),
        ("barrels_million", "millions"),
        ("kb", "thousand barrels"),
        ("Mbbl", "thousands or millions of barrels"),
    ],
)
def test_barrels_by_the_thousand_are_not_to_be_named_barrels(tmp_path, column, unit):
    _, lines = told(tmp_path, f"call_id,{column}")
    assert lines == [
        f"calls.csv: column {column} was left out: it is in {unit}; convert it to barrels (the rest is used)"
    ]


@pytest.mark.parametrize(
    ("column", "cell", "name", "read"),
    [
        ("Vessel Type", "Bulk Carrier", "ship_type", lambda row: not row["counts"]),
        ("ATD (UTC)", "2025-01-02", "departure", lambda row: row["departure"].year == 2025),
    ],
)
def test_what_decides_whether_and_when_a_call_counts_is_not_left_out_in_a_note(tmp_path, column, cell, name, read):
    """A bulk carrier stood in the sum as a tanker, a departure in January in the year before, with exit code 0."""
    path, console = tmp_path / "calls.csv", Console(quiet=True)
    text = f"name,arrival,dwt_t,{column}\nALPHA,2024-12-30,5000,{cell}\n"
    path.write_text(text)
    read_calls(path, console)
    assert [f"column {column} was left out: if it is {name}" in line for line in console.problems] == [True]
    path.write_text(text.replace(column, name))
    assert read(liftings(read_calls(path, Console(quiet=True)), VolumeConfig(draws=200), 1).iloc[0])


def test_case_blanks_and_brackets_make_no_other_name(tmp_path):
    table, lines = told(tmp_path, "Call_ID,Length (m),DWT_T")
    assert list(table.columns) == ["call_id", "length_m", "dwt_t"]
    assert lines == []


@pytest.mark.parametrize(
    "header",
    [
        "call_id,remarks,flag_state", "call_id,flag", "call_id,length_m,loa", "call_id,arrival_lo,date",
        "call_id,cargo_owner,amount_source", "call_id,imo,imo_number", "call_id,tonnes,Cargo (t)",
    ],
)  # fmt: skip
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
    assert "holds liftings already; give it to capwatch account" in err
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
    assert f"{tmp_path}/calls.csv: column DWT was left out: if it is dwt_t, rename it" in err
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


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "Schiff;Länge;Farbe",
            "Schiff may be name, Länge may be length_m; rename those that are; unknown: Farbe",
        ),
        (
            "IMO;Vessel;Flag",
            "no column but imo has a known name: Vessel may be name; rename those that are; unknown: Flag",
        ),
        ("foo;bar", "no known column among foo, bar; a call has a day (arrival) and a size (length_m and beam_m"),
    ],
    ids=["another language", "a number of ours among them", "another thing"],
)
def test_a_table_of_foreign_columns_says_what_they_may_be_or_what_is_needed(capwatch, tmp_path, header, expected):
    """It said "see capwatch volume --help", where the columns were of a language whose words are known."""
    row = ";".join("1" for _ in header.split(";"))
    (tmp_path / "calls.csv").write_text(f"{header}\n{row}\n", "utf-8")
    code, _, err = capwatch("volume", tmp_path / "calls.csv", "-o", tmp_path / "o.csv")
    assert (code, err.count("\n")) == (4, 1)
    assert expected in err


@pytest.mark.parametrize("words", ["Total", "GRAND TOTAL:", "Итого", "합계", "Total 2024 (2 calls)"])
@pytest.mark.parametrize("column", ["name", "No.", "arrival"])
def test_a_row_that_sums_the_table_up_counts_nothing_and_is_told(tmp_path, words, column):
    """Read as a call a dated sum doubles the account."""
    rows = {
        "No.": ["1", "2", "3"],
        "name": ["ALPHA", "BETA", ""],
        "arrival": ["2024-03-04", "2024-03-14", "2024-03-31"],
    }
    rows[column] = [*rows[column][:2], words]
    path, console = tmp_path / "calls.csv", Console(quiet=True)
    pd.DataFrame(rows | {"tonnes": [3000, 2000, 5000]}).to_csv(path, index=False)
    found = liftings(read_calls(path, console), VolumeConfig(draws=200), 1)
    assert found["counts"].tolist() == [True, True, False]
    assert found["status"][2] in {"not_counted", "refused"}
    (line,) = [line for line in console.problems if "a total of the table" in line]
    assert f"{words!r}" in line
    assert line.endswith("(row kept, not counted)")


def test_a_ship_with_such_a_word_in_her_name_and_a_row_that_says_it_counts_are_calls(tmp_path):
    path, console = tmp_path / "calls.csv", Console(quiet=True)
    path.write_text("name,arrival,tonnes,counts\nTotal Spirit,2024-03-04,3000,\nTotal,2024-03-14,2000,true\n")
    found = liftings(read_calls(path, console), VolumeConfig(draws=200), 1)
    assert found["counts"].all()
    assert not console.problems


@pytest.mark.parametrize("header", ["Loading date", "Discharge date", "B/L date", "Completed", "Laycan", "дата налива"])
@pytest.mark.parametrize("day", ["2024-03-07", "07.03.2024", "7 March 2024", "2024-03-07T10:00+09:00"])
def test_days_under_another_name_are_told_where_no_call_has_one(tmp_path, header, day):
    """A table of loadings said "no date, so no account year", and left its only day out in a note."""
    path, console = tmp_path / "calls.csv", Console(quiet=True)
    path.write_text(f"name,{header},tonnes\nA,{day},3000\nB,,2000\n", "utf-8")
    read_calls(path, console)
    (line,) = console.problems
    assert line.startswith(f"error: {path}: column {header} was left out: if it is ")
    assert line.endswith("rename it (the rest is used)")


def test_days_beside_an_arrival_are_a_note(tmp_path):
    path, console = tmp_path / "calls.csv", Console(quiet=True)
    path.write_text("name,arrival,Loading date,tonnes\nA,2024-03-07,2024-03-08,3000\n", "utf-8")
    read_calls(path, console)
    assert not console.problems


def test_a_table_none_of_whose_columns_is_ours_says_which_hold_days(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("Vessel,IMO번호,Loading date\nA,9129653,2024-03-07\n", "utf-8")
    with pytest.raises(InputError, match="IMO번호 may be imo, Loading date may be arrival or departure; rename"):
        read_calls(path, Console(quiet=True))


@pytest.mark.parametrize(("aois", "zones", "expected"), [("ab", "xx", True), ("aa", "xx", False), ("ab", "xy", False)])
def test_one_zone_id_of_two_places_is_told(capwatch, tmp_path, aois, zones, expected):
    """Tables in the folders of two runs: nothing but its id says which berth a zone is."""
    for n, (aoi, zone) in enumerate(zip(aois, zones, strict=True)):
        folder = tmp_path / f"run{n}"
        write_json(folder / "manifest.json", {"capwatch": "0", "outputs": [], "aoi": aoi})
        (folder / "calls.csv").write_text(f"call_id,arrival,tonnes,berth_id\n{n},2024-03-{7 + 9 * n:02},3000,{zone}\n")
        capwatch("volume", folder / "calls.csv", "-o", folder / "liftings.csv")
    tables = [tmp_path / f"run{n}" / "liftings.csv" for n in range(2)]
    code, out, err = capwatch("account", *tables, "--cap", "unscr-2397", "-o", tmp_path / "ledger.csv")
    assert (code, "2 calls counted" in out) == (0, True)
    assert ("zone x is in the AOIs a, b and taken as one berth" in err) == expected
