"""Options of the test run, and what is the same for every test."""

from collections.abc import Iterator

import pytest

from specc.catalog.plugins import registered


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write what is rendered now as expected")


@pytest.fixture(autouse=True)
def nothing_stays_registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers is gone after it, so that tests can run in any order."""
    before = registered.count
    monkeypatch.setattr(registered, "_signatures", {})
    monkeypatch.setattr(registered, "_factories", {})
    yield
    if registered.count != before:
        registered.count += 1
