"""Writes the generated pages of docs/; `tests/test_docs.py` holds them current."""

from pathlib import Path

from objectives_page import objectives

from specc.source.explain import codes, explain

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """# Diagnostics

Every code that specc reports. `specc explain CODE` prints its page. This page is generated: `make generated`.
"""


def diagnostics() -> str:
    """`docs/diagnostics.md`: every code with its title, linked to the page that explains it."""
    titles = {code: (explain(code) or "").partition("\n")[0].partition(": ")[2] for code in codes()}
    rows = [f"| [`{code}`](../specc/source/codes/{code}.md) | {title} |" for code, title in titles.items()]
    return "\n".join([HEAD, "| code | what it tells |", "| --- | --- |", *rows]) + "\n"


if __name__ == "__main__":
    (DOCS / "diagnostics.md").write_text(diagnostics(), encoding="utf-8")
    (DOCS / "objectives.md").write_text(objectives(), encoding="utf-8")
