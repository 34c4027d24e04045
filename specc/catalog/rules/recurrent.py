"""Recurrent layers, their cells, and the layers that wrap one over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from specc.catalog.objects import KerasObject
from specc.catalog.rules.arguments import assembled, channels_first, choice, numbers, of_rank, spatial
from specc.catalog.rules.convolutions import window_sizes
from specc.catalog.rules.dims import Dim, Shape, product, same
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import NoRuleError, RuleError, Tensors, TensorType

GATES = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}
WITH_UNITS = tuple(GATES)
CONVOLVING = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


@dataclass(frozen=True)
class Cell:
    """What one step of a cell makes of its input: the width of its output and of each of its states."""

    width: int
    states: tuple[int, ...]
    multiply_adds: Dim
    kept: int


@layer(*WITH_UNITS, masks="uses")
def _recurrent(call: Call) -> Tensors:
    x = call.input
    of_rank(call, x, 3, 3, "batch, time, features")
    cell = _with_units(call, call.kind, x.shape[-1])
    return _over_time(call, x, cell)


@layer("RNN", masks="uses")
def _rnn(call: Call) -> Tensors:
    x = call.input
    of_rank(call, x, 3, 3, "batch, time, features")
    return _over_time(call, x, _cell(call, call["cell"], x.shape[-1]))


@layer("SimpleRNNCell", "GRUCell", "LSTMCell")
def _one_step(call: Call) -> tuple[TensorType, ...]:
    x = call.input
    of_rank(call, x, 2, 2, "batch, features")
    cell = _with_units(call, call.kind.removesuffix("Cell"), x.shape[-1])
    given = call.inputs.get("states", ())
    states = (given,) if isinstance(given, TensorType) else tuple(given)
    if len(states) != len(cell.states):
        raise RuleError("count", f"{len(cell.states)} states", str(len(states)), inputs=("states",))
    for index, (state, size) in enumerate(zip(states, cell.states, strict=True)):
        if same(state.shape[-1], size) is False:
            raise RuleError(
                "size",
                f"a state of {size} numbers",
                str(state),
                ("units",),
                (f"states[{index}]",),
                (state.rank - 1,),
                shapes=(state.shape,),
            )
    call.spend(x.shape[0] * cell.multiply_adds)
    output = call.output(x.shape[0], cell.width)
    return (output, *[call.output(x.shape[0], size) for size in cell.states])


def _with_units(call: Call, kind: str, features: Dim) -> Cell:
    """Notes the weights of a cell of this kind and says what a step of it does."""
    units, gates = numbers(call, "units", 1)[0], GATES[kind]
    call.weight("kernel", features, units * gates)
    call.weight("recurrent_kernel", units, units * gates)
    if call["use_bias"]:
        twice = kind == "GRU" and call["reset_after"]
        call.weight("bias", *([2] if twice else []), units * gates)
    states = (units, units) if kind == "LSTM" else (units,)
    return Cell(units, states, (features + units) * units * gates, units * (gates + len(states)))


def _cell(call: Call, given: Any, features: Dim) -> Cell:
    """A cell from among the arguments, or several on top of one another; its weights go to `call`."""
    if isinstance(given, (list, tuple)):
        return _stacked(call, list(given), features)
    if not isinstance(given, KerasObject) or given.model:
        raise call.wrong("cell", "a cell such as LSTMCell, or a list of cells")
    if given.kind == "StackedRNNCells":
        return _stacked(call, list(given.arguments.get("cells", ())), features)
    kind = given.kind.removesuffix("Cell")
    if kind not in GATES or kind == given.kind:
        raise call.wrong("cell", "a cell such as LSTMCell, or a list of cells")
    inner = call.within(given)
    cell = _with_units(inner, kind, features)
    call.adopt(inner.result(()))
    return cell


def _stacked(call: Call, cells: list[Any], features: Dim) -> Cell:
    if not cells:
        raise call.wrong("cell", "at least one cell")
    made: list[Cell] = []
    for given in cells:
        made.append(_cell(call, given, made[-1].width if made else features))
    states = tuple(size for cell in made for size in cell.states)
    work: Dim = 0
    for cell in made:
        work = work + cell.multiply_adds
    return Cell(made[-1].width, states, work, sum(cell.kept for cell in made))


def _over_time(call: Call, x: TensorType, cell: Cell) -> Tensors:
    batch, time = x.shape[0], x.shape[1]
    call.spend(batch * time * cell.multiply_adds)
    call.keep(call.output(batch, time, cell.kept))
    output = (
        call.output(batch, time, cell.width) if call["return_sequences"] else call.output(batch, cell.width)
    )
    return _with_states(call, output, [call.output(batch, size) for size in cell.states])


def _with_states(call: Call, output: TensorType, states: list[TensorType]) -> Tensors:
    _check_time(call)
    _check_states(call, states)
    if call.masked and call["return_sequences"]:
        output = replace(output, mask=True)
    return (output, *states) if call["return_state"] else output


def _check_time(call: Call) -> None:
    if call.arguments.get("unroll") and not isinstance(call.input.shape[1], int):
        raise RuleError(
            "unknown-size",
            "a known length, for `unroll: true`",
            str(call.input.shape[1]),
            ("unroll",),
            (call.first,),
            (1,),
            "`unroll: false`",
            (call.input.shape,),
        )
    if call["stateful"] and not isinstance(call.input.shape[0], int):
        raise RuleError(
            "unknown-size",
            "a known batch size, for `stateful: true`",
            str(call.input.shape[0]),
            ("stateful",),
            (call.first,),
            (0,),
            "`stateful: false`",
            (call.input.shape,),
        )


def _check_states(call: Call, states: list[TensorType]) -> None:
    """Checks the initial states that a spec gives against those of the layer."""
    given = call.inputs.get("initial_state")
    if given is None:
        return
    initial = (given,) if isinstance(given, TensorType) else tuple(given)
    if len(initial) != len(states):
        raise RuleError(
            "count", f"{len(states)} initial states", str(len(initial)), inputs=("initial_state",)
        )
    for index, (one, wanted) in enumerate(zip(initial, states, strict=True)):
        fits = one.rank == wanted.rank and all(
            same(a, b) is not False for a, b in zip(one.shape, wanted.shape, strict=True)
        )
        if not fits:
            raise RuleError(
                "size",
                f"an initial state of the layer's shape {wanted}",
                str(one),
                ("units",),
                (f"initial_state[{index}]",),
                shapes=(one.shape, wanted.shape),
            )


@layer(*CONVOLVING, masks="uses")
def _conv_lstm(call: Call) -> Tensors:
    rank = int(call.kind[-2])
    filters = numbers(call, "filters", 1)[0]
    kernel, dilation = numbers(call, "kernel_size", rank), numbers(call, "dilation_rate", rank)
    strides, padding = numbers(call, "strides", rank), choice(call, "padding", "valid", "same")
    if max(strides) > 1 and max(dilation) > 1:
        raise RuleError(
            "argument",
            "`strides` or `dilation_rate` above 1, not both",
            f"`strides: {list(strides)}` and `dilation_rate: {list(dilation)}`",
            ("strides", "dilation_rate"),
        )
    x, first = call.input, channels_first(call)
    of_rank(call, x, rank + 3, rank + 3)
    step: Shape = (x.shape[0], *x.shape[2:])
    for axis, size in enumerate(step[1:], 2):
        if not isinstance(size, int):
            raise RuleError(
                "unknown-size",
                "known sizes of space and channels",
                str(size),
                inputs=(call.first,),
                axes=(axis,),
                shapes=(x.shape,),
            )
    channels = step[1 if first else -1]
    space = window_sizes(call, spatial(step, first), kernel, strides, padding, dilation, 3 if first else 2)
    call.weight("kernel", *kernel, channels, filters * 4)
    call.weight("recurrent_kernel", *kernel, filters, filters * 4)
    if call["use_bias"]:
        call.weight("bias", filters * 4)
    state = call.output(*assembled(step[0], space, filters, first))
    call.spend(x.shape[1] * state.size * 4 * product(kernel) * (channels + filters))
    call.keep(call.output(x.shape[1], state.size * 6))
    output = call.output(step[0], x.shape[1], *state.shape[1:]) if call["return_sequences"] else state
    return _with_states(call, output, [state, state])


@layer("Bidirectional", masks="uses")
def _bidirectional(call: Call) -> Tensors:
    forward, backward = _both_ways(call)
    x = call.input
    one = call.nested_layer(forward, x, "layer")
    other = call.nested_layer(backward, x, "backward_layer")
    call.adopt(one)
    call.adopt(other)
    output, states = one.flat[0], one.flat[1:]
    merge = call["merge_mode"]
    if merge not in ("sum", "mul", "ave", "concat", None):
        raise call.wrong("merge_mode", "one of sum, mul, ave, concat, or null")
    shape = (*output.shape[:-1], output.shape[-1] * 2) if merge == "concat" else output.shape
    mask = call.masked and output.mask
    outputs = [replace(call.output(*shape), mask=mask)] * (2 if merge is None else 1)
    if not states:
        return tuple(outputs) if merge is None else outputs[0]
    return (*outputs, *[call.output(*state.shape) for state in (*states, *states)])


def _both_ways(call: Call) -> tuple[KerasObject, KerasObject]:
    """The layer that reads forwards and the one that reads backwards."""
    forward, backward = call["layer"], call["backward_layer"]
    for argument, given in (("layer", forward), ("backward_layer", backward)):
        if given is None and argument == "backward_layer":
            continue
        if isinstance(given, KerasObject) and given.model:
            raise NoRuleError("Bidirectional of a model")
        if not isinstance(given, KerasObject) or given.kind not in (*WITH_UNITS, *CONVOLVING, "RNN"):
            raise call.wrong(argument, "a recurrent layer, such as LSTM")
    arguments = call.within(forward).arguments
    if backward is None:
        backward = replace(forward, arguments={**forward.arguments, "go_backwards": True})
    other = call.within(backward).arguments
    if bool(arguments["go_backwards"]) == bool(other["go_backwards"]):
        raise call.wrong("layer", "one layer with `go_backwards: true` and one without")
    for name in ("stateful", "return_sequences", "return_state"):
        if arguments[name] != other[name]:
            raise call.wrong("backward_layer", f"the same `{name}` in both layers")
    return forward, backward


@layer("TimeDistributed", masks="keeps")
def _time_distributed(call: Call) -> TensorType:
    x = call.input
    of_rank(call, x, 3, what="batch, time, and more")
    inner = call.nested("layer", TensorType((x.shape[0], *x.shape[2:]), x.dtype))
    if not isinstance(inner.outputs, TensorType):
        raise call.wrong("layer", "a layer with one output")
    call.adopt(inner, x.shape[1])
    shape = inner.outputs.shape
    return call.output(shape[0], x.shape[1], *shape[1:])
