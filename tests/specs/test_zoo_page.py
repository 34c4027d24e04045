"""The table of the zoo is that of today's specs, and parameters are as many as the sources state."""

from __future__ import annotations

from statistics import median

import pytest
from variants import PAPERS, VARIANTS, Variant
from zoo_files import CLASSIFIERS, ROOT, name_of
from zoo_page import PAGE, figures, lines, row

STATED = [variant for variant in VARIANTS if not variant.constructor and not variant.parameters]


@pytest.mark.parametrize("variant", STATED, ids=lambda variant: variant.label)
def test_as_many_parameters_as_stated(variant: Variant) -> None:
    trained = figures(ROOT / f"{variant.spec}.yaml", variant.params).trained
    assert variant.agrees(trained), f"{trained:,}"


def test_every_family_is_held_to_something() -> None:
    assert {variant.spec for variant in VARIANTS} == set(PAPERS) >= set(map(name_of, CLASSIFIERS))


def test_half_of_the_families_are_short() -> None:
    assert median(lines(ROOT / f"{spec}.yaml") for spec in PAPERS) < 60


def test_the_page_is_current() -> None:
    page = PAGE.read_text(encoding="utf-8").splitlines()
    told = [line for line in page if line.startswith("| [")]
    assert len(told) == len(VARIANTS)
    for variant, line in zip(VARIANTS, told, strict=True):
        assert line == row(variant, line.split(" | ")[-1].removesuffix(" |"))
