"""Every objective of the zoo against a step written by hand: the same weights after five steps."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SPECS = {
    "autoencoder": ("autoencoder/autoencoder", 0),
    "denoising": ("autoencoder/denoising", 0),
    "sparse": ("autoencoder/sparse", 0),
    "contractive": ("autoencoder/contractive", 0),
    "vae": ("autoencoder/vae", 0),
    "vq_vae": ("autoencoder/vq_vae", 0),
    "reconstruction": ("anomaly/reconstruction", 0),
    "dcgan": ("gan/dcgan", 0),
    "least_squares": ("gan/least_squares", 0),
    "hinge": ("gan/hinge", 0),
    "conditional": ("gan/conditional", 0),
    "auxiliary_classifier": ("gan/auxiliary_classifier", 0),
    "wgan_gp": ("gan/wgan_gp", 0),
    "pix2pix": ("gan/pix2pix", 0),
    "cyclegan": ("gan/cyclegan", 0),
    "espcn": ("super_resolution/espcn", 0),
    "srgan": ("super_resolution/srgan", 2),
    "distillation": ("distillation/distillation", 1),
    "simclr": ("contrastive/simclr", 0),
    "clip": ("contrastive/clip", 0),
    "ddpm": ("diffusion/ddpm", 0),
}
"""The spec of each objective, and which of its programs."""


def test_every_program_of_the_zoo_is_held_to_a_step_by_hand() -> None:
    held = {f"specs/{spec}.yaml" for spec, _ in SPECS.values()}
    written = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "specs").rglob("*.yaml")
        if "\n  update:" in path.read_text(encoding="utf-8")
    }
    assert written <= held


@pytest.mark.parametrize("name", sorted(SPECS))
def test_five_steps_are_those_by_hand(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    import tensorflow as tf

    from specc.frontend.load import load_spec
    from specc.lower.models import build_models
    from specc.training.programs.build import build_trainer
    from specc.training.programs.data import FieldData, fields_of

    monkeypatch.syspath_prepend(str(ROOT))
    sys.modules.pop("benchmarks", None)
    from benchmarks import steps_by_hand

    path, position = SPECS[name]
    spec = load_spec(ROOT / "specs" / f"{path}.yaml")
    assert spec.train is not None
    assert spec.data is not None
    program = spec.train.programs[position]
    models, others = build_models(spec), build_models(spec)
    trainer = build_trainer(program, spec, models)
    by_hand = getattr(steps_by_hand, name)(others, keras.random.SeedGenerator(spec.seed))
    data = FieldData(spec.data, tuple(fields_of(program)), spec.models, root=spec.path.parent, seed=spec.seed)
    one, other = tf.function(trainer.train_step), tf.function(by_hand)
    for batch in data.batches("train", training=True).take(5):
        logs, loss = one(batch), other(batch)
    assert np.isfinite(float(logs["loss"]))
    assert np.isfinite(float(loss))
    for model in models:
        for mine, theirs in zip(models[model].weights, others[model].weights, strict=True):
            np.testing.assert_allclose(
                mine.numpy(), theirs.numpy(), rtol=1e-5, atol=2e-6, err_msg=f"{model}: {mine.path}"
            )
