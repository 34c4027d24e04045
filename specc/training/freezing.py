"""Freezing and unfreezing layers by patterns over their dotted names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import keras

from specc.frontend.sections.train import Stage
from specc.lower.layers import walk
from specc.source.diagnostic import Reporter
from specc.source.suggest import did_you_mean


def layers_of(model: keras.Model) -> dict[str, keras.layers.Layer]:
    """All layers of a model, by dotted names."""
    return dict(walk(model))


def layers_of_all(models: Mapping[str, keras.Model]) -> dict[str, keras.layers.Layer]:
    """Several models by name, and their layers: `critic`, `critic.conv2d`."""
    return {name: layer for each, model in models.items() for name, layer in _named(each, model)}


def _named(name: str, model: keras.Model) -> Iterator[tuple[str, keras.layers.Layer]]:
    yield name, model
    yield from walk(model, f"{name}.")


class Freezer:
    """Remembers which layers were trainable, and sets them for each stage from there."""

    def __init__(self, layers: Mapping[str, keras.layers.Layer]) -> None:
        """`layers` by dotted names: of a model, or of several under their names."""
        self._layers = dict(layers)
        self._initially = {name: self._effective(name) for name in self._layers}
        self._fixed = {
            id(layer): [v for v in layer.variables if not v.trainable]
            for layer in self._layers.values()
            if layer.trainable and not isinstance(layer, keras.Model)
        }

    def _effective(self, name: str) -> bool:
        parts = name.split(".")
        around = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
        return all(self._layers[n].trainable for n in around if n in self._layers)

    def check(self, stages: Sequence[Stage], reporter: Reporter) -> None:
        """Report every pattern that matches no layer."""
        for stage in stages:
            for setting, globs in (("freeze", stage.freeze), ("unfreeze", stage.unfreeze)):
                for glob in globs:
                    if not any(glob.matches(name) for name in self._layers):
                        reporter.error(
                            "freeze-unmatched",
                            f"`{setting}` names `{glob.pattern}`, which matches no layer",
                            glob.span,
                            "matches nothing",
                            help=did_you_mean(glob.pattern, self._layers),
                        )

    def apply(self, stage: Stage) -> None:
        """Make trainable exactly what the stage trains."""
        wanted = dict(self._initially)
        for globs, value in ((stage.freeze, False), (stage.unfreeze, True)):
            found = {id(self._layers[n]) for n in wanted if any(glob.matches(n) for glob in globs)}
            for name, layer in self._layers.items():  # a shared layer has several names, and one state
                if id(layer) in found:
                    wanted[name] = value
        models = {n for n, layer in self._layers.items() if isinstance(layer, keras.Model)}
        leaves = {n: value for n, value in wanted.items() if n not in models}
        # Setting a model sets all within it, unless its own flag stays: so outside in, leaves last.
        for name in self._layers:
            if name in models:
                self._layers[name].trainable = any(
                    value for leaf, value in leaves.items() if leaf.startswith(f"{name}.")
                )
        for name, value in leaves.items():
            layer = self._layers[name]
            layer.trainable = value
            if value:
                for variable in self._fixed.get(id(layer), ()):  # what adapters (`lora`) stand beside
                    variable.trainable = False
