import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import VolumeConfig
from pipeline.tables import LIFTINGS, PORT_CALLS
from pipeline.volume.liftings import liftings

CONFIG = VolumeConfig(draws=1000)
SEED = 20240307
SCENARIOS = ("33", "50", "60", "90", "100")


def lift(*rows: dict, config: VolumeConfig = CONFIG, seed: int = SEED) -> pd.DataFrame:
    """Liftings of rows that all arrive on one day."""
    named = [{"call_id": f"c{n}", "arrival": "2024-03-07T02:00:00Z"} | row for n, row in enumerate(rows)]
    return liftings(pd.DataFrame(named), config, seed)


def only(row: dict, **more) -> pd.Series:
    return lift(row, **more).iloc[0]


@pytest.mark.parametrize(
    ("calls", "full_bbl", "published"),
    [
        (89, 1_519_587, {"33": 506_529, "50": 759_793, "90": 1_367_628}),  # United States to the Committee, July 2018
        (87, 1_692_646, {"60": 1_015_588, "90": 1_523_381}),  # Panel of Experts, 2024
    ],
    ids=["US 2018", "Panel 2024"],
)
def test_published_scenarios_to_the_barrel(calls, full_bbl, published):
    table = lift(*[{"capacity_bbl": full_bbl / calls}] * calls)
    for scenario, barrels in published.items():
        # 759,793.5 was printed as 759,793: truncated, not rounded up
        assert abs(table[f"barrels_at_{scenario}"].sum() - barrels) <= 0.5 + 1e-6
    assert (table["method"] == "capacity_given; load_from_fill_prior").all()


def test_five_tankers_of_march_2024():
    """RUSI: five calls of 3,000 t at the Committee's 8.33 bbl/t, a quarter of the year's cap."""
    table = lift(*[{"tonnes": 3000, "product": "unnamed"}] * 5)
    for column in ("barrels_p5", "barrels_p50", "barrels_p95", "barrels_mean", "barrels_at_100"):
        assert table[column].sum() == pytest.approx(124_950)
    assert table["barrels_p50"].sum() / 500_000 == pytest.approx(0.25, abs=2e-4)


@pytest.mark.parametrize(
    ("tonnes", "barrels"), [(1498, 12_479), (1410, 11_745), (1288, 10_725), (587.4, 4893), (2388, 19_892)]
)
def test_the_committees_own_pairs(tonnes, barrels):
    """Tonnes and barrels as notified in 2021 and 2022, product unnamed."""
    assert only({"tonnes": tonnes, "product": "unnamed"})["barrels_p50"] == pytest.approx(barrels, rel=5e-4)


@pytest.mark.parametrize(
    ("product", "barrels"),
    [("gasoline", 25_050), ("kerosene", 23_640), ("gas_oil", 22_380), ("fuel_oil", 19_050), ("lpg", 34_800)],
)
def test_what_the_factor_does_to_3000_tonnes(product, barrels):
    assert only({"tonnes": 3000, "product": product})["barrels_p50"] == pytest.approx(barrels)


@pytest.mark.parametrize(
    ("text", "product"),
    [
        *((text, "gas_oil") for text in ("Gas Oil", " gas_oil ", "GAS OIL", "gas-oil", "gasoil", "Diesel")),
        *(("LPG", "lpg"), ("petrol", "gasoline"), ("Residual fuel oil", "fuel_oil"), ("HFO", "fuel_oil")),
    ],
)
def test_products_are_read_as_people_write_them(text, product):
    assert only({"tonnes": 3000, "product": text})["product"] == product


def test_a_name_of_the_config_stands_before_its_other_meaning():
    """If a config lists diesel as its own product, that one is meant."""
    own = [
        {"name": "Diesel", "bbl_per_t": 7.5, "t_per_m3": 0.84, "share": 0.5},
        {"name": "gas_oil", "bbl_per_t": 7.46, "t_per_m3": 0.843, "share": 0.5},
    ]
    row = only({"tonnes": 1000, "product": "diesel"}, config=VolumeConfig(draws=400, products=own))
    assert (row["product"], row["barrels_p50"]) == ("Diesel", pytest.approx(7500))


