"""`objective:` stands for the program that the zoo writes out: the same weights after some steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2] / "specs"
LONG = {
    "gan/dcgan": ("{gan: {latent: $latent}}", 0),
    "gan/hinge": ("{gan: {latent: $latent, loss: hinge}}", 0),
    "gan/least_squares": ("{gan: {latent: $latent, loss: least_squares}}", 0),
    "gan/wgan_gp": ("{wgan_gp: {latent: $latent, rounds: $rounds, penalty: $penalty}}", 0),
    "autoencoder/vae": ("{vae: {beta: $beta}}", 0),
    "autoencoder/autoencoder": ("{autoencoder: {}}", 0),
    "gan/cyclegan": (
        "{cyclegan: {a: upright, b: turned, forth: to_turned, back: to_upright, critic_a: upright_critic, "
        "critic_b: turned_critic, cycle: $cycle}}",
        0,
    ),
    "distillation/distillation": ("{distillation: {}}", 1),
    "contrastive/simclr": ("{simclr: {temperature: $temperature}}", 0),
}


def trained(path: Path, position: int) -> dict[str, list[Any]]:
    """The weights of all models after three steps."""
    import tensorflow as tf

    from specc.frontend.load import load_spec
    from specc.lower.models import build_models
    from specc.training.programs.build import build_trainer
    from specc.training.programs.data import FieldData, fields_of

    spec = load_spec(path)
    assert spec.train is not None
    assert spec.data is not None
    program = spec.train.programs[position]
    models = build_models(spec)
    trainer = build_trainer(program, spec, models)
    names = tuple(fields_of(program))
    data = FieldData(spec.data, names, spec.models, root=spec.path.parent, seed=spec.seed)
    step = tf.function(trainer.train_step)
    for batch in data.batches("train", training=True).take(3):
        step(batch)
    return {name: model.get_weights() for name, model in models.items()}


@pytest.mark.parametrize("name", sorted(LONG))
def test_a_short_form_is_the_program_written_out(name: str, tmp_path: Path) -> None:
    import shutil

    from specc.frontend.load import load_spec

    shutil.copytree(ROOT / Path(name).parent, tmp_path / "specs")
    objective, position = LONG[name]
    written = tmp_path / "specs" / f"{Path(name).name}.yaml"
    short = tmp_path / "specs" / "short.yaml"
    keys = load_spec(written).sections["train"].names()
    nothing = ", ".join(f"{key}: null" for key in ("derive", "update", "metrics", "stages") if key in keys)
    frozen = "models: {teacher: {trainable: false}}\n" if name.startswith("distillation") else ""
    train = f"train: {{{nothing}, objective: {objective}}}\n"
    short.write_text(f"specc: 1\nextends: {written.name}\n{frozen}{train}", encoding="utf-8")
    longs, shorts = trained(written, position), trained(short, 0)
    for model, weights in longs.items():
        for mine, other in zip(shorts[model], weights, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-5, atol=2e-6, err_msg=model)


def test_every_objective_of_the_library_checks(tmp_path: Path) -> None:
    from specc.frontend.programs.objectives import objectives

    used = {objective.strip("{").partition(":")[0] for objective, _ in LONG.values()}
    assert used | {"diffusion"} == set(objectives())
