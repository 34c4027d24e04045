"""A small run of the differential tests: rules and Keras agree."""

import pytest

pytestmark = pytest.mark.slow


def test_rules_agree_with_keras() -> None:
    import differential
    import layer_cases
    import op_cases

    tallies = differential.run({**layer_cases.LAYERS, **op_cases.OPS}, cases=3000, start=1)
    wrong = [text for tally in tallies.values() for text in tally.disagreements]
    assert not wrong, "\n\n".join(wrong[:5])


def test_every_rule_has_cases() -> None:
    import layer_cases
    import op_cases

    from specc.catalog.rules import layer_kinds, op_names

    assert set(layer_cases.LAYERS) == set(layer_kinds())
    assert set(op_cases.OPS) <= set(op_names())
    assert len(layer_kinds()) >= 110
    assert len(op_cases.OPS) >= 160


@pytest.mark.parametrize(
    "name", ["MobileNetV3Small", "EfficientNetB0", "ConvNeXtTiny", "InceptionV3", "NASNetMobile"]
)
def test_applications(name: str) -> None:
    import applications

    asked, wrong = applications.disagreements(applications.skeleton(applications.constructors()[name]))
    assert asked > 90
    assert not wrong


def test_multiply_adds_of_tensorflows_profiler() -> None:
    import applications
    import profiled

    for name, model in profiled.models().items():
        assert applications.multiply_adds(model) == pytest.approx(profiled.profiled(model), rel=0.01), name
