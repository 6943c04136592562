"""What our own DFT jobs gave: files of reference frames, and rows of the tables `wells` and `attribution`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from compute import tables
from compute.physics.phonons import rmse
from compute.potentials import store
from compute.potentials.evaluate import EvaluationError, Potential
from compute.protocols import HARMONIC_PROTOCOLS, SamplingProtocol
from compute.references import readers
from compute.references.dft import settings as presets
from compute.references.dft.jobs import Job
from compute.references.dft.settings import DftSettings
from compute.runs import dft, rows
from compute.stages import phonons, wells
from compute.stages.sampling import SamplingError
from compute.stages.score import score
from compute.structures.compounds import Compound, identify
from compute.structures.frames import Frames

Row = dict[str, Any]
SOURCE = "dft"


def dft_frames(compound: Compound, a: float, potential_id: str, directory: Path) -> Frames:
    """The frames that `potential_id` sampled, as far as DFT has computed them, with DFT's energies, forces and Φ.

    Raises `DftError` where force constants, the check of k points, or all frames are missing.
    """
    sampled = dft.kept_frames(compound, a, potential_id, directory)
    chosen = {
        name: dft.with_cutoff(preset, compound.sites["X"])
        for name, preset in (
            ("constants", presets.FORCE_CONSTANTS),
            ("frames", presets.FRAMES),
            ("check", presets.FRAME_CHECK),
        )
    }
    constants = dft.constants_job(compound, a, chosen["constants"], directory)
    job = dft.frames_job(sampled, compound, chosen["frames"], directory)
    points = job.read(job.done)
    checked = dft.frames_job(sampled, compound, chosen["check"], directory).read(1)
    apart = rmse(points.forces[0], checked.forces[0]) / float(np.sqrt(np.mean(checked.forces[0] ** 2)))
    plan = phonons.symmetric_plan(compound.structure(a), dft.SUPERCELL, dft.DISPLACEMENT)
    return replace(
        sampled,
        displacements=sampled.displacements[: job.done],
        seeds=sampled.seeds[: job.done],
        forces=_without_net_force(points.forces),
        energies=points.energies,
        force_constants=phonons.solve(plan, constants.read().forces).values,
        source=f"Softmode, GPAW {points.versions['gpaw']}",
        method=_method(chosen["frames"]),
        notes=(
            f"Force constants: {chosen['constants'].mesh} k mesh, displacement {dft.DISPLACEMENT} Å.",
            f"Forces of the first frame differ by {apart:.1%} (RMS) from those with the {chosen['check'].mesh} k mesh.",
        ),
    )


def well_rows(
    jobs: Sequence[Job],
    geometries: Sequence[Row],
    potentials: Sequence[Potential],
    progress: Callable[[], None] = lambda: None,
) -> list[Row]:
    """Rows of `wells`: of DFT for each finished job, and of `potentials` for each compound with one.

    `geometries` are the rows of the table `harmonic` that the jobs were made from, in the same order.
    """
    found: dict[tuple[str, str], Row] = {}
    for job, geometry in zip(jobs, geometries, strict=True):
        if job.done < len(job.structures):
            continue
        compound = identify(geometry["compound"], "hdp", [geometry["compound"]])
        common = {
            "suite": "hdp",
            "compound": compound.formula,
            "mode": wells.MODE,
            "geometry_from": geometry["potential"],
            "a": geometry["a"],
            "x": geometry["x"],
        }
        points, settings = job.read(), job.settings
        found[compound.formula, job.folder.name] = {
            **common,
            **_well(compound, points.energies, points.forces),
            "source": SOURCE,
            "settings": _method(settings),
            "k_points": settings.mesh,
            "cutoff_ev": settings.cutoff_ev,
        }
        for potential in potentials:
            if (compound.formula, potential.id) not in found:
                found[compound.formula, potential.id] = {
                    **common,
                    **_potential_well(compound, geometry, potential),
                    "source": potential.id,
                    "settings": potential.dtype,
                    "checkpoint_sha256": potential.checkpoint_sha256,
                }
        progress()
    return list(found.values())


def attribution_rows(
    files: Sequence[Path],
    potential: Potential,
    protocol: SamplingProtocol | None,
    progress: Callable[[], None] = lambda: None,
) -> list[Row]:
    """Rows of `attribution`: `potential` on every npz file of reference frames, named by suite and compound."""
    found = []
    for path in files:
        frames = readers.read(path)
        suite, compound = path.stem.split("-")[:2]
        common = {
            "frames": path.stem,
            "suite": suite,
            "compound": compound,
            "potential": potential.id,
            "checkpoint_sha256": potential.checkpoint_sha256,
            "method": frames.method,
            "sampler": frames.sampler if frames.sampled_by is None else f"{frames.sampled_by}: {frames.sampler}",
            "temperature": frames.temperature,
            "n_atoms": len(frames.numbers),
            "n_frames": len(frames),
            "protocol": protocol and protocol.name,
        }
        displacement = HARMONIC_PROTOCOLS["reference-geometry"].displacement
        try:
            result = rows.attribution_row(score(frames, potential, displacement=displacement, protocol=protocol))
        except SamplingError as error:
            result = rows.failed(error.status, str(error))
        except EvaluationError as error:
            result = rows.failed("not-described", str(error))
        found.append({**common, **result})
        progress()
    return found


def publish(data: Path, name: str, found: Sequence[Row], key: Sequence[str]) -> tables.Manifest:
    """Put `found` in place of what table `name` had under the same values of the columns `key`."""
    replaced = {tuple(row[column] for column in key) for row in found}
    kept = [row for row in tables.read(data, name).to_pylist() if tuple(row[c] for c in key) not in replaced]
    return tables.publish(
        data,
        {
            name: tables.from_rows(name, [*kept, *found]),
            "potentials": tables.from_rows("potentials", store.rows()),
        },
    )


def _potential_well(compound: Compound, geometry: Row, potential: Potential) -> Row:
    try:
        results = potential.evaluate(wells.tilted(compound, geometry["a"], geometry["x"]))
    except EvaluationError as error:
        return rows.failed("not-described", str(error))
    return _well(compound, np.array([r.energy for r in results]), np.array([r.forces for r in results]))


def _well(compound: Compound, energies: np.ndarray, forces: np.ndarray) -> Row:
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
        "depth": fitted.depth,
        "minimum": fitted.minimum,
        "status": "ok",
    }


def _method(settings: DftSettings) -> str:
    return f"{settings.xc}, GPAW, plane waves to {settings.cutoff_ev:g} eV, {settings.mesh} k"


def _without_net_force(forces: np.ndarray) -> np.ndarray:
    """Forces (T, N, 3) with the same part of each frame's net force, a numerical error, taken from every atom."""
    return forces - forces.mean(axis=1, keepdims=True)
