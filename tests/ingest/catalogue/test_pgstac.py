"""The search against a full STAC API: stac-fastapi-pgstac on PostgreSQL with PostGIS, started on loopback.

A group of its own: it is skipped, with the reason, where PostgreSQL, PostGIS or the server's packages are absent.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.ingest.catalogue import search as catalogue
from tests.ingest.catalogue.test_search import BOX, END, START, grd, settings
from tests.servers import _wait_for, collection, free_port

PROGRAMS = [Path(p) for p in ("/usr/lib/postgresql", "/usr/local/pgsql")]


def _bin() -> Path:
    """The folder of PostgreSQL's programs, with PostGIS; skips the test if there is none."""
    for package in ("pypgstac", "stac_fastapi.pgstac", "uvicorn"):
        pytest.importorskip(package, reason=f"{package} is not installed: no full STAC API for tests")
    found = sorted(p for root in PROGRAMS for p in root.glob("*/bin") if (p / "initdb").is_file())
    if not found:
        pytest.skip("PostgreSQL is absent: no full STAC API for tests")
    version = found[-1].parent.name
    if not Path(f"/usr/share/postgresql/{version}/extension/postgis.control").is_file():
        pytest.skip("PostGIS is absent: no full STAC API for tests")
    return found[-1]


def _as_postgres(*words: object) -> list[str]:
    """PostgreSQL does not run as root."""
    told = [str(w) for w in words]
    if os.geteuid() != 0:
        return told
    if shutil.which("runuser") is None:
        pytest.skip("runuser is absent, and PostgreSQL does not run as root")
    return ["runuser", "-u", "postgres", "--", *told]


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """The address of an API with a month of passes."""
    programs = _bin()
    folder = tmp_path_factory.mktemp("pg")
    for parent in (folder, *folder.parents):
        if parent != Path("/tmp") and parent.is_relative_to("/tmp"):
            parent.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(data, "postgres")
    run = lambda *words, **more: subprocess.run(words, check=True, capture_output=True, timeout=300, **more)  # noqa: E731
    run(*_as_postgres(programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"))
    port, web_port = free_port(), free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c fsync=off"
    log = data / "log"
    subprocess.run(
        _as_postgres(programs / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start"),
        check=True, timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    place = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "postgres", "PGDATABASE": "postgres"}
    env = os.environ | place | {"PGPASSWORD": "none", "PGHOST_READER": "127.0.0.1", "PGHOST_WRITER": "127.0.0.1"}
    pypgstac = str(Path(sys.executable).with_name("pypgstac"))
    server = None
    try:
        run(pypgstac, "migrate", env=env)
        (folder / "c.ndjson").write_text(json.dumps(collection("sentinel-1-grd")) + "\n")
        (folder / "i.ndjson").write_text("".join(json.dumps(grd(day)) + "\n" for day in range(1, 29)))
        run(pypgstac, "load", "collections", str(folder / "c.ndjson"), "--method", "insert", env=env)
        run(pypgstac, "load", "items", str(folder / "i.ndjson"), "--method", "insert", env=env)
        with (folder / "web.log").open("w") as out:
            server = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", "--factory", "stac_fastapi.pgstac.app:create_app", "--host",
                 "127.0.0.1", "--port", str(web_port)],
                env=env, stdout=out, stderr=out,
            )  # fmt: skip
            _wait_for(web_port, server, folder / "web.log")
            yield f"http://127.0.0.1:{web_port}"
    finally:
        if server is not None:
            server.terminate()
            server.wait(30)
        subprocess.run(
            _as_postgres(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"), check=False, timeout=60,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def test_a_full_api_gives_the_same_list_as_the_small_one(api, monkeypatch):
    """28 passes, page by page, in order of time, each once."""
    monkeypatch.setattr(catalogue, "PAGE", 5)
    found = catalogue.search(settings(api, scene_limit_s=120.0), BOX, START, END)
    assert [p.item_id for p in found.products()] == [grd(day)["id"] for day in range(1, 29)]


def test_a_box_elsewhere_has_nothing(api):
    found = catalogue.search(settings(api, scene_limit_s=120.0), (10.0, 42.0, 10.1, 42.1), START, END)
    assert found.items == []
