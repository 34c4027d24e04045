"""docs/zoo.md: the table of the zoo's image classifiers. Counting needs no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from variants import PAPERS, VARIANTS, Variant

from specc.frontend.load import load_spec
from specc.graph.cost import Costs
from specc.graph.infer import infer_models

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "zoo.md"
HEAD = """# The zoo

Networks of the field as specs, each family one file. What `keras.applications` has too is *the same
function*: with its weights copied over, the outputs for two random images are compared before the softmax,
in float32, by the largest difference in parts of the largest output. The others have as many trained
parameters as the named source states. This page is generated: `python tests/specs/counterparts.py`.

The classifiers are trained on a folder of images with a folder for each class; `classes` and `size` are
parameters of all of them, as are `files`, `batch_size`, `learning_rate` and `epochs`:

    specc train specs/cnn/resnet.yaml -p depth=18 -p classes=5 -p size=64 --data ~/flowers

Without images, scikit-learn's digits do: `specs/cnn/resnet_digits.yaml` reaches an accuracy of 0.98 in a
minute on two cores. For another network, a file beside it extends two; SqueezeNet reaches 0.96 so:

    specc: 1
    extends: [squeezenet.yaml, digits.yaml]
    params: {size: 48}

The segmentation networks find `image/*.png` and, by the same names, `label/*.png`. A small U-Net:

    specc train specs/segmentation/unet.yaml -p size=128 -p filters=16 -p normalize=true --data ~/cells

| spec | lines | `-p` | parameters | described by | agreement |
| --- | ---: | --- | ---: | --- | --- |
"""


@dataclass(frozen=True)
class Figures:
    """How many parameters a model has, and how many of them are trained."""

    parameters: int
    trained: int


def figures(path: Path, params: Mapping[str, Any]) -> Figures:
    """The parameters of a spec's entry model; its settings are written as on the command line."""
    types = infer_models(load_spec(path, [f"{name}={value}" for name, value in params.items()]).models)
    weights = Costs(types["model"], types).weights()
    counts = [(w.size, w.trainable) for w in weights]
    return Figures(sum(count for count, _ in counts), sum(count for count, trained in counts if trained))


def lines(path: Path) -> int:
    """The lines of a spec that are not blank."""
    return sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines())


def row(variant: Variant, agreement: str) -> str:
    """One line of the table."""
    path = ROOT / "specs" / f"{variant.spec}.yaml"
    params = ", ".join(f"{name}={value}" for name, value in variant.params.items())
    who, where = PAPERS[variant.spec]
    parts = [
        f"[{variant.spec}](../specs/{variant.spec}.yaml)",
        str(lines(path)),
        params and f"`{params}`",
        f"{variant.parameters or figures(path, variant.params).parameters:,}",
        f"[{who}]({where})",
        agreement,
    ]
    return f"| {' | '.join(parts)} |"


def write_page(agreements: Mapping[str, str]) -> None:
    """Write the page; `agreements` by the labels of the variants that were looked at."""
    rows = [row(variant, agreements[variant.label]) for variant in VARIANTS if variant.label in agreements]
    PAGE.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


def written_agreements() -> dict[str, str]:
    """What the page says today, by the variants' labels."""
    if not PAGE.exists():
        return {}
    page = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [line.strip("| ").split(" | ") for line in page if line.startswith("| [")]
    return {_label(spec, params): agreement for spec, _, params, _, _, agreement in cells}


def _label(spec: str, params: str) -> str:
    name = spec[1:].partition("]")[0]
    return " ".join([name, *params.strip("`").split(", ")]).strip()
