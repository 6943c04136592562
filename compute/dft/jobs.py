"""A job: structures whose energy and forces GPAW computes, one after another, in a folder that can be carried on.

GPAW runs in a process of its own under another Python, so that its packages never meet the project's.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compute.dft.settings import DftSettings
from compute.files import write_atomic
from compute.protocols import digest

if TYPE_CHECKING:
    from ase import Atoms

SCRIPT = Path(__file__).with_name("gpaw_points.py")


class DftError(RuntimeError):
    """A DFT job that cannot run or is not finished; says what to do."""


@dataclass(frozen=True)
class SinglePoints:
    """Results of a finished job: `energies` (T,) in eV, `forces` (T, N, 3) in eV/Å, wall `seconds` (T,)."""

    energies: np.ndarray
    forces: np.ndarray
    seconds: np.ndarray
    net_force: float
    versions: dict[str, str]


@dataclass(frozen=True)
class DftJob:
    """`structures` to compute with `settings` in `folder`."""

    folder: Path
    settings: DftSettings
    structures: tuple[Atoms, ...]

    @property
    def done(self) -> int:
        """How many structures are computed, counted from the first without a gap."""
        numbers = range(len(self.structures))
        return next((number for number in numbers if not self._point(number).exists()), len(self.structures))

    def write(self) -> None:
        """Write the input files. A folder that holds another job raises `DftError`."""
        from ase.io import write

        content = {"settings": self.settings.stored, "structures": _digest(self.structures)}
        path = self.folder / "job.json"
        if path.exists() and json.loads(path.read_text()) != content:
            raise DftError(f"{self.folder} holds another job: move it away")
        self.folder.mkdir(parents=True, exist_ok=True)
        write(self.folder / "structures.extxyz", [bare(atoms) for atoms in self.structures])
        write_atomic(path, json.dumps(content, indent=1).encode())

    def run(self, python: str, progress: Callable[[int], None] = lambda done: None, first: int | None = None) -> None:
        """Compute what is missing, of the `first` so many, with GPAW under the interpreter `python`.

        `progress` gets the number done.
        """
        self.write()
        command = [python, str(SCRIPT), str(self.folder), str(len(self.structures) if first is None else first)]
        environment = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "HOME": str(Path.home())}
        log = self.folder / "gpaw_points.log"
        try:
            with log.open("ab") as errors:
                process = subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment, cwd=self.folder
                )
        except FileNotFoundError as error:
            raise DftError(f"no {python}: give the Python that has GPAW with --python") from error
        with process:
            for _ in process.stdout or ():
                progress(self.done)
        if process.returncode:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise DftError(f"GPAW stopped after {self.done} of {len(self.structures)}: {' '.join(last)} (see {log})")

    def read(self, first: int | None = None) -> SinglePoints:
        """The results, or those of the `first` so many; `DftError` while some of them are missing."""
        numbers = range(len(self.structures))[:first]
        if not numbers:
            raise DftError(f"{self.folder}: no point is done; run it")
        if missing := [number for number in numbers if not self._point(number).exists()]:
            raise DftError(f"{self.folder}: {len(missing)} of {len(numbers)} points are missing; run it again")
        points = [json.loads(self._point(number).read_text()) for number in numbers]
        return SinglePoints(
            energies=np.array([point["energy"] for point in points]),
            forces=np.array([point["forces"] for point in points]),
            seconds=np.array([point["seconds"] for point in points]),
            net_force=max(point["net_force"] for point in points),
            versions=points[-1]["versions"],
        )

    def _point(self, number: int) -> Path:
        return self.folder / "points" / f"{number:04d}.json"


def bare(atoms: Atoms) -> Atoms:
    """Numbers, cell and positions alone."""
    from ase import Atoms

    return Atoms(numbers=atoms.numbers, cell=atoms.cell, positions=atoms.positions, pbc=True)


def _digest(structures: Sequence[Atoms]) -> str:
    return digest(
        {
            str(number): [
                atoms.numbers.tolist(),
                np.round(atoms.cell.array, 8).tolist(),
                np.round(atoms.positions, 8).tolist(),
            ]
            for number, atoms in enumerate(structures)
        }
    )
