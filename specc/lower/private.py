"""What specc needs of Keras that Keras does not publish, measured with Keras 3.15; imported nowhere else.

- `Functional`: the class that tells a graph; `keras.Model` and `keras.Sequential` only stand for it;
- the counters of default names and the list of variables still to be allocated, which belong to the process;
- where classes come from, to know keras.applications' own layers and the operations that calls leave behind.

Attributes with an underscore are read where they are needed: `_keras_history`, `_keras_mask`, `_functional`,
`_inbound_nodes`, `_inputs_struct`, `_outputs_struct` in `read_*.py`, `_flatten_layers` wherever layers are
walked, `_compile_config` in `own.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras.src.backend.common import global_state
from keras.src.models.functional import Functional
from keras.src.utils.naming import to_snake_case

_NAMES = "object_name_uids"
_PENDING = "uninitialized_variables"
_APPLICATIONS = "keras.src.applications."
_OPS = "keras.src.ops."


@contextmanager
def fresh_names() -> Iterator[None]:
    """Within, Keras counts default names (`input_layer_3`) from the start, as in a new process."""
    before = global_state.get_global_attribute(_NAMES)
    global_state.set_global_attribute(_NAMES, None)
    try:
        yield
    finally:
        global_state.set_global_attribute(_NAMES, before)


@contextmanager
def without_weights() -> Iterator[None]:
    """Within, models are built without a weight being allocated; they are of no use afterwards."""
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:  # or a later model would allocate what was left pending here
        global_state.set_global_attribute(_PENDING, [])


def is_of_applications(layer: keras.layers.Layer, name: str) -> bool:
    """Whether a layer is of a class that keras.applications keeps to itself."""
    return type(layer).__name__ == name and type(layer).__module__.startswith(_APPLICATIONS)


def ops_folder(module: str) -> str | None:
    """The part of `keras.ops` that an operation's module is (`numpy`, `image`); None of other modules."""
    return module.rpartition(".")[2] if module.startswith(_OPS) else None


__all__ = [
    "Functional",
    "fresh_names",
    "is_of_applications",
    "ops_folder",
    "to_snake_case",
    "without_weights",
]
