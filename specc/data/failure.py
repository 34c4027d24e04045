"""Errors raised within a pipeline, where TensorFlow would turn them into texts of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from specc.source.diagnostic import SpecError


class Failures:
    """Keeps the SpecError that stopped a pipeline, to be raised where the pipeline is read."""

    def __init__(self) -> None:
        self._kept: SpecError | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Within the pipeline: note what is raised."""
        try:
            yield
        except SpecError as error:
            self._kept = error
            raise

    @contextmanager
    def told(self) -> Iterator[None]:
        """Around the pipeline: raise what was noted instead of TensorFlow's error."""
        self._kept = None
        try:
            yield
        except tf.errors.OpError:
            if self._kept is not None:
                raise self._kept from None
            raise
