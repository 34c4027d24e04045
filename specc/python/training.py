"""How a spec is trained, as a call of `model.compile`; data is left out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from specc.catalog.objects import KerasObject, plain
from specc.frontend.sections.train_types import Stage, TrainSection
from specc.python.objects import Objects
from specc.python.parts import COMPILE, function, named_dict, text
from specc.python.trees import call, literal, name
from specc.source.span import Span
from specc.source.values import Scalar, from_python

NOT_KERAS = frozenset({"MeanAveragePrecision"})
"""Metrics that Keras itself does not have."""
_NOWHERE = Span("", 1, 1, 1, 1)


def compile_function(train: TrainSection, objects: Objects) -> ast.stmt | None:
    """`compile_model(model)`, for the first stage of supervised training; None where there is none."""
    if not train.stages or train.stages[0].optimizer is None:
        return None
    stage = train.stages[0]
    made = call(ast.Attribute(name("model"), "compile"), optimizer=_object(stage.optimizer, objects))
    parts: dict[str, ast.expr | None] = {
        "loss": _per_output(stage.losses, lambda item: _object(item, objects)),
        "loss_weights": _loss_weights(stage),
        "metrics": _per_output(stage.metrics, lambda items: _metrics(items, objects)),
        "weighted_metrics": _per_output(stage.weighted_metrics, lambda items: _metrics(items, objects)),
    }
    made.keywords += [ast.keyword(key, tree) for key, tree in parts.items() if tree is not None]
    words = "Compile the model as the spec says that it is trained."
    if len(train.stages) > 1:
        words += " These are the settings of the first stage."
    left = {m.kind for items in stage.metrics.values() for m in items} & NOT_KERAS
    if left:
        words += f" Keras has no {', '.join(sorted(left))}."
    return function(COMPILE, [text(words), ast.Expr(made)], ["model"])


def _per_output(found: Mapping[str, Any], tree: Callable[[Any], ast.expr]) -> ast.expr | None:
    return named_dict((key, tree(item)) for key, item in found.items()) if found else None


def _loss_weights(stage: Stage) -> ast.expr | None:
    if not stage.loss_weights:
        return None
    return named_dict((key, literal(stage.loss_weights.get(key, 1.0))) for key in stage.losses)


def _metrics(items: tuple[KerasObject, ...], objects: Objects) -> ast.expr:
    return ast.List([_object(item, objects) for item in items if item.kind not in NOT_KERAS])


def _object(made: KerasObject | None, objects: Objects) -> ast.expr:
    assert made is not None
    if made.identifier:
        return literal(made.kind)
    if not made.arguments:
        return objects.object(Scalar(made.kind, _NOWHERE), made.category)
    return objects.construct(made.kind, from_python(plain(made.arguments), _NOWHERE), made.category)
