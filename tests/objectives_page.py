"""The page `docs/objectives.md`: each objective with its spec in full, and a picture where there is one."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAD = """# Objectives

Ways of training beyond a loss of the model's outputs. Each is a spec that trains on scikit-learn's digits,
without any download, and is held by a test to a training step written by hand in Keras.
What the keys mean: [programs.md](programs.md).
Sizes are parameters. On MNIST's files, with `FILES` set to
`{idx: {image: t10k-images-idx3-ubyte.gz, label: t10k-labels-idx1-ubyte.gz}}`:

```sh
specc train specs/gan/wgan_gp.yaml -p size=28 -p brightest=255 --set "data.source=$FILES" --data DIR
```

This page is generated: `make generated`.
"""


@dataclass(frozen=True)
class Objective:
    """A spec of the page: where it lies, its heading, and the picture that shows it."""

    path: str
    title: str
    picture: str = ""


OBJECTIVES = (
    Objective("autoencoder/autoencoder", "Autoencoder"),
    Objective("autoencoder/denoising", "Denoising autoencoder", "denoising"),
    Objective("autoencoder/sparse", "Sparse autoencoder"),
    Objective("autoencoder/contractive", "Contractive autoencoder"),
    Objective("autoencoder/vae", "Variational autoencoder", "vae"),
    Objective("autoencoder/vq_vae", "VQ-VAE"),
    Objective("anomaly/reconstruction", "Anomalies by reconstruction"),
    Objective("gan/dcgan", "DCGAN"),
    Objective("gan/least_squares", "Least squares"),
    Objective("gan/hinge", "Hinge"),
    Objective("gan/wgan_gp", "WGAN-GP", "wgan_gp"),
    Objective("gan/conditional", "Conditional GAN", "conditional"),
    Objective("gan/auxiliary_classifier", "AC-GAN"),
    Objective("gan/pix2pix", "pix2pix"),
    Objective("gan/cyclegan", "CycleGAN", "cyclegan"),
    Objective("super_resolution/espcn", "Super-resolution", "espcn"),
    Objective("super_resolution/srgan", "SRGAN"),
    Objective("distillation/distillation", "Distillation"),
    Objective("contrastive/simclr", "SimCLR"),
    Objective("contrastive/clip", "CLIP"),
    Objective("diffusion/ddpm", "Diffusion", "ddpm"),
)


def objectives() -> str:
    """The whole page."""
    parts = [HEAD]
    for objective in OBJECTIVES:
        path = ROOT / "specs" / f"{objective.path}.yaml"
        lines = path.read_text(encoding="utf-8").rstrip().splitlines()[1:]
        if any(line.startswith("extends:") for line in lines):
            lines = lines[1:]  # what it extends lies beside it, not beside this page
        parts.append(
            f"## {objective.title}\n\n[specs/{objective.path}.yaml](../specs/{objective.path}.yaml)\n"
        )
        if objective.picture and (ROOT / "docs" / "samples" / f"{objective.picture}.png").is_file():
            parts.append(f"![{objective.title}](samples/{objective.picture}.png)\n")
        parts.append("\n".join(["```yaml", *lines, "```"]) + "\n")
    return "\n".join(parts)
