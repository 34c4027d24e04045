"""Loading TensorFlow without the dozen lines that it prints while it is imported."""

from __future__ import annotations

import os
import sys
import tempfile
from importlib import import_module


def load_tensorflow() -> None:
    """Import TensorFlow and Keras; what they print meanwhile is shown only where they cannot be imported.

    TensorFlow 2.21 logs from C++, straight to the process's stderr, before any setting of its own takes
    effect; so the stream itself is put aside.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as aside:
        stderr = os.dup(2)
        os.dup2(aside.fileno(), 2)
        try:
            import_module("keras")
            import_module("tensorflow").config.list_physical_devices()  # looks for GPUs, and says so
        except BaseException:
            aside.seek(0)
            os.write(stderr, aside.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
