"""One potential along the tilt of a double perovskite: the structures that DFT was asked about, and the fitted well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from compute.potentials.interface import EvaluationError, Potential
from compute.protocols import HARMONIC_PROTOCOLS
from compute.stages import rows, wells
from compute.structures.compounds import Compound, identify
from compute.tasks.task import WellTask

Row = dict[str, Any]
DFT = "dft"
"""Source of the wells that potentials are held against."""


def well_tasks(dft_rows: Sequence[Row], potential: str, checkpoint_sha256: str | None) -> list[WellTask]:
    """A task for each compound that `dft_rows`, rows of the table `wells`, have a well of."""
    protocol = HARMONIC_PROTOCOLS["reference-geometry"]
    return [
        WellTask(
            row["suite"], row["compound"], potential, checkpoint_sha256, protocol,
            a=row["a"], x=row["x"], geometry_from=row["geometry_from"],
        )
        for row in {row["compound"]: row for row in dft_rows if row["source"] == DFT}.values()
    ]  # fmt: skip


def well_row(task: WellTask, potential: Potential) -> Row:
    """The row of `task` in the table `wells`; a structure that the potential cannot describe is a failed row."""
    compound = identify(task.compound, task.suite, [task.compound])
    asked = {"suite": task.suite, "compound": task.compound, "mode": wells.MODE, "geometry_from": task.geometry_from}
    return {
        **asked,
        "a": task.a,
        "x": task.x,
        **_potential_well(compound, task, potential),
        "source": potential.id,
        "settings": potential.dtype,
        "checkpoint_sha256": potential.checkpoint_sha256,
    }


def fitted_well(compound: Compound, energies: np.ndarray, forces: np.ndarray) -> Row:
    """Columns of the well with `energies` (P,) in eV and `forces` (P, 10, 3) in eV/Å, the largest Q first."""
    from ase.data import atomic_masses, atomic_numbers

    fitted = wells.well(energies, forces)
    q = np.array(sorted(wells.GRID, reverse=True))
    mass = float(atomic_masses[atomic_numbers[compound.sites["X"]]])
    return {
        "q": q.tolist(),
        "energies": (energies - energies[q == 0]).tolist(),
        "forces": wells.generalised_forces(forces).tolist(),
        "curvature": fitted.curvature,
        "quartic": fitted.quartic,
        "sextic": fitted.sextic,
        "energy_residual": fitted.energy_residual,
        "force_residual": fitted.force_residual,
        "omega_thz": wells.tilt_frequency(fitted.curvature, mass),
        "depth": rows.defined(fitted.depth),
        "minimum": rows.defined(fitted.minimum),
        "status": "ok",
    }


def _potential_well(compound: Compound, task: WellTask, potential: Potential) -> Row:
    try:
        results = potential.evaluate(wells.tilted(compound, task.a, task.x))
    except EvaluationError as error:
        return rows.failed("not-described", str(error))
    return fitted_well(compound, np.array([r.energy for r in results]), np.array([r.forces for r in results]))
