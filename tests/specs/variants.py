"""The zoo's networks for images, variant by variant, and what each is held to.

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
    - `trained`: how many parameters `source` says are trained, where there is no counterpart; a text such as
      `0.27M` where it is rounded;
    - `size`: the images' height and width at which outputs are compared; weights do not depend on it unless a
      network flattens;
    - `parameters`: how many there are, trained or not, where a network of `keras.applications` lies within,
      which only Keras can count (test_segmentation_models.py does).
    """

    spec: str
    params: Mapping[str, Any] = field(default_factory=dict)
    constructor: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    size: int = 64
    trained: int | str = 0
    source: str = ""
    parameters: int = 0

    @property
    def label(self) -> str:
        """`cnn/resnet depth=50`."""
        return " ".join([self.spec, *(f"{name}={value}" for name, value in self.params.items())])

    @property
    def stated(self) -> str:
        """How many parameters the source states: `60,000`, `0.27M`."""
        return self.trained if isinstance(self.trained, str) else f"{self.trained:,}"

    def agrees(self, trained: int) -> bool:
        """Whether a number of trained parameters is what the source states, rounded as it is there."""
        if isinstance(self.trained, int):
            return trained == self.trained
        decimals = len(self.trained.removesuffix("M").partition(".")[2])
        return f"{trained / 1e6:.{decimals}f}M" == self.trained


PAPERS = {
    "cnn/vgg": ("Simonyan and Zisserman 2014", "https://arxiv.org/abs/1409.1556"),
    "cnn/inception_v1": ("Szegedy et al. 2014", "https://arxiv.org/abs/1409.4842"),
    "cnn/inception_v3": ("Szegedy et al. 2015", "https://arxiv.org/abs/1512.00567"),
    "cnn/resnet": ("He et al. 2015", "https://arxiv.org/abs/1512.03385"),
    "cnn/lenet5": ("LeCun et al. 1998", "https://doi.org/10.1109/5.726791"),
    "cnn/lenet5_plain": (
        "Zhang et al. 2023",
        "https://d2l.ai/chapter_convolutional-neural-networks/lenet.html",
    ),
    "cnn/alexnet": ("Krizhevsky et al. 2012", "https://doi.org/10.1145/3065386"),
    "cnn/squeezenet": ("Iandola et al. 2016", "https://arxiv.org/abs/1602.07360"),
    "cnn/mobilenet": ("Howard et al. 2017", "https://arxiv.org/abs/1704.04861"),
    "cnn/mobilenet_v2": ("Sandler et al. 2018", "https://arxiv.org/abs/1801.04381"),
    "cnn/mobilenet_v3": ("Howard et al. 2019", "https://arxiv.org/abs/1905.02244"),
    "cnn/efficientnet": ("Tan and Le 2019", "https://arxiv.org/abs/1905.11946"),
    "cnn/efficientnet_v2": ("Tan and Le 2021", "https://arxiv.org/abs/2104.00298"),
    "cnn/convnext": ("Liu et al. 2022", "https://arxiv.org/abs/2201.03545"),
    "segmentation/unet": ("Ronneberger et al. 2015", "https://arxiv.org/abs/1505.04597"),
    "segmentation/unet_paper": ("Ronneberger et al. 2015", "https://arxiv.org/abs/1505.04597"),
    "segmentation/unet_vgg16": ("Iglovikov and Shvets 2018", "https://arxiv.org/abs/1801.05746"),
    "segmentation/attention_unet": ("Oktay et al. 2018", "https://arxiv.org/abs/1804.03999"),
    "segmentation/unet_plus_plus": ("Zhou et al. 2018", "https://arxiv.org/abs/1807.10165"),
    "segmentation/fcn8s": ("Long et al. 2015", "https://arxiv.org/abs/1411.4038"),
    "segmentation/segnet": ("Badrinarayanan et al. 2015", "https://arxiv.org/abs/1511.00561"),
    "segmentation/deeplab_v3_plus": ("Chen et al. 2018", "https://arxiv.org/abs/1802.02611"),
    "cnn/resnet_cifar": ("He et al. 2015", "https://arxiv.org/abs/1512.03385"),
    "cnn/resnet_v2": ("He et al. 2016", "https://arxiv.org/abs/1603.05027"),
    "cnn/inception_resnet_v2": ("Szegedy et al. 2016", "https://arxiv.org/abs/1602.07261"),
    "cnn/xception": ("Chollet 2016", "https://arxiv.org/abs/1610.02357"),
    "cnn/densenet": ("Huang et al. 2016", "https://arxiv.org/abs/1608.06993"),
}
"""Who described a family, and where."""

TORCHVISION = "[torchvision](https://pytorch.org/vision/stable/models.html)"

CAFFE = (
    "[Caffe's bvlc_googlenet](https://github.com/HewlettPackard/dlcookbook-dlbs), "
    "6,998,552, and two heads of 3,188,840 and 3,190,888"
)
HE = "[He et al. 2015, table 6](https://arxiv.org/abs/1512.03385)"
UNET = (
    "figure 1, for two classes; the 31,031,685 of [zhixuhao/unet](https://github.com/zhixuhao/unet) has "
    "a convolution more and one class"
)

