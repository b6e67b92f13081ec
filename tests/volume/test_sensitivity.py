"""Sensitivity indices against theory: Ishigami's function, additive models, sums whose parts are known."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config import CapConfig, VolumeConfig
from pipeline.config.volume import FillConfig, Product
from pipeline.tables.number_law import stay_errors
from pipeline.volume.assumptions import assumptions, with_fill
from pipeline.volume.ledger import ledger
from pipeline.volume.liftings import liftings
from pipeline.volume.montecarlo import PRODUCT_FOLLOWS_HABIT, simulate
from pipeline.volume.sensitivity import sensitivity
from pipeline.volume.sobol import between_variance, equal_bins, sobol_index, variance

SEED = 7
CONFIG = VolumeConfig(draws=4000)
CAP = CapConfig(id="x", title="x", barrels=500_000, year_starts="01-01", source="made up")
CRUDE = Product(name="crude", bbl_per_t=7.32, t_per_m3=0.859, share=0.1)
GAS_OIL = (Product(name="gas_oil", bbl_per_t=7.46, t_per_m3=0.843, share=1),)


def fleet(n: int, config: VolumeConfig = CONFIG, **more) -> pd.DataFrame:
    row = {"arrival": "2024-03-07", "length_m": 96.0, "beam_m": 15.0} | more
    return liftings(pd.DataFrame([row | {"call_id": f"c{k}"} for k in range(n)]), config, SEED)


def told(table: pd.DataFrame, config: VolumeConfig = CONFIG, cap: CapConfig = CAP) -> pd.DataFrame:
    account = ledger(table, cap, config, SEED)
    return sensitivity(table, account, cap, config, SEED).set_index("name")


def first_order(inputs, output):
    """First-order indices from a sample: inputs of shape (inputs, draws), output (draws,), draws independent."""
    return [sobol_index(between_variance(output, equal_bins(x)), variance(output)) for x in inputs]


def test_ishigami():
    """Indices of sin a + 7 sin^2 b + 0.1 c^4 sin a on (-pi, pi): 0.3139, 0.4424, 0 (Ishigami and Homma, 1990)."""
    x = np.random.default_rng(3).uniform(-np.pi, np.pi, (3, 60_000))
    indices = first_order(x, np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0]))
    assert [i.value for i in indices] == pytest.approx([0.3139, 0.4424, 0.0], abs=0.012)


def test_linear_model_within_its_own_error():
    """For weights w of independent normals: w^2 / sum(w^2). The stated error is that over repetitions."""
    weights = np.array([1.0, 2.0, 4.0, 0.0])
    rng = np.random.default_rng(5)
    found = []
    for _ in range(60):
        x = rng.standard_normal((4, 4000))
        found.append([(i.value, i.error) for i in first_order(x, weights @ x)])
    values, errors = np.moveaxis(np.array(found), 2, 0)
    assert values.mean(axis=0) == pytest.approx(weights**2 / 21, abs=0.008)
    assert errors.mean(axis=0) == pytest.approx(values.std(axis=0), rel=0.45)


def test_the_habit_of_crews_moves_what_two_draughts_say_and_nothing_else():
    """Slightly deeper may mean a part cargo or another voyage's draught: the more crews retype, the more the former."""

    def ends(**draughts):
        row = told(fleet(4, **draughts)).loc["retyping"]
        return row["low_p50"], row["base_p50"], row["high_p50"]

    low, base, high = ends(draught_in_m=4.6, draught_out_m=4.9)
    assert low > 1.02 * base
    assert base > 1.03 * high
    assert len(set(ends())) == 1


def test_when_sides_were_seen_moves_what_freeboards_say_and_nothing_else():
    """Two equal freeboards within two hours mean a small cargo only if the times of the looks are ignored."""

    def ends(**sides):
        row = told(fleet(4, departure="2024-03-08T12:00Z", **sides)).loc["look_times"]
        return row["low_p50"], row["base_p50"], row["high_p50"]

    alike = {"freeboard_in_m": 3.2, "freeboard_out_m": 3.2}
    low, base, high = ends(**alike, freeboard_in_at="2024-03-07T20:00Z", freeboard_out_at="2024-03-07T22:00Z")
    assert low < 0.95 * base
    assert high == base
    assert len(set(ends(**alike))) == 1


def test_an_input_that_does_nothing_explains_nothing_on_average():
    rng = np.random.default_rng(11)
    x, y = rng.standard_normal((400, 1000)), rng.standard_normal(1000)
    explained = [between_variance(y, equal_bins(row))[0] for row in x]
    assert np.mean(explained) == pytest.approx(0, abs=4 * np.std(explained) / 20)


