"""The softest modes of potentials beside DFT's, of materials whose forces a source stored: what a page can show moving.

DFT's mode is the one that is most like the potential's at the same q, by the overlap of eigenvectors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compute import tables
from compute.physics.mode_overlap import likest
from compute.references import alexandria50, mp0b3
from compute.stages import phonons
from compute.stages.stored import displaced_phonon, symmetrised
from compute.structures.forcesets import ForceSet

if TYPE_CHECKING:
    from phonopy import Phonopy

Row = dict[str, Any]
Pair = tuple[ForceSet, dict[str, ForceSet]]

MODES = 6
"""Modes kept at a q point, from the softest of the potential's."""
DECIMALS = 3
"""Of a displacement, of which the largest is 1: what a figure can show, and compresses."""
_SAME_OMEGA = 1e-3
"""THz, within which two q points are of one star."""


def of_alexandria50(path: Path) -> Pair:
    """DFT's forces and those of every potential in the file `path`."""
    material = alexandria50.read(path)
    return material.dft, material.potentials


def of_mp0b3(path: Path) -> Pair:
    """The same of the file `path`; no potential where the two cannot be compared."""
    material = mp0b3.read(path)
    return material.dft, {} if material.mismatch else {mp0b3.POTENTIAL: material.mace}


SOURCES: dict[str, tuple[Callable[[Path], list[Path]], Callable[[Path], Pair]]] = {
    "alexandria50": (alexandria50.files, of_alexandria50),
    "mp0b3": (mp0b3.files, of_mp0b3),
}
"""By suite, the files of a folder and how one is read."""


def material_rows(suite: str, path: Path) -> list[Row]:
    """Rows of `mode_pairs` of the material in the file `path`. Raises `SourceError` naming what is wrong."""
    dft, potentials = SOURCES[suite][1](path)
    if not potentials:
        return []
    reference = _solved(dft)
    return [
        {"suite": suite, "compound": path.stem, "potential": potential, **pair(reference, _solved(forces))}
        for potential, forces in potentials.items()
    ]


def pair(reference: Phonopy, model: Phonopy) -> Row:
    """The softest modes of `model` at Γ and where DFT's and its own softest mode are, with those of `reference`.

    Both hold force constants; their atoms are in the same order.
    """
    points = _points(reference, model)
    ours, theirs = _modes(model, points), _modes(reference, points)
    kept = min(MODES, ours[0].shape[1])
    row: Row = {
        **_cell("", model),
        **_cell("dft_", reference),
        "q": np.round(points, 6).ravel().tolist(),
        "omegas": (ours[0].round(4) + 0.0).ravel().tolist(),
        "dft_omegas": (theirs[0].round(4) + 0.0).ravel().tolist(),
        "n_modes": kept,
        "overlap": [],
        "dft_branch": [],
        "dft_degeneracy": [],
        "pattern": [],
        "dft_pattern": [],
    }
    roots = [np.sqrt(side.primitive.masses)[:, None] for side in (model, reference)]
    for vectors, omegas, others in zip(ours[1], theirs[0], theirs[1], strict=True):
        for vector in vectors[:kept]:
            found = likest(vector, omegas, others)
            row["overlap"].append(round(found.overlap, 4))
            row["dft_branch"].append(found.branches[0] + 1)
            row["dft_degeneracy"].append(len(found.branches))
            row["pattern"] += _pattern(vector, roots[0])
            row["dft_pattern"] += _pattern(found.vector, roots[1])
    return row


def publish(
    data: Path, suite: str, source: Path, progress: Callable[[str], None] = lambda name: None
) -> dict[str, int]:
    """Publish `mode_pairs` of the materials in the folder `source` in place of what `suite` had; n by potential."""
    files, _ = SOURCES[suite]
    found: list[Row] = []
    for path in files(source):
        found += material_rows(suite, path)
        progress(path.stem)
    with tables.publishing(data) as publication:
        publication.drop("mode_pairs", [suite])
        publication.put("mode_pairs", tables.from_rows("mode_pairs", found))
    return dict(Counter(row["potential"] for row in found))


def _solved(forces: ForceSet) -> Phonopy:
    phonon, _ = displaced_phonon(forces)
    symmetrised(phonon)
    return phonon


def _points(reference: Phonopy, model: Phonopy) -> np.ndarray:
    """q points (k, 3): of DFT's softest mode, of the potential's unless DFT has the same ω at both, and Γ."""
    first, second = (np.array(phonons.softest(side, phonons.commensurate_q(side))[1]) for side in (reference, model))
    omegas = phonons.frequencies(reference, np.array([first, second]))
    points = [first] if np.abs(omegas[0] - omegas[1]).max() < _SAME_OMEGA else [first, second]
    return np.array([*(q for q in points if q.any()), np.zeros(3)])


def _modes(phonon: Phonopy, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ω (k, 3n) in THz, ascending, and eigenvectors (k, 3n, 3n), a row each."""
    found = phonon.run_qpoints(points, with_eigenvectors=True)
    return np.asarray(found.frequencies), np.asarray(found.eigenvectors).swapaxes(1, 2)


def _pattern(vector: np.ndarray, root: np.ndarray) -> list[float]:
    """Displacements (n, 3, 2) of an eigenvector, real and imaginary part, the largest atom moving by 1."""
    moved = vector.reshape(-1, 3) / root
    moved = moved / np.linalg.norm(moved, axis=1).max()
    parts = np.stack([moved.real, moved.imag], axis=-1).round(DECIMALS) + 0.0
    return [float(value) for value in parts.ravel()]


def _cell(prefix: str, phonon: Phonopy) -> Row:
    cell = phonon.primitive
    symbols = {"symbols": list(cell.symbols)} if not prefix else {}
    return {
        **symbols,
        f"{prefix}lattice": cell.cell.ravel().tolist(),
        f"{prefix}positions": cell.scaled_positions.ravel().tolist(),
    }
