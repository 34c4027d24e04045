"""Folders of images: patterns whose `{placeholders}` are columns, pairs matched by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from specc.data.errors import fail
from specc.data.paths import Match, matches
from specc.data.table import Array, Column, MemoryTable
from specc.frontend.sections.data import Located

IMAGE = Column((None, None, None), "image")
"""A column of paths that are decoded when a row is read."""

MOST_STARS = 4
"""In a name with more of them, what each stands for could take long to find."""

Key = tuple[tuple[tuple[str, str], ...], str]


def open_images(root: Path, files: Mapping[str, Located]) -> MemoryTable:
    """A column of images per pattern, `image` where there is one only, and one per placeholder.

    Images of several patterns belong together where the file's name without its ending, or what the stars in
    it stand for, and what the placeholders stand for, are the same. Raises SpecError where one is alone.
    """
    patterns = {column or "image": located for column, located in files.items()}
    matched = {column: matches(root, located) for column, located in patterns.items()}
    if len(patterns) == 1:  # nothing is paired, and `a.jpg` may lie beside `a.png`
        found = {c: {(m.values, str(m.path)): m for m in several} for c, several in matched.items()}
    else:
        found = {column: _by_name(matched[column], located) for column, located in patterns.items()}
    if not _are_partners(found):
        by_stars = {column: _by_stars(matched[column], located) for column, located in patterns.items()}
        each = all(len(by_stars[column]) == len(matched[column]) for column in patterns)
        found = by_stars if each and _are_partners(by_stars) else found
    first, *others = found
    keys = list(found[first])
    for other in others:
        _check_partners(first, other, found[first], found[other], patterns[other])
    columns: dict[str, Array] = {c: _texts([str(found[c][key].path) for key in keys]) for c in found}
    for position, (name, _) in enumerate(keys[0][0]):
        if name in columns:
            fail("data-name-twice", f"`{name}` is a column and a placeholder", patterns[first].span)
        columns[name] = _texts([key[0][position][1] for key in keys])
    return MemoryTable(columns, dict.fromkeys(found, IMAGE))


def _by_name(matched: Sequence[Match], located: Located) -> dict[Key, Match]:
    found: dict[Key, Match] = {}
    for match in matched:
        key = (match.values, match.path.stem)
        if key in found:
            names = f"`{found[key].path}` and `{match.path}`"
            help = "partners are found by name: name the folders between, `{folder}/*.png`"
            fail("data-file", f"two images of one name: {names}", located.span, help=help)
        found[key] = match
    return found


def _by_stars(matched: Sequence[Match], located: Located) -> dict[Key, Match]:
    """Images by what the stars in their names stand for: `7` of `7_mask.png` for `*_mask.png`."""
    parts = re.split(r"([*?]|\{\w+\})", Path(located.text).stem)
    if len(parts) > 2 * MOST_STARS + 1:
        return {(match.values, match.path.stem): match for match in matched}
    wild = {"*": "(.*)", "?": "(.)"}
    name = re.compile("".join(wild.get(p, ".+") if i % 2 else re.escape(p) for i, p in enumerate(parts)))
    found = ((match, name.fullmatch(match.path.stem)) for match in matched)
    return {(m.values, "/".join(stars.groups()) if stars else m.path.stem): m for m, stars in found}


def _are_partners(found: Mapping[str, Mapping[Key, Match]]) -> bool:
    first, *others = found.values()
    return all(other.keys() == first.keys() for other in others)


def _check_partners(
    first: str, other: str, left: Mapping[Key, Match], right: Mapping[Key, Match], located: Located
) -> None:
    alone = [(first, other, left[key]) for key in left if key not in right]
    alone += [(other, first, right[key]) for key in right if key not in left]
    if alone:
        has, lacks, match = alone[0]
        fail(
            "data-file",
            f"the {has} `{match.path.name}` has no {lacks}",
            located.span,
            notes=[f"{len(alone)} files are without a partner"] if len(alone) > 1 else [],
            help="partners have the same name, whatever their folder and ending; where one has more in it, "
            "the pattern says what: `*_mask.png`",
        )


def _texts(values: list[str]) -> Array:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
