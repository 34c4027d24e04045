"""`specc plan`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from specc.cli.options import Changes, format_option, spec_argument, spec_options
from specc.source.diagnostic import Diagnostic, SpecError
from specc.source.suggest import did_you_mean

if TYPE_CHECKING:
    from specc.catalog.objects import KerasObject
    from specc.frontend.project import Reference
    from specc.frontend.spec import Spec
    from specc.graph.infer import Types
    from specc.graph.ir import Graph
    from specc.report.plan import Question

UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
ROWS_UNFOLDED = 60


@click.command("plan")
@spec_argument
@click.option("--model", "names", multiple=True, help="Plan this model only; may be repeated.")
@click.option("--batch", type=click.IntRange(1), help="Examples of a step, over all replicas.")
@click.option("--size", "sizes", multiple=True, metavar="NAME=N", help="A number for a size left open.")
@click.option(
    "--precision",
    type=click.Choice(["float32", "mixed_bfloat16", "mixed_float16"]),
    help="One precision only.",
)
@click.option(
    "--replicas", type=click.IntRange(1), default=1, show_default=True, help="Devices that share a batch."
)
@click.option("--device-memory", "device", metavar="SIZE", help="`16GiB`: tell the largest batch that fits.")
@click.option("--depth", type=click.IntRange(1), help="Fold steps below this many name parts.")
@format_option
@spec_options
def command(
    path: Path,
    names: tuple[str, ...],
    batch: int | None,
    sizes: tuple[str, ...],
    precision: str | None,
    replicas: int,
    device: str | None,
    depth: int | None,
    as_json: bool,
    changes: Changes,
) -> None:
    """Tell what a model weighs and what a step of training costs, without TensorFlow.

    Parameters, multiply–adds of a forward pass and of a training step, and memory: weights, gradients, the
    optimizer's state, and the activations that the backward pass needs.
    """
    from specc.graph.infer import infer_models
    from specc.report.plan import PRECISIONS, Question

    spec = changes.load(path)
    types = infer_models(_models(spec))
    _check_models(names, types)
    planned = {name: types[name] for name in names or _roots(types)}
    given = _sizes(sizes)
    _check_sizes(given, planned)
    _check_open(given, planned)
    question = Question(
        batch or (spec.data.batch_size if spec.data else 32),
        given,
        (precision,) if precision else tuple(PRECISIONS)[:2],
        (1,) if replicas == 1 else (1, replicas),
        _bytes(device),
        depth,
    )
    results = [_plan(name, found, types, spec, question, as_json) for name, found in planned.items()]
    click.echo(
        json.dumps(results, indent=2, ensure_ascii=False) if as_json else "\n\n\n".join(map(str, results))
    )


def _models(spec: Spec) -> dict[str, Graph | Reference]:
    """The spec's models; Keras is asked what the layers of its applications and of files are."""
    if not any(getattr(model, "form", "") in ("application", "load") for model in spec.models.values()):
        return spec.models
    from specc.lower.quiet import load_tensorflow

    load_tensorflow()
    from specc.lower.written_out import written_out

    return written_out(spec)


def _plan(
    name: str, found: Types, types: dict[str, Types], spec: Spec, question: Question, as_json: bool
) -> object:
    from dataclasses import replace

    from specc.graph.cost import Costs
    from specc.graph.memory import MemoryPlan
    from specc.graph.slots import UnknownSlotsError
    from specc.report.plan import as_data, as_text

    _check_complete(name, found)
    costs = Costs(found, types)
    optimizer = _optimizer(spec)
    try:
        plan = MemoryPlan(costs, optimizer)
    except UnknownSlotsError as error:
        raise SpecError([Diagnostic("no-rule", str(error), optimizer.span)]) from error
    if question.depth is None and len(found.calls) > ROWS_UNFOLDED and not as_json:
        question = replace(question, depth=1)
    return (as_data if as_json else as_text)(name, costs, plan, question, optimizer.kind)


def _check_complete(name: str, found: Types) -> None:
    """Refuse to plan what has no rule: a figure that leaves something out would mislead."""
    if not found.unknown:
        return
    listed = ", ".join(f"`{step}` ({reason})" for step, reason in list(found.unknown.items())[:5])
    title = f"there is no rule for the cost of {listed} in the model `{name}`"
    raise SpecError(
        [Diagnostic("no-rule", title, found.graph.span, help="`specc summary` asks Keras for shapes")]
    )


def _check_models(names: tuple[str, ...], types: dict[str, Types]) -> None:
    unknown = [name for name in names if name not in types]
    if unknown:
        title = f"there is no model `{unknown[0]}` written in this spec"
        raise SpecError([Diagnostic("unknown-model", title, None, help=did_you_mean(unknown[0], types))])


def _optimizer(spec: Spec) -> KerasObject:
    """The spec's optimizer, or Adam where the spec does not train."""
    from specc.catalog.objects import KerasObject

    stages = spec.train.stages if spec.train else ()
    made = next((stage.optimizer for stage in stages if stage.optimizer is not None), None)
    return made or KerasObject("optimizer", "Adam")


def _roots(types: dict[str, Types]) -> list[str]:
    """The models that no other calls: what a called model costs is part of its caller's."""
    from specc.graph.ir import models_used

    called = {used for found in types.values() for used in models_used(found.graph)}
    return [name for name in types if name not in called] or list(types)


def _check_open(given: dict[str, int], planned: dict[str, Types]) -> None:
    """Ask for every size that is left open, of all models at once."""
    from specc.graph.cost import symbols

    wanted = {name: sorted(symbols(types) - set(given)) for name, types in planned.items()}
    missing = " ".join(dict.fromkeys(f"--size {size}=…" for sizes in wanted.values() for size in sizes))
    told = [
        Diagnostic(
            "open-size",
            f"the model `{name}` leaves sizes open: {', '.join(sizes)}",
            planned[name].graph.span,
            help=f"give them: `{missing}`",
        )
        for name, sizes in wanted.items()
        if sizes
    ]
    if told:
        raise SpecError(told)


def _check_sizes(given: dict[str, int], planned: dict[str, Types]) -> None:
    """Refuse numbers for sizes that no model leaves open."""
    from specc.graph.cost import symbols

    known = sorted({size for types in planned.values() for size in symbols(types)})
    for name in given:
        if name not in known:
            title = f"`--size {name}=…` names no size that is left open"
            listed = ", ".join(f"`{size}`" for size in known) or "none"
            raise SpecError([Diagnostic("bad-option", title, None, notes=(f"open are: {listed}",))])


def _sizes(given: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for item in given:
        name, _, value = item.partition("=")
        if not value.isdigit() or int(value) < 1:
            title = f"`--size {item}` is not NAME=N with a positive number"
            raise SpecError([Diagnostic("bad-option", title, None)])
        found[name] = int(value)
    return found


def _bytes(text: str | None) -> int | None:
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    unit = match.group(2).upper() if match else "?"
    if match is None or unit not in UNITS:
        title = f"`--device-memory {text}` is no amount of memory"
        raise SpecError([Diagnostic("bad-option", title, None, help="write `16GiB` or `80GB`, say")])
    return int(float(match.group(1)) * UNITS[unit])
