"""What a run would do, without doing it."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import RunConfig, load


def plan_lines(config: RunConfig, root: Path) -> list[str]:
    """Place, period, inputs and methods in a few lines."""
    out = [
        f"AOI {config.aoi.id}: {config.aoi.name}, box {config.aoi.bbox}",
        f"period {config.period.start:%Y-%m-%d} to {config.period.end:%Y-%m-%d} (end not included), UTC",
        f"cap {config.cap}, seed {config.seed}, engine {config.engine.kind} with {config.engine.workers} workers",
    ]
    if config.source.kind == "demo" and config.source.scenario:
        from pipeline.simulation.scenario import Scenario

        scenario = load(Scenario, root / config.source.scenario)
        kinds = {s: sum(look.sensor == s for look in scenario.looks) for s in ("sentinel-1", "optical")}
        out.append(
            f"SIMULATED source: {scenario.title}, {kinds['sentinel-1']} radar and {kinds['optical']} optical looks"
        )
    elif config.source.kind == "files":
        from pipeline.ingest.inputs import find_inputs

        found = find_inputs([Path(p) for p in config.source.images])
        out.append(f"files: {len(found)} images, {len(config.source.ais)} AIS files or folders")
    return out
