"""The segmentation specs: parameters as stated, a class for each pixel."""

from __future__ import annotations

from typing import Any

import pytest
from zoo_files import ROOT
from zoo_page import figures

from specc.frontend.load import load_spec
from specc.graph.infer import infer_models

FOLDER = ROOT / "segmentation"
STATED: dict[str, tuple[dict[str, int], int, int]] = {
    "unet": ({}, 31_030_658, 31_030_658),
    "unet_paper": ({}, 31_030_658, 31_030_658),
    "attention_unet": ({}, 33_139_206, 33_127_430),
    "unet_plus_plus": ({}, 9_041_832, 9_041_832),
    "segnet": ({}, 29_460_034, 29_444_162),
}
"""By spec: parameters that are set, how many weights there are then, and how many of them are trained."""


def mask_size(name: str, params: dict[str, Any]) -> tuple[object, ...]:
    """Height, width and classes of a spec's mask, known without TensorFlow."""
    types = infer_models(load_spec(FOLDER / f"{name}.yaml", params.items()).models)
    (mask,) = types["model"].outputs
    assert mask is not None
    return tuple(mask.shape[1:])


@pytest.mark.parametrize("name", STATED)
def test_as_many_parameters_as_stated(name: str) -> None:
    params, parameters, trained = STATED[name]
    found = figures(FOLDER / f"{name}.yaml", params)
    assert (found.parameters, found.trained) == (parameters, trained)


@pytest.mark.parametrize("name", STATED.keys() - {"unet_paper"})
def test_a_class_for_each_pixel(name: str) -> None:
    assert mask_size(name, {"size": 64, "classes": 5}) == (64, 64, 5)


def test_without_padding_the_mask_is_what_the_paper_draws() -> None:
    assert mask_size("unet_paper", {}) == (388, 388, 2)
