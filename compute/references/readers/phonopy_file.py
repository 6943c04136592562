"""What phonopy's yaml files and FORCE_SETS hold, in Å and eV.

phonopy's own loader is not used: it also reads what lies in the working directory, a stray BORN among it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.structures.sites import Crystal, FramesError

if TYPE_CHECKING:
    from phonopy.interface.phonopy_yaml import PhonopyYaml
    from phonopy.physical_units import CalculatorPhysicalUnits

_NAMES = ("phonopy_params.yaml", "phonopy_disp.yaml", "phonopy.yaml")
_SUFFIXES = (".yaml", ".yml")
_COMPRESSED = (".xz", ".gz", ".bz2")


@dataclass(frozen=True, eq=False)
class Content:
    """One yaml file: the supercell in its order of atoms, phonopy's dataset with forces, and Φ, full or compact.

    `dataset` comes from FORCE_SETS beside the file where the file has no forces; it and `force_constants` are None
    where there are none. `calculator` is phonopy's name for the program that gave the forces.
    """

    name: str
    crystal: Crystal
    dataset: dict[str, Any] | None
    force_constants: np.ndarray | None
    calculator: str | None


def named_so(path: Path) -> bool:
    """Whether the file name is that of a yaml, compressed or not."""
    return (path.with_suffix("") if path.suffix in _COMPRESSED else path).suffix in _SUFFIXES


def in_folder(folder: Path) -> Path | None:
    """The phonopy yaml in `folder` that says most, or None."""
    names = [name + compressed for name in _NAMES for compressed in ("", *_COMPRESSED)]
    return next((folder / name for name in names if (folder / name).is_file()), None)


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
        cell = get_supercell(data.unitcell, data.supercell_matrix)
    crystal = Crystal(
        np.asarray(cell.numbers, np.int64), cell.cell * units.distance_to_A, cell.positions * units.distance_to_A
    )
    sets = path.parent / "FORCE_SETS"
    dataset = None
    if forces_in_dataset(data.dataset):
        dataset = _in_ev(data.dataset, units)
    elif sets.is_file():
        dataset = force_sets(sets, len(crystal.numbers), data.calculator)
    constants = data.force_constants
    if constants is not None:
        constants = constants * get_force_constant_conversion_factor(units.force_constants_unit, None)
    return Content(path.name, crystal, dataset, constants, data.calculator)


def force_sets(path: Path, size: int, calculator: str | None = None) -> dict[str, Any]:
    """phonopy's dataset in the FORCE_SETS file `path` for a supercell of `size` atoms. Raises `FramesError`."""
    from phonopy.file_IO import parse_FORCE_SETS
    from phonopy.physical_units import get_calculator_physical_units

    try:
        dataset = parse_FORCE_SETS(path, natom=size)
    except (RuntimeError, ValueError, IndexError) as error:
        raise FramesError(f"{path.name} is not one for a supercell of {size} atoms: {error}") from error
    return _in_ev(dataset, get_calculator_physical_units(calculator))


def _parsed(path: Path) -> PhonopyYaml:
    from phonopy.interface.phonopy_yaml import PhonopyYaml
    from yaml import YAMLError

    try:
        data = PhonopyYaml().read(path)
    except (YAMLError, RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise FramesError(f"{path.name} is not a yaml file of phonopy: {type(error).__name__} {error}.") from error
    if data.supercell is None and (data.unitcell is None or data.supercell_matrix is None):
        raise FramesError(f"{path.name} holds no supercell of phonopy.")
    if data.site_mixture_scheme is not None:
        raise FramesError(f"{path.name} has sites shared by several elements: frames need one atom on each site.")
    return data


def _in_ev(dataset: dict[str, Any], units: CalculatorPhysicalUnits) -> dict[str, Any]:
    """`dataset` with displacements in Å, forces in eV/Å and energies in eV."""
    length, force = units.distance_to_A, units.force_to_eVperA
    if "first_atoms" in dataset:
        entries = [
            {
                "number": int(e["number"]),
                "displacement": np.array(e["displacement"]) * length,
                "forces": e["forces"] * force,
            }
            for e in dataset["first_atoms"]
        ]
        return {"natom": dataset["natom"], "first_atoms": entries}
    found = {"displacements": dataset["displacements"] * length, "forces": dataset["forces"] * force}
    if "supercell_energies" in dataset:
        found["supercell_energies"] = np.array(dataset["supercell_energies"]) * units.energy_to_eV
    return found
