"""DFT of our own: which structures, with which settings, in which folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compute.references.dft import settings as presets
from compute.references.dft.jobs import Job
from compute.references.dft.settings import DftSettings
from compute.runs.plan import stratified
from compute.stages import phonons, wells
from compute.structures.compounds import Compound, identify

if TYPE_CHECKING:
    from ase import Atoms

Row = dict[str, Any]

# Å. Twice the harmonic protocol's: DFT forces carry an error of about 1 meV/Å, which this halves in Φ.
DISPLACEMENT = 0.02
SUPERCELL = 2
# Elements with closed shells and a PAW data set in Debian's gpaw-data; no magnetism, no 4f.
CLOSED_SHELL = frozenset("Li Na K Rb Cs Mg Ca Sr Ba Zn Cd Ag In Tl Sn Pb Ge Sc Y Al Ga Sb Bi F Cl Br I".split())
WELLS = 26
# eV; with it the forces of a rattled cell are within 1 % of those at a cutoff higher by a third or more.
CUTOFF = {"F": 550.0, "Cl": 350.0, "Br": 300.0, "I": 300.0}


def with_cutoff(settings: DftSettings, anion: str) -> DftSettings:
    """`settings` with the cutoff that the anion needs."""
    return settings.model_copy(update={"cutoff_ev": CUTOFF[anion]})


def constants_job(compound: Compound, a: float, settings: DftSettings, directory: Path) -> Job:
    """The inequivalent displacements of the 40-atom cell of an ABX3 compound at lattice constant `a` in Å."""
    plan = phonons.symmetric_plan(compound.structure(a), SUPERCELL, DISPLACEMENT)
    return _job("constants", compound, settings, phonons.displaced(plan.template, plan.displacements), directory)


def well_job(compound: Compound, a: float, x: float, settings: DftSettings, directory: Path) -> Job:
    """The tilted ten-atom cells of a double perovskite at `a` in Å and anion coordinate `x`."""
    return _job("well", compound, settings, wells.tilted(compound, a, x), directory)


def well_jobs(
    references: Sequence[Row], harmonic: Sequence[Row], k: int, cutoff_factor: float, directory: Path
) -> list[Job]:
    """The jobs of `well_compounds`, at the geometries of the table `harmonic`, with k³ points."""
    geometries = {row["compound"]: row for row in harmonic if row["suite"] == "hdp" and row["status"] == "ok"}
    jobs = []
    for row in well_compounds(references, geometries):
        compound = identify(row["compound"], "hdp", [row["compound"]])
        geometry = geometries[row["compound"]]
        cutoff = CUTOFF[row["X"]] * cutoff_factor
        settings = presets.WELL.model_copy(update={"k_points": (k, k, k), "cutoff_ev": cutoff})
        jobs.append(well_job(compound, geometry["a"], geometry["x"], settings, directory))
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


def _job(kind: str, compound: Compound, settings: DftSettings, structures: Sequence[Atoms], directory: Path) -> Job:
    folder = directory / f"{kind}-{compound.suite}-{compound.formula}-{settings.digest[:8]}"
    return Job(folder, settings, tuple(structures))
