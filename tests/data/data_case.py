"""Makes a `data:` section of a text, opens it, and collects what its pipelines give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from specc.catalog.load import load
from specc.frontend.sections.data import DataSection, Located, read_data
from specc.source.diagnostic import Reporter, SpecError
from specc.source.parse import parse
from specc.source.span import Span
from specc.source.values import Mapping

SPAN = Span("spec.yaml", 1, 1, 1, 9)


def located(text: str) -> Located:
    return Located(text, SPAN)


def section(text: str, **values: Any) -> DataSection:
    """The section of a right text; raises SpecError for a wrong one."""
    reporter = Reporter()
    value = parse(text, "spec.yaml", reporter)
    reporter.stop_if_failed()
    assert isinstance(value, Mapping)
    found = read_data(value, load(), reporter, values)
    reporter.stop_if_failed()
    assert found is not None
    return found


def codes(error: SpecError) -> list[str]:
    return [diagnostic.code for diagnostic in error.diagnostics]


def texts(values: Any) -> list[str]:
    """Texts of a column, whether bytes or not."""
    return [v.decode() if isinstance(v, bytes) else str(v) for v in np.asarray(values).tolist()]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def everything(table: Any, *names: str) -> dict[str, Any]:
    """All rows of some columns."""
    return table.rows(np.arange(len(table)), names or tuple(table.columns))  # type: ignore[no-any-return]
