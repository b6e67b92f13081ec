"""Ids that spreadsheets leave alone. Truth: Python's reading of numbers, and counting."""

import hashlib

import pandas as pd
import pytest

from pipeline.calls.call_rows import call_id_of
from pipeline.chain.review_file import FIELDS, read_reviews
from pipeline.config import VolumeConfig, assumptions_id
from pipeline.config.loading import fingerprint
from pipeline.config.volume import NO_ASSUMPTIONS
from pipeline.types.ids import never_a_number


def reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def hashes(length: int, count: int = 40_000) -> list[str]:
    return [hashlib.sha256(f"{n}".encode()).hexdigest()[:length] for n in range(count)]


@pytest.mark.parametrize(("length", "share"), [(12, 0.0071), (16, 0.0013)])
def test_no_id_reads_as_a_number_and_few_are_changed(length, share):
    """Of n hex digits (10/16)^n are all decimal, and (n - 2) (10/16)^(n - 1) / 16 have one e within."""
    given = hashes(length)
    made = [never_a_number(text) for text in given]
    assert sum(map(reads_as_number, given)) == pytest.approx(share * len(given), rel=0.3)
    assert not any(map(reads_as_number, made))
    assert all(a == b for a, b in zip(given, made, strict=True) if not reads_as_number(a))
    assert len(set(made)) == len(set(given))
    assert [never_a_number(text) for text in made] == made


@pytest.mark.parametrize("name", ["17", "row1", "20240307", "a", "", "1.2e5", "SIM 123456789012"])
def test_other_names_are_left_as_they_are(name):
    assert never_a_number(name) == name


def test_the_second_of_two_equal_objects_keeps_its_number():
    assert never_a_number("1234567890123456-2") == "h234567890123456-2"


def test_no_id_of_assumptions_reads_as_a_number():
    configs = [VolumeConfig(constants_share=n / 10_000) for n in range(1000)]
    assert any(reads_as_number(fingerprint(config, without=NO_ASSUMPTIONS)) for config in configs)
    ids = [assumptions_id(config) for config in configs]
    assert not any(map(reads_as_number, ids))
    assert len(set(ids)) == len(ids)


def test_calls_in_great_number_have_no_numbers_for_names():
    hours = pd.date_range("2024-01-01", periods=3000, freq="h", tz="UTC")
    ids = [call_id_of({"berth_id": "oil", "arrival_hi": hour}, None, pd.DataFrame()) for hour in hours]
    assert len(set(ids)) == len(ids)
    assert not any(map(reads_as_number, ids))


def test_a_verdict_on_an_id_of_an_earlier_version_is_one_on_the_present_id(tmp_path):
    path, said = tmp_path / "v.csv", "A. Analyst,2024-04-02T09:00Z,a barge"
    lines = [f"12e456789012,reject,,{said}", f"aa,merge,004512345678,{said}", f"bb,rename,123456789012,{said}"]
    path.write_text("\n".join([",".join(FIELDS), *lines, f"h2e456789012,confirm,,{said}"]) + "\n")
    old, merge, rename, new = read_reviews(path)
    assert (old.target, old.outcome, new.outcome) == ("h2e456789012", "superseded", "")
    assert merge.value == "g04512345678"
    assert rename.value == "123456789012"
