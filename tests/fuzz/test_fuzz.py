"""Thousands of damaged files: refused in one line, read as before, or counted as unverified; never a crash.

``make test`` takes a slice, ``make fuzz`` all; seeds are fixed. Outcomes go to the file that CAPWATCH_FUZZ names.
"""

from __future__ import annotations

import functools
import itertools
import json
import operator
import os
import re
import resource
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.errors import ConfigError, InputError, PipelineError
from pipeline.ingest.ais.messages import read_ais
from pipeline.ingest.metadata.options import OpenOptions
from pipeline.ingest.place import read_zones
from pipeline.ingest.scenes import open_scene
from pipeline.types import Sensor, Window
from tests.cases.desk import ais_table, describe, radar, speckle, zones
from tests.fuzz.mutants import mutants

SIDE = 64
PROFILES = {
    "plain": {},
    "deflate": {"compress": "deflate", "predictor": 3},
    "lzw, tiled": {"compress": "lzw", "tiled": True, "blockxsize": 32, "blockysize": 32},
    "zstd, tiled": {"compress": "zstd", "tiled": True, "blockxsize": 32, "blockysize": 32},
}
LONGEST_S = 1.0
SILENT = 0.015  # of damaged tables, what may pass without a word; pandas: 0.46
AS_GOOD_AS_A_FIX_M = 10.0  # "high accuracy" of a fix, ITU-R M.1371-5
MOST_KB = 1 << 20
sizes = pytest.mark.parametrize("count", [60, pytest.param(10_000, marks=pytest.mark.fuzz)])


def told(what: str, count: int, outcomes: Counter, **more: object) -> None:
    """Append the outcomes to the file that CAPWATCH_FUZZ names."""
    if "CAPWATCH_FUZZ" in os.environ:
        line = {"what": what, "count": count} | dict(outcomes) | more
        with Path(os.environ["CAPWATCH_FUZZ"]).open("a") as file:
            file.write(json.dumps(line) + "\n")


def one_line(error: PipelineError) -> str:
    text = str(error)
    assert text.isprintable(), repr(text)
    assert 0 < len(re.sub(r"\S*/", "", text)) < 400, text  # folders aside: how long these are is the tester's affair
    return text


@sizes
@pytest.mark.parametrize("profile", PROFILES)
def test_rasters(tmp_path, profile, count):
    """With a checksum every mutant is refused; without one, those that read differently are marked unverified."""
    good = radar(tmp_path / "good.tif", speckle(shape=(SIDE, SIDE)), **PROFILES[profile])
    options = OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10.0)
    whole = Window(0, 0, SIDE, SIDE)
    truth = open_scene(good, options).read(whole).data
    bad = tmp_path / "bad_vv_20240307T092000.tif"
    outcomes, slowest = Counter(), 0.0
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for kind, raw in mutants(good.read_bytes(), count, seed=list(PROFILES).index(profile)):
        bad.write_bytes(raw)
        since = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of arithmetic on absurd georeferences
                scene = open_scene(bad, options)
                same = scene.shape == (SIDE, SIDE)
                same &= np.array_equal(scene.read(Window(0, 0, *scene.shape)).data, truth, equal_nan=True)
            outcomes["same pixels" if same else "differs, unverified"] += 1
            assert not scene.source.verified
        except (InputError, ConfigError) as error:
            one_line(error)
            outcomes["refused"] += 1
        slowest = max(slowest, time.process_time() - since)
        assert slowest < 4 * LONGEST_S, kind
    describe(good).rename(bad.with_suffix(".json"))
    refused = 0
    for _, raw in mutants(good.read_bytes(), min(count, 500), seed=list(PROFILES).index(profile)):
        bad.write_bytes(raw)
        with pytest.raises(InputError):
            open_scene(bad, options)
        refused += 1
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    assert grown_kb < MOST_KB
    told(f"raster, {profile}", count, outcomes, with_checksum_refused=refused, slowest_s=round(slowest, 3))


def test_words_of_gdal_that_are_no_utf8_make_no_noise(tmp_path, capfd):
    """A tag that GDAL quotes in its bytes: rasterio's complaint that it cannot read them named no file."""
    good = radar(tmp_path / "good.tif", speckle(shape=(SIDE, SIDE)))
    copies = itertools.islice(mutants(good.read_bytes(), 2071, seed=20261127), 2070, None)
    bad = tmp_path / "bad_vv_20240307T092000.tif"
    bad.write_bytes(next(copies)[1])
    open_scene(bad, OpenOptions(sensor=Sensor.SENTINEL1, pixel_spacing_m=10.0))
    assert "UnicodeDecodeError" not in capfd.readouterr().err


def checksum_holds(line: bytes) -> bool:
    """Of an NMEA sentence: the XOR of what stands between ! and *, in two hexadecimal digits (NMEA 0183)."""
    start = line.rfind(b"!")
    star = line.find(b"*", start)  # what stands behind the checksum is no part of the sentence
    body = line[start + 1 : star]
    try:
        return 0 <= start < star and int(line[star + 1 : star + 3], 16) == functools.reduce(operator.xor, body, 0)
    except ValueError:
        return False


SENTENCES = (
    b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A",
    b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C",
    b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24",
    b"\\s:rx1,c:1709802000*5D\\!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A",
)


