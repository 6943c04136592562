"""Phonons of stored forces, kept on disk: DFT's are needed by the import and again by every campaign."""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np

from compute.references import mp0b3
from compute.stages.stored import MESH, StoredPhonons, stored_phonons
from compute.tables import write_atomic


def cached_phonons(path: Path, method: Literal["dft", "mace"], directory: Path | None) -> StoredPhonons:
    """The phonons of one method in the npz file `path`, from `directory` if they were computed before."""
    if directory is None:
        return stored_phonons(getattr(mp0b3.read(path), method))
    sha = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    kept = directory / f"{path.stem}-{method}-{sha}-mesh{MESH}.npz"
    if not kept.exists():
        result = stored_phonons(getattr(mp0b3.read(path), method))
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **asdict(result))
        write_atomic(kept, buffer.getvalue())
        return result
    with np.load(kept, allow_pickle=False) as archive:
        values = {name: archive[name] if name == "frequencies" else archive[name].tolist() for name in archive}
    return StoredPhonons(**{**values, "omega_min_q": tuple(values["omega_min_q"])})
