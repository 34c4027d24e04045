"""What Keras and TensorFlow say when training fails, in the sentence that helps."""

from __future__ import annotations

import re

MOST = 600
"""Characters that are shown of a library's reason."""

TRACE = ("Graph execution error", "Detected at node", "File ", "Stack trace", "Original stack trace")
"""How the lines begin in which TensorFlow tells of its own insides."""

HELPS = (
    (
        r"same (rank|shape)",
        "labels that are integers want `sparse_categorical_crossentropy`; other losses want targets of the "
        "output's shape",
    ),
    (
        r"label value|valid range of \[0",
        "the labels are numbers of classes, from 0: the last layer wants as many units as there are classes",
    ),
    (
        r"indices\S* = .* is not in \[0",
        "`input_dim` of the Embedding must be larger than the largest index",
    ),
)
"""What often helps, by what the reason says."""


def reason_of(error: BaseException) -> str:
    """The sentence of an error that tells the cause; of TensorFlow's traces, the line with the numbers."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    inner = re.search(
        r"Exception encountered when calling .*?\n+(.*?)(?:\n\nArguments received|\Z)", text, re.S
    )
    lines = [line.strip() for line in (inner.group(1) if inner else text).splitlines() if line.strip()]
    if not text.startswith("Graph execution error"):
        return "\n".join(lines[:3])[:MOST] or type(error).__name__
    plain = [line for line in lines if not line.startswith(TRACE) and not line.startswith("[[")]
    telling = [line for line in plain if re.search(r"\d", line) and not line.startswith("<")]
    last = (telling or plain or ["TensorFlow gives no reason"])[-1]
    last = re.sub(r"\s*\[\[.*$", "", last)
    return re.sub(r"^\(\d+\)\s+[A-Z_ ]+:\s+", "", last)[:MOST]


def help_for(message: str) -> str:
    """What helps where the cause is known, else nothing."""
    return next((help for pattern, help in HELPS if re.search(pattern, message)), "")
