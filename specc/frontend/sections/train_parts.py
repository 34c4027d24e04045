"""Readers of the parts of `train:` that may be said once or per output.

One rule tells the two apart: a mapping whose only key is capitalised is a class with its arguments
(`{Huber: {delta: 2}}`); any other mapping is keyed by outputs. What is said once holds for every output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath, PureWindowsPath

from specc.catalog.objects import KerasObject
from specc.catalog.read import read_object
from specc.catalog.signature import Catalog, Category
from specc.frontend.sections.train_settings import is_number, number, wrong
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value

PATH_ARGUMENTS = {
    "ModelCheckpoint": "filepath",
    "CSVLogger": "filename",
    "TensorBoard": "log_dir",
    "BackupAndRestore": "backup_dir",
    "OrbaxCheckpoint": "directory",
}
"""The argument in which a callback is told where to write."""

MOST_CLASSES = 1_000_000
"""Classes that may be weighed: a table of the weights is made."""


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern over dotted layer names, and where it stands."""

    pattern: str
    span: Span

    def matches(self, name: str) -> bool:
        """Whether it takes in a layer: by its own name, or by that of a model it lies in."""
        parts = name.split(".")
        return any(fnmatchcase(".".join(parts[:end]), self.pattern) for end in range(1, len(parts) + 1))


@dataclass(frozen=True, slots=True)
class Context:
    """What reading a part needs to know."""

    outputs: tuple[str, ...]
    catalog: Catalog
    reporter: Reporter

    def read(self, value: Value, category: Category) -> KerasObject | None:
        """One object of the catalog."""
        return read_object(value, category, self.catalog, self.reporter)

    def known(self, mapping: Mapping, setting: str) -> list[tuple[str, Value]]:
        """The entries of a mapping by outputs; unknown outputs are reported and left out."""
        found = []
        for name, value in mapping:
            if self.outputs and name not in self.outputs:
                self.reporter.error(
                    "training-output-unknown",
                    f"`{setting}` names `{name}`, which is no output of the model",
                    mapping.key(name).span,
                    "not an output",
                    help=did_you_mean(name, self.outputs),
                )
            else:
                found.append((name, value))
        return found


def is_class(value: Value) -> bool:
    """Whether a value names one class or identifier, rather than outputs."""
    if isinstance(value, Scalar):
        return value.value is not None
    return isinstance(value, Mapping) and len(value) == 1 and value.names()[0][:1].isupper()


def is_null(value: Value | None) -> bool:
    """Whether a value is absent or null."""
    return value is None or (isinstance(value, Scalar) and value.value is None)


def read_losses(section: Mapping, context: Context) -> dict[str, KerasObject]:
    """The loss of each output that has one; at least one is required."""
    value = section.get("loss")
    if value is None or is_null(value):
        _loss_missing(section, value, context.reporter)
        return {}
    if is_class(value):
        loss = context.read(value, "loss")
        return {} if loss is None else dict.fromkeys(context.outputs, loss)
    if not isinstance(value, Mapping):
        wrong("loss", value, "a loss, or a mapping of outputs to losses", context.reporter)
        return {}
    found = {}
    for name, entry in context.known(value, "loss"):
        loss = None if is_null(entry) else context.read(entry, "loss")
        if loss is not None:
            found[name] = loss
    if all(is_null(entry) for _, entry in value):
        _loss_missing(section, value, context.reporter)
    return found


def _loss_missing(section: Mapping, value: Value | None, reporter: Reporter) -> None:
    reporter.error(
        "training-loss-missing",
        "nothing says what training minimises",
        section.span if value is None else value.span,
        "`loss` is missing" if value is None else "no loss here",
        help="add `loss`, with the loss's name or a mapping of outputs to losses",
    )


