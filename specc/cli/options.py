"""Options that several commands share."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from specc.cli.reports import show
from specc.lower.quiet import quiet
from specc.source.diagnostic import Diagnostic, SpecError

if TYPE_CHECKING:
    from specc.frontend.spec import Spec

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Changes:
    """What the command line sets in a spec: `-p name=value` and `--set path=value`."""

    params: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()

    def load(self, path: Path) -> Spec:
        """The spec at `path` with these changes; its warnings are shown. Raises SpecError."""
        from specc.frontend.load import load_spec

        spec = load_spec(path, self.params, self.overrides)
        show(spec.warnings, spec.texts)
        return spec


@contextmanager
def placed(spec: Spec) -> Iterator[None]:
    """Within, a SpecError gets the spec's sources, so that it is shown with its excerpt."""
    try:
        yield
    except SpecError as error:
        error.texts = spec.texts | error.texts
        raise


def spec_options(function: Function) -> Function:
    """Give a command `-p`, `--set` and `--plugin`; it is called with `changes`."""

    @functools.wraps(function)
    def wrapped(*, params: tuple[str, ...], overrides: tuple[str, ...], **more: Any) -> Any:
        return function(changes=Changes(params, overrides), **more)

    options = (
        click.option(
            "-p", "params", multiple=True, metavar="NAME=VALUE", help="Set a parameter; may be repeated."
        ),
        click.option(
            "--set", "overrides", multiple=True, metavar="PATH=VALUE",
            help="Set any value, by its dotted path (train.epochs=5); may be repeated.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        wrapped = option(wrapped)
    return plugin_option(wrapped)  # type: ignore[return-value]


def plugin_option(function: Function) -> Function:
    """Give a command `--plugin`; the modules are imported before it is called."""

    @functools.wraps(function)
    def wrapped(*, plugins: tuple[str, ...], **more: Any) -> Any:
        import_plugins(plugins)
        return function(**more)

    option = click.option(
        "--plugin", "plugins", multiple=True, metavar="MODULE",
        help="Import a Python module that registers layers, losses, …; may be repeated.",
    )  # fmt: skip
    return option(wrapped)  # type: ignore[return-value]


def format_option(function: Function) -> Function:
    """Give a command `--format text|json`; it is called with `as_json`."""

    @functools.wraps(function)
    def wrapped(*, form: str, **more: Any) -> Any:
        return function(as_json=form == "json", **more)

    option = click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
        help="How the result is printed.",
    )  # fmt: skip
    return option(wrapped)  # type: ignore[return-value]


def import_plugins(modules: Iterable[str]) -> None:
    """Import modules, found in the current folder first. Raises SpecError where one cannot be imported."""
    for module in modules:
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.insert(0, here)
        try:
            with quiet():
                import_module(module)
        except Exception as error:  # a stranger's module may raise whatever it likes
            raise SpecError([_plugin_problem(module, error)]) from error


def _plugin_problem(module: str, error: Exception) -> Diagnostic:
    if isinstance(error, ModuleNotFoundError) and error.name == module.partition(".")[0]:
        help = "a module is named as in Python's `import`: `my_layers`, not `my_layers.py`"
        return Diagnostic("plugin-missing", f"there is no Python module `{module}`", None, help=help)
    reason = f"{type(error).__name__}: {error}"
    return Diagnostic("plugin-failed", f"the plugin `{module}` cannot be imported", None, notes=(reason,))


spec_argument = click.argument("path", metavar="SPEC", type=click.Path(path_type=Path))
