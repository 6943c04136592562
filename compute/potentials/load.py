"""A potential, ready to evaluate, from its id."""

from __future__ import annotations

import hashlib
from pathlib import Path

from compute.potentials.environments.install import Environment
from compute.potentials.interface import Potential
from compute.potentials.registry import entries, families
from compute.potentials.store import Checkpoint, LoadError, default_directory, locate, pin
from compute.settings import mace_backend


def load(
    potential_id: str, *, dtype: str = "float64", device: str = "auto", directory: Path | None = None
) -> Potential:
    """The potential `potential_id`, a registered one or one added by the user.

    `dtype` is "float64" or "float32"; `device` is "cpu", "cuda" (or another of torch) or "auto"; `directory`
    holds the checkpoints. Raises `UnknownPotential` for an unknown id, and `LoadError` when the checkpoint is
    missing, differs from its pinned sha256, or cannot be read.
    """
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype is float32 or float64, not {dtype!r}")
    directory = directory or default_directory()
    checkpoint = locate(potential_id, directory)
    family = families()[checkpoint.family]
    if family.environment and not Environment(family.environment).ready:
        raise LoadError(f"{family.name} is not installed: run {family.installation}")
    if not checkpoint.path.is_file():
        raise LoadError(_missing(checkpoint))
    content = checkpoint.path.read_bytes()
    sha256 = checkpoint.verified(hashlib.sha256(content).hexdigest())
    if checkpoint.origin == "fetched" and checkpoint.sha256 is None:
        pin(checkpoint, directory, sha256)
    if family.environment:
        from compute.potentials.environments.process import RemotePotential, evaluator

        return RemotePotential(
            evaluator(family.environment),
            id=potential_id,
            checkpoint=checkpoint.path,
            checkpoint_sha256=sha256,
            dtype=dtype,
            device=device,
            head=checkpoint.head,
        )
    if device == "auto":
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
    if checkpoint.family == "CHGNet":
        from compute.potentials.chgnet import load_chgnet

        return load_chgnet(potential_id, content, sha256, dtype=dtype, device=device)
    from compute.potentials.mace.model import load_mace

    return load_mace(
        potential_id, content, sha256, dtype=dtype, device=device, head=checkpoint.head, backend=mace_backend()
    )


def _missing(checkpoint: Checkpoint) -> str:
    if checkpoint.origin == "local":
        return f"{checkpoint.id} is no longer at {checkpoint.path}: restore the file"
    if checkpoint.origin == "packaged":
        family = families()[checkpoint.family]
        package = family.package.replace("compute.potentials", "softmode")
        return f"{checkpoint.id} comes with {package}, which is not fully installed: {family.installation}"
    accept = "" if entries()[checkpoint.id].permissive else " --accept-licence"
    return (
        f"{checkpoint.id} has no weights at {checkpoint.path}, nor under that id in"
        f" {checkpoint.path.with_name('local.json')}: run softmode potentials fetch {checkpoint.id}{accept}"
    )
