"""`python -m benchmarks.applications [NAME …]`: keras.applications to specs and to Python, and back to Keras.

Each constructor by itself, in fresh memory: with the same random weights, batch statistics among them, the
model, the one its decompiled spec compiles to, and the one that the spec's Python source builds are asked
about two pictures. The errors in the table are relative to the largest number that the original gives.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

LEAST = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
"""The smallest pictures that a network takes, where they are not of 32 by 32."""
HEAD = """| model | layers | parameters | lines, one a layer | lines | spec | model.py |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |"""
AGREE = 1e-5


def measure(name: str, folder: Path) -> dict[str, Any]:
    """What comes of one constructor, all but the Python source's answers; in this process."""
    import keras
    import numpy as np

    import specc
    from benchmarks.plain_keras import answers, fill, plan

    size = LEAST.get(name, 32)
    model = getattr(keras.applications, name)(
        weights=None, input_shape=(size, size, 3), classifier_activation=None
    )
    planned = plan(model)
    (folder / "plan.json").write_text(json.dumps(planned), encoding="utf-8")
    fill(model, planned)
    wanted = answers(model)
    text = specc.decompile(model)
    found = {
        "layers": len(list(model._flatten_layers())) - 1,
        "parameters": model.count_params(),
        "flat": specc.decompile(model, flat=True).count("\n"),
        "lines": text.count("\n"),
        "differs": float(np.max(np.abs(wanted[0] - wanted[1])) / np.max(np.abs(wanted))),
    }
    np.save(folder / "wanted.npy", wanted)
    (folder / "spec.yaml").write_text(text, encoding="utf-8")
    (folder / "model.py").write_text(specc.to_python(folder / "spec.yaml"), encoding="utf-8")
    del model
    keras.backend.clear_session()
    gc.collect()
    again = specc.compile(folder / "spec.yaml")
    fill(again, planned)
    assert again.count_params() == found["parameters"]
    return found | {"spec": _error(answers(again), wanted)}


def _error(found: Any, wanted: Any) -> float:
    import numpy as np

    return float(np.max(np.abs(found - wanted)) / np.max(np.abs(wanted)))


def both(name: str, folder: Path) -> dict[str, Any]:
    """What comes of one constructor, each part in a process of its own."""
    own = [sys.executable, "-m", "benchmarks.applications", "--into", str(folder), name]
    found: dict[str, Any] = json.loads(_run(own).splitlines()[-1])
    _run([sys.executable, str(Path(__file__).with_name("plain_keras.py")), str(folder)])
    import numpy as np

    python, wanted = np.load(folder / "python.npy"), np.load(folder / "wanted.npy")
    return found | {"python": _error(python, wanted)}


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-800:])
    return done.stdout


def row(name: str, found: dict[str, Any]) -> str:
    """One line of the table."""
    counts = (found["layers"], found["parameters"], found["flat"], found["lines"])
    errors = (f"{found[way]:.1e}" if found[way] else "0" for way in ("spec", "python"))
    return " | ".join(["| " + name, *(f"{count:,}" for count in counts), *errors]) + " |"


def main() -> int:
    """Print the table; 1 where a model does not come back the same."""
    from specc.catalog.load import load

    parser = argparse.ArgumentParser(description="keras.applications to specs and back")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the specs are kept")
    given = parser.parse_args()
    if given.into:
        print(json.dumps(measure(given.names[0], given.into)))
        return 0
    print(HEAD, flush=True)
    failed = 0
    for name in given.names or sorted(load().applications):
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as temporary:
            folder = (given.keep / name) if given.keep else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                found = both(name, folder)
            except RuntimeError as error:
                failed += 1
                print(f"| {name} | {error} |", flush=True)
                continue
        wrong = not (found["spec"] <= AGREE and found["python"] <= AGREE and found["differs"] > 1e-3)
        failed += wrong
        seconds = time.monotonic() - start
        print(row(name, found), flush=True)
        print(f"{name}: {seconds:.0f} s{', does not agree' if wrong else ''}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
