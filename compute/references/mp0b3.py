"""Suite mp0b3: materials with DFT and MACE-MP-0b3 forces on displaced supercells, one npz file each.

Source: github.com/JaGeo/mace-mp-03b-phonon-benchmark, doi:10.5281/zenodo.15462975.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from compute.references.checks import SourceError
from compute.structures.forcesets import ForceSet

POTENTIAL = "mace-mp-0b3-medium"
# Relative difference up to which two cells are the same crystal, relaxed with two methods.
_SAME_CELL = 0.15
_KEYS = {
    "cell": "cell",
    "numbers": "numbers",
    "scaled": "scaled",
    "supercell_matrix": "supercell_matrix",
    "primitive_matrix": "primitive_matrix",
    "super_scaled": "super_scaled",
    "atoms": "disp_atom",
    "displacements": "disp",
    "forces": "forces",
}


@dataclass(frozen=True)
class Material:
    """One material with the forces of both methods, each in its own relaxed cell.

    `formula` is that of the MACE forces. `mismatch` says why the two cannot be compared; None where they can. Those
    that can share the primitive matrix, so that a q point means the same in both.
    """

    id: str
    formula: str
    dft: ForceSet
    mace: ForceSet
    mismatch: str | None


def files(source: Path) -> list[Path]:
    """The npz files of the folder `source`, by name; `SourceError` where there are none."""
    found = sorted(source.glob("*.npz")) if source.is_dir() else []
    if not found:
        raise SourceError(f"{source} is not a folder of npz files, one per material")
    return found


def read(path: Path) -> Material:
    """The material in the npz file `path`. Raises `SourceError` naming the file and what is wrong."""
    with np.load(path, allow_pickle=False) as archive:
        dft, mace = (_force_set(path, archive, prefix) for prefix in ("dft", "mace"))
    mismatch = _mismatch(dft, mace)
    if mismatch is None:
        mace = replace(mace, primitive_matrix=dft.primitive_matrix)
    return Material(path.stem, _formula(mace), dft, mace, mismatch)


def _mismatch(dft: ForceSet, mace: ForceSet) -> str | None:
    if sorted(dft.numbers) != sorted(mace.numbers):
        return f"the source's DFT forces are of {_formula(dft)}, its MACE forces of {_formula(mace)}"
    if np.linalg.norm(dft.cell - mace.cell) > _SAME_CELL * np.linalg.norm(dft.cell):
        return "the source's DFT and MACE cells differ in setting"
    same_atoms = np.array_equal(dft.numbers, mace.numbers)
    if not (same_atoms and np.array_equal(dft.supercell_matrix, mace.supercell_matrix)):
        return "the source's DFT and MACE supercells differ"
    return None


def _formula(forces: ForceSet) -> str:
    from ase.symbols import Symbols

    return str(Symbols(forces.numbers).formula.reduce()[0].format("metal"))


def _force_set(path: Path, archive: np.lib.npyio.NpzFile, prefix: str) -> ForceSet:
    missing = [f"{prefix}_{key}" for key in _KEYS.values() if f"{prefix}_{key}" not in archive]
    if missing:
        raise SourceError(f"{path.name}: missing {', '.join(missing)}")
    arrays = {name: archive[f"{prefix}_{key}"] for name, key in _KEYS.items()}
    forces, size = arrays["forces"], len(arrays["super_scaled"])
    if forces.shape != (len(arrays["displacements"]), size, 3):
        raise SourceError(f"{path.name}: {prefix}_forces has shape {forces.shape}, not (displacements, {size}, 3)")
    if not np.isfinite(forces).all():
        raise SourceError(f"{path.name}: {prefix}_forces holds values that are not finite")
    length = np.linalg.norm(arrays["displacements"], axis=1)
    if length.min() < 1e-4 or length.max() > 0.1:
        raise SourceError(f"{path.name}: {prefix}_disp is {length.max():g} long; the unit is Å, 0.01 is usual")
    return ForceSet(**arrays)
