import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.config import VolumeConfig
from pipeline.config.volume import FillConfig, Product
from pipeline.volume.capacity import tanker_regression
from pipeline.volume.liftings import liftings
from pipeline.volume.montecarlo import draw_call, shared_draws, simulate
from pipeline.volume.streams import OWN

SEED = 7
CONFIG = VolumeConfig(draws=4000)
BBL_PER_M3 = 6.2898


def fleet(n: int, config: VolumeConfig = CONFIG, seed: int = SEED, **more) -> pd.DataFrame:
    """Liftings of n calls that are equal except for their names."""
    row = {"arrival": "2024-03-07", "length_m": 96.0, "beam_m": 15.0} | more
    return liftings(pd.DataFrame([row | {"call_id": f"c{k}"} for k in range(n)]), config, seed)


def one(config: VolumeConfig = CONFIG, seed: int = SEED, **more):
    row = fleet(1, config, seed, **more).iloc[0]
    return draw_call(row, config, shared_draws(config, seed), seed)


def width(values: np.ndarray) -> float:
    return float(np.subtract(*np.percentile(values, (95, 5))))


def test_same_seed_same_bytes():
    calls = fleet(5)
    assert simulate(calls, CONFIG, SEED).tobytes() == simulate(calls, CONFIG, SEED).tobytes()


def test_other_seed_other_draws_same_law():
    calls = fleet(1)
    a, b = simulate(calls, CONFIG, 1), simulate(calls, CONFIG, 2)
    assert not np.array_equal(a, b)
    assert a.mean() == pytest.approx(b.mean(), rel=0.05)


def test_draws_are_not_those_of_the_global_generator():
    calls = fleet(2)
    first = simulate(calls, CONFIG, SEED)
    np.random.seed(0)  # noqa: NPY002 - the legacy global state must not matter
    assert np.array_equal(simulate(calls, CONFIG, SEED), first)


def test_neither_order_nor_number_of_other_calls_matters():
    calls = fleet(6)
    every = simulate(calls, CONFIG, SEED)
    shuffled = calls.sample(frac=1, random_state=3)
    assert np.array_equal(simulate(shuffled, CONFIG, SEED), every[[int(c[1:]) for c in shuffled["call_id"]]])
    assert np.array_equal(simulate(calls.iloc[[4]], CONFIG, SEED)[0], every[4])


def test_streams_of_two_calls_are_independent():
    a, b = (OWN.generator(SEED, name).standard_normal(20_000) for name in ("a", "b"))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.03


def test_no_calls_no_draws():
    assert simulate(fleet(0), CONFIG, SEED).shape == (0, CONFIG.draws)


def test_a_sum_is_less_certain_than_of_independent_calls():
    """Shared assumptions do not average out: the sum of n equal calls spreads more than sqrt(n) times one."""
    draws = simulate(fleet(40), CONFIG, SEED)
    independent = np.stack([np.random.default_rng(k).permutation(d) for k, d in enumerate(draws)])
    assert width(draws.sum(axis=0)) > 1.8 * width(independent.sum(axis=0))
    assert draws.sum(axis=0).mean() == pytest.approx(independent.sum(axis=0).mean())


def test_without_shared_assumptions_sums_spread_like_the_root():
    """One product, no shared habit, stated capacity: nothing is shared, and variances add."""
    lonely = VolumeConfig(
        products=(Product(name="gas_oil", bbl_per_t=7.46, t_per_m3=0.843, share=1),),
        fill=FillConfig(shared_sd=0),
        draws=4000,
    )
    draws = simulate(fleet(40, lonely, dwt_t=5000), lonely, SEED)
    assert draws.sum(axis=0).std() == pytest.approx(np.sqrt(draws.var(axis=1).sum()), rel=0.06)


FULL = VolumeConfig(
    products=(Product(name="gas_oil", bbl_per_t=7.46, t_per_m3=0.843, share=1),),
    fill=FillConfig(shared_sd=0, mean=0.9, concentration=1e6, part_cargo_share=0),
    draws=20_000,
)


def relative_sd(table: pd.DataFrame) -> float:
    total = simulate(table, FULL, SEED).sum(axis=0)
    return float(np.log(total).std())


def test_what_measured_ships_carry_says_nothing_of_how_large_unmeasured_ones_are():
    """The regression is fitted to a register, the size of unknown ships to others' figures: two independent errors."""
    measured, unknown = fleet(60, FULL), fleet(60, FULL, length_m=None, beam_m=None)
    both = pd.concat([measured, unknown.assign(call_id=[f"u{n}" for n in range(60)])], ignore_index=True)
    known, other = (np.log(half.sum(axis=0)) for half in np.split(simulate(both, FULL, SEED), 2))
    for sums, table in ((known, measured), (other, unknown)):
        assert sums.std() == pytest.approx(float(table["dwt_shared_sd"].iloc[0]), rel=0.25)
    assert abs(np.corrcoef(known, other)[0, 1]) < 0.03


