"""The segmentation specs give a class for each pixel; how many parameters they have stands in variants.py."""

from __future__ import annotations

from typing import Any

import pytest
from zoo_files import ROOT

from specc.frontend.load import load_spec
from specc.graph.infer import infer_models

FOLDER = ROOT / "segmentation"
COUNTED = ("unet", "attention_unet", "unet_plus_plus", "segnet")
"""Those whose sizes are known without Keras, and that pad."""


def mask_size(name: str, params: dict[str, Any]) -> tuple[object, ...]:
    """Height, width and classes of a spec's mask, known without TensorFlow."""
    types = infer_models(load_spec(FOLDER / f"{name}.yaml", params.items()).models)
    (mask,) = types["model"].outputs
    assert mask is not None
    return tuple(mask.shape[1:])


@pytest.mark.parametrize("name", COUNTED)
def test_a_class_for_each_pixel(name: str) -> None:
    assert mask_size(name, {"size": 64, "classes": 5}) == (64, 64, 5)


def test_without_padding_the_mask_is_what_the_paper_draws() -> None:
    assert mask_size("unet_paper", {}) == (388, 388, 2)
