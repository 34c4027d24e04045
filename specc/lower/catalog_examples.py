"""One value for each argument that has no default, so that anything of the catalog can be built once.

Reading the catalog needs them to ask Keras which inherited keywords a class really takes; the tests build
everything with them. The values are plain data in the form of a spec.
"""

from __future__ import annotations

from typing import Any

BY_NAME: dict[str, Any] = {
    "activation": "relu",
    "axes": 1,
    "backup_dir": "backup",
    "boundaries": [10, 20],
    "cell": {"LSTMCell": 3},
    "cells": [{"LSTMCell": 3}, {"LSTMCell": 2}],
    "decay_rate": 0.9,
    "decay_steps": 10,
    "dims": [2, 1],
    "directory": "checkpoints",
    "equation": "abc,cd->abd",
    "factor": 0.2,
    "filename": "log.csv",
    "filepath": "model.keras",
    "filters": 4,
    "first_decay_steps": 10,
    "head_dim": 2,
    "height": 4,
    "height_factor": 0.1,
    "initial_learning_rate": 0.1,
    "inner_optimizer": {"SGD": 0.1},
    "input_dim": 10,
    "kernel_size": 3,
    "key_dim": 2,
    "layer": {"Dense": 3},
    "layers": [{"Rescaling": 2.0}],
    "max_number": 5,
    "n": 2,
    "num_bins": 5,
    "num_classes": 3,
    "num_heads": 2,
    "num_key_value_heads": 2,
    "num_query_heads": 4,
    "output_dim": 4,
    "output_shape": [None, 8],
    "output_size": 2,
    "pool_size": 2,
    "precision": 0.5,
    "rate": 0.5,
    "recall": 0.5,
    "scale": 2.0,
    "schedule": {"ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9}},
    "sensitivity": 0.5,
    "specificity": 0.5,
    "stddev": 0.1,
    "target_class_ids": [0, 1],
    "target_shape": [-1],
    "units": 4,
    "values": [0.1, 0.01, 0.001],
    "width": 4,
    "width_factor": 0.1,
}

BY_KIND: dict[str, dict[str, Any]] = {
    "Bidirectional": {"layer": {"LSTM": 3}},
    "CategoryEncoding": {"num_tokens": 5},
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "IntegerLookup": {"vocabulary": [1, 2, 3]},
    "Normalization": {"mean": 0.0, "variance": 1.0},
    "RandomPosterization": {"factor": 4},
    "StringLookup": {"vocabulary": ["a", "b"]},
    "TextVectorization": {"vocabulary": ["a", "b"]},
}
"""Arguments that a class needs before it can be built or called, or that suit it better."""


def required_arguments(kind: str, required: list[str]) -> dict[str, Any]:
    """The arguments with which `kind` can be built, in the form of a spec."""
    return {name: BY_NAME[name] for name in required} | BY_KIND.get(kind, {})
