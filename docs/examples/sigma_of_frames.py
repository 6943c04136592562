"""σ of molecular dynamics of your own, whole and by element: `python docs/examples/sigma_of_frames.py FILE_OR_FOLDER`.

What can be read: docs/how-to-frames.md. The frames that come with Softmode: data/frames/abx3-CsPbBr3-pbe.npz.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ase.data import chemical_symbols

from compute.physics.anharmonicity import anharmonic_forces, sigma, sigma_by_label
from compute.references.readers import read


def scores(path: Path) -> dict[str, float]:
    """σ of all atoms and of each element, over the frames in `path`; these must come with force constants."""
    frames = read(path)
    forces, displacements, constants = frames.forces, frames.displacements, frames.force_constants
    if constants is None:
        raise SystemExit(f"{path} has no force constants: give them to softmode frames convert first")
    anharmonic = anharmonic_forces(forces, displacements, constants)
    elements = [chemical_symbols[number] for number in frames.numbers]
    return {"all": sigma(forces, displacements, constants), **sigma_by_label(forces, anharmonic, elements)}


if __name__ == "__main__":
    for name, value in scores(Path(sys.argv[1])).items():
        print(f"σ of {name}: {value:.4f}")
