"""What tests of training programs share: a trainer of a text, and models with the same weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def trainer_of(folder: Path, text: str, seed: int = 3) -> Any:
    """The trainer of a spec, and its models once more."""
    from specc.frontend.load import load_spec
    from specc.lower.models import build_models
    from specc.training.programs.build import build_trainer

    path = folder / "spec.yaml"
    path.write_text(f"{text}\n".replace("specc: 1", f"specc: 1\nseed: {seed}"), encoding="utf-8")
    spec = load_spec(path)
    assert spec.train is not None
    return build_trainer(spec.train.programs[0], spec, build_models(spec)), build_models(spec)
