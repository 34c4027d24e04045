"""Two ways of doing the same thing, timed in turns: what slows the machine down slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import keras


@dataclass(frozen=True)
class Pair:
    """The seconds of each round, by hand and by spec."""

    title: str
    hand: tuple[float, ...]
    spec: tuple[float, ...]
    target: float = 1.0

    @property
    def ratios(self) -> list[float]:
        """How many times as fast the spec is, round by round."""
        return sorted(hand / spec for hand, spec in zip(self.hand, self.spec, strict=True))

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles of the ratios."""
        low, _, high = statistics.quantiles(self.ratios, n=4)
        return low, high


def alternate(
    title: str, hand: Callable[[], float], spec: Callable[[], float], rounds: int, target: float = 1.0
) -> Pair:
    """Time both `rounds` times, the first in turns, after one round each that does not count.

    The functions return the seconds that count.
    """
    seconds: dict[str, list[float]] = {"hand": [], "spec": []}
    ways = {"hand": hand, "spec": spec}
    for number in range(rounds + 1):
        for name in sorted(ways, reverse=bool(number % 2)):
            keras.backend.clear_session(free_memory=True)
            taken = ways[name]()
            if number:
                seconds[name].append(taken)
    return Pair(title, tuple(seconds["hand"]), tuple(seconds["spec"]), target)


def timed(action: Callable[[], object], times: int = 1) -> Callable[[], float]:
    """The mean seconds of an action done several times in a row."""

    def run() -> float:
        began = time.perf_counter()
        for _ in range(times):
            action()
        return (time.perf_counter() - began) / times

    return run
