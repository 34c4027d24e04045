"""The `train:` section: what is minimised, by what, for how long; in one stage or in several."""

from __future__ import annotations

from collections.abc import Iterator

from specc.catalog.objects import KerasObject
from specc.catalog.signature import Catalog
from specc.frontend.programs.read import read_program
from specc.frontend.programs.types import Program
from specc.frontend.sections.train_parts import (
    Context,
    read_callbacks,
    read_class_weight,
    read_globs,
    read_losses,
    read_metrics,
    read_names,
    read_weights,
)
from specc.frontend.sections.train_settings import (
    PRECISIONS,
    read_choice,
    read_count,
    read_switch,
    read_text,
)
from specc.frontend.sections.train_types import Stage, TrainSection
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.values import Mapping, Scalar, Sequence, Value, describe

PROGRAM_KEYS = ("derive", "update", "objective")
"""Keys that make of a section, or of a stage, a training program."""

WHOLE = ("precision", "jit_compile", "steps_per_execution", "stages")
"""Keys that hold for the whole training, not for a stage."""


def read_train(
    value: Mapping, outputs: tuple[str, ...], catalog: Catalog, reporter: Reporter
) -> TrainSection | None:
    """Read a resolved `train:`.

    `outputs` are the names of the entry model's outputs, in its order (none where they are not known: then
    names are not checked). Returns None where something was reported that leaves nothing to train.
    """
    failed = _errors(reporter)
    context = Context(outputs, catalog, reporter)
    stages = _stage_mappings(value, reporter)
    precision = read_choice(value, "precision", PRECISIONS, "float32", reporter)
    jit_compile = read_switch(value, "jit_compile", reporter)
    steps = read_count(value, "steps_per_execution", reporter, or_auto=True)
    if _is_program(value, stages):
        programs = tuple(_read_programs(value, stages, context))
        return TrainSection((), value.span, precision, jit_compile, steps, programs)
    read = tuple(_read_stages(value, stages, context))
    if _errors(reporter) > failed:
        return None
    return TrainSection(read, value.span, precision, jit_compile, steps)


def _read_programs(value: Mapping, stages: list[Mapping], context: Context) -> Iterator[Program]:
    names: dict[str, Span] = {}
    for merged in _merged(value, stages) if stages else [value.without(*WHOLE)]:
        program = read_program(merged, _read_running(merged, context), context.catalog, context.reporter)
        if program is not None:
            _check_name(program.running, names, context.reporter)
            yield program
    if stages:
        _warn_of_overridden(value.without(*WHOLE), stages, context.reporter)


def _read_running(value: Mapping, context: Context) -> Stage:
    """What a program shares with a stage: how long it runs, and what watches it."""
    reporter = context.reporter
    return Stage(
        name=read_text(value, "name", reporter) or "",
        epochs=read_count(value, "epochs", reporter) or 1,
        span=value.span,
        optimizer=None,
        losses={},
        loss_weights={},
        metrics={},
        weighted_metrics={},
        sample_weight={},
        class_weight={},
        callbacks=read_callbacks(value, context),
        freeze=read_globs(value, "freeze", reporter),
        unfreeze=read_globs(value, "unfreeze", reporter),
        steps_per_epoch=read_count(value, "steps_per_epoch", reporter),
        validation_steps=read_count(value, "validation_steps", reporter),
        validation_freq=read_count(value, "validation_freq", reporter) or 1,
    )


def _errors(reporter: Reporter) -> int:
    return sum(d.severity == "error" for d in reporter)


def _is_program(value: Mapping, stages: list[Mapping]) -> bool:
    return any(key in part for part in (value, *stages) for key in PROGRAM_KEYS)


def _stage_mappings(value: Mapping, reporter: Reporter) -> list[Mapping]:
    """The stages as written; none where `train` is one stage itself."""
    stages = value.get("stages")
    if stages is None:
        return []
    if not isinstance(stages, Sequence) or not len(stages):
        reporter.error(
            "training-setting",
            f"`stages` is {describe(stages) if not isinstance(stages, Sequence) else 'an empty list'}",
            stages.span,
            "a list of stages belongs here",
        )
        return []
    found = []
    for stage in stages:
        if isinstance(stage, Mapping):
            found.append(_checked_stage(stage, reporter))
        else:
            reporter.error("training-setting", f"a stage is {describe(stage)}", stage.span, "not a mapping")
    return found


def _checked_stage(stage: Mapping, reporter: Reporter) -> Mapping:
    """A stage without the keys that only the whole training can have; each of them is reported."""
    for key in WHOLE:
        if key in stage:
            reporter.error(
                "training-setting",
                f"`{key}` stands in a stage",
                stage.key(key).span,
                "holds for the whole training",
                help=f"put `{key}` beside `stages`",
            )
    return stage.without(*WHOLE)


