"""Any calculator of ASE: a file of the user whose function `calculator(device, dtype)` makes it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.fd import calculate_numerical_stress

Result = tuple[float, np.ndarray, np.ndarray | None]


def load(checkpoint: str, device: str, dtype: str, head: str | None) -> Callable[..., list[Result]]:
    """The calculator of the file `checkpoint`, asked about one structure after the other."""
    file = Path(checkpoint)
    calculator = _made(file, device, dtype)
    offered = getattr(calculator, "implemented_properties", ())
    if "forces" not in offered or "energy" not in offered:
        raise ValueError(
            f"{file.name} makes a calculator that gives no {'forces' if 'energy' in offered else 'energy'}"
        )

    def evaluate(structures: Sequence[Atoms], stress: bool) -> list[Result]:
        return [_evaluated(structure, calculator, stress) for structure in structures]

    return evaluate


def _made(file: Path, device: str, dtype: str) -> Any:
    spec = importlib.util.spec_from_file_location("softmode_calculator", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a file of the user may raise anything
        raise ValueError(f"{file.name} cannot be run: {_one_line(error)}") from error
    if not callable(getattr(module, "calculator", None)):
        raise ValueError(f"{file.name} has no function calculator(device, dtype)")
    try:
        return module.calculator(device, dtype)
    except Exception as error:  # as above
        raise ValueError(f"calculator({device!r}, {dtype!r}) of {file.name} fails: {_one_line(error)}") from error


def _evaluated(structure: Atoms, calculator: Any, stress: bool) -> Result:
    structure.calc = calculator
    try:
        energy, forces = structure.get_potential_energy(), structure.get_forces()
        if not stress:
            return energy, forces, None
        try:
            return energy, forces, structure.get_stress(voigt=False)
        except (PropertyNotImplementedError, NotImplementedError):
            free = "free_energy" in calculator.implemented_properties
            slope = calculate_numerical_stress(structure, eps=1e-5, voigt=False, force_consistent=free)
            return energy, forces, slope
    except Exception as error:  # packages differ in what they raise for a structure that they do not know
        raise ValueError(f"{structure.get_chemical_formula()}: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
