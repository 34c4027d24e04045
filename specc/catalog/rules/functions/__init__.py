"""Rules of the functions of `keras.ops`."""

from specc.catalog.rules.functions import (
    algebra,
    creation,
    elementwise,
    joining,
    layout,
    network,
    pictures,
    products,
    reductions,
    subscript,
    windows,
)
from specc.catalog.rules.functions.costs import op_multiply_adds
from specc.catalog.rules.functions.subscript import infer_subscript

__all__ = [
    "algebra",
    "creation",
    "elementwise",
    "infer_subscript",
    "joining",
    "layout",
    "network",
    "op_multiply_adds",
    "pictures",
    "products",
    "reductions",
    "subscript",
    "windows",
]
