import numpy as np
import pytest

from pipeline.quantiles import Z90
from pipeline.volume.capacity import capacity_of
from pipeline.volume.particulars import Particulars, capacity_from_particulars


def interval_t(size):
    return tuple(np.exp(size.log_dwt + size.log_sd * Z90 * np.array([-1, 1])))


def test_a_stated_deadweight_is_taken_at_its_word():
    size, doubt = capacity_from_particulars(Particulars(dwt_t=6500, gt=4100, length_m=109.4, beam_m=18.2))
    assert doubt == ""
    assert np.exp(size.log_dwt) == pytest.approx(6500)


# ships with both figures published: Jutlandia Swan, Bise, Koti (GT about 5,100); Diamond 8 has GT only
@pytest.mark.parametrize(("gt", "dwt_t"), [(7217, 12_479), (12_118, 18_500), (5100, 8008)])
def test_gross_tonnage_gives_the_deadweight_of_published_pairs(gt, dwt_t):
    low, high = interval_t(capacity_from_particulars(Particulars(gt=gt))[0])
    assert low < dwt_t < high


def test_a_number_of_gross_tonnage_given_as_deadweight_is_noticed_by_the_ratio():
    size, doubt = capacity_from_particulars(Particulars(dwt_t=2998, gt=2998))
    assert "gross tonnage" in doubt
    assert "1.00" in doubt
    low, high = interval_t(size)
    assert low < 2998 < high
    assert high > 4700  # a hull of 2,998 GT carries 4,700 to 5,000 t


def test_a_deadweight_far_below_the_hull_may_be_a_gross_tonnage():
    size, doubt = capacity_from_particulars(Particulars(dwt_t=1150, length_m=105.0, beam_m=16.5))
    assert "far below" in doubt
    assert interval_t(size)[1] > 1.3 * 1150


def test_a_digit_too_many_is_doubted():
    size, doubt = capacity_from_particulars(Particulars(dwt_t=494_539, length_m=183.0, beam_m=32.0))
    assert "far above" in doubt
    assert interval_t(size)[0] < 60_000


def test_kind_gt_is_read_as_gross_tonnage():
    by_kind = capacity_from_particulars(Particulars(dwt_t=3000, tonnage_kind="gt"))[0]
    assert by_kind == capacity_from_particulars(Particulars(gt=3000))[0]


def test_of_unknown_kind_the_interval_holds_both_readings():
    size, doubt = capacity_from_particulars(Particulars(dwt_t=3000, tonnage_kind="unknown"))
    low, high = interval_t(size)
    assert doubt == ""  # the table said so itself
    assert low < 3000 < np.exp(capacity_of(None, None, None, gt=3000).log_dwt) < high
    assert size.method == "dwt_or_gt"


def test_the_hull_tells_the_kind():
    """A ship of 98 x 15.8 m carries about 5,000 t, so 3,000 is more likely her gross tonnage."""
    hull = Particulars(dwt_t=3000, tonnage_kind="unknown", length_m=98.0, beam_m=15.8)
    assert np.exp(capacity_from_particulars(hull)[0].log_dwt) > np.exp(
        capacity_from_particulars(Particulars(dwt_t=3000, tonnage_kind="unknown"))[0].log_dwt
    )


def test_gross_tonnage_and_hull_together_are_surer_than_either():
    hull, gross = capacity_of(None, 98.0, 15.8), capacity_of(None, None, None, gt=2950)
    both = capacity_of(None, 98.0, 15.8, gt=2950)
    assert both.log_sd <= min(hull.log_sd, gross.log_sd)
    assert min(hull.log_dwt, gross.log_dwt) <= both.log_dwt <= max(hull.log_dwt, gross.log_dwt)


def test_a_kind_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="tonnage_kind"):
        Particulars(dwt_t=1.0, tonnage_kind="nrt")


@pytest.mark.parametrize(("kind", "word"), [("dwt", "deadweight"), ("gt", "gross tonnage"), ("unknown", "tonnage")])
def test_a_contradicted_tonnage_is_called_what_the_table_says_that_it_is(kind, word):
    ship = Particulars(dwt_t=4000, tonnage_kind=kind, length_m=98.0, beam_m=15.8, contradicted=True)
    assert capacity_from_particulars(ship)[1] == f"the {word} may be another ship's, like the listed size"
