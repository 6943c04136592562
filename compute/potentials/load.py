"""A potential, ready to evaluate, from its id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from compute.potentials import store
from compute.potentials.environments.install import folder_of
from compute.potentials.interface import EvaluationError, NotFinite, Potential
from compute.potentials.registry import entries, families
from compute.potentials.store import Checkpoint, LoadError, default_directory, locate, pin
from compute.sentence import said_by
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
    checkpoint, content, sha256 = _read(potential_id, directory)
    return _loaded(checkpoint, content, sha256, dtype=dtype, device=device)


def sha256_of(potential_id: str, directory: Path | None = None) -> str:
    """The sha256 of a checkpoint that is here, without loading it. Raises as `load` where it is missing or differs."""
    return _read(potential_id, directory)[2]


def _read(potential_id: str, directory: Path | None) -> tuple[Checkpoint, bytes, str]:
    """A checkpoint whose packages are here, its content and the sha256 of that, which is fixed at its first use."""
    directory = directory or default_directory()
    checkpoint = locate(potential_id, directory)
    environment = checkpoint.environment
    if environment and not environment.ready:
        again = families()[checkpoint.family].installation
        if checkpoint.requirements:
            again = f"softmode potentials add-calculator {checkpoint.path} --id {checkpoint.id} --requirements FILE"
        raise LoadError(f"the packages of {environment.name} are not installed: run {again}")
    if not checkpoint.path.is_file():
        raise LoadError(_missing(checkpoint))
    content = checkpoint.path.read_bytes()
    sha256 = checkpoint.verified(hashlib.sha256(content).hexdigest())
    if checkpoint.origin == "fetched" and checkpoint.sha256 is None:
        pin(checkpoint, directory, sha256)
    return checkpoint, content, sha256


def add(file: Path, id: str, *, head: str | None = None, directory: Path | None = None) -> Checkpoint:
    """`store.add` of a checkpoint that has been loaded and evaluated once. Raises `LoadError` where that fails."""
    return store.add(file, id, head=head, directory=directory, examine=_examine)


def add_calculator(
    file: Path,
    id: str,
    requirements: tuple[str, ...] = (),
    *,
    directory: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Checkpoint:
    """`store.add_calculator` of a file whose packages are installed and whose calculator has been asked once.

    Raises `InstallError` where the packages cannot be installed, `LoadError` where the calculator gives no forces.
    """

    def examine(checkpoint: Checkpoint) -> None:
        if checkpoint.environment:
            checkpoint.environment.install(say)
        _asked_once(_loaded(checkpoint, b"", str(checkpoint.sha256), device="cpu"))

    return store.add_calculator(file, id, requirements, directory=directory, examine=examine)


def _asked_once(potential: Potential) -> None:
    """`LoadError` for a potential that describes none of a few simple crystals, or one of them by a NaN."""
    from ase.build import bulk

    crystals = [
        bulk("NaCl", "rocksalt", 5.6),
        bulk("Cu", "fcc", 3.6),
        bulk("Si", "diamond", 5.4),
        bulk("Ar", "fcc", 5.3),
    ]
    said = []
    for crystal in crystals:
        crystal.rattle(0.02, seed=0)
        try:
            potential.evaluate([crystal])
        except NotFinite as error:
            raise LoadError(f"it cannot be used: {error}") from error
        except EvaluationError as error:
            said.append(str(error))
        else:
            return
    raise LoadError(f"it cannot be evaluated: {said[0]}")


def _examine(checkpoint: Checkpoint) -> None:
    """`LoadError`, one sentence, for a checkpoint that cannot be evaluated here."""
    environment = checkpoint.environment
    if environment and not environment.ready:
        raise LoadError(
            f"{checkpoint.path.name} is a checkpoint of {checkpoint.family}, whose packages are not installed: run"
            f" {families()[checkpoint.family].installation}"
        )
    content = checkpoint.path.read_bytes()
    potential = _loaded(checkpoint, content, checkpoint.verified(hashlib.sha256(content).hexdigest()), device="cpu")
    if environment:
        _asked_once(potential)
    if checkpoint.family == "CHGNet":
        from ase.build import bulk

        try:
            potential.evaluate([bulk("NaCl", "rocksalt", 5.6)], stress=True)
        except Exception as error:  # a model runs code of its own, which raises whatever it meets
            raise LoadError(f"{checkpoint.id} cannot be evaluated: {said_by(error)}") from error


def _loaded(
    checkpoint: Checkpoint, content: bytes, sha256: str, *, dtype: str = "float64", device: str = "auto"
) -> Potential:
    if environment := checkpoint.environment:
        from compute.potentials.environments.process import RemotePotential, evaluator

        return RemotePotential(
            evaluator(environment, folder_of(str(families()[checkpoint.family].environment))),
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
