"""Where things lie: configs by name or path, the cache, the folder of a run and its lock, the latest run."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import workspace
from pipeline.commands.doctor import _cache_line
from pipeline.config import RunConfig, parse_overrides
from pipeline.errors import ConfigError, EnvironmentFault
from pipeline.workspace import (
    LATEST,
    RunFolder,
    cache_root,
    configs_root,
    find_cap,
    find_case,
    find_config,
    latest_run,
    load_run_config,
)

REPOSITORY = Path(__file__).resolve().parents[1]
AOIS = sorted(p.stem for p in (REPOSITORY / "configs").glob("*.yaml"))


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A working folder without configs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def vostochny(**changes: object) -> RunConfig:
    return load_run_config(find_config("vostochny"), changes)


# configs


@pytest.mark.parametrize("aoi", AOIS)
def test_every_aoi_is_found_by_its_name_from_any_folder(elsewhere, aoi):
    found = find_config(aoi)
    assert found.stem == aoi
    assert found.parent == configs_root()
    assert load_run_config(found, {}).aoi.id == aoi


def test_a_config_is_found_by_its_path(elsewhere):
    for name in ("mine.yaml", "mine.yml"):
        (elsewhere / name).write_text("a: 1\n")
        assert find_config(name) == Path(name)
        assert find_config(str(elsewhere / name)) == elsewhere / name


def test_the_working_folders_own_configs_come_first(elsewhere):
    own = elsewhere / "configs" / "vostochny.yaml"
    own.parent.mkdir()
    own.write_text("a: 1\n")
    assert find_config("vostochny").resolve() == own
    assert find_config("nampo").parent == configs_root()


@pytest.mark.parametrize("name", ["nowhere", "", "x" * 1000, "a\nb", "a\0b"])
def test_an_unknown_aoi_is_refused_with_those_that_there_are(elsewhere, name):
    with pytest.raises(ConfigError, match=r"no such AOI; there are .*nampo.*vostochny") as caught:
        find_config(name)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("find", "name", "meant"),
    [
        (find_config, "vostochni", "vostochny"),
        (find_config, "Nampo", "nampo"),
        (find_case, "rusi-2024", "rusi-2024-03"),
        (find_cap, "crude", "unscr-2397-crude"),
        (find_cap, "UNSCR-2397", "unscr-2397"),
    ],
)
def test_a_name_with_a_slip_is_answered_with_the_one_that_may_be_meant(elsewhere, find, name, meant):
    with pytest.raises(ConfigError, match=rf"{name}: no such (AOI|case|cap) \(did you mean {meant}\?\); there are "):
        find(name)


def test_a_cap_is_found_by_name_and_by_path_and_told_where_it_is_not(elsewhere):
    assert find_cap("unscr-2397") == configs_root() / "caps" / "unscr-2397.yaml"
    (elsewhere / "mine").write_text("id: mine\n")
    assert find_cap("mine") == Path("mine")
    with pytest.raises(
        ConfigError, match=r"^gone\.yaml: no such cap file; by name there are unscr-2397, unscr-2397-crude$"
    ):
        find_cap("gone.yaml")
    with pytest.raises(ConfigError, match=r"^\.: is a folder, no cap; a file in it is wanted"):
        find_cap(".")


def test_a_name_of_the_other_kind_is_told_with_its_command(elsewhere):
    with pytest.raises(ConfigError, match=r"^rusi-2024-03: is a case, no AOI; try capwatch case rusi-2024-03$"):
        find_config("rusi-2024-03")
    with pytest.raises(ConfigError, match=r"^nampo: is an AOI, no case; try capwatch run nampo$"):
        find_case("nampo")


def test_a_table_of_calls_is_no_case_and_is_told_where_it_goes(tmp_path):
    (table := tmp_path / "calls.csv").write_text("call_id,tonnes\na,3000\n")
    with pytest.raises(ConfigError, match="capwatch volume, then capwatch account"):
        find_case(str(table))


@pytest.mark.parametrize("name", ["none.yaml", "no/such/folder.yml", "x" * 1000 + ".yaml", "folder.yaml"])
def test_a_path_that_is_no_file_is_refused(elsewhere, name):
    (elsewhere / "folder.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"yaml: no such config file|yml: no such config file"):
        find_config(name)


def test_settings_lie_on_top_of_the_file():
    plain = vostochny()
    changed = vostochny(**parse_overrides(["volume.fill.mean=0.9", "seed=7"]))
    assert (changed.volume.fill.mean, changed.seed) == (0.9, 7)
    assert changed.aoi == plain.aoi
    assert changed.volume.fill.concentration == plain.volume.fill.concentration


def test_an_unknown_setting_is_refused_by_its_path():
    with pytest.raises(ConfigError, match=r"volume\.fil: no such key \(did you mean fill\?\)"):
        vostochny(**parse_overrides(["volume.fil.mean=0.9"]))


@pytest.mark.parametrize("setting", ["seed=-1", "aoi.nam=x", "source.kind=ftp", "volume.draws=1"])
def test_no_line_of_the_file_is_blamed_for_a_wrong_setting(setting):
    path = setting.partition("=")[0]
    with pytest.raises(ConfigError, match=rf"^command line, over .*vostochny\.yaml: {path}: "):
        vostochny(**parse_overrides([setting]))


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("volume.fil.mean=0.9", r"^command line, over .*: volume\.fil: no such key"),  # the file has no such section
        ("aoi.bbox=[1,2,3]", r"^command line, over .*: aoi\.bbox: must be four numbers.*it has 3"),  # the file has four
        ("period.end=2024-02-01", r"^command line, over .*: period: period\.end .* must come after"),
        ("period.start=2024-05-01", r"^command line, over .*: period: period\.end .* must come after"),
        (
            "period.start=10.3.2024",
            r"^command line, over .*: period\.start: write .* a day as 2024-03-06; got 10\.3\.2024$",
        ),
    ],
)
def test_the_command_line_is_blamed_for_what_it_set_also_where_only_two_values_disagree(setting, expected):
    with pytest.raises(ConfigError, match=expected):
        vostochny(**parse_overrides([setting]))


def test_the_file_is_blamed_for_its_own_fault_whatever_the_command_line_set(tmp_path):
    text = find_config("vostochny").read_text("utf-8").replace("seed:", "sead:")
    (tmp_path / "my.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"^\S*my\.yaml:\d+: sead: no such key"):
        load_run_config(tmp_path / "my.yaml", parse_overrides(["volume.draws=500"]))


def test_the_cache_is_where_the_environment_says_or_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setenv("CAPWATCH_CACHE", str(tmp_path / "here"))
    assert cache_root() == tmp_path / "here"
    monkeypatch.setenv("CAPWATCH_CACHE", "")
    assert cache_root().name == "capwatch"
    monkeypatch.delenv("CAPWATCH_CACHE")
    assert cache_root().is_absolute()
    assert not cache_root().is_relative_to(tmp_path)


def test_a_user_without_a_home_is_told_to_choose_a_cache(monkeypatch):
    """As in a container that runs under a number which nobody has: its home is nowhere to be found."""
    for name in ("CAPWATCH_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(number):
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(EnvironmentFault, match="this user has no home; set CAPWATCH_CACHE"):
        workspace.cache_root()
    assert _cache_line() == "cache: no folder for the cache: this user has no home; set CAPWATCH_CACHE to one"


def test_packaged_configs_come_before_those_of_a_checkout(monkeypatch, tmp_path):
    assert configs_root() == REPOSITORY / "configs"
    (tmp_path / "pipeline" / "_configs").mkdir(parents=True)
    monkeypatch.setattr(workspace, "__file__", str(tmp_path / "pipeline" / "workspace.py"))
    assert configs_root() == tmp_path / "pipeline" / "_configs"


# the folder of a run


def test_a_run_is_finished_when_its_manifest_is_there(tmp_path):
    run = RunFolder(tmp_path / "vostochny" / "abc")
    assert not run.finished
    with run.locked():
        assert run.path.is_dir()
        assert not run.finished
        (run.path / "manifest.json").write_text("{}")
    assert run.finished
    assert run.cache.folder.parent == run.path.parent, "what stages made is shared by the runs of an AOI"


def test_clearing_removes_everything_the_manifest_first(tmp_path, monkeypatch):
    run = RunFolder(tmp_path / "abc")
    (run.path / ".work").mkdir(parents=True)
    for name in ("a.csv", "manifest.json", "z.csv", ".work/x"):
        (run.path / name).touch()
    removed = []
    unlink = Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda self, **more: (removed.append(self.name), unlink(self, **more))[1])
    run.clear()
    assert removed[0] == "manifest.json"
    assert list(run.path.iterdir()) == []
    RunFolder(tmp_path / "never made").clear()


def test_a_run_is_locked_for_others_and_free_afterwards(tmp_path):
    run = RunFolder(tmp_path / "v" / "abc")
    with run.locked():
        with pytest.raises(EnvironmentFault, match=rf"abc: locked by process {os.getpid()} \(nothing was changed\)"):
            RunFolder(run.path).locked().__enter__()
        with RunFolder(tmp_path / "v" / "other").locked():
            pass
    with run.locked():
        pass
    assert list(run.path.iterdir()) == [], "a lock leaves nothing inside the run"


def test_an_error_inside_frees_the_lock(tmp_path):
    run = RunFolder(tmp_path / "abc")
    with pytest.raises(KeyError), run.locked():
        raise KeyError
    with run.locked():
        pass


HOLD = """
import sys, time
from pathlib import Path
from pipeline.workspace import RunFolder
with RunFolder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_process_is_kept_out_and_a_killed_one_holds_no_lock(tmp_path):
    run = RunFolder(tmp_path / "abc")
    command = [sys.executable, "-c", HOLD, str(run.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(EnvironmentFault, match=f"locked by process {holder.pid} "):
            run.locked().__enter__()
        holder.kill()
    with run.locked():
        assert (tmp_path / ".abc.pid").read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "no"), OSError(errno.ENOSPC, "No space left")])
def test_a_folder_that_cannot_be_made_is_a_fault_of_the_machine(tmp_path, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(Path, "mkdir", fail)
    with pytest.raises(EnvironmentFault, match=r"abc: (permission denied|No space left) \(nothing was changed\)"):
        RunFolder(tmp_path / "abc").locked().__enter__()


def test_a_file_where_the_folder_should_be_is_a_fault_of_the_machine(tmp_path):
    (tmp_path / "runs").write_text("in the way")
    with pytest.raises(EnvironmentFault, match="nothing was changed"):
        RunFolder(tmp_path / "runs" / "vostochny" / "abc").locked().__enter__()


# the latest run


def test_the_latest_run_is_the_one_that_the_pointer_names(tmp_path):
    for run_id in ("abc", "def"):
        (tmp_path / "vostochny" / run_id).mkdir(parents=True)
        (tmp_path / "vostochny" / LATEST).write_text(f"{run_id}\n")
    assert latest_run(tmp_path) == tmp_path / "vostochny" / "def"


def test_without_a_finished_run_the_command_to_start_one_is_told(tmp_path):
    with pytest.raises(ConfigError, match="no finished run here; start one with: capwatch run vostochny"):
        latest_run(tmp_path)
