"""What phonopy's yaml files and FORCE_SETS hold, in Å and eV.

phonopy's own loader is not used: it also reads what lies in the working directory, a stray BORN among it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.sentence import said_by
from compute.structures.sites import Crystal, FramesError
from compute.text import DAMAGED, first_of, text_of, unpacked, with_fortran_numbers

if TYPE_CHECKING:
    from phonopy.harmonic.displacement import (
        DisplacementDataset,
        FirstAtomDisplacementWithForces,
        Type1DisplacementDataset,
        Type2DisplacementDataset,
    )
    from phonopy.interface.phonopy_yaml import PhonopyYaml
    from phonopy.physical_units import CalculatorPhysicalUnits

_NAMES = ("phonopy_params.yaml", "phonopy_disp.yaml", "phonopy.yaml")
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, eq=False)
class Content:
    """One yaml file: the supercell in its order of atoms, phonopy's dataset with forces, and Φ, full or compact.

    `dataset` comes from FORCE_SETS beside the file where the file has no forces, and `forces_from` names it then; it
    and `force_constants` are None where there are none. `calculator` is phonopy's name for the program that gave the
    forces.
    """

    name: str
    crystal: Crystal
    dataset: DisplacementDataset | None
    force_constants: np.ndarray | None
    calculator: str | None
    forces_from: str | None = None


def named_so(path: Path) -> bool:
    """Whether the file name is that of a yaml, compressed or not."""
    return unpacked(path).suffix in _SUFFIXES


def in_folder(folder: Path) -> Path | None:
    """The phonopy yaml in `folder` that says most, or None."""
    return first_of(folder, _NAMES)


def content(path: Path) -> Content:
    """What the yaml `path` holds. Raises `FramesError` for a file that phonopy did not write."""
    from phonopy.interface.calculator import get_force_constant_conversion_factor
    from phonopy.physical_units import get_calculator_physical_units
    from phonopy.structure.cells import get_supercell
    from phonopy.structure.dataset import forces_in_dataset

    data = _parsed(path)
    units = get_calculator_physical_units(data.calculator)
    cell = data.supercell
    if cell is None:
        assert data.unitcell is not None, "`_parsed` refuses a file without it"
        assert data.supercell_matrix is not None, "`_parsed` refuses a file without it"
        cell = get_supercell(data.unitcell, data.supercell_matrix)
    crystal = Crystal(
        np.asarray(cell.numbers, np.int64), cell.cell * units.distance_to_A, cell.positions * units.distance_to_A
    )
    sets = first_of(path.parent, ["FORCE_SETS"])
    dataset, forces_from = None, None
    if data.dataset is not None and forces_in_dataset(data.dataset):
        dataset = _in_ev(data.dataset, units)
    elif sets is not None:
        dataset, forces_from = force_sets(sets, len(crystal.numbers), data.calculator), sets.name
    constants = data.force_constants
    if constants is not None:
        constants = constants * get_force_constant_conversion_factor(units.force_constants_unit, None)
    return Content(path.name, crystal, dataset, constants, data.calculator, forces_from)


def force_sets(path: Path, size: int, calculator: str | None = None) -> DisplacementDataset:
    """phonopy's dataset in the FORCE_SETS file `path` for a supercell of `size` atoms. Raises `FramesError`."""
    from phonopy.physical_units import get_calculator_physical_units

    lines = with_fortran_numbers(text_of(path)).splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not rows:
        raise FramesError(f"{path.name} is empty.")
    if len(rows[0]) not in (1, 6):
        raise FramesError(
            f"{path.name} is no FORCE_SETS of phonopy: its first line has {len(rows[0])} words, not 1 or 6."
        )
    dataset = _single(path.name, rows, size) if len(rows[0]) == 1 else _all_at_once(path.name, rows, size)
    return _in_ev(dataset, get_calculator_physical_units(calculator))


def displacements_and_forces(dataset: DisplacementDataset) -> tuple[np.ndarray, np.ndarray]:
    """Displacements and forces (T, N, 3) of all atoms in `dataset`. Raises `FramesError` where it holds no forces."""
    from phonopy.structure.dataset import get_displacements_and_forces

    displacements, forces = get_displacements_and_forces(dataset)
    if forces is None:
        raise FramesError("The displacements have no forces.")
    return displacements, forces


