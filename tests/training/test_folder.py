from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import Path

import pytest

from specc.source.diagnostic import RunError, SpecError
from specc.training.folder import RunRecord, check_free, create, default_path, finite, read

RECORD = RunRecord("net", "running", "2026-01-01T00:00:00+00:00", 7, "auto", params={"width": 3})


def code(error: SpecError) -> str:
    (found,) = error.diagnostics
    return found.code


def test_a_record_is_read_back(tmp_path: Path) -> None:
    folder = create(tmp_path / "run", RECORD).with_record(status="finished", metrics={"loss": 0.5}, epochs=2)
    assert read(tmp_path / "run") == folder
    assert folder.record.params == {"width": 3}


def test_a_record_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("[" * 200_000)
    with pytest.raises(SpecError) as caught:
        read(tmp_path)
    assert code(caught.value) == "run-invalid"


def test_an_empty_folder_is_free_and_a_used_one_is_not(tmp_path: Path) -> None:
    check_free(tmp_path, overwrite=False)
    (tmp_path / "note.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(SpecError) as caught:
            check_free(tmp_path, overwrite=overwrite)
        assert code(caught.value) == "run-folder-taken"
    with pytest.raises(SpecError):
        check_free(tmp_path / "note.txt", overwrite=True)


def test_overwriting_replaces_a_run_and_leaves_the_rest(tmp_path: Path) -> None:
    create(tmp_path, RECORD).write_text("metrics.csv", "epoch\n")
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(SpecError):
        create(tmp_path, RECORD)
    create(tmp_path, RECORD, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note.txt", "run.json"]


def test_what_fails_to_be_written_is_not_half_there(tmp_path: Path) -> None:
    folder = create(tmp_path, RECORD)
    folder.write_text("metrics.csv", "whole")

    def full(path: Path) -> None:
        path.write_text("ha")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunError) as caught:
        folder.write("metrics.csv", full)
    assert code(caught.value) == "run-folder-unwritable"
    assert caught.value.diagnostics[0].notes == ("No space left on device",)
    assert folder.metrics.read_text() == "whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metrics.csv", "run.json"]


def test_a_folder_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError) as caught:
        create(tmp_path / "file" / "run", RECORD)
    assert code(caught.value) == "run-folder-unwritable"


def test_default_paths_never_collide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    now = datetime(2026, 1, 2, 3, 4, 5)
    first = default_path("a/b net", now)
    assert first == Path("runs/a-b-net-20260102-030405")
    first.mkdir(parents=True)
    assert default_path("a/b net", now) == Path("runs/a-b-net-20260102-030405-2")


def test_json_has_no_nan() -> None:
    assert finite({"loss": math.nan, "mae": 1, "top": math.inf}) == {"loss": None, "mae": 1.0, "top": None}


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"format": 2}, "`run.json` is not of format 1"),
        ({"status": "done"}, "`run.json` has the unknown status `done`"),
        ({"seed": "7"}, "`run.json` has no valid `seed`"),
        ({"metrics": None}, "`run.json` has no valid `metrics`"),
    ],
)
def test_a_damaged_record_is_refused(tmp_path: Path, change: dict[str, object], note: str) -> None:
    create(tmp_path, RECORD)
    path = tmp_path / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SpecError) as caught:
        read(tmp_path)
    assert code(caught.value) == "run-invalid"
    assert caught.value.diagnostics[0].notes == (note,)


@pytest.mark.parametrize("text", ["", "[1]", "{", "null"])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(SpecError) as caught:
        read(tmp_path)
    assert code(caught.value) == "run-invalid"


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path / "nowhere")
    assert code(caught.value) == "run-invalid"


def test_a_spec_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("specc: 1\n")
    with pytest.raises(SpecError) as caught:
        read(path)
    (found,) = caught.value.diagnostics
    assert found.help == f"this is a spec, train it first: `specc train {path}`"


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    for path, note in ((tmp_path / "none", "there is no such folder"), (tmp_path, "`run.json` is missing")):
        with pytest.raises(SpecError) as caught:
            read(path)
        assert caught.value.diagnostics[0].notes == (note,)


def test_links_that_lead_out_of_the_run_are_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "run" / "run.json").symlink_to(tmp_path / "run.json")
    with pytest.raises(SpecError) as caught:
        read(tmp_path / "run")
    assert "a link that leads out" in caught.value.diagnostics[0].notes[0]
