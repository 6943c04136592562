"""What a campaign will cost: force calls counted from its protocol, times measured on a few of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compute import tables
from compute.campaigns.campaign import Campaign
from compute.potentials.interface import Potential
from compute.protocols import Andersen, HarmonicProtocol, Langevin, SamplingProtocol
from compute.stages import dft_displacements as stage
from compute.stages import phonons
from compute.structures.reference_phonons import from_row
from compute.tasks.execute import compound_of, potential_of
from compute.tasks.task import DisplacementsTask, Task

if TYPE_CHECKING:
    from ase import Atoms

_MEASURED = 3


@dataclass(frozen=True)
class Cost:
    """`left` of `compounds` are still to do; calls and seconds are per compound, on one process."""

    run: str
    compounds: int
    left: int
    calls: int
    seconds: float

    def hours(self, workers: int) -> float:
        """Wall time of what is left, with so many processes that do not disturb each other."""
        return self.left * self.seconds / workers / 3600


def cost(campaign: Campaign, chosen: Sequence[Task], data: Path) -> Cost:
    """The cost of the `chosen` tasks of `campaign`, from the time of a few force calls on the first compound.

    σ is counted at its full length, a relaxation with as many calls as those published in `data` took on average.
    """
    left = [task for task in chosen if not campaign.shards.has(task.digest)]
    if not left:
        return Cost(campaign.run, len(chosen), 0, 0, 0.0)
    first = left[0]
    if isinstance(first, DisplacementsTask):
        computed = [task for task in left if isinstance(task, DisplacementsTask) and task.forces is None]
        calls, seconds = _on_dft_displacements(computed, data) if computed else (0, 0.0)
        return Cost(campaign.run, len(chosen), len(left), calls, seconds)
    compound, protocol = compound_of(first), campaign.protocol
    harmonic = protocol.harmonic if isinstance(protocol, SamplingProtocol) else protocol
    a, x = compound.guess()
    cell = compound.structure(getattr(first, "a", None) or a, x)
    plan = phonons.symmetric_plan(cell, harmonic.supercell or 1, harmonic.displacement)
    (supercell,) = phonons.displaced(plan.template, np.zeros((1, len(plan.template.supercell), 3)))
    still = potential_of(first, harmonic.dtype)
    n_still, n_relax = len(plan.displacements), _relaxation_calls(data, campaign.suite, harmonic)
    seconds = n_still * _seconds(still, supercell) + (n_relax * _seconds(still, cell) if n_relax else 0)
    calls = n_still + n_relax
    if isinstance(protocol, SamplingProtocol):
        n_moving = sampling_calls(protocol)
        calls, seconds = (
            calls + n_moving,
            seconds + n_moving * _seconds(potential_of(first, protocol.dtype), supercell),
        )
    else:
        # Along the softest mode, and with a ladder at rest.
        n_frozen = 1 if harmonic.ladder is None else 1 + len(harmonic.ladder)
        calls, seconds = calls + n_frozen, seconds + n_frozen * _seconds(still, supercell)
    return Cost(campaign.run, len(chosen), len(left), calls, seconds)


def _on_dft_displacements(left: Sequence[DisplacementsTask], data: Path) -> tuple[int, float]:
    """Force calls and seconds per material on DFT's displaced supercells, from calls on the one in the middle."""
    kept = {row["compound"]: from_row(row) for row in tables.read_where(data, "reference_phonons", suite=left[0].suite)}
    materials = [kept[task.compound] for task in left]
    calls = [1 + len(material.atoms) for material in materials]
    atoms = [material.constants.shape[1] for material in materials]
    crystal = stage.crystal(materials[len(materials) // 2])
    (supercell,) = phonons.displaced(crystal, np.zeros((1, len(crystal.supercell), 3)))
    an_atom = _seconds(potential_of(left[0], left[0].protocol.dtype), supercell) / len(supercell)
    return round(np.mean(calls)), an_atom * float(np.dot(calls, atoms)) / len(materials)


def sampling_calls(protocol: SamplingProtocol) -> int:
    """Force calls on the supercell that sampling takes, at the most and in all replicas."""
    sampler = protocol.sampler
    if isinstance(sampler, Andersen):
        steps = sampler.ramp_steps + sampler.steps
    elif isinstance(sampler, Langevin):
        steps = math.ceil((sampler.discard + sampler.longest) / sampler.timestep)
    else:
        steps = sampler.samples
    return protocol.replicas * steps


def _relaxation_calls(data: Path, suite: str, protocol: HarmonicProtocol) -> int:
    if protocol.geometry == "reference":
        return 0
    listed = tables.read_where(data, "harmonic", columns=["relax_steps"], suite=suite)
    known = [row["relax_steps"] for row in listed if row["relax_steps"]]
    return math.ceil(sum(known) / len(known)) if known else protocol.max_relax_steps


def _seconds(potential: Potential, structure: Atoms) -> float:
    """Seconds of one force call, the median of a few; the first is not counted."""
    rng = np.random.default_rng(0)

    def call() -> None:
        moved = structure.copy()
        moved.positions += rng.normal(0, 0.01, moved.positions.shape)
        potential.evaluate([moved])

    call()
    return float(np.median([_timed(call) for _ in range(_MEASURED)]))


def _timed(action: Callable[[], None]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
