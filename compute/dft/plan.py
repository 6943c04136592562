"""DFT of our own: which structures, with which settings, in which folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compute.campaigns.plan import stratified
from compute.dft import settings as presets
from compute.dft.jobs import DftJob
from compute.dft.settings import DftSettings
from compute.potentials.interface import Potential
from compute.potentials.load import load
from compute.protocols import Langevin, SamplingProtocol
from compute.references import readers
from compute.references.readers.npz import write_npz
from compute.stages import phonons, wells
from compute.stages.crystal import harmonic_crystal
from compute.stages.sampling import sample
from compute.structures.compounds import Compound, identify
from compute.structures.frames import Frames

if TYPE_CHECKING:
    from ase import Atoms

Row = dict[str, Any]

# Å. Twice the harmonic protocol's: DFT forces carry an error of about 1 meV/Å, which this halves in Φ.
DISPLACEMENT = 0.02
SUPERCELL = 2
# Far apart, so that few expensive frames say as much as possible; the sampling itself costs minutes.
FRAME_PROTOCOL = SamplingProtocol(
    name="dft-frames", sampler=Langevin(discard=1_200, keep=9_600, longest=9_600, stride=300)
)
# Elements with closed shells and a PAW data set in Debian's gpaw-data; no magnetism, no 4f.
CLOSED_SHELL = frozenset("Li Na K Rb Cs Mg Ca Sr Ba Zn Cd Ag In Tl Sn Pb Ge Sc Y Al Ga Sb Bi F Cl Br I".split())
WELLS = 22
# eV; with it the forces of a rattled cell are within 1 % of those at a cutoff higher by a third or more.
CUTOFF = {"F": 550.0, "Cl": 350.0, "Br": 300.0, "I": 300.0}


def with_cutoff(settings: DftSettings, anion: str) -> DftSettings:
    """`settings` with the cutoff that the anion needs."""
    return settings.model_copy(update={"cutoff_ev": CUTOFF[anion]})


def constants_job(compound: Compound, a: float, settings: DftSettings, directory: Path) -> DftJob:
    """The inequivalent displacements of the 40-atom cell of an ABX3 compound at lattice constant `a` in Å."""
    plan = phonons.symmetric_plan(compound.structure(a), SUPERCELL, DISPLACEMENT)
    return _job("constants", compound, settings, phonons.displaced(plan.template, plan.displacements), directory)


def frames_job(frames: Frames, compound: Compound, settings: DftSettings, directory: Path) -> DftJob:
    """`frames` of an ABX3 compound, in order, so that each goes on from the density of the one before."""
    return _job("frames", compound, settings, frames.atoms(), directory)


def kept_frames(compound: Compound, a: float, potential_id: str, directory: Path) -> Frames:
    """The frames of `sampled_frames`, sampled once and then kept in `directory`."""
    path = directory / f"sampled-{compound.suite}-{compound.formula}-{potential_id}-{FRAME_PROTOCOL.digest[:8]}.npz"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        write_npz(sampled_frames(compound, a, load(potential_id, dtype=FRAME_PROTOCOL.dtype)), path)
    return readers.read(path)


def sampled_frames(compound: Compound, a: float, potential: Potential, seed: int = 0) -> Frames:
    """Well-separated frames of the 40-atom cell at lattice constant `a` in Å, with the potential's forces and energies.

    By `FRAME_PROTOCOL`. Raises `SamplingError` where the potential does not keep the crystal.
    """
    crystal = harmonic_crystal(compound, potential, FRAME_PROTOCOL.harmonic, a)
    ideal = crystal.supercell
    trajectory = sample(potential, ideal, crystal.force_constants, FRAME_PROTOCOL, seed=seed)
    return Frames(
        numbers=ideal.numbers,
        cell=ideal.cell.array,
        ideal=ideal.positions,
        displacements=trajectory.displacements,
        forces=trajectory.forces,
        seeds=trajectory.seeds,
        energies=trajectory.energies,
        method=potential.id,
        sampler="Langevin dynamics, one frame per 0.6 ps",
        sampled_by=potential.id,
        temperature=FRAME_PROTOCOL.temperature,
    )


def well_job(compound: Compound, a: float, x: float, settings: DftSettings, directory: Path) -> DftJob:
    """The tilted ten-atom cells of a double perovskite at `a` in Å and anion coordinate `x`."""
    return _job("well", compound, settings, wells.tilted(compound, a, x), directory)


def well_jobs(
    references: Sequence[Row], harmonic: Sequence[Row], k: int, cutoff_factor: float, directory: Path
) -> list[tuple[Row, DftJob]]:
    """The jobs of `well_compounds` with k³ points, each with the row of the table `harmonic` that has its geometry."""
    geometries = {row["compound"]: row for row in harmonic if row["suite"] == "hdp" and row["status"] == "ok"}
    jobs = []
    for row in well_compounds(references, geometries):
        compound = identify(row["compound"], "hdp", [row["compound"]])
        geometry = geometries[row["compound"]]
        cutoff = CUTOFF[row["X"]] * cutoff_factor
        settings = presets.WELL.model_copy(update={"k_points": (k, k, k), "cutoff_ev": cutoff})
        jobs.append((geometry, well_job(compound, geometry["a"], geometry["x"], settings, directory)))
    return jobs


def well_compounds(references: Sequence[Row], harmonic: Mapping[str, Row]) -> list[Row]:
    """The `WELLS` double perovskites whose tilt wells are compared, balanced over anions and published σ.

    Of the closed-shell compounds with B and B' on sites of their own, for which `harmonic` (by compound) has a
    relaxed geometry.
    """
    suitable = [
        row
        for row in references
        if row["suite"] == "hdp"
        and row["Bp"] is not None
        and len({row["A"], row["B"], row["Bp"]}) == 3
        and {row["A"], row["B"], row["Bp"], row["X"]} <= CLOSED_SHELL
        and harmonic.get(row["compound"], {}).get("status") == "ok"
    ]
    return stratified(suitable)[:WELLS]


def _job(kind: str, compound: Compound, settings: DftSettings, structures: Sequence[Atoms], directory: Path) -> DftJob:
    folder = directory / f"{kind}-{compound.suite}-{compound.formula}-{settings.digest[:8]}"
    return DftJob(folder, settings, tuple(structures))
