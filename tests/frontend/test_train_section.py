from __future__ import annotations

import pytest

from specc.catalog.load import load
from specc.catalog.objects import plain
from specc.frontend.sections.train import Stage, TrainSection, read_train
from specc.frontend.sections.train_parts import lies_within
from specc.source.diagnostic import Diagnostic, Reporter
from specc.source.parse import parse
from specc.source.values import Mapping


def read(text: str, *outputs: str) -> tuple[TrainSection | None, tuple[Diagnostic, ...]]:
    reporter = Reporter()
    value = parse(text, "spec.yaml", reporter)
    assert isinstance(value, Mapping), list(reporter)
    section = read_train(value, outputs or ("label",), load(), reporter)
    return section, reporter.sorted()


def good(text: str, *outputs: str) -> TrainSection:
    section, found = read(text, *outputs)
    assert section is not None, found
    assert not found
    return section


def only_stage(text: str, *outputs: str) -> Stage:
    (stage,) = good(text, *outputs).stages
    return stage


def codes(text: str, *outputs: str) -> list[tuple[str, int]]:
    """Codes and lines of all that is reported."""
    _, found = read(text, *outputs)
    return [(d.code, d.span.line if d.span else 0) for d in found]


BASE = "optimizer: adam\nloss: mse\n"


def test_the_least_there_can_be() -> None:
    stage = only_stage(BASE)
    assert plain(stage.optimizer) == "Adam"
    assert {name: plain(loss) for name, loss in stage.losses.items()} == {"label": "mse"}
    assert (stage.epochs, stage.metrics, stage.callbacks) == (1, {}, ())
    assert stage.targets == ("label",)


def test_a_capitalised_loss_is_a_class_and_holds_for_every_output() -> None:
    stage = only_stage("optimizer: adam\nloss: {Huber: {delta: 2.0}}\n", "a", "b")
    assert {n: plain(loss) for n, loss in stage.losses.items()} == {
        "a": {"Huber": {"delta": 2.0}},
        "b": {"Huber": {"delta": 2.0}},
    }


def test_losses_by_output_and_null_for_none() -> None:
    stage = only_stage("optimizer: adam\nloss: {a: mse, b: null}\nloss_weights: {a: 2}\n", "a", "b")
    assert list(stage.losses) == ["a"]
    assert stage.loss_weights == {"a": 2.0}


def test_metrics_as_list_by_output_and_weighted() -> None:
    stage = only_stage(
        BASE + "metrics: {a: [mae, {MeanSquaredError: {name: error}}], weighted: [mse]}\nsample_weight: w\n",
        "a",
        "b",
    )
    assert {n: [plain(m) for m in ms] for n, ms in stage.metrics.items()} == {
        "a": [{"MeanAbsoluteError": {"name": "mae"}}, {"MeanSquaredError": {"name": "error"}}]
    }
    assert {n: [plain(m) for m in ms] for n, ms in stage.weighted_metrics.items()} == {
        "a": [{"MeanSquaredError": {"name": "mse"}}],
        "b": [{"MeanSquaredError": {"name": "mse"}}],
    }
    assert stage.sample_weight == {"a": "w", "b": "w"}


def test_class_weights_in_all_their_forms() -> None:
    assert only_stage(BASE + "class_weight: [1, 8.5]").class_weight == {"label": {0: 1.0, 1: 8.5}}
    assert only_stage(BASE + "class_weight: {0: 1, 3: 2}").class_weight == {"label": {0: 1.0, 3: 2.0}}
    assert only_stage(BASE + "class_weight: {b: [1, 2]}", "a", "b").class_weight == {"b": {0: 1.0, 1: 2.0}}


def test_whole_settings() -> None:
    section = good(BASE + "precision: mixed_bfloat16\njit_compile: auto\nsteps_per_execution: 4\n")
    assert (section.precision, section.jit_compile, section.steps_per_execution) == (
        "mixed_bfloat16",
        None,
        4,
    )


def test_stages_override_and_the_optimizer_goes_on() -> None:
    section = good(
        "loss: mse\noptimizer: adam\nepochs: 3\nstages:\n"
        "- {name: head, freeze: backbone}\n- {name: tune, epochs: 5}\n- {optimizer: sgd, loss: mae}\n"
    )
    first, second, third = section.stages
    assert (first.name, first.epochs, first.freeze[0].pattern) == ("head", 3, "backbone")
    assert plain(first.optimizer) == "Adam"
    assert (second.epochs, second.optimizer, second.freeze) == (5, None, ())
    assert (plain(third.optimizer), plain(third.losses["label"])) == ("SGD", "mae")
    assert first.span.line == 5


def test_a_program_has_derived_tensors_and_updates() -> None:
    section = good(
        "derive: {z: image}\nepochs: 4\nupdate:\n"
        "- {models: [model], repeat: 2, optimizer: adam, loss: {a: mean(z), b: 1.0}, loss_weights: {b: 3}}\n"
    )
    assert section.stages == ()
    (program,) = section.programs
    assert program.derive["z"].names == ("image",)
    (update,) = program.updates
    assert [(term.name, term.weight) for term in update.terms] == [("a", 1.0), ("b", 3.0)]
    assert (str(update.models[0]), update.repeat, plain(update.optimizer)) == ("model", 2, "Adam")
    assert program.running.epochs == 4
    assert program.log_names == ("a", "b")