def test_lpg_is_nothing_that_an_unnamed_cargo_may_be():
    """Its share is zero: the draws are the same with and without it."""
    without = VolumeConfig(draws=1000, products=[p for p in CONFIG.products if p.name != "lpg"])
    columns = ["barrels_p5", "barrels_p50", "barrels_p95", "barrels_at_100"]
    assert only({"dwt_t": 5000})[columns].tolist() == only({"dwt_t": 5000}, config=without)[columns].tolist()


def test_a_full_gasoline_ship_is_full_by_volume():
    """98 % of 7,700 m3, the tanks of a coastal tanker of 6,500 t: 47,460 bbl; by weight it would be a twelfth more."""
    config = VolumeConfig(tank_m3_per_t=7700 / 6500)
    full = only({"dwt_t": 6500, "product": "gasoline"}, config=config)["barrels_at_100"]
    assert full == pytest.approx(0.98 * 7700 * 6.2898, rel=2e-3)
    assert full < 0.95 * 6500 * 8.35 * 0.93


def test_a_full_gas_oil_ship_is_full_by_weight():
    assert only({"dwt_t": 6500, "product": "gas_oil"})["barrels_at_100"] == pytest.approx(0.95 * 6500 * 7.46)


@given(
    st.floats(500, 100_000), st.sampled_from(["mix", "gas_oil", "gasoline", "kerosene", "fuel_oil"]), st.integers(0, 9)
)
@settings(max_examples=25, deadline=None)
def test_no_lifting_is_more_than_a_full_ship(dwt_t, product, seed):
    row = only({"dwt_t": dwt_t, "product": product}, seed=seed)
    assert row["barrels_p5"] <= row["barrels_p50"] <= row["barrels_p95"]
    # stated deadweight has an error of 2 %; a mix may be the product that fills most
    assert row["barrels_p95"] <= row["barrels_at_100"] * 1.04 * (1.05 if product == "mix" else 1)
    assert row["tonnes_p95"] <= dwt_t


@given(st.floats(1000, 60_000), st.sampled_from(["mix", "gas_oil", "gasoline", "unnamed"]))
@settings(max_examples=25, deadline=None)
def test_stated_capacity_is_the_full_ship_of_that_product(capacity_bbl, product):
    """The deadweight derived from a stated capacity gives exactly that capacity back."""
    row = only({"capacity_bbl": capacity_bbl, "product": product})
    again = only({"dwt_t": row["dwt_p50_t"], "product": product})
    assert row["barrels_at_100"] == pytest.approx(capacity_bbl)
    assert again["barrels_at_100"] == pytest.approx(capacity_bbl)


def test_scenarios_are_shares_of_a_full_ship():
    row = only({"length_m": 96, "beam_m": 15})
    shares = np.array([row[f"barrels_at_{s}"] for s in SCENARIOS]) / row["barrels_at_100"]
    assert shares == pytest.approx([1 / 3, 0.5, 0.6, 0.9, 1.0])


@pytest.mark.parametrize(
    ("row", "method"),
    [
        ({"dwt_t": 5000, "length_m": 96, "beam_m": 15}, "dwt_given; load_from_fill_prior"),
        ({"length_m": 96, "beam_m": 15}, "dwt_from_length_beam; load_from_fill_prior"),
        ({"length_m": 96}, "dwt_from_length; load_from_fill_prior"),
        ({}, "dwt_prior; load_from_fill_prior"),
        ({"capacity_bbl": 20_000}, "capacity_given; load_from_fill_prior"),
        ({"barrels": 15_279}, "dwt_prior; given"),
        (
            {"length_m": 96, "beam_m": 15, "draught_in_m": 4, "draught_out_m": 6},
            "dwt_from_length_beam; load_from_draughts",
        ),
        (
            {"length_m": 96, "beam_m": 15, "draught_in_m": 5, "draught_out_m": 4},
            "dwt_from_length_beam; load_from_fill_prior",
        ),
        (
            {"length_m": 96, "beam_m": 15, "freeboard_in_m": 5, "freeboard_out_m": 2.5},
            "dwt_from_length_beam; load_from_freeboards",
        ),
        (
            {"length_m": 96, "beam_m": 15, "freeboard_in_m": 3.0},
            "dwt_from_length_beam; load_from_freeboard",
        ),
    ],
)
def test_method_says_what_was_known(row, method):
    found = only(row)
    assert found["method"] == method
    assert found["status"] == "used"


