"""Colors by name, for light and for dark backgrounds, and how wide text is."""

from __future__ import annotations

FAMILIES = {
    "input": ("#e8eaed", "#5f6368", "#33373d", "#9aa0a6"),
    "output": ("#e8eaed", "#5f6368", "#33373d", "#9aa0a6"),
    "convolution": ("#d7e6fb", "#2b66b1", "#1d3552", "#7fb0ee"),
    "pooling": ("#fbdcd9", "#b5433b", "#552724", "#ee8f87"),
    "normalisation": ("#f6efcf", "#9a7d14", "#463c14", "#d9bf5c"),
    "activation": ("#fde5cf", "#b8661a", "#52351a", "#eda661"),
    "dropout": ("#eeeeee", "#8a8a8a", "#303030", "#8f8f8f"),
    "dense": ("#d9efdb", "#2f7d3b", "#1e4426", "#7cc988"),
    "recurrent": ("#d3eeee", "#1c7a7c", "#164243", "#66c3c5"),
    "attention": ("#e8dcf7", "#6f3fb0", "#3a2458", "#b58df0"),
    "merge": ("#ffffff", "#4a5560", "#1f2428", "#a9b4bf"),
    "formula": ("#f3e2ec", "#9b3d76", "#492039", "#e08ab9"),
    "model": ("#dfe1fa", "#3d46a8", "#272b5c", "#959df0"),
    "shape": ("#ececf1", "#6d6d80", "#303038", "#a2a2b5"),
    "preprocessing": ("#e6f0d6", "#5d7d25", "#33411a", "#a9c873"),
    "other": ("#ececf1", "#6d6d80", "#303038", "#a2a2b5"),
}
"""Per family: fill and line on light, fill and line on dark."""

LEGEND = (
    "convolution", "pooling", "normalisation", "activation", "dropout", "dense", "recurrent", "attention",
    "merge", "formula", "model", "shape", "preprocessing",
)  # fmt: skip

PLAIN = {
    "paper": ("#ffffff", "#16181c"),
    "ink": ("#1f2328", "#e6e8eb"),
    "soft": ("#59636e", "#a0a8b2"),
    "link": ("#6b7580", "#8d97a3"),
    "frame": ("#f6f7f9", "#1d2026"),
    "frame-line": ("#c3c9d0", "#4a515b"),
    "badge": ("#c2185b", "#f06292"),
    "badge-ink": ("#ffffff", "#16181c"),
    "none": ("none", "none"),
}


def colors(dark: bool) -> dict[str, str]:
    """Every color by name: the plain ones, and `NAME` and `NAME-line` for each family."""
    found = {name: pair[dark] for name, pair in PLAIN.items()}
    for name, four in FAMILIES.items():
        found[name] = four[2 if dark else 0]
        found[f"{name}-line"] = four[3 if dark else 1]
    return found


_NORMAL = {
    "ijl": 28, "IJ'": 29, " ,.·": 32, "/:;\\|": 34, "f-": 36, "()[]t": 39, "!r": 41, '"': 46, "*_`–": 50,
    "sz?": 53, "cL": 56, "FPkvxy": 59, "TYaoe": 62, "ESbdghnpqu": 63, "$0123456789{}K": 65, "ABRVXZC": 69,
    "UHN": 75, "DGOQ&": 79, "w": 82, "#+<=>^~×→−M": 85, "%mW@…": 100,
}  # fmt: skip
_BOLD = {
    "ijl": 34, "IJ' /\\|": 37, ",.·:;-": 41, "f!()[]": 46, "tr": 49, "_`–": 50, '*"': 52, "?zcs": 60,
    "Lvxy": 65, "EFTakeo": 68, "$0123456789hnu{}": 71, "SYbdgpqCPZ": 73, "BAKRVX": 77, "DGU": 83,
    "#+<=>HN^~×→−OQ&": 86, "w": 92, "%@M…mW": 106,
}  # fmt: skip
_WIDTHS = {
    bold: {letter: width / 100 for letters, width in table.items() for letter in letters}
    for bold, table in ((False, _NORMAL), (True, _BOLD))
}
"""Widths in DejaVu Sans, the widest of the fonts that stand in for a system's sans: others leave room."""


def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is at most, in pixels, in the usual sans fonts."""
    table = _WIDTHS[bold]
    return size * sum(table.get(letter) or (0.72 if ord(letter) < 0x2E80 else 1.05) for letter in text)