def test_indices_of_a_sum_are_those_of_its_parts():
    """Only deadweight varies (fixed fill, one product, all lift): its index is 1, all others 0."""
    fixed = FillConfig(shared_sd=0, concentration=1e7, part_cargo_share=0)
    config = VolumeConfig(products=GAS_OIL, fill=fixed, draws=4000)
    table = fleet(6, config).assign(dwt_shared_sd=0.0)
    found = told(table, config)
    assert found.loc["own_deadweight", "sobol"] == pytest.approx(1, abs=0.03)
    others = ["shared_fill", "shared_product", "own_product", "own_lifting", "own_fill"]
    assert found.loc[others, "sobol"].to_numpy() == pytest.approx(0, abs=0.03)


def test_only_what_some_call_of_the_account_draws_on_is_an_input():
    measured, unknown = fleet(3), fleet(3, length_m=None, beam_m=None)
    both = pd.concat([measured.iloc[:1], unknown.iloc[1:]])
    stated, sized = unknown.assign(given_barrels=9000.0), fleet(3, dwt_t=5000)
    for table, names in (
        (measured, {"shared_regression"}), (unknown, {"shared_fleet"}), (stated, set()), (sized, set()),
    ):  # fmt: skip
        assert {"shared_regression", "shared_fleet"} & {*told(table).index} == names
    assert {"shared_regression", "shared_fleet"} <= {*told(both).index}


def test_lifting_or_not_of_stated_barrels_is_all_there_is():
    found = told(fleet(8, barrels=10_000, p_loading=0.6))
    assert found.loc["own_lifting", "sobol"] == pytest.approx(1, abs=0.03)
    assert found.loc["shared_fill", "sobol"] == pytest.approx(0, abs=0.03)


def test_where_more_ships_than_one_may_have_called_their_number_is_all_there_is():
    """Each ship carries the same, and the first call is surely new, so only the number of ships varies."""
    table = fleet(4, barrels=10_000).assign(p_one_call=0.5, calls_mean=2.0)
    found = told(table)
    assert found.loc["own_number", "sobol"] == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("slope", [-0.5, -2.0])
def test_whether_it_is_one_ship_or_two_is_not_also_how_long_ships_stay(slope):
    """Of one call, two ships where u > p(z), z the error of stays and u uniform. With F(u) = P(p(z) < u) the index of
    stays is Var p / Var, that of her own number Var F / Var: what is left is interaction, and nothing is told twice."""
    p = 0.5 ** np.exp(slope * stay_errors())
    u = (np.arange(10_000) + 0.5) / 10_000
    both = (u[:, None] > p).mean()
    of_stays, of_own = (x / (both * (1 - both)) for x in (p.var(), (u[:, None] > p).mean(axis=1).var()))
    config = CONFIG.model_copy(update={"draws": 16_000})
    found = told(fleet(1, config, barrels=10_000).assign(p_one_call=0.5, calls_mean=1.5, turns_slope=slope), config)
    assert found.loc["shared_stays", "sobol"] == pytest.approx(of_stays, abs=0.03)
    assert found.loc["own_number", "sobol"] == pytest.approx(of_own, abs=0.03)


def test_liftings_without_the_column_of_slopes_are_those_whose_slopes_are_empty():
    """Tables of earlier versions lack it, and a file without it is read so; `ledger` takes them in memory, too."""
    given = fleet(2).assign(p_one_call=0.5, calls_mean=1.5)
    pd.testing.assert_frame_equal(told(given.drop(columns="turns_slope")), told(given.assign(turns_slope=np.nan)))


def test_her_own_fill_is_what_the_habit_of_her_port_leaves():
    """One call of known deadweight: own fill and port habit explain all variance, without overlap."""
    fill = FillConfig(mean=0.5, shared_sd=0.1, concentration=20, part_cargo_share=0)
    found = told(fleet(1, dwt_t=5_000, imo=9074729), VolumeConfig(products=GAS_OIL, fill=fill, draws=8_000))["sobol"]
    habit = 0.1**2 / (0.1**2 + (0.25 - 0.1**2) / 21)  # variance of a beta law given its mean m: m (1 - m) / 21
    assert found["shared_fill"] == pytest.approx(habit, abs=0.05)
    assert found["own_fill"] == pytest.approx(1 - habit, abs=0.05)


