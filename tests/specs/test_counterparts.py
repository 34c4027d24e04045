"""Specs of the zoo against `keras.applications`, small; `counterparts.py` goes through all of them."""

from __future__ import annotations

import pytest
from counterparts import CLOSE, counterpart_parameters, difference, path_of
from variants import VARIANTS, Variant
from zoo_page import figures

pytestmark = pytest.mark.slow

COMPARED = {
    "cnn/vgg depth=16",
    "cnn/resnet depth=50",
    "cnn/resnet_v2 depth=50",
    "cnn/xception",
    "cnn/densenet depth=121",
    "cnn/mobilenet alpha=0.25",
    "cnn/mobilenet_v2 alpha=0.35",
    "cnn/mobilenet_v3 variant=small",
    "cnn/efficientnet variant=b0",
    "cnn/efficientnet_v2 variant=b0",
    "cnn/convnext variant=tiny",
}
"""Each with something of its own: flattened, projected, swapped, concatenated, scaled."""
CHOSEN = [variant for variant in VARIANTS if variant.label in COMPARED]


def test_each_that_is_compared_is_there() -> None:
    assert {variant.label for variant in CHOSEN} == COMPARED


@pytest.mark.parametrize("variant", CHOSEN, ids=lambda variant: variant.label)
def test_the_same_function(variant: Variant) -> None:
    assert difference(variant) <= CLOSE


@pytest.mark.parametrize("variant", CHOSEN, ids=lambda variant: variant.label)
def test_as_many_parameters(variant: Variant) -> None:
    assert figures(path_of(variant), variant.params).parameters == counterpart_parameters(variant)
