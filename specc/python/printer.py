"""Python's syntax tree as source that reads well: long lines broken as formatters do, blank lines by PEP 8.

`ast.unparse` knows neither. Only what the generator makes can be printed.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator

from specc.python.expressions import arguments, entry, line, operator, precedence

WIDTH = 100
"""Columns of a line, unless what stands on it cannot be broken."""
INDENT = "    "


def print_module(body: list[ast.stmt]) -> str:
    """The statements of a module as text that ends with a line break."""
    lines: list[str] = []
    for position, statement in enumerate(body):
        if position:
            lines += [""] * _blank_lines(body[position - 1], statement)
        lines += _statement(statement, 0)
    return "\n".join(lines) + "\n"


def _blank_lines(before: ast.stmt, after: ast.stmt) -> int:
    if isinstance(before, ast.FunctionDef) or isinstance(after, ast.FunctionDef):
        return 2
    imports = ast.Import, ast.ImportFrom
    if isinstance(before, ast.Expr) or isinstance(before, imports) != isinstance(after, imports):
        return 1
    if isinstance(before, imports) and isinstance(after, imports):
        return int(_is_standard(before) and not _is_standard(after))
    return 1 if isinstance(after, ast.If) else 0


def _is_standard(node: ast.stmt) -> bool:
    """Whether the module of the standard library is imported that generated source needs."""
    return isinstance(node, ast.Import) and node.names[0].name == "math"


# --- statements -------------------------------------------------------------------------------------------
def _statement(node: ast.stmt, depth: int) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return _function(node, depth)
    if isinstance(node, ast.For):
        head = _layout(f"for {line(node.target)} in ", node.iter, ":", depth)
        return [*head, *_body(node.body, depth + 1)]
    if isinstance(node, ast.If):
        return _if(node, depth)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return docstring(str(node.value.value), depth)
    return _simple(node, depth)


def _body(body: list[ast.stmt], depth: int) -> list[str]:
    return [text for statement in body for text in _statement(statement, depth)]


def _simple(node: ast.stmt, depth: int) -> list[str]:
    pad = INDENT * depth
    if isinstance(node, ast.Import):
        return [f"{pad}import {node.names[0].name}"]
    if isinstance(node, ast.ImportFrom):
        names = ", ".join(alias.name for alias in node.names)
        return [f"{pad}from {node.module} import {names}"]
    if isinstance(node, ast.Return):
        return _layout("return ", node.value or ast.Constant(None), "", depth, wrap=True)
    if isinstance(node, ast.Assign):
        return _layout(f"{_target(node.targets[0])} = ", node.value, "", depth, wrap=True)
    assert isinstance(node, ast.Expr), type(node).__name__
    return _layout("", node.value, "", depth)


def _target(node: ast.expr) -> str:
    return ", ".join(line(item) for item in node.elts) if isinstance(node, ast.Tuple) else line(node)


def _if(node: ast.If, depth: int) -> list[str]:
    lines = [*_layout("if ", node.test, ":", depth, wrap=True), *_body(node.body, depth + 1)]
    if node.orelse:
        lines += [f"{INDENT * depth}else:", *_body(node.orelse, depth + 1)]
    return lines


def _function(node: ast.FunctionDef, depth: int) -> list[str]:
    given = [argument.arg for argument in node.args.args]
    if node.args.kwonlyargs:
        given.append("*")
    for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        given.append(argument.arg if default is None else f"{argument.arg}={line(default)}")
    head, tail = f"{INDENT * depth}def {node.name}(", "):"
    whole = head + ", ".join(given) + tail
    if len(whole) <= WIDTH:
        return [whole, *_body(node.body, depth + 1)]
    inner = INDENT * (depth + 1)
    joined = inner + ", ".join(given)
    listed = [joined] if len(joined) <= WIDTH else [f"{inner}{item}," for item in given]
    return [head, *listed, INDENT * depth + tail, *_body(node.body, depth + 1)]


def docstring(text: str, depth: int) -> list[str]:
    """A text as a docstring; its lines are indented, and nothing in it ends the string."""
    pad = INDENT * depth
    cleaned = [part.rstrip() for part in inspect.cleandoc(text).splitlines()] or [""]
    safe = [piece for part in cleaned for piece in _wrapped(_escaped(part), WIDTH - len(pad) - 3)]
    if len(safe) == 1:
        space = " " if safe[0].endswith('"') else ""
        return [f'{pad}"""{safe[0]}{space}"""']
    return [f'{pad}"""{safe[0]}', *(pad + part if part else "" for part in safe[1:]), f'{pad}"""']


def _wrapped(text: str, width: int) -> list[str]:
    """A line of text as several where it is too long; what continues an entry of a list is indented."""
    if len(text) <= width:
        return [text]
    indent = text[: len(text) - len(text.lstrip())] + ("  " if text.lstrip().startswith("- ") else "")
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _escaped(text: str) -> str:
    plain = (c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode() for c in text)
    return "".join(plain).replace('"""', '\\"\\"\\"')


