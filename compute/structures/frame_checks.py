"""Whether frames can be what they are taken for: displacements of a crystal from its ideal sites, and their forces.

Displacements (T, N, 3) are in Å, forces (T, N, 3) in eV/Å, force constants (N, N, 3, 3) in eV/Å².
"""

from __future__ import annotations

import numpy as np

from compute.structures import sites
from compute.structures.sites import Crystal, FramesError

_FACTOR = 4.0  # between forces and −Φu; Ry/bohr against eV/Å is 26
_CLOSEST = 0.6  # Å; no two nuclei of a crystal come nearer than those of H2
_ON_SITES = 1e-3  # Å
_UNBALANCED = 0.5  # of the forces of all frames; those on ideal sites vanish by symmetry, or are small
_DRIFT = 0.1  # Å; the mean displacement of a frame above which a note says so


def refuse_astray(crystal: Crystal, displacements: np.ndarray) -> None:
    """`FramesError` where an atom is nearer to the site of another of its element than to its own."""
    astray = sites.first_astray(crystal, displacements)
    if astray is None:
        return
    symbol = crystal.atoms().symbols[astray.atom]
    raise FramesError(
        f"Frame {astray.frame + 1}: the {symbol} of site {astray.atom + 1} is {astray.own:.2f} Å from it and"
        f" {astray.other:.2f} Å from site {astray.site + 1}: the atoms have diffused, or change places between frames."
    )


def refuse_far(crystal: Crystal, displacements: np.ndarray) -> None:
    """`FramesError` where the atoms are off by half of what lies between neighbours: a crystal melts long before.

    The same where the ideal structure is none.
    """
    neighbours = sites.shortest(crystal)
    if neighbours < _CLOSEST:
        raise FramesError(
            f"Two atoms of the ideal structure are {neighbours:.2f} Å apart: no crystal is like this. Are its positions"
            " in Å?"
        )
    about = displacements - displacements.mean(axis=1, keepdims=True)
    off = float(np.sqrt(np.square(about).sum(axis=2).mean()))
    if off > neighbours / 2:
        raise FramesError(
            f"The atoms lie {off:.2f} Å (root mean square) off the ideal sites, and neighbours are {neighbours:.2f} Å"
            " apart: the ideal structure is another one than that of the frames."
        )


def refuse_unbalanced(subject: str, forces: np.ndarray, of_frames: np.ndarray) -> None:
    """`FramesError` where `forces` (N, 3) at the ideal structure, the `subject`, are like those of the frames."""
    here, usual = (float(np.sqrt(np.square(values).mean())) for values in (forces, of_frames))
    if here > _UNBALANCED * usual:
        raise FramesError(
            f"{subject} bears forces of {here:.2g} eV/Å (root mean square), where all frames have {usual:.2g}: the"
            " ideal structure is a displaced one, and displacements from it mean nothing."
        )


def refuse_frame_as_ideal(displacements: np.ndarray, forces: np.ndarray) -> None:
    """The same where the ideal structure is one of the frames."""
    about = displacements - displacements.mean(axis=1, keepdims=True)
    off = np.abs(about).max(axis=(1, 2))
    for frame in np.flatnonzero(off < min(_ON_SITES, float(off.max()) / 10)):
        refuse_unbalanced(f"Frame {frame + 1}, whose atoms are on the ideal sites,", forces[frame], forces)


def notes(displacements: np.ndarray, forces: np.ndarray) -> tuple[str, ...]:
    """Sentences where the crystal drifts, and where frames are there twice."""
    said = []
    drift = float(np.linalg.norm(displacements.mean(axis=1), axis=1).max())
    if drift > _DRIFT:
        said.append(f"The crystal as a whole lies up to {drift:.2f} Å from its ideal position.")
    distinct = {(u.tobytes(), f.tobytes()) for u, f in zip(displacements, forces, strict=True)}
    if again := len(forces) - len(distinct):
        said.append(f"{again} of {len(forces)} frames repeat others: a standard error takes them for new ones.")
    return tuple(said)


def of_another_size(force_constants: np.ndarray, displacements: np.ndarray, forces: np.ndarray) -> tuple[str, ...]:
    """A sentence where −Φu and the forces differ by a factor that no anharmonicity gives: unit, sign, or order."""
    harmonic = -np.einsum("ijab,tjb->tia", force_constants, displacements - displacements.mean(axis=1, keepdims=True))
    square = float(np.vdot(harmonic, harmonic))
    slope = float(np.vdot(harmonic, forces)) / square if square else 1.0
    if 1 / _FACTOR < slope < _FACTOR:
        return ()
    return (
        f"The forces of the frames are {slope:.2g} times what the force constants give: one of them is in another unit"
        " or of another sign, or the force constants are for another order of atoms.",
    )
