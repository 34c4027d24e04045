"""The zoo's image classifiers, variant by variant, and what each is held to.

A family is a spec. A variant is the family with some parameters: either `keras.applications` has the same
network, or someone states how many parameters are trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Variant:
    """A spec with some parameters.

    - `constructor`: its counterpart in `keras.applications`, which gets `arguments` too;
    - `trained`: how many parameters `source` says are trained, where there is no counterpart;
    - `size`: the images' height and width at which outputs are compared; weights do not depend on it unless a
      network flattens.
    """

    spec: str
    params: Mapping[str, Any] = field(default_factory=dict)
    constructor: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    size: int = 64
    trained: int = 0
    source: str = ""

    @property
    def label(self) -> str:
        """`cnn/resnet depth=50`."""
        return " ".join([self.spec, *(f"{name}={value}" for name, value in self.params.items())])


PAPERS = {
    "cnn/vgg": ("Simonyan and Zisserman 2014", "https://arxiv.org/abs/1409.1556"),
    "cnn/resnet": ("He et al. 2015", "https://arxiv.org/abs/1512.03385"),
}
"""Who described a family, and where."""

TORCHVISION = "[torchvision](https://pytorch.org/vision/stable/models.html)"

VARIANTS = [
    Variant("cnn/vgg", {"depth": 16}, "VGG16", size=32),
    Variant("cnn/vgg", {"depth": 19}, "VGG19", size=32),
    Variant("cnn/resnet", {"depth": 18}, trained=11_689_512, source=TORCHVISION),
    Variant("cnn/resnet", {"depth": 34}, trained=21_797_672, source=TORCHVISION),
    Variant("cnn/resnet", {"depth": 50}, "ResNet50"),
    Variant("cnn/resnet", {"depth": 101}, "ResNet101"),
    Variant("cnn/resnet", {"depth": 152}, "ResNet152"),
]
