import os

import pytest

from specc.lower.quiet import quiet

NOISE = b"""\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795466180.839112   11072 port.cc:153] oneDNN custom operations are on.
2026-01-01 10:00:00.000000: I tensorflow/core/platform/cpu_feature_guard.cc:210] This TensorFlow binary
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow
"""


def test_noise_is_dropped_and_the_rest_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet():
        os.write(2, NOISE + b"I say something else\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "I say something else\nafter\n"


def test_where_it_fails_everything_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError), quiet():
        os.write(2, NOISE)
        raise ImportError
    assert capfd.readouterr().err.encode() == NOISE


def test_where_it_is_interrupted_the_noise_is_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), quiet():
        os.write(2, NOISE + b"I say something else\n")
        raise KeyboardInterrupt
    assert capfd.readouterr().err == "I say something else\n"
