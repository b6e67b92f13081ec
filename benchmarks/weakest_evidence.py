"""Cost of "without its weakest evidence": ``python -m benchmarks.weakest_evidence [months ...]`` (default 1 3).

A simulated port: twelve ships a month that are heard, and others seen only in images. For each counted call, at most
sixty, the calls and the account are computed again without one piece of evidence. The unit is the time of one full
computation of sightings, calls and account in the same process: plain repetition would cost one unit per call.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pandas as pd

from benchmarks import port_calls as by_transponder
from benchmarks import port_images as by_images
from benchmarks.call_numbers import World, sightings
from pipeline.calls import clean_tracks, listen, static_reports
from pipeline.chain.accounting import Account, Ground, counted, robustness, sighted
from pipeline.config import load_cap
from pipeline.types import Place
from pipeline.workspace import configs_root, load_run_config

WORLD = World(free_d=1.5, length_sd_m=5.0, every_d=1.5)
T = TypeVar("T")


def place() -> Place:
    """The two berths of both simulated ports, and the anchorage."""
    roads = [zone for zone in by_transponder.place().zones if zone.kind == "anchorage"]
    berths = by_images.place()
    return replace(berths, zones=(*berths.zones, *roads))


def port(months: int) -> tuple[Ground, pd.DataFrame]:
    """What is known about a port over this many months, and its detections."""
    config = load_run_config(configs_root() / "vostochny.yaml", {})
    start = by_images.START.to_pydatetime()
    period = config.period.model_copy(update={"start": start, "end": start + timedelta(days=30 * months)})
    config = config.model_copy(update={"period": period})
    heard = []
    for month in range(months):
        messages, _ = by_transponder.month(month)
        heard.append(messages.assign(time_utc=messages["time_utc"] + pd.Timedelta(days=30 * month)))
    where = place()
    messages = pd.concat(heard, ignore_index=True)
    tracks, static = clean_tracks(messages), static_reports(messages)
    scenes, detections = by_images.tables(sightings(WORLD, 1, 30.0 * months), 1, cut=False, sensor="optical")
    ground = Ground(
        config=config,
        place=where,
        cap=load_cap(configs_root() / "caps" / "unscr-2397.yaml", config.volume),
        scenes=scenes,
        zone_covered={},
        tracks=tracks,
        static=static,
        listened=listen(tracks=tracks, static=static, registry=None, place=where, config=config.calls),
    )
    return ground, detections


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """A result and the CPU seconds it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def main() -> None:
    """Print a line for each number of months."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("months", type=int, nargs="*", default=[1, 3])
    for months in parser.parse_args().months:
        ground, detections = port(months)
        (tables, headline), once_s = timed(lambda g=ground, d=detections: counted(g, sighted(g, d)))
        account = Account(tables, headline, ground)
        taken, all_s = timed(lambda g=ground, a=account: robustness(g, a, ()))
        print(
            f"simulated, {months} months: {len(tables['port_calls'])} calls, {len(taken)} made again without one piece "
            f"of evidence: {all_s:.1f} CPU s; once {once_s:.1f}: {all_s / len(taken) / once_s:.2f} of it a call",
            flush=True,
        )


if __name__ == "__main__":
    main()
