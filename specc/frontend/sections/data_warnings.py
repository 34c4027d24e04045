"""What a `data:` section says that has no effect, or another than was meant: told without any data."""

from __future__ import annotations

from collections.abc import Iterator

from specc.catalog.objects import KerasObject
from specc.frontend.sections.data_types import DataSection, Field, Formula
from specc.frontend.sections.train_types import TrainSection
from specc.source.diagnostic import Reporter
from specc.source.suggest import nearest

SPOILING = ("RandomBrightness", "RandomErasing", "RandomInvert", "RandomPosterization")
"""Layers that make nonsense of small numbers which they take for 0 to 255; others only cut less."""

IN_PLACE = ("CenterCrop", "RandomCrop", "Resizing")
"""Transforms that leave the range of an image's values."""

SMALL = 16.0
"""What lies between the greatest value of images from 0 to 1, and of those from 0 to 255."""


def warn_of_data(
    data: DataSection, train: TrainSection | None, inputs: tuple[str, ...] | None, reporter: Reporter
) -> None:
    """Warn of fields that nothing uses, masks whose classes are mixed, images taken for others.

    `inputs` are those of the entry model, None where they are not known yet.
    """
    sparse = set(_sparse_targets(train))
    for field in data.fields.values():
        if field.name in sparse or (inputs is not None and field.name not in inputs and _is_whole(field)):
            _check_mixing(field, reporter)
        _check_pad(field, reporter)
        for layer in (*field.augment, *data.augment):
            if inputs is not None and field.name in inputs:
                _check_range(layer, field, _greatest(field), reporter)
    if inputs is not None and train is not None and train.stages:
        warn_of_unused(data, train, inputs, reporter)


def warn_of_unused(
    data: DataSection, train: TrainSection, inputs: tuple[str, ...], reporter: Reporter
) -> None:
    """Tell what is written, and neither an input, nor a target, nor a weight is made of it."""
    used = [*inputs]
    for stage in train.stages:
        used += [*stage.targets, *stage.sample_weight.values()]
    wanted = tuple(used)
    told = {f"the field `{field.name}`": (field.name, field.span) for field in data.unused(wanted)}
    derived = data.unused_derived(wanted)
    told |= {f"`{name}`, which is derived": (name, data.derive[name].span) for name in derived}
    for what, (name, span) in told.items():
        title = f"no input, target or weight is made of {what}"
        near = nearest(name, data.bare(wanted))
        help = f"did you mean `{near}`?" if near else "use it, or remove it"
        reporter.warning("training-no-effect", title, span, "has no effect", help=help)


def _sparse_targets(train: TrainSection | None) -> Iterator[str]:
    """The targets that hold numbers of classes."""
    for stage in train.stages if train is not None else ():
        for name, loss in stage.losses.items():
            if loss.kind.lower().replace("_", "") == "sparsecategoricalcrossentropy":
                yield name


def _is_whole(field: Field) -> bool:
    return field.dtype is not None and field.dtype.lstrip("u").startswith("int")


def _check_pad(field: Field, reporter: Reporter) -> None:
    if field.pad is not None and field.boxes is None and field.shape and None not in field.shape:
        title = f"`pad` fills up nothing: all examples of `{field.name}` have one shape"
        help = "say `shape` with null where they differ, or remove it"
        reporter.warning("training-no-effect", title, field.span, "has no effect", help=help)


def _check_mixing(field: Field, reporter: Reporter) -> None:
    """Warn where the numbers of classes are resized to numbers between them."""
    mixing = None
    for step in field.transforms:
        if isinstance(step, Formula):
            mixing = None  # it may say what the numbers between are
        elif step.kind == "Resizing" and step.arguments.get("interpolation", "bilinear") != "nearest":
            mixing = step
    if mixing is not None:
        title = f"`Resizing` mixes the values of `{field.name}`, which are whole numbers"
        help = "say `interpolation: nearest`"
        reporter.warning("data-mixed", title, mixing.span, "makes classes between classes", help=help)


def _greatest(field: Field) -> float | None:
    """The greatest value of an image after its transforms, if it was 255; None where nothing tells."""
    found, told = 255.0, field.decode == "image"
    for step in field.transforms:
        if isinstance(step, Formula) or step.kind not in (*IN_PLACE, "Rescaling"):
            return None
        if step.kind == "Rescaling":
            scale, offset = step.arguments.get("scale"), step.arguments.get("offset", 0.0)
            if not isinstance(scale, (int, float)) or not isinstance(offset, (int, float)):
                return None
            found, told = found * scale + offset, True
    return found if told else None


def _check_range(layer: KerasObject, field: Field, greatest: float | None, reporter: Reporter) -> None:
    """Warn where a random layer takes an image for one of another range."""
    given = layer.arguments.get("value_range", [0, 255] if layer.kind in SPOILING else None)
    if greatest is None or not isinstance(given, (list, tuple)) or len(given) != 2:
        return
    high = given[1]
    if not isinstance(high, (int, float)) or (high > SMALL) == (greatest > SMALL):
        return
    if greatest <= SMALL and layer.kind not in SPOILING:
        return
    title = f"`{layer.kind}` takes `{field.name}` for numbers up to {high:g}, and they end at {greatest:.3g}"
    low = -1 if greatest <= SMALL and _is_centred(field) else 0
    help = f"say `value_range: [{low}, {round(greatest)}]`"
    reporter.warning("data-range", title, layer.span, help=help)


def _is_centred(field: Field) -> bool:
    """Whether an image's values lie on both sides of 0."""
    scalings = [s for s in field.transforms if not isinstance(s, Formula) and s.kind == "Rescaling"]
    return any(s.arguments.get("offset", 0) != 0 for s in scalings)
