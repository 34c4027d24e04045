"""Several devices compute what one does. A CPU is split only in a fresh process, so each test has its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

HEADER = """
import json, sys
from pathlib import Path
from specc.source.diagnostic import SpecError
from specc.training.strategy import open_strategy
from training_case import BASE, Case, losses, trained, weights
out = Path(sys.argv[1])
"""


def python(code: str, folder: Path) -> Any:
    """What `code` prints last, as JSON, run in a process of its own."""
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-c", HEADER + code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_two_devices_give_the_losses_of_one(tmp_path: Path) -> None:
    """Also where the last batch is uneven (90 = 5·16 + 10, 89 = 5·16 + 9) and examples are weighted."""
    found = python(
        """
two = open_strategy("mirrored", ("cpu:0", "cpu:1"))
text = BASE + "epochs: 3\\nsample_weight: weight\\nclass_weight: [1, 3]\\nmetrics: {weighted: [accuracy]}\\n"
result = []
for size in (90, 89):
    rows = []
    for strategy in (two, None):
        data = Case(("train", "validation", "test"), size)
        if strategy is None:
            folder, model = trained(text, out / f"{size}-one", data=data)
        else:
            from training_case import build
            with strategy.scope():
                model = build()
            folder, model = trained(text, out / f"{size}-two", data=data, strategy=strategy, model=model)
        rows.append({
            "replicas": 1 if strategy is None else strategy.num_replicas_in_sync,
            "loss": losses(folder), "val_loss": losses(folder, "val_loss"),
            "accuracy": losses(folder, "accuracy"), "test": folder.record.test,
            "weights": [w.tolist() for w in weights(model)],
        })
    result.append(rows)
print(json.dumps(result))
""",
        tmp_path,
    )
    for two, one in found:
        assert (two["replicas"], one["replicas"]) == (2, 1)
        for name in ("loss", "val_loss", "accuracy", "test"):
            assert two[name] == pytest.approx(one[name], abs=1e-5)
        for first, second in zip(two["weights"], one["weights"], strict=True):
            assert flat(first) == pytest.approx(flat(second), abs=1e-5)


def flat(values: Any) -> list[float]:
    return [v for item in values for v in flat(item)] if isinstance(values, list) else [values]


def test_a_batch_that_cannot_be_shared_is_left_out(tmp_path: Path) -> None:
    found = python(
        """
from specc.source.diagnostic import Reporter
from specc.training.checking import check
from specc.training.train import run
from training_case import build, training
two = open_strategy("mirrored", ("cpu:0", "cpu:1"))
with two.scope():
    model = build()
made = training(BASE + "epochs: 2\\n", out, data=Case(size=81), strategy=two, model=model)
reporter = Reporter()
check(made, reporter)
run(made)
print(json.dumps([int(model.optimizer.iterations.numpy()), [d.code for d in reporter]]))
""",
        tmp_path,
    )
    assert found == [10, ["training-left-out"]]


def test_unknown_strategies_and_devices_are_refused(tmp_path: Path) -> None:
    found = python(
        """
result = []
for name, devices in (("miror", ()), ("auto", ("gpu:7",)), ("one_device", ("cpu:0", "cpu:1"))):
    try:
        open_strategy(name, devices)
    except SpecError as error:
        result.append([[d.code, d.title, d.help] for d in error.diagnostics])
print(json.dumps(result))
""",
        tmp_path,
    )
    first, second, third = (diagnostics[0] for diagnostics in found)
    assert first == ["training-strategy", "there is no strategy `miror`", "did you mean `mirrored`?"]
    assert second[:2] == ["training-strategy", "there is no device `gpu:7`"]
    assert third[1] == "`one_device` was given several devices"


def test_the_devices_of_each_strategy(tmp_path: Path) -> None:
    found = python(
        """
asked = (("auto", ("cpu:0", "cpu:1")), ("one_device", ("cpu:1",)), ("auto", ()))
found = [open_strategy(*what) for what in asked]
print(json.dumps([[type(s).__name__, s.num_replicas_in_sync] for s in found]))
""",
        tmp_path,
    )
    assert found == [["MirroredStrategy", 2], ["OneDeviceStrategy", 1], ["_DefaultDistributionStrategy", 1]]


def test_what_several_devices_cannot_do_is_said(tmp_path: Path) -> None:
    found = python(
        """
import keras
from specc.source.diagnostic import Reporter
from specc.training.checking import check
from training_case import build, training
text = "optimizer: {Adam: {clipnorm: 1.0}}\\nloss: mse\\njit_compile: true\\nsteps_per_execution: 4\\n"
two = open_strategy("mirrored", ("cpu:0", "cpu:1"))
with two.scope():
    x = keras.Input((8,), name="x")
    model = keras.Model(x, keras.layers.Dense(1, name="label")(keras.layers.Dropout(0.5, name="drop")(x)))
reporter = Reporter()
check(training(text, out, strategy=two, model=model), reporter)
print(json.dumps([[d.code, d.title] for d in reporter]))
""",
        tmp_path,
    )
    assert [code for code, _ in found] == [
        "training-strategy",
        "training-strategy",
        "training-no-effect",
        "training-same-draws",
    ]
    assert found[0][1] == "`clipnorm` would act on each device's gradients apart"
    assert found[3][1] == "`drop` draws the same random numbers on each of 2 devices"
