"""Compile-time values of expressions: a closed grammar, computed by walking the tree, cost bounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.source.suggest import did_you_mean
from specc.source.values import describe_python

MOST_ITEMS = 20_000
"""How many items a list may hold, those of the lists within it counted too."""
MOST_TEXT = 20_000
MOST_BITS = 4096
MOST_STEPS = 300_000
"""How much one expression may cost: operations done and items made."""


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Any = _Unknown()
"""The value of a name whose own value was wrong, which was reported: what uses it is passed over."""


def _reversed(value: Any) -> list[Any]:
    return list(reversed(value))


def _range(*bounds: int) -> list[int]:
    numbers = range(*bounds)
    if len(numbers) > MOST_ITEMS:
        raise OverflowError
    return list(numbers)


def _float(value: Any) -> float:
    return float(_short(value))


def _int(value: Any) -> int:
    return int(_short(value))


def _round(value: Any, digits: int = 0) -> Any:
    """Python's `round`, which for an enormous `digits` would compute enormous powers of ten."""
    if not -400 < digits < 400:
        raise OverflowError
    return round(value, digits) if digits else round(value)


def _sum(values: Any) -> Any:
    """The sum of numbers; Python's would also join lists, at a quadratic cost."""
    return sum(values)


def _short(value: Any) -> Any:
    """A number, or a text that is short enough to be one."""
    if isinstance(value, str) and len(value) > 60:
        raise ValueError
    return value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "range": _range,
    "reversed": _reversed,
    "len": len,
    "min": min,
    "max": max,
    "sum": _sum,
    "abs": abs,
    "int": _int,
    "float": _float,
    "round": _round,
    "str": lambda value: to_text(value),
    "log": math.log,
    "sqrt": math.sqrt,
    "ceil": math.ceil,
    "floor": math.floor,
}
"""The functions that expressions know; all of Python's own meaning."""


def to_text(value: Any) -> str:
    """A value as it is glued into a text: YAML's spelling of true, false and null."""
    if value is True or value is False:
        return str(value).lower()
    if value is None:
        return "null"
    return str(value)


def evaluate(expression: Expression, values: Mapping[str, Any]) -> Any:
    """The value of an expression over named values; raises ExpressionError."""
    return _Evaluation(values).value(expression)


class _Evaluation:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.steps = 0

    def value(self, node: Expression) -> Any:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise ExpressionError("this expression takes too many steps", node.start, node.end)
        try:
            result = _RULES[type(node)](self, node)
        except ExpressionError:
            raise
        except ZeroDivisionError:
            raise ExpressionError("a division by zero", node.start, node.end) from None
        except OverflowError:
            raise ExpressionError("this is too large", node.start, node.end) from None
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise _refused(node) from error
        if isinstance(node, _MAKING):
            self.steps += _size(result, node)
        return result

    def name(self, node: n.Name) -> Any:
        if node.name in self.values:
            value = self.values[node.name]
            if value is UNKNOWN:
                error = ExpressionError(f"`{node.name}` is wrong", node.start, node.end)
                error.told = True
                raise error
            return value
        if node.name in FUNCTIONS:
            raise ExpressionError(
                f"`{node.name}` is a function: it wants `(…)`",
                node.start,
                node.end,
                f"write `{node.name}(…)`",
            )
        raise ExpressionError(
            f"there is no value `{node.name}` here",
            node.start,
            node.end,
            did_you_mean(node.name, self.values),
        )

    def attribute(self, node: n.Attribute) -> Any:
        base = self.value(node.base)
        if not isinstance(base, dict):
            raise ExpressionError(
                f"`.{node.name}` wants a mapping, and this is {describe_python(base)}", node.start, node.end
            )
        if node.name not in base:
            raise ExpressionError(
                f"there is no field `{node.name}`", node.start, node.end, did_you_mean(node.name, base)
            )
        return base[node.name]

    def call(self, node: n.Call) -> Any:
        name = n.dotted(node.function)
        if name is None:
            raise ExpressionError("only a name can be called", node.start, node.end)
        function = FUNCTIONS.get(name)
        if function is None:
            known = did_you_mean(name, FUNCTIONS, limit=len(FUNCTIONS))
            raise ExpressionError(f"expressions know no function `{name}`", node.start, node.end, known)
        if node.keywords:
            raise ExpressionError(f"`{name}` takes no named arguments", node.start, node.end)
        arguments = [self.value(argument) for argument in node.arguments]
        self.steps += sum(map(count_items, arguments))
        return function(*arguments)

    def subscript(self, node: n.Subscript) -> Any:
        base = self.value(node.base)
        if len(node.items) != 1:
            raise ExpressionError("one index is wanted", node.start, node.end)
        item = node.items[0]
        if isinstance(item, n.Slice):
            bounds = [
                None if part is None else self.value(part) for part in (item.lower, item.upper, item.step)
            ]
            return base[slice(*bounds)]
        index = self.value(item)
        if isinstance(base, (list, str)) and isinstance(index, int) and not -len(base) <= index < len(base):
            what = f"the index {index} is outside {describe_python(base)} of {len(base)}"
            raise ExpressionError(what, node.start, node.end)
        if isinstance(base, dict):
            return _under(base, index, node)
        return base[index]

    def unary(self, node: n.Unary) -> Any:
        operand = self.value(node.operand)
        return _UNARY[node.operator](operand)

    def binary(self, node: n.Binary) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        _check_cost(node, left, right)
        function = _BINARY.get(node.operator)
        if function is None:
            raise ExpressionError(f"`{node.operator}` is for tensors, in formulas", node.start, node.end)
        return function(left, right)

    def compare(self, node: n.Compare) -> Any:
        left = self.value(node.left)
        for operator, right_node in zip(node.operators, node.rights, strict=True):
            right = self.value(right_node)
            self.steps += count_items(left) + count_items(right)
            if not _COMPARE[operator](left, right):
                return False
            left = right
        return True

    def logical(self, node: n.Logical) -> Any:
        result: Any = None
        for part in node.values:
            result = self.value(part)
            if bool(result) == (node.operator == "or"):
                return result
        return result

    def conditional(self, node: n.Conditional) -> Any:
        return self.value(node.then if self.value(node.test) else node.otherwise)

    def list(self, node: n.List) -> Any:
        return [self.value(item) for item in node.items]

    def comprehension(self, node: n.Comprehension) -> Any:
        items = self.value(node.iterable)
        if not isinstance(items, list):
            raise ExpressionError(
                f"`for` wants a list, and this is {describe_python(items)}",
                node.iterable.start,
                node.iterable.end,
            )
        outer, found = self.values, []
        inner = self.values = dict(outer)
        for item in items:
            inner[node.variable] = item
            if node.condition is None or self.value(node.condition):
                found.append(self.value(node.element))
        self.values = outer
        return found

    def refuse(self, node: Expression) -> Any:
        raise ExpressionError("this has no meaning in an expression", node.start, node.end)


