"""Random changes of images while training: an image and what belongs to it are changed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import tensorflow as tf

from specc.catalog.objects import KerasObject
from specc.data.crops import crop_together
from specc.data.errors import fail
from specc.data.failure import Failures
from specc.data.randomness import PlacedSeed
from specc.frontend.sections.data_types import describe_shape
from specc.lower.objects import make


class Augment:
    """Keras's image layers over some fields of a batch, each drawn once for all of them.

    Fields of floats are images; fields of whole numbers are masks, whose values are never mixed.
    """

    def __init__(
        self, objects: Sequence[KerasObject], fields: Sequence[str] | None, failures: Failures
    ) -> None:
        """Build the layers; `fields` None means all that are images [height, width, channels]."""
        self.objects = tuple(objects)
        self.fields = fields
        self._failures = failures
        self.layers = [make(replace(o, arguments={"dtype": "float32", **o.arguments})) for o in objects]

    def __call__(self, batch: Mapping[str, tf.Tensor], seed: PlacedSeed) -> dict[str, tf.Tensor]:
        """The batch with its images changed."""
        found = dict(batch)
        names = [n for n in self.fields or batch if batch[n].shape.rank == 4]
        for object, layer in zip(self.objects, self.layers, strict=True):
            images = self._checked(object, {name: found[name] for name in names})
            if object.kind == "RandomCrop":
                cut, _ = crop_together(images, layer.height, layer.width, seed)
                found |= cut
            else:
                found |= _changed(layer, images, seed)
        return found

    def _checked(self, object: KerasObject, images: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The images, all of one size: told now where the sizes are known, else when they come."""
        if not images:
            title = f"`{object.kind}` finds no image"
            fail("data-augment", title, object.span, "wants [height, width, channels]")
        names, known = tuple(images), [tuple(image.shape[1:3]) for image in images.values()]
        if all(None not in size for size in known):
            _check_sizes(object, names, known)
            return images

        def check(*shapes: Any) -> Any:
            with self._failures.kept():
                _check_sizes(object, names, [tuple(map(int, shape[1:3])) for shape in shapes])
            return shapes[0]

        checked = tf.numpy_function(check, [tf.shape(image) for image in images.values()], tf.int32)
        with tf.control_dependencies([checked]):
            return {name: tf.identity(image) for name, image in images.items()}


def _check_sizes(object: KerasObject, names: Sequence[str], sizes: Sequence[tuple[int, ...]]) -> None:
    for name, size in zip(names, sizes, strict=True):
        if size != sizes[0]:
            shapes = f"`{names[0]}` is {describe_shape(sizes[0])}, `{name}` {describe_shape(size)}"
            title = f"{shapes}: they cannot be changed together"
            help = "give the fields an `augment` of their own, or resize them"
            fail("data-augment", title, object.span, help=help)


def _changed(layer: Any, images: Mapping[str, tf.Tensor], seed: PlacedSeed) -> dict[str, tf.Tensor]:
    """The images that a Keras layer makes of these, all with the same draw."""
    pictures = [name for name in images if images[name].dtype.is_floating]
    lead = images[(pictures or list(images))[0]]
    transformation = layer.get_random_transformation(lead, training=True, seed=seed)
    found = {}
    for name, image in images.items():
        change = layer.transform_images if name in pictures else layer.transform_segmentation_masks
        changed = change(tf.cast(image, tf.float32), transformation, training=True)
        found[name] = tf.cast(changed, image.dtype)
    return found
