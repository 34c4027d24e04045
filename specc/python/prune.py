"""Takes out assignments that nothing reads."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator


def loaded(statements: Iterable[ast.stmt]) -> set[str]:
    """The variables that statements read."""
    return {word for statement in statements for word in _reads(statement)}


def _reads(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            written = field in ("targets", "target") and isinstance(child, ast.Name | ast.Tuple)
            if isinstance(child, ast.AST) and not written:
                yield from _reads(child)


def returned(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements, with what the last but one assigns returned at once."""
    *rest, before, last = statements if len(statements) > 1 else [ast.Pass(), *statements]
    if isinstance(before, ast.Assign) and isinstance(last, ast.Return) and isinstance(last.value, ast.Name):
        target = before.targets[0]
        if isinstance(target, ast.Name) and target.id == last.value.id:
            return [*rest, ast.Return(before.value)]
    return statements


def prune(statements: list[ast.stmt], values: set[str], flows: set[str]) -> list[ast.stmt]:
    """The statements without assignments to unread `values`, and without unread aliases among `flows`."""
    while True:
        unread = (values | flows) - loaded(statements)
        kept = _without(statements, values & unread, flows & unread)
        if _count(kept) == _count(statements):
            return kept
        statements = kept


def _without(statements: list[ast.stmt], values: set[str], flows: set[str]) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(target := statement.targets[0], ast.Name):
            alias = isinstance(statement.value, ast.Name | ast.Subscript)
            if target.id in values or (alias and target.id in flows):
                continue
        if isinstance(statement, ast.For):
            statement.body = _without(statement.body, values, flows)
            if not statement.body:
                continue
        if isinstance(statement, ast.If):
            statement.body = _without(statement.body, values, flows)
            statement.orelse = _without(statement.orelse, values, flows)
            if not statement.body and not statement.orelse:
                continue
            if not statement.body:
                statement.test = ast.UnaryOp(ast.Not(), statement.test)
                statement.body, statement.orelse = statement.orelse, []
        found.append(statement)
    return found


def _count(statements: list[ast.stmt]) -> int:
    return sum(1 for statement in statements for _ in ast.walk(statement))
