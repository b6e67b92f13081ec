"""Which numbers identify a ship in a table of calls, and which do not."""

import pandas as pd
import pytest

from pipeline.config import VolumeConfig
from pipeline.volume import liftings, merge_liftings

SEED = 7


def lift(*rows: dict[str, object]) -> pd.DataFrame:
    return liftings(pd.DataFrame(rows), VolumeConfig(draws=400), SEED)


@pytest.mark.parametrize("written", ["IMO9074729", "IMO 9074729", "imo: 9074729", "9074729.0", 9074729.0])
def test_an_imo_number_is_hers_however_it_is_written(written):
    """Else two calls of one ship would draw two deadweights, and two tables would count her twice."""
    lifted = lift({"arrival": "2024-03-01", "imo": 9074729}, {"arrival": "2024-03-09", "imo": written})
    assert lifted["imo"].tolist() == [9074729, 9074729]


@pytest.mark.parametrize("number", [0, 1111111, 9999999, 1234567])
def test_what_is_typed_where_no_number_is_known_is_no_ships(number):
    """Two ships under 9999999 in two tables would become one stay, and one cargo would be lost."""
    tables = [lift({"arrival": "2024-03-01", "imo": number, "length_m": m}) for m in (80.0, 140.0)]
    assert tables[0]["imo"].isna().all()
    assert int(merge_liftings(tables, VolumeConfig(draws=400), "01-01", SEED)["counts"].sum()) == 2


@pytest.mark.parametrize("number", [{"imo": 9074728}, {"vessel_id": "imo:9074728"}, {"mmsi": 12345}])
def test_a_number_that_no_ship_has_is_told_and_joins_nothing(number):
    """A slip of one digit may give another ship's number: the row is counted, but not joined to others."""
    tables = [lift({"arrival": "2024-03-01", **number, "length_m": m}) for m in (80.0, 140.0)]
    for table in tables:
        row = table.iloc[0]
        assert (row["status"], bool(row["counts"]), row["imo"] is pd.NA, row["mmsi"] is pd.NA) == (
            "degraded", True, True, True,
        )  # fmt: skip
        assert str(next(iter(number.values()))).removeprefix("imo:") in row["cause"]
        assert row["cause"].endswith("not used to join rows")
    assert int(merge_liftings(tables, VolumeConfig(draws=400), "01-01", SEED)["counts"].sum()) == 2


@pytest.mark.parametrize("number", [0, "0", 999999999, "999999999.0", 123456789])
def test_an_mmsi_that_stands_for_none_is_told_and_the_row_counts(number):
    row = lift({"arrival": "2024-03-01", "mmsi": number, "length_m": 90.0}).iloc[0]
    assert (row["status"], bool(row["counts"]), row["mmsi"] is pd.NA) == ("degraded", True, True)
    assert row["cause"] == f"MMSI {int(float(number))} is only a placeholder: the ship is not identified"


@pytest.mark.parametrize("numbers", [{"imo": 0}, {"imo": 9074729, "mmsi": 0}, {"mmsi": None}, {"mmsi": 999000001}])
def test_a_ship_who_has_no_number_or_another_one_is_nothing_to_tell(numbers):
    assert lift({"arrival": "2024-03-01", "length_m": 90.0, **numbers})["status"].tolist() == ["used"]
