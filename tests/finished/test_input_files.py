"""Which inputs of two runs are told as not the same."""

import json
import shutil

from pipeline.finished.overview import difference, list_runs
from pipeline.storage import write_text
from pipeline.table_files import read_table, write_table


def _as_if(tiny_run, folder, change):
    """The run as if its inputs had lain otherwise; ``change`` takes the records of its manifest and gives the new."""
    shutil.copytree(tiny_run, folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["inputs"] = change(manifest["inputs"])
    write_text(folder / "manifest.json", json.dumps(manifest))
    return folder


def _moved(records):
    return [r | {"path": f"/archive/2024/{r['path'].rpartition('/')[2]}"} for r in records]


def test_images_that_only_lie_in_another_folder_are_the_same(tiny_run, tmp_path):
    """Before, all of them were told twice, and an image that came with the move could not be found among them."""
    moved = _as_if(tiny_run, tmp_path / "moved", _moved)
    assert difference(tiny_run, moved).reasons == []
    more = {"path": "/archive/2024/another.tif", "sha256": "5" * 64, "bytes": None}
    found = difference(tiny_run, _as_if(tiny_run, tmp_path / "more", lambda records: [*_moved(records), more]))
    assert found.reasons == ["the inputs: 1 file not the same"]
    assert found.inputs.to_dict("records") == [{"file": more["path"], "before": "–", "after": "5" * 12}]


def test_the_list_of_runs_calls_moved_images_no_other_inputs(tiny_run, tmp_path):
    for name, change in (("a", list), ("b", _moved)):
        _as_if(tiny_run, tmp_path / "vostochny" / name, change)
    assert list_runs(tmp_path)["other"].tolist() == ["", ""]


def test_an_image_that_moved_and_changed_is_told(tiny_run, tmp_path):
    def changed(records):
        first, *others = _moved(records)
        return [first | {"sha256": "5" * 64}, *others]

    found = difference(tiny_run, _as_if(tiny_run, tmp_path / "run", changed)).inputs
    assert found["after"].tolist() == ["5" * 12, "–"]
    assert len({path.rpartition("/")[2] for path in found["file"]}) == 1


def test_an_image_that_was_skipped_without_a_hash_was_not_gone(tiny_run, tmp_path):
    """A product whose files do not fit its manifest has no hash, and is not told as a file that is not there."""
    name = read_table(tiny_run / "scenes.parquet")["href"].iloc[0]
    run = _as_if(tiny_run, tmp_path / "run", lambda records: [r for r in records if r["path"] != name])
    scenes = read_table(run / "scenes.parquet")
    here = scenes["href"] == name
    write_table(scenes.assign(status=scenes["status"].mask(here, "skipped")), run / "scenes.parquet")
    (row,) = difference(tiny_run, run).inputs.to_dict("records")
    assert (row["file"], row["after"]) == (name, "skipped")
    assert len(row["before"]) == 12