VARIANTS = [
    Variant("cnn/vgg", {"depth": 16}, "VGG16", size=32),
    Variant("cnn/vgg", {"depth": 19}, "VGG19", size=32),
    Variant("cnn/inception_v1", trained=13_378_280, source=CAFFE),
    Variant("cnn/resnet", {"depth": 18}, trained=11_689_512, source=TORCHVISION),
    Variant("cnn/resnet", {"depth": 34}, trained=21_797_672, source=TORCHVISION),
    Variant("cnn/resnet", {"depth": 50}, "ResNet50"),
    Variant("cnn/resnet", {"depth": 101}, "ResNet101"),
    Variant("cnn/resnet", {"depth": 152}, "ResNet152"),
    Variant("cnn/inception_v3", {}, "InceptionV3", size=75),
    Variant("cnn/resnet_cifar", {"depth": 20}, trained="0.27M", source=HE),
    Variant("cnn/resnet_cifar", {"depth": 32}, trained="0.46M", source=HE),
    Variant("cnn/resnet_cifar", {"depth": 44}, trained="0.66M", source=HE),
    Variant("cnn/resnet_cifar", {"depth": 56}, trained="0.85M", source=HE),
    Variant("cnn/resnet_cifar", {"depth": 110}, trained="1.7M", source=HE),
    Variant("cnn/resnet_v2", {"depth": 50}, "ResNet50V2"),
    Variant("cnn/resnet_v2", {"depth": 101}, "ResNet101V2"),
    Variant("cnn/resnet_v2", {"depth": 152}, "ResNet152V2"),
    Variant("cnn/inception_resnet_v2", {}, "InceptionResNetV2", size=75),
    Variant("cnn/xception", {}, "Xception", size=71),
    Variant("cnn/densenet", {"depth": 121}, "DenseNet121"),
    Variant("cnn/densenet", {"depth": 169}, "DenseNet169"),
    Variant("cnn/densenet", {"depth": 201}, "DenseNet201"),
    Variant("cnn/lenet5", trained=60_000, source="the paper, section II.B"),
    Variant("cnn/lenet5_plain", trained=61_706, source="6·26 + 16·151 + 120·401 + 84·121 + 10·85"),
    Variant("cnn/alexnet", trained=60_965_224, source='bvlc_alexnet of Caffe, the paper\'s "60 million"'),
    Variant("cnn/squeezenet", trained=1_248_424, source=TORCHVISION),
    Variant("cnn/squeezenet", {"version": 1.1}, trained=1_235_496, source=TORCHVISION),
    Variant("cnn/mobilenet", {}, "MobileNet"),
    Variant("cnn/mobilenet", {"alpha": 0.25}, "MobileNet", {"alpha": 0.25}),
    Variant("cnn/mobilenet_v2", {}, "MobileNetV2", size=96),
    Variant("cnn/mobilenet_v2", {"alpha": 0.35}, "MobileNetV2", {"alpha": 0.35}, size=96),
    Variant("cnn/mobilenet_v3", {}, "MobileNetV3Large", size=96),
    Variant("cnn/mobilenet_v3", {"variant": "small"}, "MobileNetV3Small", size=96),
    Variant("cnn/mobilenet_v3", {"minimalistic": True}, "MobileNetV3Large", {"minimalistic": True}, size=96),
    *(Variant("cnn/efficientnet", {"variant": f"b{i}"}, f"EfficientNetB{i}", size=90) for i in range(8)),
    *(Variant("cnn/efficientnet_v2", {"variant": f"b{i}"}, f"EfficientNetV2B{i}") for i in range(4)),
    *(Variant("cnn/efficientnet_v2", {"variant": v}, f"EfficientNetV2{v.upper()}") for v in ("s", "m", "l")),
    *(
        Variant("cnn/convnext", {"variant": v.lower()}, f"ConvNeXt{v}")
        for v in ("Tiny", "Small", "Base", "Large", "XLarge")
    ),
    Variant("segmentation/unet", trained=31_030_658, source=UNET),
    Variant("segmentation/unet_paper", trained=31_030_658, source=UNET),
    Variant(
        "segmentation/unet_vgg16",
        trained=25_854_722,
        source="14,714,688 of VGG-16, 11,140,034 on its way back",
        parameters=25_854_722,
    ),
    Variant(
        "segmentation/attention_unet",
        trained=33_127_430,
        source="counted here; the paper's has three dimensions",
    ),
    Variant("segmentation/unet_plus_plus", trained="9.04M", source="the paper, table 3"),
    Variant(
        "segmentation/fcn8s",
        {"classes": 21},
        trained="134M",
        source="the paper, table 1",
        parameters=134_489_759,
    ),
    Variant("segmentation/segnet", {"classes": 12}, trained="29.45M", source="the paper's 117 MB, table 6"),
    Variant(
        "segmentation/deeplab_v3_plus",
        {"classes": 20},
        trained=11_824_500,
        source="[keras.io](https://keras.io/examples/vision/deeplabv3_plus/)",
        parameters=11_857_236,
    ),
]