def test_each_stage_of_a_program_overrides_its_keys() -> None:
    update = "{models: [model], loss: {a: mean(image)}}"
    section = good(
        f"optimizer: adam\nepochs: 2\nupdate: [{update}]\n"
        "stages:\n- {name: first}\n- {epochs: 3, optimizer: sgd}\n"
    )
    first, second = section.programs
    assert (first.running.name, first.running.epochs, second.running.epochs) == ("first", 2, 3)
    assert plain(second.updates[0].optimizer) == "SGD"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss: mse\n", [("training-optimizer-missing", 1)]),
        ("optimizer: adam\n", [("training-loss-missing", 1)]),
        ("optimizer: adam\nloss: {a: null}\n", [("training-loss-missing", 2)]),
        ("epochs: 1\n", [("training-optimizer-missing", 1), ("training-loss-missing", 1)]),
        ("optimizer: adam\nloss: {c: mse}\n", [("training-output-unknown", 2)]),
        (BASE + "metrics: {c: [mae]}\n", [("training-output-unknown", 3)]),
        (BASE + "epochs: 0\n", [("training-setting", 3)]),
        (BASE + "epochs: 2147483648\n", [("training-setting", 3)]),
        (BASE + "epochs: 1.5\n", [("training-setting", 3)]),
        (BASE + "epochs: true\n", [("training-setting", 3)]),
        (BASE + "precision: float16\n", [("training-setting", 3)]),
        (BASE + "jit_compile: 3\n", [("training-setting", 3)]),
        (BASE + "loss_weights: [1, 2]\n", [("training-setting", 3)]),
        (BASE + "loss_weights: {a: x}\n", [("training-setting", 3)]),
        (BASE + "class_weight: {a: 3}\n", [("training-setting", 3)]),
        (BASE + "class_weight: [1, -2]\n", [("training-setting", 3)]),
        (BASE + "class_weight: {99999999999: 2}\n", [("training-setting", 3)]),
        (BASE + "sample_weight: 3\n", [("training-setting", 3)]),
        (BASE + "callbacks: EarlyStopping\n", [("training-setting", 3)]),
        (BASE + "callbacks: [{CSVLogger: {filename: ../x.csv}}]\n", [("callback-path", 3)]),
        (BASE + "callbacks: [{ModelCheckpoint: {filepath: /x.keras}}]\n", [("callback-path", 3)]),
        (BASE + "callbacks: [{BackupAndRestore: {backup_dir: .}}]\n", [("callback-path", 3)]),
        (BASE + "callbacks: [{OrbaxCheckpoint: {directory: /x}}]\n", [("callback-path", 3)]),
        (BASE + "freeze: [3]\n", [("training-setting", 3)]),
        (BASE + "stages: []\n", [("training-setting", 3)]),
        (BASE + "stages: [{precision: float32}]\n", [("training-setting", 3)]),
        (BASE + "stages:\n- {name: a}\n- {name: a}\n", [("training-setting", 5)]),
        ("loss: mse\nstages: [{epochs: 1}]\n", [("training-optimizer-missing", 2)]),
        ("optimizer: adam\nloss: {a: mse}\nloss_weights: {a: 1, b: 1}\n", [("training-no-effect", 3)]),
        (BASE + "metrics: {weighted: [mae]}\n", [("training-no-effect", 3)]),
        (BASE + "epochs: 9\nstages: [{epochs: 1}, {epochs: 2}]\n", [("training-no-effect", 3)]),
        (BASE + "stages: [{optimizer: sgd}, {epochs: 2}]\n", [("training-no-effect", 1)]),
        (BASE + "stages: [{epochs: 1}, {optimizer: sgd}]\n", []),
        (BASE + "name: a\nstages: [{epochs: 1}, {name: b}]\n", [("training-no-effect", 3)]),
    ],
)
def test_mistakes_are_found_at_their_line(text: str, expected: list[tuple[str, int]]) -> None:
    assert sorted(codes(text, "a", "b")) == sorted(expected)


def test_all_mistakes_come_in_one_go() -> None:
    found = codes("optimizer: adam\nloss: {c: mse}\nepochs: 0\nclass_weight: x\n", "a")
    assert [line for _, line in found] == [2, 3, 4]


def test_a_mistake_in_what_stages_share_is_told_once() -> None:
    assert codes("optimizer: adam\nloss: {c: mse}\nstages: [{epochs: 1}, {epochs: 2}]\n", "a") == [
        ("training-output-unknown", 2)
    ]


def test_the_nearest_output_is_suggested() -> None:
    _, found = read("optimizer: adam\nloss: {lable: mse}\n", "label", "box")
    assert found[0].help == "did you mean `label`?"


@pytest.mark.parametrize("path", ["a.csv", "logs/a.csv", "a/./b", "{epoch:02d}.keras"])
def test_paths_within(path: str) -> None:
    assert lies_within(path)


@pytest.mark.parametrize("path", ["/a", "../a", "a/../../b", "C:\\a", "..\\a", "\\a", "c:a"])
def test_paths_outside(path: str) -> None:
    assert not lies_within(path)


def test_classes_of_metrics_have_the_same_log_names_in_every_run() -> None:
    metrics = "[AUC, {AUC: {curve: PR}}, {MeanIoU: {num_classes: 2}}, {AUC: {name: area}}, mae]"
    stage = only_stage(BASE + f"metrics: {metrics}\n")
    names = [metric.arguments["name"] for metric in stage.metrics["label"]]
    assert names == ["auc", "auc_1", "mean_io_u", "area", "mae"]
