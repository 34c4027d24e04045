"""`python -m benchmarks.transfer [--data DIR] [--seeds N]`: few images of 5–9, with a base and without.

For each seed a base learns digits 0–4. The same network then learns 5–9 from 20 images of each: once
beginning with the base's weights, frozen at first (specs/transfer/transfer_*.yaml), once from scratch, for as
many epochs, with the optimizer that the base has. Both are tested on the same images. `--data DIR` holds
MNIST's files (t10k-…); without it the digits are scikit-learn's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import specc

SPECS = Path(__file__).parents[1] / "specs" / "transfer"
EPOCHS = 40
"""What the stages of the transfer add up to."""
TESTED = {"digits": 100, "mnist": 800}
"""Test images of each class, as the specs of the transfer have them."""


@dataclass(frozen=True)
class Outcome:
    """Accuracies on the test images, of one seed."""

    seed: int
    base: float
    scratch: float
    transferred: float

    @property
    def margin(self) -> float:
        """How much better the base's weights are than none."""
        return self.transferred - self.scratch


def outcome(seed: int, data: Path | None, *, images: int = 20) -> Outcome:
    """Train base, transfer and scratch of one seed."""
    name = "digits" if data is None else "mnist"
    with tempfile.TemporaryDirectory() as folder:

        def trained(spec: str, run: str, changes: dict[str, object], initial: Path | None = None) -> float:
            found = specc.train(
                SPECS / f"{spec}_{name}.yaml",
                overrides={"seed": seed, **changes},
                run_dir=Path(folder) / run,
                data_root=data,
                initial_weights=initial,
                verbose="silent",
            )
            accuracy = found.record.test["accuracy"]
            assert accuracy is not None
            return accuracy

        base = trained("base", "base", {})
        fresh = {
            "params.first": 5,
            "params.last": 9,
            "data.split": {"train": images, "test": TESTED[name], "per": "label"},
            "data.batch_size": 20,
            "train.epochs": EPOCHS,
        }
        scratch = trained("base", "scratch", fresh)
        transferred = trained("transfer", "all", {"params.images": images}, Path(folder) / "base")
    return Outcome(seed, base, scratch, transferred)


def page(outcomes: Sequence[Outcome]) -> str:
    """The table in Markdown, means last."""
    rows = [
        f"| {o.seed} | {o.base:.3f} | {o.scratch:.3f} | {o.transferred:.3f} | {o.margin:+.3f} |"
        for o in outcomes
    ]
    means = [
        statistics.mean(values)
        for values in zip(*((o.base, o.scratch, o.transferred) for o in outcomes), strict=True)
    ]
    margin = statistics.mean(o.margin for o in outcomes)
    return "\n".join(
        [
            "| seed | base, 0–4 | 5–9 from scratch | 5–9 from the base | margin |",
            "| ---: | ---: | ---: | ---: | ---: |",
            *rows,
            f"| mean | {means[0]:.3f} | {means[1]:.3f} | {means[2]:.3f} | **{margin:+.3f}** |",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer", description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder of MNIST's t10k files")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds (default 5)")
    parser.add_argument("--images", type=int, default=20, help="training images of each class (default 20)")
    arguments = parser.parse_args()
    outcomes = []
    for seed in range(1, arguments.seeds + 1):
        outcomes.append(outcome(seed, arguments.data, images=arguments.images))
        print(f"seed {seed}: {outcomes[-1].margin:+.3f}", flush=True)
    print(page(outcomes))


if __name__ == "__main__":
    main()
