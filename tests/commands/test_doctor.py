"""`capwatch doctor`: what it says of the machine, and what it never says."""

from pipeline.commands import doctor


def test_doctor_says_whether_a_key_is_set_and_never_its_value(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t-value")
    lines = doctor.doctor_lines()
    assert "credential AWS_SECRET_ACCESS_KEY: set" in lines
    assert "s3cr3t-value" not in "\n".join(lines)
    assert any(line.startswith("vector driver GPKG: yes") for line in lines)


def test_doctor_says_how_to_be_rid_of_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("CAPWATCH_CACHE", str(tmp_path))
    assert f"cache: {tmp_path}, 0 MB" in doctor.doctor_lines()
    (tmp_path / "image").write_bytes(bytes(2_000_000))
    (line,) = [line for line in doctor.doctor_lines() if line.startswith("cache: ")]
    assert line.startswith(f"cache: {tmp_path}, 2 MB; it may be deleted while nothing runs")