def test_the_more_is_known_the_narrower():
    rows = [{}, {"length_m": 96}, {"length_m": 96, "beam_m": 15}, {"dwt_t": 5000}, {"barrels": 30_000}]
    table = lift(*rows, config=VolumeConfig(draws=4000))
    ratio = (table["barrels_p95"] / table["barrels_p5"]).to_numpy()
    assert (np.diff(ratio) < 0).all()


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ({"dwt_t": 0}, "dwt_t is 0"),
        ({"dwt_t": -5000}, "dwt_t is -5000"),
        ({"dwt_t": 1e9}, "dwt_t is 1e"),
        ({"dwt_t": float("inf")}, "dwt_t is inf"),
        ({"dwt_t": "5k"}, "'5k', not a number"),
        ({"dwt_t": "inf"}, "dwt_t is inf"),
        ({"length_m": 9600}, "length_m is 9600"),
        ({"length_m": 15, "beam_m": 96}, "may be swapped"),
        ({"length_m": 96, "length_lo_m": 99, "length_hi_m": 90}, "lies above"),
        ({"length_m": 96, "length_lo_m": "x", "length_hi_m": 99}, "not a number"),
        ({"length_m": 90, "length_lo_m": float("-inf"), "length_hi_m": float("inf")}, "length_lo_m is -inf"),
        ({"length_m": 90, "beam_m": 14, "length_lo_m": 0, "length_hi_m": 1e6}, "length_hi_m is 1e+06"),
        ({"length_m": 90, "beam_m": 14, "freeboard_in_m": 3.0, "p_same_hull": 1.5}, "p_same_hull is 1.5"),
        ({"arrival": "2924-03-07"}, "outside the years"),
        ({"product": "wine"}, "'wine' is not known"),
        ({"product": "gasoline/diesel"}, "'gasoline/diesel' names gasoline and gas_oil; give each a row of its own"),
        ({"product": "Crude oil"}, "configs/assumptions/refined-and-crude.yaml"),
        ({"barrels": 0}, "barrels is 0, so the row adds nothing; if it is unknown, leave the cell empty"),
        ({"p_loading": 1.5}, "it must be between 0 and 1"),
        ({"p_tanker": "likely"}, "not a number"),
        ({"spot_taken": 2.5, "spot_looks": 3}, "spot_taken is 2.5; it must be a whole number"),
        ({"spot_taken": 5, "spot_looks": 3}, "spot_taken is 5, more than spot_looks (3)"),
        ({"counts": "perhaps"}, "true or false"),
        ({"arrival": "yesterday"}, "is not written as YYYY-MM-DD"),
        ({"arrival": "03/04/2024"}, "is not written as YYYY-MM-DD"),
        ({"arrival": 20240307}, "bare number"),
        ({"arrival": "2024-02-30"}, "is not written as YYYY-MM-DD"),
    ],
)
def test_nonsense_is_refused_and_makes_no_barrels(row, cause):
    found = only(row)
    assert found["status"] == "refused"
    assert cause in found["cause"]
    assert not found["counts"]
    assert found[[f"barrels_at_{s}" for s in SCENARIOS] + ["barrels_p50", "barrels_mean"]].isna().all()


@pytest.mark.parametrize(("words", "counts"), [("Yes", True), ("y", True), ("TRUE", True), (1, True), ("no", False),
                                              ("N", False), ("False ", False), (0.0, False), (None, True)])  # fmt: skip
def test_whether_a_call_counts_is_read_in_the_words_of_a_spreadsheet(words, counts):
    found = only({"dwt_t": 4000, "counts": words})
    assert found["counts"] == counts
    assert found["status"] == ("used" if counts else "not_counted")


@pytest.mark.parametrize("product", [None, "unnamed"])
@pytest.mark.parametrize(("barrels", "expected"), [(22_380, False), (25_000, False), (30_000, True), (17_000, True)])
def test_barrels_and_tonnes_that_no_product_of_the_mix_joins_are_told(product, barrels, expected):
    """Gas oil's 7.46 and the Committee's 8.33 bbl/t are possible; 10.0 and 5.7 match no product of the mix."""
    found = only({"dwt_t": 4000, "tonnes": 3000, "barrels": barrels, "product": product})
    assert ("the barrels are used" in found["cause"]) == expected
    assert found["barrels_p50"] == barrels


