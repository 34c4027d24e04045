"""Several files and the command line to one document: `extends`, `import`, `--set`.

Deepest `extends` < file < `--set`, left to right; of several files that one extends, a later lies over an
earlier. Files are read only from the folder of the spec that was named, and below it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from specc.frontend.overrides import CommandLine, set_path
from specc.frontend.patch import merge
from specc.source.diagnostic import Reporter
from specc.source.files import read_text, real_path, shown
from specc.source.parse import parse
from specc.source.span import Span
from specc.source.values import Mapping, Scalar, Sequence, Value, describe

DEEPEST = 20
"""How many files may extend or import one another in a chain."""


@dataclass(frozen=True)
class Document:
    """A composed document, and the documents it imports by their alias."""

    value: Mapping
    path: Path
    imports: dict[str, Document] = field(default_factory=dict)


class Composer:
    """Reads files, each once; `texts` holds what was read, for excerpts."""

    def __init__(self, root: Path, reporter: Reporter) -> None:
        self.root, self.reporter = root, reporter
        self.texts: dict[str, str] = {}
        self._documents: dict[Path, Document | None] = {}

    def compose(self, path: Path, command_line: CommandLine) -> Document | None:
        """The document of a spec with everything it extends, imports, and is overridden with."""
        self.texts |= command_line.texts
        document = self._document(path, (), None)
        if document is None:
            return None
        value = document.value
        for override in command_line.overrides(self.reporter):
            value = set_path(value, override, self.reporter)
        return Document(value, document.path, document.imports)

    def _document(self, path: Path, chain: tuple[Path, ...], span: Span | None) -> Document | None:
        resolved = path.resolve()
        if resolved in chain or len(chain) >= DEEPEST:
            names = " → ".join(p.name for p in (*chain, resolved))
            title = "these files include one another" if resolved in chain else "too many files in a chain"
            self.reporter.error("cyclic-import", f"{title}: {names}", span)
            return None
        if resolved not in self._documents:
            self._documents[resolved] = self._compose(path, (*chain, resolved), span)
        return self._documents[resolved]

    def _compose(self, path: Path, chain: tuple[Path, ...], span: Span | None) -> Document | None:
        value = self._read(path, span)
        if value is None:
            return None
        imports = self._imports(value, path, chain)
        parents = value.get("extends")
        if parents is None:
            return Document(value.without("import"), path, imports)
        below = [self._follow(parent, path, chain) for parent in _each(parents)]
        read = [document for document in below if document is not None]
        if len(read) < len(below):
            return None
        layers = [*(document.value for document in read), value.without("extends")]
        merged = reduce(lambda under, over: merge(under, over, self.reporter), layers)
        found = {alias: file for document in read for alias, file in document.imports.items()}
        return Document(merged.without("import"), path, {**found, **imports})

    def _read(self, path: Path, span: Span | None) -> Mapping | None:
        text = read_text(path, self.reporter, span)
        if text is None:
            return None
        self.texts[str(path)] = text
        value = parse(text, str(path), self.reporter)
        if value is not None and not isinstance(value, Mapping):
            self.reporter.error(
                "wrong-type", f"a spec is a mapping, and this is {describe(value)}", value.span
            )
            return None
        return value

    def _imports(self, value: Mapping, path: Path, chain: tuple[Path, ...]) -> dict[str, Document]:
        section = value.get("import")
        found: dict[str, Document] = {}
        if isinstance(section, Mapping):
            for alias, item in section:
                document = self._follow(item, path, chain)
                if document is not None:
                    found[alias] = document
        return found

    def _follow(self, value: Value, path: Path, chain: tuple[Path, ...]) -> Document | None:
        if not isinstance(value, Scalar) or not isinstance(value.value, str):
            self.reporter.error(
                "wrong-type", f"a file's path is wanted, and this is {describe(value)}", value.span
            )
            return None
        if value.dynamic:
            title = "the path of a file is plain text: it is read before there are values"
            self.reporter.error("dynamic-path", title, value.span)
            return None
        target = path.parent / value.value
        real = real_path(target)
        if real is None:
            title = f"`{shown(Path(value.value))}` is no path of a file"
            self.reporter.error("unreadable-file", title, value.span)
            return None
        if not real.is_relative_to(self.root.resolve()):
            self.reporter.error(
                "outside-folder",
                f"`{value.value}` lies outside the spec's folder",
                value.span,
                help="a spec reads only files of its own folder and below it",
            )
            return None
        return self._document(target, chain, value.span)


def _each(value: Value) -> tuple[Value, ...]:
    """The items of a list, or the only one."""
    return value.items if isinstance(value, Sequence) else (value,)
