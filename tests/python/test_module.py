"""What cannot be written as Python is refused in words."""

from pathlib import Path

import pytest

import specc


def test_what_belongs_to_training_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "averaged.yaml"
    path.write_text(
        "specc: 1\n"
        "models:\n"
        "  student: {inputs: {x: [4]}, layers: [{Dense: 2}]}\n"
        "  teacher: {average_of: student, momentum: 0.9}\n",
        encoding="utf-8",
    )
    with pytest.raises(specc.SpecError) as caught:
        specc.to_python(path)
    (told,) = caught.value.diagnostics
    assert told.code == "not-in-python"
    assert "`teacher`" in told.title and "moving average" in told.title
    assert told.span is not None and told.span.line == 4
