"""The fuzzer: spoiled specs must end in a report, quickly and in little memory.

    python tests/fuzz/fuzz.py --cases 100000

Every case is a spec of specs/ or of tests/diagnostics/cases, mutated; it goes through all of `specc check`
(in this process: reading, composing, structure, expansion, shapes, rendering). A case fails on an exception
other than SpecError, above 2 seconds, or where the process grows beyond 500 MB. Failing inputs are kept under
the folder given by --keep.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).parent))

from mutations import MUTATIONS

from specc.frontend.load import load_spec
from specc.source.diagnostic import SpecError
from specc.source.render import render

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 2.0
MOST_BYTES = 500_000_000


@dataclass
class Tally:
    """What came of some cases."""

    cases: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    slowest: float = 0.0
    largest: int = 0
    failures: list[tuple[str, str, bytes]] = field(default_factory=list)


class TooSlowError(Exception):
    """A case that ran beyond the limit."""


def _stop(signum: int, frame: FrameType | None) -> None:
    raise TooSlowError


def seeds() -> list[str]:
    """The texts that are mutated."""
    right = sorted(path for folder in ("specs", "docs") for path in (ROOT / folder).rglob("*.yaml"))
    wrong = sorted((ROOT / "tests" / "diagnostics" / "cases").rglob("*.yaml"))
    files = right * max(1, 2 * len(wrong) // max(len(right), 1)) + wrong
    texts = []
    for path in files:
        try:
            texts.append(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
    return texts


def check(data: bytes, folder: Path) -> int:
    """Check one spec as the command does; the number of diagnostics. Raises whatever is a bug."""
    path = folder / "spec.yaml"
    path.write_bytes(data)
    try:
        spec = load_spec(path)
    except SpecError as error:
        render(error.diagnostics, error.texts)
        return len(error.diagnostics)
    render(spec.warnings, spec.texts)
    return 0


def work(job: tuple[int, int]) -> Tally:
    """Run `count` cases from a seed of the dice."""
    seed, count = job
    dice = random.Random(seed)
    texts, tally = seeds(), Tally()
    signal.signal(signal.SIGALRM, _stop)
    with tempfile.TemporaryDirectory() as name:
        for _ in range(count):
            kind = dice.choice(list(MUTATIONS))
            data = MUTATIONS[kind](dice.choice(texts), dice)
            _run(kind, data, Path(name), tally)
    return tally


def _run(kind: str, data: bytes, folder: Path, tally: Tally) -> None:
    tally.cases[kind] += 1
    start = time.process_time()
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS * 5)
    try:
        tally.refused += check(data, folder) > 0
    except TooSlowError:
        tally.failures.append((kind, f"above {MOST_SECONDS * 5} s of the clock", data))
    except BaseException:
        tally.failures.append((kind, traceback.format_exc(limit=-3), data))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seconds = time.process_time() - start
    if seconds > MOST_SECONDS:
        tally.failures.append((kind, f"{seconds:.1f} s", data))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if memory > MOST_BYTES and tally.largest <= MOST_BYTES:
        tally.failures.append((kind, f"the process has grown to {memory / 1e6:.0f} MB", data))
    tally.slowest, tally.largest = max(tally.slowest, seconds), max(tally.largest, memory)


def run(cases: int, seed: int, jobs: int) -> Tally:
    """Run the cases in several processes."""
    share = 500
    work_list = [(seed * 1_000_003 + i, min(share, cases - i * share)) for i in range(-(-cases // share))]
    total = Tally()
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=20) as pool:
        for done, tally in enumerate(pool.imap_unordered(work, work_list), start=1):
            total.cases += tally.cases
            total.refused += tally.refused
            total.failures += tally.failures
            total.slowest = max(total.slowest, tally.slowest)
            total.largest = max(total.largest, tally.largest)
            if sys.stderr.isatty() or done % 20 == 0:
                print(f"{sum(total.cases.values()):,} cases, {len(total.failures)} failures", file=sys.stderr)
    return total


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Check mutated specs.")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a folder for inputs that fail")
    options = parser.parse_args()
    tally = run(options.cases, options.seed, options.jobs)
    kinds = ", ".join(f"{count:,} of {kind}" for kind, count in sorted(tally.cases.items()))
    print(f"{sum(tally.cases.values()):,} cases ({kinds}): {tally.refused:,} refused in words")
    print(f"slowest {tally.slowest:.2f} s, largest process {tally.largest / 1e6:.0f} MB")
    told: set[str] = set()
    for number, (kind, reason, data) in enumerate(tally.failures):
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{number}.yaml").write_bytes(data)
        last = reason.strip().splitlines()
        if "\n".join(last[-3:]) not in told:
            told.add("\n".join(last[-3:]))
            print(f"--- {number} ({kind})\n{reason}")
    print(f"{len(tally.failures)} failures")
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    main()
