"""One compound, one potential, one protocol, as plain data with a digest."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from compute.protocols import Protocol, digest
from compute.tables import SCHEMA_MAJOR


@dataclass(frozen=True)
class Task:
    """What is computed for one compound. `a` in Å is the published lattice constant, where there is one.

    `checkpoint_sha256`, where it is given, is checked against the potential that a worker loads. `forces` names the
    npz file of stored forces, for the suite that has them, and `forces_sha256` its content.
    """

    suite: str
    compound: str
    a: float | None
    potential: str
    checkpoint_sha256: str | None
    protocol: Protocol
    forces: str | None = None
    forces_sha256: str | None = None

    @property
    def digest(self) -> str:
        """Name of the task's shard, and of its live job: structure, checkpoint, protocol and schema."""
        content = {**asdict(self), "protocol": self.protocol.digest, "schema": SCHEMA_MAJOR}
        # Stored forces are known by their content, wherever the file lies.
        del content["forces"]
        return digest(content)

    @property
    def seed(self) -> int:
        """Seed of the random numbers: the same task gives the same digits."""
        return int(self.digest[:8], 16)
