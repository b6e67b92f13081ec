"""The stages alone, one command after the other on files: each takes what the one before wrote."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from pipeline.workspace import configs_root
from tests.builders import ship_picture


@pytest.mark.parametrize("flags", ["['time_of_day_unknown']", "[]", ""])
def test_match_says_where_noon_stands_for_a_time_that_nobody_knows(capwatch, tmp_path, flags):
    ships, ais = tmp_path / "ships.csv", tmp_path / "ais.csv"
    ships.write_text(f"det_id,time_utc,lon,lat,length_m,flags\na,2024-03-07T12:00:00Z,133.0,42.7,180,{flags}\n")
    ais.write_text("mmsi,time_utc,lon,lat,sog_kn\n273000001,2024-03-07T11:58:00Z,133.0,42.7,0.1\n")
    code, _, err = capwatch("match", "--detections", ships, "--ais", ais, "-o", tmp_path / "out.csv")
    assert code == 0
    assert ("matched as at noon UTC" in err) is ("unknown" in flags)


def test_volume_and_account_reproduce_a_published_sum(capwatch, tmp_path):
    """RUSI, March 2024: five calls of 3,000 t at 8.33 barrels a tonne are 124,950 barrels, a quarter of the cap."""
    calls = tmp_path / "calls.csv"
    rows = [f"c{n},2024-03-{7 + 3 * n:02d},3000" for n in range(5)]
    calls.write_text("call_id,arrival,tonnes\n" + "\n".join(rows) + "\n")
    liftings, ledger = tmp_path / "liftings.csv", tmp_path / "ledger.csv"
    unnamed = ("--set", "products=[{name: unnamed, share: 1.0, bbl_per_t: 8.33, t_per_m3: 0.755}]")
    code, _, err = capwatch("volume", calls, "-o", liftings, *unnamed)
    assert code == 0, err
    assert pd.read_csv(liftings)["barrels_at_100"].sum() == pytest.approx(124_950)
    code, _, err = capwatch("account", liftings, "--cap", "configs/caps/unscr-2397.yaml", "-o", ledger, *unnamed)
    assert code == 0, err
    last = pd.read_csv(ledger).iloc[-1]
    assert last["at_100"] / last["cap_bbl"] == pytest.approx(0.2499)


def test_ais_counts_every_line(capwatch, tmp_path):
    """A type 1 message of the ITU's own kind, a broken checksum, a comment."""
    feed = tmp_path / "feed.nmea"
    feed.write_text(
        "!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A\n!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4B\n# note\n"
    )
    out, balance = tmp_path / "out.csv", tmp_path / "balance.json"
    code, _, _ = capwatch("ais", feed, "-o", out, "--balance", balance)
    assert code in (0, 3)
    buckets = json.loads(balance.read_text())["buckets"]
    assert sum(buckets.values()) == 3
    assert buckets["decoded"] == 1
    assert pd.read_csv(out)["mmsi"].tolist() == [371798000]


def test_stage_commands_follow_each_other_on_a_finished_runs_files(capwatch, tiny_run, tmp_path):
    """Matches and calls from the run's own tables, by the stage commands, name the same ship at the same berth."""
    out = tmp_path / "calls.parquet"
    zones = tiny_run / "config_files" / "zones" / "vostochny.geojson"
    feed = next((tiny_run.parents[2] / "cache" / "simulated").glob("*/ais"))
    messages = tmp_path / "messages.parquet"
    code, _, err = capwatch("ais", *sorted(feed.iterdir()), "-o", messages)
    assert code in (0, 3), err
    code, _, err = capwatch(
        "calls", "--ais", messages, "--detections", tiny_run / "detections.parquet", "--scenes",
        tiny_run / "scenes.parquet", "--zones", zones, "-o", out,
    )  # fmt: skip
    assert code in (0, 3), err
    calls = pd.read_parquet(out)
    assert calls.loc[calls["counts"], "name"].tolist() == ["SIM TANKER 1"]


def test_calls_from_a_runs_own_tables_are_those_of_the_run(capwatch, tiny_run, tmp_path):
    """Also where cloud hid a berth: a picture that showed nothing there is no look that saw her gone."""
    from pipeline.table_files import read_table, write_table

    made = tmp_path / "run"
    made.mkdir()
    scenes, looks = (read_table(tiny_run / f"{name}.parquet") for name in ("scenes", "looks"))
    cloudy = scenes.iloc[[-1]].assign(scene_id="cloudy", acquired=scenes["acquired"].max() + pd.Timedelta("9h"))
    unseen = looks[looks["scene_id"] == scenes["scene_id"].iloc[-1]].assign(
        scene_id="cloudy", acquired=cloudy["acquired"].iloc[0], state="unknown", covered=0.0, n_detections=0
    )
    unseen["look_id"] = "cloudy/" + unseen["zone_id"]
    write_table(pd.concat([scenes, cloudy], ignore_index=True), made / "scenes.parquet")
    write_table(pd.concat([looks, unseen], ignore_index=True), made / "looks.parquet")

    def calls(scenes, looks=None):
        out = tmp_path / "calls.parquet"
        words = ["--zones", tiny_run / "config_files" / "zones" / "vostochny.geojson", "--scenes", scenes, "-o", out]
        words += ["--looks", looks] if looks is not None else []
        code, _, err = capwatch("calls", "--detections", tiny_run / "detections.parquet", *words)
        assert code in (0, 3), err
        return pd.read_parquet(out).drop(columns="geometry", errors="ignore"), err

    without, _ = calls(tiny_run / "scenes.parquet", tiny_run / "looks.parquet")
    with_cloud, _ = calls(made / "scenes.parquet", made / "looks.parquet")
    pd.testing.assert_frame_equal(with_cloud, without)
    doubtful, told = calls(made / "scenes.parquet")
    assert "--looks" in told
    assert doubtful["departure_hi"].iloc[0] == cloudy["acquired"].iloc[0]  # as if she had been seen to be gone


