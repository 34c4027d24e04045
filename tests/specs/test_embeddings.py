"""What the contrastive and the triplet network have learnt: near is what is alike, of images never seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import specc

pytestmark = pytest.mark.slow

SPECS = Path(__file__).parents[2] / "specs" / "siamese"


@pytest.mark.parametrize("name", ["contrastive_digits", "triplet_digits"])
def test_the_nearest_image_shows_the_same_digit(name: str, tmp_path: Path) -> None:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    seen, unseen, kinds, truth = train_test_split(
        digits.images, digits.target, test_size=0.2, random_state=0, stratify=digits.target
    )
    np.savez(tmp_path / "seen.npz", image=seen, label=kinds)
    run = specc.train(
        SPECS / f"{name}.yaml",
        overrides={"data.source": {"npz": "seen.npz"}},
        run_dir=tmp_path / "run",
        data_root=tmp_path,
        epochs=15,
        verbose="silent",
    )
    tower = specc.open_run(run.path).model.get_layer("tower")
    known = tower.predict(seen[..., None] / 16, verbose=0)
    asked = tower.predict(unseen[..., None] / 16, verbose=0)
    nearest = np.square(asked[:, None] - known).sum(axis=-1).argmin(axis=1)
    assert (kinds[nearest] == truth).mean() >= 0.97