def test_a_product_is_as_much_her_own_as_she_does_not_follow_the_port():
    """With stated tonnes, barrels depend on the product's factor f: the port's with chance q, else her own draw. The
    variance given her own part is (1 - q) Var f, given the port's q^2 Var f."""
    config = VolumeConfig(products=(CRUDE, *(GAS_OIL[0].model_copy(update={"share": 0.9}),)), draws=8_000)
    found = told(fleet(1, tonnes=1_000), config)["sobol"]
    assert found["own_product"] == pytest.approx(1 - PRODUCT_FOLLOWS_HABIT, abs=0.05)
    assert found["shared_product"] == pytest.approx(PRODUCT_FOLLOWS_HABIT**2, abs=0.05)


def test_at_a_port_of_discharge_nothing_is_said_to_be_lifted():
    config = VolumeConfig(counted="discharging", draws=400)
    found = told(fleet(3, config), config)
    words = " ".join([*found["what"], *found["low_setting"].dropna(), *found["high_setting"].dropna()])
    assert "whether each ship landed at all" in words
    assert "the chance that a call landed" in words
    assert "lift" not in words


def test_what_is_shared_weighs_more_in_a_larger_sum():
    few, many = told(fleet(2)), told(fleet(60))
    shared = [name for name in few.index if name.startswith("shared_")]
    assert many.loc[shared, "sobol"].sum() > few.loc[shared, "sobol"].sum() + 0.2


def test_a_deadweight_that_calls_of_one_ship_share_does_not_average_out():
    """For 16 calls of one ship, deadweight is the whole variance if otherwise only the fills vary."""
    config = VolumeConfig(products=GAS_OIL, fill=FillConfig(shared_sd=0, concentration=100, part_cargo_share=0))
    rows = [told(fleet(16, config, **ship), config)["sobol"] for ship in ({"imo": 9074729}, {})]
    one, sixteen = (row["own_deadweight"] for row in rows)
    assert one > 0.9
    assert sixteen < one - 0.05


def test_first_order_indices_do_not_exceed_one():
    inputs = told(fleet(20, p_loading=0.8))
    inputs = inputs[inputs["kind"] == "input"]
    assert 0.85 < inputs["sobol"].sum() < 1.03
    assert (inputs["sobol"] > -0.02).all()


def test_shares_of_calls_add_up_and_follow_size():
    table = pd.concat([fleet(3), fleet(1, length_m=140.0, beam_m=21.0).assign(call_id="large")], ignore_index=True)
    calls = told(table)
    calls = calls[calls["kind"] == "call"]
    assert calls["share_of_mean"].sum() == pytest.approx(1)
    assert calls["share_of_variance"].sum() == pytest.approx(1)
    assert calls["share_of_mean"].idxmax() == calls["share_of_variance"].idxmax() == "large"


def test_published_fill_range_moves_an_unmeasured_sum_most():
    """From a third to full, against the 90 % range of our own prior: FACTS' scenarios span a factor of three."""
    found = told(fleet(12))
    assert found.loc["published_fill", "low_p50"] < 0.55 * found.loc["published_fill", "high_p50"]
    span = (found["high_p50"] - found["low_p50"]).abs()
    assert span.idxmax() == "published_fill"


def test_factor_moves_the_sum_in_proportion():
    """7.46 and 8.33 bbl/t for the same tonnes, where tanks do not limit: densities 0.843 and 0.84 hardly differ."""
    found = told(fleet(40, product=None)).loc["unnamed_factor"]
    assert found["high_p50"] / found["low_p50"] == pytest.approx(8.33 / 7.46, rel=0.01)


def test_ends_are_what_simulate_gives():
    """The end of the constants' range, simulated by hand."""
    table = fleet(5)
    config = CONFIG.model_copy(update={"constants_share": 0.03})
    assert told(table).loc["constants_share", "high_p50"] == np.median(simulate(table, config, SEED).sum(axis=0))


def test_stated_barrels_move_with_nothing_but_calls():
    found = told(fleet(4, barrels=12_479))
    ends = found[found["kind"] == "assumption"]
    assert (ends[["low_p50", "high_p50"]].to_numpy() == 4 * 12_479).all()
    assert found.loc["largest_call", "low_p50"] == 3 * 12_479


def test_named_products_are_not_renamed():
    found = told(fleet(4, product="gas_oil"))
    assert found.loc["product", "low_p50"] == found.loc["product", "high_p50"] == found.loc["product", "base_p50"]


