"""Paths of a spec: below the data root, symbolic links followed, nothing outside."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from specc.data.errors import fail
from specc.frontend.sections.data import Located
from specc.source.files import real_path, shown
from specc.source.span import Span

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

MOST_BYTES = 255
"""The longest name of a file."""

FITTED_FILE = "fitted.json"
"""Where a run keeps what its data's transforms have learnt."""


@dataclass(frozen=True, slots=True)
class Match:
    """A file that a pattern found, with what its `{placeholders}` stood for."""

    path: Path
    values: tuple[tuple[str, str], ...]


def inside(root: Path, path: Path, span: Span | None) -> Path:
    """The real path of `path`, which may not leave `root`; raises SpecError."""
    real = real_path(path)
    if real is None:
        fail("data-file", f"`{shown(path)}` is no path of a file", span)
    if not real.is_relative_to(root.resolve()):
        fail(
            "outside-folder",
            f"`{path.name}` lies outside the data folder",
            span,
            f"leads to {real}",
            notes=[f"the data folder is {root.resolve()}"],
            help="pass --data DIR, a folder that holds all the data",
        )
    return real


def file(root: Path, located: Located) -> Path:
    """The file a spec names; raises SpecError where it is absent, no file, or outside `root`."""
    _check_text(located)
    path = inside(root, root / located.text, located.span)
    if not path.exists():
        fail(
            "data-file",
            f"there is no file `{located.text}`",
            located.span,
            notes=[f"looked in {root.resolve()}"],
            help="paths start from the data folder: the spec's own, or what --data says",
        )
    if not path.is_file():
        fail("data-file", f"`{located.text}` is no file", located.span)
    return path


def matches(root: Path, located: Located) -> list[Match]:
    """The files of a pattern with `*`, `?`, `**` and `{name}`, sorted by path; raises SpecError."""
    _check_text(located)
    pattern = located.text
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        pattern = _relative(root, located)
    if (root / pattern).is_dir():
        pattern = f"{pattern.rstrip('/')}/*"
    expression = re.compile(_regular(pattern))
    found = []
    for path in sorted(root.glob(_PLACEHOLDER.sub("*", pattern.replace("[", "[[]")))):
        match = expression.fullmatch(path.relative_to(root).as_posix())
        if match is not None and not path.name.startswith(".") and path.is_file():
            inside(root, path, located.span)
            found.append(Match(path, tuple(match.groupdict().items())))
    if not found:
        folder = (root / located.text).is_dir()
        fail(
            "data-file",
            f"no file matches `{located.text}`",
            located.span,
            notes=[f"looked in {root.resolve()}", *(["it is a folder, without files of its own"] * folder)],
            help=f"`{located.text.rstrip('/')}/{{label}}/*` takes the folders within as labels"
            if folder
            else "paths start from the data folder: the spec's own, or what --data says",
        )
    return found


def _check_text(located: Located) -> None:
    """Refuse what no system takes for a path, or Python for a pattern."""
    parts = Path(located.text).parts
    if "\0" in located.text or any(len(part.encode("utf-8", "replace")) > MOST_BYTES for part in parts):
        fail("data-file", "this is no path of a file", located.span)
    if not parts or any("**" in part and part != "**" for part in parts):
        help = "`**` stands alone between slashes" if parts else ""
        fail("data-file", f"`{located.text}` is no pattern of files", located.span, help=help)


def _relative(root: Path, located: Located) -> str:
    """A pattern that is written absolutely, or with `..`, from `root` on."""
    absolute = Path(os.path.normpath(root.resolve() / located.text))
    if not absolute.is_relative_to(root.resolve()):
        inside(root, absolute, located.span)
    return absolute.relative_to(root.resolve()).as_posix()


def _regular(pattern: str) -> str:
    """A glob pattern as a regular expression whose groups are the placeholders."""
    found, position = "", 0
    for match in re.finditer(r"\*\*/|\*|\?|" + _PLACEHOLDER.pattern, pattern):
        found += re.escape(pattern[position : match.start()])
        position = match.end()
        wild = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}.get(match.group())
        if wild is None:
            seen = f"(?P<{match.group(1)}>" in found
            wild = f"(?P={match.group(1)})" if seen else f"(?P<{match.group(1)}>[^/]+)"
        found += wild
    return found + re.escape(pattern[position:])
