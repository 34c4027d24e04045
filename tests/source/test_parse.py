from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from specc.source import parse as parse_module
from specc.source.diagnostic import Diagnostic, Reporter
from specc.source.parse import parse
from specc.source.values import Mapping, Scalar, Sequence, Value, to_python


def parsed(text: str) -> tuple[Value | None, list[Diagnostic]]:
    reporter = Reporter()
    value = parse(text, "x.yaml", reporter)
    return value, list(reporter)


def only(text: str) -> Diagnostic:
    _, found = parsed(text)
    assert len(found) == 1, found
    return found[0]


def scalars(value: Value) -> Iterator[Scalar]:
    if isinstance(value, Scalar):
        yield value
    elif isinstance(value, Sequence):
        for item in value:
            yield from scalars(item)
    else:
        for key, item in value.entries:
            yield key
            yield from scalars(item)


def test_values_and_spans() -> None:
    value, found = parsed("a: 1e-4\nb:\n  - 'x y'\n  - {c: $n, 1: on}\n")
    assert not found
    assert isinstance(value, Mapping)
    assert to_python(value) == {"a": 1e-4, "b": ["x y", {"c": "$n", "1": "on"}]}
    items = value.get("b")
    assert isinstance(items, Sequence)
    assert (items.span.line, items.span.column, items.span.end_line, items.span.end_column) == (3, 3, 4, 19)
    first = items.items[0]
    assert isinstance(first, Scalar)
    assert first.quoted
    assert str(value.key("b").span) == "x.yaml:2:1"
    assert value.dynamic


def test_block_collections_end_with_their_last_item() -> None:
    value, _ = parsed("a:\n  b: 1\n\n\nc: 2\n")
    assert isinstance(value, Mapping)
    inner = value.get("a")
    assert inner is not None
    assert (inner.span.end_line, inner.span.end_column) == (2, 7)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3", "duplicate-key", 3, 1),
        ("<<: {a: 1}", "merge-key", 1, 1),
        ("? [a, b]\n: c", "bad-key", 1, 3),
        ("? \n: c", "bad-key", 1, 2),
        ("a: !mine x", "bad-tag", 1, 4),
        ("a: !!python/object/apply:os.system [ls]", "bad-tag", 1, 4),
        ("a: !!int x", "bad-tag", 1, 4),
        ("a: &b + c", "formula-anchor", 1, 4),
        ("a: *b + c", "unknown-alias", 1, 4),
        ("a: &b [*b]", "unknown-alias", 1, 8),
        ("a: 1e999", "number-out-of-range", 1, 4),
        ("", "empty-file", 1, 1),
        ("# nothing\n", "empty-file", 1, 1),
        ("a: 1\n---\nb: 1", "several-documents", 2, 1),
        ("a: b\x00", "bad-character", 1, 5),
        ("a: \ud800", "bad-character", 1, 4),
        ("l: {kl: sum(x, axis=-1)}", "unquoted-brackets", 1, 9),
        ("l: {kl: sum(x, axis=[1, 2])}", "unquoted-brackets", 1, 9),
        ("l: [$(max(a, b)), 3]", "unquoted-brackets", 1, 5),
        ("l: [x[1, 2]]", "unquoted-brackets", 1, 5),
        ("axis=-1): 3", "unquoted-brackets", 1, 1),
        ("a:\n\tb: 1", "tab-indent", 2, 1),
        ("a: 'x\nb: 2", "unclosed-quote", 1, 4),
        ("a: [1, 2\nb: 3", "unclosed-bracket", 1, 4),
        ("a:\n  b: 1\n c: 2", "bad-indentation", 3, 2),
        ("a: b: c", "yaml-syntax", 1, 5),
        ("a: - mean(x)", "yaml-syntax", 1, 4),
        ("name:net\nb: 2", "yaml-syntax", 2, 2),
        ("- Flatten\n  from: x", "yaml-syntax", 2, 7),
        ("a: @x", "needs-quotes", 1, 4),
        ("a: 'x' + y", "needs-quotes", 1, 8),
        ('a: "\\q"', "yaml-syntax", 1, 5),
        ("[" * 200, "too-deep", 1, 101),
    ],
)
def test_what_is_wrong_is_told_once_at_its_place(text: str, code: str, line: int, column: int) -> None:
    found = only(text)
    assert found.span is not None
    assert (found.code, found.span.line, found.span.column) == (code, line, column)