def read_weights(section: Mapping, losses: dict[str, KerasObject], context: Context) -> dict[str, float]:
    """`loss_weights`: a number per output; one number where the model has one output."""
    value = section.get("loss_weights")
    if value is None or is_null(value):
        return {}
    if is_number(value) and len(context.outputs) == 1:
        return {context.outputs[0]: number(value)}
    if not isinstance(value, Mapping):
        wrong("loss_weights", value, "a mapping of outputs to numbers", context.reporter)
        return {}
    found = {}
    for name, entry in context.known(value, "loss_weights"):
        if not is_number(entry):
            wrong(f"loss_weights.{name}", entry, "a number", context.reporter)
        elif name in losses or not losses:
            found[name] = number(entry)
        else:
            _without_loss("loss_weights", name, value, context.reporter)
    return found


def _without_loss(setting: str, name: str, value: Mapping, reporter: Reporter) -> None:
    reporter.warning(
        "training-no-effect",
        f"`{setting}` weighs `{name}`, which has no loss",
        value.key(name).span,
        "has no effect",
    )


Metrics = dict[str, tuple[KerasObject, ...]]


def read_metrics(section: Mapping, context: Context) -> tuple[Metrics, Metrics]:
    """The metrics of each output, and those that are weighted as the loss is."""
    value = section.get("metrics")
    if value is None or is_null(value):
        return {}, {}
    weighted: Metrics = {}
    if isinstance(value, Mapping) and "weighted" in value:
        inner = value.get("weighted")
        weighted = {} if inner is None else _metrics(inner, "metrics.weighted", context)
        value = value.without("weighted")
        if not len(value):
            return {}, weighted
    return _metrics(value, "metrics", context), weighted


def _metrics(value: Value, setting: str, context: Context) -> Metrics:
    if isinstance(value, Sequence) or is_class(value):
        found = _metric_list(value, context)
        return dict.fromkeys(context.outputs, found) if found else {}
    if not isinstance(value, Mapping):
        wrong(setting, value, "a list of metrics, or a mapping of outputs to metrics", context.reporter)
        return {}
    entries = [(name, _metric_list(entry, context)) for name, entry in context.known(value, setting)]
    return {name: found for name, found in entries if found}


def _metric_list(value: Value, context: Context) -> tuple[KerasObject, ...]:
    if is_null(value):
        return ()
    items = value.items if isinstance(value, Sequence) else (value,)
    found: list[KerasObject] = []
    for item in items:
        metric = _metric(item, context)
        if metric is not None:
            found.append(_with_log_name(metric, found, context))
    return tuple(found)


def _with_log_name(metric: KerasObject, before: list[KerasObject], context: Context) -> KerasObject:
    """A class that Keras would number by what its process has built so far (`auc_3`): `auc`, always."""
    signature = context.catalog.objects["metric"].get(metric.kind)
    name = signature.by_name.get("name") if signature is not None and not metric.identifier else None
    if name is None or name.default is not None or metric.arguments.get("name") is not None:
        return metric
    alike = sum(other.kind == metric.kind for other in before)
    log_name = snake_case(metric.kind) + (f"_{alike}" if alike else "")
    return replace(metric, arguments={**metric.arguments, "name": log_name})


def snake_case(name: str) -> str:
    """The name that Keras gives to the first object of a class: `MeanIoU` is `mean_io_u`."""
    parted = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()


def _metric(value: Value, context: Context) -> KerasObject | None:
    """One metric; an identifier stays its name in the logs (`mae`), as with Keras."""
    metric = context.read(value, "metric")
    if metric is None or metric.identifier or not isinstance(value, Scalar):
        return metric
    name = str(value.value)
    return metric if name[:1].isupper() else replace(metric, arguments={**metric.arguments, "name": name})


def read_names(
    section: Mapping, setting: str, losses: dict[str, KerasObject], context: Context
) -> dict[str, str]:
    """`sample_weight`: the name of a column, for all outputs with a loss or per output."""
    value = section.get(setting)
    if value is None or is_null(value):
        return {}
    if isinstance(value, Scalar) and isinstance(value.value, str):
        return dict.fromkeys(losses, value.value)
    if not isinstance(value, Mapping):
        wrong(setting, value, "the name of a field, or a mapping of outputs to names", context.reporter)
        return {}
    found = {}
    for name, entry in context.known(value, setting):
        if not isinstance(entry, Scalar) or not isinstance(entry.value, str):
            wrong(f"{setting}.{name}", entry, "the name of a field", context.reporter)
        elif name in losses or not losses:
            found[name] = entry.value
        else:
            _without_loss(setting, name, value, context.reporter)
    return found


