"""The same work by both sides: force constants, σ and force calls, by the engine and by the plain loop.

Every function runs in a process of its own, warms up, and returns what it measured.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.bench import loop, models
from compute.bench.machine import operations, synchronise
from compute.potentials.batching import Pooled, together
from compute.protocols import SamplingProtocol
from compute.stages.anharmonic import anharmonic
from compute.stages.guard import SamplingError
from compute.stages.harmonic import harmonic
from compute.structures.compounds import Compound, identify

if TYPE_CHECKING:
    from ase import Atoms

Crystal = tuple[str, float]
"""Formula and lattice constant in Å of a cubic ABX3."""


@dataclass(frozen=True)
class Measured:
    """`wall` and processor seconds `cpu`, `model` those inside the network, `results` by compound, peak memory in MB.

    `steps` is the number of force calls, and `atoms` the atoms in them.
    """

    wall: float
    cpu: float
    model: float
    steps: int
    atoms: int
    peak: float
    results: tuple[float, ...]


def limit_threads(threads: int) -> None:
    """Threads of torch in this process."""
    import torch

    torch.set_num_threads(threads)


class _Hooked:
    """Counts calls, atoms and seconds of a network."""

    def __init__(self, network: Any, device: str):
        self.seconds, self.calls, self.atoms = 0.0, 0, 0
        self._start, self._device = 0.0, device
        network.register_forward_pre_hook(self._enter)
        network.register_forward_hook(self._leave)

    def _enter(self, network: Any, arguments: Any) -> None:
        self._start = time.perf_counter()
        self.calls += len(arguments[0]["ptr"]) - 1
        self.atoms += len(arguments[0]["positions"])

    def _leave(self, network: Any, arguments: Any, out: Any) -> None:
        synchronise(self._device)
        self.seconds += time.perf_counter() - self._start


def engine(
    stage: str,
    model: str,
    crystals: Sequence[Crystal],
    protocol: SamplingProtocol,
    chunk: int,
    device: str,
    backend: str = "sparse",
) -> Measured:
    """`stage` of `crystals`, `chunk` of them together, through the stages that campaigns use.

    The result of a crystal that its atoms leave is NaN.
    """
    still, moving = _potential(model, "float64", device, backend), _potential(model, protocol.dtype, device, backend)
    hooks = [_HOOKS[id(potential)] for potential in (still, moving)]

    def calculate(compound: Compound, a: float, number: int) -> float:
        if stage == "force_constants":
            return harmonic(compound, Pooled(still), protocol.harmonic, a).omega_min
        try:
            return anharmonic(compound, Pooled(still), protocol, a, dynamics=Pooled(moving), seed=number).sigma
        except SamplingError:
            return float("nan")

    def work() -> tuple[float, ...]:
        found: dict[int, float] = {}
        for start in range(0, len(crystals), chunk):
            part = crystals[start : start + chunk]
            calls = [partial(calculate, identify(f, "abx3", [f]), a, start + n) for n, (f, a) in enumerate(part)]
            found |= {start + ended.index: ended.value for ended in together(calls)}
        return tuple(found[index] for index in range(len(crystals)))

    return _measured(work, hooks)


def plain(stage: str, model: str, crystals: Sequence[Crystal], protocol: SamplingProtocol, device: str) -> Measured:
    """The same by the plain loop."""
    calculator, hook = _calculator(model, device)

    def calculate(formula: str, a: float, number: int) -> float:
        cell = identify(formula, "abx3", [formula]).structure(a)
        if stage == "force_constants":
            mesh: Mapping[str, Any] = loop.force_constants(cell, calculator, protocol.harmonic).get_mesh_dict()
            return float(mesh["frequencies"].min())
        return loop.sigma(cell, calculator, protocol, number)[0]

    return _measured(lambda: tuple(calculate(*each, number) for number, each in enumerate(crystals)), [hook])


def calls(side: str, model: str, crystals: Sequence[Crystal], steps: int, chunk: int, device: str) -> Measured:
    """`steps` force calls in float32 on each of `crystals`, 2×2×2 cells with moving atoms, `chunk` at a time."""
    generator = np.random.default_rng(0)
    cells = [identify(f, "abx3", [f]).structure(a).repeat(2) for f, a in crystals]

    def move() -> None:
        for cell in cells:
            cell.positions += generator.normal(scale=0.005, size=cell.positions.shape)

    if side == "plain":
        calculator, hook = _calculator(model, device)
        for cell in cells:
            cell.calc = calculator

        def evaluate() -> None:
            for cell in cells:
                cell.get_forces()
    else:
        potential = _potential(model, "float32", device, side)
        hook = _HOOKS[id(potential)]

        def evaluate() -> None:
            for start in range(0, len(cells), chunk):
                potential.evaluate(cells[start : start + chunk])

    def work() -> tuple[float, ...]:
        for _ in range(steps):
            move()
            evaluate()
        return ()

    # TorchScript optimises what it has seen a few times.
    for _ in range(4):
        move()
        evaluate()
    return _measured(work, [hook])


def floating_point(model: str, crystal: Crystal, side: str) -> int:
    """Floating-point operations in the matrix products of one force call on a 2×2×2 cell, in float32."""
    formula, a = crystal
    cell: Atoms = identify(formula, "abx3", [formula]).structure(a).repeat(2)
    cell.rattle(0.05)
    potential = _potential(model, "float32", "cpu", side)
    return operations(lambda: potential.evaluate([cell]))


_HOOKS: dict[int, _Hooked] = {}
_POTENTIALS: dict[tuple[str, ...], Any] = {}


def _potential(model: str, dtype: str, device: str, backend: str) -> Any:
    key = (model, dtype, device, backend)
    if key not in _POTENTIALS:
        _POTENTIALS[key] = models.ours(*key)
        _HOOKS[id(_POTENTIALS[key])] = _Hooked(_POTENTIALS[key].network, device)
    return _POTENTIALS[key]


def _calculator(model: str, device: str) -> tuple[Any, _Hooked]:
    key = (model, device)
    if key not in _POTENTIALS:
        _POTENTIALS[key] = models.plain_calculator(model, device)
        _HOOKS[id(_POTENTIALS[key])] = _Hooked(_POTENTIALS[key].models[0], device)
    return _POTENTIALS[key], _HOOKS[id(_POTENTIALS[key])]


def _measured(work: Callable[[], tuple[float, ...]], hooks: Sequence[_Hooked]) -> Measured:
    before = [(hook.seconds, hook.calls, hook.atoms) for hook in hooks]
    wall, cpu = time.perf_counter(), time.process_time()
    results = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    pairs = [(hook.seconds - s, hook.calls - c, hook.atoms - a) for hook, (s, c, a) in zip(hooks, before, strict=True)]
    model, steps, atoms = (sum(values) for values in zip(*pairs, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(wall, cpu, float(model), int(steps), int(atoms), peak, results)
