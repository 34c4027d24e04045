"""A spec, checked and expanded: all that lowering, data, training and inference need to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from specc.frontend.programs.generation import Generation
from specc.frontend.project import ENTRY, Reference
from specc.frontend.scope import File
from specc.frontend.sections.data import DataSection
from specc.frontend.sections.serve import Serve
from specc.frontend.sections.train import TrainSection
from specc.graph.ir import Graph
from specc.source.diagnostic import Diagnostic
from specc.source.values import Mapping, Scalar


@dataclass(frozen=True)
class Source:
    """What a spec says before it is expanded: the composed document, its values and blocks, its models."""

    document: Mapping
    home: File
    definitions: dict[str, tuple[Scalar, Mapping]]


@dataclass(frozen=True)
class Spec:
    """The outcome of the front end. `sections` are the resolved ones as values, for `specc resolve`.

    `models` are in an order in which each comes after those it uses. `serve` is what predict and export use.
    """

    name: str
    seed: int
    path: Path
    params: dict[str, Any]
    models: dict[str, Graph | Reference]
    data: DataSection | None
    train: TrainSection | None
    sections: dict[str, Mapping]
    generations: dict[str, Generation] = field(default_factory=dict)
    serve: Serve = field(default_factory=Serve)
    warnings: tuple[Diagnostic, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    source: Source | None = None

    @property
    def entry(self) -> Graph | Reference | None:
        """The model called `model`, or the only one there is."""
        if ENTRY in self.models:
            return self.models[ENTRY]
        return next(iter(self.models.values())) if len(self.models) == 1 else None

    @property
    def root(self) -> Path:
        """The spec's folder."""
        return self.path.parent