def test_the_help_shows_the_whole_expression_quoted() -> None:
    assert only("l: {kl: sum(x, axis=[1, 2]), b: 1}").help == 'write "sum(x, axis=[1, 2])"'


def test_duplicates_are_left_out_and_point_at_the_first() -> None:
    value, found = parsed("a: 1\na: 2")
    assert value is not None
    assert to_python(value) == {"a": 1}
    assert str(found[0].related[0][0]) == "x.yaml:1:1"


def test_aliases_repeat_values() -> None:
    value, found = parsed("a: &one [1, 2]\nb: [*one, *one]")
    assert not found
    assert value is not None
    assert to_python(value) == {"a": [1, 2], "b": [[1, 2], [1, 2]]}


def test_bombs_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert only("\n".join(lines)).code == "too-many-values"


def test_aliases_count_for_depth() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 120))]
    assert only("\n".join(lines)).code == "too-deep"


def test_a_file_full_of_errors_is_given_up() -> None:
    value, found = parsed("a: 1\n" * 10_000)
    assert value is None
    assert len(found) == parse_module.MAX_ERRORS


def test_core_tags() -> None:
    value, found = parsed("[!!str 12, !!float 3, !!int '4', ! 5, !!null '']")
    assert not found
    assert value is not None
    assert to_python(value) == ["12", 3.0, 4, "5", None]


def test_a_byte_order_mark_is_no_text() -> None:
    value, found = parsed("\ufeffa: 1")
    assert not found
    assert value is not None
    assert str(value.span) == "x.yaml:1:1"


_WORDS = [
    ": ",
    "- ",
    "\n  ",
    "\u2028",
    "\ufeff",
    "\r",
    "日",
    "---\n",
    "!!str ",
    "&a ",
    "*a",
    "<<: ",
    "\x00",
    "\ud800",
]
_FRAGMENTS = st.sampled_from([*"ab1:-&*!|>'\"%@`[]{},?#~ \t\n$()\\<", *_WORDS])


@given(st.lists(_FRAGMENTS, max_size=25).map("".join) | st.text(max_size=40), st.booleans())
@settings(max_examples=400, deadline=None)
def test_any_text_gives_a_value_or_a_diagnostic(text: str, python: bool) -> None:
    chosen = parse_module._LOADER
    parse_module._LOADER = yaml.SafeLoader if python else chosen
    try:
        value, found = parsed(text)
    finally:
        parse_module._LOADER = chosen
    assert value is not None or found
    assert all(d.title != "this is not YAML" for d in found)
    for diagnostic in found:
        span = diagnostic.span
        assert span is not None
        assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)


_NAMES = st.text("abcnoy_019", min_size=1, max_size=8).map("a{}".format)


@given(
    st.recursive(
        _NAMES | st.integers(),
        lambda inner: st.lists(inner, min_size=1, max_size=6) | st.dictionaries(_NAMES, inner, max_size=6),
        max_leaves=20,
    )
)
def test_spans_cover_the_text_of_scalars(data: object) -> None:
    text = yaml.safe_dump({"top": data}, default_flow_style=None)
    value, _ = parsed(text)
    assert value is not None
    lines = text.split("\n")
    for scalar in scalars(value):
        span = scalar.span
        written = lines[span.line - 1][span.column - 1 : span.end_column - 1]
        assert written.strip("'\"") == str(scalar.value)
