"""What was measured, as a page."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.pairs import Pair

INTRODUCTION = (
    "By hand is the same model written in Keras and trained with plain `fit` on NumPy arrays, with the same",
    "batches, epochs and optimizer. Both are timed in turns in one process; the ratio is the median over the",
    "rounds of by hand / by spec, beside its quartiles: above 1 the spec is faster. Whole training is from",
    "nothing to the test's accuracy, tracing included; the spec's also writes a run folder with its models.",
)
RESULTS = Path(__file__).parent / "results.md"


def page(pairs: Sequence[Pair], process: float, sizes: Mapping[int, float]) -> str:
    """The tables in Markdown."""
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m benchmarks`: {machine()}.",
            "",
            *INTRODUCTION,
            "",
            "| | by hand | by spec | ratio | quartiles | at least | |",
            "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
            *(row(pair) for pair in pairs),
            "",
            "| `specc check` | seconds |",
            "| --- | ---: |",
            f"| LeNet's spec, as a whole process (below 0.5) | {process:.3f} |",
            *(
                f"| {size:,} steps, in process ({1e6 * seconds / size:.0f} µs a step) | {seconds:.3f} |"
                for size, seconds in sizes.items()
            ),
            "",
        ]
    )


def row(pair: Pair) -> str:
    low, high = pair.spread
    reached = "✓" if pair.ratio >= pair.target else "✓ within noise" if high >= pair.target else "✗"
    hand, spec = (sorted(s)[len(s) // 2] for s in (pair.hand, pair.spec))
    return (
        f"| {pair.title} | {shown(hand)} | {shown(spec)} | **{pair.ratio:.2f}** | {low:.2f}–{high:.2f} "
        f"| {pair.target:g} | {reached} |"
    )


def shown(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def machine() -> str:
    """The processor and the versions."""
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in _lines(info) if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    versions = ", ".join(f"{name} {version(name)}" for name in ("specc", "keras", "tensorflow", "numpy"))
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
