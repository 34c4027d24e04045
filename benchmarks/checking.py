"""How long `specc check` takes: as a process, and by the size of a spec."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import specc

ZOO = Path(__file__).parents[1] / "specs"
SIZES = (1_000, 3_000, 10_000)


def process_seconds(rounds: int) -> float:
    """The median seconds of `specc check` as a whole process."""
    command = [sys.executable, "-m", "specc.cli.main", "check", str(ZOO / "lenet" / "lenet_digits.yaml")]
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def spec_of(steps: int) -> str:
    """A spec with that many steps, none of them like the one before."""
    lines = ["specc: 1", "name: long", "model:", "  inputs:", "    x: [8]", "  layers:"]
    for number in range(steps // 2):
        lines += [
            f"    - Dense: {{units: {8 + number % 8}, activation: relu}}",
            f"      name: dense_{number}",
        ]
        lines += ["    - Dropout: {rate: 0.1}", f"      from: dense_{number}"]
    return "\n".join(lines) + "\n"


def seconds_by_size(rounds: int) -> dict[int, float]:
    """The median seconds of `specc.check` on specs of so many steps, in turns."""
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    with tempfile.TemporaryDirectory() as folder:
        paths = {size: Path(folder) / f"{size}.yaml" for size in SIZES}
        for size, path in paths.items():
            path.write_text(spec_of(size), encoding="utf-8")
        for _ in range(rounds):
            for size, path in paths.items():
                began = time.perf_counter()
                report = specc.check(path)
                taken[size].append(time.perf_counter() - began)
                assert report.ok, str(report)
    return {size: statistics.median(values) for size, values in taken.items()}
