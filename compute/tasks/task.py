"""What is computed for one compound, as plain data with a digest: one class for each kind of task."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compute.protocols import HarmonicProtocol, Protocol, SamplingProtocol, digest

IDENTITY = 1
"""Counts what is not in a task and changes its numbers. The name of every shard and run holds it."""
_ALWAYS = {"a": None, "forces_sha256": None}
"""What every digest holds, of kinds of task too that have no such field: the names of shards are older than kinds."""
_PLACES = ("forces", "phonons")
"""Fields that say where something lies; what it is, is known by its content."""


@dataclass(frozen=True)
class _Task:
    """`checkpoint_sha256`, where it is given, is checked against the potential that a worker loads."""

    suite: str
    compound: str
    potential: str
    checkpoint_sha256: str | None

    @property
    def digest(self) -> str:
        """Name of the task's shard, and of its live job: structure, checkpoint, protocol and `IDENTITY`."""
        content = _ALWAYS | {key: value for key, value in asdict(self).items() if value is not None or key in _ALWAYS}
        content |= {"checkpoint_sha256": self.checkpoint_sha256, "schema": IDENTITY}
        content["protocol"] = self._settings.digest
        for place in _PLACES:
            content.pop(place, None)
        if "structure" in content:
            content["structure"] = hashlib.sha256(content["structure"].encode()).hexdigest()
        return digest(content)

    @property
    def _settings(self) -> Protocol:
        # Each kind has a `protocol` of its own; as a field here it would stand before theirs.
        protocol: Protocol = vars(self)["protocol"]
        return protocol

    @property
    def seed(self) -> int:
        """Seed of the random numbers: the same task gives the same digits."""
        return int(self.digest[:8], 16)

    def to_plain(self) -> dict[str, Any]:
        """The task as JSON, without what it does not have."""
        plain = asdict(self) | {"protocol": self._settings.model_dump(mode="json")}
        return {name: value for name, value in plain.items() if value is not None}


@dataclass(frozen=True)
class HarmonicTask(_Task):
    """Frequencies. `a` in Å is the published lattice constant, where there is one; `structure` the text of an uploaded
    CIF or POSCAR file, which says what the compound is."""

    protocol: HarmonicProtocol
    a: float | None = None
    structure: str | None = None


@dataclass(frozen=True)
class SigmaTask(_Task):
    """σ at temperature; `a` and `structure` as of `HarmonicTask`. `own_seed` is taken in place of the task's."""

    protocol: SamplingProtocol
    a: float | None = None
    structure: str | None = None
    own_seed: int | None = None

    @property
    def seed(self) -> int:
        """Seed of the random numbers."""
        return super().seed if self.own_seed is None else self.own_seed


@dataclass(frozen=True)
class StoredForcesTask(_Task):
    """Phonons of forces that a source stored of DFT and a potential, each with displacements of its own: the npz file
    `forces`, and its content."""

    protocol: HarmonicProtocol
    forces: str
    forces_sha256: str


@dataclass(frozen=True)
class DisplacementsTask(_Task):
    """A potential on DFT's displaced supercells. `phonons` is the folder of the tables that hold DFT's phonons of the
    compound, and `phonons_sha256` their digest; `forces` the npz file that stored the potential's forces, and its
    content, or None where they are computed."""

    protocol: HarmonicProtocol
    phonons: str
    phonons_sha256: str
    forces: str | None = None
    forces_sha256: str | None = None


@dataclass(frozen=True)
class AttributionTask(_Task):
    """A potential scored on the set of reference frames `frames`, a file of this content; with a `SamplingProtocol` it
    samples frames of its own beside them."""

    protocol: Protocol
    frames: str
    frames_sha256: str
    a: float | None = None


@dataclass(frozen=True)
class WellTask(_Task):
    """The tilt well of a double perovskite in the cell that DFT was asked about: lattice constant `a` in Å and anion
    coordinate `x`, of the potential `geometry_from`."""

    protocol: HarmonicProtocol
    a: float
    x: float
    geometry_from: str


Task = HarmonicTask | SigmaTask | StoredForcesTask | DisplacementsTask | AttributionTask | WellTask
ComputedTask = HarmonicTask | SigmaTask
"""Tasks that begin with the force constants of a crystal."""


def task_for(
    suite: str,
    compound: str,
    a: float | None,
    potential: str,
    checkpoint_sha256: str | None,
    protocol: Protocol,
    structure: str | None = None,
) -> ComputedTask:
    """The task of a compound and `protocol`, whose kind says which."""
    if isinstance(protocol, SamplingProtocol):
        return SigmaTask(suite, compound, potential, checkpoint_sha256, protocol, a, structure)
    return HarmonicTask(suite, compound, potential, checkpoint_sha256, protocol, a, structure)


def stored_forces_task(suite: str, path: Path, potential: str, protocol: HarmonicProtocol) -> StoredForcesTask:
    """The task of one npz file of stored forces, which is named by its material."""
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    return StoredForcesTask(suite, path.stem, potential, None, protocol, str(path), content)


def from_plain(plain: Mapping[str, Any]) -> Task:
    """The task that `to_plain` wrote: its kind is known by the fields that it alone has."""
    sampling = "sampler" in plain["protocol"]
    protocol = (SamplingProtocol if sampling else HarmonicProtocol).model_validate(plain["protocol"])
    given = {"checkpoint_sha256": None, **plain, "protocol": protocol}
    if "frames" in plain:
        return AttributionTask(**given)
    if "geometry_from" in plain:
        return WellTask(**given)
    if "phonons" in plain:
        return DisplacementsTask(**given)
    if "forces" in plain:
        return StoredForcesTask(**given)
    return (SigmaTask if sampling else HarmonicTask)(**given)
