"""`application:` models held against the constructor of keras.applications that they name."""

from __future__ import annotations

from specc.catalog.signature import Catalog
from specc.source.diagnostic import Reporter
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, describe, to_python

OWN = ("application", "description", "outputs", "trainable", "lora")
"""Keys of an application that its constructor does not take."""
FETCHED = "imagenet"
"""Weights that keras.applications fetches by this name, also where nothing is said."""


def check_application(body: Mapping, catalog: Catalog, reporter: Reporter) -> bool:
    """Whether a filled `application:` names a constructor and arguments that it takes; reports what is wrong.

    Weights that are not spoken of are a warning: Keras would download some.
    """
    value = body.get("application")
    if value is None:
        return False
    signature = catalog.applications.get(str(value.value)) if isinstance(value, Scalar) else None
    if signature is None:
        title = f"keras.applications has no {describe(value)}"
        help = did_you_mean(str(to_python(value)), catalog.applications)
        reporter.error("unknown-application", title, value.span, help=help)
        return False
    known = [name for name in signature.by_name if name != "name"]
    wrong = [name for name in body.names() if name not in (*OWN, *known)]
    for name in wrong:
        title, help = f"`{signature.name}` has no argument `{name}`", did_you_mean(name, known)
        reporter.error("unknown-argument", title, body.key(name).span, help=help)
    if "weights" not in body:
        title = f"`{signature.name}` would take the weights `{FETCHED}`, which Keras downloads"
        help = f"say `weights: {FETCHED}`, a file's name, or `weights: null` for fresh ones"
        reporter.warning("weights-implied", title, value.span, "says nothing of weights", help=help)
    return not wrong