def test_calls_of_one_ship_have_one_deadweight_and_calls_of_two_have_two():
    """All ships full of one product: 16 calls of one ship are as uncertain as one; of 16 ships, sqrt(16) times less."""
    alone = fleet(1, FULL)
    own, shared = (float(alone[name].iloc[0]) for name in ("dwt_log_sd", "dwt_shared_sd"))
    assert relative_sd(fleet(16, FULL, imo=9074729)) == pytest.approx(np.hypot(own, shared), rel=0.03)
    assert relative_sd(fleet(16, FULL, mmsi=273000111)) == pytest.approx(np.hypot(own, shared), rel=0.03)
    assert relative_sd(fleet(16, FULL)) == pytest.approx(np.hypot(own / 4, shared), rel=0.05)


def of_numbers(*numbers: dict) -> pd.DataFrame:
    row = {"arrival": "2024-03-07", "length_m": 96.0, "beam_m": 15.0}
    return liftings(pd.DataFrame([row | more | {"call_id": f"c{k}"} for k, more in enumerate(numbers)]), FULL, SEED)


def test_a_ship_known_by_imo_here_and_by_mmsi_alone_there_has_one_deadweight():
    """If the table ties the MMSI to a single IMO number; an MMSI with two IMO numbers identifies no ship."""
    both, alone = {"imo": 9074729, "mmsi": 273000111}, {"mmsi": 273000111}
    one = simulate(of_numbers(both, alone), FULL, SEED)
    assert np.corrcoef(one)[0, 1] > 0.99
    shared = of_numbers(both, alone, {"imo": 9074731, "mmsi": 273000111})
    assert shared["imo"].isna().tolist() == [False, True, False]
    assert np.corrcoef(simulate(shared, FULL, SEED)[:2])[0, 1] < 0.5


def test_further_ships_that_a_row_stands_for_are_not_the_ship_whose_number_it_has():
    """Two ships in every draw: with a shared deadweight the sum would have the relative spread of one."""
    twice = fleet(1, FULL, imo=9074729, p_one_call=0.0, calls_mean=2.0)
    own, shared = (float(twice[name].iloc[0]) for name in ("dwt_log_sd", "dwt_shared_sd"))
    assert relative_sd(twice) == pytest.approx(np.hypot(own / np.sqrt(2), shared), rel=0.05)


@given(st.floats(0.0, 0.3), st.floats(0.4, 0.85))
@settings(max_examples=20, deadline=None)
def test_habit_of_the_port_stays_a_share(shared_sd, mean):
    config = VolumeConfig(fill=FillConfig(mean=mean, shared_sd=shared_sd), draws=500)
    drawn = shared_draws(config, SEED)
    assert ((drawn.fill_mean > 0) & (drawn.fill_mean < 1)).all()
    assert set(np.unique(drawn.product)) <= set(range(len(config.products)))


def test_products_come_as_often_as_their_shares():
    """For one call, with or without the port's habit: 75 % gas oil, 10 % gasoline, 5 % kerosene, 10 % fuel."""
    config = VolumeConfig(draws=40_000)
    draws = one(config)
    factors, counts = np.unique(np.round(draws.barrels / draws.tonnes, 3), return_counts=True)
    assert factors == pytest.approx([6.35, 7.46, 7.88, 8.35])
    assert counts / config.draws == pytest.approx([0.10, 0.75, 0.05, 0.10], abs=0.01)


@pytest.mark.parametrize(
    ("product", "factor"),
    [("gas_oil", 7.46), ("gasoline", 8.35), ("kerosene", 7.88), ("fuel_oil", 6.35), ("unnamed", 8.33)],
)
def test_a_named_product_has_the_committees_factor(product, factor):
    draws = one(product=product)
    assert draws.barrels == pytest.approx(draws.tonnes * factor)


# an unnamed product's 8.33 bbl/t is a counting rule, not a density: it may give more barrels than the tanks hold
@pytest.mark.parametrize("product", ["gas_oil", "gasoline", "kerosene", "fuel_oil", "mix"])
def test_no_draw_overfills_tanks_or_marks(product):
    """98 % of 1.15 m3 of tank per tonne of deadweight, or 95 % of deadweight, whichever limits first."""
    draws = one(product=product, dwt_t=5000)
    dwt_t = 5000 * np.exp(0.02 * 5)  # a stated deadweight has a spread of 2 %
    assert draws.tonnes.max() <= 0.95 * dwt_t
    assert draws.barrels.max() <= 0.98 * 1.15 * dwt_t * BBL_PER_M3 * 1.003


