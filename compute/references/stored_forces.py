"""What the sources of stored forces have in common: npz files, one a material, of displaced supercells."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compute.references.checks import SourceError
from compute.structures.forcesets import ForceSet


def npz_files(source: Path) -> list[Path]:
    """The npz files of the folder `source`, by name; `SourceError` where there are none."""
    found = sorted(source.glob("*.npz")) if source.is_dir() else []
    if not found:
        raise SourceError(f"{source} is not a folder of npz files, one per material")
    return found


def checked(file: str, name: str, **arrays: np.ndarray) -> ForceSet:
    """The `ForceSet` of `arrays`, whose forces `file` calls `name`. Raises `SourceError` naming what is wrong."""
    forces, size = arrays["forces"], len(arrays["super_scaled"])
    if forces.shape != (len(arrays["displacements"]), size, 3):
        raise SourceError(f"{file}: {name} has shape {forces.shape}, not (displacements, {size}, 3)")
    if not np.isfinite(forces).all():
        raise SourceError(f"{file}: {name} holds values that are not finite")
    length = np.linalg.norm(arrays["displacements"], axis=1)
    if length.min() < 1e-4 or length.max() > 0.1:
        raise SourceError(f"{file}: displacements are up to {length.max():g} long; the unit is Å, 0.01 is usual")
    if (atoms := arrays["atoms"]).min() < 0 or atoms.max() >= size:
        raise SourceError(f"{file}: displaced atom {atoms.max()} of a supercell of {size} atoms")
    return ForceSet(**arrays)