def read_class_weight(
    section: Mapping, losses: dict[str, KerasObject], context: Context
) -> dict[str, dict[int, float]]:
    """`class_weight`: a list by class, a mapping of class numbers, or one of these per output."""
    value = section.get("class_weight")
    if value is None or is_null(value):
        return {}
    by_class = isinstance(value, Sequence) or (
        isinstance(value, Mapping) and all(name.isdecimal() for name in value.names())
    )
    if by_class:
        weights = _class_weights(value, "class_weight", context.reporter)
        return dict.fromkeys(losses, weights) if weights else {}
    if not isinstance(value, Mapping):
        wrong("class_weight", value, "a list of numbers, or a mapping", context.reporter)
        return {}
    found = {}
    for name, entry in context.known(value, "class_weight"):
        weights = _class_weights(entry, f"class_weight.{name}", context.reporter)
        if weights and losses and name not in losses:
            _without_loss("class_weight", name, value, context.reporter)
        elif weights:
            found[name] = weights
    return found


def _class_weights(value: Value, setting: str, reporter: Reporter) -> dict[int, float]:
    pairs: list[tuple[str, Value]]
    if isinstance(value, Sequence):
        pairs = [(str(position), item) for position, item in enumerate(value)]
    elif isinstance(value, Mapping):
        pairs = list(value)
    else:
        wrong(setting, value, "a list of numbers, or a mapping of class numbers to numbers", reporter)
        return {}
    found = {}
    for name, item in pairs:
        if not name.isdecimal() or len(name) > len(str(MOST_CLASSES)) or int(name) >= MOST_CLASSES:
            wrong(setting, value, f"a mapping of class numbers (below {MOST_CLASSES}) to numbers", reporter)
        elif not is_number(item) or number(item) < 0:
            wrong(f"{setting}.{name}", item, "a number of at least 0", reporter)
        else:
            found[int(name)] = number(item)
    return found


def read_callbacks(section: Mapping, context: Context) -> tuple[KerasObject, ...]:
    """The callbacks; where one writes must lie within the run's folder."""
    value = section.get("callbacks")
    if value is None or is_null(value):
        return ()
    if not isinstance(value, Sequence):
        wrong("callbacks", value, "a list of callbacks", context.reporter)
        return ()
    found = []
    for item in value:
        callback = context.read(item, "callback")
        if callback is not None:
            _check_path(callback, item, context.reporter)
            found.append(callback)
    return tuple(found)


def _check_path(callback: KerasObject, item: Value, reporter: Reporter) -> None:
    argument = PATH_ARGUMENTS.get(callback.kind)
    path = callback.arguments.get(argument) if argument else None
    if path is not None and not lies_within(str(path)):
        reporter.error(
            "callback-path",
            f"`{callback.kind}` would write to `{path}`, outside the run's folder",
            item.span,
            "must lie within the run's folder",
            help="give a path relative to the run's folder, without `..`",
        )


def lies_within(path: str) -> bool:
    """Whether a relative path leads to something in the folder it is joined to, on every system."""
    windows = PureWindowsPath(path)
    absolute = PurePosixPath(path).is_absolute() or bool(windows.drive or windows.root)
    return not absolute and ".." not in windows.parts and bool(windows.parts)


def read_globs(section: Mapping, setting: str, reporter: Reporter) -> tuple[Glob, ...]:
    """A pattern, or a list of them."""
    value = section.get(setting)
    if value is None or is_null(value):
        return ()
    items = value.items if isinstance(value, Sequence) else (value,)
    found = []
    for item in items:
        if isinstance(item, Scalar) and isinstance(item.value, str) and item.value:
            found.append(Glob(item.value, item.span))
        else:
            wrong(setting, item, "the name of a layer, or a pattern", reporter)
    return tuple(found)