def test_tank_volume_binds_for_gasoline_only():
    """Full ships: gas oil is limited by weight, gasoline by volume. FACTS: volume binds first for light products."""
    full = VolumeConfig(fill=FillConfig(mean=0.98, concentration=1e4, shared_sd=0), draws=2000)
    tank_bbl = 0.98 * 1.15 * 5000 * BBL_PER_M3
    gasoline, gas_oil = (np.median(one(full, dwt_t=5000, product=p).barrels) for p in ("gasoline", "gas_oil"))
    assert gasoline == pytest.approx(tank_bbl, rel=0.01)
    assert gas_oil == pytest.approx(0.98 * 0.95 * 5000 * 7.46, rel=0.01)
    assert gas_oil < 0.99 * tank_bbl
    fill = {p: np.median(one(full, dwt_t=5000, product=p).fill) for p in ("gasoline", "gas_oil")}
    gasoline_t_per_m3 = 0.753
    assert fill["gasoline"] == pytest.approx(0.98 * 1.15 * gasoline_t_per_m3 / 0.95, rel=0.001), "of the mark: 89 %"
    assert fill["gas_oil"] == pytest.approx(0.98, abs=0.001)


def test_fill_prior_has_its_mean():
    config = VolumeConfig(fill=FillConfig(mean=0.6, shared_sd=0, part_cargo_share=0), draws=40_000)
    assert one(config, dwt_t=5000, product="fuel_oil").tonnes.mean() == pytest.approx(0.6 * 0.95 * 5000, rel=0.01)


def test_p_lifting_is_the_share_of_draws_that_lifted():
    config = VolumeConfig(draws=20_000)
    table = fleet(1, config, p_loading=0.5, p_tanker=0.6)
    assert (simulate(table, config, SEED) > 0).mean() == pytest.approx(0.3, abs=0.012)


def test_stated_barrels_are_certain():
    assert (one(barrels=12_479).barrels == 12_479).all()


@pytest.mark.parametrize("factor", [0, -7.46, 4.99, 13.01, 74.6, float("nan"), float("inf")])
def test_a_factor_that_is_no_products_is_refused(factor):
    """Bitumen at 6.05 and LPG at 11.65 bbl/t are the extremes; swapped or wrong units lie far outside."""
    with pytest.raises(ValidationError, match="bbl_per_t"):
        Product(name="odd", bbl_per_t=factor, t_per_m3=0.8, share=1)
    with pytest.raises(ValidationError, match="unnamed_bbl_per_t"):
        VolumeConfig(unnamed_bbl_per_t=factor)


@pytest.mark.parametrize("shares", [(0.5, 0.4), (1.0, 0.1)])
def test_shares_must_add_up(shares):
    products = [Product(name=f"p{k}", bbl_per_t=7.5, t_per_m3=0.8, share=s) for k, s in enumerate(shares)]
    with pytest.raises(ValidationError, match="add up"):
        VolumeConfig(products=tuple(products))


def test_a_ship_larger_than_measured_is_heavier_by_as_much_as_larger_ships_are(monkeypatch):
    """For one measured hull, the errors of deadweight and hull are correlated by the regression's own slope."""
    length_m, beam_m, config = 120.0, 19.0, VolumeConfig(draws=100_000)
    drawn: list[np.ndarray] = []

    def weighed(evidence, dwt_t, cargo_t, config, voyages, rng, size_error):
        drawn.extend((np.log(dwt_t), size_error.tied + size_error.own_sd * rng.standard_normal(config.draws)))
        return np.zeros(config.draws)

    row = fleet(1, length_m=length_m, length_lo_m=108.0, length_hi_m=132.0, beam_m=beam_m, draught_in_m=4.0).iloc[0]
    monkeypatch.setattr("pipeline.volume.montecarlo.log_weights", weighed)
    draw_call(row, config, shared_draws(config, SEED), SEED)
    log_dwt, larger = drawn
    assert larger.std() == pytest.approx(row["hull_log_sd"], rel=0.02), "tied or not, the hull has its own error"
    grown = np.exp(np.array([-0.1, 0.1]))  # in length and in beam, so twice that in their product
    of_regression = np.ptp(tanker_regression().log_dwt(length_m * grown, beam_m * grown)) / 0.4
    assert np.polyfit(larger, log_dwt, 1)[0] == pytest.approx(of_regression, rel=0.1)


def test_seven_in_ten_calls_ship_what_their_port_mostly_ships():
    """The other calls draw a product by the shares, which can also be that one."""
    config = VolumeConfig(draws=50_000)
    shared = shared_draws(config, SEED)
    row = fleet(1, config).iloc[0]
    same = (draw_call(row, config, shared, SEED).product == shared.product).mean()
    by_chance = sum(p.share**2 for p in config.products)
    assert same == pytest.approx(0.7 + 0.3 * by_chance, abs=0.01)
