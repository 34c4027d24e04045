"""Plain data to YAML that reads like a hand-written spec, and that `parse` reads back equal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import inf, isnan
from typing import Any

from specc.source.brackets import is_balanced
from specc.source.scalars import resolve

WIDTH = 110
_WIRING = frozenset({"name", "from", "outputs", "call", "when", "layers", "merge"})
"""Keys of a spec's steps, which are written below one another."""
_SAFE = re.compile(r"[A-Za-z_$./~<(][^\n\r\t\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]*")
_FLOW_UNSAFE = re.compile(r"[,\[\]{}]")
_YAML_1_1_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<"))
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def dump(data: Any) -> str:
    """YAML text of None, bool, int, float, str, lists and mappings with text keys; ends with a newline.

    Small lists and mappings are written on one line. Raises TypeError for any other data.
    """
    lines: list[str] = []
    _block(data, 0, "", lines)
    return "\n".join(lines) + "\n"


def scalar(data: Any, *, flow: bool = False) -> str:
    """One scalar as YAML; `flow` says that it stands inside `{}` or `[]`.

    Raises TypeError for other data.
    """
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, int):
        return str(int(data))
    if isinstance(data, float):
        return _float(data)
    if isinstance(data, str):
        return data if _is_plain(data, flow) else _quoted(data)
    raise TypeError(f"{type(data).__name__} is no plain data")


def _float(number: float) -> str:
    if isnan(number):
        return ".nan"
    if number in (inf, -inf):
        return ".inf" if number > 0 else "-.inf"
    text = repr(float(number))
    mantissa, exponent, power = text.partition("e")
    # YAML 1.1 readers take `1e-05` for text unless it has a point.
    # and an exponent unless it has a sign, which `repr` gives; its leading zero is of no use.
    sign, digits = power[:1], power[1:].lstrip("0")
    return f"{mantissa}{'' if '.' in mantissa else '.0'}e{sign}{digits}" if exponent else text


def _is_plain(text: str, flow: bool) -> bool:
    if not _SAFE.fullmatch(text) or text != text.strip() or text.lower() in _YAML_1_1_WORDS:
        return False
    if (
        ": " in text
        or " #" in text
        or text.endswith(":")
        or text[0] == "<"
        or text.startswith(("...", "---"))
    ):
        return False
    if flow and (_FLOW_UNSAFE.search(text) or not is_balanced(text) or ":" in text):
        return False
    # A text such as `1_000` or `.5` would be a number to some reader.
    return isinstance(resolve(text), str) and not re.fullmatch(r"[-+.]?[0-9].*", text)


def _quoted(text: str) -> str:
    if '"' in text and not re.search(
        r"[\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]", text
    ):
        return "'" + text.replace("'", "''") + "'"
    return _ESCAPED.sub(lambda m: f"\\u{ord(m.group()):04x}", json.dumps(text, ensure_ascii=False))


def _key(key: Any, *, flow: bool) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the key {key!r} is no text")
    # Every key is text, so that `1:` and `true:` need no quotes for us; YAML 1.1 readers need them.
    return scalar(key, flow=flow) if key and is_balanced(key) else _quoted(key)


def _flow(data: Any) -> str:
    if isinstance(data, Mapping):
        return "{" + ", ".join(f"{_key(k, flow=True)}: {_flow(v)}" for k, v in data.items()) + "}"
    if isinstance(data, list | tuple):
        return "[" + ", ".join(map(_flow, data)) + "]"
    return scalar(data, flow=True)


def _is_leaf(data: Any, nesting: int = 2) -> bool:
    """Whether data nests so little that one line of it can be read; a chain of single entries counts once."""
    if not isinstance(data, Mapping | list | tuple):
        return True
    items = data.values() if isinstance(data, Mapping) else data
    below = nesting - (len(items) > 1)
    if isinstance(data, list | tuple) and any(isinstance(item, Mapping) and len(item) > 1 for item in items):
        return False
    return nesting > 0 and all(_is_leaf(item, below) for item in items)


def _is_table(data: list[Any] | tuple[Any, ...]) -> bool:
    """Whether these are rows: mappings of the same keys with plain values, but no steps of a spec."""
    first = data[0]
    if len(data) < 2 or not isinstance(first, Mapping) or not first or _WIRING & first.keys():
        return False
    rows = [row for row in data if isinstance(row, Mapping) and list(row) == list(first)]
    return len(rows) == len(data) and not any(isinstance(v, Mapping) for row in rows for v in row.values())


def _block(data: Any, indent: int, prefix: str, lines: list[str], as_row: bool = False) -> None:
    """Write `data` after `prefix` (`key:` or `-`, or nothing at the top), or below it where it is long.

    With `as_row` it is an entry of a table, on one line if that is not too long.
    """
    start = " " * indent + prefix
    if not isinstance(data, Mapping | list | tuple):
        lines.append(f"{start} {scalar(data)}" if prefix else scalar(data))
        return
    in_list = prefix == "-"
    if not data or (prefix and not in_list and _is_leaf(data)) or (in_list and as_row):
        line = f"{start} {_flow(data)}" if prefix else _flow(data)
        if not data or len(line) <= WIDTH:
            lines.append(line)
            return
    if prefix and not in_list:
        lines.append(start)
    _items(data, indent + 2 if prefix else indent, in_list, lines)


def _items(data: Any, indent: int, in_list: bool, lines: list[str]) -> None:
    """The entries of a list or mapping, the first of them right after the `-` of the list it is in."""
    first = len(lines)
    if isinstance(data, Mapping):
        for position, (key, item) in enumerate(data.items()):
            written = _key(key, flow=False) + ":"
            if item is None and in_list and position == 0 and len(data) > 1:
                lines.append(" " * indent + written)  # a step's kind without arguments: `- backbone:`
            else:
                _block(item, indent, written, lines)
    else:
        rows = _is_table(data)
        for item in data:
            _block(item, indent, "-", lines, rows)
    if in_list:
        lines[first] = " " * (indent - 2) + "- " + lines[first][indent:]