def test_a_refused_row_changes_no_other():
    good = {"length_m": 96, "beam_m": 15}
    alone, beside = lift(good), lift(good, {"dwt_t": -1})
    pd.testing.assert_frame_equal(alone, beside.iloc[[0]], check_exact=True)
    assert len(beside) == 2


def test_one_bad_row_of_each_kind_costs_itself_alone():
    """A bad row must not end the table: the good one beside it is as if it stood alone."""
    bad = [
        {"call_id": "", "dwt_t": -1},
        {"length_m": 90, "beam_m": 14, "freeboard_in_m": 3.0, "p_same_hull": 1.5},
        {"length_m": 90, "beam_m": 14, "length_lo_m": float("-inf"), "length_hi_m": float("inf")},
        {"length_m": 90, "beam_m": 14, "length_lo_m": 0, "length_hi_m": 1e6},
        {"arrival": pd.Timestamp("2924-03-07")},
        {"counts": False, "flags": np.nan, "arrival": pd.Timestamp("2024-03-07T02:00:00.000000001Z"), "dwt_t": -1},
    ]
    table = lift({"dwt_t": 5000}, *bad)
    assert table["status"].tolist() == ["used"] + ["refused"] * len(bad)
    alone = lift({"dwt_t": 5000})
    pd.testing.assert_series_equal(table["barrels_p50"].iloc[:1], alone["barrels_p50"], check_exact=True)


def test_bounds_so_wide_that_they_say_nothing_still_give_a_sane_ship():
    row = only({"length_m": 90, "beam_m": 14, "length_lo_m": 0, "length_hi_m": 500, "beam_lo_m": 0, "beam_hi_m": 100})
    assert np.isfinite(row[["barrels_p5", "barrels_p50", "barrels_p95"]].astype(float)).all()
    assert row["barrels_p95"] < 3e6  # more than any tanker carries


@pytest.mark.parametrize("nothing", [None, "", " ", float("nan")])
def test_calls_without_a_name_get_the_number_of_their_row(nothing):
    """Two such rows are two calls; a name used by another row stays that row's."""
    table = lift({"call_id": nothing}, {"call_id": "x"}, {"call_id": nothing}, {"call_id": "row3"})
    assert table["call_id"].tolist() == ["row1", "x", "row3'", "row3"]
    assert table["counts"].all()


def test_a_call_that_stands_twice_takes_no_other_rows_name():
    assert lift({"call_id": "x"}, {"call_id": "x"}, {"call_id": "x#2"})["call_id"].tolist() == ["x", "x#2'", "x#2"]


def test_draught_zero_is_no_draught():
    """AIS sends 0 where the draught is unknown (ITU-R M.1371): same as an empty cell."""
    hull = {"length_m": 90, "beam_m": 14, "draught_out_m": 5.5}
    zero, empty = only(hull | {"draught_in_m": 0}), only(hull | {"draught_in_m": None})
    assert zero["status"] == "used"
    pd.testing.assert_series_equal(zero, empty)


def test_times_in_the_wrong_order_are_kept_and_told():
    row = only({"arrival": "2024-03-07T01:00:00Z", "departure": "2024-03-01T00:00:00Z", "dwt_t": 5000})
    assert (row["status"], bool(row["counts"])) == ("degraded", True)
    assert "lies before the arrival" in row["cause"]


def test_a_leap_second_is_the_last_of_its_year():
    assert only({"arrival": "2024-12-31T23:59:60Z", "dwt_t": 5000})["arrival"] == pd.Timestamp("2024-12-31T23:59:59Z")


def test_every_call_has_a_row_in_order():
    rows = [{"call_id": "b"}, {"call_id": "a", "dwt_t": -1}, {"call_id": "c", "counts": False}]
    assert lift(*rows)["call_id"].tolist() == ["b", "a", "c"]


def test_a_call_that_stands_twice_counts_once():
    table = lift({"call_id": "x", "dwt_t": 5000}, {"call_id": "x", "dwt_t": 5000})
    assert table["counts"].tolist() == [True, False]
    assert table["cause"].iloc[1] == "another row has this call_id"


