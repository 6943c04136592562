"""Force constants in the files that phonopy writes, for the ideal supercell of some frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from compute.references.readers import phonopy_file
from compute.references.readers.fitted import fitted, notes_on_stored
from compute.sentence import said_by
from compute.structures.force_constants import full_force_constants
from compute.structures.sites import Crystal, FramesError, same_sites
from compute.text import first_of, text_of, with_fortran_numbers

Found = tuple[np.ndarray, tuple[str, ...]]

SOLVED = ("force_constants.hdf5", "FORCE_CONSTANTS")
FILES = (*SOLVED, "FORCE_SETS")


def in_folder(folder: Path, names: Sequence[str] = FILES) -> Path | None:
    """The first file of `names` that `folder` holds, packed or not, or None."""
    return first_of(folder, names)


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
        values, rows = _text(path, calculator)
        return full_force_constants(values, ideal, own, rows), notes
    if path.name.startswith("FORCE_SETS"):
        fit = fitted(own, phonopy_file.force_sets(path, len(ideal.numbers), calculator))
        fit.refuse_other_order(path.name)
        return full_force_constants(fit.values, ideal, own), (*notes, *fit.notes(path.name))
    raise FramesError(
        f"{path.name} is not a file of force constants: they are read from {', '.join(FILES)} and phonopy's yaml."
    )


def of_content(content: phonopy_file.Content, ideal: Crystal) -> Found:
    """Φ that a phonopy yaml stores, else from its displacements and forces, in the order of `ideal`, and notes."""
    if content.force_constants is not None:
        values = full_force_constants(content.force_constants, ideal, content.crystal)
        if content.dataset is None:
            return values, ()
        own = full_force_constants(content.force_constants, content.crystal)
        return values, notes_on_stored(own, content.crystal, content.dataset, content.name)
    if content.dataset is None:
        raise FramesError(f"{content.name} holds neither force constants nor forces, and there is no FORCE_SETS.")
    fit = fitted(content.crystal, content.dataset)
    if content.forces_from is not None:
        fit.refuse_other_order(content.forces_from)
    else:
        fit.refuse_contradiction(content.name)
    notes = fit.notes(content.forces_from or content.name)
    return full_force_constants(fit.values, ideal, content.crystal), notes


def _hdf5(path: Path, calculator: str | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Values in eV/Å², and the atoms that compact rows are for where the file says so."""
    import h5py

    try:
        with h5py.File(path) as file:
            key = next((name for name in ("fc2", "force_constants") if name in file), None)
            if key is None:
                raise FramesError(f"{path.name} holds no force constants, but {', '.join(file) or 'nothing'}.")
            values, rows = np.array(file[key]), np.array(file["p2s_map"]) if "p2s_map" in file else None
            unit = np.ravel(file["physical_unit"][()])[0] if "physical_unit" in file else None
    except (OSError, KeyError, IndexError, TypeError) as error:
        raise FramesError(f"{path.name} holds no force constants: {said_by(error)}.") from error
    if values.dtype.kind not in "fiu":
        raise FramesError(f"{path.name} holds no force constants: they are {values.dtype}, not real numbers.")
    named = unit.decode() if isinstance(unit, bytes) else None if unit is None else str(unit)
    try:
        return values * _factor(calculator, named), rows
    except (KeyError, ValueError) as error:
        raise FramesError(f"{path.name} gives its force constants in {named}, a unit that is not known.") from error


def _text(path: Path, calculator: str | None) -> tuple[np.ndarray, np.ndarray | None]:
    """The same of a text file: number of rows and atoms, and for each pair its two numbers and 3 × 3 values."""
    head, _, rest = with_fortran_numbers(text_of(path)).strip().partition("\n")
    words = head.split()
    if not words:
        raise FramesError(f"{path.name} is empty.")
    if len(words) not in (1, 2) or not all(word.isdecimal() for word in words):
        raise FramesError(f"{path.name} holds no force constants: “{head[:60]}” is not how many atoms they are for.")
    count, size = int(words[0]), int(words[-1])
    try:
        found = np.array(rest.split(), float)
    except ValueError as error:
        raise FramesError(f"{path.name} holds no force constants: {said_by(error)}.") from error
    if found.size != 11 * count * size:
        raise FramesError(
            f"{path.name} says that it holds {count} × {size} pairs of atoms; it has numbers for {found.size / 11:g}."
        )
    pairs = found.reshape(-1, 11)
    rows, first = np.unique(pairs[:, 0], return_inverse=True)
    second = pairs[:, 1].astype(int) - 1
    places = first * size + second
    if len(rows) != count or sorted(places) != list(range(count * size)):
        raise FramesError(f"{path.name} does not list every pair of atoms once.")
    values = np.empty((count * size, 3, 3))
    values[places] = pairs[:, 2:].reshape(-1, 3, 3)
    # Some number the rows on, others by the atoms that they are for.
    atoms = None if np.array_equal(rows, np.arange(1, count + 1)) else rows.astype(int) - 1
    return values.reshape(count, size, 3, 3) * _factor(calculator), atoms


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