@sizes
def test_nmea_lines(tmp_path, count):
    """Every line lands in one bucket, and none is used whose checksum is wrong."""
    lines = []
    for n, sentence in enumerate(SENTENCES):
        lines += [raw.replace(b"\n", b"?").replace(b"\r", b"?") for _, raw in mutants(sentence, count // 4, seed=n)]
    path = tmp_path / "log.nmea"
    path.write_bytes(SENTENCES[0] + b"\n" + b"\n".join(lines) + b"\n")
    read = read_ais([path])
    assert sum(read.balance.values()) == len(lines) + 1
    used = [lines[n - 2] for n in read.messages["line"] if n > 1]
    assert all(checksum_holds(line) for line in used)
    told("NMEA lines", len(lines), Counter(read.balance), wrong_checksum_used=0)


@sizes
@pytest.mark.parametrize("time", ["time_utc", "timestamp"], ids=["times in UTC", "times that state their zone"])
def test_ais_tables(tmp_path, count, time):
    """Every line of every file is accounted for; few changes go unseen, and those are edits inside a legal field."""
    rows = ais_table().replace("time_utc", time, 1).splitlines()
    whole = ("\n".join(rows[:12]) + "\n").encode()
    good = tmp_path / "good.csv"
    good.write_bytes(whole)
    columns = ["time_utc", "mmsi", "lon", "lat", "sog", "cog", "heading", "nav", "name", "draught"]
    truth = read_ais([good]).messages[columns]
    path = tmp_path / "bad.csv"
    outcomes: Counter = Counter()
    for kind, raw in mutants(whole, count, seed=11):
        path.write_bytes(raw)
        try:
            read = read_ais([path])
        except ConfigError as error:
            one_line(error)
            outcomes["refused"] += 1
            continue
        lines = raw.count(b"\n") + (not raw.endswith(b"\n") and len(raw) > 0)
        if sum(read.balance.values()) != lines:
            assert read.problems, f"{kind}: {read.balance} for {lines} lines"
            outcomes["lines differ, told"] += 1
        for problem in read.problems:
            one_line(problem)
        found = read.messages[columns]
        if read.problems or read.notes:
            outcomes["told" if read.problems else "told in a note"] += 1
        elif len(found) == len(truth) and found.astype(str).equals(truth.astype(str)):
            outcomes["same"] += 1
        elif moved_by_m(found, truth) < AS_GOOD_AS_A_FIX_M:
            outcomes["a fix moved by less than its own error"] += 1
        else:
            outcomes["differs silently"] += 1
    told(f"AIS tables, {time}", count, outcomes)
    assert outcomes["differs silently"] <= max(SILENT * count, 3)


TIMES = (
    b"2024-03-07T12:00:00Z",
    b"2024-03-07 12:00:00+10:00",
    b"07/03/2024 12:00:00",
    b"20240307_120000",
    b"1709812800",
)


@sizes
def test_times_of_tables(tmp_path, count):
    """Among good rows, every damaged time costs its own row at most, whatever stands in it."""
    good = b"211000001,2024-03-07T11:59:00Z,36.7,3.0,0.1"
    texts = [raw for n, text in enumerate(TIMES) for _, raw in mutants(text, count // len(TIMES), seed=30 + n)]
    bad = [b"211000001,%b,36.7,3.0,0.1" % b"".join(bytes([c]) for c in raw if c not in b'\n\r\0",') for raw in texts]
    path = tmp_path / "times.csv"
    for step in (1, len(bad)):  # a few rows at once, and all
        for at in range(0, min(len(bad), 40 * step), step):
            lines = [b"mmsi,timestamp,lat,lon,sog", good, *bad[at : at + step], good.replace(b":59:", b":58:")]
            path.write_bytes(b"\n".join(lines) + b"\n")
            read = read_ais([path])
            assert sum(read.balance.values()) == len(lines)
            assert {2, len(lines)} <= set(read.messages["line"]), lines[2:-1]
            assert read.balance["bad_format"] + read.balance["decoded"] + read.balance["duplicate"] == len(lines) - 1
    told("times of AIS tables", len(bad), Counter(read.balance))


def moved_by_m(found: pd.DataFrame, truth: pd.DataFrame) -> float:
    """The farthest that a fix lies from where it was, where nothing else differs; infinite where something does."""
    places = ["lon", "lat"]
    rest = [c for c in truth if c not in places]
    if len(found) != len(truth) or not found[rest].astype(str).equals(truth[rest].astype(str)):
        return np.inf
    lon, lat = (found[c].to_numpy() - truth[c].to_numpy() for c in places)
    if np.isnan(lon).any():
        return np.inf
    return float(np.hypot(lon * np.cos(np.radians(truth["lat"].to_numpy())), lat).max() * 111_195.0)


@sizes
def test_zone_files(tmp_path, count):
    """What is accepted is whole: polygons that are valid, not empty, on Earth."""
    whole = json.dumps(zones()).encode()
    path = tmp_path / "z.geojson"
    truth = None
    path.write_bytes(whole)
    truth = [z.geometry for z in read_zones(path)]
    outcomes: Counter = Counter()
    for _, raw in mutants(whole, count, seed=21):
        path.write_bytes(raw)
        try:
            found = read_zones(path)
        except ConfigError as error:
            one_line(error)
            outcomes["refused"] += 1
            continue
        for zone in found:
            assert zone.geometry.is_valid
            assert not zone.geometry.is_empty
            assert shapely.box(-180, -90, 180, 90).covers(zone.geometry)
        same = len(found) == len(truth) and all(a.geometry.equals(b) for a, b in zip(found, truth, strict=True))
        outcomes["same places" if same else "another legal polygon"] += 1
    told("zone files", count, outcomes)
