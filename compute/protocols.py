"""How something is computed: protocols, frozen, validated and digested.

Plain data, so that the web can name them without importing the stack that carries them out.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer, model_validator

from compute.suites import SUITES


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Named(_Settings):
    name: str
    method: int = Field(default=1, ge=1, description="raised when the code changes what the same settings give")

    @property
    def digest(self) -> str:
        """First 16 hex digits of the sha256 over the settings, sorted by name."""
        return digest(self.model_dump(mode="json"))


class HarmonicProtocol(_Named):
    """Settings of one harmonic calculation; its digest is part of every result's identity."""

    geometry: Literal["reference", "relaxed"]
    supercell: int | None = Field(
        default=2, ge=1, le=6, description="repeats of the primitive cell along each axis; None: as published"
    )
    displacement: float = Field(default=0.01, gt=0, le=0.1, description="finite displacement, Å")
    dtype: Literal["float32", "float64"] = "float64"
    symmetrise: Literal["symfc", "none"] = "symfc"
    q_set: Literal["commensurate"] = "commensurate"
    tolerance_thz: float = Field(default=0.1, ge=0, description="stable when the softest ω > −tolerance, THz")
    max_force: float = Field(default=1e-4, gt=0, description="relaxed when every |F| is below, eV/Å")
    max_pressure: float = Field(default=1e-5, gt=0, description="relaxed when |p| is below, eV/Å³")
    max_relax_steps: int = Field(default=100, ge=1)
    # Came later: where there is none, the settings have the digest that they had before.
    ladder: tuple[float, ...] | None = Field(
        default=None,
        min_length=3,
        exclude_if=lambda rungs: rungs is None,
        description="amplitudes of the frozen softest mode, as multiples of displacement",
    )

    @model_validator(mode="after")
    def _rising(self) -> HarmonicProtocol:
        if self.ladder and (self.ladder[0] != 1 or list(self.ladder) != sorted(set(self.ladder))):
            raise ValueError(f"ladder must rise from 1: {self.ladder}")
        return self


_LADDER = (1, 3, 5)

HARMONIC_PROTOCOLS: dict[str, HarmonicProtocol] = {
    protocol.name: protocol
    for protocol in (
        HarmonicProtocol(name="reference-geometry", geometry="reference", ladder=_LADDER),
        HarmonicProtocol(name="relaxed-geometry", geometry="relaxed", ladder=_LADDER),
        # Forces that others published, each method in its own relaxed cell; stored in single precision.
        HarmonicProtocol(name="published-forces", method=2, geometry="relaxed", supercell=None, dtype="float32"),
        # Forces on DFT's own displaced supercells, published or computed here, held against DFT's force constants.
        HarmonicProtocol(name="published-displacements", geometry="reference", supercell=None),
        # Frequencies that others published: along a path; lowest and highest alone; quantiles.
        HarmonicProtocol(name="published-bands", geometry="relaxed", supercell=None, symmetrise="none"),
        HarmonicProtocol(name="published-extremes", geometry="relaxed", supercell=None, symmetrise="none"),
    )
}


class Langevin(_Settings):
    """BAOAB dynamics from thermal harmonic displacements, in every replica for `discard` and then `keep`."""

    kind: Literal["langevin"] = "langevin"
    friction_time: float = Field(default=200, ge=100, le=1000, description="1/γ, fs; critical for a mode of 0.4 THz")
    timestep: float = Field(default=2, gt=0, le=5, description="longest timestep, fs")
    phase: float = Field(
        default=0.25, gt=0, le=0.5, description="longest timestep of the stiffest mode, as ω·dt in radians"
    )
    stride: int = Field(default=5, ge=1, description="steps from one frame to the next")
    discard: float = Field(gt=0, description="time not sampled, fs")
    keep: float = Field(gt=0, description="shortest time sampled, fs")
    longest: float = Field(gt=0, description="time sampled at which a run ends whatever its error, fs")
    imaginary: Literal["absolute", "freeze"] = Field(
        default="absolute", description="imaginary modes at the start: at |ω|, or at rest"
    )
    floor_thz: float = Field(default=0.5, gt=0, description="no |ω| counts as less at the start, THz")

    @model_validator(mode="after")
    def _ordered(self) -> Langevin:
        if self.longest < self.keep:
            raise ValueError(f"longest ({self.longest:g} fs) is shorter than keep ({self.keep:g} fs)")
        return self


