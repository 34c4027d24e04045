"""Checking ResNet50 against building it in Keras: as whole processes, and within one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras

from benchmarks.pairs import Pair, alternate, timed
from specc.frontend.load import load_spec

SPEC = Path(__file__).parents[1] / "docs" / "drawings" / "resnet50.yaml"
BY_HAND = "import keras; keras.applications.ResNet50(weights=None)"
PROCESS_TARGET, WITHIN_TARGET = 8.0, 20.0


def pairs(rounds: int) -> list[Pair]:
    """`specc check` against a process that builds the model; loading the spec against building alone.

    The latter loads the spec to its checked graph, shapes of all tensors included.
    """
    check = (sys.executable, "-m", "specc.cli.main", "check", str(SPEC))
    processes = alternate(
        "ResNet50: check, whole process",
        _process(sys.executable, "-c", BY_HAND),
        _process(*check),
        rounds,
        PROCESS_TARGET,
    )
    within = alternate(
        "ResNet50: check, in one process",
        timed(lambda: keras.applications.ResNet50(weights=None)),
        timed(lambda: load_spec(SPEC), 5),
        rounds,
        WITHIN_TARGET,
    )
    return [processes, within]


def _process(*command: str) -> Callable[[], float]:
    def run() -> float:
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - began

    return run
