"""The folder of a run: what lies in it, and how it is written so that nothing is ever half there."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from specc.data.paths import FITTED_FILE
from specc.source.diagnostic import Diagnostic, RunError, SpecError

Status = Literal["running", "finished", "interrupted", "failed"]
INITIAL_FILE = "initial_weights.json"
"""What became of each layer's weights where a run starts with those of another model."""
TRAINED = "trained"
"""The folder within a run's that holds the models of a training program, each by its name."""

SAMPLES = "samples"
"""The folder of pictures of what a training program's models make."""

FORMAT = 1
"""The version of `run.json`."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What `run.json` says of a run. Times are ISO 8601 with their zone; metrics are plain numbers.

    `metrics` are those of the last whole epoch, `best` those of the epoch whose weights are in
    `best.keras`, `test` those of `best.keras` on the test split (empty where there is none).
    """

    name: str
    status: Status
    started: str
    seed: int
    strategy: str
    devices: tuple[str, ...] = ()
    replicas: int = 1
    data_root: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    finished: str | None = None
    epochs: int = 0
    best_epoch: int | None = None
    metrics: dict[str, float | None] = field(default_factory=dict)
    best: dict[str, float | None] = field(default_factory=dict)
    test: dict[str, float | None] = field(default_factory=dict)
    error: str | None = None
    format: int = FORMAT


def finite(metrics: Mapping[str, Any]) -> dict[str, float | None]:
    """Metrics as JSON has them: numbers, and null for what is none."""
    numbers = {name: float(value) for name, value in metrics.items()}
    return {name: value if math.isfinite(value) else None for name, value in numbers.items()}


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run's folder and its record."""

    path: Path
    record: RunRecord

    @property
    def spec(self) -> Path:
        """The resolved spec."""
        return self.path / "spec.yaml"

    @property
    def metrics(self) -> Path:
        """One line of metrics per epoch."""
        return self.path / "metrics.csv"

    @property
    def fitted(self) -> Path:
        """What the fields' transforms have learnt."""
        return self.path / FITTED_FILE

    @property
    def best(self) -> Path:
        """The model of the best epoch."""
        return self.path / "best.keras"

    @property
    def last(self) -> Path:
        """The model as training left it, with its optimizer."""
        return self.path / "last.keras"

    def with_record(self, **changes: Any) -> RunFolder:
        """A copy whose record has these changes, which are written down."""
        changed = RunFolder(self.path, replace(self.record, **changes))
        changed.write_record()
        return changed

    def write_record(self) -> None:
        """Write `run.json`."""
        text = json.dumps(asdict(self.record), indent=2, ensure_ascii=False, allow_nan=False, default=str)
        self.write_text("run.json", text + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""
        self.write(name, lambda path: path.write_text(text, encoding="utf-8"))

    def write(self, name: str, writer: Callable[[Path], Any]) -> None:
        """Let `writer` make a file under another name, then put it in its place.

        Raises RunError where the folder cannot be written.
        """
        target = self.path / name
        temporary = target.with_name(f".writing-{target.name}")  # keeps the suffix: Keras goes by it
        with reporting(target):
            target.parent.mkdir(exist_ok=True)
            try:
                writer(temporary)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)


@contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write `path` into a RunError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        title = f"`{path}` cannot be written"
        raise RunError([Diagnostic("run-folder-unwritable", title, None, notes=(reason,))]) from error


def default_path(name: str, now: datetime) -> Path:
    """`runs/NAME-TIMESTAMP`, with a number after it where that is taken."""
    stem = re.sub(r"[^\w.-]+", "-", name).strip(".-") or "run"
    first = Path("runs") / f"{stem}-{now:%Y%m%d-%H%M%S}"
    path, number = first, 1
    while path.exists():
        number += 1
        path = first.with_name(f"{first.name}-{number}")
    return path


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raise SpecError where `path` holds something that a new run must not replace."""
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if overwrite and (path / "run.json").is_file():
        return
    title = f"`{path}` is not empty" if path.is_dir() else f"`{path}` is a file"
    hint = "give another folder, or overwrite the run (`--overwrite`)"
    if overwrite or not (path / "run.json").is_file():
        hint = "it holds no run, so it is never overwritten: give another folder"
    raise SpecError([Diagnostic("run-folder-taken", title, None, help=hint)])


EXAMPLES_FILE = "examples.png"
"""Examples of what the best model does, where the data are images."""

FILES = (
    "run.json",
    "spec.yaml",
    "metrics.csv",
    FITTED_FILE,
    INITIAL_FILE,
    "best.keras",
    "last.keras",
    "curves.png",
    EXAMPLES_FILE,
)
"""What a run writes itself."""


def create(path: Path, record: RunRecord, *, overwrite: bool = False) -> RunFolder:
    """Make the folder of a new run; an overwritten run's own files go, others stay.

    Raises SpecError where it is taken, RunError where it cannot be written.
    """
    check_free(path, overwrite=overwrite)
    with reporting(path):
        path.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (path / name).unlink(missing_ok=True)
        for name in (TRAINED, SAMPLES):
            if (path / name).is_dir() and not (path / name).is_symlink():
                shutil.rmtree(path / name)
    folder = RunFolder(path, record)
    folder.write_record()
    return folder


def read(path: Path) -> RunFolder:
    """The run in a folder. Raises SpecError where there is none, or its record is damaged."""
    if path.is_file():
        spec = path.suffix in (".yaml", ".yml")
        hint = f"this is a spec, train it first: `specc train {path}`" if spec else ""
        raise _invalid(path, "it is a file, not the folder of a run", hint)
    if not path.exists():
        raise _invalid(path, "there is no such folder")
    try:
        text = inside(path, "run.json").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise _invalid(path, "`run.json` is missing") from error
    except OSError as error:
        raise _invalid(path, f"`run.json`: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _invalid(path, "`run.json` is not JSON") from error
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid(path, "`run.json` is not JSON") from error
    return RunFolder(path, _record(path, data))


def _record(path: Path, data: Any) -> RunRecord:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise _invalid(path, f"`run.json` is not of format {FORMAT}")
    kinds: dict[str, Any] = {
        "name": str, "status": str, "started": str, "seed": int, "strategy": str, "devices": list,
        "replicas": int, "data_root": str, "params": dict, "versions": dict, "finished": (str, type(None)),
        "epochs": int, "best_epoch": (int, type(None)), "metrics": dict, "best": dict, "test": dict,
        "error": (str, type(None)), "format": int,
    }  # fmt: skip
    for name, kind in kinds.items():
        if not isinstance(data.get(name), kind):
            raise _invalid(path, f"`run.json` has no valid `{name}`")
    if data["status"] not in get_args(Status):
        raise _invalid(path, f"`run.json` has the unknown status `{data['status']}`")
    known = {name: data[name] for name in kinds}
    known["devices"] = tuple(str(device) for device in data["devices"])
    return RunRecord(**known)


def inside(path: Path, name: str) -> Path:
    """A file of a run's folder. Raises SpecError where it is a link that leads out of the folder."""
    found = path / name
    if not found.resolve().is_relative_to(path.resolve()):
        raise _invalid(path, f"`{name}` is a link that leads out of the folder")
    return found


def _invalid(path: Path, note: str, help: str = "") -> SpecError:
    title = f"`{path}` holds no valid run" if not path.is_file() else f"`{path}` is no run"
    return SpecError([Diagnostic("run-invalid", title, None, notes=(note,), help=help)])
