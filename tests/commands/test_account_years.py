"""`capwatch account` at the turn of a year. Truth: sums by hand, 3,000 t of gas oil a call at 7.46 bbl/t."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.storage import write_text
from tests.commands.accounts import CAP, SET

CALL_BBL = 3000 * 7.46
CALLS = """call_id,arrival,departure,departure_lo,departure_hi,tonnes,product
evening,2023-12-30T10:00Z,2023-12-31T23:00Z,,,3000,gas_oil
midnight,2023-12-30T10:00Z,2024-01-01T00:00Z,,,3000,gas_oil
korea,2023-12-30T10:00Z,2024-01-01T02:00+09:00,,,3000,gas_oil
unsure,2023-12-29,,2023-12-30,2024-01-03T12:00Z,3000,gas_oil
spring,2024-02-01,2024-02-02,,,3000,gas_oil
winter,2024-12-30,2025-01-02,,,3000,gas_oil
crude,2023-12-30,2024-01-02,,,3000,crude
"""


@pytest.fixture
def account(capwatch, tmp_path):
    """The lines and the last day's row of the account of the calls above, as of a day, with an edited cap."""
    write_text(tmp_path / "calls.csv", CALLS)
    liftings = tmp_path / "liftings.csv"
    assert capwatch("volume", tmp_path / "calls.csv", "-o", liftings, "--assumptions",
                    "configs/assumptions/refined-and-crude.yaml")[0] == 3  # fmt: skip

    def call(as_of: str, **edits: str):
        text = Path(CAP).read_text("utf-8")
        for name, value in edits.items():
            before = {"counts_on": "departure", "year_starts": '"01-01"'}[name]
            text = text.replace(f"{name}: {before}", f"{name}: {value}")
        write_text(cap := tmp_path / "cap.yaml", text)
        _, out, _ = capwatch("account", liftings, "--cap", cap, "--as-of", as_of, "-o", tmp_path / "l.csv", *SET,
                             "--assumptions", "configs/assumptions/refined-and-crude.yaml")  # fmt: skip
        return out.splitlines(), pd.read_csv(tmp_path / "l.csv").iloc[-1]

    return call


ACROSS = "came in one account year and left in another: the cap counts by departure, which lies in"


@pytest.mark.parametrize(
    ("as_of", "calls", "expected"),
    [
        ("2023-12-31", 2, [f"1 counted call {ACROSS} the other year (midnight)", "unsure"]),
        (
            "2024-12-31",
            3,
            [
                f"1 counted call {ACROSS} this year (midnight)",
                f"1 counted call {ACROSS} the other year (winter)",
                "unsure",
            ],
        ),
        ("2025-12-31", 1, [f"1 counted call {ACROSS} this year (winter)"]),
        ("2026-12-31", 0, []),
    ],
)
def test_calls_at_the_turn_of_a_year_are_named_in_the_accounts_of_both_years(account, as_of, calls, expected):
    """They are summed in one alone; a table of arrivals in that year, added by hand, differs by them."""
    lines, last = account(as_of)
    unsure = "1 counted call may be of this account year or of the one beside it: the middle decides (unsure)"
    told = [line for line in lines if "another: the cap counts" in line or "the middle decides" in line]
    assert told == [unsure if line == "unsure" else line for line in expected]
    assert (last["calls"], last["observed_p50"]) == (calls, pytest.approx(calls * CALL_BBL))


def test_by_arrivals_the_same_calls_are_of_the_year_before(account):
    lines, last = account("2023-12-31", counts_on="arrival")
    across = "came in one account year and left in another: the cap counts by arrival, which lies in this year"
    assert any(line.startswith(f"2 counted calls {across} (midnight, unsure)") for line in lines)
    assert (last["calls"], last["observed_p50"]) == (4, pytest.approx(4 * CALL_BBL))


def test_no_turn_of_a_year_is_told_where_the_account_year_has_none(account):
    lines, last = account("2024-03-01", year_starts='"12-22"')
    assert not [line for line in lines if "another: the cap counts" in line]
    assert last["calls"] == 5
