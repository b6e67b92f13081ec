"""One run, two tables on the same moments: the word on a berth never knows more than the look it comes from."""

from __future__ import annotations

from pipeline.table_files import read_table


def test_no_berth_is_empty_where_its_look_was_not_usable(tiny_run):
    berths = read_table(tiny_run / "occupancy.parquet").set_index("look_id")
    looks = read_table(tiny_run / "looks.parquet").set_index("look_id")
    both = berths.join(looks[["state", "covered"]], how="inner")
    assert len(both)
    empty = both[both["verdict"] == "empty"]
    assert set(empty["state"]) <= {"usable"}
    optical = both[(both["sensor"] != "sentinel-1") & both["seen"].notna()]
    assert (optical["seen"] == optical["covered"]).all()