@pytest.mark.parametrize("no", [False, "false", "False", 0, "0", np.False_])
def test_a_stay_that_takes_no_part_is_kept_and_not_counted(no):
    row = only({"counts": no, "dwt_t": 5000})
    assert (row["status"], row["counts"]) == ("not_counted", False)
    assert row["barrels_p50"] > 0


@pytest.mark.parametrize("yes", [True, "true", 1, None, float("nan"), ""])
def test_a_table_that_does_not_say_counts(yes):
    assert only({"counts": yes, "dwt_t": 5000})["counts"]


def test_a_call_without_a_date_is_in_no_account():
    row = only({"arrival": None, "dwt_t": 5000})
    assert (row["status"], row["counts"]) == ("degraded", False)
    assert "date" in row["cause"]


def test_times_are_utc_and_the_middle_of_their_bounds():
    row = only(
        {
            "arrival": None,
            "arrival_lo": "2024-03-07T10:00:00+10:00",
            "arrival_hi": "2024-03-07T04:00:00Z",
            "departure_lo": "2024-03-08T00:00:00",
        }
    )
    assert row["arrival"] == pd.Timestamp("2024-03-07T02:00:00Z")
    assert row["departure"] == pd.Timestamp("2024-03-08T00:00:00Z")


def test_uncertain_size_widens_barrels():
    size = {"length_m": 96, "beam_m": 15}
    table = lift(size, size | {"length_lo_m": 76, "length_hi_m": 116, "beam_lo_m": 10, "beam_hi_m": 20})
    assert table["dwt_log_sd"].iloc[1] > 1.3 * table["dwt_log_sd"].iloc[0]
    assert table["dwt_p95_t"].iloc[1] > table["dwt_p95_t"].iloc[0]


def test_mean_has_the_chance_of_no_lifting_in_it_and_quantiles_do_not():
    table = lift({"dwt_t": 5000, "call_id": "x"}, config=VolumeConfig(draws=20_000))
    maybe = lift({"dwt_t": 5000, "call_id": "x", "p_loading": 0.5}, config=VolumeConfig(draws=20_000))
    assert maybe["barrels_p50"].iloc[0] == table["barrels_p50"].iloc[0]
    assert maybe["barrels_mean"].iloc[0] / table["barrels_mean"].iloc[0] == pytest.approx(0.5, abs=0.02)


def test_same_seed_same_bytes_other_seed_other():
    rows = [{"length_m": 90 + n, "beam_m": 15} for n in range(4)]
    first, again, other = lift(*rows), lift(*rows), lift(*rows, seed=1)
    assert first.to_csv() == again.to_csv() != other.to_csv()


def test_row_order_does_not_matter():
    calls = pd.DataFrame([{"call_id": f"c{n}", "arrival": "2024-03-07", "length_m": 80.0 + n} for n in range(6)])
    direct = liftings(calls, CONFIG, SEED)
    turned = liftings(calls.iloc[::-1], CONFIG, SEED).iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(direct, turned, check_exact=True)


def test_the_input_is_not_changed():
    calls = pd.DataFrame([{"length_m": 96.0, "arrival": "2024-03-07"}])
    liftings(calls, CONFIG, SEED)
    assert list(calls.columns) == ["length_m", "arrival"]


def test_rows_without_names_are_numbered():
    table = liftings(pd.DataFrame([{"dwt_t": 5000}, {"dwt_t": 6000}]), CONFIG, SEED)
    assert table["call_id"].tolist() == ["row1", "row2"]


@pytest.mark.parametrize("calls", [pd.DataFrame(), PORT_CALLS.empty()], ids=["bare", "contract"])
def test_no_calls_no_rows(calls):
    table = liftings(calls, CONFIG, SEED)
    assert len(table) == 0
    assert list(table.columns) == LIFTINGS.names


def test_assumptions_are_told_apart():
    first = only({"dwt_t": 5000})["assumptions_id"]
    assert first == only({"dwt_t": 6000})["assumptions_id"]
    assert first != only({"dwt_t": 5000}, config=VolumeConfig(draws=1000, constants_share=0.04))["assumptions_id"]
