"""Steps become nodes: scopes, names, and what `previous` is, one rule of the language after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from specc.frontend.expressions.formula import unparse
from specc.frontend.load import load_spec
from specc.frontend.spec import Spec
from specc.graph.ir import Formula, Graph, Layer, Node, Reuse, Use, Wire
from specc.source.diagnostic import Diagnostic, SpecError

Load = Callable[..., Spec]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a spec from its text, `specc: 1` put before it, beside further files."""

    def run(text: str, params: Iterable[object] = (), **files: str) -> Spec:
        for name, content in {"main": f"specc: 1\n{text}", **files}.items():
            (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
        return load_spec(tmp_path / "main.yaml", params=params)

    return run


def model(layers: str, inputs: str = "{x: [4]}", more: str = "", before: str = "") -> str:
    indented = "\n".join(f"    {line}" for line in layers.strip("\n").split("\n"))
    return f"{before}model:\n  inputs: {inputs}\n{more}  layers:\n{indented}\n"


def graph(spec: Spec, name: str = "model") -> Graph:
    found = spec.models[name]
    assert isinstance(found, Graph)
    return found


def kind(node: Node) -> str:
    operation = node.operation
    if isinstance(operation, Layer):
        return operation.object.kind
    if isinstance(operation, Reuse):
        return f"reuse {operation.target}"
    if isinstance(operation, Use):
        return f"use {operation.model}"
    return unparse(operation.expression)


def shown(wire: Wire) -> str:
    if isinstance(wire, tuple):
        return f"[{', '.join(map(shown, wire))}]"
    return wire or "null"


def lines(found: Graph) -> list[str]:
    """Each node as «name = kind(inputs)»."""
    result = []
    for node in found.nodes:
        given = ", ".join((f"{name}=" if name else "") + shown(wire) for name, wire in node.inputs)
        name = ", ".join(node.outputs)
        bare = isinstance(node.operation, Formula)
        result.append(f"{name} = {kind(node)}" if bare else f"{name} = {kind(node)}({given})")
    return result


def wrong(load: Load, text: str, **files: str) -> list[Diagnostic]:
    with pytest.raises(SpecError) as refused:
        load(text, **files)
    return [d for d in refused.value.diagnostics if d.severity == "error"]


def codes(load: Load, text: str, **files: str) -> list[tuple[str, int]]:
    return [(d.code, d.span.line if d.span else 0) for d in wrong(load, text, **files)]


# --- previous ---------------------------------------------------------------------------------------------
def test_previous_is_the_input_then_each_step(load: Load) -> None:
    found = graph(
        load(model("- Dense: 4\n- {Dense: 4, name: mid}\n- Add:\n  from: [previous, x]\n- Flatten"))
    )
    assert lines(found) == [
        "dense = Dense(x)",
        "mid = Dense(dense)",
        "add = Add([mid, x])",
        "flatten = Flatten(add)",
    ]
    assert found.outputs == (("flatten", "flatten"),)


def test_with_several_inputs_there_is_none(load: Load) -> None:
    text = model("- Dense: 1\n- Dense: 1", "{x: [4], y: [4]}")
    assert codes(load, text) == [("no-previous", 5)]


def test_a_constant_formula_does_not_move_previous(load: Load) -> None:
    found = graph(load(model("- {formula: arange(4), name: c}\n- Dense: 4\n- formula: previous + c")))
    assert lines(found) == ["c.formula = arange(4)", "dense = Dense(x)", "formula = dense + c.formula"] or (
        lines(found) == ["c = arange(4)", "dense = Dense(x)", "formula = dense + c"]
    )


def test_a_formula_of_weights_alone_does_not_move_previous(load: Load) -> None:
    text = model(
        "- {formula: w * 2, name: w2}\n- formula: previous + w2", more="  weights: {w: {shape: [4]}}\n"
    )
    found = graph(load(text))
    assert lines(found)[-1] == "formula = x + w2"
    assert [node.flows for node in found.nodes][-1] is True


def test_a_left_out_step_does_not_move_previous_and_binds_no_name(load: Load) -> None:
    spec = "- {Dense: 1, name: a}\n- {Dense: 2, name: b, when: $on}\n- Flatten"
    found = graph(load(model(spec, before="params: {on: false}\n")))
    assert lines(found) == ["a = Dense(x)", "flatten = Flatten(a)"]
    found = graph(load(model(spec, before="params: {on: false}\n"), ["on=true"]))
    assert lines(found)[1:] == ["b = Dense(a)", "flatten = Flatten(b)"]


def test_alternatives_may_bear_one_name(load: Load) -> None:
    text = model(
        "- {Dense: 4, name: a, when: $on}\n- {Dense: 4, name: a, when: $(not on)}\n- Add:\n  from: [a, x]",
        before="params: {on: false}\n",
    )
    for given in ("true", "false"):
        assert lines(graph(load(text, [f"on={given}"]))) == ["a = Dense(x)", "add = Add([a, x])"]


def test_after_several_outputs_there_is_none(load: Load) -> None:
    text = "- LSTM: {units: 3, return_state: true}\n  outputs: [y, h, c]\n- Dense: 1"
    assert codes(load, model(text, "{x: [5, 4]}")) == [("no-previous", 7)]
    found = graph(load(model(f"{text}\n  from: h", "{x: [5, 4]}")))
    assert lines(found) == ["y, h, c = LSTM(x)", "dense = Dense(h)"]


# --- repeat -----------------------------------------------------------------------------------------------
def test_repeat_over_a_number(load: Load) -> None:
    found = graph(load(model("- repeat: 2\n  layers: [Dense: 3, Dropout: 0.1]")))
    assert lines(found) == [
        "dense = Dense(x)",
        "dropout = Dropout(dense)",
        "dense_1 = Dense(dropout)",
        "dropout_1 = Dropout(dense_1)",
    ]


def test_repeat_counts_from_zero(load: Load) -> None:
    found = graph(load(model("- repeat: {i: 2}\n  layers:\n    - {Dense: $(i + 1), name: d$(i)}")))
    assert lines(found) == ["d0 = Dense(x)", "d1 = Dense(d0)"]
    assert [n.operation.object.arguments for n in found.nodes if isinstance(n.operation, Layer)] == [
        {"units": 1},
        {"units": 2},
    ]


def test_repeat_over_lists_and_mappings(load: Load) -> None:
    text = "- repeat: {stage: [{units: 3, tag: a}, {units: 5, tag: b}]}\n  layers:\n"
    found = graph(load(model(text + "    - {Dense: $stage.units, name: d_$stage.tag}")))
    assert lines(found) == ["d_a = Dense(x)", "d_b = Dense(d_a)"]
    found = graph(load(model("- repeat: {n: $(reversed(range(2)))}\n  layers: [{Dense: 1, name: d$n}]")))
    assert lines(found) == ["d1 = Dense(x)", "d0 = Dense(d1)"]


@pytest.mark.parametrize("rounds", ["0", "{i: []}", "{i: 0}"])
def test_zero_rounds_pass_through(load: Load, rounds: str) -> None:
    found = graph(load(model(f"- repeat: {rounds}\n  layers: [Dense: 3]\n- Flatten")))
    assert lines(found) == ["flatten = Flatten(x)"]


def test_a_named_repeat_is_its_last_round(load: Load) -> None:
    found = graph(load(model("- repeat: 2\n  name: r\n  layers: [Dense: 4]\n- Add:\n  from: [r, x]")))
    assert lines(found) == [
        "dense = Dense(x)",
        "dense_1 = Dense(dense)",
        "r = Identity(dense_1)",
        "add = Add([r, x])",
    ]


def test_a_repeat_starts_from_what_it_names(load: Load) -> None:
    steps = "- {Dense: 4, name: d}\n- {repeat: 2, from: x, layers: [Flatten]}\n- {Add: , from: [d, previous]}"
    assert lines(graph(load(model(steps))))[1:] == [
        "flatten = Flatten(x)",
        "flatten_1 = Flatten(flatten)",
        "add = Add([d, flatten_1])",
    ]


def test_a_repeat_opens_no_scope(load: Load) -> None:
    found = graph(
        load(model("- repeat: {i: 2}\n  layers: [{Dense: 4, name: d$i}]\n- Add:\n  from: [d0, d1]"))
    )
    assert lines(found)[-1] == "add = Add([d0, d1])"


def test_names_in_a_repeat_hold_its_variable(load: Load) -> None:
    assert codes(load, model("- repeat: {i: 2}\n  layers: [{Dense: 4, name: d}]")) == [("name-in-repeat", 6)]
    assert codes(load, model("- repeat: 2\n  layers: [{Dense: 4, name: d}]")) == [("name-in-repeat", 6)]


@pytest.mark.parametrize(
    ("rounds", "code"),
    [
        ("-1", "out-of-range"),
        ("1.5", "wrong-type"),
        ("true", "wrong-type"),
        ("[1, 2]", "wrong-type"),
        ("{i: 1, j: 2}", "several-kinds"),
        ("{I: 1}", "bad-name"),
        ("{width: 1}", "duplicate-name"),
        ("$zz", "bad-expression"),
        ("1000000000", "too-large"),
        ("{i: 1000000000}", "too-large"),
        ("$(10 ** 300)", "too-large"),
    ],
)
def test_repeats_that_cannot_be(load: Load, rounds: str, code: str) -> None:
    text = model(f"- repeat: {rounds}\n  layers: [Dense: $width]", before="params: {width: 2}\n")
    assert {c for c, _ in codes(load, text)} == {code}


@pytest.mark.parametrize("body", ["[]", "[Flatten]", "[{Flatten: null, when: false}]"])
def test_nested_repeats_of_a_billion_rounds_are_refused(load: Load, body: str) -> None:
    repeats = "".join(f"{'    ' * depth}- repeat: 1000\n{'    ' * depth}  layers:\n" for depth in range(3))
    text = model(repeats.rstrip("\n") + " " + body)
    assert [code for code, _ in codes(load, text)] == ["too-large"]


def test_blocks_that_use_one_another_twice_are_bounded(load: Load) -> None:
    blocks = "".join(f"  b{i}: {{layers: [b{i + 1}, b{i + 1}]}}\n" for i in range(25))
    text = model("- b0", before=f"blocks:\n{blocks}  b25: {{layers: [Flatten]}}\n")
    assert [code for code, _ in codes(load, text)] == ["too-large"]


# --- branches and residuals -------------------------------------------------------------------------------
def test_branches_start_from_the_same_input_and_merge(load: Load) -> None:
    found = graph(
        load(model("- Dense: 2\n- branches: [[Dense: 3], [Flatten, Dense: 4], []]\n  merge: Concatenate"))
    )
    assert lines(found) == [
        "dense = Dense(x)",
        "dense_1 = Dense(dense)",
        "flatten = Flatten(dense)",
        "dense_2 = Dense(flatten)",
        "concatenate = Concatenate([dense_1, dense_2, dense])",
    ]


def test_branches_with_names_for_their_ends(load: Load) -> None:
    found = graph(
        load(model("- branches: [[Dense: 3], [Dense: 3]]\n  outputs: [a, b]\n- Add:\n  from: [a, b]"))
    )
    assert lines(found)[-1] == "add = Add([dense, dense_1])"


def test_a_named_merge_ends_in_an_identity(load: Load) -> None:
    found = graph(
        load(model("- branches: [[Dense: 3], [Dense: 3]]\n  merge: {Concatenate: {axis: 1}}\n  name: c"))
    )
    assert lines(found)[-2:] == ["concatenate = Concatenate([dense, dense_1])", "c = Identity(concatenate)"]
    assert found.outputs == (("c", "c"),)


def test_a_residual_adds_its_input(load: Load) -> None:
    found = graph(load(model("- Dense: 4\n- residual: [Dense: 4]\n- Flatten")))
    assert lines(found)[1:] == [
        "dense_1 = Dense(dense)",
        "add = Add([dense, dense_1])",
        "flatten = Flatten(add)",
    ]


def test_a_residual_with_shortcut_and_merge(load: Load) -> None:
    found = graph(load(model("- residual: [Dense: 4]\n  shortcut: [Dense: 4, Flatten]\n  merge: Multiply")))
    assert sorted(lines(found)[:-1]) == [
        "dense = Dense(x)",
        "dense_1 = Dense(x)",
        "flatten = Flatten(dense_1)",
    ]
    assert lines(found)[-1] == "multiply = Multiply([flatten, dense])"


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("branches: [[Flatten], [Flatten]]", "missing-key"),
        ("branches: [[Flatten], [Flatten]]\n  merge: Flatten", "wrong-input-count"),
        ("branches: [[Flatten], [Flatten]]\n  merge: Ad", "unknown-layer"),
        ("branches: []\n  merge: Add", "wrong-type"),
        ("branches: [Flatten, Flatten]\n  merge: Add", "wrong-type"),
        ("branches: [[Flatten], [Flatten]]\n  outputs: [a]", "wrong-output-count"),
        ("residual:", "wrong-type"),
        ("residual: [{LSTM: {units: 1, return_state: true}, outputs: [a, b, c]}]", "several-outputs"),
        ("residual: [ReLU]\n  layers: [Flatten]", "misplaced-key"),
        ("residual: [ReLU]\n  call: {training: true}", "misplaced-key"),
        ("repeat: 2", "missing-key"),
        ("repeat: 2\n  layers: [Flatten]\n  outputs: [a]", "misplaced-key"),
        ("formula: x * 2\n  from: x", "misplaced-key"),
        ("formula: x * 2\n  trainable: false", "misplaced-key"),
        ("formula: x * 2\n  call: {training: true}", "misplaced-key"),
        ("Dense: 1\n  shortcut: [Flatten]", "misplaced-key"),
    ],
)
def test_structures_that_cannot_be(load: Load, step: str, code: str) -> None:
    found = codes(load, model(f"- {step}", "{x: [5, 4]}"))
    assert {c for c, _ in found} == {code}, found


