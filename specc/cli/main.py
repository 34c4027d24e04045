"""The command line: one module of this folder a command, imported when the command is called.

Exit codes: 0 all went well; 1 a run failed, or specc itself did; 2 a spec or the command line is wrong;
130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from typing import Any

import click

from specc.source.diagnostic import RunError, SpecError

COMMANDS = {
    "new": "Write a commented spec that trains at once.",
    "check": "Check specs, without TensorFlow and without data.",
    "resolve": "Print a spec flat: no parameters, blocks or loops are left.",
    "summary": "Print the layers, shapes and parameters of a spec's models.",
    "draw": "Draw a spec's models as SVG, PNG, Graphviz or Mermaid.",
    "plan": "Tell what a model weighs and what a training step costs.",
    "diff": "Tell what differs between two specs.",
    "compile": "Build a model and save it as a .keras file, or as Python source.",
    "decompile": "Write the spec of a Keras model.",
    "train": "Train the model of a spec into the folder of a run.",
    "evaluate": "Compute the metrics of a trained model.",
    "show": "Draw what a trained model makes of images, beside the truth.",
    "predict": "Apply a trained model to a file, and write a CSV.",
    "generate": "Make new examples with trained models.",
    "schema": "Print the JSON Schema of the language, for editors.",
    "explain": "Tell what a diagnostic's code means, and how to mend it.",
}


class Commands(click.Group):
    """The group `specc`: finds commands by module, and turns errors into messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"specc.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            from specc.source.suggest import did_you_mean

            ctx.fail(f"there is no command `{args[0]}`: {did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it raises becomes a message on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except SpecError as error:
            from specc.cli.reports import show

            show(error.diagnostics, error.texts)
            ctx.exit(1 if isinstance(error, RunError) else 2)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get("SPECC_DEBUG"):
                traceback.print_exc()
            click.echo(_bug(error), err=True)
            ctx.exit(1)


def _bug(error: Exception) -> str:
    told = (str(error).strip().splitlines() or [""])[0][:200]
    what = f"{type(error).__name__}: {told}" if told else type(error).__name__
    return f"specc: this is a bug of specc, not of your spec ({what}); SPECC_DEBUG=1 shows the traceback"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="specc", message="specc %(version)s")
def cli() -> None:
    """Neural networks as YAML: checked, compiled to Keras, trained.

    Exit codes: 0 all went well, 1 a run failed, 2 a spec or an option is wrong.
    """


def main() -> None:
    """The console script `specc`."""
    try:
        cli(prog_name="specc")
    except KeyboardInterrupt:  # before a command has begun
        sys.exit(130)


if __name__ == "__main__":
    main()
