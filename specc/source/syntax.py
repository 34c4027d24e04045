"""YAML syntax errors in our own words: what PyYAML found, where, and the way out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from specc.source.diagnostic import Reporter
from specc.source.lines import split_lines
from specc.source.span import Span


@dataclass(frozen=True, slots=True)
class _Finding:
    code: str
    title: str
    label: str = ""
    help: str = ""
    at_context: bool = False


_UNQUOTED = (
    "a text that contains `: `, ` #`, or that starts with one of & * ! | > % @ ` [ { must be in quotes"
)
_RULES: tuple[tuple[str, str, _Finding], ...] = (
    (
        "quoted scalar",
        "end of stream|document (indicator|separator)",
        _Finding("unclosed-quote", "this quote is never closed", "opened here", at_context=True),
    ),
    (
        "scalar",
        "escape|hexd?e?x?adecimal|hexdecimal",
        _Finding(
            "yaml-syntax",
            "a backslash in double quotes starts an escape, and this is none",
            help="use single quotes, or write `\\\\` for a backslash",
        ),
    ),
    (
        "",
        "mapping values are not allowed",
        _Finding(
            "yaml-syntax",
            "a second `: ` stands where no mapping can start",
            help="put the value in quotes if the colon belongs to it; else check the indentation",
        ),
    ),
    (
        "",
        "(block )?sequence entries are not allowed",
        _Finding(
            "yaml-syntax",
            "a list entry cannot start here",
            help="put `- ` on a line of its own, or, where the minus belongs to a formula, quote the formula",
        ),
    ),
    (
        "",
        "mapping keys are not allowed",
        _Finding("needs-quotes", "`? ` starts a key in YAML and cannot stand here", help=_UNQUOTED),
    ),
    (
        "",
        "could not find expected ':'",
        _Finding(
            "yaml-syntax",
            "this is neither `key: value` nor a list entry",
            help="a colon needs a space after it (`key: value`); a value stands deeper than its key",
            at_context=True,
        ),
    ),
    (
        "anchor|alias",
        "",
        _Finding(
            "needs-quotes", "`&` and `*` start an anchor or alias in YAML, and this is none", help=_UNQUOTED
        ),
    ),
    ("tag", "", _Finding("needs-quotes", "`!` starts a tag in YAML, and this is none", help=_UNQUOTED)),
    (
        "",
        "undefined tag handle",
        _Finding("needs-quotes", "`!` starts a tag in YAML, and this is none", help=_UNQUOTED),
    ),
    (
        "",
        "cannot start any token",
        _Finding("needs-quotes", "a value cannot start with this character", help=_UNQUOTED),
    ),
    (
        "directive",
        "",
        _Finding(
            "yaml-syntax", "a line that starts with `%` is a directive, and this is none", help=_UNQUOTED
        ),
    ),
    ("", "directive|incompatible YAML", _Finding("yaml-syntax", "this YAML directive cannot be used")),
    (
        "block scalar",
        "",
        _Finding(
            "yaml-syntax", "`|` and `>` start a text of several lines, and this is none", help=_UNQUOTED
        ),
    ),
    (
        "flow mapping",
        "",
        _Finding(
            "yaml-syntax",
            "between `{` and `}` a `,` or `}` is missing",
            help="quote values that hold any of , [ ] { } : inside `{}`",
        ),
    ),
    (
        "flow sequence",
        "",
        _Finding(
            "yaml-syntax",
            "between `[` and `]` a `,` or `]` is missing",
            help="quote values that hold any of , [ ] { } : inside `[]`",
        ),
    ),
    (
        "plain scalar",
        "unexpected ':'",
        _Finding("needs-quotes", "this text holds a colon that YAML cannot place", help=_UNQUOTED),
    ),
    (
        "",
        "node content",
        _Finding("yaml-syntax", "a value is expected here", help=_UNQUOTED),
    ),
    (
        "block (mapping|sequence|collection)",
        "",
        _Finding(
            "bad-indentation",
            "this does not fit what stands before it",
            help="entries of one list or mapping start in the same column; "
            "a value that goes on after a closing quote must be quoted as a whole",
        ),
    ),
    (
        "",
        "document start",
        _Finding(
            "bad-indentation",
            "the document ended before this place",
            help="entries of one list or mapping start in the same column, and the whole file is one mapping",
        ),
    ),
)
_CONTINUES = _Finding(
    "yaml-syntax",
    "the line before this one is neither `key: value` nor a list entry, so this line continues its text",
    help="a colon needs a space after it: `key: value`",
)
_DEEPER = _Finding(
    "bad-indentation",
    "this key stands deeper than the one before it, which has its value already",
    help="entries of one mapping start in the same column",
)
_BARE_ENTRY = _Finding(
    "yaml-syntax",
    "the list entry before this line has no colon, and here a key follows it",
    help="end that entry with a colon: `- backbone:`",
)
_AFTER_QUOTE = _Finding(
    "needs-quotes",
    "the value goes on after its closing quote",
    help="quote the value as a whole: `\"'a' + b\"`, or remove the quotes",
)
_BRACKET_TOO_MANY = _Finding("yaml-syntax", "this bracket closes nothing")
_OTHER = _Finding("yaml-syntax", "this is not YAML", help="check indentation, quotes and brackets here")


def report_syntax(error: yaml.MarkedYAMLError, text: str, file: str, reporter: Reporter) -> None:
    """Report the syntax error that stopped PyYAML (C or Python scanner alike)."""
    lines = split_lines(text)
    mark: Any = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if _tab(lines, line, column):
        _report_tab(lines, line, file, reporter)
        return
    unclosed = _unclosed(error, lines, line)
    if unclosed is not None:
        reporter.error(
            "unclosed-bracket",
            f"this `{unclosed[2]}` is never closed",
            _at(file, lines, unclosed[0], unclosed[1]),
            "opened here",
        )
        return
    in_quotes = "quoted scalar" in (error.context or "")
    shown = lines[line] if line < len(lines) and not in_quotes else ""
    finding = _on_line(shown, column, lines[line - 1] if line else "") or _match(error)
    context: Any = error.context_mark
    if finding.at_context and context is not None:
        line, column = context.line, context.column
    elif finding is _DEEPER:
        column = len(shown) - len(shown.lstrip())
    related = []
    if (
        context is not None
        and not finding.at_context
        and context.line != line
        and "block" in (error.context or "")
    ):
        related = [(_at(file, lines, context.line, context.column), "this starts here")]
    reporter.error(
        finding.code,
        finding.title,
        _at(file, lines, line, column),
        finding.label,
        related=related,
        help=finding.help,
    )


def _on_line(text: str, column: int, above: str) -> _Finding | None:
    """What the line itself tells better than PyYAML's words do."""
    before, here = text[:column].rstrip(), text[column : column + 1]
    if here == ":" and above and re.fullmatch(r"\s*\w+", before):
        if re.fullmatch(r"\s*- [\w.]+\s*(#.*)?", above):
            return _BARE_ENTRY
        return _DEEPER if re.match(r"\s*(- )*[\w.$]+:\s+[^\s#]", above) else _CONTINUES
    if before.endswith(("'", '"')) and here not in ("", ":"):
        return _AFTER_QUOTE
    if here and here in ")]}" and before.endswith(("]", "}")):
        return _BRACKET_TOO_MANY
    return None


