"""One compound, one potential, one protocol, as plain data with a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from compute.protocols import HarmonicProtocol, Protocol, SamplingProtocol, digest

IDENTITY = 1
"""Counts what is not in a task and changes its numbers. The name of every shard and run holds it."""


@dataclass(frozen=True)
class Task:
    """What is computed for one compound. `a` in Å is the published lattice constant, where there is one.

    `checkpoint_sha256`, where it is given, is checked against the potential that a worker loads. `forces` names the
    npz file of stored forces, for the suite that has them, and `forces_sha256` its content. `structure` is the text of
    an uploaded CIF or POSCAR file, which says what the compound is. `frames` names the set of reference frames that the
    potential is scored on, and `frames_sha256` its file's content. `phonons` is the folder of the tables that hold
    DFT's phonons of the compound, for a protocol that displaces as DFT did, and `phonons_sha256` their digest.
    """

    suite: str
    compound: str
    a: float | None
    potential: str
    checkpoint_sha256: str | None
    protocol: Protocol
    forces: str | None = None
    forces_sha256: str | None = None
    structure: str | None = None
    frames: str | None = None
    frames_sha256: str | None = None
    phonons: str | None = None
    phonons_sha256: str | None = None

    @property
    def digest(self) -> str:
        """Name of the task's shard, and of its live job: structure, checkpoint, protocol and `IDENTITY`."""
        content = {**asdict(self), "protocol": self.protocol.digest, "schema": IDENTITY}
        # Stored forces are known by their content, wherever the file lies.
        del content["forces"], content["phonons"]
        if self.structure is not None:
            content["structure"] = hashlib.sha256(self.structure.encode()).hexdigest()
        # What came later counts only where it is given, so that older shards keep their names.
        later = {name for name in ("structure", "frames", "frames_sha256", "phonons_sha256") if content[name] is None}
        return digest({name: value for name, value in content.items() if name not in later})

    @property
    def seed(self) -> int:
        """Seed of the random numbers: the same task gives the same digits."""
        return int(self.digest[:8], 16)

    def to_plain(self) -> dict[str, Any]:
        """The task as JSON, without what it does not have."""
        plain = {**asdict(self), "protocol": self.protocol.model_dump(mode="json")}
        return {name: value for name, value in plain.items() if value is not None}


def from_plain(plain: Mapping[str, Any]) -> Task:
    """The task that `to_plain` wrote."""
    kind = SamplingProtocol if "sampler" in plain["protocol"] else HarmonicProtocol
    given = {"a": None, "checkpoint_sha256": None, **plain}
    return Task(**{**given, "protocol": kind.model_validate(plain["protocol"])})