class Andersen(_Settings):
    """Velocity Verlet with Andersen collisions, from rest on the ideal sites: a ramp of the bath, then `steps` kept."""

    kind: Literal["andersen"] = "andersen"
    timestep: float = Field(gt=0, le=5, description="timestep, fs; the same for every compound, as published")
    probability: float = Field(gt=0, le=1, description="chance of a collision, per atom and step")
    ramp_from: float = Field(gt=0, description="temperature of the bath at the start, K")
    ramp_steps: int = Field(ge=1, description="steps in which the bath is heated, linearly; not sampled")
    steps: int = Field(ge=1, description="steps sampled, all of them frames")


class OneShot(_Settings):
    """Independent samples of the classical harmonic crystal."""

    kind: Literal["one-shot"] = "one-shot"
    samples: int = Field(ge=2, description="samples per replica")
    imaginary: Literal["refuse", "absolute", "freeze"] = Field(
        description="imaginary modes: no result, amplitude of |ω|, or at rest"
    )
    floor_thz: float = Field(default=0.2, gt=0, description="no |ω| counts as less, THz")


class SamplingProtocol(_Named):
    """Settings of one σ; its digest is part of every result's identity. `harmonic` makes geometry and Φ."""

    harmonic: HarmonicProtocol = HARMONIC_PROTOCOLS["reference-geometry"]
    sampler: Annotated[Langevin | Andersen | OneShot, Field(discriminator="kind")]
    temperature: float = Field(default=300, gt=0, description="K")
    dtype: Literal["float32", "float64"] = Field(default="float32", description="precision of the sampled forces")
    replicas: int = Field(default=1, ge=1, description="independent trajectories, each with a seed of its own")
    target_se: float | None = Field(
        default=None, gt=0, description="standard error of σ at which sampling ends; None: a fixed length"
    )
    threshold: float = Field(default=1, gt=0, description="stable when σ is below")

    @field_serializer("harmonic")
    def _without_ladder(self, harmonic: HarmonicProtocol) -> dict[str, Any]:
        """σ climbs no ladder: none is part of its settings or of their digest."""
        return harmonic.model_dump(mode="json", exclude={"ladder"})

    @property
    def geometry(self) -> Literal["reference", "relaxed"]:
        """Which cell is sampled."""
        return self.harmonic.geometry


Protocol = HarmonicProtocol | SamplingProtocol

# The schedule of suite hdp, and its variant of suite abx3, are the sources' own.
_PUBLISHED = {"hdp": (1.0, 2000), "abx3": (2.0, 800)}
SAMPLING_PROTOCOLS: dict[str, SamplingProtocol] = {
    protocol.name: protocol
    for protocol in (
        *(
            SamplingProtocol(
                name=f"published-{suite}",
                sampler=Andersen(timestep=timestep, probability=0.5, ramp_from=10, ramp_steps=100, steps=steps),
            )
            for suite, (timestep, steps) in _PUBLISHED.items()
        ),
        SamplingProtocol(
            name="converged",
            sampler=Langevin(discard=5_000, keep=10_000, longest=50_000),
            replicas=2,
            target_se=0.02,
        ),
        SamplingProtocol(name="quick", sampler=Langevin(discard=1_000, keep=2_000, longest=2_000)),
        SamplingProtocol(name="one-shot", sampler=OneShot(samples=25, imaginary="absolute"), replicas=2),
    )
}
SAMPLING_NAMES = ("published", "converged", "quick", "one-shot")


def sampling_protocol(name: str, suite: str) -> SamplingProtocol:
    """The sampling protocol `name` for `suite`, at the geometry of the suite's harmonic protocol.

    `published` is the schedule that the suite's own source used, and is named so. Raises `KeyError` for an unknown
    name, and `ValueError` for a suite without structures to sample.
    """
    harmonic = HARMONIC_PROTOCOLS[SUITES[suite].protocol]
    if harmonic.supercell is None:
        raise ValueError(f"suite {suite} has stored forces only: σ needs structures to sample")
    if name == "published" and suite not in _PUBLISHED:
        raise ValueError(f"suite {suite} has no published schedule; choose {', '.join(SAMPLING_NAMES[1:])}")
    preset = SAMPLING_PROTOCOLS[f"published-{suite}" if name == "published" else name]
    return preset.model_copy(update={"harmonic": harmonic})


def digest(settings: dict[str, Any]) -> str:
    """First 16 hex digits of the sha256 over canonical JSON of `settings`."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
