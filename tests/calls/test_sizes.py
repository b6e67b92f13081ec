"""A call's size from its looks. Truth: invariance, and arithmetic for symmetric intervals."""

import numpy as np
import pandas as pd
import pytest

from pipeline.calls.sizes import size_of_hull
from pipeline.quantiles import Z90
from pipeline.ships.largest import BROADEST_M, LONGEST_M
from pipeline.tables.ships import SHARED_ERROR, TYPED_SD_M

NO_REPORTS = pd.DataFrame({"length_m": [], "beam_m": []})
SKEWED = (125.0, 98.0, 184.0)


def looks(*lengths: tuple[float, float, float]) -> pd.DataFrame:
    rows = [(*length, 14.0, 12.0, 17.0) for length in lengths]
    ends = [f"{side}{end}_m" for side in ("length", "beam") for end in ("", "_lo", "_hi")]
    return pd.DataFrame(rows, columns=ends)


def length(*sizes: tuple[float, float, float], broadcast_m: float | None = None) -> tuple[float, float, float]:
    reports = NO_REPORTS if broadcast_m is None else pd.DataFrame({"length_m": [broadcast_m], "beam_m": [np.nan]})
    told = size_of_hull(looks(*sizes), reports)
    return told["length_m"], told["length_lo_m"], told["length_hi_m"]


def test_one_sighting_says_of_the_call_what_it_says_itself():
    told = size_of_hull(looks(SKEWED), NO_REPORTS)
    assert (told["length_m"], told["length_lo_m"], told["length_hi_m"]) == SKEWED
    assert (told["beam_m"], told["beam_lo_m"], told["beam_hi_m"]) == (14.0, 12.0, 17.0)


def test_a_broadcast_size_alone_has_the_error_of_typing():
    reports = pd.DataFrame({"length_m": [96.0], "beam_m": [np.nan]})
    told = size_of_hull(looks(), reports)
    assert told["length_hi_m"] - told["length_lo_m"] == pytest.approx(2 * Z90 * TYPED_SD_M["length"])


def test_of_several_broadcast_sizes_the_last_one_stands():
    """Crews correct a size that was typed wrong."""
    reports = pd.DataFrame({"length_m": [69.0, 96.0, np.nan], "beam_m": [np.nan, 15.0, 16.0]})
    told = size_of_hull(looks(), reports)
    assert (told["length_m"], told["beam_m"]) == (96.0, 16.0)


def test_a_size_without_an_error_weighs_as_one_known_to_a_decimetre():
    """Beside one known to 0.3 m, by inverse variance: 9 to 1."""
    reach = 0.3 * Z90
    assert length((100.0, 100.0, 100.0), (101.0, 101.0 - reach, 101.0 + reach))[0] == pytest.approx(100.1)


def test_a_broadcast_beam_and_many_looks_at_a_beam_have_the_errors_by_which_findings_judge_them():
    """Antenna positions are good to a metre across; looks share an error of 8 % of a beam, and 3 % of a length."""
    said = size_of_hull(looks(), pd.DataFrame({"length_m": [96.0], "beam_m": [15.0]}))
    assert said["beam_hi_m"] - said["beam_lo_m"] == pytest.approx(2 * Z90 * TYPED_SD_M["beam"])
    many = size_of_hull(looks(*[SKEWED] * 400), NO_REPORTS)
    reach = 2 * Z90 * SHARED_ERROR["beam"] * many["beam_m"]
    assert many["beam_hi_m"] - many["beam_lo_m"] == pytest.approx(reach, rel=0.03)


def test_like_looks_keep_their_skew_and_the_order_of_looks_changes_nothing():
    middle, low, high = length(SKEWED, SKEWED, SKEWED)
    assert middle == pytest.approx(125)
    assert (middle - low) / (high - low) == pytest.approx((125 - 98) / (184 - 98))
    assert high - low < 184 - 98
    one, other = (110.0, 100.0, 140.0), (130.0, 90.0, 150.0)
    assert length(one, other, SKEWED) == pytest.approx(length(SKEWED, other, one))


@pytest.mark.parametrize("looks_at_her", [1, 4, 400])
def test_looks_that_all_go_wrong_together_do_not_outvote_what_she_broadcasts(looks_at_her):
    """All are 3 % too long: many looks count as one statement with that error, beside the typed one with its own."""
    typed, sd = 150.0, 7.5
    said = 1.03 * typed
    middle, low, high = length(*[(said, said - Z90 * sd, said + Z90 * sd)] * looks_at_her, broadcast_m=typed)
    assert low < typed < high
    shared = SHARED_ERROR["length"] * said
    of_looks = sd**2 / looks_at_her + shared**2 * (1 - 1 / looks_at_her)
    weight = TYPED_SD_M["length"] ** -2 + 1 / of_looks
    assert middle == pytest.approx((typed * TYPED_SD_M["length"] ** -2 + said / of_looks) / weight)
    assert high - low == pytest.approx(2 * Z90 * weight**-0.5)


