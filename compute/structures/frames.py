"""Reference frames: displacements of a crystal's atoms from their ideal sites, and the forces they meet there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from compute.structures import frame_checks, sites
from compute.structures.force_constants import full_force_constants
from compute.structures.sites import Crystal, FramesError

if TYPE_CHECKING:
    from ase import Atoms

CELL_TOLERANCE = 1e-3  # Å, per component of the lattice vectors
_OF_FRAMES = ("positions", "displacements", "forces", "energies")
NOT_STATED = "not stated"


@dataclass(frozen=True, eq=False, kw_only=True)
class Frames:
    """T frames of one crystal of N atoms at a fixed cell, with what is known of where they come from.

    `numbers` (N,) atomic numbers; `cell` (3, 3) in Å; `ideal` (N, 3) in Å, the positions of the ideal supercell;
    `displacements` (T, N, 3) in Å from `ideal`, the shortest of the periodic images; `forces` (T, N, 3) in eV/Å;
    `seeds` (T,) the number of the trajectory of each frame, whose frames stand together in time order;
    `force_constants` (N, N, 3, 3) in eV/Å², in the same order of atoms, or None; `energies` (T,) in eV of the whole
    cell, or None.
    `source` names the file, `method` what gave the forces ("PBE, VASP"), `sampler` what the frames are a sample of
    ("AIMD", "Langevin at 300 K"), `sampled_by` the id of the potential whose ensemble that is, None where it is the
    forces' own; `temperature` is in K; `notes` are sentences that a reader should see.
    Raises `FramesError` for shapes that do not fit and values that are not finite.
    """

    numbers: np.ndarray
    cell: np.ndarray
    ideal: np.ndarray
    displacements: np.ndarray
    forces: np.ndarray
    seeds: np.ndarray
    force_constants: np.ndarray | None = None
    energies: np.ndarray | None = None
    source: str = NOT_STATED
    method: str = NOT_STATED
    sampler: str = NOT_STATED
    sampled_by: str | None = None
    temperature: float | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.displacements.ndim != 3 or not len(self.displacements):
            raise FramesError(f"No frames: the displacements have shape {self.displacements.shape}, not (T, N, 3).")
        count, size = len(self.displacements), len(self.numbers)
        shapes = {
            "numbers": (size,),
            "cell": (3, 3),
            "ideal": (size, 3),
            "displacements": (count, size, 3),
            "forces": (count, size, 3),
            "seeds": (count,),
            "force_constants": (size, size, 3, 3),
            "energies": (count,),
        }
        for name, shape in shapes.items():
            _check(name, getattr(self, name), shape)
        if abs(np.linalg.det(self.cell)) < 1e-6:
            raise FramesError("The cell has no volume: frames need a periodic cell.")
        if self.numbers.min() < 1:
            raise FramesError("The atomic numbers must be positive.")
        if len(_runs(self.seeds)) != len(set(self.seeds.tolist())):
            raise FramesError("The frames of one seed must stand together.")
        if self.temperature is not None and not 0 < self.temperature < np.inf:
            raise FramesError(f"The temperature must be positive, not {self.temperature} K.")

    def __len__(self) -> int:
        return len(self.displacements)

    @property
    def crystal(self) -> Crystal:
        """The ideal supercell."""
        return Crystal(self.numbers, self.cell, self.ideal)

    @property
    def symbols(self) -> list[str]:
        """Chemical symbol of each atom."""
        return list(self.ideal_atoms().get_chemical_symbols())

    def ideal_atoms(self) -> Atoms:
        """The ideal supercell for ASE."""
        return self.crystal.atoms()

    def atoms(self) -> list[Atoms]:
        """Every frame for ASE, without forces: what a potential is asked about."""
        ideal = self.ideal_atoms()
        frames = []
        for displacement in self.displacements:
            frame = ideal.copy()
            frame.positions += displacement
            frames.append(frame)
        return frames

    def thinned(self, skip: int = 0, every: int = 1) -> Frames:
        """Every `every`-th frame of each seed after its first `skip`. Raises `FramesError` where none is left."""
        kept = np.concatenate([run[skip::every] for run in _runs(self.seeds)])
        if not len(kept):
            raise FramesError(f"No frames are left of {len(self)} after the first {skip} of each trajectory.")
        return replace(
            self,
            displacements=self.displacements[kept],
            forces=self.forces[kept],
            energies=None if self.energies is None else self.energies[kept],
            seeds=self.seeds[kept],
        )


def frames_from_positions(
    numbers: np.ndarray,
    cell: np.ndarray,
    ideal: np.ndarray,
    positions: np.ndarray,
    forces: np.ndarray,
    *,
    frame_numbers: np.ndarray | None = None,
    frame_cells: np.ndarray | None = None,
    force_constants: np.ndarray | None = None,
    force_constants_crystal: Crystal | None = None,
    force_constants_rows: np.ndarray | None = None,
    energies: np.ndarray | None = None,
    seeds: np.ndarray | None = None,
    source: str = NOT_STATED,
    method: str = NOT_STATED,
    sampler: str = NOT_STATED,
    temperature: float | None = None,
    notes: tuple[str, ...] = (),
) -> Frames:
    """Frames from `positions` (T, M, 3) in Å, in any periodic image, and `forces` (T, M, 3) in eV/Å on the same atoms.

    `numbers`, `cell` and `ideal` describe the ideal supercell. The frames may list its atoms in another order, the
    same in every frame, with elements `frame_numbers` (M,) or (T, M): each atom belongs to the nearest site of its
    element. `frame_cells` (3, 3) or (T, 3, 3) must be `cell` to `CELL_TOLERANCE`. Force constants in full or compact
    form are in the order of `ideal`, else of `force_constants_crystal`: see `full_force_constants`. Without `seeds`
    the frames are one trajectory.
    Raises `FramesError` for another cell or supercell, and for atoms that no site can be given to.
    """
    crystal = Crystal(np.asarray(numbers, np.int64), np.asarray(cell, float), np.asarray(ideal, float))
    _check("numbers", crystal.numbers, (crystal.numbers.size,))
    _check("cell", crystal.cell, (3, 3))
    _check("ideal", crystal.positions, (crystal.numbers.size, 3))
    positions, forces = np.asarray(positions, float), np.asarray(forces, float)
    elements = crystal.numbers if frame_numbers is None else np.asarray(frame_numbers, np.int64)
    cells = crystal.cell if frame_cells is None else np.asarray(frame_cells, float)
    _same_supercell(crystal, positions, np.atleast_2d(elements)[0], cells.reshape(-1, 3, 3))
    _check("positions", positions, positions.shape)
    _check("forces", forces, positions.shape)
    if elements.ndim == 2:
        changed = np.flatnonzero((elements != elements[0]).any(axis=1))
        if len(changed):
            raise FramesError(f"Frame {changed[0] + 1} lists its atoms in another order than frame 1.")
        elements = elements[0]
    order = _order(crystal, elements, positions[0])
    displacements = sites.minimum_image(positions[:, order] - crystal.positions, crystal.cell)
    frame_checks.refuse_astray(crystal, displacements)
    frame_checks.refuse_far(crystal, displacements)
    frame_checks.refuse_frame_as_ideal(displacements, forces)
    notes = (*notes, *frame_checks.notes(displacements, forces))
    if force_constants is not None:
        force_constants = full_force_constants(force_constants, crystal, force_constants_crystal, force_constants_rows)
        notes = (*notes, *frame_checks.of_another_size(force_constants, displacements, forces[:, order]))
    return Frames(
        numbers=crystal.numbers,
        cell=crystal.cell,
        ideal=crystal.positions,
        displacements=displacements,
        forces=forces[:, order],
        force_constants=force_constants,
        energies=None if energies is None else np.asarray(energies, float),
        seeds=np.zeros(len(positions), np.int64) if seeds is None else np.asarray(seeds, np.int64),
        source=source,
        method=method,
        sampler=sampler,
        temperature=temperature,
        notes=notes,
    )


def joined(parts: Sequence[Frames]) -> Frames:
    """The trajectories of `parts`, which must share their crystal, with seeds counted on.

    Force constants, provenance and temperature are those of the first. Raises `FramesError`.
    """
    first = parts[0]
    for part in parts[1:]:
        same = np.array_equal(part.numbers, first.numbers) and np.allclose(part.cell, first.cell, atol=CELL_TOLERANCE)
        if not same or not np.allclose(part.ideal, first.ideal, atol=CELL_TOLERANCE):
            raise FramesError(f"{part.source} and {first.source} are not frames of the same ideal structure.")
    seeds, counted = [], 0
    for part in parts:
        values, numbered = np.unique(part.seeds, return_inverse=True)
        seeds.append(numbered + counted)
        counted += len(values)
    energies = [part.energies for part in parts if part.energies is not None]
    return replace(
        first,
        displacements=np.concatenate([part.displacements for part in parts]),
        forces=np.concatenate([part.forces for part in parts]),
        energies=np.concatenate(energies) if len(energies) == len(parts) else None,
        seeds=np.concatenate(seeds),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def _check(name: str, values: np.ndarray | None, shape: tuple[int, ...]) -> None:
    """`FramesError` unless `values` is None or has the shape and is finite throughout."""
    if values is None:
        return
    words = name.replace("_", " ")
    if values.shape != shape:
        raise FramesError(f"The {words} have shape {values.shape}, not {shape}.")
    if not np.isfinite(values).all():
        first = np.argwhere(~np.isfinite(values))[0]
        where = (
            f", first in frame {first[0] + 1}" if name in ("positions", "displacements", "forces", "energies") else ""
        )
        raise FramesError(f"The {words} hold a NaN or infinity{where}.")


def _runs(seeds: np.ndarray) -> list[np.ndarray]:
    """Indices of each stretch of equal seeds."""
    return np.split(np.arange(len(seeds)), np.flatnonzero(np.diff(seeds)) + 1)


def _same_supercell(crystal: Crystal, positions: np.ndarray, elements: np.ndarray, cells: np.ndarray) -> None:
    if positions.ndim != 3 or positions.shape[2] != 3 or not len(positions):
        raise FramesError(f"No frames: the positions have shape {positions.shape}, not (T, N, 3).")
    apart = np.abs(cells - crystal.cell).max(axis=(1, 2))
    if positions.shape[1] != len(crystal.numbers) or len(elements) != positions.shape[1]:
        raise FramesError(
            f"The frames hold {positions.shape[1]} atoms, {_shape(cells[0])}; the ideal structure"
            f" {len(crystal.numbers)}, {_shape(crystal.cell)}. They must be the same supercell."
        )
    if not (apart <= CELL_TOLERANCE).all():
        frame = int(np.argmax(~(apart <= CELL_TOLERANCE)))
        raise FramesError(
            f"The cell of frame {frame + 1}, {_shape(cells[frame])}, differs from the ideal one,"
            f" {_shape(crystal.cell)}, by up to {apart[frame]:.4f} Å in a component; {CELL_TOLERANCE} Å is allowed."
        )
    if sorted(elements) != sorted(crystal.numbers):
        raise FramesError(
            f"The frames hold {_formula(elements)}, the ideal structure {_formula(crystal.numbers)}:"
            " they must be the same atoms."
        )


def _order(crystal: Crystal, elements: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Which atom of the frame sits at each ideal site, from the order that leaves the smallest displacements."""
    options = [sites.nearest_sites(crystal, elements, frame)]
    if np.array_equal(elements, crystal.numbers):
        options.append(np.arange(len(elements)))
    found = []
    for order in options:
        if order is None:
            continue
        displacement = sites.minimum_image(frame[order] - crystal.positions, crystal.cell)
        drift = displacement.mean(axis=0)
        if sites.first_astray(crystal, displacement[None]) is None:
            # Of orders that differ by a translation of the crystal, the one without it.
            found.append((round(float(np.std(displacement - drift)), 6), float(np.linalg.norm(drift)), order))
    if not found:
        raise FramesError(
            "Frame 1 does not fit the ideal structure: its atoms cannot be given to the sites one by one."
            " It is another structure or another setting of it, or its atoms have diffused."
        )
    return min(found, key=lambda option: option[:2])[2]


def _shape(cell: np.ndarray) -> str:
    from ase.cell import Cell

    a, b, c, alpha, beta, gamma = Cell(cell).cellpar()
    return f"{a:.3f} × {b:.3f} × {c:.3f} Å, {alpha:.1f} {beta:.1f} {gamma:.1f}°"


def _formula(numbers: Sequence[int] | np.ndarray) -> str:
    from ase.symbols import Symbols

    return Symbols(np.asarray(numbers)).formula.format("hill")