# --- wiring -----------------------------------------------------------------------------------------------
def test_tensors_by_the_names_of_call_arguments(load: Load) -> None:
    text = "- {Dense: 4, name: m}\n- MultiHeadAttention: {num_heads: 1, key_dim: 2}\n"
    text += "  from: {query: x, value: m}\n  call: {use_causal_mask: true}"
    node = graph(load(model(text, "{x: [5, 4]}"))).nodes[-1]
    assert node.inputs == (("", "x"), ("value", "m"))
    assert node.settings == {"use_causal_mask": True}


def test_lists_of_states_and_nulls(load: Load) -> None:
    text = "- LSTM: {units: 4}\n  from: {sequences: x, initial_state: [h, c]}"
    assert lines(graph(load(model(text, "{x: [5, 4], h: [4], c: [4]}")))) == [
        "lstm = LSTM(x, initial_state=[h, c])"
    ]


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("Dense: 1\n  from: y", "unknown-name"),
        ("Dense: 1\n  from: later", "later-name"),
        ("Dense: 1\n  from: x.h", "unknown-name"),
        ("Dense: 1\n  from: [x, x]", "wrong-input-count"),
        ("Dense: 1\n  from: {inputs: x, y: x}", "unknown-input"),
        ("Add", "wrong-input-count"),
        ("Add:\n  from: x", "wrong-input-count"),
        ("MultiHeadAttention: {num_heads: 1, key_dim: 2}", "missing-input"),
        ("MultiHeadAttention: {num_heads: 1, key_dim: 2}\n  from: [x, x]", "wrong-input-count"),
        ("Dense: 1\n  call: {trainng: true}", "unknown-argument"),
        ("Dense: 1\n  from: width", "unknown-name"),
        ("Dense: 1\n  when: 1", "wrong-type"),
        ("Dense: $width.x", "bad-expression"),
    ],
)
def test_wiring_that_cannot_be(load: Load, step: str, code: str) -> None:
    text = model(
        f"- {step}\n- {{Dense: $width, name: later, from: x}}", "{x: [5, 4]}", before="params: {width: 2}\n"
    )
    assert [c for c, _ in codes(load, text)] == [code]


