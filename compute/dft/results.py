"""What our own DFT jobs gave: files of reference frames, and rows of the tables `wells` and `attribution`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compute import tables
from compute.dft import plan as dft
from compute.dft import settings as presets
from compute.dft.jobs import DftError, DftJob
from compute.dft.settings import DftSettings
from compute.physics import anharmonicity
from compute.physics.phonons import rmse
from compute.potentials import store
from compute.potentials.interface import Potential
from compute.potentials.load import load
from compute.protocols import SamplingProtocol
from compute.references import readers
from compute.references.readers.npz import write_npz
from compute.stages import phonons, rows, wells
from compute.structures.compounds import Compound, identify
from compute.structures.force_constants import constants_of
from compute.structures.frames import Frames
from compute.suites import SUITES
from compute.tasks.attribution import scored_row
from compute.tasks.wells import DFT, fitted_well, well_row, well_tasks

if TYPE_CHECKING:
    from phonopy import Phonopy

Row = dict[str, Any]
_OURS, _ON_CONSTANTS = "Softmode, ", "Force constants: "
"""What the source of our own frames begins with, and the note on their force constants."""
# k points along each axis, and factor of the cutoff: the wells themselves, then what tells how converged they are.
WELL_VARIANTS = ((2, 1.0), (4, 1.0), (2, 1.5))


def dft_frames(compound: Compound, a: float, potential_id: str, directory: Path) -> Frames:
    """The frames that `potential_id` sampled, as far as DFT has computed them, with DFT's energies, forces and Φ.

    Raises `DftError` where force constants or all frames are missing.
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
    check = dft.frames_job(sampled, compound, chosen["check"], directory)
    plan = phonons.symmetric_plan(compound.structure(a), dft.SUPERCELL, dft.DISPLACEMENT)
    if not np.allclose(plan.template.supercell.positions, sampled.ideal, atol=1e-6):
        raise ValueError(f"{compound.formula}: the sampled frames are not of this cell, or in another order of atoms")
    return replace(
        sampled,
        displacements=sampled.displacements[: job.done],
        seeds=sampled.seeds[: job.done],
        forces=_without_net_force(points.forces),
        energies=points.energies,
        force_constants=phonons.solve(plan, constants.read().forces).values,
        source=f"{_OURS}GPAW {points.versions['gpaw']}",
        method=_method(chosen["frames"]),
        notes=(
            f"{_ON_CONSTANTS}{chosen['constants'].mesh} k mesh, displacement {dft.DISPLACEMENT} Å.",
            _checked(points.forces[0], check),
        ),
    )


def write_frames(references: Sequence[Row], potential_id: str, directory: Path, to: Path) -> list[Path]:
    """Write one file into the folder `to` for every ABX3 compound whose DFT frames, checks and Φ are in `directory`."""
    written = []
    for row in references:
        if row["suite"] != "abx3" or not any(directory.glob(f"sampled-abx3-{row['compound']}-{potential_id}-*.npz")):
            continue
        compound = identify(row["compound"], "abx3", [row["compound"]])
        try:
            frames = dft_frames(compound, row["lattice_constant"], potential_id, directory)
        except DftError:
            continue  # not finished yet: the command that goes on with it says so
        to.mkdir(parents=True, exist_ok=True)
        written.append(to / f"abx3-{compound.formula}-pbe.npz")
        write_npz(frames, written[-1])
    return written


def frames_summary(path: Path, published: Row) -> Row:
    """ω and σ of a file of frames that `write_frames` wrote, beside the `published` row of its compound."""
    frames = readers.read(path)
    phonon = _phonon(frames, published)
    stars = SUITES[published["suite"]].q_points
    omegas = {f"omega_{label}_thz": phonons.softest(phonon, star)[0] for label, star in stars.items()}
    anharmonic = anharmonicity.anharmonic_forces(frames.forces, frames.displacements, constants_of(phonon))
    return {
        "frames": path.stem,
        "n_frames": len(frames),
        "method": frames.method,
        "sampled_by": frames.sampled_by,
        **omegas,
        "sigma": anharmonicity.sigma_pooled(frames.forces, anharmonic),
        "sigma_se": rows.defined(anharmonicity.standard_error(frames.forces, anharmonic, frames.seeds)),
        "published": {key: published[key] for key in ("lattice_constant", *omegas, "sigma", "functional")},
        "notes": list(frames.notes),
    }


def constants_row(path: Path, published: Row) -> Row | None:
    """The row of `dft_constants` of a file of frames; None where its DFT is not our own, with the functional of the
    `published` row of its compound."""
    frames = readers.read(path)
    functional = frames.method.split(",")[0]
    if not frames.source.startswith(_OURS) or functional != published["functional"].split()[0]:
        return None
    phonon = _phonon(frames, published)
    cell, constants = phonon.unitcell, phonons.by_cell(phonon, constants_of(phonon))
    code, cutoff = frames.source.removeprefix(_OURS), frames.method.split(", ")[2]
    return {
        "suite": published["suite"],
        "compound": published["compound"],
        "functional": functional,
        "settings": f"{code}, {cutoff}, {frames.notes[0].removeprefix(_ON_CONSTANTS).removesuffix('.')}",
        "symbols": list(cell.symbols),
        "masses": cell.masses.tolist(),
        "positions": cell.scaled_positions.ravel().tolist(),
        "lattice": cell.cell.ravel().tolist(),
        "repeats": constants.shape[2],
        "constants": (constants.round(6) + 0.0).ravel().tolist(),
    }


