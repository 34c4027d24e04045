"""The detectors: anchors, targets, suppression, and a short training on scikit-learn's digits."""

from __future__ import annotations

import csv
from pathlib import Path
from shutil import copytree
from typing import Any

import keras
import numpy as np
import pytest

import specc
from benchmarks.canvases import bundled_digits, overlap, write

pytestmark = pytest.mark.slow

SPECS = Path(__file__).parents[2] / "specs" / "detection"
DIGITS = SPECS / "ssd_digits.yaml"
SUPPRESSING = """
specc: 1
import: {boxes: parts/boxes.yaml}
model:
  inputs: {scores: [12, 3], offsets: [12, 4]}
  layers:
    - boxes.anchors: {size: 16, levels: [3], octaves: [1.0, 2.0, 3.0]}
      from: scores
      name: anchors
    - boxes.suppress: {classes: 3, most: 20, rounds: 19}
      from: {anchors: anchors, scores: scores, offsets: offsets}
"""

Array = np.ndarray[Any, Any]


def greedy(boxes: Array, threshold: float) -> Array:
    """The scores of boxes [k, 6], best first, those suppressed by a better box of their class set to 0."""
    kept: list[Array] = []
    scores = boxes[:, 4].copy()
    for row, box in enumerate(boxes):
        if any(overlap(box[:4], other[:4]) > threshold and box[5] == other[5] for other in kept):
            scores[row] = 0
        else:
            kept.append(box)
    return scores


def test_suppression_is_greedy_suppression(tmp_path: Path) -> None:
    copytree(SPECS / "parts", tmp_path / "parts")
    for name, rounds in (("all", 19), ("none", 0)):
        text = SUPPRESSING.replace("rounds: 19", f"rounds: {rounds}, least: 0.0")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    random = np.random.default_rng(5)
    given = {
        "scores": random.normal(0, 2, (40, 12, 3)).astype(np.float32),
        "offsets": random.normal(0, 0.3, (40, 12, 4)).astype(np.float32),
    }
    found = specc.compile(tmp_path / "all.yaml").predict(given, verbose=0)
    before = specc.compile(tmp_path / "none.yaml").predict(given, verbose=0)
    expected = np.stack([greedy(boxes, 0.5) for boxes in before])
    assert 0.05 < (expected == 0).mean() < 0.5
    np.testing.assert_allclose(found[..., 4], expected, rtol=1e-6)
    np.testing.assert_array_equal(found[..., [0, 1, 2, 3, 5]], before[..., [0, 1, 2, 3, 5]])


def test_targets_give_the_boxes_back() -> None:
    """Every box has anchors that say its kind and, decoded, the box; padding has none."""
    models = specc.compile_models(DIGITS)
    boxes = np.zeros((3, 3, 4), np.float32)
    boxes[0] = [[20, 30, 24, 16], [50, 70, 30, 6], [80, 20, 16, 16]]
    boxes[1, 0] = [40, 40, 23, 17]
    kinds = np.array([[3, 0, 9], [5, -1, -1], [-1, -1, -1]])
    found = {
        name: np.asarray(value) for name, value in models["targets"]({"boxes": boxes, "kinds": kinds}).items()
    }
    assert found["scores"].shape == (3, 6 * (12 * 12 + 6 * 6), 10)
    hits = found["scores"].max(axis=-1) > 0
    assert hits[0].any() and hits[1].any() and not hits[2].any()
    np.testing.assert_array_equal(hits, found["offsets_weight"] > 0)
    certain = np.where(found["scores"] > 0, 10.0, -10.0)
    detector = models["model"]
    assert detector.count_params() < 400_000
    heads = [detector.output["scores"], detector.output["offsets"]]
    suppress = keras.Model(heads, detector.output["detections"])
    detected = suppress.predict([certain, found["offsets"]], verbose=0)
    for image in range(3):
        sure = detected[image][detected[image][:, 4] > 0.5]
        truth = [(*box, kind) for box, kind in zip(boxes[image], kinds[image], strict=True) if kind >= 0]
        np.testing.assert_allclose(sorted(map(tuple, sure[:, [0, 1, 2, 3, 5]])), sorted(truth), rtol=1e-3)


@pytest.fixture(scope="module")
def canvases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("canvases")
    images, labels = bundled_digits()
    write(folder, images, labels, (64, 16), 64, seed=3)
    return folder


def test_training_finds_boxes(canvases: Path, tmp_path: Path) -> None:
    """A few steps: the loss falls, evaluating measures precision, predicting writes boxes."""
    small = {"data.split.train": 48, "data.split.validation": 16, "data.split.test": 16}
    run = specc.train(
        DIGITS,
        {"size": 64, "filters": 16, "epochs": 8},
        small,
        run_dir=tmp_path / "run",
        data_root=canvases,
        verbose="silent",
    )
    losses = [float(row["loss"]) for row in csv.DictReader((run.path / "metrics.csv").open())]
    assert losses[-1] < 0.6 * losses[0], losses
    opened = specc.open_run(run.path)
    measured = opened.evaluate("test", data_root=canvases)
    assert 0 <= measured["detections_map"] <= 1
    outputs = opened.predict(canvases / "canvases")
    assert outputs["detections"].shape == (80, 50, 6)
    opened.write_predictions(tmp_path / "found.csv", outputs)
    assert (tmp_path / "found.csv").read_text().startswith("row,y,x,height,width,score,class\n")


def test_retinanet_has_the_parameters_of_torchvisions() -> None:
    """`retinanet_resnet50_fpn_v2` has 38,198,935 (torchvision's documentation), for 91 classes.

    The convolutions of Keras's ResNet-50 have biases, and its batch normalisation counts its moving
    statistics; torchvision's heads have group normalisation instead of biases.
    """
    model = specc.compile(SPECS / "retinanet.yaml", {"classes": 91, "size": 64})
    biases, statistics, group_normalisation = 26_560, 53_120, 8 * 256 * 2 - 8 * 256
    assert model.count_params() == 38_198_935 + biases + statistics - group_normalisation