def test_what_uses_a_wrong_step_is_no_further_error(load: Load) -> None:
    text = "- {Dens: 1, name: a}\n- Flatten\n- Add:\n  from: [a, previous]\n- formula: a + previous"
    assert codes(load, model(text)) == [("unknown-layer", 5)]


# --- names ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["Upper", "1a", "a-b", "previous", "batch", "true", "'a b'"])
def test_names_of_steps(load: Load, name: str) -> None:
    found = codes(load, model(f"- {{Dense: 1, name: {name}}}"))
    assert {code for code, _ in found} <= {"bad-name", "wrong-type"} and len(found) == 1


LSTM = "LSTM: {units: 1, return_state: true}, from: s"


@pytest.mark.parametrize(
    "steps",
    [
        "- {Dense: 1, from: x, name: x}",
        "- {Dense: 1, from: x, name: a}\n- {Dense: 1, name: a}",
        f"- {{Dense: 1, from: x, name: a}}\n- {{{LSTM}, outputs: [a, b, c]}}\n- {{Dense: 1, from: b}}",
        f"- {{{LSTM}, outputs: [b, b, c]}}\n- {{Dense: 1, from: c}}",
        "- {Dense: 1, from: x, name: other}",
    ],
)
def test_each_name_is_given_once(load: Load, steps: str) -> None:
    before = "models:\n  other: {inputs: {y: [1]}, layers: [Flatten]}\n"
    found = codes(load, model(steps, "{x: [4], s: [3, 4]}", before=before))
    assert [code for code, _ in found] == ["duplicate-name"]


