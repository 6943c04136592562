"""What ends a sampling run: frames that are no longer those of the crystal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.physics.stability import LEFT_SITES

if TYPE_CHECKING:
    from ase import Atoms

# No fluctuation gets there: four times the kinetic energy of the bath is ten standard deviations for ten atoms, and a
# force of 50 eV/Å raises the energy by k_B T at 300 K within 0.0005 Å.
_MOST_HEAT = 4.0
_MOST_FORCE = 50.0


class SamplingError(RuntimeError):
    """Sampling that gave no frames of the crystal: `status` in one word, and the reason as its text."""

    def __init__(self, status: str, reason: str):
        super().__init__(reason)
        self.status = status


class LeftSites(SamplingError):
    """An atom is nearer to another site than to its own, `after` fs, 0 in samples: the crystal left its structure.

    `sigma` is that of the `n_frames` frames kept before, NaN where there are none: σ itself is censored there.
    """

    def __init__(self, reason: str, after: float, sigma: float, n_frames: int):
        super().__init__(LEFT_SITES, reason)
        self.after, self.sigma, self.n_frames = after, sigma, n_frames


@dataclass(frozen=True)
class Guard:
    """Tells frames of a crystal from those of one that exploded, melted or decomposed.

    `atoms` (P,) and `sites` (P,) are pairs of a site and one around it, `vectors` (P, 3) in Å from the first to the
    second; `temperature` in K is that of the bath.

    An atom has left when another site is nearer to it than its own. No threshold on the size of displacements would
    do: the soft halides tilt by half an Å about their cubic sites and shake as widely as the Lindemann rule has a
    crystal melt, without losing it.
    """

    symbols: tuple[str, ...]
    atoms: np.ndarray
    sites: np.ndarray
    vectors: np.ndarray
    temperature: float

    @classmethod
    def of(cls, supercell: Atoms, temperature: float) -> Guard:
        """The guard of `supercell`, its atoms on their ideal sites."""
        from ase.neighborlist import neighbor_list

        reach = 2.5 * np.cbrt(supercell.get_volume() / len(supercell))
        atoms, sites, vectors = neighbor_list("ijD", supercell, reach)
        return cls(tuple(supercell.symbols), atoms, sites, vectors, temperature)

    def check(self, forces: np.ndarray, temperatures: np.ndarray, when: str) -> None:
        """Raise `SamplingError` where frames with forces (R, N, 3) in eV/Å are those of a crystal that exploded.

        `temperatures` (R,) are kinetic, NaN for samples without velocities; `when` says which frames they are.
        """
        force, heat = float(np.abs(forces).max()), float(temperatures.max())
        if not force < _MOST_FORCE:
            raise SamplingError("exploded", f"a force of {force:.0f} eV/Å {when}")
        if heat > _MOST_HEAT * self.temperature:
            raise SamplingError("exploded", f"{heat:.0f} K in a bath of {self.temperature:g} K {when}")

    def left(self, displacements: np.ndarray) -> str | None:
        """Which atom has left its site in frames with displacements (R, N, 3) in Å; None where none has."""
        # Half way to the other site: u·d = d²/2.
        along = np.einsum("rpa,pa->rp", displacements[:, self.atoms], self.vectors)
        share = (along / np.square(self.vectors).sum(axis=1)).max(axis=0)
        worst = int(share.argmax())
        if share[worst] <= 0.5:
            return None
        mover, owner = (self.symbols[index[worst]] for index in (self.atoms, self.sites))
        return f"{mover} is nearer to a site of {owner} than to its own"
