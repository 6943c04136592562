"""One potential on DFT's displaced supercells of one material: forces that a source stored, or computed here."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from compute.potentials.interface import Potential, Stopwatch
from compute.references import alexandria50
from compute.stages import dft_displacements as stage
from compute.stages import rows
from compute.stages.stored import StoredPhonons, site_order
from compute.structures.reference_phonons import ReferencePhonons, from_row
from compute.tasks.stored_phonons import kept, kept_forces
from compute.tasks.task import DisplacementsTask

Row = dict[str, Any]


def phonons_sha256(row: Row) -> str:
    """Digest of one row of the table `reference_phonons`."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()


def displaced_row(task: DisplacementsTask, potential: Callable[[str], Potential], cache_directory: Path | None) -> Row:
    """The row of `task`, whose protocol is about DFT's displacements.

    Raises `EvaluationError`, `SourceError`, or `ValueError` where the task's DFT is no longer what it was.
    """
    from compute.tables import read_where

    start = time.perf_counter()
    found = read_where(Path(task.phonons), "reference_phonons", suite=task.suite, compound=task.compound)
    if not found or phonons_sha256(found[0]) != task.phonons_sha256:
        raise ValueError(f"DFT's phonons of {task.compound} in {task.phonons} are not those of the campaign")
    reference = from_row(found[0])
    crystal = stage.crystal(reference)
    name = f"{task.suite}-{task.compound}-{task.phonons_sha256[:16]}"
    theirs = kept(cache_directory, f"{name}-dft", lambda: stage.dft_phonons(reference, crystal))
    if task.forces is None:
        model, seconds = _computed(task, potential, crystal, cache_directory, name)
    else:
        forces = _stored(Path(task.forces), task.potential, reference, crystal)
        model, seconds = stage.potential_phonons(crystal, forces, at_rest_removed=False), None
    error = stage.hessian_error(crystal, model, theirs)
    row = {**rows.stored_row(model, theirs, None, task.protocol), **rows.hessian_columns(error)}
    return {**row, "seconds": time.perf_counter() - start, "force_seconds": seconds}


def _computed(
    task: DisplacementsTask,
    potential: Callable[[str], Potential],
    crystal: Any,
    cache_directory: Path | None,
    name: str,
) -> tuple[StoredPhonons, float]:
    clock = Stopwatch(potential(task.protocol.dtype))
    named = f"{name}-{task.potential}-{clock.checkpoint_sha256[:16]}-{task.protocol.dtype}"
    forces = kept_forces(cache_directory, named, lambda: stage.evaluated(clock, crystal))
    return stage.potential_phonons(crystal, forces, at_rest_removed=True), clock.seconds


def _stored(path: Path, potential: str, reference: ReferencePhonons, crystal: Any) -> np.ndarray:
    """Forces (k, N, 3) of `potential` in the file `path`, in the order of atoms and displacements of `reference`."""
    here = alexandria50.read(path).potentials[potential]
    order = site_order(crystal.supercell.scaled_positions, here.super_scaled)
    same = np.array_equal(np.argsort(order)[here.atoms], reference.atoms) and np.allclose(
        here.displacements, reference.displacements
    )
    if not same:
        raise ValueError(f"{path.name}: the displacements are not those of DFT's phonons")
    return np.asarray(here.forces)[:, order]
