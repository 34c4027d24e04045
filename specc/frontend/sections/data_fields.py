"""Reading `fields:`, `derive:` and `augment:` of `data:`."""

from __future__ import annotations

import re
from typing import cast

from specc.catalog.objects import KerasObject
from specc.catalog.read import read_object
from specc.catalog.signature import Catalog
from specc.frontend.expressions.formula import tensor_names
from specc.frontend.expressions.nodes import dotted
from specc.frontend.sections.data_settings import MOST, Context
from specc.frontend.sections.data_types import (
    BOX_FORMATS,
    DECODES,
    BoxFormat,
    Decode,
    Field,
    Formula,
    Located,
    Transform,
)
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value, to_python

FIELD_KEYS = (
    "column",
    "shape",
    "dtype",
    "transform",
    "transform_as",
    "transform_of",
    "pad",
    "fill",
    "decode",
    "boxes",
    "image",
    "augment",
)
DTYPES = (
    "bool",
    "float16",
    "float32",
    "float64",
    "int16",
    "int32",
    "int64",
    "int8",
    "string",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
)

FITTED = ("Discretization", "IntegerLookup", "Normalization", "StringLookup", "TextVectorization")
"""Layers that learn from the training split."""

TRANSFORMS = (
    *FITTED,
    "AutoContrast",
    "AveragePooling2D",
    "CategoryEncoding",
    "CenterCrop",
    "CLAHE",
    "Cropping1D",
    "Cropping2D",
    "Equalization",
    "Flatten",
    "Hashing",
    "MaxPooling2D",
    "MelSpectrogram",
    "Permute",
    "RandomCrop",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "Solarization",
    "STFTSpectrogram",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
)
"""Keras layers that a `transform` may name: those without weights to train."""

AUGMENTS = (
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
)
"""Keras layers that an `augment` may name: those that draw from a seed they are given."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def read_fields(value: Value | None, context: Context) -> dict[str, Field]:
    """The fields by name."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        context.wrong("fields", value, "a mapping of names to fields")
        return {}
    found = {}
    for name, entry in value:
        key = value.key(name)
        if check_tensor_name(name, key, context):
            field = _read_field(name, key, entry, context)
            if field is not None:
                found[name] = field
    _check_references(found, context)
    return found


def check_tensor_name(name: str, key: Scalar, context: Context) -> bool:
    """Whether a tensor may have this name; reported where it may not."""
    if NAME.match(name):
        return True
    context.reporter.error(
        "data-setting",
        f"`{name}` is no name for a tensor",
        key.span,
        "letters, digits and `_` belong here",
        help="name the field and say `column: …`",
    )
    return False


def _read_field(name: str, key: Scalar, value: Value, context: Context) -> Field | None:
    if isinstance(value, Scalar) and value.value is None:
        value = Mapping((), value.span)
    if not isinstance(value, Mapping):
        context.wrong(name, value, "a mapping such as `{column: …, transform: […]}`")
        return None
    context.check_keys(value, "a field", FIELD_KEYS)
    _check_one_transform(value, context)
    _check_boxes(value, context)
    columns, stacked = _read_columns(name, key, value, context)
    shape = value.get("shape")
    dtype = context.choice(value, "dtype", DTYPES, "") or None
    return Field(
        name=name,
        span=key.span,
        columns=columns,
        stacked=stacked,
        shape=None if shape is None else read_shape(shape, context),
        shape_span=None if shape is None else shape.span,
        dtype=dtype,
        transforms=read_transforms(value.get("transform"), context),
        transform_as=context.text(value, "transform_as"),
        transform_of=context.text(value, "transform_of"),
        pad=_read_plain(value, "pad", context),
        fill=_read_plain(value, "fill", context),
        decode=cast(Decode | None, context.choice(value, "decode", DECODES, "") or None),
        boxes=cast(BoxFormat | None, context.choice(value, "boxes", BOX_FORMATS, "") or None),
        image=context.text(value, "image"),
        augment=read_augment(value.get("augment"), context),
    )


def _check_one_transform(value: Mapping, context: Context) -> None:
    given = [name for name in ("transform", "transform_as", "transform_of") if name in value]
    if len(given) > 1:
        context.reporter.error(
            "data-setting",
            f"`{given[0]}` and `{given[1]}` in one field",
            value.key(given[1]).span,
            "the second",
            related=[(value.key(given[0]).span, "the first")],
        )


def _check_boxes(value: Mapping, context: Context) -> None:
    """Refuse what boxes do not go with: they are moved as their image is, and nothing else happens."""
    if "image" in value and "boxes" not in value:
        title = "`image` says which image boxes lie in, and this field holds none"
        context.reporter.error("data-setting", title, value.key("image").span, help="say `boxes: xyxy`")
    pad = value.get("pad")
    if "boxes" in value and isinstance(pad, Scalar) and isinstance(pad.value, str):
        context.wrong("pad", pad, "a number")
    refused = ("transform", "transform_as", "transform_of", "decode", "dtype", "augment")
    other = next((name for name in refused if name in value), None)
    if "boxes" in value and other is not None:
        title = f"`boxes` and `{other}` in one field"
        label = "boxes are float32, and changed as their image is"
        context.reporter.error("data-setting", title, value.key(other).span, label)


