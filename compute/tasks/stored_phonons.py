"""Phonons of stored forces, kept on disk: DFT's are needed by the import and again by every campaign."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np

from compute.files import write_atomic
from compute.references import mp0b3
from compute.stages.stored import MESH, SPEED_MESH, BandPath, StoredPhonons, band_path, stored_phonons

_VERSION = f"mesh{MESH}-{SPEED_MESH}"


def shared_path(material: mp0b3.Material) -> BandPath:
    """The path along which both methods' bands are taken: DFT's, or MACE's own where the two are not comparable."""
    return band_path(material.mace if material.mismatch else material.dft)


def cached_phonons(path: Path, method: Literal["dft", "mace"], directory: Path | None) -> StoredPhonons:
    """The phonons of one method in the npz file `path`, from `directory` if they were computed before."""

    def compute() -> StoredPhonons:
        material = mp0b3.read(path)
        return stored_phonons(getattr(material, method), shared_path(material))

    sha = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return kept(directory, f"{path.stem}-{method}-{sha}", compute)


def kept(directory: Path | None, name: str, compute: Callable[[], StoredPhonons]) -> StoredPhonons:
    """What `compute` gives, from `directory` if it was computed before; `name` says of what content."""
    if directory is None:
        return compute()
    path = directory / f"{name}-{_VERSION}.npz"
    if not path.exists():
        result = compute()
        # None as an array would be pickled.
        _written(path, {key: np.nan if value is None else value for key, value in asdict(result).items()})
        return result
    with np.load(path, allow_pickle=False) as archive:
        values = {key: archive[key] if archive[key].ndim > 1 else archive[key].tolist() for key in archive}
    gamma = values["omega_gamma"]
    values |= {"omega_min_q": tuple(values["omega_min_q"]), "omega_gamma": None if np.isnan(gamma) else gamma}
    return StoredPhonons(**values)


def kept_forces(directory: Path | None, name: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """The same for forces (k, N, 3) that a potential finds: they are what costs, and other numbers may be asked of
    them later."""
    if directory is None:
        return compute()
    path = directory / f"{name}-forces.npz"
    if not path.exists():
        found = compute()
        _written(path, {"forces": found})
        return found
    with np.load(path, allow_pickle=False) as archive:
        return np.asarray(archive["forces"])


def _written(path: Path, arrays: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_atomic(path, buffer.getvalue())