def test_weights_and_inputs_share_the_names_of_tensors(load: Load) -> None:
    text = model("- formula: x", more="  weights: {x: {shape: [4]}}\n")
    assert [c for c, _ in codes(load, text)] == ["duplicate-name"]


def test_generated_names_do_not_take_those_of_the_user(load: Load) -> None:
    found = graph(load(model("- Dense: 1\n- Dense: 2\n- {Dense: 3, name: dense_1}")))
    assert [node.name for node in found.nodes] == ["dense", "dense_2", "dense_1"]


def test_generated_names_stay_when_another_step_is_put_in(load: Load) -> None:
    before = [n.name for n in graph(load(model("- Dense: 1\n- Flatten\n- Dense: 2"))).nodes]
    after = [n.name for n in graph(load(model("- Dense: 1\n- Dropout: 0.5\n- Flatten\n- Dense: 2"))).nodes]
    assert [name for name in after if name != "dropout"] == before


def test_names_in_one_use_of_a_block_do_not_depend_on_others(load: Load) -> None:
    blocks = "blocks:\n  b: {layers: [Dense: 4, Dense: 4]}\n"
    one = [n.name for n in graph(load(model("- {b: , name: head}", before=blocks))).nodes]
    two = [n.name for n in graph(load(model("- b\n- {b: , name: head}", before=blocks))).nodes]
    assert two[-len(one) :] == one == ["head.dense", "head.dense_1", "head"]


