"""The plain loop: MACE's calculator in float32, phonopy and ASE's Langevin dynamics, one compound at a time.

This is how the published benchmark of foundation potentials (doi:10.1039/d5cp04693a) was carried out, in outline; it
is written here anew, with the settings of Softmode's protocols, so that both sides do the same number of steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from compute.physics import anharmonicity
from compute.physics.phonons import normal_modes
from compute.protocols import HarmonicProtocol, Langevin, SamplingProtocol
from compute.stages.sampling import langevin_timestep

if TYPE_CHECKING:
    from ase import Atoms
    from phonopy import Phonopy


def force_constants(cell: Atoms, calculator: Any, protocol: HarmonicProtocol) -> Phonopy:
    """phonopy with the force constants of the primitive `cell` and the frequencies at the commensurate q points."""
    from ase import Atoms
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    unit = PhonopyAtoms(numbers=cell.numbers, cell=cell.cell.array, scaled_positions=cell.get_scaled_positions())
    phonon = Phonopy(unit, np.eye(3, dtype=int) * (protocol.supercell or 1), primitive_matrix="P")
    phonon.generate_displacements(distance=protocol.displacement)
    forces = []
    for moved in phonon.supercells_with_displacements or []:
        atoms = Atoms(moved.symbols, positions=moved.positions, cell=moved.cell, pbc=True, calculator=calculator)
        forces.append(atoms.get_forces())
    phonon.forces = np.array(forces)
    phonon.produce_force_constants()
    phonon.run_mesh([2, 2, 2])
    return phonon


def sigma(cell: Atoms, calculator: Any, protocol: SamplingProtocol, seed: int) -> tuple[float, int]:
    """σ of `cell` by Langevin dynamics after `force_constants`, and the steps that were made."""
    from ase import Atoms, units
    from ase.md.langevin import Langevin as Dynamics
    from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

    assert isinstance(protocol.sampler, Langevin)
    phonon = force_constants(cell, calculator, protocol.harmonic)
    ideal = phonon.supercell
    constants = np.asarray(phonon.force_constants)
    timestep = langevin_timestep(protocol.sampler, normal_modes(constants, ideal.masses)[0][-1])
    atoms = Atoms(ideal.symbols, positions=ideal.positions, cell=ideal.cell, pbc=True, calculator=calculator)
    generator = np.random.default_rng(seed)
    MaxwellBoltzmannDistribution(atoms, temperature_K=protocol.temperature, rng=generator)
    dynamics = Dynamics(
        atoms,
        timestep * units.fs,
        temperature_K=protocol.temperature,
        friction=1 / (protocol.sampler.friction_time * units.fs),
        rng=generator,
    )
    frames: list[tuple[np.ndarray, np.ndarray]] = []
    stride = protocol.sampler.stride
    discard, keep = (int(np.ceil(t / (timestep * stride))) for t in (protocol.sampler.discard, protocol.sampler.keep))
    dynamics.attach(lambda: frames.append((atoms.positions - ideal.positions, atoms.get_forces())), interval=stride)
    dynamics.run((discard + keep) * stride)
    u, forces = (np.array(values) for values in zip(*frames[-keep:], strict=True))
    return anharmonicity.sigma(forces, u, constants), (discard + keep) * stride