def _single(name: str, rows: list[list[str]], size: int) -> Type1DisplacementDataset:
    """The dataset of single-atom displacements: size, count, and for each its atom, its vector and N rows of forces."""
    if rows[0] != [str(size)]:
        raise FramesError(f"{name} is not one for a supercell of {size} atoms: it says {rows[0][0]}.")
    count = rows[1][0] if len(rows) > 1 and len(rows[1]) == 1 else ""
    if not count.isdecimal() or int(count) < 1:
        raise FramesError(f"{name} does not say in its second line how many displacements there are.")
    entries: list[FirstAtomDisplacementWithForces] = []
    for number in range(1, int(count) + 1):
        start = 2 + (number - 1) * (size + 2)
        block = rows[start : start + size + 2]
        where = f"{name}, displacement {number} of {count}"
        if len(block) < size + 2:
            raise FramesError(f"{where}: the file ends before its {size} forces do.")
        if len(block[0]) != 1 or not block[0][0].isdecimal() or not 1 <= int(block[0][0]) <= size:
            raise FramesError(f"{where}: “{' '.join(block[0])}” is not the number of an atom from 1 to {size}.")
        short = next((i for i, row in enumerate(block[1:]) if len(row) != 3), None)
        if short is not None:
            what = "the displacement" if short == 0 else f"the force on atom {short}"
            raise FramesError(f"{where}: {what} has {len(block[1 + short])} components, not 3: is a row missing?")
        vectors = _numbers(where, block[1:])
        entries.append({"number": int(block[0][0]) - 1, "displacement": vectors[0], "forces": vectors[1:]})
    over = len(rows) - 2 - int(count) * (size + 2)
    if over:
        raise FramesError(f"{name} goes on for {over} rows after its {count} displacements.")
    return {"natom": size, "first_atoms": entries}


def _all_at_once(name: str, rows: list[list[str]], size: int) -> Type2DisplacementDataset:
    """The dataset of displacements of all atoms: a row of displacement and force for each, N rows a supercell."""
    short = next((i for i, row in enumerate(rows, start=1) if len(row) != 6), None)
    if short is not None:
        raise FramesError(f"{name}, row {short}: {len(rows[short - 1])} numbers, not a displacement and a force.")
    if len(rows) % size:
        raise FramesError(f"{name} is not one for a supercell of {size} atoms: it has {len(rows)} rows, no multiple.")
    values = _numbers(name, rows).reshape(-1, size, 6)
    return {"displacements": values[:, :, :3].copy(), "forces": values[:, :, 3:].copy()}


def _numbers(where: str, rows: list[list[str]]) -> np.ndarray:
    try:
        values = np.array(rows, float)
    except ValueError as error:
        raise FramesError(f"{where}: not a number: {error}.") from error
    if not np.isfinite(values).all():
        raise FramesError(f"{where}: a value is not finite.")
    return values


def _parsed(path: Path) -> PhonopyYaml:
    from phonopy.interface.phonopy_yaml import PhonopyYaml
    from yaml import MarkedYAMLError, YAMLError

    try:
        data = PhonopyYaml().read(path)
    except MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}, "
        raise FramesError(f"{path.name} is not a yaml file of phonopy: {line}{error.problem}.") from error
    except (TypeError, KeyError, AttributeError) as error:
        raise FramesError(f"{path.name} is not a yaml file of phonopy: it is laid out in another way.") from error
    except (YAMLError, RuntimeError, ValueError, *DAMAGED) as error:
        raise FramesError(f"{path.name} is not a yaml file of phonopy: {said_by(error)}.") from error
    if data.supercell is None and (data.unitcell is None or data.supercell_matrix is None):
        raise FramesError(f"{path.name} holds no supercell of phonopy.")
    if data.site_mixture_scheme is not None:
        raise FramesError(f"{path.name} has sites shared by several elements: frames need one atom on each site.")
    return data


def _in_ev(dataset: Mapping[str, Any], units: CalculatorPhysicalUnits) -> DisplacementDataset:
    """`dataset` with displacements in Å, forces in eV/Å and energies in eV."""
    length, force = units.distance_to_A, units.force_to_eVperA
    if "first_atoms" in dataset:
        entries: list[FirstAtomDisplacementWithForces] = [
            {
                "number": int(e["number"]),
                "displacement": np.array(e["displacement"]) * length,
                "forces": e["forces"] * force,
            }
            for e in dataset["first_atoms"]
        ]
        return {"natom": dataset["natom"], "first_atoms": entries}
    found: Type2DisplacementDataset = {
        "displacements": dataset["displacements"] * length,
        "forces": dataset["forces"] * force,
    }
    if "supercell_energies" in dataset:
        found["supercell_energies"] = np.array(dataset["supercell_energies"]) * units.energy_to_eV
    return found
