"""A document as the text of a spec, in the order in which people write one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import indent
from typing import Any

from specc.source.dump import dump

ORDER = (
    "specc",
    "name",
    "description",
    "seed",
    "params",
    "let",
    "blocks",
    "models",
    "model",
    "data",
    "train",
)
HEAD = "# yaml-language-server: $schema=https://specc.dev/schemas/spec.schema.json\n"


def write(document: Mapping[str, Any], notes: Iterable[str] = ()) -> str:
    """YAML text of a spec: a comment for each note, then the document's sections.

    `document` holds plain data, its dollars doubled where they are no expressions.
    """
    whole = {"specc": 1, **document}
    sections = [dump({key: whole[key]}) for key in ORDER if key in whole and key != "train"]
    if train := whole.get("train"):  # however short: what is trained is read line by line
        sections += ["train:\n", indent(dump(train), "  ")]
    comments = "".join(f"# {' '.join(note.split())}\n" for note in notes)
    return HEAD + comments + "".join(sections)
