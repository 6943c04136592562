"""What every reader is given beside the frames: the ideal structure and the force constants, each in a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compute.references.readers import phonopy_file
from compute.sentence import said_by
from compute.structures import cif, poscar
from compute.structures.sites import Crystal, FramesError, StructureError
from compute.text import text_of

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class Extras:
    """What the user names, in place of what a layout holds. `first_is_ideal` and `forces_key` are for trajectories."""

    ideal: Path | None = None
    first_is_ideal: bool = False
    force_constants: Path | None = None
    forces_key: str | None = None

    def refuse_of_trajectories(self, path: Path) -> None:
        """`FramesError` where something is named that only an extxyz or traj file can have."""
        if self.first_is_ideal:
            raise FramesError(f"{path.name}: only a trajectory can have the ideal structure as its first frame.")
        if self.forces_key is not None:
            raise FramesError(f"{path.name}: only a trajectory can have forces under the name {self.forces_key}.")


def crystal_in(path: Path) -> Crystal:
    """The ideal supercell in the structure file `path`: any format of ASE, or the supercell of a phonopy yaml.

    Raises `FramesError`, one sentence, for whatever is no structure.
    """
    if not path.is_file():
        raise FramesError(f"There is no structure file {path}.")
    if not path.stat().st_size:
        raise FramesError(f"The structure file {path.name} is empty.")
    if phonopy_file.named_so(path):
        return phonopy_file.content(path).crystal
    try:
        return Crystal.of(_atoms(path))
    except StructureError as error:
        raise FramesError(f"{path.name}: {error}") from error


def _atoms(path: Path) -> Atoms:
    """CIF and POSCAR as uploads are read, the rest by ASE."""
    from ase.io import read
    from ase.io.formats import filetype

    try:
        kind = filetype(str(path))
        if kind == "cif":
            return cif.read(text_of(path))
        if kind == "vasp":
            return poscar.read(text_of(path))
        held = read(path, index=":", format=kind)
    except StructureError:
        raise
    except Exception as error:  # the boundary to the parsers of ASE, which raise whatever they meet
        why = f"it is cut short, damaged or of another kind ({said_by(error)})"
        raise FramesError(f"{path.name} cannot be read as a structure: {why}.") from error
    images = [atoms for atoms in held if hasattr(atoms, "numbers") and len(atoms)]
    if not images:
        raise FramesError(f"{path.name} cannot be read as a structure: it holds no atoms.")
    if len(images) > 1:
        raise FramesError(f"{path.name} holds {len(images)} structures: give a file with the ideal one alone.")
    return images[0]


def name_of(path: Path) -> str:
    """The name that a source is remembered by: its own, without the folders of one machine."""
    return path.resolve().name


def in_order(paths: list[Path]) -> list[Path]:
    """`paths` by the numbers in their names: run_2 before run_10."""
    return sorted(paths, key=lambda path: [int(n) if n.isdigit() else n for n in re.split(r"(\d+)", path.name)])
