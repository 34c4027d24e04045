"""What `specc plan` tells: a table of steps, totals, and the memory that training takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from specc.catalog.rules.dims import Dim, render
from specc.graph.cost import Costs, Row
from specc.graph.infer import BATCH
from specc.graph.measure import number
from specc.graph.memory import Memory, MemoryPlan

PRECISIONS: dict[str, int | None] = {"float32": None, "mixed_bfloat16": 2, "mixed_float16": 2}
"""Bytes of an activation under a precision; None leaves float32."""


@dataclass(frozen=True)
class Question:
    """What to plan for: the global batch, numbers for open sizes, precisions, replicas, a device's bytes."""

    batch: int
    sizes: Mapping[str, int] = field(default_factory=dict)
    precisions: tuple[str, ...] = tuple(PRECISIONS)[:2]
    replicas: tuple[int, ...] = (1,)
    device: int | None = None
    depth: int | None = None


@dataclass(frozen=True)
class Setup:
    """Memory of one replica under one precision, and the largest batch per replica that fits the device."""

    precision: str
    replicas: int
    batch: int
    memory: Memory
    largest: int | None


def setups(plan: MemoryPlan, question: Question) -> list[Setup]:
    """The memory for each precision and number of replicas. Raises OpenSizeError."""
    found = []
    for precision in question.precisions:
        each = PRECISIONS[precision]
        largest = None
        if question.device is not None:
            largest = plan.largest_batch(question.sizes, question.device, each)
        for replicas in question.replicas:
            share = -(-question.batch // replicas)
            memory = plan.at({**question.sizes, BATCH: share}, each)
            found.append(Setup(precision, replicas, share, memory, largest))
    return found


def fold(rows: Iterable[Row], depth: int | None) -> list[Row]:
    """Rows of one block or round put together: the names' first `depth` parts; all rows without one."""
    if depth is None:
        return list(rows)
    folded: dict[str, Row] = {}
    for row in rows:
        parts = row.name.split(".")
        key = ".".join(parts[:depth])
        before = folded.get(key)
        kind = row.kind if len(parts) <= depth else "block"
        if before is None:
            folded[key] = Row(key, kind, *_rest(row))
            continue
        folded[key] = Row(
            key,
            "block",
            row.output,
            before.trainable + row.trainable,
            before.frozen + row.frozen,
            before.multiply_adds + row.multiply_adds,
            before.training + row.training,
        )
    return list(folded.values())


def together(rows: Iterable[Row]) -> list[Row]:
    """Runs of three rows or more that differ in the numbers of their names alone, each run as one row."""
    found: list[Row] = []
    for _, run in groupby(rows, key=_looks):
        alike = list(run)
        if len(alike) < 3:
            found += alike
            continue
        first, last = alike[0], alike[-1]
        found.append(
            Row(
                f"{first.name} … {last.name}",
                f"{first.kind} × {len(alike)}",
                last.output,
                first.trainable * len(alike),
                first.frozen * len(alike),
                first.multiply_adds * len(alike),
                first.training * len(alike),
            )
        )
    return found


def _looks(row: Row) -> tuple[Any, ...]:
    return (re.sub(r"\d+", "0", row.name), row.kind, *_rest(row))


def _rest(row: Row) -> tuple[Any, ...]:
    return row.output, row.trainable, row.frozen, row.multiply_adds, row.training


def as_data(name: str, costs: Costs, plan: MemoryPlan, question: Question, optimizer: str) -> dict[str, Any]:
    """The plan as plain data, for JSON: bytes, parameters, multiply–adds for the whole batch."""
    sizes = {**question.sizes, BATCH: question.batch}
    rows = fold(costs.rows(), question.depth)
    return {
        "model": name,
        "batch": question.batch,
        "optimizer": optimizer,
        "parameters": {
            "trainable": sum(row.trainable for row in rows),
            "frozen": sum(row.frozen for row in rows),
        },
        "multiply_adds": {
            "forward": number(costs.multiply_adds(), sizes),
            "training": number(costs.training_multiply_adds(), sizes),
        },
        "steps": [
            {
                "name": row.name,
                "kind": row.kind,
                "output": [render(t.shape) for t in row.output],
                "trainable": row.trainable,
                "frozen": row.frozen,
                "multiply_adds": number(row.multiply_adds, sizes),
                "training_multiply_adds": number(row.training, sizes),
            }
            for row in rows
        ],
        "memory": [
            {
                "precision": setup.precision,
                "replicas": setup.replicas,
                "batch_per_replica": setup.batch,
                **{part: getattr(setup.memory, part) for part in PARTS},
                "training": setup.memory.training,
                "inference": setup.memory.inference,
                "largest_batch": setup.largest,
            }
            for setup in setups(plan, question)
        ],
    }


PARTS = ("weights", "gradients", "optimizer", "kept", "forward", "inputs")


def as_text(name: str, costs: Costs, plan: MemoryPlan, question: Question, optimizer: str) -> str:
    """The plan as a person reads it."""
    sizes = {**question.sizes, BATCH: question.batch}
    rows = fold(costs.rows(), question.depth)
    if question.depth is not None:
        rows = together(rows)
    heads = ("step", "kind", "output", "parameters", "multiply–adds", "in training")
    cells = [
        (
            row.name,
            row.kind,
            ", ".join(render(t.shape) for t in row.output),
            _count(row.trainable, row.frozen),
            short(number(row.multiply_adds, sizes)) if row.multiply_adds else "",
            short(number(row.training, sizes)) if row.training else "",
        )
        for row in rows
    ]
    trainable, frozen = sum(r.trainable for r in rows), sum(r.frozen for r in rows)
    forward: Dim = costs.multiply_adds()
    total = (
        "total",
        "",
        f"batch = {question.batch}",
        f"{trainable + frozen:,}",
        short(number(forward, sizes)),
        short(number(costs.training_multiply_adds(), sizes)),
    )
    table = _table(heads, [*cells, total], right=(3, 4, 5), rule_before_last=True)
    lines = [f"model {name}", *table]
    if frozen:
        lines.append(f"{trainable:,} parameters are trained, {frozen:,} are not")
    lines += ["", *_memory(plan, question, optimizer)]
    return "\n".join(lines)


def _count(trainable: int, frozen: int) -> str:
    return f"{trainable + frozen:,}" if trainable + frozen else ""


def _memory(plan: MemoryPlan, question: Question, optimizer: str) -> list[str]:
    heads = [
        "precision",
        "replicas",
        "batch each",
        "weights",
        "gradients",
        f"optimizer ({optimizer})",
        "activations",
        "a training step",
        "prediction",
    ]
    if question.device is not None:
        heads.append(f"largest batch in {size(question.device)}")
    rows = []
    for setup in setups(plan, question):
        memory = setup.memory
        row = [setup.precision, str(setup.replicas), str(setup.batch)]
        row += [size(part) for part in (memory.weights, memory.gradients, memory.optimizer)]
        row += [size(memory.kept + memory.inputs), size(memory.training), size(memory.inference)]
        if question.device is not None:
            row.append(f"{setup.largest:,}" if setup.largest else "none")
        rows.append(tuple(row))
    return ["memory of one device", *_table(tuple(heads), rows, right=tuple(range(1, len(heads))))]


def _table(
    heads: tuple[str, ...],
    rows: list[tuple[str, ...]],
    right: tuple[int, ...],
    rule_before_last: bool = False,
) -> list[str]:
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]

    def line(row: tuple[str, ...]) -> str:
        cells = zip(row, widths, strict=True)
        aligned = [f"{c:>{w}}" if i in right else f"{c:<{w}}" for i, (c, w) in enumerate(cells)]
        return "  ".join(aligned).rstrip()

    rule = "─" * sum(widths, 2 * (len(widths) - 1))
    lines = [line(heads), rule, *map(line, rows)]
    if rule_before_last:
        lines.insert(-1, rule)
    return lines


def short(count: int) -> str:
    """`3.87 G`: three figures and a power of a thousand."""
    value = float(count)
    for unit in ("", " k", " M", " G", " T", " P", " E"):
        if value < 1000 or unit == " E":
            break
        value /= 1000
    return f"{count}" if unit == "" else f"{value:.3g}{unit}" if value < 999.5 else f"{value:,.0f}{unit}"


def size(count: int) -> str:
    """Bytes in binary units: `1.5 GiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{count} B" if unit == "B" else f"{value:,.1f} {unit}"
