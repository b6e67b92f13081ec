import numpy as np
import pandas as pd

from pipeline.ingest.ais.values import without_codes


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
