"""Which numbers can be IMO ship numbers."""

import pytest

from pipeline.ships.imo import imo_is_valid


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


@pytest.mark.parametrize("imo", [9331127, 9202209])
def test_numbers_of_real_ships_pass(imo):
    assert imo_is_valid(imo)


@pytest.mark.parametrize("imo", [0, 24, 62, 12345678, 907472])
def test_what_has_not_seven_digits_is_none(imo):
    assert not imo_is_valid(imo)
