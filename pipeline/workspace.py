"""Locations on disk: configs and cases, the cache of simulated inputs, and the folder of one run."""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from pipeline.config import RunConfig, build, merged, read_yaml
from pipeline.config.loading import SET, leaves
from pipeline.errors import ConfigError, EnvironmentFault, printable
from pipeline.execution import journal
from pipeline.execution.stagecache import StageCache
from pipeline.provenance import MANIFEST

OTHER_KINDS = {"AOI": ("case", "a case", "cases"), "case": ("run", "an AOI", "")}  # other kind: command, words, folder
M = TypeVar("M", bound=BaseModel)

LATEST = "latest.txt"
CONTINUES = ".previous.json"  # in an unfinished run's folder: the run that it continues, however often it is restarted
STAGES = ".stages"
CONFIG_FILES = "config_files"  # what config.yaml refers to, copied beside it, so that a run folder can be rerun alone


def configs_root() -> Path:
    """The configs folder of the installed package, or of the checkout."""
    packaged = Path(__file__).parent / "_configs"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[1] / "configs"


def cache_root() -> Path:
    """Where generated inputs are kept between runs: $CAPWATCH_CACHE, or the user's cache folder; EnvironmentFault if
    neither exists, since the user has no home (as in some containers)."""
    from platformdirs import user_cache_path

    if chosen := os.environ.get("CAPWATCH_CACHE"):
        return Path(chosen)
    try:
        return user_cache_path("capwatch")
    except RuntimeError as error:
        raise EnvironmentFault("no folder for the cache: this user has no home; set CAPWATCH_CACHE to one") from error


def proven_files() -> Path:
    """The record of images that were fully decoded before."""
    return cache_root() / "proven"


def find_config(name: str) -> Path:
    """A config by path, or by the name of an AOI: ``vostochny`` is ``configs/vostochny.yaml``."""
    return _find_yaml(name, "AOI", "config", Path())


def find_case(name: str) -> Path:
    """A case by path, or by its name: ``rusi-2024-03`` is ``configs/cases/rusi-2024-03.yaml``."""
    return _find_yaml(name, "case", "case", Path("cases"))


def find_cap(name: str | Path) -> Path:
    """A cap by path, or by its name: ``unscr-2397`` is ``configs/caps/unscr-2397.yaml``."""
    return Path(name) if os.path.isfile(name) else _find_yaml(str(name), "cap", "cap", Path("caps"))


def _find_yaml(name: str, what: str, kind: str, below: Path) -> Path:
    """A YAML file by path, or by name: first in ./configs of the working folder, then in our own configs."""
    given = Path(name)
    if given.suffix in {".yaml", ".yml"}:
        if not os.path.isfile(given):  # unlike Path.is_file, False also for names too long to exist
            hint = f"; by name there are {printable(', '.join(_known_names(below)))}" if below != Path() else ""
            raise ConfigError(f"{printable(name)}: no such {kind} file{hint}")
        return given
    for configs in (Path("configs"), configs_root()):
        path = configs / below / f"{name}.yaml"
        if os.path.isfile(path):
            return path
    raise ConfigError(f"{printable(name)}: {_why_unknown(name, what, below)}")


def _why_unknown(name: str, what: str, below: Path) -> str:
    """Why a name is unknown: it is of the other kind, a folder, another file, or a misspelling; lists those known."""
    if what in OTHER_KINDS:
        command, other, folder = OTHER_KINDS[what]
        if os.path.isfile(configs_root() / folder / f"{name}.yaml"):
            return f"is {other}, no {what}; try capwatch {command} {printable(name)}"
    if os.path.isdir(name):
        return f"is a folder, no {what}; a file in it is wanted, by its path"
    if os.path.isfile(name):
        hint = "; a table of calls goes to capwatch volume, then capwatch account" if what == "case" else ""
        return f"is no {what}: the name of its file does not end in .yaml{hint}"
    known = _known_names(below)
    holding = [stem for stem in known if name.lower() in stem.split("-")]  # crude of unscr-2397-crude
    close = holding or difflib.get_close_matches(name.lower(), known, n=1)
    meant = f" (did you mean {printable(close[0])}?)" if close else ""
    return f"no such {what}{meant}; there are {printable(', '.join(known))}. A path to a YAML file works too"


