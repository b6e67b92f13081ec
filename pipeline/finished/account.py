"""Opens the calls and assumptions behind the barrels of a run or case, to recompute them under other assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cases import calls_table
from pipeline.config import CapConfig, CaseConfig, load
from pipeline.finished.kinds import case_in
from pipeline.finished.opened import open_run
from pipeline.workspace import CONFIG_FILES, load_over

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import PeriodConfig, VolumeConfig


@dataclass(frozen=True, slots=True, eq=False)
class OpenedAccount:
    """Calls, assumptions and the cap, as the volume stage takes them."""

    name: str
    calls: pd.DataFrame
    volume: VolumeConfig
    cap: CapConfig
    period: PeriodConfig
    seed: int
    simulated: bool


def open_account(folder: Path) -> OpenedAccount:
    """The account of a run or case, by its folder; InputError if it is neither."""
    if not case_in(folder):
        run = open_run(folder)
        config = run.config
        cap = load(CapConfig, folder / CONFIG_FILES / config.cap)
        calls = run.table("port_calls")
        return OpenedAccount(run.place.name, calls, config.volume, cap, config.period, config.seed, run.simulated)
    case = load_over(CaseConfig, folder / "config.yaml", {})
    cap = load(CapConfig, folder / "cap.yaml")
    calls = calls_table(case.estimate_calls or case.calls, case)
    return OpenedAccount(case.title, calls, case.volume, cap, case.period, case.seed, simulated=False)
