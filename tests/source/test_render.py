import json

from specc.source.diagnostic import Diagnostic
from specc.source.render import render, render_json, summary
from specc.source.span import COMMAND_LINE, Span

TEXT = "specc: 1\nlayers:\n  - Conv2d: 8\n"
KIND = Span("net.yaml", 3, 5, 3, 11)


def unknown(**more: object) -> Diagnostic:
    return Diagnostic("unknown-layer", "there is no layer `Conv2d`", KIND, **more)  # type: ignore[arg-type]


def caret_line(line: str, start: int, end: int) -> tuple[str, str]:
    found = Diagnostic("x", "t", Span("f", 1, start + 1, 1, end + 1))
    shown, carets = render([found], {"f": line}).split("\n")[3:5]
    return shown[4:], carets[4:]


def test_the_whole_of_it() -> None:
    found = unknown(
        label="not in Keras",
        notes=("one\ntwo",),
        related=((Span("net.yaml", 1, 1, 1, 6), "here"),),
        help="try",
    )
    assert render([found, Diagnostic("y", "so so", None, severity="warning")], {"net.yaml": TEXT}) == (
        "error[unknown-layer]: there is no layer `Conv2d`\n"
        " --> net.yaml:3:5\n"
        "  |\n"
        "3 |   - Conv2d: 8\n"
        "  |     ^^^^^^ not in Keras\n"
        " ::: net.yaml:1:1\n"
        "  |\n"
        "1 | specc: 1\n"
        "  | ----- here\n"
        "  |\n"
        "  = note: one\n"
        "          two\n"
        "  = help: try\n"
        "\n"
        "warning[y]: so so\n"
        "\n"
        "1 error, 1 warning\n"
    )


def test_nothing_is_nothing() -> None:
    assert render([], {}) == ""
    assert summary([]) == "no errors"
    assert summary([unknown(), unknown()]) == "2 errors"


def test_color_only_paints() -> None:
    import re

    painted = render([unknown(help="h")], {"net.yaml": TEXT}, color=True)
    assert "\033[1;31m" in painted
    assert re.sub(r"\033\[[0-9;]*m", "", painted) == render([unknown(help="h")], {"net.yaml": TEXT})


def test_places_without_text_are_named() -> None:
    found = Diagnostic("x", "t", Span(COMMAND_LINE, 1, 1, 1, 3), "label")
    assert render([found], {}).split("\n")[1:3] == [f" --> {COMMAND_LINE}:1:1", "  = label"]


def test_a_span_of_several_lines_is_marked_to_the_end_of_the_first() -> None:
    found = Diagnostic("x", "t", Span("f", 1, 3, 2, 4))
    assert "  |   ^^^^\n" in render([found], {"f": "a: bcd  \nefg"})


def test_tabs_and_wide_characters_do_not_misplace_carets() -> None:
    assert caret_line("a:\tb", 3, 4) == ("a:  b", "    ^")
    assert caret_line("日本: x", 4, 5) == ("日本: x", "      ^")
    assert caret_line("日本: x", 1, 2) == ("日本: x", "  ^^")
    assert caret_line("e\u0301\u0301: x", 5, 6) == ("e\u0301\u0301: x", "   ^")


def test_nothing_of_a_file_steers_the_terminal() -> None:
    shown = render([Diagnostic("x", "t\033[2J", Span("f", 1, 1, 1, 2))], {"f": "a\033[2J"})
    assert "\033" not in shown


def test_long_lines_are_cut_around_the_span() -> None:
    line = "a" * 300 + "here" + "b" * 300
    shown, carets = caret_line(line, 300, 304)
    assert len(shown) < 110
    assert shown.startswith("…a")
    assert shown.endswith("b…")
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "here"


def test_empty_stretches_get_one_caret() -> None:
    assert caret_line("a:", 2, 2) == ("a:", "  ^")
    assert caret_line("", 0, 5) == ("", "^")


def test_json_has_stable_keys() -> None:
    (found,) = json.loads(render_json([unknown(related=((KIND, "r"),))]))
    place = {"file": "net.yaml", "line": 3, "column": 5, "end_line": 3, "end_column": 11}
    assert found == {
        "code": "unknown-layer",
        "severity": "error",
        "title": "there is no layer `Conv2d`",
        "place": place,
        "label": "",
        "notes": [],
        "related": [{"place": place, "label": "r"}],
        "help": "",
    }
    assert json.loads(render_json([Diagnostic("y", "t", None)]))[0]["place"] is None