def _known_names(below: Path) -> list[str]:
    """The names available in the working folder's configs and in ours."""
    return sorted({p.stem for configs in (Path("configs"), configs_root()) for p in (configs / below).glob("*.yaml")})


def load_run_config(path: Path, settings: dict[str, object]) -> RunConfig:
    """A run file with the command line's settings on top."""
    return load_over(RunConfig, path, settings)


def load_over(model: type[M], path: Path, settings: dict[str, object]) -> M:
    """A config file with the command line's settings on top; errors name the setting if it caused them."""
    data, lines = read_yaml(path)
    set_lines = {path: SET for path, _ in leaves(settings)}
    above = {path[:n]: SET for path in set_lines for n in range(1, len(path))}  # sections missing in the file
    # Lines of a list that a setting replaces
    below = {path: SET for path in lines if any(path[:n] in set_lines for n in range(1, len(path)))}
    return build(model, merged(data, settings), where=printable(path), lines=above | lines | below | set_lines)


def config_files(config: RunConfig) -> list[str]:
    """Files that a config refers to, relative to its root."""
    named = [config.aoi.coast, config.aoi.zones, config.cap, config.source.scenario, config.source.registry]
    return sorted({n for n in (*named, *config.aoi.backgrounds) if n})


def config_root(path: Path, config: RunConfig) -> Path:
    """The folder that the file names in a run file are relative to: its own.

    If none of those files is beside it, the run file was copied out of our configs, and our configs folder is used.
    """
    names = config_files(config)
    beside = any((path.parent / name).is_file() for name in names)
    return path.parent if beside or not all((configs_root() / n).is_file() for n in names) else configs_root()


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run: ``<out>/<aoi>/<run id>/``."""

    path: Path
    fresh: bool = False  # ignore cached results

    @property
    def cache(self) -> StageCache:
        """Results of stages, shared by all runs of one AOI."""
        return StageCache(self.path.parent / STAGES, self.fresh)

    @property
    def finished(self) -> bool:
        """Is the run complete? The manifest is written last."""
        return (self.path / MANIFEST).is_file()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock, so that only one process works here; EnvironmentFault if it is taken. A dead process
        holds no lock."""
        from filelock import FileLock, Timeout

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path.parent / f".{self.path.name}.lock")
            owner = self.path.parent / f".{self.path.name}.pid"
            try:
                lock.acquire(timeout=0)
            except Timeout as error:
                pid = owner.read_text().strip() if owner.is_file() else "unknown"
                raise EnvironmentFault(
                    f"{printable(self.path)}: locked by process {pid} (nothing was changed)"
                ) from error
            owner.write_text(f"{os.getpid()}\n")
        except PermissionError as error:
            raise EnvironmentFault(f"{printable(self.path)}: permission denied (nothing was changed)") from error
        except OSError as error:
            if isinstance(error, EnvironmentFault):
                raise
            raise EnvironmentFault(f"{printable(self.path)}: {error.strerror} (nothing was changed)") from error
        try:
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()

    def clear(self, kept: Collection[str] = ()) -> None:
        """Remove what an earlier run left except the ``kept`` names; the manifest first, so that a half-removed run
        never looks finished."""
        (self.path / MANIFEST).unlink(missing_ok=True)
        for child in sorted(self.path.iterdir()) if self.path.is_dir() else []:
            if child.name in kept:
                continue
            if child.is_dir():
                shutil.rmtree(child)
            else:
                child.unlink()


def latest_run(out: Path) -> Path:
    """The folder of the most recently finished run of any AOI; ConfigError if there is none."""
    found = [p.parent / p.read_text("utf-8").strip() for p in out.glob(f"*/{LATEST}") if p.is_file()]
    if not found:
        raise ConfigError(f"{printable(out)}: no finished run here; start one with: capwatch run vostochny")
    return max(found, key=lambda folder: (journal.finished_time(folder), folder.name))
