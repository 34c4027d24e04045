"""Reading a spec's text; what can go wrong is reported, never raised."""

from __future__ import annotations

from pathlib import Path

from specc.source.diagnostic import Reporter
from specc.source.span import Span

MAX_BYTES = 10_000_000


def read_text(path: str | Path, reporter: Reporter, span: Span | None = None) -> str | None:
    """The text of a UTF-8 file, or None. `span` is the place that named the file, if any."""
    path = Path(path)
    try:
        if path.is_dir():
            reporter.error("unreadable-file", f"`{path}` is a folder, not a file", span)
            return None
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        reporter.error("missing-file", f"there is no file `{path}`", span)
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no valid path"
        reporter.error("unreadable-file", f"the file `{shown(path)}` cannot be read", span, notes=[reason])
        return None
    if len(data) > MAX_BYTES:
        report_too_large(str(path), reporter, span)
        return None
    return _decode(data, str(path), reporter)


def real_path(path: Path) -> Path | None:
    """A path without symbolic links; None where there can be none: zero bytes, links in a circle."""
    try:
        return path.resolve()
    except (ValueError, RuntimeError, OSError):
        return None


def report_too_large(file: str, reporter: Reporter, span: Span | None = None) -> None:
    """Tell that a file is larger than any spec."""
    title = f"`{file}` is larger than {MAX_BYTES // 1_000_000} MB, the most that a spec may have"
    reporter.error("file-too-large", title, span)


def _decode(data: bytes, file: str, reporter: Reporter) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        reporter.error(
            "not-utf8",
            f"`{file}` is not UTF-8 text",
            Span(file, line, column, line, column + 1),
            f"the byte 0x{data[error.start]:02x} does not belong here",
            help="save the file as UTF-8",
        )
        return None


def shown(path: Path) -> str:
    """A path as it can be printed, whatever characters it has."""
    return str(path).encode("unicode_escape").decode("ascii")
