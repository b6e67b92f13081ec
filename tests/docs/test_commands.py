"""Every command that README and docs print is run here, on small files of the names that they use."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from pipeline.cli import main
from pipeline.doctor import browser
from pipeline.storage import read_table, write_table

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_HERE = {  # needs a network, a shell's own files or minutes: its words are checked, it is not run
    "make test", "make check", "make docs", "make notebooks", "make bench",
}  # fmt: skip


def commands() -> list[tuple[str, str, bool]]:
    """(page, command, is an error shown below it) for each capwatch or make command."""
    found = []
    for page in PAGES:
        for block in FENCE.findall(page.read_text("utf-8")):
            lines = block.replace("\\\n", " ").splitlines()
            for n, line in enumerate(lines):
                text = re.sub(r"\s+#.*$", "", line.removeprefix("$ ").strip())
                told = next((later for later in lines[n + 1 :] if later.strip()), "")
                for part in text.split(";"):
                    if re.match(r"(capwatch|make) ", part.strip()):
                        found.append((page.name, " ".join(part.split()), told.startswith("error")))
    return sorted(set(found))


@pytest.fixture(scope="module")
def bench(tiny_run, tmp_path_factory):
    """A folder with a file of every name that the pages use; `vostochny` there is the small scenario."""
    home = tmp_path_factory.mktemp("bench")
    shutil.copytree(ROOT / "configs", home / "configs")
    config = (home / "configs" / "vostochny.yaml").read_text("utf-8")
    config = config.replace("scenarios/vostochny-march-2024.yaml", "scenarios/tiny.yaml")
    config = re.sub(
        r"^period:.*$", "period: {start: 2024-03-07T00:00:00Z, end: 2024-03-09T00:00:00Z}", config, flags=re.M
    )
    config += "engine: {kind: serial}\nvolume: {draws: 400}\n"
    for name in ("configs/vostochny.yaml", "configs/wonsan.yaml", "my.yaml"):
        (home / name).write_text(config, "utf-8")
    for folder in ("coast", "zones", "caps", "scenarios"):
        shutil.copytree(ROOT / "configs" / folder, home / folder)
    _images(home)
    _tables(home, tiny_run)
    for name in ("OLD", "NEW", "ID", "6afec47efa29"):
        shutil.copytree(tiny_run, home / "runs" / "vostochny" / name)
    shutil.copytree(tiny_run, home / "altered")
    (home / "altered" / "calls.csv").write_text("x")
    return home


def _images(home: Path) -> None:
    rng = np.random.default_rng(5)
    sea = rng.gamma(4.4, 9.0, (128, 128))
    sea[60:64, 40:58] = 900.0
    place = {"crs": "EPSG:32653", "transform": Affine(10, 0, 330000, 0, -10, 4735000)}
    (home / "images").mkdir()
    for name in ("scene.tif", "a.tif", "images/scene.tif", "genoa_20230710.tif", "b.tif"):
        with rasterio.open(
            home / name, "w", driver="GTiff", width=128, height=128, count=1, dtype="float32", **place
        ) as file:
            file.write(np.sqrt(sea).astype("float32"), 1)


def _tables(home: Path, tiny_run: Path) -> None:
    feed = next((tiny_run.parents[2] / "cache" / "simulated").glob("*/ais"))
    (home / "ais").mkdir()
    for source in sorted(feed.iterdir()):
        shutil.copy(source, home / source.name)
        shutil.copy(source, home / "ais")
    first = next(p for p in sorted(feed.iterdir()) if p.suffix == ".nmea")
    for name in ("feed.nmea", "day.nmea", "first-part.nmea"):
        shutil.copy(first, home / name)
    second = next((p for p in sorted(feed.iterdir()) if p.suffix == ".csv"), None)
    if second is not None:
        shutil.copy(second, home / "second-part.csv")
        shutil.copy(second, home / "messages.csv")
    (home / "positions.csv").write_text("ID,time_utc,longitude,latitude\n1,2024-03-07T00:00:00Z,133,42\n")
    for name in ("detections", "scenes", "liftings"):
        shutil.copy(tiny_run / f"{name}.parquet", home)
    found = read_table(tiny_run / "detections.parquet")
    write_table(found, home / "ships.csv")
    write_table(found, home / "ships.parquet")
    shutil.copy(home / "configs" / "zones" / "vostochny.geojson", home / "zones.geojson")
    (home / "reviews").mkdir()
    (home / "reviews" / "vostochny.csv").write_text("target,verdict,value,who,when,why\n")
    rows = ["call_id,arrival,tonnes,product,length_m,beam_m", "c1,2024-03-07T00:00:00Z,3000,unnamed,,"]
    rows += ["e,2024-03-20T00:30:00Z,,,95,95"]  # refused, as in docs/commands.md
    for name in ("calls.csv", "us2018.csv", "rusi2024.csv"):
        (home / name).write_text("\n".join(rows) + "\n")
    liftings = read_table(tiny_run / "liftings.parquet")
    for name in ("liftings.csv", "rusi.csv", "vostochny.parquet", "chongjin.parquet"):
        write_table(liftings, home / name)


def _here(command: str, home: Path, tiny_run: Path) -> list[str]:
    """The command with what a reader has to fill in."""
    call = read_table(tiny_run / "port_calls.parquet")["call_id"].iloc[0]
    text = command.replace("<id>", "NEW").replace("/my/images", "images").replace("/my/ais", "ais")
    text = text.replace("/tmp/tiny", "simulated-tiny").replace("FOLDER/", "configs/")
    words = [call if w == "CALL" else w for w in shlex.split(text)]
    if "simulate" in words:  # the folder must be new
        words[-1] = f"{words[-1]}-{abs(hash(command)) % 1000}"
    return words


@pytest.mark.parametrize(("page", "command", "fails"), commands(), ids=[f"{p}: {c}"[:90] for p, c, _ in commands()])
def test_a_printed_command_does_what_is_printed(page, command, fails, bench, tiny_run, monkeypatch, capsys):
    if command in NOT_HERE or command.startswith("make"):
        words = [w for w in shlex.split(command.replace("<id>", "NEW")) if w]
        done = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return
    words = _here(command, bench, tiny_run)
    if "stac" in words:
        pytest.skip("asks a public catalogue; live runs are tested on loopback")
    if "--pdf" in words and browser() is None:
        pytest.skip("no Chromium on the PATH")
    if "dask" in words:
        pytest.importorskip("distributed", reason="the scale extra is not installed")
    if any(w.endswith(".SAFE") for w in words):
        words = ["b.tif" if w.endswith(".SAFE") else w for w in words]
    if words[1] == "run" and len(words) > 3 and "--dry-run" not in words:
        words.append("--dry-run")  # the plain run is run in full; what settings do has tests of its own
    monkeypatch.chdir(bench)
    monkeypatch.setattr(sys, "argv", words)
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    allowed = (2, 3, 4) if fails and "--dry-run" not in words else (0, 3)
    assert code in allowed, f"{page}: {command}\n{out}{err}"


def test_pages_link_to_pages_that_are_there():
    """Relative links of README and docs lead to files; anchors to headings of them."""
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)\s]+)\)", page.read_text("utf-8")):
            path, _, anchor = target.partition("#")
            there = page.parent / path
            assert there.exists(), f"{page.name}: {target}"
            if anchor and there.suffix == ".md":
                heads = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
                slugs = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in heads}
                assert anchor in slugs, f"{page.name}: {target}"


def test_every_page_is_in_the_site():
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        beside = page.stem == "index" or page.stem.startswith(("scale", "reliability.in"))  # the latter is a template
        assert beside or re.search(rf"^{page.stem}$", index, re.MULTILINE), page.name


def test_the_site_builds_without_a_warning(tmp_path):
    sphinx = pytest.importorskip("sphinx.cmd.build", reason="sphinx is not installed")
    pytest.importorskip("myst_parser", reason="myst-parser is not installed")
    pytest.importorskip("furo", reason="furo is not installed")
    del sphinx
    words = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(tmp_path / "html")]
    done = subprocess.run(
        [*words, "-d", str(tmp_path / "trees")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "html" / "index.html").is_file()


def test_the_manifest_of_a_run_names_no_path_of_this_machine(tiny_run):
    """What the pages promise: a run folder can be handed on."""
    manifest = json.loads((tiny_run / "manifest.json").read_text("utf-8"))
    assert str(ROOT) not in json.dumps(manifest)
