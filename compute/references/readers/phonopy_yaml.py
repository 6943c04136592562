"""phonopy_params.yaml, phonopy_disp.yaml or phonopy.yaml: every displaced supercell is a frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compute.references.readers import constants, phonopy_file
from compute.references.readers.source import Extras, crystal_in, name_of
from compute.structures.frames import NOT_STATED, Frames, frames_from_positions
from compute.structures.sites import FramesError


def found(path: Path) -> bool:
    """Whether `path` is a yaml file or a folder with one of phonopy."""
    return phonopy_file.named_so(path) if path.is_file() else phonopy_file.in_folder(path) is not None


def read(path: Path, extras: Extras) -> Frames:
    """The frames of the yaml file `path`, or of the one in the folder `path`; FORCE_SETS may hold the forces.

    Φ comes from the file that the user named, else from the yaml, from a file beside it, or from these very frames.
    Raises `FramesError` where there are no forces.
    """
    extras.refuse_of_trajectories(path)
    file = path if path.is_file() else phonopy_file.in_folder(path)
    assert file is not None, "`found` chose this reader"
    held = phonopy_file.content(file)
    if held.dataset is None:
        raise FramesError(f"{file.name} holds no forces, and there is no FORCE_SETS beside it.")
    dataset: Mapping[str, Any] = held.dataset
    displacements, forces = phonopy_file.displacements_and_forces(held.dataset)
    ideal = held.crystal if extras.ideal is None else crystal_in(extras.ideal)
    named = extras.force_constants
    if named is None and held.force_constants is None:
        named = constants.in_folder(file.parent, constants.SOLVED)
    values, notes = constants.of_content(held, ideal) if named is None else constants.read(named, ideal)
    if named is None and held.force_constants is None:
        notes = (*notes, "The force constants were made from these same frames.")
    return frames_from_positions(
        ideal.numbers,
        ideal.cell,
        ideal.positions,
        held.crystal.positions + displacements,
        forces,
        frame_numbers=held.crystal.numbers,
        frame_cells=held.crystal.cell,
        force_constants=values,
        energies=dataset.get("supercell_energies"),
        source=name_of(file),
        method=NOT_STATED if held.calculator is None else f"functional {NOT_STATED}, {held.calculator}",
        sampler="displacements of " + ("single atoms" if "first_atoms" in held.dataset else "all atoms at once"),
        notes=notes,
    )