def test_deadweight_that_is_stated_does_not_move_with_the_regression():
    found = told(fleet(4, dwt_t=5000)).loc["regression"]
    assert found["low_p50"] == found["high_p50"] == found["base_p50"]
    for table, name, other in ((fleet(4), "regression", "fleet"), (fleet(4, length_m=None), "fleet", "regression")):
        moved, still = told(table).loc[name], told(table).loc[other]
        assert moved["low_p50"] < moved["base_p50"] < moved["high_p50"]
        assert still["low_p50"] == still["high_p50"] == still["base_p50"]


def test_a_call_across_new_year_brings_the_year_rule_in():
    stay = {"arrival": "2023-12-31T20:00Z", "departure": "2024-01-02T03:00Z"}
    table = pd.concat([fleet(2), fleet(1, **stay).assign(call_id="new-year")], ignore_index=True)
    found = told(table)
    assert found.loc["year_rule", "low_p50"] < found.loc["year_rule", "base_p50"]
    assert "year_rule" not in told(fleet(2)).index


def test_only_calls_of_the_account_take_part():
    table = pd.concat([fleet(2), fleet(1, arrival="2022-05-01").assign(call_id="old")], ignore_index=True)
    found = told(table)
    assert found.index[found["kind"] == "call"].tolist() == ["c0", "c1"]


def test_no_call_no_row():
    assert len(told(fleet(0))) == 0


def test_one_call():
    found = told(fleet(1))
    assert found.loc["largest_call", "low_p50"] == 0
    assert found.loc["c0", ["share_of_mean", "share_of_variance"]].tolist() == pytest.approx([1, 1])


def test_same_seed_same_table_and_order_of_calls_moves_no_assumption():
    table = fleet(6)
    first = told(table)
    pd.testing.assert_frame_equal(first, told(table))
    again = told(table.iloc[::-1].reset_index(drop=True))
    numbers = ["low_p50", "high_p50", "sobol"]
    pd.testing.assert_frame_equal(first[numbers].sort_index(), again[numbers].sort_index())


def test_every_range_has_both_ends_in_words():
    table = fleet(3)
    for each in assumptions(table, CONFIG, table):
        assert each.low.label
        assert each.what


def test_fill_changes_are_checked():
    with pytest.raises(ValueError, match="mean"):
        with_fill(CONFIG, mean=1.2)


def test_many_calls_are_drawn_less_often():
    """Keeps a thousand calls to seconds: with 50 calls, 4,000 draws each for every end of a range."""
    table = fleet(50)
    found = told(table, VolumeConfig(draws=10_000)).loc["fill_mean"]
    total = simulate(table, VolumeConfig(draws=4000), SEED).sum(axis=0)
    assert found["base_p50"] == np.median(total)


def test_its_base_is_the_accounts_last_day():
    """The cap decides what is summed: a crude cargo enters neither the refined account nor its sensitivities."""
    products = (*(p.model_copy(update={"share": 0.3}) for p in CONFIG.products[:3]), CRUDE)
    config = VolumeConfig(draws=2000, products=products)
    cap = CAP.model_copy(update={"excluded_products": ("crude",)})
    crude = fleet(1, config, product="crude", dwt_t=100_000.0).assign(call_id="crude")
    table = pd.concat([fleet(4, config), crude], ignore_index=True)
    last = ledger(table, cap, config, SEED).iloc[-1]
    found = told(table, config, cap)
    assert found["base_p50"].to_numpy() == pytest.approx(last["observed_p50"], rel=1e-12)
    assert set(found["base_p_over_cap"]) == {last["p_over_cap"]}
    assert "crude" not in found.index
    assert found["share_of_mean"].sum() == pytest.approx(1)
    assert found.loc["largest_call", "low_p50"] < found.loc["largest_call", "base_p50"]


def test_only_cargoes_of_another_product_make_no_table():
    config = VolumeConfig(draws=2000, products=(CRUDE.model_copy(update={"share": 1.0}),))
    cap = CAP.model_copy(update={"excluded_products": ("crude",)})
    assert len(told(fleet(2, config, product="crude"), config, cap)) == 0


def test_a_cap_that_names_its_products_leaves_no_choice_of_an_unnamed_one():
    config = VolumeConfig(draws=2000, products=(CRUDE.model_copy(update={"share": 1.0}),))
    found = told(fleet(3, config), config, CAP.model_copy(update={"products": ("crude",)}))
    assert "unnamed_factor" not in found.index
    assert (found["base_p50"] > 0).all()
