"""`specc explain`."""

from __future__ import annotations

import click

from specc.source.explain import codes, explain
from specc.source.suggest import nearest


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Tell what a diagnostic's CODE means, and how to mend it; without CODE, list all."""
    if code is None:
        listed = codes()
        width = max(map(len, listed))
        for name in listed:
            click.echo(f"{name:<{width}}  {title(name)}")
        return
    page = explain(code.strip("[]"))
    if page is None:
        near = nearest(code, codes())
        hint = f"did you mean `{near}`?" if near else "`specc explain` lists all"
        raise click.UsageError(f"there is no code `{code}`: {hint}")
    click.echo(page, nl=False)


def title(code: str) -> str:
    """What a code's page says in its first line."""
    first = (explain(code) or "").partition("\n")[0]
    return first.partition(": ")[2]