# --- blocks -----------------------------------------------------------------------------------------------
def test_each_use_of_a_block_makes_new_layers(load: Load) -> None:
    text = model(
        "- b: 3\n- b: {units: 5}",
        before="blocks:\n  b: {params: {units: {type: integer}}, layers: [Dense: $units]}\n",
    )
    assert lines(graph(load(text))) == ["b.dense = Dense(x)", "b_1.dense = Dense(b.dense)"]


def test_a_block_is_closed(load: Load) -> None:
    blocks = "params: {width: 3}\nblocks:\n  b: {layers: [Dense: $width]}\n"
    assert [c for c, _ in codes(load, model("- b", before=blocks))] == ["bad-expression"]
    blocks = "blocks:\n  b: {layers: [{Dense: 3, from: outer}]}\n"
    assert [c for c, _ in codes(load, model("- {Dense: 1, name: outer}\n- b", before=blocks))] == [
        "unknown-name"
    ]


def test_defaults_bring_outer_values_in_and_may_bear_their_names(load: Load) -> None:
    blocks = "params: {width: 3}\nlet: {twice: $(width * 2)}\n"
    blocks += "blocks:\n  b: {params: {width: $twice}, let: {more: $(width + 1)}, layers: [Dense: $more]}\n"
    (node,) = graph(load(model("- b", before=blocks))).nodes
    assert isinstance(node.operation, Layer) and node.operation.object.arguments == {"units": 7}


