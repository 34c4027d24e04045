"""Takes out assignments that nothing reads."""

from __future__ import annotations

import ast
import copy
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


def only_read(variable: str, statements: Iterable[ast.stmt]) -> bool:
    """Whether a sequence is only gone through, counted and indexed: a tuple does as well as a list."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    fine = 0
    for node in nodes:
        if isinstance(node, ast.For | ast.comprehension):
            fine += _names(node.iter, variable)
        elif isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            fine += _names(node.value, variable)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _READING:
            fine += sum(_names(item, variable) for item in node.args)
    return fine == sum(_names(node, variable) for node in nodes)


_READING = frozenset(("len", "min", "max", "sum", "reversed"))


def _names(node: ast.AST, variable: str) -> bool:
    return isinstance(node, ast.Name) and node.id == variable


def returned(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements, with what the last but one assigns returned at once."""
    *rest, before, last = statements if len(statements) > 1 else [ast.Pass(), *statements]
    if isinstance(before, ast.Assign) and isinstance(last, ast.Return) and isinstance(last.value, ast.Name):
        target = before.targets[0]
        if isinstance(target, ast.Name) and target.id == last.value.id:
            return [*rest, ast.Return(before.value)]
    return statements


def is_read(dictionary: str, statements: list[ast.stmt]) -> bool:
    """Whether a dictionary is more than written to, by statements that only give a name to a variable."""
    for statement in statements:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        alias = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name)
        stored = alias and isinstance(target, ast.Subscript) and _names(target.value, dictionary)
        if dictionary in loaded([statement]) and not stored:
            return True
    return False


def prune(statements: list[ast.stmt], values: set[str], flows: set[str]) -> list[ast.stmt]:
    """The statements without assignments to unread `values`, and without unread aliases among `flows`."""
    before = -1
    while before != (before := _count(statements)):
        unread = values - loaded(statements)
        statements, _ = _Liveness(unread, flows).suite(statements, set())
    return statements


class _Liveness:
    """Goes through statements from the last to the first, with the variables that are still read."""

    def __init__(self, unread: set[str], flows: set[str]) -> None:
        self.unread, self.flows = unread, flows

    def suite(self, statements: list[ast.stmt], live: set[str]) -> tuple[list[ast.stmt], set[str]]:
        """The statements that are kept, and what is read before they are through."""
        kept: list[ast.stmt] = []
        for statement in reversed(statements):
            if isinstance(statement, ast.Assign) and self.useless(statement, live):
                continue
            if isinstance(statement, ast.If):
                statement.body, then = self.suite(statement.body, live)
                statement.orelse, otherwise = self.suite(statement.orelse, live)
                if not statement.body and not statement.orelse:
                    continue
                live = then | otherwise | set(_reads(statement.test))
                if not statement.body:
                    statement.test = ast.UnaryOp(ast.Not(), statement.test)
                    statement.body, statement.orelse = statement.orelse, []
            elif isinstance(statement, ast.For):
                _, again = self.suite(copy.deepcopy(statement.body), set(live))
                around = live | again
                statement.body, inner = self.suite(statement.body, around)
                if not statement.body:
                    continue
                live = live | inner | set(_reads(statement.iter))
            else:
                live = (live - _plainly(statement)) | set(_reads(statement))
            kept.append(statement)
        return kept[::-1], live

    def useless(self, statement: ast.Assign, live: set[str]) -> bool:
        target = statement.targets[0]
        if not isinstance(target, ast.Name):
            return False
        alias = isinstance(statement.value, ast.Name | ast.Subscript)
        return target.id in self.unread or (alias and target.id in self.flows and target.id not in live)


def _plainly(statement: ast.stmt) -> set[str]:
    """The variables that a statement gives a value on every way."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    flat = [part for t in targets for part in (t.elts if isinstance(t, ast.Tuple) else [t])]
    return {part.id for part in flat if isinstance(part, ast.Name)}


def _count(statements: list[ast.stmt]) -> int:
    return sum(1 for statement in statements for _ in ast.walk(statement))
