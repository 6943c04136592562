"""A potential, ready to evaluate, from its id."""

from __future__ import annotations

from pathlib import Path

from compute.potentials.evaluate import Potential
from compute.potentials.registry import entry


def load(
    potential_id: str, *, dtype: str = "float64", device: str = "auto", directory: Path | None = None
) -> Potential:
    """The potential `potential_id` on `device` ("cpu", "cuda" or "auto") in `dtype` ("float64" or "float32")."""
    from compute.potentials.chgnet import load_chgnet, packaged_checkpoint

    known = entry(potential_id)
    return load_chgnet(known.id, packaged_checkpoint(known.file), dtype=dtype, device="cpu")
