"""What a campaign computes for one compound: a task, and the functions that carry it out.

A task is plain data with a digest. A function takes one and returns a row; it never raises, because a failure is a
row too.
"""

from __future__ import annotations

import traceback
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from compute.potentials.evaluate import EvaluationError, Potential
from compute.potentials.load import load
from compute.potentials.store import file_sha256
from compute.protocols import HarmonicProtocol, Protocol, SamplingProtocol, digest
from compute.references import mp0b3
from compute.runs import rows
from compute.runs.stored import cached_phonons
from compute.stages.anharmonic import anharmonic
from compute.stages.guard import SamplingError
from compute.stages.harmonic import harmonic
from compute.stages.relax import RelaxationError
from compute.structures.compounds import Compound, identify
from compute.tables import SCHEMA_MAJOR

Row = dict[str, Any]

FORCE_CONSTANTS = "force_constants"


@dataclass(frozen=True)
class Task:
    """One compound, one potential, one protocol. `a` in Å is the published lattice constant, where there is one.

    `checkpoint_sha256` is checked against the potential that a worker loads. `forces` names the npz file of stored
    forces, for the suite that has them, and `forces_sha256` its content.
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
        """Name of the task's shard: structure, checkpoint, protocol and schema."""
        content = {**asdict(self), "protocol": self.protocol.digest, "schema": SCHEMA_MAJOR}
        # Stored forces are known by their content, wherever the file lies.
        del content["forces"]
        return digest(content)

    @property
    def seed(self) -> int:
        """Seed of the random numbers: the same task gives the same digits."""
        return int(self.digest[:8], 16)


def run(task: Task, threads: int | None = None, cache_directory: str | None = None) -> Row:
    """The row of `task`; `threads` limits torch in this process.

    Beside the columns of the table, `traceback` may say what went wrong, and `FORCE_CONSTANTS` hold rows of that table.
    """
    try:
        if task.forces is not None:
            return _stored(task, Path(cache_directory) if cache_directory else None)
        if isinstance(task.protocol, SamplingProtocol):
            return _sigma(task, task.protocol, threads)
        return _harmonic(task, task.protocol, threads)
    except RelaxationError as error:
        return rows.failed("not-relaxed", str(error))
    except SamplingError as error:
        return rows.failed(error.status, str(error))
    except EvaluationError as error:
        return rows.failed("not-described", str(error))
    except Exception as error:  # noqa: BLE001  the boundary of a task: whatever it was, it becomes a row
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return {**rows.failed("error", reason), "traceback": traceback.format_exc()}


def _harmonic(task: Task, protocol: HarmonicProtocol, threads: int | None) -> Row:
    potential = _potential(task, protocol.dtype, threads)
    result = harmonic(_compound(task), potential, protocol, task.a)
    return {**rows.harmonic_row(result, protocol), FORCE_CONSTANTS: [rows.force_constants_row(result.crystal)]}


def _sigma(task: Task, protocol: SamplingProtocol, threads: int | None) -> Row:
    still, moving = (_potential(task, dtype, threads) for dtype in (protocol.harmonic.dtype, protocol.dtype))
    result = anharmonic(_compound(task), still, protocol, task.a, dynamics=moving, seed=task.seed)
    row = rows.anharmonic_row(result, protocol, task.seed)
    if result.effective is None:
        return row
    effective = result.effective.force_constants
    return {**row, FORCE_CONSTANTS: [rows.force_constants_row(result.crystal, effective, protocol.temperature)]}


def _compound(task: Task) -> Compound:
    return identify(task.compound, task.suite, [task.compound])


def _stored(task: Task, cache_directory: Path | None) -> Row:
    path = Path(str(task.forces))
    mismatch = mp0b3.read(path).mismatch
    reference = None if mismatch else cached_phonons(path, "dft", cache_directory)
    return rows.stored_row(cached_phonons(path, "mace", cache_directory), reference, mismatch, task.protocol)


def _potential(task: Task, dtype: str, threads: int | None) -> Potential:
    potential = _loaded(task.potential, dtype, threads)
    if potential.checkpoint_sha256 != task.checkpoint_sha256:
        raise ValueError(f"this worker's checkpoint of {task.potential} differs from the campaign's")
    return potential


@cache
def _loaded(potential: str, dtype: str, threads: int | None) -> Potential:
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    return load(potential, dtype=dtype)


def stored_task(path: Path, protocol: HarmonicProtocol) -> Task:
    """The task of one npz file of suite mp0b3."""
    return Task("mp0b3", path.stem, None, mp0b3.POTENTIAL, None, protocol, str(path), file_sha256(path))
