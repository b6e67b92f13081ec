"""`capwatch account` and its caps: slips in a cap's file, and several caps at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.table_files import write_table
from tests.commands.accounts import CAP, SET, liftings_of

CRUDE = "configs/assumptions/crude.yaml"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("2024, barrels: 168679, as_of: 2024-12-04", "2024, barrels: 168679, as_of: 2014-12-04", "before that year"),
        ("year: 2023, barrels: 325267, as_of: 2024-03-21", "year: 2024, barrels: 1, as_of: 2024-12-04", "twice"),
        ("barrels: 500000\n", "barrels: 500000\ntonnes: 60\n", "one is in another unit"),
    ],
)
def test_a_slip_in_a_cap_is_one_line(capwatch, tmp_path, old, new, expected):
    text = Path(CAP).read_text("utf-8")
    assert old in text
    (tmp_path / "cap.yaml").write_text(text.replace(old, new, 1))
    code, _, err = capwatch("account", tmp_path / "l.csv", "--cap", tmp_path / "cap.yaml", "-o", tmp_path / "o.csv")
    assert code == 2
    assert expected in err
    assert len(err.splitlines()) == 1


def test_a_cap_in_thousands_is_told(capwatch, tmp_path):
    write_table(liftings_of("2024-05-01"), path := tmp_path / "liftings.csv")
    (cap := tmp_path / "cap.yaml").write_text(Path(CAP).read_text("utf-8").replace("barrels: 500000", "barrels: 500"))
    code, _, err = capwatch("account", path, "--cap", cap, "-o", tmp_path / "ledger.csv", *SET)
    assert code == 0
    assert err.startswith(f"{cap}: the cap of 500 barrels a year is less than one small tanker carries")


def test_accounts_of_several_caps_are_those_of_each_alone(capwatch, tmp_path):
    """A table of refined cargoes and crude, cut in two by hand, makes the same sums under the assumptions of each."""
    head = "call_id,arrival,departure,dwt_t,product\n"
    refined = "a,2023-12-20,2023-12-23,3500,diesel\nb,2024-03-07,2024-03-09,4200,\n"
    crude = "c,2024-03-11,2024-03-12,20000,crude oil\nd,2023-12-20,2023-12-23,15000,нефть\n"
    of_both = ("--assumptions", "configs/assumptions/refined-and-crude.yaml", *SET)
    both = {"unscr-2397": (refined, SET), "unscr-2397-crude": (crude, ("--assumptions", CRUDE, *SET))}
    caps = [word for cap in both for word in ("--cap", f"configs/caps/{cap}.yaml")]
    (table := tmp_path / "both.csv").write_text(head + crude + refined)
    assert capwatch("volume", table, "-o", tmp_path / "l.parquet", *of_both)[0] == 0
    words = ("account", tmp_path / "l.parquet", *caps, "--as-of", "2024-03-31", *of_both)
    code, stdout, _ = capwatch(*words, "-o", f"{tmp_path}/accounts/")
    assert (code, stdout.count("1 call counted"), stdout.count("2 calls counted")) == (0, 1, 1)
    for cap, (rows, assumptions) in both.items():
        (table := tmp_path / f"{cap}.csv").write_text(head + rows)
        alone, ledger = tmp_path / f"{cap}.parquet", tmp_path / f"alone-{cap}.csv"
        assert capwatch("volume", table, "-o", alone, *assumptions)[0] == 0
        words_alone = ("account", alone, "--cap", f"configs/caps/{cap}.yaml", "--as-of", "2024-03-31", *assumptions)
        assert capwatch(*words_alone, "-o", ledger)[0] == 0
        assert (tmp_path / "accounts" / f"{cap}.csv").read_text() == ledger.read_text()
    code, _, err = capwatch(*words, "-o", tmp_path / "one.csv")
    assert (code, err.startswith("error: several caps need a folder")) == (2, True)


@pytest.mark.parametrize("broken", ["id: [", "id: x\ntitle: x\nbarrels: many\n"], ids=["no yaml", "a slip"])
def test_where_the_second_cap_cannot_be_read_nothing_is_written(capwatch, tmp_path, broken):
    """A folder with the account of the first alone would look like the whole answer."""
    calls, made, cap = tmp_path / "calls.csv", tmp_path / "liftings.csv", tmp_path / "second.yaml"
    calls.write_text("call_id,arrival,tonnes,product\na,2024-03-07,3000,diesel\n")
    cap.write_text(broken)
    assert capwatch("volume", calls, "-o", made, *SET)[0] == 0
    words = ("account", made, "--cap", "configs/caps/unscr-2397.yaml", "-o", f"{tmp_path}/accounts/", *SET)
    code, stdout, err = capwatch(*words, "--cap", cap)
    assert (code, stdout) == (2, "")
    assert err.startswith(f"error: {cap}:")
    assert not (tmp_path / "accounts").exists()
    assert capwatch(*words)[0] == 0
    assert [path.name for path in (tmp_path / "accounts").iterdir()] == ["unscr-2397.csv"]
