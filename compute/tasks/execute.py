"""A task carried out, for campaigns, live jobs and commands alike: it becomes a row, and a failure is a row too.

Tasks on a crystal have two parts, each of which can be kept: `begin` gives geometry and force constants, `finish` the
row.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, assert_never

from compute.potentials.environments.process import EvaluatorError
from compute.potentials.interface import EvaluationError, Potential, Stopwatch
from compute.potentials.load import load
from compute.potentials.store import LoadError
from compute.protocols import HARMONIC_PROTOCOLS
from compute.references import mp0b3
from compute.stages import rows
from compute.stages.anharmonic import Anharmonic, sampled
from compute.stages.crystal import HarmonicCrystal, from_plain, harmonic_crystal, to_plain
from compute.stages.guard import LeftSites, SamplingError
from compute.stages.harmonic import Harmonic, frequencies
from compute.stages.relax import RelaxationError
from compute.stages.sampling import Progress, silent
from compute.structures.compounds import Compound, identify
from compute.structures.sites import StructureError
from compute.structures.upload_process import read_limited
from compute.structures.uploaded import Uploaded
from compute.tasks.attribution import attribution_row
from compute.tasks.dft_displacements import displaced_row
from compute.tasks.extend import extended
from compute.tasks.stored_phonons import cached_phonons, shared_path
from compute.tasks.task import (
    AttributionTask,
    ComputedTask,
    DisplacementsTask,
    HarmonicTask,
    SigmaTask,
    StoredForcesTask,
    Task,
    WellTask,
)
from compute.tasks.wells import well_row

Row = dict[str, Any]

FORCE_CONSTANTS, BANDS = "force_constants", "bands"
BESIDE = (FORCE_CONSTANTS, BANDS)
"""Tables of which a task's row may bring rows along, under their names."""


def potential_of(task: Task, dtype: str, threads: int | None = None) -> Potential:
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


def unwatched(potential: Potential, stage: str | None) -> Potential:
    """The potential itself."""
    return potential


def untold(stage: str) -> None:
    """Stages that nobody follows."""


@dataclass(frozen=True)
class Means:
    """With what a task is carried out.

    `load` gives its potential in a number type; `wrap` what is asked for forces in its place, given the potential and
    the stage, None where the stage tells its progress itself; `report` hears of each stage, and `sampling` as of
    `sample`. `cache` is a folder for phonons of stored forces. `known` is a row of a harmonic task that lacks nothing
    but the ladder, as of `extend`.
    """

    load: Callable[[Task, str], Potential] = potential_of
    wrap: Callable[[Potential, str | None], Potential] = unwatched
    report: Callable[[str], None] = untold
    sampling: Progress = silent
    cache: Path | None = None
    known: Row | None = None


@dataclass(frozen=True)
class Begun:
    """The first part of a task: its crystal with force constants, and what it took in s."""

    crystal: HarmonicCrystal
    checkpoint_sha256: str
    seconds: float
    force_seconds: float

    def to_plain(self) -> Row:
        """As JSON."""
        return {**vars(self), "crystal": to_plain(self.crystal)}


def begun_from_plain(task: ComputedTask, plain: Row) -> Begun:
    """What `Begun.to_plain` wrote of `task`."""
    crystal = from_plain(subject_of(task).compound, _harmonic_protocol(task), plain["crystal"])
    return Begun(**{**plain, "crystal": crystal})


def execute(task: Task, means: Means = Means()) -> Row:
    """The row of `task`.

    Beside the columns of the table, `traceback` may say what went wrong, and the names in `BESIDE` hold rows of those
    tables.
    """

    def carried_out() -> Row:
        match task:
            case HarmonicTask() if means.known is not None:
                potential = means.wrap(means.load(task, task.protocol.dtype), None)
                return extended(means.known, compound_of(task), potential, task.protocol)
            case HarmonicTask() | SigmaTask():
                return finish(task, begin(task, means), means)
            case StoredForcesTask():
                return _stored(task, means.cache)
            case DisplacementsTask():
                return displaced_row(task, lambda dtype: means.wrap(means.load(task, dtype), None), means.cache)
            case WellTask():
                return well_row(task, means.wrap(means.load(task, task.protocol.dtype), None))
            case AttributionTask():
                means.report("loading the potential")
                potential = means.load(task, HARMONIC_PROTOCOLS["reference-geometry"].dtype)
                return attribution_row(task, potential, means.wrap, means.report, means.sampling)
            case _:
                assert_never(task)

    return outcome(carried_out)