def _read_stages(value: Mapping, stages: list[Mapping], context: Context) -> list[Stage]:
    if "stages" not in value:
        return [_read_stage(value.without(*WHOLE), context, first=True)]
    found: list[Stage] = []
    names: dict[str, Span] = {}
    for position, merged in enumerate(_merged(value, stages, once=("optimizer",))):
        read = _read_stage(merged, context, first=position == 0)
        _check_name(read, names, context.reporter)
        found.append(read)
    _warn_of_overridden(value.without(*WHOLE), stages, context.reporter)
    return found


def _merged(value: Mapping, stages: list[Mapping], once: tuple[str, ...] = ()) -> Iterator[Mapping]:
    """Each stage with the keys beside `stages` that it does not override; those of `once` for the first."""
    shared = value.without(*WHOLE)
    for position, stage in enumerate(stages):
        merged = (shared if position == 0 else shared.without(*once)).without("name")
        for (key, entry), (name, _) in zip(stage.entries, stage, strict=True):
            merged = merged.replaced(name, entry, key)
        yield Mapping(merged.entries, stage.span)


def _check_name(stage: Stage, names: dict[str, Span], reporter: Reporter) -> None:
    if not stage.name:
        return
    first = names.setdefault(stage.name, stage.span)
    if first is not stage.span:
        reporter.error(
            "training-setting",
            f"two stages are named `{stage.name}`",
            stage.span,
            "the second",
            related=[(first, "the first")],
        )


def _warn_of_overridden(shared: Mapping, stages: list[Mapping], reporter: Reporter) -> None:
    """Warn of a key beside `stages` that holds for no stage."""
    for key in shared.names():
        title = ""
        if stages and all(key in stage for stage in stages):
            title = f"every stage has its own `{key}`"
        elif stages and key == "optimizer" and key in stages[0]:
            title = "the first stage has its own `optimizer`, and others go on with the preceding one's"
        elif stages and key == "name":
            title = "`name` beside `stages` names no stage"
        if title:
            reporter.warning(
                "training-no-effect",
                title,
                shared.key(key).span,
                "has no effect",
            )


def _read_stage(value: Mapping, context: Context, *, first: bool) -> Stage:
    reporter = context.reporter
    optimizer = _read_optimizer(value, context, first=first)
    losses = read_losses(value, context)
    metrics, weighted = read_metrics(value, context)
    stage = Stage(
        name=read_text(value, "name", reporter) or "",
        epochs=read_count(value, "epochs", reporter) or 1,
        span=value.span,
        optimizer=optimizer,
        losses=losses,
        loss_weights=read_weights(value, losses, context),
        metrics=metrics,
        weighted_metrics=weighted,
        sample_weight=read_names(value, "sample_weight", losses, context),
        class_weight=read_class_weight(value, losses, context),
        callbacks=read_callbacks(value, context),
        freeze=read_globs(value, "freeze", reporter),
        unfreeze=read_globs(value, "unfreeze", reporter),
        steps_per_epoch=read_count(value, "steps_per_epoch", reporter),
        validation_steps=read_count(value, "validation_steps", reporter),
        validation_freq=read_count(value, "validation_freq", reporter) or 1,
        class_lists=_class_lists(value.get("class_weight"), losses),
    )
    _warn_of_unweighted(value, stage, reporter)
    return stage


def _class_lists(value: Value | None, losses: dict[str, KerasObject]) -> tuple[str, ...]:
    if isinstance(value, Sequence):
        return tuple(losses)
    entries = value if isinstance(value, Mapping) else ()
    return tuple(name for name, entry in entries if isinstance(entry, Sequence))


def _read_optimizer(value: Mapping, context: Context, *, first: bool) -> KerasObject | None:
    written = value.get("optimizer")
    if written is not None and not _is_null(written):
        return context.read(written, "optimizer")
    if first:
        context.reporter.error(
            "training-optimizer-missing",
            "nothing says which optimizer trains the model",
            value.span,
            "`optimizer` is missing",
            help="add `optimizer: adam`, or `optimizer: {SGD: {learning_rate: 0.01}}`",
        )
    return None


def _warn_of_unweighted(value: Mapping, stage: Stage, reporter: Reporter) -> None:
    if stage.weighted_metrics and not stage.sample_weight and not stage.class_weight:
        reporter.warning(
            "training-no-effect",
            "weighted metrics without weights",
            value.key("metrics").span,
            "`weighted` has no effect",
            help="add `sample_weight`, or list these metrics without `weighted`",
        )


def _is_null(value: Value) -> bool:
    return isinstance(value, Scalar) and value.value is None


__all__ = ["PROGRAM_KEYS", "WHOLE", "Stage", "TrainSection", "read_train"]
