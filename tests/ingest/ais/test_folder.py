import os

import pytest

from pipeline.errors import InputError
from pipeline.ingest.ais.files import file_digest
from pipeline.ingest.ais.folder import ais_files


def test_every_entry_of_a_folder_is_read_or_has_its_cause(tmp_path):
    folder, out = tmp_path / "ais", tmp_path / "out"
    for path in (folder / "sub", out):
        path.mkdir(parents=True)
    for path in (folder / "a.csv", folder / "sub" / "b.nmea", out / "c.csv", folder / "d.pdf", folder / ".e.csv"):
        path.write_text("x")
    os.mkfifo(folder / "f.csv")
    for name, target in {
        "inside.csv": "a.csv",
        "circle": "../ais",
        "below": "sub",
        "dead.csv": "nothing",
        "self.csv": "self.csv",
        "out.csv": "../out/c.csv",
        "outdir": "../out",
    }.items():
        (folder / name).symlink_to(target)
    found, left = ais_files(folder)
    assert [str(p.relative_to(folder)) for p in found] == ["a.csv", "inside.csv", "sub/b.nmea"]
    causes = {p.name: cause for p, cause in left}
    assert {name for name, cause in causes.items() if "nowhere" in cause} == {"dead.csv", "self.csv"}
    assert {name for name, cause in causes.items() if "out of the folder" in cause} == {"out.csv", "outdir"}
    assert "not a regular file" in causes["f.csv"]
    assert "by its name" in causes["d.pdf"]
    assert len(causes) == 6


def test_what_may_never_end_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    for path in (tmp_path / "a.csv", tmp_path / "gone.csv"):
        with pytest.raises(InputError, match=r"not a regular file|cannot be read"):
            file_digest(path)
