"""`specc check`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from specc.cli.options import Changes, format_option, spec_options
from specc.cli.reports import plural, show
from specc.lower.quiet import load_tensorflow
from specc.source.diagnostic import Diagnostic, SpecError
from specc.source.render import render_json, summary

if TYPE_CHECKING:
    from specc.frontend.spec import Spec


@click.command("check")
@click.argument("paths", metavar="SPEC...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@format_option
@spec_options
def command(paths: tuple[Path, ...], strict: bool, as_json: bool, changes: Changes) -> None:
    """Check specs, without data, and without TensorFlow wherever there are rules.

    Tells every mistake at its line and column. Exits with 0 where there is none, with 2 otherwise.
    """
    from specc.frontend.load import load_spec

    failed = False
    told: list[dict[str, Any]] = []
    for path in paths:
        models: dict[str, int] = {}
        try:
            spec = load_spec(path, changes.params, changes.overrides)
        except SpecError as error:
            found, texts = error.diagnostics, error.texts
        else:
            found, texts = spec.warnings, spec.texts
            models = {name: layers(model) for name, model in spec.models.items()}
            found += _asked(spec, as_json)
        wrong = any(strict or d.severity == "error" for d in found)
        failed |= wrong
        if as_json:
            told.append(_record(path, not wrong, models, found))
        else:
            show(found, texts, counts=False)
            click.echo(f"{path}: {_line(models, found)}")
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    if failed:
        raise click.exceptions.Exit(2)


def _asked(spec: Spec, quiet: bool) -> tuple[Diagnostic, ...]:
    """What Keras finds wrong with a spec, asked only where there is no rule."""
    from specc.graph.ask import to_ask

    steps = to_ask(spec.models)
    if not steps:
        return ()
    if not quiet:
        named = ", ".join(f"`{step}`" for step in steps[:3]) + (" …" if len(steps) > 3 else "")
        click.echo(f"{spec.path}: asking Keras about {named}, for which there is no rule", err=True)
    load_tensorflow()
    from specc.lower.ask import ask_keras

    try:
        ask_keras(spec)
    except SpecError as error:
        return error.diagnostics
    return ()


def layers(model: object) -> int:
    """How many layers a model of a spec has; 0 where only Keras or a file knows."""
    from specc.graph.ir import Graph, Layer

    nodes = model.nodes if isinstance(model, Graph) else ()
    return sum(isinstance(node.operation, Layer) for node in nodes)


def _line(models: dict[str, int], found: Iterable[Diagnostic]) -> str:
    found = tuple(found)
    problems = summary(found) if found else "no problems"
    if not models:
        return problems
    count = sum(models.values())
    parts = [plural(len(models), "model"), *([plural(count, "layer")] if count else []), problems]
    return ", ".join(parts)


def _record(path: Path, right: bool, models: dict[str, int], found: Iterable[Diagnostic]) -> dict[str, Any]:
    return {
        "file": str(path),
        "ok": right,
        "models": [{"name": name, "layers": count} for name, count in models.items()],
        "diagnostics": json.loads(render_json(found)),
    }
