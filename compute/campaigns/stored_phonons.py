"""Phonons of stored forces, kept on disk: DFT's are needed by the import and again by every campaign."""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np

from compute.references import mp0b3
from compute.stages.stored import MESH, SPEED_MESH, BandPath, StoredPhonons, band_path, stored_phonons
from compute.tables import write_atomic

_VERSION = f"mesh{MESH}-{SPEED_MESH}"


def shared_path(material: mp0b3.Material) -> BandPath:
    """The path along which both methods' bands are taken: DFT's, or MACE's own where the two are not comparable."""
    return band_path(material.mace if material.mismatch else material.dft)


def cached_phonons(path: Path, method: Literal["dft", "mace"], directory: Path | None) -> StoredPhonons:
    """The phonons of one method in the npz file `path`, from `directory` if they were computed before."""
    if directory is None:
        return _phonons(path, method)
    sha = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    kept = directory / f"{path.stem}-{method}-{sha}-{_VERSION}.npz"
    if not kept.exists():
        result = _phonons(path, method)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **asdict(result))
        write_atomic(kept, buffer.getvalue())
        return result
    with np.load(kept, allow_pickle=False) as archive:
        values = {name: archive[name] if archive[name].ndim > 1 else archive[name].tolist() for name in archive}
    return StoredPhonons(**{**values, "omega_min_q": tuple(values["omega_min_q"])})


def _phonons(path: Path, method: Literal["dft", "mace"]) -> StoredPhonons:
    material = mp0b3.read(path)
    return stored_phonons(getattr(material, method), shared_path(material))
