"""Times of tables that people bring: read in the forms that are named, and else a line that says which to name."""

from __future__ import annotations

import re

import pandas as pd
import pytest


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
        f"error: {german}: calls c0, c1, c2, c3, c4 and 7 more: time '07.03.2024' is not written as "
    )
    assert line.endswith("; add --time-format '%d.%m.%Y' (rows kept, refused)")
    assert capwatch("volume", german, "-o", out, "--time-format", "%d.%m.%Y")[0] == 0
    named = out.read_bytes()
    assert capwatch("volume", iso, "-o", out)[0] == 0
    assert out.read_bytes() == named
    assert pd.read_csv(out)["departure"].isna().all(), "no table said when she left"


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
        ("45358", "; spreadsheets store dates as such numbers: format the column as dates and save it again"),
        ("03/04/2024", "; add --time-format '%d/%m/%Y' or '%m/%d/%Y'"), ("Total", ""),
        ("19 May 10:00 PST", ""),
    ],
)  # fmt: skip
def test_a_hint_says_what_can_be_done_and_else_nothing(capwatch, tmp_path, cell, hint):
    (tmp_path / "t.csv").write_text(f"arrival,length_m\n{cell},90\n")
    err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")[2]
    assert err.endswith(f"is not written as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ{hint} (row kept, refused)\n")


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
    assert line.startswith(f"error: {tmp_path}/t.csv: call d: time '03/04/2024' is not written as ")
    assert line.endswith("; two of the given --time-format read it differently (row kept, refused)")
    table = pd.read_csv(out).set_index("call_id")
    assert table["arrival"].dropna().unique().tolist() == ["2024-04-13T00:00:00Z"]
    assert table["status"].to_dict() == {"a": "used", "b": "used", "c": "used", "d": "refused"}


@pytest.mark.parametrize("zone", ["KST", "(MSK)", "МСК", "JST", "UTC+9", "GMT +03:00", "+09:00", "LT"])
def test_a_zone_of_letters_is_refused_since_nobody_would_heed_it(capwatch, tmp_path, zone):
    """Truth: 2 o'clock of New Year's Day in Seoul is 17 o'clock of the old year in Greenwich."""
    (tmp_path / "t.csv").write_text(f"call_id,arrival,length_m\nc1,01.01.2024 02:00 {zone},90\n")
    form = f"%d.%m.%Y %H:%M {zone}"
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv", "--time-format", form)
    assert code == 2
    assert len(err.splitlines()) == 1
    assert f"the zone {zone.strip('(')}" in err or "the zone +" in err
    (tmp_path / "t.csv").write_text("call_id,arrival,length_m\nc1,01.01.2024 02:00 +0900,90\n")
    assert (
        capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv", "--time-format", "%d.%m.%Y %H:%M %z")[0] == 0
    )
    assert pd.read_csv(tmp_path / "o.csv")["arrival"].iloc[0] == "2023-12-31T17:00:00Z"


@pytest.mark.parametrize(
    "form", ["%d.%m.%Y %H:%M UTC", "%d.%m.%Y um %H:%M Uhr", "%Y年%m月%d日 %H:%M", "%Y-%m-%d %H:%M+00:00"]
)
def test_letters_that_are_no_zone_or_utc_stay_in_a_form(capwatch, tmp_path, form):
    moment = pd.Timestamp("2024-01-01T02:00Z")
    (tmp_path / "t.csv").write_text(f"call_id,arrival,length_m\nc1,{moment:{form}},90\n")
    assert capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv", "--time-format", form)[0] == 0
    assert pd.Timestamp(pd.read_csv(tmp_path / "o.csv")["arrival"].iloc[0]) == moment
