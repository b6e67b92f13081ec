import numpy as np
import pandas as pd
import pytest

from pipeline.ingest.ais.values import imo_is_valid, without_codes


@pytest.mark.parametrize("imo", [9074729, 8814881, 9811000, 8314811])
def test_check_digit_follows_its_rule(imo):
    """IMO's own example 9074729: 9*7 + 0*6 + 7*5 + 4*4 + 7*3 + 2*2 = 139, and 139 ends in 9."""
    total = sum(int(d) * w for d, w in zip(str(imo)[:6], (7, 6, 5, 4, 3, 2), strict=True))
    assert imo_is_valid(imo) == (total % 10 == imo % 10)


def test_one_wrong_digit_is_always_noticed():
    number = "9074729"
    for place in range(7):
        for digit in "0123456789":
            changed = number[:place] + digit + number[place + 1 :]
            # A step of 5 at an even weight, or of 2 at weight 5, adds a whole ten: the rule cannot see those.
            step = abs(int(digit) - int(number[place])) * (7, 6, 5, 4, 3, 2, 1)[place]
            assert imo_is_valid(int(changed)) == (step % 10 == 0 and changed[0] != "0")


def test_impossible_values_are_voided_and_counted():
    table = pd.DataFrame(
        {
            "msg_type": [0, 0, 0, 0],
            "lon": [10.0, 200.0, 10.0, np.nan],
            "lat": [95.0, 10.0, 10.0, 10.0],
            "sog": [-1.0, 110.0, 102.2, 5.0],
            "draught": [78.0, 0.0, 25.5, np.nan],
            "ship_type": [1024.0, 80.0, 70.5, np.nan],
        }
    )
    clean, impossible = without_codes(table)
    assert clean["lon"].notna().tolist() == clean["lat"].notna().tolist() == [False, False, True, False]
    assert clean["sog"].notna().tolist() == [False, False, True, True]
    assert clean["draught"].notna().tolist() == [False, False, True, False]
    assert impossible == {"lon": 2, "lat": 2, "sog": 2, "draught": 1, "ship_type": 2}


def test_the_input_is_not_changed():
    table = pd.DataFrame({"msg_type": [1], "lon": [181.0], "lat": [91.0]})
    without_codes(table)
    assert table["lon"].tolist() == [181.0]
