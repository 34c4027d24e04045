"""`python -m benchmarks [--rounds N]`: measures, prints a table and writes benchmarks/results.md."""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from benchmarks.checking import process_seconds, seconds_by_size
from benchmarks.jobs import JOBS, EpochTimes, Job
from benchmarks.pairs import Pair, alternate, timed
from benchmarks.report import RESULTS, page, row

WHOLE_TARGET = {"MLP": 1.5}


def measure(job: Job, rounds: int) -> list[Pair]:
    """Building, compiling, and training one model both ways."""
    pairs = [
        alternate(f"{job.name}: build", timed(job.build_by_hand, 5), timed(job.build_by_spec, 5), 3 * rounds),
        alternate(
            f"{job.name}: compile", timed(job.compile_by_hand, 5), timed(job.compile_by_spec, 5), 3 * rounds
        ),
    ]
    epochs: dict[str, list[float]] = {"hand": [], "spec": []}

    def training(way: str) -> float:
        times = EpochTimes()
        run = job.train_by_hand if way == "hand" else job.train_by_spec
        seconds = timed(lambda: run(times))()
        epochs[way].append(times.steady)
        return seconds

    whole = alternate(
        f"{job.name}: whole training, {job.epochs} epochs",
        lambda: training("hand"),
        lambda: training("spec"),
        rounds,
        WHOLE_TARGET.get(job.name, 1.0),
    )
    steady = Pair(f"{job.name}: an epoch", tuple(epochs["hand"][1:]), tuple(epochs["spec"][1:]))
    return [*pairs, whole, steady]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each training (default 7)")
    parser.add_argument("--only", default="", help="models whose name holds this; then nothing is written")
    arguments = parser.parse_args()
    pairs: list[Pair] = []
    for job in JOBS:
        if arguments.only in job.name:
            measured = measure(job, arguments.rounds)
            pairs += measured
            print("\n".join(map(row, measured)), flush=True)
    if arguments.only:
        return
    text = page(pairs, process_seconds(arguments.rounds), seconds_by_size(3))
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
