"""Tokens to a syntax tree, by precedence climbing with Python's precedences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.nodes import Expression, ExpressionError, check_height, too_deep
from specc.frontend.expressions.remembered import remembered
from specc.frontend.expressions.tokens import Token, tokenize, unquote

DEEPEST = 30
"""How deeply brackets and signs nest."""
TALLEST = 100
"""How many operations may lie within one another; a sum of 100 terms is as tall."""

_OR, _AND, _NOT, _COMPARE = range(4)
_LEVELS: dict[str, int] = {
    word: level
    for level, words in enumerate(
        (
            ("or",),
            ("and",),
            (),
            ("<", ">", "<=", ">=", "==", "!=", "in", "not in", "is"),
            ("|",),
            ("^",),
            ("&",),
            ("<<", ">>"),
            ("+", "-"),
            ("*", "/", "//", "%", "@"),
        )
    )
    for word in words
}
"""How tightly binary operators bind, as in Python."""
_WORDS = {"and", "or", "not", "if", "else", "for", "in", "is", "True", "False", "None"}
_REFUSED = {
    "lambda": "there are no functions in expressions; write a block, or a formula step",
    "import": "nothing is imported by a spec",
    "is": "write `==`",
}


@remembered
def parse_text(text: str) -> Expression:
    """The tree of one expression or formula, at most `TALLEST` high; raises ExpressionError."""
    parser = _Parser(text)
    expression = parser.whole()
    if len(parser.tokens) > TALLEST:
        check_height(expression, TALLEST)
    return expression


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = tokenize(text)
        self.position = 0
        self.depth = 0

    # --- tokens -------------------------------------------------------------------------------------------
    def here(self) -> Token:
        return self.tokens[self.position]

    def at(self, *texts: str) -> bool:
        return self.here().kind in ("operator", "name") and self.here().text in texts

    def take(self) -> Token:
        token = self.here()
        self.position += 1
        return token

    def expect(self, text: str, why: str) -> Token:
        if self.at(text):
            return self.take()
        raise self.unexpected(f"expected `{text}` {why}")

    def unexpected(self, message: str) -> ExpressionError:
        token = self.here()
        found = "the end" if token.kind == "end" else f"`{token.text}`"
        help = _REFUSED.get(token.text, "")
        return ExpressionError(
            f"{message}, found {found}", token.start, max(token.end, token.start + 1), help
        )

    # --- grammar ------------------------------------------------------------------------------------------
    def whole(self) -> Expression:
        if self.here().kind == "end":
            raise ExpressionError("an empty expression", 0, 1)
        expression = self.expression()
        if self.at(",") and self.here().kind == "operator":
            raise self.unexpected("expected one value")
        if self.here().kind != "end":
            raise self.unexpected("expected an operator or the end")
        return expression

    def expression(self) -> Expression:
        with self.deeper():
            then = self.operation(_OR)
            if not self.at("if"):
                return then
            self.take()
            test = self.operation(_OR)
            self.expect("else", "after `if …`")
            otherwise = self.expression()
            return n.Conditional(test, then, otherwise, start=then.start, end=otherwise.end)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Count how deeply expressions nest."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise too_deep(self.here().start, self.here().end)
        yield
        self.depth -= 1

    def operation(self, lowest: int) -> Expression:
        """Operands joined by operators that bind at least as tightly as `lowest`."""
        left = self.negation(lowest)
        while (level := _LEVELS.get(self.operator(), -1)) >= lowest:
            if level in (_OR, _AND):
                left = self.logical(left, level)
            elif level == _COMPARE:
                left = self.comparison(left)
            else:
                operator = self.take().text
                right = self.operation(level + 1)
                left = n.Binary(operator, left, right, start=left.start, end=right.end)
        return left

    def operator(self) -> str:
        """The binary operator that stands here, or an empty text."""
        token = self.here()
        if token.kind not in ("operator", "name"):
            return ""
        return "not in" if token.text == "not" and self.next_is("in") else token.text

    def next_is(self, text: str) -> bool:
        following = self.tokens[min(self.position + 1, len(self.tokens) - 1)]
        return following.kind in ("operator", "name") and following.text == text

    def negation(self, lowest: int) -> Expression:
        if not self.at("not") or lowest > _NOT:
            return self.unary()
        start = self.take().start
        with self.deeper():
            operand = self.operation(_NOT)
        return n.Unary("not", operand, start=start, end=operand.end)

    def logical(self, left: Expression, level: int) -> Expression:
        word, values = self.here().text, [left]
        while self.at(word):
            self.take()
            values.append(self.operation(level + 1))
        return n.Logical(word, tuple(values), start=left.start, end=values[-1].end)

    def comparison(self, left: Expression) -> Expression:
        operators: list[str] = []
        rights: list[Expression] = []
        while _LEVELS.get(operator := self.operator()) == _COMPARE:
            if operator == "is":
                raise self.unexpected("expected a comparison")
            self.position += len(operator.split())
            operators.append(operator)
            rights.append(self.operation(_COMPARE + 1))
        return n.Compare(left, tuple(operators), tuple(rights), start=left.start, end=rights[-1].end)

    def unary(self) -> Expression:
        if self.here().kind == "operator" and self.here().text in ("-", "+", "~"):
            token = self.take()
            with self.deeper():
                operand = self.unary()
            if token.text == "-" and isinstance(operand, n.Constant) and _number(operand.value):
                return n.Constant(-operand.value, start=token.start, end=operand.end)
            return n.Unary(token.text, operand, start=token.start, end=operand.end)
        return self.power()

    def power(self) -> Expression:
        base = self.postfix()
        if self.at("**"):
            self.take()
            with self.deeper():
                exponent = self.unary()
            return n.Binary("**", base, exponent, start=base.start, end=exponent.end)
        return base

    def postfix(self) -> Expression:
        base = self.atom()
        while self.here().kind == "operator" and self.here().text in ("(", "[", "."):
            operator = self.take().text
            if operator == ".":
                base = self.attribute(base)
            elif operator == "(":
                base = self.call(base)
            else:
                items, end = self.subscript()
                base = n.Subscript(base, items, start=base.start, end=end)
        return base

    def attribute(self, base: Expression) -> Expression:
        if self.here().kind != "name":
            raise self.unexpected("expected a name after `.`")
        token = self.take()
        if self.here().kind == "dollar" and self.here().glued:
            joined = self.joined(token)
            return n.Joined((base, ".", *joined.parts), start=base.start, end=joined.end)
        return n.Attribute(base, token.text, start=base.start, end=token.end)

    def call(self, function: Expression) -> Expression:
        if n.dotted(function) is None and not isinstance(function, n.Substitute):
            method = function.name if isinstance(function, n.Attribute) else ""
            help = f"what is a method elsewhere is a function here: `{method}(…)`" if method else ""
            raise ExpressionError("only a name can be called", function.start, function.end, help)
        arguments: list[Expression] = []
        keywords: list[tuple[str, Expression]] = []
        while not self.at(")"):
            if self.here().kind == "name" and self.tokens[self.position + 1].text == "=":
                name = self.take()
                self.take()
                if name.text in dict(keywords):
                    raise ExpressionError(f"`{name.text}` is given twice", name.start, name.end)
                keywords.append((name.text, self.expression()))
            elif keywords:
                raise self.unexpected("expected `name=` after the first named argument")
            else:
                arguments.append(self.expression())
            if not self.at(")"):
                self.expect(",", "or `)` after an argument")
        end = self.take().end
        return n.Call(function, tuple(arguments), tuple(keywords), start=function.start, end=end)

    def subscript(self) -> tuple[tuple[Expression, ...], int]:
        items: list[Expression] = []
        while not self.at("]"):
            items.append(self.slice())
            if not self.at("]"):
                self.expect(",", "or `]` after an index")
        end = self.take()
        if not items:
            raise ExpressionError("an empty index", end.start, end.end)
        return tuple(items), end.end

    def slice(self) -> Expression:
        start = self.here().start
        parts: list[Expression | None] = [None]
        colons = 0
        while not self.at("]", ","):
            if self.at(":"):
                if colons == 2:
                    raise self.unexpected("expected `]`")
                self.take()
                colons += 1
                parts.append(None)
            elif parts[-1] is None:
                parts[-1] = self.expression()
            else:
                raise self.unexpected("expected `]`, `,` or `:`")
        first = parts[0]
        if colons == 0:
            if first is None:
                raise self.unexpected("expected an index")
            return first
        parts += [None] * (3 - len(parts))
        return n.Slice(parts[0], parts[1], parts[2], start=start, end=self.here().start)

    # --- atoms --------------------------------------------------------------------------------------------
    def atom(self) -> Expression:
        token = self.here()
        if token.kind == "number":
            return self.number()
        if token.kind == "string":
            self.take()
            return n.Constant(unquote(token.text), start=token.start, end=token.end)
        if token.kind == "dollar":
            return self.substitution()
        if token.kind == "name":
            return self.name()
        if self.at("..."):
            self.take()
            return n.Constant(..., start=token.start, end=token.end)
        if self.at("("):
            return self.parenthesis()
        if self.at("["):
            return self.list()
        raise self.unexpected("expected a value")

    def number(self) -> Expression:
        token = self.take()
        if self.here().glued and self.here().kind in ("name", "number"):
            raise ExpressionError(
                f"`{token.text}{self.here().text}` is neither a number nor a name",
                token.start,
                self.here().end,
            )
        text = token.text
        if len(text) > 300:
            raise ExpressionError("a number with too many digits", token.start, token.end)
        value = int(text) if text.isdigit() else float(text)
        if value == math.inf:
            raise ExpressionError("this number is too large", token.start, token.end)
        return n.Constant(value, start=token.start, end=token.end)

    def name(self) -> Expression:
        token = self.take()
        constants = {"True": True, "False": False, "None": None}
        if token.text in constants:
            return n.Constant(constants[token.text], start=token.start, end=token.end)
        if token.text in _WORDS or token.text in _REFUSED:
            self.position -= 1
            raise self.unexpected("expected a value")
        if self.here().kind == "dollar" and self.here().glued:
            return self.joined(token)
        return n.Name(token.text, start=token.start, end=token.end)

    def joined(self, first: Token) -> n.Joined:
        parts: list[object] = [first.text]
        end = first.end
        while self.here().glued and self.here().kind in ("dollar", "name", "number"):
            if self.here().kind == "dollar":
                part = self.substitution()
                parts.append(part)
                end = part.end
            else:
                token = self.take()
                parts.append(token.text)
                end = token.end
        return n.Joined(tuple(parts), start=first.start, end=end)

    def substitution(self) -> n.Substitute:
        start = self.take().start
        if not self.here().glued or not (self.here().kind == "name" or self.at("(")):
            raise ExpressionError("expected a name or `(` right after `$`", start, start + 1)
        if self.at("("):
            self.take()
            inner = self.expression()
            end = self.expect(")", "to close `$(`").end
            return n.Substitute(inner, start=start, end=end)
        token = self.take()
        inner = n.Name(token.text, start=token.start, end=token.end)
        while self.at(".") and self.here().glued and self._name_follows():
            self.take()
            field = self.take()
            inner = n.Attribute(inner, field.text, start=inner.start, end=field.end)
        return n.Substitute(inner, start=start, end=inner.end)

    def _name_follows(self) -> bool:
        following = self.tokens[self.position + 1]
        return following.kind == "name" and following.glued

    def parenthesis(self) -> Expression:
        start = self.take().start
        if self.at(")"):
            return n.List((), start=start, end=self.take().end)
        items = [self.expression()]
        tuple_like = False
        while self.at(","):
            tuple_like = True
            self.take()
            if self.at(")"):
                break
            items.append(self.expression())
        end = self.expect(")", "to close `(`").end
        return n.List(tuple(items), start=start, end=end) if tuple_like else items[0]

    def list(self) -> Expression:
        start = self.take().start
        items: list[Expression] = []
        while not self.at("]"):
            items.append(self.expression())
            if len(items) == 1 and self.at("for"):
                return self.comprehension(items[0], start)
            if not self.at("]"):
                self.expect(",", "or `]` in a list")
        return n.List(tuple(items), start=start, end=self.take().end)

    def comprehension(self, element: Expression, start: int) -> Expression:
        self.take()
        if self.here().kind != "name" or self.here().text in _WORDS:
            raise self.unexpected("expected a name after `for`")
        variable = self.take().text
        self.expect("in", "after `for …`")
        iterable = self.operation(_OR)
        condition = None
        if self.at("if"):
            self.take()
            condition = self.operation(_OR)
        end = self.expect("]", "to close the list").end
        return n.Comprehension(element, variable, iterable, condition, start=start, end=end)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
