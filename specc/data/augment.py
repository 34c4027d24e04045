"""Random changes of images while training: an image and what belongs to it are changed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import tensorflow as tf

from specc.catalog.objects import KerasObject
from specc.data.errors import fail
from specc.data.randomness import PlacedSeed
from specc.frontend.sections.data_types import describe_shape
from specc.lower.objects import make


class Augment:
    """Keras's image layers over some fields of a batch, each drawn once for all of them.

    Fields of floats are images; fields of whole numbers are masks, whose values are never mixed.
    """

    def __init__(self, objects: Sequence[KerasObject], fields: Sequence[str] | None) -> None:
        """Build the layers; `fields` None means all that are images [height, width, channels]."""
        self.objects = tuple(objects)
        self.fields = fields
        self.layers = [make(replace(o, arguments={"dtype": "float32", **o.arguments})) for o in objects]

    def __call__(self, batch: Mapping[str, tf.Tensor], seed: PlacedSeed) -> dict[str, tf.Tensor]:
        """The batch with its images changed."""
        found = dict(batch)
        names = [n for n in self.fields or batch if batch[n].shape.rank == 4]
        for object, layer in zip(self.objects, self.layers, strict=True):
            self._check(object, names, batch)
            images = [name for name in names if found[name].dtype.is_floating]
            lead = found[(images or names)[0]]
            transformation = layer.get_random_transformation(lead, training=True, seed=seed)
            for name in names:
                change = layer.transform_images if name in images else layer.transform_segmentation_masks
                changed = change(tf.cast(found[name], tf.float32), transformation, training=True)
                found[name] = tf.cast(changed, found[name].dtype)
        return found

    def _check(self, object: KerasObject, names: Sequence[str], batch: Mapping[str, tf.Tensor]) -> None:
        if not names:
            fail(
                "data-augment",
                f"`{object.kind}` finds no image",
                object.span,
                "wants [height, width, channels]",
            )
        sizes = {name: tuple(batch[name].shape[1:3]) for name in names}
        first = names[0]
        for name, size in sizes.items():
            if size != sizes[first]:
                shapes = f"`{first}` is {describe_shape(sizes[first])}, `{name}` {describe_shape(size)}"
                fail(
                    "data-augment",
                    f"{shapes}: they cannot be changed together",
                    object.span,
                    help="give the fields an `augment` of their own, or resize them",
                )
