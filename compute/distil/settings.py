"""What the distilled models are made from and how: every number and seed that decides them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

TEACHER = "chgnet-0.3.0"
SIZES = (250, 1_000, 4_000, 16_000)


def model_id(size: int) -> str:
    """Id of the model trained on the first `size` configurations."""
    return f"softmode-mace-distil-{size}"


class Recipe(BaseModel):
    """How configurations are drawn. Lengths in Å, times in fs, temperatures in K; shares are probabilities."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 2026
    test_compounds: tuple[int, int] = Field(default=(160, 80), description="held out, of abx3 and hdp")
    validation_compounds: tuple[int, int] = Field(default=(60, 40), description="of abx3 and hdp")
    per_held_out: int = Field(default=2, description="configurations per test or validation compound")
    least_seen: int = Field(default=3, description="each element is in so many compounds before others come")
    volume_strain: float = Field(default=0.03, description="largest change of the lattice constant, relative")
    shear_strain: float = Field(default=0.01, description="standard deviation of each component of a random strain")
    rattle: tuple[float, float] = Field(default=(0.01, 0.2), description="range of the standard deviation, log-uniform")
    dynamics_share: float = Field(default=0.15, description="configurations that dynamics of the teacher moves on")
    temperatures: tuple[float, float] = (300.0, 900.0)
    timestep: float = 4.0
    friction_time: float = 200.0
    steps: int = Field(default=12, description="steps of Langevin dynamics from the rattled start")
    together: int = Field(default=8, description="configurations that share one temperature")


class Training(BaseModel):
    """The architecture and its training, the same for every set of configurations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 7
    irreps: str = "16x0e + 16x1o"
    r_max: float = Field(default=5.0, description="Å")
    max_ell: int = 2
    correlation: int = 2
    layers: int = 2
    bessel: int = 8
    radial: tuple[int, ...] = (32, 32)
    readout: str = "16x0e"
    steps: int = Field(default=2400, description="optimiser steps, the same for every set")
    batch: int = Field(default=16, description="configurations per step")
    warm_up: int = Field(default=100, description="steps in which the learning rate rises; then it falls as a cosine")
    learning_rate: float = 0.01
    clip: float = Field(default=10.0, description="largest norm of the gradient")
    weights: tuple[float, float, float] = Field(
        default=(1.0, 10.0, 50.0), description="of energy per atom (eV), forces (eV/Å) and stress (eV/Å³) in the loss"
    )
    huber: float = Field(default=0.05, description="errors beyond it enter linearly, in the units of `weights`")
    evaluate_every: int = Field(default=200, description="steps between two looks at the validation set")
