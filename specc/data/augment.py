"""Random changes of images while training: an image and what belongs to it are changed together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from specc.catalog.objects import KerasObject
from specc.data.boxes import from_corners, to_corners
from specc.data.errors import fail
from specc.data.failure import Failures
from specc.data.moves import COLOURING, WITHOUT_BOXES, change_together
from specc.data.randomness import PlacedSeed
from specc.frontend.sections.data_types import BoxFormat, describe_shape
from specc.lower.objects import make


@dataclass(frozen=True)
class BoxField:
    """A field of boxes [..., 4] that lie in `image`; one that leaves it becomes `pad`."""

    name: str
    image: str
    form: BoxFormat
    pad: float


class Augment:
    """Keras's image layers over some fields of a batch, each drawn once for all of them.

    Fields of floats, and those that a model takes as floats, are images; other fields of whole numbers are
    masks, whose values are never mixed; boxes follow their image.
    """

    def __init__(
        self,
        objects: Sequence[KerasObject],
        fields: Sequence[str] | None,
        boxes: Sequence[BoxField],
        failures: Failures,
        pictures: Collection[str] = (),
    ) -> None:
        """Build the layers; `fields` None means all that are images [height, width, channels].

        `pictures` are taken as floats, whatever they hold.

        Raises SpecError (`data-boxes`) where one of `boxes` lies in a field that a layer changes so that they
        cannot follow.
        """
        self.objects = tuple(objects)
        self.fields = fields
        self.boxes = [box for box in boxes if fields is None or box.image in fields]
        self.pictures = frozenset(pictures)
        self._failures = failures
        self.layers = [make(replace(o, arguments={"dtype": "float32", **o.arguments})) for o in objects]
        for object, layer in zip(self.objects, self.layers, strict=True):
            if self.boxes and object.kind in WITHOUT_BOXES:
                title = f"boxes cannot follow `{object.kind}`"
                fail("data-boxes", title, object.span, f"the data has `{self.boxes[0].name}`")
            layer.bounding_box_format = "xyxy"

    def __call__(self, batch: Mapping[str, tf.Tensor], seed: PlacedSeed) -> dict[str, tf.Tensor]:
        """The batch with its images changed."""
        found = dict(batch)
        names = [n for n in self.fields or batch if batch[n].shape.rank == 4]
        found |= {name: tf.cast(batch[name], tf.float32) for name in names if name in self.pictures}
        pictures = [name for name in names if found[name].dtype.is_floating]
        boxes = [box for box in self.boxes if box.name in batch and box.image in names]
        corners = {box.name: _to_corners(found, box) for box in boxes}
        there = {name: _has_area(values) for name, values in corners.items()}
        for object, layer in zip(self.objects, self.layers, strict=True):
            images = self._checked(object, {name: found[name] for name in names})
            _check_colours(object, names, pictures)
            with _told(object):
                changed, move = change_together(object.kind, layer, images, pictures, seed)
                found |= changed
                corners = {box.name: _clipped(move(corners[box.name]), found[box.image]) for box in boxes}
        for box in boxes:
            found[box.name] = _from_corners(corners[box.name], there[box.name], found, box)
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


def _check_colours(object: KerasObject, names: Sequence[str], pictures: Collection[str]) -> None:
    if object.kind in COLOURING and not pictures:
        title = f"`{object.kind}` changes nothing: `{names[0]}` holds whole numbers, which are no colours"
        fail("data-augment", title, object.span, help="say `dtype: float32` in the field of an image")


def _check_sizes(object: KerasObject, names: Sequence[str], sizes: Sequence[tuple[int, ...]]) -> None:
    for name, size in zip(names, sizes, strict=True):
        if size != sizes[0]:
            shapes = f"`{names[0]}` is {describe_shape(sizes[0])}, `{name}` {describe_shape(size)}"
            title = f"{shapes}: they cannot be changed together"
            help = "give the fields an `augment` of their own, or resize them"
            fail("data-augment", title, object.span, help=help)


@contextmanager
def _told(object: KerasObject) -> Iterator[None]:
    """Puts what Keras raises under a title of ours."""
    try:
        yield
    except (ValueError, TypeError, tf.errors.OpError) as error:
        fail(
            "data-augment",
            f"`{object.kind}` fails",
            object.span,
            notes=[f"Keras: {error}"],
            help="some layers want sizes that are known: where images differ, resize or crop them first",
        )


def _stack(parts: Sequence[tf.Tensor]) -> tf.Tensor:
    return tf.stack(parts, axis=-1)


def _size(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    height, width = tf.unstack(tf.cast(tf.shape(image)[1:3], tf.float32))
    return height, width


def _to_corners(batch: Mapping[str, tf.Tensor], box: BoxField) -> tf.Tensor:
    """Boxes as left, top, right, bottom in pixels: [batch, boxes, 4]; a field of one box a row has one."""
    values = batch[box.name]
    values = values[:, None, :] if values.shape.rank == 2 else values
    return to_corners(values, box.form, _size(batch[box.image]), _stack)


def _from_corners(
    corners: tf.Tensor, there: tf.Tensor, batch: Mapping[str, tf.Tensor], box: BoxField
) -> tf.Tensor:
    values = from_corners(corners, box.form, _size(batch[box.image]), _stack)
    values = tf.where((there & _has_area(corners))[..., None], values, box.pad)
    before = batch[box.name]
    return tf.ensure_shape(values[:, 0] if before.shape.rank == 2 else values, before.shape)


def _clipped(corners: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
    height, width = _size(image)
    return tf.clip_by_value(corners, 0.0, tf.stack([width, height, width, height]))


def _has_area(corners: tf.Tensor) -> tf.Tensor:
    return (corners[..., 2] > corners[..., 0]) & (corners[..., 3] > corners[..., 1])
