"""Ways to spoil a spec: its bytes, its tokens, its structure."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable
from typing import Any

from specc.source.diagnostic import Reporter
from specc.source.dump import dump
from specc.source.parse import parse
from specc.source.values import to_python

NASTY_VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    3.7,
    10**9,
    10**30,
    -(10**18),
    float("inf"),
    float("nan"),
    "",
    " ",
    "x" * 3000,
    "previous",
    "$",
    "$$",
    "$x",
    "$(",
    "$()",
    "$(9**9**9)",
    "$(1/0)",
    "$([i for i in range(10**9)])",
    "$('a' * 10**9)",
    "$(" + "(" * 200 + ")" * 200 + ")",
    "$(" + "-" * 5000 + "1)",
    "$(range(100000))",
    "$(x.y.z)",
    "$(__import__('os'))",
    [],
    {},
    [[]],
    {"": 1},
    [None] * 50,
    {"Dense": 3},
    {"repeat": 10**9, "layers": ["Flatten"]},
    "../../../etc/passwd",
    {"formula": "x + " * 3000 + "x"},
    {"formula": "(" * 500},
    "Dense",
    "Lambda",
    "image",
    "\x00",
    "\u2028",
    "💥",
]
"""Values that have broken parsers and compilers before."""

NASTY_TEXTS = [
    "\t",
    "\n",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!python/object:os.system ",
    "|\n",
    ">-\n",
    "'",
    '"',
    "#",
    "%YAML 9.9\n",
    "---\n",
    "...\n",
    "? ",
    "<<: ",
    "$(",
    "$",
    "\x00",
    "\xff",
    "\ufeff",
    "1e999",
    "0x",
    "~",
    "[" * 300,
    "{a: " * 200,
    "*a, " * 100,
]
TOKEN = re.compile(r"\$\([^)]*\)|\$?[A-Za-z_][A-Za-z0-9_.]*|\d[\d.e-]*|[^\sA-Za-z0-9]")

Mutation = Callable[[str, random.Random], bytes]


def by_bytes(text: str, dice: random.Random) -> bytes:
    """Flip, drop, double or insert a few bytes."""
    data = bytearray(text.encode())
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(len(data) + 1)
        action = dice.randrange(4)
        length = dice.choice((1, 1, 2, 8, 60))
        if action == 0 and data:
            data[min(place, len(data) - 1)] = dice.randrange(256)
        elif action == 1:
            del data[place : place + length]
        elif action == 2:
            data[place:place] = data[place : place + length] * dice.choice((1, 2, 50))
        else:
            data[place:place] = dice.choice(NASTY_TEXTS).encode("utf-8", "surrogatepass")
    return bytes(data)


def by_tokens(text: str, dice: random.Random) -> bytes:
    """Replace, swap or drop words, numbers, expressions and punctuation."""
    for _ in range(dice.randint(1, 4)):
        tokens = list(TOKEN.finditer(text))
        if not tokens:
            break
        one, other = dice.choice(tokens), dice.choice(tokens)
        new = dice.choice((other.group(), "", str(dice.choice(NASTY_VALUES)), dice.choice(NASTY_TEXTS)))
        text = text[: one.start()] + new + text[one.end() :]
    return text.encode("utf-8", "replace")


def by_structure(text: str, dice: random.Random) -> bytes:
    """Change the parsed tree: values replaced, moved, doubled, removed, nested; then written again."""
    value = parse(text, "seed", Reporter())
    if value is None:
        return by_bytes(text, dice)
    holder = [copy.deepcopy(to_python(value))]
    for _ in range(dice.randint(1, 4)):
        _change(holder, dice)
    return dump(holder[0]).encode("utf-8", "replace")


def _places(data: Any, found: list[tuple[Any, Any]]) -> None:
    keys = list(data) if isinstance(data, dict) else range(len(data))
    for key in keys:
        found.append((data, key))
        if isinstance(data[key], (dict, list)):
            _places(data[key], found)


def _change(holder: list[Any], dice: random.Random) -> None:
    places: list[tuple[Any, Any]] = []
    _places(holder, places)
    parent, key = dice.choice(places)
    action = dice.randrange(6)
    if action == 0 or parent is holder:
        parent[key] = copy.deepcopy(dice.choice(NASTY_VALUES))
    elif action == 1:
        other, place = dice.choice(places)
        parent[key] = copy.deepcopy(other[place])
    elif action == 2:
        del parent[key]
    elif action == 3:
        for _ in range(dice.choice((1, 2, 30))):
            parent[key] = [parent[key]] if dice.random() < 0.5 else {"layers": [parent[key]]}
    elif action == 4 and isinstance(parent, list):
        parent[key:key] = [copy.deepcopy(parent[key]) for _ in range(dice.choice((1, 3, 200)))]
    elif isinstance(parent, dict):
        parent[dice.choice((f"{key}x", str(key)[:-1], "repeat", "from", "$x", "name"))] = parent.pop(key)


MUTATIONS: dict[str, Mutation] = {"bytes": by_bytes, "tokens": by_tokens, "structure": by_structure}
