"""Identity of a call's ship where transponder and registry agree, disagree, or give more than one answer."""

import pandas as pd
import pytest

from pipeline.calls.identity import identity
from pipeline.calls.port_calls import port_calls
from pipeline.config import CallsConfig, VolumeConfig
from pipeline.ingest.registry import read_registry, shared_numbers
from pipeline.tables import MATCHES, STATIC, TRACKS
from pipeline.volume import liftings
from tests.calls.traffic import detections, harbour, looks_at, sighting

MMSI, IMO, OTHER_IMO = 273000001, 9074729, 9129653
HEADER = "imo,mmsi,name,dwt_t,tonnage_kind,length_m,beam_m,source"


def registry(tmp_path, *lines):
    path = tmp_path / "vessels.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n")
    return read_registry(path)


def reports(imo=None, name="", words=""):
    return pd.DataFrame({"imo": pd.array([imo], dtype="Int64"), "name": [name], "ship_words": [words]})


def test_gross_tonnage_and_size_of_the_registry_reach_the_call(tmp_path):
    listed = registry(tmp_path, f"{IMO},,ALPHA,962,GT,72.5,11.8,class register")
    row = identity(MMSI, 1.0, reports(IMO), listed)
    assert "dwt_t" not in row, "a gross tonnage is no weight"
    assert (row["gt"], row["listed_length_m"], row["listed_beam_m"]) == (962.0, 72.5, 11.8)
    assert row["listed_source"] == "class register"
    assert "length_m" not in row, "what was measured stays what was measured"


def test_a_tonnage_of_unknown_kind_reaches_the_call_as_such(tmp_path):
    """A press report of "a 2,507-ton tanker": the volume stage considers both readings."""
    row = identity(MMSI, 1.0, reports(IMO), registry(tmp_path, f"{IMO},,ALPHA,2507,unknown,,,press"))
    assert (row["dwt_t"], row["tonnage_kind"]) == (2507.0, "unknown")
    call = pd.DataFrame([row | {"call_id": "a", "arrival": "2024-03-07"}])
    lifted = liftings(call, VolumeConfig(draws=500), 1).iloc[0]
    assert lifted["method"].startswith("dwt_or_gt")
    assert lifted["dwt_p5_t"] < 2507 < 1.5 * 2507 < lifted["dwt_p95_t"]
    assert lifted["size_source"] == "tonnage: press"
    known = identity(MMSI, 1.0, reports(IMO), registry(tmp_path, f"{IMO},,ALPHA,2507,DWT,,,press"))
    assert "tonnage_kind" not in known


def test_depth_and_summer_draught_of_the_registry_reach_the_call(tmp_path):
    path = tmp_path / "vessels.csv"
    path.write_text(f"imo,name,depth_m,design_draught_m,source\n{IMO},ALPHA,7.1,5.6,class\n{OTHER_IMO},BRAVO,,,class\n")
    listed = read_registry(path)
    row = identity(MMSI, 1.0, reports(IMO), listed)
    assert (row["depth_m"], row["design_draught_m"], row["listed_source"]) == (7.1, 5.6, "class")
    assert not {"depth_m", "design_draught_m"} & set(identity(MMSI, 1.0, reports(OTHER_IMO), listed))


def test_a_ship_known_by_name_alone_gets_no_size(tmp_path):
    row = identity(MMSI, 1.0, reports(name="ALPHA"), registry(tmp_path, f"{IMO},,ALPHA,962,GT,72.5,11.8,class"))
    assert (row["imo"], row["identity_probability"]) == (IMO, pytest.approx(0.7))
    assert not {"gt", "listed_length_m", "listed_source"} & set(row)


def test_a_number_of_two_ships_names_neither(tmp_path):
    lines = (f"{IMO},{MMSI},ALPHA,5000,DWT,,,register", f"{OTHER_IMO},{MMSI},BRAVO,900,DWT,,,press")
    for order in (lines, lines[::-1]):
        listed = registry(tmp_path, *order)
        row = identity(MMSI, 1.0, reports(), listed)
        assert (row["name"], row["imo"], row["vessel_id"]) == ("", None, f"mmsi:{MMSI}")
        assert "dwt_t" not in row
        assert identity(MMSI, 1.0, reports(IMO), listed)["dwt_t"] == 5000.0, "an IMO number still names her"
    assert shared_numbers(listed) == [f"mmsi {MMSI} stands in lines 2 (BRAVO) and 3 (ALPHA)"]


def test_a_transponder_that_has_changed_hands_does_not_name_its_former_ship(tmp_path):
    listed = registry(tmp_path, f"{IMO},{MMSI},ALPHA,5000,DWT,,,register")
    row = identity(MMSI, 1.0, reports(OTHER_IMO, "BRAVO"), listed)
    assert (row["name"], row["imo"]) == ("BRAVO", OTHER_IMO)
    assert "dwt_t" not in row


def test_a_type_in_words_is_the_registrys_else_as_a_table_of_messages_words_it(tmp_path):
    """They tell what a type code does not: that she carries gas."""
    assert identity(MMSI, 1.0, reports(IMO, words="LPG Tanker"), None)["ship_type"] == "LPG Tanker"
    path = tmp_path / "vessels.csv"
    path.write_text(f"imo,name,ship_type,source\n{IMO},A,oil products tanker,class\n{OTHER_IMO},B,,class\n")
    listed = read_registry(path)
    assert identity(MMSI, 1.0, reports(IMO, words="LPG Tanker"), listed)["ship_type"] == "oil products tanker"
    assert identity(MMSI, 1.0, reports(OTHER_IMO, words="LPG Tanker"), listed)["ship_type"] == "LPG Tanker"


def test_a_look_without_her_transponder_says_nothing_of_how_sure_the_match_in_another_is():
    """Its probability is that of no transponder."""
    rows = [{"det_id": "a", "mmsi": MMSI, "probability": 0.6}, {"det_id": "b", "mmsi": None, "probability": 0.95}]
    empty = {"tracks": TRACKS.empty(), "static": STATIC.empty(), "registry": None}
    found, looks = detections(sighting("a", 24), sighting("b", 30)), looks_at(24, 30)
    more = {"matches": MATCHES.check(MATCHES.from_rows(rows)), "place": harbour(), "config": CallsConfig()}
    calls = port_calls(detections=found, looks=looks, **more, **empty)
    assert calls["detection_ids"].tolist() == [["a", "b"]]
    assert calls["identity_probability"].tolist() == pytest.approx([0.6])
