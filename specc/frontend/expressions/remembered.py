"""Reading a text once, be it right or wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

from specc.frontend.expressions.nodes import ExpressionError

Result = TypeVar("Result")


def remembered(function: Callable[[str], Result]) -> Callable[[str], Result]:
    """`functools.lru_cache` that keeps ExpressionErrors too: a wrong text in a loop is not read each time."""

    @lru_cache(maxsize=16384)
    def attempt(text: str) -> tuple[Result | None, ExpressionError | None]:
        try:
            return function(text), None
        except ExpressionError as error:
            return None, error

    @wraps(function)
    def recall(text: str) -> Result:
        result, error = attempt(text)
        if error is not None:
            raise ExpressionError(error.message, error.start, error.end, error.help)
        return result  # type: ignore[return-value]

    return recall
