"""A potential on DFT's own displaced supercells, held against DFT's force constants.

Geometry and displacements are DFT's, so the potential is not at rest: it meets residual forces F₀, the same in every
displaced supercell. They are no part of Φ. Where every atom is displaced to both sides, by itself or by symmetry, they
cancel; else they must be known and are taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.physics import hessian_error as physics
from compute.physics.phonons import relative_difference
from compute.potentials.interface import Potential
from compute.stages import phonons
from compute.stages.differences import differences
from compute.stages.stored import StoredPhonons, phonons_of, symmetrised
from compute.statistics.deviation import Deviation, by_third
from compute.structures.force_constants import constants_of, single_displacements
from compute.structures.reference_phonons import ReferencePhonons, expanded

if TYPE_CHECKING:
    from phonopy import Phonopy

_ONE_SIDED = 1e-6  # Å⁻¹


@dataclass(frozen=True)
class HessianError:
    """How Φ of a potential differs from DFT's over a supercell.

    `sigma` is the σ that the difference alone makes, None where DFT is unstable there, as `reason` says;
    `amplification` is `sigma` over `relative`, ‖ΔΦ‖/‖Φ‖. `slope` < 1: the potential is too soft. `thirds` are
    deviations of ω by third of DFT's spectrum on the mesh, `soft` the softest modes assigned by their patterns.
    """

    relative: float
    slope: float
    sigma: float | None
    reason: str | None
    thirds: dict[str, Deviation]
    soft: physics.SoftModes

    @property
    def amplification(self) -> float | None:
        """The σ that a unit of relative Φ error makes."""
        return self.sigma / self.relative if self.sigma is not None and self.relative else None


def crystal(kept: ReferencePhonons) -> Phonopy:
    """The phonopy object of `kept`: symmetry and displacements, no forces."""
    from ase import Atoms

    unit = Atoms(numbers=kept.numbers, scaled_positions=kept.scaled, cell=kept.cell, pbc=True)
    phonon = phonons.phonopy_of(unit, kept.supercell_matrix, kept.primitive_matrix, symprec=kept.symprec)
    phonon.dataset = {
        "natom": len(phonon.supercell),
        "first_atoms": [
            {"number": int(atom), "displacement": np.array(u, dtype=float)}
            for atom, u in zip(kept.atoms, kept.displacements, strict=True)
        ],
    }
    return phonon


def dft_phonons(kept: ReferencePhonons, phonon: Phonopy) -> StoredPhonons:
    """What DFT's Φ gives; `phonon` is the crystal of `kept` and holds that Φ afterwards. Φ was symmetrised before it
    was kept, so its noise floor is not known and 0."""
    phonon.force_constants = expanded(kept, phonon)
    return phonons_of(phonon, np.zeros_like(constants_of(phonon)))


def evaluated(potential: Potential, phonon: Phonopy) -> np.ndarray:
    """Forces (k, N, 3) in eV/Å of `potential` on the displaced supercells, less those in the one at rest.

    Raises `EvaluationError`.
    """
    first = single_displacements(phonon)
    displacements = np.zeros((1 + len(first), len(phonon.supercell), 3))
    for place, each in enumerate(first, start=1):
        displacements[place, each["number"]] = each["displacement"]
    # One at a time: a supercell of several hundred atoms needs no company.
    found = [potential.evaluate([atoms])[0].forces for atoms in phonons.displaced(phonon, displacements)]
    return np.asarray(np.array(found[1:]) - found[0])


def potential_phonons(phonon: Phonopy, forces: np.ndarray, *, at_rest_removed: bool) -> StoredPhonons:
    """What `forces` (k, N, 3) in eV/Å on the displaced supercells give; `phonon` holds their Φ afterwards.

    Raises `ValueError` where residual forces would be part of Φ.
    """
    if not at_rest_removed and one_sided(phonon):
        raise ValueError("an atom is displaced to one side only, so that residual forces would be part of Φ")
    for each, found in zip(single_displacements(phonon), forces, strict=True):
        each["forces"] = np.array(found, dtype=float)
    return phonons_of(phonon, symmetrised(phonon))


def one_sided(phonon: Phonopy) -> bool:
    """Whether forces that are the same in every displaced supercell would change Φ."""
    first = single_displacements(phonon)
    displacements = np.zeros((len(first), len(phonon.supercell), 3))
    for place, each in enumerate(first):
        displacements[place, each["number"]] = each["displacement"]
    return any(np.abs(inverse.sum(axis=1)).max() > _ONE_SIDED for inverse in differences(phonon, displacements).inverse)


def hessian_error(phonon: Phonopy, model: StoredPhonons, reference: StoredPhonons) -> HessianError:
    """The error of `model`'s Φ against `reference`'s, both of the supercell of `phonon` in the same order of atoms."""
    ours, theirs = (_full(phonon, side.constants) for side in (model, reference))
    if reference.omega_min <= 0:
        sigma, reason = None, f"DFT is unstable in this supercell: {reference.omega_min:.2f} THz"
    else:
        sigma, reason = physics.sigma_hessian(ours, theirs), None
    return HessianError(
        relative=relative_difference(model.constants, reference.constants),
        slope=physics.softening_slope(model.constants, reference.constants),
        sigma=sigma,
        reason=reason,
        thirds=by_third(model.frequencies, reference.frequencies),
        soft=physics.soft_modes(ours, theirs, phonon.supercell.masses),
    )


def _full(phonon: Phonopy, compact: np.ndarray) -> np.ndarray:
    from phonopy.harmonic.force_constants import compact_fc_to_full_fc

    return np.asarray(compact_fc_to_full_fc(phonon.primitive, compact))
