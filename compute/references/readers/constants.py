"""Force constants in the files that phonopy writes, for the ideal supercell of some frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.references.readers import phonopy_file
from compute.structures.force_constants import determined, full_force_constants, phonopy_atoms
from compute.structures.sites import Crystal, FramesError, same_sites

if TYPE_CHECKING:
    from phonopy import Phonopy

Found = tuple[np.ndarray, tuple[str, ...]]

SOLVED = ("force_constants.hdf5", "FORCE_CONSTANTS")
FILES = (*SOLVED, "FORCE_SETS")
_SYMPRECS = (1e-5, 1e-4, 1e-3, 1e-2)  # Å
# Largest ‖F + Φu‖ / ‖F‖ on the data that Φ was made from: what is anharmonic grows with the displacements, here by
# root mean square component. Measured on a perovskite in the right order of atoms: 0.01 for single atoms moved by
# 0.01 Å, and 0.06, 0.16 and 0.33 for all atoms moved by 0.02, 0.05 and 0.1 Å; 0.38 to 0.58 in another order.
_LEFT, _LEFT_PER_ANGSTROM, _MOST_LEFT = 0.1, 4.0, 0.35
_RECOVERED = 1e-2  # of ‖Φ‖


def in_folder(folder: Path, names: Sequence[str] = FILES) -> Path | None:
    """The first file of `names` that `folder` holds, or None."""
    return next((folder / name for name in names if (folder / name).is_file()), None)


def read(path: Path, ideal: Crystal) -> Found:
    """Φ (N, N, 3, 3) in eV/Å² of the phonopy file `path`, in the order of `ideal`, and notes.

    A file without a structure is in the order of the phonopy yaml beside it where that describes the same supercell,
    else in that of `ideal`. Raises `FramesError`.
    """
    if not path.is_file():
        raise FramesError(f"There is no file of force constants {path}.")
    if phonopy_file.named_so(path):
        return of_content(phonopy_file.content(path), ideal)
    own, calculator, notes = _written_for(path.parent, ideal)
    if path.suffix in (".hdf5", ".h5"):
        values, rows = _hdf5(path, calculator)
        return full_force_constants(values, ideal, own, rows), notes
    if path.name.startswith("FORCE_CONSTANTS"):
        return full_force_constants(_text(path, calculator), ideal, own), notes
    if path.name.startswith("FORCE_SETS"):
        dataset = phonopy_file.force_sets(path, len(ideal.numbers), calculator)
        return full_force_constants(_in_this_order(path.name, own, dataset), ideal, own), notes
    raise FramesError(
        f"{path.name} is not a file of force constants: they are read from {', '.join(FILES)} and phonopy's yaml."
    )


def of_content(content: phonopy_file.Content, ideal: Crystal) -> Found:
    """Φ that a phonopy yaml stores, else from its displacements and forces, in the order of `ideal`, and notes."""
    if content.force_constants is not None:
        return full_force_constants(content.force_constants, ideal, content.crystal), ()
    if content.dataset is None:
        raise FramesError(f"{content.name} holds neither force constants nor forces, and there is no FORCE_SETS.")
    if content.forces_from is not None:
        values = _in_this_order(content.forces_from, content.crystal, content.dataset)
        return full_force_constants(values, ideal, content.crystal), ()
    # Displacements, forces and the order of their atoms are in one file: what Φ leaves of the forces is anharmonic.
    values = solved(content.crystal, content.dataset)
    left, most = unexplained(values, content.dataset)
    notes: tuple[str, ...] = ()
    if left > most:
        notes = (f"The force constants made from {content.name} leave {left:.0%} of its own forces unexplained.",)
    return full_force_constants(values, ideal, content.crystal), notes


def solved(crystal: Crystal, dataset: dict[str, Any]) -> np.ndarray:
    """Φ (N, N, 3, 3) in eV/Å² from a phonopy dataset with forces, made to obey symmetry and sum rule.

    Displacements of single atoms: finite differences and symfc's projector; of all atoms at once: symfc's fit
    (A. Seko and A. Togo, doi:10.1103/PhysRevB.110.214302). Raises `FramesError` where they do not suffice.
    """
    from phonopy.structure.dataset import get_displacements_and_forces

    moved, _ = get_displacements_and_forces(dataset)
    single = "first_atoms" in dataset
    still = np.flatnonzero(~moved.any(axis=(1, 2)))
    if len(still) and (single or len(still) == len(moved)):
        raise FramesError(f"Displacement {still[0] + 1} is zero: it says nothing of the force constants.")
    # The source chose its displacements with a tolerance of its own: the tightest that makes them sufficient is used.
    for symprec in _SYMPRECS:
        phonon = _phonopy(crystal, dataset, symprec)
        if determined(phonon) if single else _recovered(crystal, moved, symprec):
            return _fitted(phonon)
    raise FramesError(
        f"The displacements do not determine the force constants: {len(moved)} are too few, or leave out a direction."
    )


def unexplained(values: np.ndarray, dataset: dict[str, Any]) -> tuple[float, float]:
    """‖F + Φu‖ / ‖F‖ on the displacements u and forces F of `dataset`, which Φ was made from, and the most expected."""
    from phonopy.structure.dataset import get_displacements_and_forces

    moved, forces = get_displacements_and_forces(dataset)
    size = float(np.linalg.norm(forces))
    if not size:
        raise FramesError("All forces of the displacements are zero.")
    left = float(np.linalg.norm(forces + np.einsum("ijab,tjb->tia", values, moved))) / size
    typical = float(np.sqrt(np.square(moved[moved.any(axis=2)]).mean()))
    return left, min(_MOST_LEFT, _LEFT + _LEFT_PER_ANGSTROM * typical)


def _in_this_order(name: str, crystal: Crystal, dataset: dict[str, Any]) -> np.ndarray:
    """Φ from a dataset in the file `name`, which does not say whose atoms it lists: `FramesError` in another order."""
    values = solved(crystal, dataset)
    left, most = unexplained(values, dataset)
    if not left <= most:
        raise FramesError(
            f"The force constants made from {name} leave {left:.0%} of its own forces unexplained, where {most:.0%} is"
            " taken: its atoms are in another order than those of the structure, or it is another structure, or the"
            " displacements are too large for force constants."
        )
    return values


def _fitted(phonon: Phonopy) -> np.ndarray:
    if "first_atoms" in phonon.dataset:
        phonon.produce_force_constants()
        phonon.symmetrize_force_constants(use_symfc_projector=True)
    else:
        phonon.produce_force_constants(fc_calculator="symfc")
    return np.array(phonon.force_constants)


def _recovered(crystal: Crystal, moved: np.ndarray, symprec: float) -> bool:
    """Whether a fit to the displacements `moved` (T, N, 3) gives force constants back that are known beforehand."""
    size = len(crystal.numbers)
    trial = _phonopy(crystal, {"displacements": moved, "forces": np.zeros_like(moved)}, symprec)
    trial.force_constants = np.random.default_rng(0).normal(size=(size, size, 3, 3))
    trial.symmetrize_force_constants(use_symfc_projector=True)
    known = np.array(trial.force_constants)
    trial.forces = -np.einsum("ijab,tjb->tia", known, moved)
    return bool(np.linalg.norm(_fitted(trial) - known) < _RECOVERED * np.linalg.norm(known))


def _phonopy(crystal: Crystal, dataset: dict[str, Any], symprec: float) -> Phonopy:
    from phonopy import Phonopy
    from phonopy.structure.cells import guess_primitive_matrix

    # The supercell itself is the unit cell, so that its atoms keep their order whatever wrote them.
    cell = phonopy_atoms(crystal)
    primitive = guess_primitive_matrix(cell, symprec=symprec)
    phonon = Phonopy(cell, np.eye(3, dtype=int), primitive_matrix=primitive, symprec=symprec)
    phonon.dataset = dataset
    return phonon


def _hdf5(path: Path, calculator: str | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Values in eV/Å², and the atoms that compact rows are for where the file says so."""
    import h5py

    try:
        with h5py.File(path) as file:
            key = "fc2" if "fc2" in file else "force_constants"
            values, rows = np.array(file[key]), np.array(file["p2s_map"]) if "p2s_map" in file else None
            unit = file["physical_unit"][0].decode() if "physical_unit" in file else None
    except (OSError, KeyError) as error:
        raise FramesError(f"{path.name} holds no force constants: {error}.") from error
    return values * _factor(calculator, unit), rows


def _text(path: Path, calculator: str | None) -> np.ndarray:
    from phonopy.file_IO import parse_FORCE_CONSTANTS

    try:
        return parse_FORCE_CONSTANTS(path) * _factor(calculator)
    except (ValueError, IndexError) as error:
        raise FramesError(f"{path.name} holds no force constants: {error}.") from error


def _factor(calculator: str | None, unit: str | None = None) -> float:
    """From `unit`, else from the unit of the calculator, to eV/Å²."""
    from phonopy.interface.calculator import get_force_constant_conversion_factor
    from phonopy.physical_units import get_calculator_physical_units

    return get_force_constant_conversion_factor(
        unit or get_calculator_physical_units(calculator).force_constants_unit, None
    )


def _written_for(folder: Path, ideal: Crystal) -> tuple[Crystal, str | None, tuple[str, ...]]:
    """Supercell and calculator that a file in `folder` without a structure goes by; a note on a yaml passed over."""
    file = phonopy_file.in_folder(folder)
    if file is None:
        return ideal, None, ()
    content = phonopy_file.content(file)
    if same_sites(ideal, content.crystal) is None:
        return ideal, None, (f"{file.name} describes another supercell: the force constants are read without it.",)
    return content.crystal, content.calculator, ()
