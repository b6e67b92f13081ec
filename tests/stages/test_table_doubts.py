"""Calls that `capwatch volume` reads and doubts: each cause is one line."""

from __future__ import annotations

import pandas as pd
import pytest


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
        f"{tmp_path}/t.csv: 2 calls not counted, as ship_type is not a tanker: Bulk Carrier (1), AIS type 52 (1)\n"
    )
    found = pd.read_csv(tmp_path / "o.csv")
    assert found["counts"].tolist() == known
    assert found["cause"].dropna().str.startswith("not a tanker by her type (").all()
    assert found["p_lifting"].tolist()[5] == 0.4


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["a,X,2024-03-07,3000", "b,X,2024-03-07,3000"], True),
        (["a,SIM ONE,2024-03-07,3000", "b,Sim One ,2024-03-07,3000"], True),
        (["a,X,2024-03-07,3000", "b,X,2024-03-27,3000"], False),  # she came again
        (["a,,2024-03-07,3000", "b,,2024-03-07,3000"], False),  # two ships, maybe
        (["a,X,2024-03-07,3000", "b,Y,2024-03-07,3000"], False),
    ],
)
def test_a_call_that_is_written_twice_is_told(capwatch, tmp_path, rows, expected):
    (tmp_path / "t.csv").write_text("\n".join(["call_id,name,arrival,tonnes", *rows, ""]))
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 3 * expected
    assert ("t.csv: call b: the same ship, times and numbers as an earlier call" in err) == expected


@pytest.mark.parametrize("end", ["arrival", "departure"])
def test_a_call_of_a_year_that_has_not_come_is_told(capwatch, tmp_path, end):
    (tmp_path / "t.csv").write_text(f"{end},tonnes\n2084-03-07,3000\n2024-03-07,3000\n")
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 3
    assert err == (
        f"error: {tmp_path}/t.csv: call row1: {end} 2084-03-07 has not come yet; is its year right? (row kept)\n"
    )


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


@pytest.mark.parametrize(("swapped", "expected"), [(3, True), (2, False)])
def test_draughts_in_swapped_columns_are_noticed_where_the_whole_table_says_so(capwatch, tmp_path, swapped, expected):
    """Nothing would count, and nobody said why."""
    rows = "".join(f"c{n},2024-03-0{n + 1},98,15.8,6.2,4.2\n" for n in range(swapped))
    (tmp_path / "t.csv").write_text("call_id,arrival,length_m,beam_m,draught_in_m,draught_out_m\n" + rows)
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert code == 0
    assert ("3 of 3 calls with a direction are discharging, but loading is counted" in err) is expected


def test_calls_that_words_alone_keep_out_of_the_sum_are_told(capwatch, tmp_path):
    """The table of a discharge port, read as one of loadings, went into an account as nothing, without a word."""
    rows = "".join(f"{n},2024-03-0{n},98,16,{what}\n" for n, what in enumerate(("discharging", "loading", "repair"), 1))
    (tmp_path / "t.csv").write_text("call_id,arrival,length_m,beam_m,operation\n" + rows)
    words = ("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    expected = "2 calls not counted: by operation no counted cargo moved (loading is counted, by --set counted=loading)"
    assert expected in capwatch(*words)[2]
    assert "(discharging is counted, by " in capwatch(*words, "--set", "counted=discharging")[2]


def test_where_no_row_tells_a_size_that_is_told(capwatch, tmp_path):
    (tmp_path / "t.csv").write_text("call_id,arrival,name\na,2024-03-07,X\nb,2024-03-09,Y\n")
    code, _, err = capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")
    assert (code, "no row states a size: all 2 ships were assumed to be of the usual size" in err) == (0, True)
    (tmp_path / "t.csv").write_text("call_id,arrival,length_m,tonnes\na,2024-03-07,98,3000\nb,2024-03-09,,\n")
    expected = "no row without barrels or tonnes states a size: the one ship was assumed to be of the usual size"
    assert expected in capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")[2]
    (tmp_path / "t.csv").write_text("call_id,arrival,tonnes\na,2024-03-07,3000\n")
    assert "size" not in capwatch("volume", tmp_path / "t.csv", "-o", tmp_path / "o.csv")[2]
