"""Holds every rule to Keras: `python tests/rules/differential.py --cases 20000` prints a table of agreement.

`--write` puts the table into docs/shape-rules.md. `--only Conv2D,matmul` looks at some rules alone;
`--show 5` prints so many disagreements of each.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import layer_cases
import op_cases
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from keras_answers import Answer, Given, LayerCase, OpCase, ask_layer, ask_op
from known import known_difference

from specc.catalog.rules import NoRuleError, RuleError, TensorType, infer_layer, infer_op
from specc.catalog.rules.dims import symbol


@dataclass
class Tally:
    cases: int = 0
    refused: int = 0
    unruled: int = 0
    known: collections.Counter[str] = field(default_factory=collections.Counter)
    disagreements: list[str] = field(default_factory=list)

    @property
    def agreed(self) -> int:
        return self.cases - self.unruled - len(self.disagreements) - sum(self.known.values())


def compare(case: LayerCase | OpCase, tally: Tally) -> None:
    """Asks both, and notes whether they agree."""
    tally.cases += 1
    ours = rule_answer(case)
    if ours is None:
        tally.unruled += 1
        return
    theirs = ask_layer(case) if isinstance(case, LayerCase) else ask_op(case)
    tally.refused += bool(theirs.error)
    if agree(ours, theirs):
        return
    reason = known_difference(case, ours, theirs)
    if reason:
        tally.known[reason] += 1
    else:
        tally.disagreements.append(f"{case}\n  rule:  {ours}\n  Keras: {theirs}")


def agree(ours: Answer, theirs: Answer) -> bool:
    """Both refuse, or both give the same; masks count only where there are outputs."""
    if ours.error or theirs.error:
        return bool(ours.error) and bool(theirs.error)
    return ours == theirs


def rule_answer(case: LayerCase | OpCase) -> Answer | None:
    """What the rule says; None if there is none for this case."""
    names = iter(range(10_000))
    try:
        if isinstance(case, OpCase):
            args = [_typed(given, names) for given in case.args]
            result = infer_op(case.name, args, {k: _typed(v, names) for k, v in case.kwargs.items()})
            flat = result if isinstance(result, tuple) else (result,)
            return _answer(flat, (0, 0))
        inputs = {name: _typed(given, names) for name, given in case.inputs.items()}
        layer = infer_layer(case.kind, case.arguments, inputs, case.settings)
        return _answer(layer.flat, (layer.parameters, layer.trainable_parameters))
    except RuleError as error:
        return Answer(error=str(error))
    except NoRuleError:
        return None


def _typed(given: Any, names: Any) -> Any:
    if isinstance(given, Given):
        shape = tuple(
            size if size is not None else symbol("batch" if axis == 0 else f"size{next(names)}")
            for axis, size in enumerate(given.shape)
        )
        return TensorType(shape, given.dtype, given.mask)
    if isinstance(given, (list, tuple)):
        return type(given)(_typed(item, names) for item in given)
    return given


def _answer(flat: tuple[TensorType, ...], parameters: tuple[int, int]) -> Answer:
    shapes = tuple(tuple(size if isinstance(size, int) else None for size in t.shape) for t in flat)
    return Answer("", shapes, tuple(t.dtype for t in flat), tuple(t.mask for t in flat), parameters)


def run(strategies: Mapping[str, st.SearchStrategy[Any]], cases: int, start: int = 0) -> dict[str, Tally]:
    """So many generated cases in all, shared out evenly."""
    each = max(1, cases // max(1, len(strategies)))
    tallies: dict[str, Tally] = {}
    for name, strategy in strategies.items():
        tallies[name] = Tally()
        _examples(strategy, each, start, tallies[name])
    return tallies


def _examples(strategy: st.SearchStrategy[Any], count: int, start: int, tally: Tally) -> None:
    def use(case: Any) -> None:
        compare(case, tally)

    quick = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seed(start)(quick(given(strategy)(use)))()


def table(tallies: Mapping[str, Tally]) -> str:
    lines = [
        "| rule | cases | Keras refuses | agree | known differences | disagree |",
        "|---|---|---|---|---|---|",
    ]
    for name, tally in tallies.items():
        known = "; ".join(f"{reason} ({count})" for reason, count in tally.known.items())
        counts = f"{tally.cases - tally.unruled} | {tally.refused} | {tally.agreed}"
        lines.append(f"| {name} | {counts} | {known} | {len(tally.disagreements)} |")
    return "\n".join(lines)


def summary(tallies: Mapping[str, Tally]) -> str:
    cases = sum(tally.cases - tally.unruled for tally in tallies.values())
    refused = sum(tally.refused for tally in tallies.values())
    known = sum(sum(tally.known.values()) for tally in tallies.values())
    wrong = sum(len(tally.disagreements) for tally in tallies.values())
    layers = len([name for name in tallies if name in layer_cases.LAYERS])
    rules = f"{layers} layers and {len(tallies) - layers} functions"
    found = f"{known} known differences, {wrong} disagreements"
    return f"{cases:,} cases of {rules}, of which Keras refuses {refused:,}; {found}"


def write(tallies: Mapping[str, Tally]) -> None:
    """Renews the table in docs/shape-rules.md."""
    page = Path(__file__).parents[2] / "docs" / "shape-rules.md"
    before, _, rest = page.read_text().partition("<!-- table -->\n")
    _, _, after = rest.partition("<!-- end -->")
    rows = f"{summary(tallies)}.\n\n{table(tallies)}\n"
    page.write_text(f"{before}<!-- table -->\n{rows}<!-- end -->{after}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    everything = {**layer_cases.LAYERS, **op_cases.OPS}
    groups = {"layers": list(layer_cases.LAYERS), "ops": list(op_cases.OPS), "": list(everything)}
    only = groups.get(options.only, options.only.split(","))
    chosen = {name: strategy for name, strategy in everything.items() if name in only}
    tallies = run(chosen, options.cases, options.seed)
    print(table(tallies))
    for name, tally in tallies.items():
        for text in tally.disagreements[: options.show]:
            print(f"\n{name}: {text}")
    print(f"\n{summary(tallies)}")
    if options.write:
        write(tallies)
    return 1 if any(tally.disagreements for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
