"""The teacher as a surrogate reference: frames, forces and force constants of its own, so that no corner is missing.

Nothing here is DFT. A model is held against the potential that it was distilled from, which has an answer for every
configuration, also for those that the model samples: all eight corners σ[T, F, Φ] follow.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from compute import tables
from compute.distil.configurations import Parent
from compute.distil.settings import TEACHER
from compute.files import write_atomic
from compute.potentials import store
from compute.potentials.interface import EvaluationError, Potential
from compute.protocols import HARMONIC_PROTOCOLS, SAMPLING_PROTOCOLS, OneShot
from compute.references import readers
from compute.references.readers.npz import write_npz
from compute.stages import rows
from compute.stages.crystal import harmonic_crystal
from compute.stages.guard import SamplingError
from compute.stages.sampling import sample
from compute.stages.score import score
from compute.structures.frames import Frames
from compute.tables.schemas import SURROGATE

Row = dict[str, Any]
SET = f"{SURROGATE}-{TEACHER}"
HARMONIC = HARMONIC_PROTOCOLS["reference-geometry"]
# Two seeds of twelve independent harmonic samples, half of the preset: the teacher is asked about all of every model.
PROTOCOL = SAMPLING_PROTOCOLS["one-shot"].model_copy(
    update={"name": "one-shot-24", "sampler": OneShot(samples=12, imaginary="absolute")}
)


def frames_name(compound: str) -> str:
    """Name of the set of reference frames of `compound`, which says that it is no DFT."""
    return f"{SET}-{compound}"


def reference(parent: Parent, still: Potential, moving: Potential, directory: Path) -> Frames:
    """Frames of the teacher for an ABX3 `parent`, kept in `directory`: Φ of `still`, forces there of `moving`.

    Raises `SamplingError` or `EvaluationError`.
    """
    path = directory / f"{parent.compound.formula}.npz"
    if path.exists():
        return readers.read(path)
    crystal = harmonic_crystal(parent.compound, still, HARMONIC, parent.a)
    trajectory = sample(moving, crystal.supercell, crystal.force_constants, PROTOCOL)
    ideal = crystal.supercell
    frames = Frames(
        numbers=ideal.numbers,
        cell=ideal.cell.array,
        ideal=ideal.positions,
        displacements=trajectory.displacements,
        forces=trajectory.forces,
        seeds=trajectory.seeds,
        force_constants=crystal.force_constants,
        energies=trajectory.energies,
        source="Softmode",
        method=f"{TEACHER}, {moving.dtype}, a potential in place of DFT",
        sampler="harmonic samples of its own force constants",
        temperature=PROTOCOL.temperature,
    )
    directory.mkdir(parents=True, exist_ok=True)
    write_npz(frames, path)
    return frames


def attribution_row(
    parent: Parent, reference_frames: Callable[[], Frames], model: Potential, teacher: Potential
) -> Row:
    """The row of `model` against the teacher on `parent`, all eight corners, or that of its failure."""
    row: Row = {
        "frames": frames_name(parent.compound.formula),
        "suite": parent.compound.suite,
        "compound": parent.compound.formula,
        "potential": model.id,
        "checkpoint_sha256": model.checkpoint_sha256,
        "method": f"{TEACHER}, a potential in place of DFT",
        "sampler": "harmonic samples of its own force constants",
        "protocol": PROTOCOL.name,
    }
    try:
        frames = reference_frames()
        found = score(frames, model, displacement=HARMONIC.displacement, protocol=PROTOCOL, reference=teacher)
    except SamplingError as error:
        return row | rows.failed(error.status, str(error))
    except EvaluationError as error:
        return row | rows.failed("not-described", str(error))
    return row | {
        "temperature": frames.temperature,
        "n_atoms": len(frames.numbers),
        "n_frames": len(frames),
        **rows.attribution_row(found),
    }


def attribution_rows(
    parents: Sequence[Parent],
    models: Sequence[Potential],
    still: Potential,
    moving: Potential,
    directory: Path,
    progress: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """A row per parent and model, those that `directory` holds taken from there."""
    found = []
    for parent in parents:
        for model in models:
            path = directory / f"{parent.compound.formula}-{model.id}-{model.checkpoint_sha256[:8]}.json"
            if not path.exists():
                row = attribution_row(parent, partial(reference, parent, still, moving, directory), model, moving)
                write_atomic(path, json.dumps(row).encode())
            found.append(json.loads(path.read_text()))
            progress(found[-1])
    return found


def publish(data: Path, found: Sequence[Row]) -> None:
    """Publish `found` in the table `attribution`, in place of what was held against the teacher before."""
    models = {row["potential"] for row in found}
    with tables.publishing(data) as publication:
        kept = [
            row
            for row in publication.manifest.read("attribution").to_pylist()
            if not (row["frames"].startswith(SET) and row["potential"] in models)
        ]
        publication.replace("attribution", tables.from_rows("attribution", [*kept, *found]))
        publication.upsert("potentials", store.rows_with(models))
