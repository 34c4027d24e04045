"""What preprocessing layers were fitted to, as the arguments that say the same."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

_COUNTED = frozenset({"vocabulary_size"})
"""What Keras keeps beside the arguments, and computes from them."""


def fitted(layer: keras.layers.Layer, config: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a layer with what it was fitted to; that of all other layers as it is.

    A `Normalization` keeps its mean and variance among its weights, so nothing is said of them here.
    """
    if isinstance(layer, keras.layers.Discretization):
        bounds = config.get("bin_boundaries")
        return (
            config
            if bounds is None
            else {k: v for k, v in config.items() if k not in ("num_bins", "epsilon")}
        )
    lookup = layer._lookup_layer if isinstance(layer, keras.layers.TextVectorization) else layer
    if not isinstance(lookup, keras.layers.StringLookup | keras.layers.IntegerLookup):
        return config
    told = {name: value for name, value in config.items() if name not in _COUNTED}
    words = lookup.get_vocabulary(include_special_tokens=False)
    if not words:
        return told
    told["vocabulary"] = [word.item() if isinstance(word, np.generic) else word for word in words]
    if lookup.output_mode == "tf_idf":
        special = lookup.vocabulary_size() - len(words)
        told["idf_weights"] = np.asarray(lookup.idf_weights)[special : special + len(words)].tolist()
    return told