def _under(mapping: dict[str, Any], key: Any, node: n.Subscript) -> Any:
    """What lies under a key. Keys are texts: a number finds the key that is written as it is."""
    if isinstance(key, (list, dict)):
        raise TypeError("a key is a text")
    text = to_text(key)
    if text not in mapping:
        help = did_you_mean(text, mapping, limit=12)
        raise ExpressionError(f"there is no key `{text}`", node.start, node.end, help)
    return mapping[text]


def _check_cost(node: n.Binary, left: Any, right: Any) -> None:
    """Refuse what would eat the machine before it is computed."""
    if node.operator == "**" and isinstance(left, int) and isinstance(right, int):
        if abs(left) > 1 and right > 0 and left.bit_length() * right > MOST_BITS:
            raise OverflowError
    elif node.operator == "*":
        for sized, count in ((left, right), (right, left)):
            if isinstance(sized, (str, list)) and isinstance(count, int) and len(sized) * count > MOST_ITEMS:
                raise OverflowError


def _size(result: Any, node: Expression) -> int:
    """What a new value costs; raises ExpressionError where it is out of bounds."""
    wrong = ""
    if isinstance(result, float) and not math.isfinite(result):
        wrong = "this is too large" if math.isinf(result) else "this is no number"
    elif isinstance(result, int) and result.bit_length() > MOST_BITS:
        wrong = "this is too large"
    elif isinstance(result, complex):
        wrong = "this is no real number"
    elif isinstance(result, str) and len(result) > MOST_TEXT:
        wrong = "this text is too long"
    elif isinstance(result, list):
        size = count_items(result)
        if size <= MOST_ITEMS:
            return size
        wrong = "this list is too long"
    if wrong:
        raise ExpressionError(wrong, node.start, node.end)
    return len(result) // 100 if isinstance(result, str) else 0


def count_items(value: Any) -> int:
    """How many values lie within lists and mappings; counting ends just above `MOST_ITEMS`."""
    count, stack = 0, [value]
    while stack and count <= MOST_ITEMS:
        item = stack.pop()
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        count += len(inner)
        if inner:
            stack += [i for i in inner if isinstance(i, (list, dict))]
    return count


def _refused(node: Expression) -> ExpressionError:
    """What is said where Python refuses an operation."""
    if isinstance(node, n.Call):
        message = f"`{n.dotted(node.function)}` cannot be computed of this"
    elif isinstance(node, n.Subscript):
        message = "this cannot be indexed so"
    elif isinstance(node, (n.Binary, n.Unary)):
        message = f"`{node.operator}` cannot be applied to this"
    else:
        message = "this cannot be compared"
    return ExpressionError(message, node.start, node.end)


_UNARY: dict[str, Callable[[Any], Any]] = {
    "-": lambda x: -x,
    "+": lambda x: +x,
    "not": lambda x: not x,
    "~": lambda x: ~x,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: _modulo(a, b),
    "**": lambda a, b: a**b,
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "in": lambda a, b: _holds(b, a),
    "not in": lambda a, b: not _holds(b, a),
}


def _holds(container: Any, item: Any) -> bool:
    """Whether a list or a text holds something, or a mapping has such a key."""
    if isinstance(container, dict) and not isinstance(item, (list, dict)):
        return to_text(item) in container
    return item in container


def _modulo(a: Any, b: Any) -> Any:
    if isinstance(a, str):  # a % b would format text, which is no arithmetic
        raise TypeError("`%` wants numbers")
    return a % b


_MAKING = (n.Binary, n.Unary, n.Call, n.List, n.Comprehension, n.Subscript)
"""What makes new values; other expressions give those that there are."""

_RULES: dict[type, Callable[[_Evaluation, Any], Any]] = {
    n.Constant: lambda self, node: node.value,
    n.Name: _Evaluation.name,
    n.Substitute: lambda self, node: self.value(node.expression),
    n.Attribute: _Evaluation.attribute,
    n.Call: _Evaluation.call,
    n.Subscript: _Evaluation.subscript,
    n.Unary: _Evaluation.unary,
    n.Binary: _Evaluation.binary,
    n.Compare: _Evaluation.compare,
    n.Logical: _Evaluation.logical,
    n.Conditional: _Evaluation.conditional,
    n.List: _Evaluation.list,
    n.Comprehension: _Evaluation.comprehension,
    n.Joined: _Evaluation.refuse,
    n.Slice: _Evaluation.refuse,
}
