"""Frames of an analytic crystal, and what writes them in the layouts that other programs use."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write as write_atoms
from ase.io.vasp import write_vasp

from compute.physics.anharmonicity import sigma
from compute.references.readers.npz import write_npz
from compute.stages import phonons
from compute.structures.compounds import identify
from compute.structures.frames import Frames, frames_from_positions
from tests.support.pair_potential import PairPotential, as_atoms

POTENTIAL = PairPotential()
STEPS = 12
SETTINGS = {"GGA": "PE", "ENMAX": "500.0", "IBRION": "0", "MDALGO": "1", "POTIM": "2.0", "TEBEG": "300", "TEEND": "300"}


def write_vasprun(
    path: Path,
    steps: list[Atoms],
    forces: np.ndarray,
    settings: dict[str, str] | None = None,
    *,
    incar: dict[str, str] | None = None,
    potcars: dict[str, str] | None = None,
    electronic_steps: list[int] | None = None,
) -> None:
    """A vasprun.xml of molecular dynamics: T steps, and T + 2 blocks of positions as VASP writes them.

    The run starts at the first of `steps` and ends where the step after the last would be. `incar` holds tags of the
    INCAR alone, `potcars` the title of each element's pseudopotential; each step took one of `electronic_steps`.
    """
    beyond = 2 * steps[-1].get_scaled_positions(wrap=False) - steps[-2].get_scaled_positions(wrap=False)
    atoms = "".join(f"<rc><c>{symbol:<2}</c><c>1</c></rc>" for symbol in steps[0].symbols)
    parameters = "".join(f'<i name="{key}">{value}</i>' for key, value in (SETTINGS | (settings or {})).items())
    given = "".join(f'<i type="string" name="{key}"> {value} </i>' for key, value in (incar or {}).items())
    kinds = "".join(
        f"<rc><c>1</c><c>{symbol:<2}</c><c>1.0</c><c>1.0</c><c> {title} </c></rc>"
        for symbol, title in (potcars or {}).items()
    )
    taken = electronic_steps or [1] * len(steps)
    parts = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<modeling>\n<generator><i name="program">vasp</i>',
        '<i name="version">6.3.2  20Jan23</i></generator>\n',
        f"<incar>{given}</incar>\n",
        f'<atominfo><atoms>{len(steps[0])}</atoms><array name="atoms"><set>{atoms}</set></array>'
        f'<array name="atomtypes"><set>{kinds}</set></array></atominfo>\n',
        f'<parameters><separator name="ionic md">{parameters}</separator></parameters>\n',
        f'<structure name="initialpos">{_structure(steps[0].cell, steps[0].get_scaled_positions())}</structure>\n',
    ]
    electronic = "<scstep><energy><i name='e_fr_energy'>0.0</i></energy></scstep>\n"
    for number, (step, force, count) in enumerate(zip(steps, forces, taken, strict=True)):
        parts.append(
            f"<calculation>\n{count * electronic}"
            f"<structure>{_structure(step.cell, step.get_scaled_positions())}</structure>\n"
            f"{_rows('forces', force)}<energy><i name='e_fr_energy'>{-number:.8f}</i></energy>\n</calculation>\n"
        )
    parts.append(f'<structure name="finalpos">{_structure(steps[0].cell, beyond)}</structure>\n</modeling>\n')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(parts), encoding="latin-1")


def _structure(cell: np.ndarray, scaled: np.ndarray) -> str:
    return f"<crystal>{_rows('basis', np.asarray(cell))}</crystal>{_rows('positions', scaled)}"


def _rows(name: str, values: np.ndarray) -> str:
    rows = "\n".join(f"<v> {x:.12f} {y:.12f} {z:.12f} </v>" for x, y, z in values)
    return f'<varray name="{name}">\n{rows}\n</varray>\n'


@cache
def phonopy_crystal():
    """phonopy's 40-atom supercell, which has atoms on its boundary."""
    atoms = identify("SrTiO3", "abx3").structure(3.9)
    return phonons.phonopy_of(atoms, 2 * np.eye(3, dtype=int))


