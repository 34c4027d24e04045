"""What training programs of the zoo reach on scikit-learn's digits, of images never seen."""

from __future__ import annotations

from pathlib import Path

import pytest

import specc

pytestmark = pytest.mark.slow

SPECS = Path(__file__).parents[2] / "specs"


def trained(name: str, folder: Path, epochs: int | None = None) -> dict[str, float]:
    """The metrics of the test split, after training."""
    run = specc.train(SPECS / f"{name}.yaml", run_dir=folder / "run", epochs=epochs, verbose="silent")
    return {metric: value for metric, value in run.record.test.items() if value is not None}


def test_denoising_halves_the_error(tmp_path: Path) -> None:
    reached = trained("autoencoder/denoising", tmp_path)
    assert reached["reconstruction"] < reached["noise_error"] / 2, reached


def test_nines_stand_out_to_a_network_that_never_saw_one(tmp_path: Path) -> None:
    reached = trained("anomaly/reconstruction", tmp_path)
    assert reached["auc"] >= 0.8, reached


def test_a_small_network_learns_from_a_large_one(tmp_path: Path) -> None:
    reached = trained("distillation/distillation", tmp_path)
    assert reached["teacher_accuracy"] >= 0.97, reached
    assert reached["student_accuracy"] >= 0.92, reached


def test_an_image_is_nearest_to_the_name_of_its_digit(tmp_path: Path) -> None:
    reached = trained("contrastive/clip", tmp_path)
    assert reached["accuracy"] >= 0.96, reached


def test_convolutions_beat_bicubic_resizing(tmp_path: Path) -> None:
    reached = trained("super_resolution/espcn", tmp_path)
    assert reached["psnr"] > reached["bicubic_psnr"] + 2.0, reached
