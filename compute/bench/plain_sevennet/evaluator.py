"""SevenNet's own ASE calculator, as the other side of the comparison."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ase import Atoms
from sevenn.calculator import SevenNetCalculator


def load(checkpoint: str, device: str, dtype: str, head: str | None) -> Callable[..., list[Any]]:
    """The calculator of `checkpoint`, asked about one structure after the other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calculator = SevenNetCalculator(checkpoint, device=device, modal=head)

    def evaluate(structures: Sequence[Atoms], stress: bool) -> list[Any]:
        results = []
        for structure in structures:
            structure.calc = calculator
            tensor = structure.get_stress(voigt=False) if stress else None
            results.append((structure.get_potential_energy(), structure.get_forces(), tensor))
        return results

    return evaluate