def _read_columns(
    name: str, key: Scalar, value: Mapping, context: Context
) -> tuple[tuple[Located, ...], bool]:
    column = value.get("column")
    if column is None:
        return (Located(name, key.span),), False
    if isinstance(column, Sequence):
        if not len(column):
            context.wrong("column", column, "a column, or a list of them that is not empty,")
        read = (context.column("column", item) for item in column)
        return tuple(c for c in read if c is not None), True
    read_one = context.column("column", column)
    return () if read_one is None else (read_one,), False


def _read_plain(value: Mapping, name: str, context: Context) -> float | int | str | None:
    entry = value.get(name)
    if entry is None:
        return None
    if isinstance(entry, Scalar) and isinstance(entry.value, (int, float, str)):
        return entry.value
    context.wrong(name, entry, "a number or a text")
    return None


def read_shape(value: Value, context: Context) -> tuple[int | None, ...] | None:
    """One example's shape: whole numbers, null where it varies."""
    plain = to_python(value)
    if isinstance(plain, list) and all(
        size is None or (isinstance(size, int) and not isinstance(size, bool) and 0 < size <= MOST)
        for size in plain
    ):
        return tuple(plain)
    context.wrong("shape", value, "a list of whole numbers (null where it varies)")
    return None


def read_transforms(value: Value | None, context: Context) -> tuple[Transform, ...]:
    """The layers and formulas of a `transform`, one or a list."""
    if value is None:
        return ()
    read = (_read_transform(item, context) for item in _listed(value))
    return tuple(transform for transform in read if transform is not None)


def _listed(value: Value) -> tuple[Value, ...]:
    return value.items if isinstance(value, Sequence) else (value,)


def _read_transform(value: Value, context: Context) -> Transform | None:
    if isinstance(value, Mapping) and "formula" in value:
        context.check_keys(value, "a formula", ("formula",))
        entry = value.get("formula")
        assert entry is not None
        formula = context.formula(entry, "formula")
        if formula is not None:
            _check_previous(formula, context)
        return formula
    return _read_layer(value, "transform", TRANSFORMS, context)


def _check_previous(formula: Formula, context: Context) -> None:
    for node in tensor_names(formula.expression):
        name = dotted(node)
        if name != "previous":
            context.reporter.error(
                "data-reference",
                f"a transform's formula refers to `{name}`",
                formula.place(node),
                "only `previous` is known here",
                help="formulas over several fields belong into `derive`",
            )


def _read_layer(value: Value, where: str, allowed: tuple[str, ...], context: Context) -> KerasObject | None:
    found = read_object(value, "layer", context.catalog, context.reporter)
    if found is None:
        return None
    if found.kind in allowed or _is_plugin(found.kind, context.catalog):
        return found
    label, help = "belongs into the model", did_you_mean(found.kind, allowed, limit=len(allowed))
    if found.kind in AUGMENTS:
        label, help = (
            "is drawn at random",
            "`augment` takes it, beside `fields` or in the field: in training only",
        )
    elif found.kind in TRANSFORMS:
        label, help = "is no change at random", "`transform` of the field takes it: in every split"
    context.reporter.error(
        "data-layer", f"`{found.kind}` is no layer for `{where}`", value.span, label, help=help
    )
    return None


def _is_plugin(kind: str, catalog: Catalog) -> bool:
    signature = catalog.objects["layer"].get(kind)
    return signature is not None and bool(signature.plugin)


def read_augment(value: Value | None, context: Context) -> tuple[KerasObject, ...]:
    """The layers of an `augment`, one or a list."""
    if value is None:
        return ()
    read = (_read_layer(item, "augment", AUGMENTS, context) for item in _listed(value))
    return tuple(layer for layer in read if layer is not None)


def _check_references(fields: dict[str, Field], context: Context) -> None:
    for field in fields.values():
        if field.image is not None and (field.image.text == field.name or field.image.text not in fields):
            title = f"there is no other field `{field.image.text}`"
            others = [name for name in fields if name != field.name]
            context.reporter.error(
                "data-reference", title, field.image.span, help=did_you_mean(field.image.text, others)
            )
        other = field.transform_as
        if other is None:
            continue
        if other.text == field.name or other.text not in fields:
            context.reporter.error(
                "data-reference",
                f"there is no other field `{other.text}`",
                other.span,
                help=did_you_mean(other.text, [name for name in fields if name != field.name]),
            )
        elif fields[other.text].transform_as is not None:
            context.reporter.error(
                "data-reference",
                f"the field `{other.text}` has no `transform` of its own",
                other.span,
                related=[(fields[other.text].span, "the field")],
            )