def test_looks_without_their_scenes_are_refused(capwatch, tiny_run, tmp_path):
    code, _, err = capwatch(
        "calls", "--detections", tiny_run / "detections.parquet", "--looks", tiny_run / "looks.parquet",
        "--zones", tiny_run / "config_files" / "zones" / "vostochny.geojson", "-o", tmp_path / "calls.csv",
    )  # fmt: skip
    assert (code, "--scenes" in err) == (2, True)


@pytest.mark.parametrize("berth", ["", "pier_of_another_file"])
def test_detections_without_zones_get_them_from_the_zones_file(capwatch, tiny_run, tmp_path, berth):
    """What `capwatch detect` writes knows no berths, other runs know others; `capwatch calls` still places the ship."""
    from pipeline.table_files import read_table, write_table

    found = read_table(tiny_run / "detections.parquet")
    write_table(found.assign(berth_id=berth), tmp_path / "detections.parquet")
    out = tmp_path / "calls.csv"
    code, _, err = capwatch(
        "calls", "--detections", tmp_path / "detections.parquet", "--scenes", tiny_run / "scenes.parquet",
        "--zones", tiny_run / "config_files" / "zones" / "vostochny.geojson", "-o", out,
    )  # fmt: skip
    assert code in (0, 3), err
    calls = pd.read_csv(out)
    assert "oil_pier" in set(calls["berth_id"])
    assert calls["simulated"].all()  # as the tables that it is made from say


@pytest.mark.parametrize("field", ["radar.false_alarm_rate", "detection.radar.false_alarm_rate"])
def test_a_field_has_one_name_in_every_command(capwatch, tmp_path, field):
    """A stage takes its own section's fields with the section's name, as in a run file, or without."""
    image = tmp_path / "sea.tif"
    ship_picture(image)
    words = ("detect", image, "--sensor", "sentinel-1", "--pixel-spacing", "10", "-o", tmp_path / "o.csv")
    assert capwatch(*words, "--set", f"{field}=1e-7")[0] in (0, 3)
    code, _, err = capwatch(*words, "--set", f"{field}=7")
    assert code == 2
    assert "false_alarm_rate" in err


def test_a_ship_that_leaves_lighter_is_no_lifting(capwatch, tmp_path):
    calls, out = tmp_path / "calls.csv", tmp_path / "liftings.csv"
    calls.write_text(
        "call_id,arrival,length_m,beam_m,draught_in_m,draught_out_m\n"
        "a,2024-03-07,99,16,6.4,4.2\nb,2024-03-07,99,16,4.2,6.4\n"
    )
    assert capwatch("volume", calls, "-o", out)[0] == 0
    table = pd.read_csv(out).set_index("call_id")
    assert table.loc["a", "p_lifting"] < 0.1
    assert table.loc["b", "p_lifting"] > 0.9


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("match", "--detections", "ships.csv", "--ais", "none.nmea"), 4, "no AIS message could be used"),
        (("match", "--detections", "bare.csv", "--ais", "feed.nmea"), 2, "bare.csv: the table of detections has no"),
        (("calls", "--zones", "zones.geojson"), 2, "neither AIS nor detections are given"),
        (("calls", "--zones", "zones.geojson", "--ais", "none.nmea"), 4, "no AIS message could be used"),
        (("calls", "--zones", "zones.geojson", "--detections", "bare.csv"), 2, "bare.csv: table detections"),
        (("volume", "bare.csv", "--seed", "-1"), 2, "--seed"),
        (("detect", "none.tif"), 4, "of 1 image none could be used"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else "",
)  # fmt: skip
def test_a_stage_that_has_nothing_to_work_on_says_so_and_writes_nothing(
    capwatch, tmp_path, monkeypatch, words, code, expected
):
    zones = configs_root() / "zones" / "vostochny.geojson"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zones.geojson").write_bytes(zones.read_bytes())
    (tmp_path / "feed.nmea").write_text("!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A\n")
    (tmp_path / "ships.csv").write_text("det_id,acquired,lon,lat\na,2024-03-07T00:00:00Z,133,42.7\n")
    (tmp_path / "bare.csv").write_text("call_id,tonnes\na,3000\n")
    found, _, err = capwatch(*words, "-o", "o.csv")
    assert found == code
    assert expected in err
    assert not (tmp_path / "o.csv").exists()
