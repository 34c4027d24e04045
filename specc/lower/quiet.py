"""Loading TensorFlow without the dozen lines that it prints while it is imported."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

_NOISE = re.compile(
    rb"WARNING: All log messages before absl|[IWE]\d{4} \d\d:\d\d:\d\d"
    rb"|To enable the following instructions|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
)


def load_tensorflow() -> None:
    """Import TensorFlow and Keras quietly, and let TensorFlow look for GPUs, which it also tells about."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with quiet():
        import_module("keras")
        import_module("tensorflow").config.list_physical_devices()


@contextmanager
def quiet() -> Iterator[None]:
    """Within, what TensorFlow logs is dropped; whatever else is printed on stderr comes after.

    TensorFlow 2.21 logs from C++, straight to the process's stderr, before any setting of its own takes
    effect; so the stream itself is put aside. Where an error is raised, everything is shown;
    an interrupt is none.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as aside:
        stderr = os.dup(2)
        os.dup2(aside.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        except KeyboardInterrupt:
            failed = False  # nothing went wrong that TensorFlow's log could explain
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            aside.seek(0)
            lines = aside.read().splitlines(keepends=True)
            lines = [line for line in lines if failed or not _NOISE.match(line)]
            os.write(stderr, b"".join(lines))
            os.close(stderr)
