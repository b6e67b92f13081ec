"""The documentation as one site: links lead somewhere, every page is in it, it builds without a warning."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from pipeline.table_files import read_table
from tests.docs.desk import PAGES, ROOT


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
        beside = page.stem in ("index", "reliability.in")  # the latter is a template
        assert beside or re.search(rf"^{page.stem}$", index, re.MULTILINE), page.name


def test_every_flag_is_explained(tiny_run):
    """What a reader meets in the report stands in the page that explains it: what rejects, what has words, what a run
    gave, and what else an object may be, told by traits that no ship has."""
    from pipeline.detection.optical.lookalikes import Traits, lookalike_flags
    from pipeline.detection.screening import REJECTING
    from pipeline.report.wording import FLAG_WORDS

    kinds = [
        lookalike_flags(Traits(swir, plants, unlike, beside, end_on, uneven, on_land), length_m, 10.0)
        for swir, plants, unlike in ((0.0, 0.9, None), (None, None, 0.0))
        for beside, end_on in ((0.0, 1.0), (0.9, None))
        for uneven, on_land in ((0.0, 0.0), (1.0, 0.5))
        for length_m in (30.0, 60.0, 90.0)
    ]
    given = [
        read_table(tiny_run / f"{name}.parquet")["flags"].explode().dropna() for name in ("detections", "port_calls")
    ]
    flags = {"merged", "cut_off", "split_off", "joined", "cloud_shadow"} | REJECTING | set(FLAG_WORDS)
    flags = flags.union(*kinds, *given)
    assert {"like_quay", "pontoon", "islet", "crane", "breakwater_head", "white_cap", "foam", "wake"} <= flags
    page = (ROOT / "docs" / "reading_the_report.md").read_text("utf-8")
    assert sorted(f for f in flags if f"`{f}`" not in page) == []


def test_every_file_of_a_run_is_named(tiny_run):
    """In the page of a run's files, or as a table."""
    page = "".join((ROOT / "docs" / name).read_text("utf-8") for name in ("exports.md", "tables.md"))
    names = [p.name for p in tiny_run.iterdir()]
    assert sorted(n for n in names if n.split(".")[0] not in page) == []


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
