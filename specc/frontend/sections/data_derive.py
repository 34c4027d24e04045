"""Reading `derive:` of `data:`: formulas of fields, which may call models of the spec."""

from __future__ import annotations

from collections.abc import Mapping as MappingType

from specc.frontend.expressions.formula import calls, tensor_names
from specc.frontend.expressions.nodes import Call, dotted
from specc.frontend.project import Reference
from specc.frontend.sections.data_fields import check_tensor_name
from specc.frontend.sections.data_settings import Context
from specc.frontend.sections.data_types import Field, Formula
from specc.graph.ir import Graph, models_used
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Value

Models = MappingType[str, Graph | Reference]


def read_derive(
    value: Value | None, fields: dict[str, Field], models: Models, context: Context
) -> dict[str, Formula]:
    """The derived tensors by name, in order; they refer backwards only."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        context.wrong("derive", value, "a mapping of names to formulas")
        return {}
    found: dict[str, Formula] = {}
    for name, entry in value:
        key = value.key(name)
        _check_free(name, key, fields, context)
        if not check_tensor_name(name, key, context):
            continue
        formula = context.formula(entry, name)
        if formula is None:
            continue
        known = (*found, *fields)
        later = [other for other in formula.names if other in value and other not in known]
        if later:
            what = "itself" if later[0] == name else f"`{later[0]}`, which comes later"
            context.reporter.error("data-reference", f"`{name}` refers to {what}", formula.span)
        _check_outputs(formula, found, models, context)
        for call in calls(formula.expression):
            _check_call(call, formula, models, context)
        found[name] = formula
    return found


def _check_free(name: str, key: Scalar, fields: dict[str, Field], context: Context) -> None:
    if name in fields:
        context.reporter.error(
            "data-name-twice",
            f"`{name}` is a field and is derived",
            key.span,
            "the second",
            related=[(fields[name].span, "the first")],
        )


def outputs_of(formula: Formula, models: Models) -> tuple[str, ...]:
    """The names of the outputs, where a formula is the call of a model that has several."""
    call = formula.expression
    model = models.get(dotted(call.function) or "") if isinstance(call, Call) else None
    names = model.output_names if isinstance(model, Graph) else ()
    return names if len(names) > 1 else ()


def _check_outputs(
    formula: Formula, found: MappingType[str, Formula], models: Models, context: Context
) -> None:
    """What a model with several outputs gave is used by output: `goal.scores`."""
    for node in tensor_names(formula.expression):
        name, _, output = (dotted(node) or "").partition(".")
        if name not in found:
            continue
        outputs = outputs_of(found[name], models)
        place = formula.place(node)
        if outputs and not output:
            listed = ", ".join(f"`{name}.{known}`" for known in outputs)
            context.reporter.error("several-outputs", f"`{name}` has several outputs: {listed}", place)
        elif output and output not in outputs:
            title = f"`{name}` has no output `{output}`"
            context.reporter.error("data-reference", title, place, help=did_you_mean(output, outputs))


def _check_call(call: Call, formula: Formula, models: Models, context: Context) -> None:
    """Report a function that is neither Keras's nor a model, and a model that cannot be called so."""
    name = dotted(call.function) or ""
    model = models.get(name)
    place = formula.place(call.function)
    if model is None:
        if name not in context.catalog.ops:
            known = did_you_mean(name, [*models, *context.catalog.ops])
            context.reporter.error("unknown-function", f"there is no function `{name}`", place, help=known)
    elif isinstance(model, Reference):
        context.reporter.error(
            "data-model", f"`derive` calls `{name}`, which is not written as layers", place
        )
    elif call is not formula.expression and len(model.output_names) > 1:
        title = f"the model `{name}` has several outputs"
        help = f"name what it gives, `goal: {name}(…)`, and use `goal.{model.output_names[0]}`"
        context.reporter.error("several-outputs", title, place, help=help)
    elif not _takes(model, call):
        inputs = ", ".join(f"`{given.name}`" for given in model.inputs)
        context.reporter.error("data-model", f"the model `{name}` takes {inputs}", place)


def _takes(model: Graph, call: Call) -> bool:
    """Whether a call gives each input once: by position, or by name."""
    names = [given.name for given in model.inputs]
    given = [*names[: len(call.arguments)], *(key for key, _ in call.keywords)]
    return len(call.arguments) <= len(names) and sorted(given) == sorted(names)


def called_models(derive: MappingType[str, Formula], models: Models) -> dict[str, Graph]:
    """The models that formulas call, each after those it uses itself."""
    found: dict[str, Graph] = {}

    def take(name: str) -> None:
        model = models.get(name)
        if isinstance(model, Graph) and name not in found:
            for inner in models_used(model):
                take(inner)
            found[name] = model

    for formula in derive.values():
        for call in calls(formula.expression):
            take(dotted(call.function) or "")
    return found
