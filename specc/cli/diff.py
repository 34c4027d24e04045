"""`specc diff`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from specc.cli.options import Changes, format_option, spec_options
from specc.cli.reports import plural

if TYPE_CHECKING:
    from specc.graph.diff import ModelChange, StepChange

MARKS = {"added": "+", "removed": "-", "changed": "~", "same": "="}
COLORS = {"added": "green", "removed": "red", "changed": "yellow", "same": None}


@click.command("diff")
@click.argument("left", metavar="A", type=click.Path(path_type=Path))
@click.argument("right", metavar="[B]", required=False, type=click.Path(path_type=Path))
@click.option("--left", "left_params", multiple=True, metavar="NAME=VALUE", help="A parameter of A alone.")
@click.option("--right", "right_params", multiple=True, metavar="NAME=VALUE", help="A parameter of B alone.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where anything differs.")
@format_option
@spec_options
def command(
    left: Path,
    right: Path | None,
    left_params: tuple[str, ...],
    right_params: tuple[str, ...],
    exit_code: bool,
    as_json: bool,
    changes: Changes,
) -> None:
    """Tell what differs between two specs, or between two settings of one (B left out).

    Steps added, removed and changed; shapes, parameters and multiply–adds (of one example).
    """
    from specc.frontend.overrides import Typed
    from specc.graph.diff import diff_models

    if right is None and not left_params and not right_params:
        raise click.UsageError("there is nothing to compare: give a second spec, or --left or --right")
    first_params = (Typed("--left", param) for param in left_params)
    second_params = (Typed("--right", param) for param in right_params)
    first = Changes((*changes.params, *first_params), changes.overrides).load(left)
    second = Changes((*changes.params, *second_params), changes.overrides).load(right or left)
    found = diff_models(first.models, second.models)
    differs = any(model.change != "same" for model in found)
    if as_json:
        click.echo(json.dumps([asdict(model) for model in found], indent=2, ensure_ascii=False))
    elif differs:
        click.echo("\n\n".join(_model(model) for model in found if model.change != "same"))
    else:
        click.echo(f"the same: {plural(len(found), 'model')}")
    if exit_code and differs:
        raise click.exceptions.Exit(1)


def _model(model: ModelChange) -> str:
    lines = [_styled(f"{MARKS[model.change]} model {model.name}", model.change)]
    lines += [f"    {_fact(fact)}" for fact in model.totals]
    lines += [_step(step) for step in model.steps]
    return "\n".join(lines)


def _step(step: StepChange) -> str:
    head = _styled(f"  {MARKS[step.change]} {step.name}: {step.kind}", step.change)
    if step.change == "changed":
        return "\n".join([head, *(f"        {_fact(fact)}" for fact in step.facts)])
    side = 2 if step.change == "added" else 1
    told = ", ".join(f"{fact[0]}: {_value(fact[side])}" for fact in step.facts if fact[0] != "kind")
    return f"{head}  {told}"


def _fact(fact: tuple[str, Any, Any]) -> str:
    name, before, after = fact
    text = f"{name}: {_value(before)} → {_value(after)}"
    if isinstance(before, int) and isinstance(after, int) and before > 0 and not isinstance(before, bool):
        text += f"  ({(after - before) / before:+.1%})"
    return text


def _value(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "nothing" if value is None else str(value)


def _styled(text: str, change: str) -> str:
    return click.style(text, fg=COLORS[change])
