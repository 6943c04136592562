"""What can be asked of a live calculation, and which task it is; torch is not needed to say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from compute import tables
from compute.potentials.registry import entries, entry
from compute.protocols import (
    HARMONIC_PROTOCOLS,
    SAMPLING_NAMES,
    SUITES,
    HarmonicProtocol,
    Protocol,
    SamplingProtocol,
    sampling_protocol,
)
from compute.runs.task import Task
from compute.structures.compounds import identify
from compute.structures.formula import parse

HARMONIC_NAMES = tuple(name for name, protocol in HARMONIC_PROTOCOLS.items() if protocol.supercell is not None)
KELVIN = (10.0, 1000.0)


class JobRequest(BaseModel):
    """A calculation that a visitor asks for; what it says is checked on construction, the formula included.

    `suite` decides the structure type and the q points; without it, five atoms per formula unit mean abx3. `protocol`
    without a name is quick for σ, and for harmonic the published geometry where there is one. `temperature` is of σ.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Literal["harmonic", "sigma"]
    compound: str = Field(max_length=80, description="formula, elements in any order")
    suite: Literal["hdp", "abx3"] | None = None
    potential: str = Field(max_length=80, description="id of a registered potential")
    protocol: str | None = Field(default=None, max_length=40)
    temperature: float | None = Field(default=None, ge=KELVIN[0], le=KELVIN[1], description="K; 300 unless given")

    @field_validator("potential")
    @classmethod
    def _registered(cls, potential: str) -> str:
        return entry(potential).id

    @model_validator(mode="after")
    def _consistent(self) -> JobRequest:
        names = HARMONIC_NAMES if self.stage == "harmonic" else SAMPLING_NAMES
        if self.protocol is not None and self.protocol not in names:
            raise ValueError(f"no protocol {self.protocol!r} for {self.stage}: it is {' or '.join(names)}")
        if self.stage == "harmonic" and self.temperature is not None:
            raise ValueError("a harmonic calculation has no temperature")
        identify(self.compound, self.structure_suite)
        return self

    @property
    def structure_suite(self) -> str:
        """The suite whose structure type and q points are taken."""
        return self.suite or ("abx3" if sum(parse(self.compound).values()) == 5 else "hdp")


def task_of(request: JobRequest, data: Path) -> Task:
    """The task of `request`, with what the published tables in `data` say of its compound and its potential."""
    suite = request.structure_suite
    listed = tables.read_where(data, "references", suite=suite)
    published = {row["compound"]: row["lattice_constant"] for row in listed}
    compound = identify(request.compound, suite, published.keys()).formula
    known = tables.read_where(data, "potentials", potential=request.potential)
    a = published.get(compound)
    checkpoint = known[0]["checkpoint_sha256"] if known else None
    return Task(suite, compound, a, request.potential, checkpoint, _protocol(request, suite, a))


def potential_ids() -> tuple[str, ...]:
    """The potentials that can be asked for, in the order of the registry."""
    return tuple(entries())


def _protocol(request: JobRequest, suite: str, a: float | None) -> Protocol:
    relaxed = HARMONIC_PROTOCOLS["relaxed-geometry"]
    if request.stage == "harmonic":
        if request.protocol is not None:
            chosen: HarmonicProtocol = HARMONIC_PROTOCOLS[request.protocol]
            if chosen.geometry == "reference" and a is None:
                raise ValueError(f"no geometry of {request.compound} is published: use relaxed-geometry")
            return chosen
        return relaxed if a is None else HARMONIC_PROTOCOLS[SUITES[suite].protocol]
    settings: dict[str, Any] = {"temperature": request.temperature or 300.0}
    if a is None:
        settings["harmonic"] = relaxed
    found: SamplingProtocol = sampling_protocol(request.protocol or "quick", suite).model_copy(update=settings)
    return found
