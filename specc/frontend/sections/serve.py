"""The `serve:` section: which model predicts, and which of its outputs are told."""

from __future__ import annotations

from collections.abc import Mapping as Models
from dataclasses import dataclass

from specc.frontend.project import Interface
from specc.source.diagnostic import Reporter
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence


@dataclass(frozen=True, slots=True)
class Serve:
    """What `specc predict` uses: a model (None: the entry), and some of its outputs (none: all of them)."""

    model: str | None = None
    outputs: tuple[str, ...] = ()


def read_serve(section: Mapping, models: Models[str, Interface], entry: str, reporter: Reporter) -> Serve:
    """Read a resolved `serve:`; names that mean nothing are reported."""
    value = section.get("model")
    name = str(value.value) if isinstance(value, Scalar) and value.value is not None else None
    if value is not None and name is not None and name not in models:
        title, help = f"the spec has no model `{name}`", did_you_mean(name, models)
        reporter.error("unknown-model", title, value.span, help=help)
        return Serve()
    known = models.get(name or entry)
    listed = section.get("outputs")
    found: list[str] = []
    for item in listed.items if isinstance(listed, Sequence) else ():
        output = str(item.value) if isinstance(item, Scalar) else ""
        if known is not None and output not in known.outputs:
            title = f"`{name or entry}` has no output `{output}`"
            help = did_you_mean(output, known.outputs)
            reporter.error("training-output-unknown", title, item.span, help=help)
        else:
            found.append(output)
    return Serve(name, tuple(found))
