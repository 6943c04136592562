"""Ways to carry out a MACE model, each held against the plain one before it is used."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from compute.potentials.interface import Evaluation, Potential
from compute.potentials.store import LoadError
from compute.sentence import said_by

if TYPE_CHECKING:
    from ase import Atoms

P = TypeVar("P", bound=Potential)

# Largest difference of forces, as a share of the largest force: rounding, of weights stored in float32 too.
_TOLERANCE = {"float64": 1e-6, "float32": 1e-3}


def verified(model: Any, backend: str, device: str, potential: Callable[[Any], P]) -> P:
    """The potential of `model` by `backend`.

    Raises `LoadError` where the model cannot be evaluated, or `backend` is unknown, missing or gives other forces.
    """
    if backend not in BACKENDS:
        raise LoadError(f"no backend {backend}: it is one of {', '.join(BACKENDS)}")
    unchanged = None if backend == "plain" else copy.deepcopy(model)
    plain, probes, wanted = _tried(model, potential)
    if unchanged is None:
        return plain
    try:
        fast = potential(BACKENDS[backend](unchanged, device))
    except ImportError as error:
        raise LoadError(f"backend {backend} is not installed: {error}") from error
    for structure, expected in zip(probes, wanted, strict=True):
        (found,) = fast.evaluate([structure], stress=True)
        assert found.stress is not None, "stress was asked for"
        assert expected.stress is not None, "stress was asked for"
        allowed = _TOLERANCE[plain.dtype]
        if not (
            np.allclose(found.forces, expected.forces, rtol=0, atol=allowed * np.abs(expected.forces).max())
            and np.allclose(found.stress, expected.stress, rtol=0, atol=allowed * np.abs(expected.stress).max())
            and np.isclose(found.energy, expected.energy, rtol=allowed, atol=allowed)
        ):
            raise LoadError(f"{plain.id}: backend {backend} gives other forces than the plain model")
    return fast


def _tried(model: Any, potential: Callable[[Any], P]) -> tuple[P, list[Atoms], list[Evaluation]]:
    """The plain potential with what it gives for the probes. Raises `LoadError` for a model that gives nothing."""
    try:
        plain = potential(model)
        probes = _probes([int(z) for z in model.atomic_numbers], float(model.r_max))
        return plain, probes, [plain.evaluate([structure], stress=True)[0] for structure in probes]
    except LoadError:
        raise
    except Exception as error:  # a model runs code of its own, which raises whatever it meets
        raise LoadError(f"the model cannot be evaluated: {said_by(error)}") from error


def _probes(elements: list[int], cutoff: float) -> list[Atoms]:
    """A small crystal without symmetry of a few of `elements`, with neighbours at all distances."""
    from ase import Atoms

    generator = np.random.default_rng(0)
    numbers = generator.choice(elements, size=6)
    corners = np.array([(i, j, k) for i in range(2) for j in range(2) for k in range(2)])[:6]
    positions = (corners + generator.uniform(-0.1, 0.1, (6, 3))) * cutoff / 2
    return [Atoms(numbers, positions=positions, cell=np.diag([1.0, 1.1, 1.2]) * cutoff, pbc=True)]


def _sparse(model: Any, device: str) -> Any:
    from compute.potentials.mace.blocks import rewritten

    return rewritten(model)


def _cuequivariance(model: Any, device: str) -> Any:
    import cuequivariance_torch  # noqa: F401  MACE would go on without it
    from mace.cli.convert_e3nn_cueq import run

    return run(model, device=device, return_model=True)


def _compiled(model: Any, device: str) -> Any:
    import torch

    from compute.potentials.mace.blocks import rewritten

    return torch.compile(rewritten(model), dynamic=True)


BACKENDS: dict[str, Callable[[Any, str], Any]] = {
    "plain": lambda model, device: model,
    "sparse": _sparse,
    "cueq": _cuequivariance,
    "compile": _compiled,
}
"""What a model is carried out with: MACE as it is, its blocks rewritten, NVIDIA's kernels, or compiled by torch."""