@cache
def truth() -> Frames:
    """A smooth trajectory in the analytic crystal, its exact forces and its exact Hessian."""
    cell = phonopy_crystal().supercell
    ideal = as_atoms(cell)
    rng = np.random.default_rng(5)
    waves, phases = rng.normal(scale=0.12, size=(2, len(ideal), 3))
    time = np.arange(STEPS)[:, None, None]
    displacements = waves * np.sin(0.15 * time + 20 * phases)
    frames = [Atoms(ideal.symbols, ideal.positions + u, cell=ideal.cell, pbc=True) for u in displacements]
    results = POTENTIAL.evaluate(frames)
    return Frames(
        numbers=ideal.numbers,
        cell=ideal.cell.array,
        ideal=ideal.positions,
        displacements=displacements,
        forces=np.array([result.forces for result in results]),
        seeds=np.zeros(STEPS, np.int64),
        force_constants=POTENTIAL.hessian(ideal),
        energies=np.array([result.energy for result in results]),
        source="made here",
        method="pair potential",
        sampler="sine waves",
        temperature=300.0,
    )


def sigma_of(frames: Frames) -> float:
    return sigma(frames.forces, frames.displacements, frames.force_constants)


def from_positions(positions, forces=None, **changed) -> Frames:
    known = truth()
    names = ("numbers", "cell", "ideal", "force_constants")
    given = {name: getattr(known, name) for name in names} | changed
    ideal = [given.pop(name) for name in names[:3]]
    return frames_from_positions(*ideal, positions, known.forces if forces is None else forces, **given)


def images(known: Frames) -> list[Atoms]:
    found = known.atoms()
    for atoms, force, energy in zip(found, known.forces, known.energies, strict=True):
        atoms.calc = SinglePointCalculator(atoms, forces=force, energy=energy)
    return found


# Each layout writes the same frames into a folder and returns what `read` is given.


def as_npz(folder: Path) -> dict:
    write_npz(truth(), folder / "frames.npz")
    return {"path": folder / "frames.npz"}


def as_foreign_npz(folder: Path) -> dict:
    known = truth()
    size = 3 * len(known.numbers)
    np.savez(
        folder / "theirs.npz",
        atomic_numbers=known.numbers,
        lattice=known.cell,
        reference_positions=known.ideal,
        positions=known.ideal + known.displacements,
        forces=known.forces,
        hessian=known.force_constants.transpose(0, 2, 1, 3).reshape(size, size),
    )
    return {"path": folder / "theirs.npz"}


def write_ideal(path: Path) -> Path:
    write_vasp(path, truth().ideal_atoms(), direct=True)
    return path


def write_hdf5(folder: Path, *, compact: bool, rows: bool = True) -> Path:
    from phonopy.file_IO import write_force_constants_to_hdf5
    from phonopy.harmonic.force_constants import full_fc_to_compact_fc

    primitive = phonopy_crystal().primitive
    values = truth().force_constants
    write_force_constants_to_hdf5(
        full_fc_to_compact_fc(primitive, values) if compact else values,
        filename=folder / "force_constants.hdf5",
        p2s_map=primitive.p2s_map if rows else None,
    )
    return folder / "force_constants.hdf5"


def as_extxyz(folder: Path) -> dict:
    write_atoms(folder / "run.extxyz", images(truth()))
    return {
        "path": folder / "run.extxyz",
        "ideal": write_ideal(folder / "POSCAR"),
        "force_constants": write_hdf5(folder, compact=False),
    }


def as_traj(folder: Path) -> dict:
    write_atoms(folder / "run.traj", [truth().ideal_atoms(), *images(truth())])
    return {
        "path": folder / "run.traj",
        "first_is_ideal": True,
        "force_constants": write_hdf5(folder, compact=True),
    }


def as_vasp(folder: Path) -> dict:
    write_ideal(folder / "SPOSCAR")
    write_hdf5(folder, compact=True, rows=False)
    cut = STEPS // 2
    for number, part in ((2, slice(0, cut)), (10, slice(cut, None))):
        steps = truth().atoms()[part]
        write_vasprun(folder / "MD" / f"vasprun_prod_{number}.xml", steps, truth().forces[part])
    return {"path": folder}


def as_phonopy(folder: Path) -> dict:
    phonon = phonons.phonopy_of(identify("SrTiO3", "abx3").structure(3.9), 2 * np.eye(3, dtype=int))
    phonon.dataset = {"displacements": truth().displacements, "forces": truth().forces}
    phonon.force_constants = truth().force_constants
    phonon.save(folder / "phonopy_params.yaml", settings={"force_constants": True})
    return {"path": folder}


LAYOUTS = [as_npz, as_foreign_npz, as_extxyz, as_traj, as_vasp, as_phonopy]