def test_a_fine_look_is_worth_no_less_beside_another():
    fine = (100.0, 99.0, 101.0)
    widths = [high - low for _, low, high in (length(*[fine] * n, broadcast_m=100.0) for n in (1, 2, 9))]
    assert widths[1] == pytest.approx(widths[0])
    assert widths[2] == pytest.approx(widths[0])


def test_a_mirrored_skew_gives_the_mirrored_interval():
    """Shows that the skew is kept, and nothing is biased to one side."""
    middle, low, high = length((100.0, 90.0, 130.0), (100.0, 95.0, 120.0))
    mirrored = length((100.0, 70.0, 110.0), (100.0, 80.0, 105.0))
    assert mirrored == pytest.approx((middle, 200 - high, 200 - low))


def test_without_skew_it_is_the_mean_by_inverse_variance():
    sd = np.array([4.0, 8.0])
    sizes = [(x, x - Z90 * s, x + Z90 * s) for x, s in zip((96.0, 106.0), sd, strict=True)]
    mean = (96 / 16 + 106 / 64) / (1 / 16 + 1 / 64)
    reach = Z90 * np.hypot(1 / np.sqrt((1 / sd**2).sum()), SHARED_ERROR["length"] * mean)
    assert length(*sizes) == pytest.approx((mean, mean - reach, mean + reach))
    assert length(*sizes, broadcast_m=96.0)[2] < mean + reach


def seen_and_broadcast(broadcast_m: float | None, *sizes: tuple[float, float, float], sensors: list[str]):
    reports = NO_REPORTS if broadcast_m is None else pd.DataFrame({"length_m": [broadcast_m], "beam_m": [np.nan]})
    told = size_of_hull(looks(*sizes).assign(sensor=sensors), reports)
    return told["length_m"], told["length_lo_m"], told["length_hi_m"]


WITH_QUAY = (192.0, 187.4, 196.6)  # a tanker of 99 m measured together with the pier beside her
OF_RADAR = (110.4, 77.5, 135.6)


def test_sizes_that_contradict_each_other_are_not_averaged():
    """One of the two is wrong: the likelier one is used, and the interval includes the other."""
    middle, low, high = seen_and_broadcast(99.0, WITH_QUAY, sensors=["optical"])
    assert middle == pytest.approx(99.0)
    assert low < 99 < 192 < high


def test_a_third_statement_decides():
    middle, low, high = seen_and_broadcast(99.0, WITH_QUAY, OF_RADAR, sensors=["optical", "sentinel-1"])
    alone = seen_and_broadcast(99.0, OF_RADAR, sensors=["sentinel-1"])
    assert (middle, low, high) == pytest.approx(alone)
    lying = seen_and_broadcast(60.0, (99.0, 96.0, 102.0), OF_RADAR, sensors=["optical", "sentinel-1"])
    assert lying == pytest.approx(
        seen_and_broadcast(None, (99.0, 96.0, 102.0), OF_RADAR, sensors=["optical", "sentinel-1"])
    )


def test_looks_of_one_sensor_may_all_have_taken_the_quay_in():
    """More looks of the same kind are no independent evidence against her broadcast."""
    for n in (2, 5):
        _, low, high = seen_and_broadcast(99.0, *[WITH_QUAY] * n, sensors=["optical"] * n)
        assert low <= 97 < 99 < 190 < high


def test_what_agrees_within_its_errors_is_one_reading():
    as_before = length((96.0, 91.0, 101.0), broadcast_m=99.0)
    assert seen_and_broadcast(99.0, (96.0, 91.0, 101.0), sensors=["optical"]) == pytest.approx(as_before)


def test_a_hull_that_the_edge_cuts_says_nothing_against_a_whole_one():
    cut, whole = (89.0, 67.0, 178.0), (197.0, 155.0, 299.0)
    both = looks(cut, whole).assign(flags=[["touches_edge"], []])
    told = size_of_hull(both, NO_REPORTS)
    assert (told["length_m"], told["length_lo_m"], told["length_hi_m"]) == whole
    alone = size_of_hull(both.iloc[:1], NO_REPORTS)
    assert alone["length_m"] == cut[0]
    said = size_of_hull(both.iloc[:1], pd.DataFrame({"length_m": [200.0], "beam_m": [np.nan]}))
    assert said["length_m"] == 200.0


@pytest.mark.parametrize("looks_at_her", [1, 2])
def test_no_bound_is_longer_than_ships_are_or_shorter_than_nothing(looks_at_her):
    """A quay of 480 m taken for a hull, and a speck that may be anything."""
    long, short = (480.0, 300.0, 720.0, 90.0, 40.0, 160.0), (20.0, 1.0, 90.0, 5.0, -2.0, 20.0)
    columns = looks().columns
    most, least = (
        size_of_hull(pd.DataFrame([row] * looks_at_her, columns=columns), NO_REPORTS) for row in (long, short)
    )
    assert (most["length_hi_m"], most["beam_hi_m"]) == (LONGEST_M, BROADEST_M)
    assert min(least["length_lo_m"], least["beam_lo_m"]) >= 0
