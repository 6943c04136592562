"""A potential, ready to evaluate, from its id."""

from __future__ import annotations

import hashlib
from pathlib import Path

from compute.potentials import store
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
    return _loaded(checkpoint, content, sha256, dtype=dtype, device=device)


def add(file: Path, id: str, *, head: str | None = None, directory: Path | None = None) -> Checkpoint:
    """`store.add` of a checkpoint that has been loaded and evaluated once. Raises `LoadError` where that fails."""
    return store.add(file, id, head=head, directory=directory, examine=_examine)


def _examine(checkpoint: Checkpoint) -> None:
    """`LoadError`, one sentence, for a checkpoint that cannot be evaluated here."""
    family = families()[checkpoint.family]
    if family.environment:
        return  # Its own interpreter may not be here yet.
    content = checkpoint.path.read_bytes()
    potential = _loaded(checkpoint, content, checkpoint.verified(hashlib.sha256(content).hexdigest()), device="cpu")
    if checkpoint.family == "CHGNet":
        from ase.build import bulk

        try:
            potential.evaluate([bulk("NaCl", "rocksalt", 5.6)], stress=True)
        except Exception as error:  # a model runs code of its own, which raises whatever it meets
            said = " ".join(str(error).split())[:200]
            raise LoadError(f"{checkpoint.id} cannot be evaluated: {type(error).__name__} {said}") from error


def _loaded(
    checkpoint: Checkpoint, content: bytes, sha256: str, *, dtype: str = "float64", device: str = "auto"
) -> Potential:
    environment = families()[checkpoint.family].environment
    if environment:
        from compute.potentials.environments.process import RemotePotential, evaluator

        return RemotePotential(
            evaluator(environment),
            id=checkpoint.id,
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

        return load_chgnet(checkpoint.id, content, sha256, dtype=dtype, device=device)
    from compute.potentials.mace.model import load_mace

    return load_mace(
        checkpoint.id, content, sha256, dtype=dtype, device=device, head=checkpoint.head, backend=mace_backend()
    )


def _missing(checkpoint: Checkpoint) -> str:
    if checkpoint.origin == "published":
        return f"{checkpoint.id} is known by published results alone: its weights are not read here"
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
