"""The same bytes from every engine, for any number of workers and any order of inputs. Simulated inputs."""

from __future__ import annotations

import pytest

from pipeline.config import EngineConfig
from pipeline.console import Console
from pipeline.run import run
from pipeline.workspace import configs_root, load_run_config
from tests.conftest import TINY
from tests.test_run import hashes

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def scenes(tiny_run, shared_tmp):
    return sorted(next((shared_tmp / "cache" / "simulated").glob("*/scenes")).iterdir())


def run_with(scenes, out, **engine):
    paths = [str(p) for p in scenes if p.suffix in (".SAFE", ".tif")]
    # config.yaml names the inputs in the order in which they were given; everything else must not know it
    told = {"source": {"kind": "files", "images": paths}, "period": TINY["period"], "volume": {"draws": 200}}
    return run(
        load_run_config(configs_root() / "vostochny.yaml", told | {"engine": engine}), configs_root(), out,
        Console(quiet=True), fresh=True,
    ).folder  # fmt: skip


@pytest.fixture(scope="module")
def by_one(scenes, tmp_path_factory):
    return answers(run_with(scenes, tmp_path_factory.mktemp("one"), kind="serial"))


def answers(folder):
    """Every file but the one that lists the inputs as given, and the manifest, which holds its hash."""
    return {name: digest for name, digest in hashes(folder).items() if name not in ("config.yaml", "manifest.json")}


@pytest.mark.filterwarnings("default")  # Dask's own
@pytest.mark.parametrize(("kind", "workers"), [("threads", 4), ("processes", 2), ("dask", 1), ("dask", 2)])
def test_every_engine_gives_the_same_bytes(scenes, by_one, tmp_path, kind, workers):
    if kind == "dask":
        pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    assert answers(run_with(scenes[::-1], tmp_path, kind=kind, workers=workers)) == by_one


@pytest.mark.filterwarnings("default")
def test_a_scheduler_that_runs_elsewhere_is_used_by_its_address(scenes, by_one, tmp_path):
    """``dask scheduler`` and ``dask worker`` on loopback, as on any cluster that shares the run's folders."""
    distributed = pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as cluster:
        address = cluster.scheduler_address
        assert answers(run_with(scenes, tmp_path, kind="dask", scheduler=address)) == by_one
        assert EngineConfig(kind="dask", scheduler=address).workers == 2


@pytest.mark.filterwarnings("default")
def test_a_local_cluster_listens_on_loopback_only():
    """Every listening socket of this process and its children."""
    pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    psutil = pytest.importorskip("psutil")
    from pipeline.engine import kept, map_tasks

    engine = EngineConfig(kind="dask", workers=1)
    me = psutil.Process()
    before = {(c.laddr.ip, c.laddr.port) for c in me.net_connections("tcp") if c.status == "LISTEN"}
    with kept(engine):
        map_tasks(str, [1, 2], engine)
        family = [me, *me.children(recursive=True)]
        heard = {
            (c.laddr.ip, c.laddr.port)
            for p in family
            for c in p.net_connections("tcp")
            if c.status == "LISTEN"
        } - before  # fmt: skip
    assert heard
    assert {ip for ip, _ in heard} == {"127.0.0.1"}, heard
