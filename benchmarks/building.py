"""`python -m benchmarks.building [--rounds N] [NAME …]`: specs against keras.applications' constructors.

By spec is everything from the file to the model: reading, checking, expanding, building; by hand is Keras's
own constructor. Neither has weights from elsewhere. They are timed in turns in one process; the ratio is the
median over the rounds of by spec / by hand, beside its quartiles: below 1 the spec is faster.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras

import specc
from benchmarks.pairs import Pair, alternate, timed

SPECS = Path(__file__).parents[1] / "specs" / "cnn"
MOST = 1.05
"""The greatest ratio that is allowed."""


@dataclass(frozen=True)
class Counterpart:
    """A spec of the zoo, and the constructor that builds the same network."""

    spec: str
    build: Callable[[], keras.Model]
    params: Mapping[str, object] = field(default_factory=dict)

    def by_spec(self) -> keras.Model:
        return specc.compile_models(SPECS / f"{self.spec}.yaml", self.params)["model"]

    def by_hand(self) -> keras.Model:
        return self.build()


COUNTERPARTS = {
    "ResNet50": Counterpart("resnet", lambda: keras.applications.ResNet50(weights=None)),
    "InceptionResNetV2": Counterpart(
        "inception_resnet_v2", lambda: keras.applications.InceptionResNetV2(weights=None)
    ),
    "EfficientNetV2L": Counterpart(
        "efficientnet_v2",
        lambda: keras.applications.EfficientNetV2L(weights=None),
        {"variant": "l", "size": 480, "dropout": 0.4},
    ),
}


def measure(name: str, rounds: int) -> Pair:
    """Time one network both ways; raises ValueError where they do not have equally many parameters."""
    pair = COUNTERPARTS[name]
    sizes = pair.by_hand().count_params(), pair.by_spec().count_params()
    if sizes[0] != sizes[1]:
        raise ValueError(f"{name} has {sizes[0]} parameters by hand, {sizes[1]} by spec")
    return alternate(name, timed(pair.by_hand), timed(pair.by_spec), rounds, 1 / MOST)


def row(pair: Pair) -> str:
    """One line of the table; `pair` counts how many times as fast the spec is, the table the other way."""
    low, high = pair.spread
    hand, spec = (sorted(seconds)[len(seconds) // 2] for seconds in (pair.hand, pair.spec))
    ratios = f"**{1 / pair.ratio:.3f}** | {1 / high:.3f}–{1 / low:.3f}"
    return f"| {pair.title} | {hand:.2f} s | {spec:.2f} s | {ratios} | {MOST} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.building", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(COUNTERPARTS)} (all unless given)"
    )
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each (default 9)")
    arguments = parser.parse_args()
    print("| | by hand | by spec | ratio | quartiles | at most |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in arguments.names or COUNTERPARTS:
        print(row(measure(name, arguments.rounds)), flush=True)


if __name__ == "__main__":
    main()
