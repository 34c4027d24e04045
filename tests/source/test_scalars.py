import math

import pytest

from specc.source.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1E3", 1000.0),
        ("-.5", -0.5),
        ("3.", 3.0),
        ("012", 12),
        ("-7", -7),
        ("0o17", 15),
        ("0xFf", 255),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_core_schema(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_nan() -> None:
    assert math.isnan(resolve(".nan"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["on", "no", "yes", "12:30:45", "1_000", "tRUE", "nULL", "0b1", "1e", "e5", "+", "-", ".", "٣", "inf"],
)
def test_all_else_is_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize("text", ["1e999", "9" * 400, "0x" + "f" * 400])
def test_numbers_that_nothing_holds(text: str) -> None:
    with pytest.raises(OverflowError):
        resolve(text)