def _match(error: yaml.MarkedYAMLError) -> _Finding:
    context, problem = error.context or "", error.problem or ""
    for in_context, in_problem, finding in _RULES:
        if re.search(in_context, context) and re.search(in_problem, problem):
            return finding
    return _OTHER


def _tab(lines: list[str], line: int, column: int) -> bool:
    text = lines[line] if line < len(lines) else ""
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    return ("\t" in indent and column <= len(indent) + 1) or text[column : column + 1] == "\t"


def _report_tab(lines: list[str], line: int, file: str, reporter: Reporter) -> None:
    column = lines[line].index("\t")
    reporter.error(
        "tab-indent",
        "YAML is indented with spaces, and here stands a tab",
        _at(file, lines, line, column),
        help="replace the tab by spaces (most editors can do it for the whole file)",
    )


def _unclosed(error: yaml.MarkedYAMLError, lines: list[str], line: int) -> tuple[int, int, str] | None:
    """Where the bracket stands that the file's end, or a less indented line, left open."""
    context: Any = error.context_mark
    if (
        context is None
        or not (error.context or "").startswith("while parsing a flow")
        or line == context.line
    ):
        return None
    opening = lines[context.line][context.column : context.column + 1]
    return (context.line, context.column, opening) if opening in ("[", "{") else None


def _at(file: str, lines: list[str], line: int, column: int) -> Span:
    """The word at a place, for carets that cover what is meant."""
    line = min(line, len(lines) - 1)
    column = min(column, len(lines[line]))
    word = re.compile(r"\w+|\S|$").match(lines[line], column)
    end = max(word.end(), column + 1) if word else column + 1
    return Span(file, line + 1, column + 1, line + 1, end + 1)
