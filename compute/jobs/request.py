"""What can be asked of a live calculation, and which task it is; torch is not needed to say so."""

from __future__ import annotations

import hashlib
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from compute.potentials.registry import entries, entry
from compute.protocols import (
    HARMONIC_PROTOCOLS,
    SAMPLING_NAMES,
    SAMPLING_PROTOCOLS,
    HarmonicProtocol,
    Protocol,
    SamplingProtocol,
    sampling_protocol,
)
from compute.settings import frames_directory
from compute.structures.compounds import identify
from compute.structures.formula import parse
from compute.suites import COMPUTABLE, SUITES, UPLOAD
from compute.tasks.task import AttributionTask, ComputedTask, Task, task_for

if typing.TYPE_CHECKING:
    ComputableSuite = str
else:  # in the document of the API it is one of these
    ComputableSuite = Literal[COMPUTABLE]

HARMONIC_NAMES = tuple(name for name, protocol in HARMONIC_PROTOCOLS.items() if protocol.supercell is not None)
KELVIN = (10.0, 1000.0)
LARGEST_UPLOAD = 100_000
MOST_ATOMS = 40
UPLOADED = "uploaded structure"
"""Stands for the compound of an upload until the worker has read it."""


class PublishedTables(typing.Protocol):
    """A release of the tables: a manifest, which reads its files, or one that the web holds in memory, verified."""

    def read_where(self, name: str, *, columns: Sequence[str] | None = None, **equal: str) -> list[dict[str, Any]]:
        """Rows of table `name` whose columns equal `equal`, with `columns` or all."""


class JobRequest(BaseModel):
    """A calculation that a visitor asks for; what it says is checked on construction, the formula included.

    It is about a `compound` or about an uploaded `structure`, which is read by the worker alone and taken as it is,
    unless `protocol` says relaxed-geometry. `suite` decides the structure type and the q points of a compound; without
    it, five atoms per formula unit mean abx3. `protocol` without a name is quick for σ, the published geometry where
    there is one for harmonic, and for attribution no frames of the potential's own. `temperature` is of σ.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Literal["harmonic", "sigma", "attribution"]
    compound: str | None = Field(default=None, max_length=80, description="formula, elements in any order")
    structure: str | None = Field(
        default=None,
        min_length=1,
        max_length=LARGEST_UPLOAD,
        description=f"text of a CIF or POSCAR file: up to {MOST_ATOMS} atoms in its primitive cell; no compound then",
    )
    suite: ComputableSuite | None = Field(default=None, description="set that the compound is or would be of")
    potential: str = Field(max_length=80, description="id of a registered potential")
    protocol: str | None = Field(default=None, max_length=40, description="name of a protocol of the stage")
    temperature: float | None = Field(default=None, ge=KELVIN[0], le=KELVIN[1], description="K; 300 unless given")

    @field_validator("potential")
    @classmethod
    def _registered(cls, potential: str) -> str:
        return entry(potential).id

    @model_validator(mode="after")
    def _consistent(self) -> JobRequest:
        names = protocol_names(self.stage, upload=self.structure is not None)
        if self.protocol is not None and self.protocol not in names:
            raise ValueError(f"no protocol {self.protocol!r} for {self.stage}: it is {' or '.join(names)}")
        if self.stage != "sigma" and self.temperature is not None:
            raise ValueError(f"{self.stage} takes no temperature")
        if (self.compound is None) == (self.structure is None):
            raise ValueError("give a compound or a structure, one of the two")
        if self.compound is not None:
            identify(self.compound, self.structure_suite)
        elif self.stage == "attribution":
            raise ValueError("attribution needs reference frames, and there are none of an uploaded structure")
        elif self.suite is not None:
            raise ValueError("an uploaded structure says itself what it is: give no suite")
        return self

    @property
    def structure_suite(self) -> str:
        """The suite whose structure type and q points are taken; `upload` where the structure will tell."""
        if self.compound is None:
            return UPLOAD
        return self.suite or ("abx3" if sum(parse(self.compound).values()) == 5 else "hdp")


def protocol_names(stage: str, *, upload: bool = False) -> tuple[str, ...]:
    """The protocols to choose from; a published schedule is that of a suite, which an upload has none of."""
    if stage == "harmonic":
        return HARMONIC_NAMES
    if stage == "attribution":
        return ("quick", "converged")
    return tuple(name for name in SAMPLING_NAMES if name != "published") if upload else SAMPLING_NAMES


def task_of(request: JobRequest, published: PublishedTables) -> Task:
    """The task of `request`, with what the `published` tables say of its compound and its potential."""
    known = published.read_where("potentials", potential=request.potential)
    checkpoint = known[0]["checkpoint_sha256"] if known else None
    if request.compound is None:
        protocol = _protocol(request, UPLOAD, None)
        return task_for(UPLOAD, UPLOADED, None, request.potential, checkpoint, protocol, request.structure)
    suite = request.structure_suite
    listed = published.read_where("references", columns=("compound", "lattice_constant"), suite=suite)
    constants = {row["compound"]: row["lattice_constant"] for row in listed}
    compound = identify(request.compound, suite, constants.keys()).formula
    a = constants.get(compound)
    task = task_for(suite, compound, a, request.potential, checkpoint, _protocol(request, suite, a))
    return _scored(task) if request.stage == "attribution" else task


def compounds_with_frames() -> dict[tuple[str, str], Path]:
    """Suite and compound to the file of their reference frames; the last by name where there are several."""
    files = sorted(frames_directory().glob("*-*-*.npz"))
    return {(path.stem.split("-")[0], path.stem.split("-")[1]): path for path in files}


def _scored(task: ComputedTask) -> AttributionTask:
    path = compounds_with_frames().get((task.suite, task.compound))
    if path is None:
        there = ", ".join(compound for _, compound in compounds_with_frames()) or "none"
        raise ValueError(f"there are no reference frames of {task.compound}; there are of {there}")
    return AttributionTask(
        task.suite, task.compound, task.potential, task.checkpoint_sha256, task.protocol,
        frames=path.stem, frames_sha256=hashlib.sha256(path.read_bytes()).hexdigest(), a=task.a,
    )  # fmt: skip


def potential_ids() -> tuple[str, ...]:
    """The potentials that can be asked for, in the order of the registry."""
    return tuple(entries())


def _protocol(request: JobRequest, suite: str, a: float | None) -> Protocol:
    as_given, relaxed = (HARMONIC_PROTOCOLS[name] for name in ("reference-geometry", "relaxed-geometry"))
    if request.stage == "attribution":
        return as_given if request.protocol is None else SAMPLING_PROTOCOLS[request.protocol]
    if request.stage == "harmonic":
        if request.protocol is not None:
            chosen: HarmonicProtocol = HARMONIC_PROTOCOLS[request.protocol]
            if chosen.geometry == "reference" and a is None and suite != UPLOAD:
                raise ValueError(f"no geometry of {request.compound} is published: use relaxed-geometry")
            return chosen
        if suite == UPLOAD:
            return as_given
        return relaxed if a is None else HARMONIC_PROTOCOLS[SUITES[suite].protocol]
    name = request.protocol or "quick"
    settings: dict[str, Any] = {"temperature": request.temperature or 300.0}
    if suite == UPLOAD:
        return SAMPLING_PROTOCOLS[name].model_copy(update=settings)
    if a is None:
        settings["harmonic"] = relaxed
    found: SamplingProtocol = sampling_protocol(name, suite).model_copy(update=settings)
    return found