# --- expressions that do not fit --------------------------------------------------------------------------
def _layout(prefix: str, node: ast.expr, suffix: str, depth: int, wrap: bool = False) -> list[str]:
    """`prefix`, an expression and `suffix`, over several lines where one is too long.

    `wrap` where brackets around the whole expression may be added.
    """
    pad = INDENT * depth
    whole = f"{pad}{prefix}{line(node)}{suffix}"
    if len(whole) <= WIDTH:
        return [whole]
    if isinstance(node, ast.Call):
        return _long_call(prefix, node, suffix, depth)
    if isinstance(node, ast.List | ast.Tuple | ast.Dict):
        opening, closing = _BRACKETS[type(node)]
        return [f"{pad}{prefix}{opening}", *_each(_items(node), depth + 1), f"{pad}{closing}{suffix}"]
    if isinstance(node, ast.ListComp | ast.DictComp):
        return _long_comprehension(prefix, node, suffix, depth)
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp) and wrap:
        if (hugged := _hugged(prefix, node, suffix, depth)) is not None:
            return hugged
        inside = _layout("", node, "", depth + 1)
        return [f"{pad}{prefix}(", *inside, f"{pad}){suffix}"]
    if isinstance(node, ast.BinOp):
        return _long_sum(prefix, node, suffix, depth)
    if isinstance(node, ast.IfExp):
        return [
            *_layout(prefix, node.body, "", depth),
            f"{pad}if {line(node.test)}",
            *_layout("else ", node.orelse, suffix, depth),
        ]
    if isinstance(node, ast.Subscript):
        end = line(node)[len(line(node.value, 16)) :]
        return _layout(prefix, node.value, end + suffix, depth) if precedence(node.value) == 16 else [whole]
    return [whole]


_BRACKETS: dict[type[ast.expr], tuple[str, str]] = {
    ast.List: ("[", "]"),
    ast.Tuple: ("(", ")"),
    ast.Dict: ("{", "}"),
}

Item = tuple[str, ast.expr]
"""An expression and what stands before it: `name=`, a dictionary's key."""


def _items(node: ast.expr) -> list[Item]:
    if isinstance(node, ast.Dict):
        return [(entry(k, v)[: -len(line(v))], v) for k, v in zip(node.keys, node.values, strict=True)]
    if isinstance(node, ast.Call):
        named = [(f"{k.arg}=" if k.arg else "**", k.value) for k in node.keywords]
        return [("", item) for item in node.args] + named
    assert isinstance(node, ast.List | ast.Tuple)
    return [("", item) for item in node.elts]


def _listed(items: list[Item], depth: int) -> list[str]:
    """Items between brackets: in one line, or each on its own."""
    joined = INDENT * depth + ", ".join(prefix + line(item) for prefix, item in items)
    if len(joined) <= WIDTH:
        return [joined]
    return _each(items, depth, "," if len(items) > 1 else "")


def _each(items: list[Item], depth: int, comma: str = ",") -> list[str]:
    return [text for prefix, item in items for text in _layout(prefix, item, comma, depth)]


def _long_call(prefix: str, node: ast.Call, suffix: str, depth: int) -> list[str]:
    pad = INDENT * depth
    head = f"{pad}{prefix}{line(node.func, 16)}("
    if len(head) > WIDTH and isinstance(node.func, ast.Call):
        return _layout(prefix, node.func, f"({', '.join(arguments(node))}){suffix}", depth)
    if not _items(node):
        return [f"{head}){suffix}"]
    return [head, *_listed(_items(node), depth + 1), f"{pad}){suffix}"]


def _long_comprehension(prefix: str, node: ast.ListComp | ast.DictComp, suffix: str, depth: int) -> list[str]:
    pad, text = INDENT * depth, line(node)
    (generator,) = node.generators
    inner = [f"for {line(generator.target)} in {line(generator.iter, 3)}"]
    inner += [f"if {line(test, 3)}" for test in generator.ifs]
    element, before = (
        (node.elt, "") if isinstance(node, ast.ListComp) else (node.value, line(node.key) + ": ")
    )
    return [
        f"{pad}{prefix}{text[0]}",
        *_layout(before, element, "", depth + 1),
        *(INDENT * (depth + 1) + part for part in inner),
        f"{pad}{text[-1]}{suffix}",
    ]


def _hugged(prefix: str, node: ast.expr, suffix: str, depth: int) -> list[str] | None:
    """One operation whose right side is a call: the call's brackets are opened, if it begins on the line."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.right, ast.Call):
        return None
    if len(list(_operands(node, precedence(node)))) != 2 or operator(node) == "**":
        return None
    start = f"{prefix}{line(node.left, precedence(node))} {operator(node)} "
    head = f"{INDENT * depth}{start}{line(node.right.func, 16)}("
    return _layout(start, node.right, suffix, depth) if len(head) <= WIDTH else None


def _long_sum(prefix: str, node: ast.BinOp, suffix: str, depth: int) -> list[str]:
    """Operands of the outermost operator, each on a line that begins with the operator."""
    operands = list(_operands(node, precedence(node)))
    pad = INDENT * depth
    lines: list[str] = []
    for position, (sign, operand, outer) in enumerate(operands):
        start = prefix if position == 0 else f"{sign} "
        end = suffix if position == len(operands) - 1 else ""
        if precedence(operand) < outer and len(f"{pad}{start}({line(operand)}){end}") > WIDTH:
            lines += [f"{pad}{start}(", *_layout("", operand, "", depth + 1), f"{pad}){end}"]
        elif precedence(operand) < outer:
            lines.append(f"{pad}{start}({line(operand)}){end}")
        else:
            lines += _layout(start, operand, end, depth)
    return lines


def _operands(node: ast.expr, level: int) -> Iterator[tuple[str, ast.expr, int]]:
    if isinstance(node, ast.BinOp) and precedence(node) == level and operator(node) != "**":
        yield from _operands(node.left, level)
        yield operator(node), node.right, level + 1
    elif isinstance(node, ast.BinOp) and precedence(node) == level:
        yield "", node.left, level + 1
        yield operator(node), node.right, 13
    else:
        yield "", node, level