def test_a_block_with_several_inputs_and_outputs(load: Load) -> None:
    blocks = "blocks:\n  b:\n    inputs: [q, m]\n    outputs: {sum: s, flat: f}\n    layers:\n"
    blocks += "      - {Add: , from: [q, m], name: s}\n      - {Flatten: , name: f}\n"
    text = model(
        "- {b: , from: {m: x, q: y}, name: e}\n- {Add: , from: [e.sum, e.flat]}",
        "{x: [4], y: [4]}",
        before=blocks,
    )
    assert lines(graph(load(text))) == [
        "e.s = Add([y, x])",
        "e.f = Flatten(e.s)",
        "add = Add([e.s, e.f])",
    ]
    for wiring, code in [
        ("[x]", "wrong-input-count"),
        ("{q: x}", "missing-input"),
        ("{q: x, m: x, z: x}", "unknown-input"),
    ]:
        changed = text.replace("{m: x, q: y}", wiring)
        assert [c for c, _ in codes(load, changed)] == [code]


def test_a_block_that_uses_itself_is_refused(load: Load) -> None:
    blocks = "blocks:\n  a: {layers: [b]}\n  b: {layers: [a]}\n"
    assert [c for c, _ in codes(load, model("- a", before=blocks))] == ["recursive-block"]


def test_blocks_of_two_files_may_bear_one_name(load: Load) -> None:
    text = model("- b", before="import: {lib: lib.yaml}\nblocks:\n  b: {layers: [lib.a]}\n")
    lib = (
        "specc: 1\nparams: {n: 3}\nblocks:\n  a: {layers: [b]}\n  b: {params: {u: $n}, layers: [Dense: $u]}\n"
    )
    assert lines(graph(load(text, lib=lib))) == ["b.a.b.dense = Dense(x)"]


def test_errors_in_a_block_name_the_use(load: Load) -> None:
    blocks = "blocks:\n  b: {params: {units: {type: integer}}, layers: [Dense: $units, Flaten]}\n"
    found = wrong(load, model("- b\n- b: 3", before=blocks))
    assert sorted(d.code for d in found) == ["missing-parameter", "unknown-layer"]


# --- models -----------------------------------------------------------------------------------------------
TOWER = "models:\n  tower: {inputs: {t: [4]}, layers: [Dense: 2]}\n"


def test_a_model_is_shared_by_its_uses(load: Load) -> None:
    spec = load(
        model(
            "- {tower: , from: x, name: a}\n- {tower: , from: y, name: b}\n- {Add: , from: [a, b]}",
            "{x: [4], y: [4]}",
            before=TOWER,
        )
    )
    uses = [node for node in graph(spec).nodes if isinstance(node.operation, Use)]
    assert [node.operation.model for node in uses if isinstance(node.operation, Use)] == ["tower", "tower"]
    assert list(spec.models) == ["tower", "model"]


def test_a_model_with_several_outputs(load: Load) -> None:
    towers = "models:\n  pair:\n    inputs: {t: [4]}\n    outputs: [u, v]\n"
    towers += "    layers: [{Dense: 2, name: u}, {Dense: 2, name: v}]\n"
    text = model("- {pair: , name: p}\n- {Add: , from: [p.u, p.v]}", before=towers)
    assert lines(graph(load(text)))[-1] == "add = Add([p.u, p.v])"
    assert [c for c, _ in codes(load, text.replace("p.v", "p.w"))] == ["unknown-name"]
    assert [c for c, _ in codes(load, text.replace(", name: p", "").replace("[p.u, p.v]", "[x, x]"))] == [
        "unnamed-outputs"
    ]


def test_models_are_made_in_the_order_they_need_one_another(load: Load) -> None:
    text = "models:\n  b: {inputs: {t: [4]}, layers: [c]}\n  c: {inputs: {t: [4]}, layers: [Flatten]}\n"
    assert list(load(model("- b", before=text)).models) == ["c", "b", "model"]


def test_models_that_contain_one_another_are_refused(load: Load) -> None:
    text = "models:\n  b: {inputs: {t: [4]}, layers: [c]}\n  c: {inputs: {t: [4]}, layers: [b]}\n"
    assert [c for c, _ in codes(load, model("- b", before=text))] == ["recursive-model"]


def test_a_layer_may_hold_a_model(load: Load) -> None:
    found = graph(load(model("- TimeDistributed: {layer: tower}", "{x: [3, 4]}", before=TOWER)))
    (node,) = found.nodes
    assert isinstance(node.operation, Layer) and node.operation.object.arguments["layer"].model == "tower"