def outcome(calculate: Callable[[], Row]) -> Row:
    """What `calculate` returns, or the row of its failure: here alone errors become words of the column `status`."""
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


def begin(task: ComputedTask, means: Means) -> Begun:
    """Geometry and force constants of `task`. Raises the errors of `harmonic_crystal`."""
    start = time.perf_counter()
    protocol, subject = _harmonic_protocol(task), subject_of(task)
    means.report("loading the potential")
    potential = means.load(task, protocol.dtype)
    watched = Stopwatch(means.wrap(potential, "force constants"))
    crystal = harmonic_crystal(subject.compound, watched, protocol, subject.a, subject.x)
    return Begun(crystal, potential.checkpoint_sha256, time.perf_counter() - start, watched.seconds)


def finish(task: ComputedTask, begun: Begun, means: Means) -> Row:
    """The row of `task` from its first part. Raises the errors of `frequencies` and `sampled`."""
    means.report("frequencies" if isinstance(task, HarmonicTask) else "sampling")
    potential = means.wrap(means.load(task, task.protocol.dtype), None)
    if potential.checkpoint_sha256 != begun.checkpoint_sha256:
        raise ValueError(f"the force constants of {task.compound} belong to another checkpoint of {task.potential}")
    if isinstance(task, HarmonicTask):
        row = harmonic_row(frequencies(begun.crystal, potential, task.protocol), task)
    else:
        result = sampled(begun.crystal, potential, task.protocol, seed=task.seed, progress=means.sampling)
        row = sigma_row(result, task)
    times = {name: row[name] + getattr(begun, name) for name in ("seconds", "force_seconds")}
    return _named(row | times, task)


def harmonic_row(result: Harmonic, task: HarmonicTask) -> Row:
    """The row of `result` with its force constants."""
    return {**rows.harmonic_row(result, task.protocol), FORCE_CONSTANTS: [rows.force_constants_row(result.crystal)]}


def sigma_row(result: Anharmonic, task: SigmaTask) -> Row:
    """The row of `result`, with its effective force constants where they were fitted."""
    row = rows.anharmonic_row(result, task.protocol, task.seed)
    if result.effective is None:
        return row
    effective = result.effective.force_constants
    return {**row, FORCE_CONSTANTS: [rows.force_constants_row(result.crystal, effective, task.protocol.temperature)]}


def compound_of(task: Task) -> Compound:
    """The task's compound."""
    return identify(task.compound, task.suite, [task.compound])


def subject_of(task: ComputedTask) -> Uploaded:
    """The compound of `task` and its geometry, read from the structure where one was uploaded."""
    if task.structure is not None:
        return read_limited(task.structure)
    return Uploaded(compound_of(task), task.a, None, task.compound)


def _harmonic_protocol(task: ComputedTask) -> Any:
    return task.protocol if isinstance(task, HarmonicTask) else task.protocol.harmonic


def _named(row: Row, task: ComputedTask) -> Row:
    """`row`, with what an uploaded structure turned out to be."""
    if task.structure is None:
        return row
    subject = subject_of(task)
    compound = subject.compound
    geometry = "relaxed from it" if task.protocol.geometry == "relaxed" else "taken as it is"
    note = f"uploaded structure, {geometry}: {subject.described}; no published reference exists for it"
    reason = "; ".join(text for text in (row.get("reason"), note) if text)
    return {**row, "suite": compound.suite, "compound": compound.formula, "reason": reason}


def _stored(task: StoredForcesTask, cache_directory: Path | None) -> Row:
    path = Path(task.forces)
    material = mp0b3.read(path)
    along = shared_path(material)
    model = cached_phonons(path, "mace", cache_directory)
    reference = None if material.mismatch else cached_phonons(path, "dft", cache_directory)
    bands = [rows.bands_row(task.potential, along, model.bands)]
    if reference is not None:
        bands.append(rows.bands_row("dft", along, reference.bands))
    return {**rows.stored_row(model, reference, material.mismatch, task.protocol), BANDS: bands}
