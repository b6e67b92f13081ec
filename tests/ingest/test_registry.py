import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.ingest.registry import COLUMNS, read_registry

HEADER = ",".join(COLUMNS)
GOOD = "9074729,273000001,A TANKER,OLD NAME; OLDER NAME,LPG carrier,4900,105,15.2,8.1,6.4,3100,DWT,class register"


def registry(tmp_path, *lines):
    path = tmp_path / "vessels.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_renamed_hull_is_one_row(tmp_path):
    table = read_registry(registry(tmp_path, "# edited by hand", HEADER, "", GOOD, ",,B TANKER,,,,,,,,,,press"))
    assert list(table.columns) == [*COLUMNS, "line"]
    first, second = table.iloc[0], table.iloc[1]
    assert (first["imo"], first["mmsi"], first["aka"]) == (9074729, 273000001, ["OLD NAME", "OLDER NAME"])
    assert (first["dwt_t"], first["gt"], first["depth_m"]) == (4900, 3100, 8.1)
    assert (second["aka"], second["ship_type"], first["ship_type"]) == ([], "", "LPG carrier")
    assert pd.isna(second["imo"])
    assert pd.isna(second["length_m"])


def test_gross_tonnage_is_no_weight(tmp_path):
    table = read_registry(registry(tmp_path, "name,dwt_t,tonnage_kind,source", "A,2950,GT,press"))
    assert pd.isna(table.loc[0, "dwt_t"])
    assert table.loc[0, "gt"] == 2950


def test_gross_tonnage_and_deadweight_may_both_be_listed(tmp_path):
    table = read_registry(
        registry(tmp_path, "name,dwt_t,gt,tonnage_kind,source", "A,4900,3100,DWT,class", "B,,962,,class")
    )
    assert table["gt"].tolist() == [3100, 962]
    assert table["dwt_t"].fillna(0).tolist() == [4900, 0]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["name,dwt,source", "A,1,x"], r"line 1: unknown column dwt \(did you mean dwt_t\?\); the"),
        (["Name,Tragfähigkeit,source", "A,1,x"], r"unknown columns Name \(.* name\?\), Tragfähigkeit \(.* dwt_t\?\);"),
        (["name;source", "A;x"], "line 1: its columns stand between semicolons; write commas between them;"),
        (["imo,name", "9074729,A"], "line 1: column source missing; the columns are"),
        (["name,source,name", "A,x,A"], "line 1: column name appears twice"),
        (["imo,name,source", "9074728,A,x"], "line 2: imo '9074728' has a wrong check digit"),
        (["imo,name,source", "# note", "907472,A,x"], "line 3: imo '907472' is not seven digits"),
        (["mmsi,name,source", "27300,A,x"], "line 2: mmsi '27300' is not nine digits"),
        (["mmsi,name,source", "000000000,A,x"], "line 2: mmsi '000000000' is no ship's number"),
        (["mmsi,name,source", "111222333,A,x"], "line 2: mmsi '111222333' is no ship's number"),
        (["name,source", ",x"], "line 2: name is empty"),
        (["name,source", "A,"], "line 2: source is empty"),
        (["name,length_m,source", "A,-5,x"], "line 2: length_m '-5' is outside"),
        (["name,length_m,source", "A,nan,x"], "line 2: length_m 'nan' is outside"),
        (["name,length_m,source", "A,100 m,x"], "line 2: length_m '100 m' is not a number"),
        (["name,beam_m,source", "A,1_5,x"], "line 2: beam_m '1_5' is not a number"),
        (["name,length_m,beam_m,source", "A,15,100,x"], "line 2: beam_m .100. is not below length_m .15."),
        (["name,dwt_t,source", "A,5000,x"], "line 2: dwt_t is given, but tonnage_kind"),
        (["name,dwt_t,tonnage_kind,source", "A,5000,NT,x"], "line 2: tonnage_kind 'NT' is none of DWT, GT, UNKNOWN"),
        (
            ["name,dwt_t,gt,tonnage_kind,source", "A,5000,3000,GT,x"],
            "line 2: dwt_t is a gross tonnage by its tonnage_kind",
        ),
        (["name,gt,source", "A,0,x"], "line 2: gt '0' is outside"),
        (["name,source", "A,x,y"], "line 2: 3 columns, the header has 2"),
        (["imo,name,source", "9074729,A,x", "9074729,B,x"], "line 3: imo 9074729 stands in line 2 already"),
        ([""], "has no header"),
        (["name,source", f"{'x' * 140_000},x"], "line 2: field larger than field limit"),
        (["name,source", 'A,"x', "B,y"], "line 2: a quote is not closed in its line"),
        (['name,"source', "A,x"], "line 1: a quote is not closed in its line"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, lines, expected):
    with pytest.raises(InputError, match=expected):
        read_registry(registry(tmp_path, *lines))


def test_only_the_end_of_a_line_ends_it(tmp_path):
    """Other characters at which Python splits text must not cut a line in two and shift the numbers of those below."""
    table = read_registry(registry(tmp_path, "name,source", "A\u2028B,x", "C\x0bD,y", "E\x85,z"))
    assert list(table["line"]) == [2, 3, 4]
    assert list(table["name"]) == ["A\u2028B", "C\x0bD", "E"]


def test_an_absent_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_registry(tmp_path / "absent.csv")
