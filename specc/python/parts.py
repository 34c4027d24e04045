"""Pieces that structured and flat source share: inputs, models, raw weights, the summary at the end."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from specc.graph.ir import Shape
from specc.python.prune import only_read
from specc.python.trees import assign, call, literal, name

RAW_WEIGHT = "raw_weight"
ALL_MODELS = "build_models"
COMPILE = "compile_model"


def input_call(label: ast.expr, shape: ast.expr, dtype: str) -> ast.expr:
    """`keras.Input(…)`."""
    made = call(name("keras.Input"), shape=shape)
    if dtype != "float32":
        made.keywords.append(ast.keyword("dtype", literal(dtype)))
    made.keywords.append(ast.keyword("name", label))
    return made


def shape_of(shape: Shape) -> ast.expr:
    """A shape as a tuple."""
    return literal(tuple(shape))


def model_call(inputs: ast.expr, outputs: ast.expr, label: str) -> ast.expr:
    """`keras.Model(…)`."""
    return call(name("keras.Model"), inputs, outputs, name=literal(label))


def named_dict(pairs: Iterable[tuple[str, ast.expr]]) -> ast.expr:
    """The only value, or a dictionary of several by their names."""
    entries = list(pairs)
    if len(entries) == 1:
        return entries[0][1]
    return ast.Dict([literal(key) for key, _ in entries], [value for _, value in entries])


def function(
    title: str,
    body: list[ast.stmt],
    positional: Iterable[str] = (),
    keywords: Mapping[str, ast.expr | None] | None = None,
) -> ast.FunctionDef:
    """A function; `keywords` are those that are given by name only, with their defaults.

    Defaults that could be changed are not shared between calls: a list is a tuple, a mapping is made anew.
    """
    defaults = dict(keywords or {})
    start: list[ast.stmt] = []
    for key, default in defaults.items():
        if isinstance(default, ast.List):
            defaults[key] = ast.Tuple(default.elts)
            if not only_read(key, body):
                start.append(assign(key, call(name("list"), name(key))))
        elif isinstance(default, ast.Dict):
            defaults[key] = literal(None)
            missing = ast.Compare(name(key), [ast.Is()], [literal(None)])
            start.append(ast.If(missing, [assign(key, default)], []))
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(item) for item in positional],
        kwonlyargs=[ast.arg(item) for item in defaults],
        kw_defaults=list(defaults.values()),
        defaults=[],
    )
    head = int(isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant))
    return ast.FunctionDef(title, arguments, [*body[:head], *start, *body[head:]], [])


def text(words: str) -> ast.stmt:
    """A docstring."""
    return ast.Expr(literal(words))


_RAW_WEIGHT = '''
def raw_weight(anchor, shape, *, initializer="uniform", trainable=True, name=None):
    """A tensor of `shape` that is trained: the table of an embedding that is looked up whole.

    Keras loses variables that no layer holds, and layers that depend on no input: the indices
    depend, by nothing, on `anchor`, an input of the model.
    """
    columns = shape[-1] if shape else 1
    rows = math.prod(shape) // columns
    if len(anchor.shape) == 1:
        anchor = ops.expand_dims(anchor, -1)
    nothing = ops.sum(ops.cast(anchor[..., :0], "int32"))
    table = layers.Embedding(rows, columns, initializer, trainable=trainable, name=name)
    return ops.reshape(table(ops.arange(rows) + nothing), shape)
'''


def raw_weight() -> ast.stmt:
    """The function that stands for `weights`."""
    (made,) = ast.parse(_RAW_WEIGHT).body
    return made


def entry_point(builder: str | None) -> list[ast.stmt]:
    """What `python model.py` does: it prints the summary of the entry, or of all models."""
    main = ast.Compare(name("__name__"), [ast.Eq()], [literal("__main__")])
    if builder is not None:
        return [ast.If(main, [ast.Expr(call(ast.Attribute(call(name(builder)), "summary")))], [])]
    every = call(ast.Attribute(call(name(ALL_MODELS)), "values"))
    show = ast.Expr(call(ast.Attribute(name("model"), "summary")))
    return [ast.If(main, [ast.For(name("model"), every, [show], [])], [])]


def imports(body: list[ast.stmt], plugins: Mapping[str, set[str]]) -> list[ast.stmt]:
    """The imports that the body needs, in the order of formatters."""
    used = {node.id for part in body for node in ast.walk(part) if isinstance(node, ast.Name)}
    found: list[ast.stmt] = []
    if "math" in used:
        found.append(ast.Import([ast.alias("math")]))
    found.append(ast.Import([ast.alias("keras")]))
    from_keras = [ast.alias(item) for item in ("layers", "ops") if item in used]
    if from_keras:
        found.append(ast.ImportFrom("keras", from_keras, 0))
    for module in sorted(plugins):
        found.append(ast.ImportFrom(module, [ast.alias(item) for item in sorted(plugins[module])], 0))
    return found
