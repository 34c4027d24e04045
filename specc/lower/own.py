"""The few objects that specc itself brings, beside Keras's: the catalog names them as it names Keras's.

A saved model does not need them: what training measured is left out of its file.
"""

from __future__ import annotations

import keras

from specc.lower.average_precision import MeanAveragePrecision

OWN: dict[str, dict[str, type]] = {"metric": {"MeanAveragePrecision": MeanAveragePrecision}}
"""The classes by category and name."""


def leave_out_of_file(model: keras.Model) -> None:
    """Let a compiled model be saved without our own metrics, so that plain Keras loads its file."""
    ours = tuple(cls for classes in OWN.values() for cls in classes.values())
    config = getattr(model, "_compile_config", None)
    if config is not None:
        for key in ("metrics", "weighted_metrics"):
            config.config[key] = _without(config.config.get(key), ours)


def _without(metrics: object, ours: tuple[type, ...]) -> object:
    if isinstance(metrics, dict):
        return {name: _without(inner, ours) for name, inner in metrics.items()}
    if isinstance(metrics, (list, tuple)):
        return [_without(inner, ours) for inner in metrics if not isinstance(inner, ours)]
    return metrics
