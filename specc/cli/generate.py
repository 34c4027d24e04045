"""`specc generate`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from specc.cli.files import check_writable, write
from specc.cli.options import placed, plugin_option
from specc.cli.reports import plural
from specc.lower.quiet import load_tensorflow
from specc.source.diagnostic import Diagnostic, RunError, SpecError
from specc.source.scalars import resolve

RANGE = ".."
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp")


@click.command("generate")
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("-n", "count", default=16, show_default=True, type=click.IntRange(min=1), help="How many.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1), help="Of all draws.")
@click.option(
    "-i", "--input", "inputs", multiple=True, metavar="NAME=VALUE",
    help="An input: a number, several (0,3,5 or 0..9, taken in turn), an image, or a .npy file.",
)  # fmt: skip
@click.option("--name", metavar="NAME", help="Which of several ways under `generate`.")
@click.option(
    "--split", type=click.Choice(["train", "validation", "test"]),
    help="Where fields that are not given come from.  [default: the last there is]",
)  # fmt: skip
@click.option(
    "--data", "data_root", metavar="DIR", type=click.Path(path_type=Path),
    help="Where the paths in the run's `data:` start.",
)  # fmt: skip
@click.option(
    "-o", "out", metavar="OUT", type=click.Path(path_type=Path),
    help="A .png (all in one picture), a .npz (raw numbers), or a folder (one image a file).  "
    "[default: generated.png in the run]",
)  # fmt: skip
@plugin_option
def command(
    folder: Path,
    count: int,
    seed: int,
    inputs: tuple[str, ...],
    name: str | None,
    split: str | None,
    data_root: Path | None,
    out: Path | None,
) -> None:
    """Make new examples with the trained models of a RUN, as its spec says under `generate`.

    The same seed makes the same examples. What a generation needs and is not given by -i comes from the
    run's data: images to translate, say.
    """
    target = out or folder / "generated.png"
    if target.suffix not in (".png", ".npz", ""):
        raise click.BadParameter("a .png, a .npz or a folder", param_hint="'-o'")
    given: dict[str, Any] = {}
    for text in inputs:
        key, value = _given(text)
        if key in given:
            raise click.BadParameter(f"`{key}` is given twice", param_hint="'-i'")
        given[key] = value
    if out is not None and target.suffix:
        check_writable(target)
    load_tensorflow()
    from specc.inference.run import open_run

    run = open_run(folder)
    with placed(run.spec):
        made = run.generate(count, name=name, seed=seed, inputs=given, split=split, data_root=data_root)
    written, names = _write(made, target)
    told = plural(count, "example") if written >= count else f"the first {written} of {count} examples"
    click.echo(f"{target}: {told} of {', '.join(names)}")


def _given(text: str) -> tuple[str, Any]:
    """The name and the value of `NAME=VALUE`."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.BadParameter(f"`{text}` is not NAME=VALUE", param_hint="'-i'")
    path = Path(value)
    if path.suffix == ".npy":
        return name, _array(path)
    if path.suffix.lower() in IMAGES:
        return name, path
    first, dots, last = value.partition(RANGE)
    if dots:
        begin, end = _number(first, text), _number(last, text)
        if not 0 <= end - begin < 1_000_000:
            raise click.BadParameter(f"`{text}` is no range", param_hint="'-i'")
        return name, np.arange(begin, end + 1)
    numbers = [_number(part, text) for part in value.split(",")]
    return name, np.asarray(numbers if len(numbers) > 1 else numbers[0])


def _number(text: str, whole: str) -> int | float:
    try:
        found = resolve(text.strip())
    except OverflowError:
        found = None
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return found
    raise click.BadParameter(f"`{whole}`: `{text}` is no number", param_hint="'-i'")


def _array(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, why: str) -> SpecError:
    reason = why.splitlines()[0] if why else "unreadable"
    return SpecError([Diagnostic("unreadable-file", f"`{path}` cannot be read", None, notes=(reason,))])


def _no_picture(title: str) -> SpecError:
    help = "write the numbers: `-o FILE.npz`"
    return SpecError([Diagnostic("generate-output", title, None, help=help)])


def _write(made: dict[str, Any], target: Path) -> tuple[int, tuple[str, ...]]:
    """Write what was made; how many examples of which outputs the file or the folder holds."""
    from specc.report.samples import draw_samples, drawn, images_of, save

    if target.suffix == ".npz":
        write(target, lambda path: np.savez(path, **made))
        return max(len(values) for values in made.values()), tuple(made)
    images = images_of(made)
    if not images:
        raise _no_picture("no output is an image")
    for name in images:
        wrong = int((~np.isfinite(made[name])).any(axis=tuple(range(1, made[name].ndim))).sum())
        if wrong:
            examples = plural(len(made[name]), "example")
            raise _no_picture(f"`{name}` is infinite or no number (NaN) in {wrong} of {examples}")
    if target.suffix == ".png":
        write(target, lambda path: draw_samples(made, path))
        return drawn(images), tuple(images)
    try:
        target.mkdir(exist_ok=True)
    except OSError as error:
        notes = (error.strerror or str(error),)
        raise RunError(
            [Diagnostic("unwritable-file", f"`{target}` cannot be written", None, notes=notes)]
        ) from error
    for name, values in images.items():
        for number, image in enumerate(values):
            stem = f"{number:05d}.png" if len(images) == 1 else f"{name}-{number:05d}.png"
            write(target / stem, partial(save, image))
    return max(len(values) for values in images.values()), tuple(images)
