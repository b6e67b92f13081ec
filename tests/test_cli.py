"""The command line as its users meet it: exit codes, one line per error, no tracebacks."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine

from pipeline.workspace import configs_root

COMMANDS = (
    "run", "detect", "ais", "match", "calls", "volume", "account", "simulate", "rerun", "verify", "report", "doctor",
)  # fmt: skip


def ship_picture(path, **more):
    """Speckled sea with one bright ship, as an 8-bit picture; returns the ship's middle (row, col)."""
    rng = np.random.default_rng(5)
    sea = rng.gamma(4.4, 9.0, (300, 300))
    sea[140:144, 100:118] = 900.0
    profile = {"driver": "GTiff", "width": 300, "height": 300, "count": 1, "dtype": "float32"} | more
    with rasterio.open(path, "w", **profile) as file:
        file.write(np.sqrt(sea).astype("float32"), 1)
    return 141.5, 108.5


def test_help_lists_every_command(capwatch):
    code, out, _ = capwatch("--help")
    assert code == 0
    for name in COMMANDS:
        assert f"  {name} " in out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example(capwatch, name):
    code, out, _ = capwatch(name, "--help")
    assert code == 0
    assert "Usage: capwatch" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "atlantis"), "no such AOI"),
        (("run", "vostochny", "--set", "detection.radar.false_alarm_rat=1"), "false_alarm_rat"),
        (("run", "vostochny", "--set", "detection.radar.false_alarm_rate=2"), "false_alarm_rate"),
        (("run", "vostochny", "--source", "files"), "neither images nor ais"),
        (("verify", "nowhere"), "nowhere"),
        (("rerun", "nowhere"), "nowhere"),
    ],
    ids=lambda v: " ".join(v)[-40:] if isinstance(v, tuple) else v,
)
def test_a_wrong_question_is_answered_in_one_line(capwatch, words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = capwatch(*words)
    assert code in (2, 4)
    assert out == ""
    lines = err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert said in lines[0]
    assert not (tmp_path / "runs").exists()


def test_an_unknown_key_is_named_with_file_and_line(capwatch, tmp_path):
    file = tmp_path / "my.yaml"
    file.write_text("aoi:\n  id: x\n  name: X\n  bbox: [1, 2, 3, 4]\n  zones: z.geojson\n  berths: 3\n")
    code, _, err = capwatch("run", file)
    assert code == 2
    assert "my.yaml:6" in err
    assert "berths" in err


def test_dry_run_does_nothing(capwatch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = capwatch("run", "vostochny", "--dry-run")
    assert code == 0
    assert "vostochny" in out.lower()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["csv", "parquet", "geojson"])
def test_detect_finds_the_ship_of_a_georeferenced_picture(capwatch, tmp_path, suffix):
    image = tmp_path / "sea.tif"
    row, col = ship_picture(image, crs="EPSG:32653", transform=Affine(10, 0, 330000, 0, -10, 4735000))
    out = tmp_path / f"ships.{suffix}"
    code, _, err = capwatch("detect", image, "--sensor", "sentinel-1", "-o", out)
    assert code in (0, 3), err
    import geopandas as gpd

    table = (
        pd.read_csv(out) if suffix == "csv" else gpd.read_parquet(out) if suffix == "parquet" else gpd.read_file(out)
    )
    ships = table[table["accepted"].astype(str) == "True"]
    assert len(ships) == 1
    assert ships["row"].iloc[0] == pytest.approx(row, abs=1)
    assert ships["col"].iloc[0] == pytest.approx(col, abs=1)
    assert ships["length_lo_m"].iloc[0] < 180 < ships["length_hi_m"].iloc[0]
    assert ships["lat"].notna().all()


def test_detections_of_a_simulated_image_say_so(capwatch, tmp_path):
    image = tmp_path / "sea.tif"
    ship_picture(image)
    words = ("detect", image, "--sensor", "sentinel-1", "--pixel-spacing", "10", "-o")
    assert capwatch(*words, tmp_path / "real.csv")[0] in (0, 3)
    with rasterio.open(image, "r+") as raster:
        raster.update_tags(SIMULATED="YES")
    assert capwatch(*words, tmp_path / "made.csv")[0] in (0, 3)
    assert "simulated" not in pd.read_csv(tmp_path / "real.csv")
    assert pd.read_csv(tmp_path / "made.csv")["simulated"].all()


def test_detect_without_georeference_gives_pixels_only(capwatch, tmp_path):
    image = tmp_path / "sea.tif"
    row, _ = ship_picture(image)
    code, _, _ = capwatch("detect", image, "--sensor", "sentinel-1", "--pixel-spacing", "10", "-o", f"{tmp_path}/out/")
    assert code in (0, 3)
    table = pd.read_csv(tmp_path / "out" / "sea.csv")
    ship = table[table["accepted"].astype(str) == "True"].iloc[0]
    assert ship["row"] == pytest.approx(row, abs=1)
    assert np.isnan(ship["lon"])


def test_detect_skips_a_broken_image_and_does_the_rest(capwatch, tmp_path):
    good, bad = tmp_path / "good.tif", tmp_path / "bad.tif"
    ship_picture(good)
    bad.write_bytes(b"not an image")
    code, _, err = capwatch(
        "detect", bad, good, "--sensor", "sentinel-1", "--pixel-spacing", "10", "-o", f"{tmp_path}/out/", "--quiet"
    )
    assert code == 3
    assert len([line for line in err.splitlines() if "bad.tif" in line]) == 1
    assert (tmp_path / "out" / "good.csv").is_file()
    assert not (tmp_path / "out" / "bad.csv").exists()


@pytest.mark.parametrize(("value", "said"), [(90, "one value fills the image"), (0, "holds no measurement")])
def test_detect_writes_no_empty_table_of_an_image_that_shows_nothing(capwatch, tmp_path, value, said):
    """Its table without a ship read as a look at empty water."""
    image = tmp_path / "blank.tif"
    with rasterio.open(image, "w", driver="GTiff", width=300, height=300, count=1, dtype="uint8") as out:
        out.write(np.full((1, 300, 300), value, np.uint8))
    words = ("detect", str(image), "--sensor", "optical", "--pixel-spacing", "1", "-o", str(tmp_path / "o.csv"))
    code, _, err = capwatch(*words)
    assert (code, (tmp_path / "o.csv").exists()) == (4, False)
    assert f"blank.tif: {said}" in err.replace("is no picture: ", "")


def test_detect_tells_each_doubt_of_a_scene(capwatch, tmp_path):
    image = tmp_path / "sea_20240308.tif"
    ship_picture(image)
    words = ("detect", image, "--sensor", "sentinel-1", "--pixel-spacing", "10", "-o", tmp_path / "out.csv", "--quiet")
    code, _, err = capwatch(*words)
    assert code == 3
    assert "time of day unknown; the file name gives the date (scene degraded)" in err
    assert set(pd.read_csv(tmp_path / "out.csv")["flags"].str.contains("time_of_day_unknown")) == {True}


def test_detect_goes_on_after_an_image_whose_sensor_nobody_knows(capwatch, tmp_path):
    unknown, good = tmp_path / "unknown.tif", tmp_path / "S1A_IW_GRDH_1SDV_20240308T021000_cut.tif"
    ship_picture(unknown)
    ship_picture(good)
    code, _, err = capwatch("detect", unknown, good, "--pixel-spacing", "10", "-o", f"{tmp_path}/out/", "--quiet")
    assert code == 3
    assert "unknown.tif: nothing in the file or its name tells its sensor" in err
    assert "into unknown.json beside it; capwatch detect also takes --sensor" in err, "capwatch run does not"
    assert (tmp_path / "out" / f"{good.stem}.csv").is_file()
    assert capwatch("detect", unknown, "--pixel-spacing", "10", "-o", tmp_path / "one.csv")[0] == 2


@pytest.mark.parametrize("flags", ["['time_of_day_unknown']", "[]", ""])
def test_match_says_where_noon_stands_for_a_time_that_nobody_knows(capwatch, tmp_path, flags):
    ships, ais = tmp_path / "ships.csv", tmp_path / "ais.csv"
    ships.write_text(f"det_id,time_utc,lon,lat,length_m,flags\na,2024-03-07T12:00:00Z,133.0,42.7,180,{flags}\n")
    ais.write_text("mmsi,time_utc,lon,lat,sog_kn\n273000001,2024-03-07T11:58:00Z,133.0,42.7,0.1\n")
    code, _, err = capwatch("match", "--detections", ships, "--ais", ais, "-o", tmp_path / "out.csv")
    assert code == 0
    assert ("matched as at noon UTC" in err) is ("unknown" in flags)


@pytest.mark.parametrize("name", ["volume", "account", "ais", "match", "calls"])
def test_no_command_writes_over_what_it_reads(capwatch, tmp_path, name):
    """By the same name or by a link to it."""
    table = tmp_path / "mine.csv"
    table.write_text("call_id,arrival,tonnes\na,2024-03-07,3000\n")
    (tmp_path / "link.csv").symlink_to(table)
    words = {
        "volume": (table,), "account": (table, "--cap", "configs/caps/unscr-2397.yaml"), "ais": (table,),
        "match": ("--detections", table, "--ais", table),
        "calls": ("--ais", table, "--zones", "configs/zones/vostochny.geojson"),
    }[name]  # fmt: skip
    for out in (table, tmp_path / "link.csv"):
        code, _, err = capwatch(name, *words, "-o", out)
        assert (code, err) == (
            2,
            f"error: {out}: is read, and would be written over; name another (nothing was written)\n",
        )
    assert table.read_text().startswith("call_id,arrival,tonnes")


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
    from pipeline.storage import read_table, write_table

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
    from pipeline.storage import read_table, write_table

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


def test_report_and_verify_speak_of_a_finished_run(capwatch, tiny_run):
    code, out, _ = capwatch("report", tiny_run)
    assert code == 0
    assert "SIMULATED" in out
    assert "report.html" in out
    code, out, _ = capwatch("verify", tiny_run)
    assert code == 0
    assert "agrees" in out


@pytest.mark.parametrize("name", ["run", "config show", "detect", "match", "calls", "volume", "account", "case"])
def test_the_example_of_set_in_a_commands_help_is_one_that_it_takes(capwatch, tmp_path, monkeypatch, name):
    """Each command is asked for something that it refuses for another reason, after it has read its settings."""
    help_text = " ".join(capwatch(*name.split(), "--help")[1].split())
    example = re.search(
        r"Override (?:any config field|a field of [^,]* section), e\.g\. (\S+)\.(?: |$)", help_text
    ).group(1)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.csv").write_text("call_id,arrival,tonnes\na,2024-03-07T00:00:00Z,3000\n")
    words = {
        "run": ("vostochny", "--dry-run"),
        "config show": ("vostochny",),
        "detect": ("none.tif", "-o", "o.csv"),
        "match": ("--detections", "none.csv", "--ais", "none.nmea", "-o", "o.csv"),
        "calls": ("--zones", "none.geojson", "--ais", "none.nmea", "-o", "o.csv"),
        "volume": ("calls.csv", "-o", "o.csv"),
        "account": ("none.csv", "--cap", "none.yaml", "-o", "o.csv"),
        "case": ("rusi-2024-03",),
    }[name]
    code, out, err = capwatch(*name.split(), *words, "--set", example)
    assert "no such key" not in err
    assert "knows the fields of" not in err
    assert code in (0, 3) or "none." in err
    assert "no such key" in capwatch(*name.split(), *words, "--set", "fil.mean=0.6")[2]
    del out


def test_a_key_of_another_section_is_told_where_it_belongs(capwatch, tmp_path):
    code, _, err = capwatch("volume", "c.csv", "-o", tmp_path / "o.csv", "--set", "detection.radar.guard_m=3")
    assert code == 2
    assert "--set detection: this command knows the fields of volume alone" in err
    code, _, err = capwatch("run", "vostochny", "--dry-run", "--set", "fill.mean=0.6")
    assert code == 2
    assert "did you mean volume.fill?" in err


@pytest.mark.parametrize(
    ("words", "code", "said"),
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
    capwatch, tmp_path, monkeypatch, words, code, said
):
    zones = configs_root() / "zones" / "vostochny.geojson"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zones.geojson").write_bytes(zones.read_bytes())
    (tmp_path / "feed.nmea").write_text("!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A\n")
    (tmp_path / "ships.csv").write_text("det_id,acquired,lon,lat\na,2024-03-07T00:00:00Z,133,42.7\n")
    (tmp_path / "bare.csv").write_text("call_id,tonnes\na,3000\n")
    found, _, err = capwatch(*words, "-o", "o.csv")
    assert found == code
    assert said in err
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize("command", ["verify", "rerun", "report"])
def test_a_file_is_no_run_folder(capwatch, tmp_path, command):
    """`latest.txt` lies beside the runs. Exit code 3 would say that a difference was found."""
    (tmp_path / "latest.txt").write_text("8cfdfcc561f4\n")
    code, _, err = capwatch(command, tmp_path / "latest.txt")
    assert code == 2
    assert "is a file, not a run folder" in err


def test_help_does_not_import_the_heavy_libraries():
    """What keeps `capwatch --help` quick: no array, table or image library is loaded for it."""
    heavy = ("numpy", "pandas", "rasterio", "numba")
    code = f"import sys; import pipeline.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_doctor_names_what_is_there(capwatch):
    code, out, _ = capwatch("doctor")
    assert code == 0
    assert "rasterio" in out
