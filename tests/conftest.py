"""Options of the test run, and what is the same for every test."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from specc.catalog.plugins import registered

WHOLLY_SLOW = "\npytestmark = pytest.mark.slow\n"


settings.register_profile(
    "specc",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("specc")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write what is rendered now as expected")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without the slow tests, files of nothing else are not even read: they import TensorFlow."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return WHOLLY_SLOW in collection_path.read_text(encoding="utf-8") or None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Whoever imports TensorFlow without need makes everybody wait who runs `make fast`."""
    if session.config.option.markexpr == "not slow" and "tensorflow" in sys.modules:
        raise pytest.UsageError("a file of tests that are not slow imports TensorFlow")
    gc.collect()
    gc.freeze()  # what collection has made stays to the end: no later search for garbage goes through it


@pytest.fixture(autouse=True)
def tensorflow_is_for_slow_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that is not marked slow loads no TensorFlow."""
    before = "tensorflow" in sys.modules
    yield
    slow = request.node.get_closest_marker("slow") is not None
    assert before or slow or "tensorflow" not in sys.modules, "a test that loads TensorFlow is marked slow"


@pytest.fixture(autouse=True, scope="module")
def keras_is_as_new() -> Iterator[None]:
    """No file of tests finds draws, names, settings or models that another has left in Keras."""
    keras = sys.modules.get("keras")
    if keras is None:
        yield
        return
    policy, floatx, channels = (
        keras.config.dtype_policy(),
        keras.config.floatx(),
        keras.config.image_data_format(),
    )
    keras.utils.set_random_seed(0)
    yield
    assert keras.config.dtype_policy() == policy
    assert (keras.config.floatx(), keras.config.image_data_format()) == (floatx, channels)
    keras.backend.clear_session(free_memory=True)


@pytest.fixture(autouse=True)
def nothing_stays_registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers is gone after it, so that tests can run in any order."""
    before = registered.count
    monkeypatch.setattr(registered, "_signatures", {})
    monkeypatch.setattr(registered, "_factories", {})
    yield
    if registered.count != before:
        registered.count += 1