def publish_constants(data: Path, files: Sequence[Path]) -> int:
    """Publish what the frames in `files` have of DFT's force constants; how many compounds they are of."""
    known = {(row["suite"], row["compound"]): row for row in tables.read(data, "references").to_pylist()}
    found = [constants_row(path, known[compound_of(path)]) for path in files if compound_of(path) in known]
    rows_of_dft = [row for row in found if row is not None]
    with tables.publishing(data) as publication:
        publication.upsert("dft_constants", rows_of_dft)
    return len(rows_of_dft)


def compound_of(path: Path) -> tuple[str, str]:
    """Suite and compound of a file of frames."""
    suite, compound, *_ = path.stem.split("-")
    return suite, compound


def publish(
    data: Path,
    directory: Path,
    files: Sequence[Path],
    potential_ids: Sequence[str],
    protocol: SamplingProtocol | None,
    progress: Callable[[str], None] = lambda text: None,
) -> dict[str, int]:
    """Publish `wells` and, for the frames in `files`, `dft_constants` and `attribution`; how many rows of each.

    Rows of compounds and potentials that are not among these stay.
    """
    jobs = [job for k, factor in WELL_VARIANTS for job in _well_jobs(data, directory, k, factor)]
    potentials = [load(potential, dtype="float64") for potential in potential_ids]
    wells_of_dft = dft_well_rows(jobs)
    published = tables.read(data, "wells")
    known = tables.updated("wells", published, tables.from_rows("wells", wells_of_dft)).to_pylist()
    of_dft = [row for row in known if row["source"] == DFT]
    found = [*wells_of_dft, *(row for potential in potentials for row in potential_well_rows(of_dft, potential))]
    with tables.publishing(data) as publication:
        publication.upsert("wells", found)
    constants = publish_constants(data, files)
    scored = publish_attribution(data, files, potentials, protocol, progress)
    return {"wells": len(found), "dft_constants": constants, "attribution": scored}


def publish_attribution(
    data: Path,
    files: Sequence[Path],
    potentials: Sequence[Potential],
    protocol: SamplingProtocol | None,
    progress: Callable[[str], None] = lambda text: None,
) -> int:
    """Publish the rows of `attribution` of `potentials` on the frames in `files`; how many they are."""
    scored = []
    for potential in potentials:
        for path in files:
            progress(f"{potential.id} on {path.stem}")
            scored.append(scored_row(path, potential, protocol))
    with tables.publishing(data) as publication:
        publication.upsert("attribution", scored)
        publication.upsert("potentials", store.rows_with([potential.id for potential in potentials]))
    return len(scored)


def dft_well_rows(jobs: Sequence[tuple[Row, DftJob]]) -> list[Row]:
    """Rows of `wells` of DFT: one per finished job, which comes with the row of `harmonic` that has its geometry."""
    found = []
    for geometry, job in jobs:
        if job.done < len(job.structures):
            continue
        compound = identify(geometry["compound"], "hdp", [geometry["compound"]])
        points, settings = job.read(), job.settings
        found.append(
            {
                "suite": "hdp",
                "compound": compound.formula,
                "mode": wells.MODE,
                "geometry_from": geometry["potential"],
                "a": geometry["a"],
                "x": geometry["x"],
                **fitted_well(compound, points.energies, points.forces),
                "source": DFT,
                "settings": _method(settings),
                "k_points": settings.mesh,
                "cutoff_ev": settings.cutoff_ev,
            }
        )
    return found


def potential_well_rows(dft_rows: Sequence[Row], potential: Potential) -> list[Row]:
    """Rows of `wells` of `potential`: the same structures as in `dft_rows`, one row per compound."""
    tasks = well_tasks(dft_rows, potential.id, potential.checkpoint_sha256)
    return [well_row(task, potential) for task in tasks]


def _well_jobs(data: Path, directory: Path, k: int, cutoff_factor: float) -> list[tuple[Row, DftJob]]:
    references, harmonic = (tables.read(data, name).to_pylist() for name in ("references", "harmonic"))
    return dft.well_jobs(references, harmonic, k, cutoff_factor, directory)


def _phonon(frames: Frames, published: Row) -> Phonopy:
    """The supercell of `frames`, of the compound of the `published` row, with their force constants."""
    if frames.force_constants is None:
        raise ValueError(f"{frames.source} has no force constants.")
    compound = identify(published["compound"], published["suite"], [published["compound"]])
    repeats = round((len(frames.numbers) / len(compound.atom_sites)) ** (1 / 3))
    cell = compound.structure(float(frames.cell[0, 0]) / repeats)
    phonon = phonons.phonopy_of(cell, np.eye(3, dtype=int) * repeats, symmetry=False)
    phonon.force_constants = frames.force_constants
    return phonon


def _method(settings: DftSettings) -> str:
    return f"{settings.xc}, GPAW, plane waves to {settings.cutoff_ev:g} eV, {settings.mesh} k"


def _checked(forces: np.ndarray, check: DftJob) -> str:
    """How far `forces` (N, 3) of the first frame are from those of the job that repeats it with the full k mesh."""
    if not check.done:
        return f"The first frame was not repeated with the {check.settings.mesh} k mesh."
    (full,) = check.read(1).forces
    apart = rmse(forces, full) / float(np.sqrt(np.mean(full**2)))
    return f"Forces of the first frame differ by {apart:.1%} (RMS) from those with the {check.settings.mesh} k mesh."


def _without_net_force(forces: np.ndarray) -> np.ndarray:
    """Forces (T, N, 3) with the same part of each frame's net force, a numerical error, taken from every atom."""
    return np.asarray(forces - forces.mean(axis=1, keepdims=True))