# --- reuse, trainable, weights ----------------------------------------------------------------------------
def test_reuse_calls_the_layer_again(load: Load) -> None:
    text = "- {Dense: 4, name: d}\n- {reuse: d, from: x, name: e}\n- {Add: , from: [d, e]}"
    assert lines(graph(load(model(text)))) == ["d = Dense(x)", "e = reuse d(x)", "add = Add([d, e])"]
    assert [c for c, _ in codes(load, model(text.replace("reuse: d", "reuse: f")))] == ["unknown-name"]


def test_trainable_reaches_all_that_is_within(load: Load) -> None:
    blocks = "blocks:\n  b:\n    weights: {w: {shape: [4]}}\n"
    blocks += "    layers: [Dense: 4, {Dense: 4, trainable: true}, {formula: previous + w}]\n"
    found = graph(load(model("- {b: , trainable: false}\n- Dense: 4", before=blocks)))
    assert [n.trainable for n in found.nodes if isinstance(n.operation, Layer)] == [False, False, None]
    assert [w.trainable for w in found.weights] == [False]


def test_weights_are_tensors_of_each_use(load: Load) -> None:
    blocks = "blocks:\n  b: {weights: {w: {shape: [4], initializer: zeros}}, layers: [formula: input + w]}\n"
    found = graph(load(model("- b\n- b", before=blocks)))
    assert [w.name for w in found.weights] == ["b.w", "b_1.w"]
    assert lines(found)[0].endswith("x + b.w")


@pytest.mark.parametrize(
    "weight", ["{shape: [0]}", "{shape: [null]}", "{shape: 3}", "{initializer: zeros}", "3"]
)
def test_weights_that_cannot_be(load: Load, weight: str) -> None:
    found = codes(load, model("- formula: x + w", more=f"  weights: {{w: {weight}}}\n"))
    assert found and {c for c, _ in found} <= {"wrong-type", "missing-key", "out-of-range"}


# --- outputs ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ("a", (("a", "a"),)),
        ("[a, b]", (("a", "a"), ("b", "b"))),
        ("{first: a, second: b}", (("first", "a"), ("second", "b"))),
        ("{only: a}", (("only", "only"),)),
        ("[x]", (("x", "identity"),)),
        ("{y: x}", (("y", "y"),)),
    ],
)
def test_outputs_of_a_model(load: Load, outputs: str, expected: tuple[tuple[str, str], ...]) -> None:
    text = model("- {Dense: 1, name: a}\n- {Dense: 1, name: b}", more=f"  outputs: {outputs}\n")
    assert graph(load(text)).outputs == expected


@pytest.mark.parametrize(
    ("outputs", "code"),
    [("c", "unknown-name"), ("[a, a]", "duplicate-name"), ("[3]", "wrong-type"), ("{u: [a]}", "wrong-type")],
)
def test_outputs_that_cannot_be(load: Load, outputs: str, code: str) -> None:
    text = model("- {Dense: 1, name: a}", more=f"  outputs: {outputs}\n")
    assert {c for c, _ in codes(load, text)} == {code}


def test_a_step_that_leads_nowhere_is_warned_of(load: Load) -> None:
    spec = load(model("- {Dense: 1, name: a}\n- {Dense: 1, name: b, from: x}"))
    assert [(w.code, w.span.line if w.span else 0) for w in spec.warnings] == [("unused-step", 5)]
    assert lines(graph(spec)) == ["b = Dense(x)"]


def test_a_key_that_is_a_list_makes_an_entry_for_each(load: Load) -> None:
    text = model("- {Add: , from: $kinds}", "{$kinds: [4]}", before="params: {kinds: [a, b]}\n")
    found = graph(load(text))
    assert [i.name for i in found.inputs] == ["a", "b"]
    assert lines(found) == ["add = Add([a, b])"]


def test_several_forms_of_a_model(load: Load) -> None:
    assert [c for c, _ in codes(load, "model: {inputs: {x: [4]}, layers: [Flatten], load: a.keras}\n")] == [
        "model-form"
    ]
    assert [c for c, _ in codes(load, "name: a\n")] == ["missing-key"]
    assert [c for c, _ in codes(load, "models:\n  a: {average_of: b}\n")] == ["unknown-block"]
