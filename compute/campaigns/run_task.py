"""The functions that carry out a task: each takes one and returns a row, and a failure is a row too."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from compute.campaigns.extend import extended
from compute.campaigns.published.dft_displacements import displaced_row
from compute.campaigns.published.stored_phonons import cached_phonons, shared_path
from compute.campaigns.task import Task
from compute.potentials.environments.process import EvaluatorError
from compute.potentials.interface import EvaluationError, Potential
from compute.potentials.load import load
from compute.potentials.store import LoadError, file_sha256
from compute.protocols import HarmonicProtocol, SamplingProtocol
from compute.references import mp0b3
from compute.stages import rows
from compute.stages.anharmonic import Anharmonic, anharmonic
from compute.stages.guard import LeftSites, SamplingError
from compute.stages.harmonic import Harmonic, harmonic
from compute.stages.relax import RelaxationError
from compute.structures.compounds import Compound, identify
from compute.structures.uploaded import StructureError

Row = dict[str, Any]

FORCE_CONSTANTS, BANDS = "force_constants", "bands"
BESIDE = (FORCE_CONSTANTS, BANDS)
"""Tables of which a task's row may bring rows along, under their names."""


def run(
    task: Task,
    threads: int | None = None,
    cache_directory: str | None = None,
    wrap: Callable[[Potential], Potential] = lambda potential: potential,
    known: Row | None = None,
) -> Row:
    """The row of `task`; `threads` limits torch in this process, and `wrap` says what is asked for forces instead of
    the potential itself. `known` is a row of a harmonic task that lacks nothing but the ladder, as of `extend`.

    Beside the columns of the table, `traceback` may say what went wrong, and the names in `BESIDE` hold rows of those
    tables.
    """

    def potential(dtype: str) -> Potential:
        return wrap(potential_of(task, dtype, threads))

    def calculate() -> Row:
        if task.phonons is not None:
            return displaced_row(task, potential, Path(cache_directory) if cache_directory else None)
        if task.forces is not None:
            return _stored(task, Path(cache_directory) if cache_directory else None)
        if isinstance(task.protocol, SamplingProtocol):
            return _sigma(task, task.protocol, potential)
        if known is not None:
            return extended(known, compound_of(task), potential(task.protocol.dtype), task.protocol)
        return _harmonic(task, task.protocol, potential)

    return outcome(calculate)


def outcome(calculate: Callable[[], Row]) -> Row:
    """What `calculate` returns, or the row of its failure."""
    try:
        return calculate()
    except StructureError as error:
        return rows.failed("not-read", str(error))
    except RelaxationError as error:
        return rows.failed("not-relaxed", str(error))
    except LeftSites as error:
        return rows.left_sites(error)
    except SamplingError as error:
        return rows.failed(error.status, str(error))
    except EvaluatorError as error:
        return rows.failed("error", str(error))
    except EvaluationError as error:
        return rows.failed("not-described", str(error))
    except LoadError as error:
        return rows.failed("error", str(error))
    except Exception as error:  # noqa: BLE001  the boundary of a task: whatever it was, it becomes a row
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return {**rows.failed("error", reason), "traceback": traceback.format_exc()}


def _harmonic(task: Task, protocol: HarmonicProtocol, potential: Callable[[str], Potential]) -> Row:
    return harmonic_row(harmonic(compound_of(task), potential(protocol.dtype), protocol, task.a), protocol)


def harmonic_row(result: Harmonic, protocol: HarmonicProtocol) -> Row:
    """The row of `result` with its force constants."""
    return {**rows.harmonic_row(result, protocol), FORCE_CONSTANTS: [rows.force_constants_row(result.crystal)]}


def _sigma(task: Task, protocol: SamplingProtocol, potential: Callable[[str], Potential]) -> Row:
    still, moving = potential(protocol.harmonic.dtype), potential(protocol.dtype)
    result = anharmonic(compound_of(task), still, protocol, task.a, dynamics=moving, seed=task.seed)
    return sigma_row(result, protocol, task.seed)


def sigma_row(result: Anharmonic, protocol: SamplingProtocol, seed: int) -> Row:
    """The row of `result`, with its effective force constants where they were fitted."""
    row = rows.anharmonic_row(result, protocol, seed)
    if result.effective is None:
        return row
    effective = result.effective.force_constants
    return {**row, FORCE_CONSTANTS: [rows.force_constants_row(result.crystal, effective, protocol.temperature)]}


def compound_of(task: Task) -> Compound:
    """The task's compound."""
    return identify(task.compound, task.suite, [task.compound])


def _stored(task: Task, cache_directory: Path | None) -> Row:
    path = Path(str(task.forces))
    material = mp0b3.read(path)
    along = shared_path(material)
    model = cached_phonons(path, "mace", cache_directory)
    reference = None if material.mismatch else cached_phonons(path, "dft", cache_directory)
    bands = [rows.bands_row(task.potential, along, model.bands)]
    if reference is not None:
        bands.append(rows.bands_row("dft", along, reference.bands))
    return {**rows.stored_row(model, reference, material.mismatch, task.protocol), BANDS: bands}


def potential_of(task: Task, dtype: str, threads: int | None) -> Potential:
    """The task's potential, loaded once in this process; `threads` limits torch."""
    potential = _loaded(task.potential, dtype, threads)
    if task.checkpoint_sha256 not in (None, potential.checkpoint_sha256):
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
