"""DFT jobs under another Python (with a stand-in for GPAW), and the tilt wells they are for."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from compute import tables
from compute.dft import plan
from compute.dft import results as dft_results
from compute.dft import settings as presets
from compute.dft.jobs import DftError, DftJob
from compute.physics import wells as physics
from compute.physics.phonons import THZ_PER_ROOT
from compute.stages import wells
from compute.structures.compounds import identify
from compute.structures.prototypes import elpasolite_tilt
from dashboard.dataset import Dataset
from dashboard.queries.bands import bands_of_dft, mode
from tests.conftest import ROOT
from tests.support.pair_potential import PairPotential

FRAMES = ROOT / "data" / "frames"
STAND_IN = '''
"""Stands in for GPAW: a harmonic force to where the atoms of the first structure were; dies when told to."""
import os
from pathlib import Path
from ase.calculators.calculator import Calculator, all_changes

__version__ = "stand-in"
HERE = Path(__file__).parent

def PW(cutoff):
    return cutoff

def FermiDirac(width):
    return width

def Mixer(*settings):
    return settings

class GPAW(Calculator):
    implemented_properties = ["energy", "forces"]

    def __init__(self, **settings):
        super().__init__()
        self.settings = settings
        with (HERE / "calculators").open("a") as log:
            log.write(f"{settings['mode']} {settings['kpts']}\\n")

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        with (HERE / "calls").open("a") as log:
            log.write("call\\n")
        if (HERE / "die").exists() and len((HERE / "calls").read_text().split()) == 3:
            os._exit(9)
        self.results = {"energy": float((self.atoms.positions**2).sum()), "forces": -2 * self.atoms.positions}

    def get_number_of_iterations(self):
        return 1
'''


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """An interpreter that finds the stand-in under the name gpaw."""
    folder = tmp_path / "stand-in"
    folder.mkdir()
    (folder / "gpaw.py").write_text(STAND_IN)
    script = folder / "python3"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def calls(python: Path) -> int:
    return len(python.with_name("calls").read_text().split())


@pytest.fixture
def job(tmp_path: Path) -> DftJob:
    cell = identify("CsPbBr3", "abx3", ["CsPbBr3"]).structure(5.98)
    structures = [cell.copy() for _ in range(3)]
    for number, structure in enumerate(structures):
        structure.rattle(0.1, seed=number)
    return DftJob(tmp_path / "dft", presets.FORCE_CONSTANTS, tuple(structures))


def test_a_killed_job_goes_on_where_it_was(job, python):
    python.with_name("die").touch()
    with pytest.raises(DftError, match="stopped after 2 of 3"):
        job.run(str(python))
    with pytest.raises(DftError, match="1 of 3 points are missing"):
        job.read()
    python.with_name("die").unlink()
    seen: list[int] = []
    job.run(str(python), seen.append)
    assert calls(python) == 4  # two, the one that died, and that one again
    assert seen == [3]
    points = job.read()
    expected = np.array([-2 * atoms.positions for atoms in job.structures])
    assert points.forces == pytest.approx(expected, abs=1e-6)
    assert points.versions["gpaw"] == "stand-in"
    job.run(str(python))
    assert calls(python) == 4


def test_only_the_first_so_many_points_are_computed_when_asked(job, python):
    job.run(str(python), first=1)
    assert (job.done, calls(python)) == (1, 1)
    assert len(job.read(1).energies) == 1


def test_frames_keep_their_calculator_and_displacements_do_not(job, python, tmp_path):
    job.run(str(python))
    assert len(python.with_name("calculators").read_text().splitlines()) == 3
    kept = DftJob(tmp_path / "frames", presets.FRAMES, job.structures)
    kept.run(str(python))
    assert len(python.with_name("calculators").read_text().splitlines()) == 4
    assert "0.25" in python.with_name("calculators").read_text().splitlines()[-1]


def test_another_job_in_the_same_folder_is_refused(job):
    job.write()
    other = DftJob(job.folder, job.settings, job.structures[:1])
    with pytest.raises(DftError, match="another job"):
        other.write()


def test_a_missing_interpreter_is_named(job):
    with pytest.raises(DftError, match="--python"):
        job.run("/nowhere/python3")


def test_what_gpaw_says_when_it_fails_is_passed_on(job, python):
    python.with_name("gpaw.py").write_text("raise ImportError('no PAW data sets')")
    with pytest.raises(DftError, match="no PAW data sets"):
        job.run(str(python))


def test_a_polynomial_well_is_found_again():
    q = np.array([0.4, 0.3, 0.2, 0.1, 0.0])
    k, quartic, sextic = -1.5, 30.0, 12.0
    energies = k * q**2 / 2 + quartic * q**4 / 4 + sextic * q**6 / 6 - 7.0
    found = physics.fit(q, energies, -(k * q + quartic * q**3 + sextic * q**5))
    assert (found.curvature, found.quartic, found.sextic) == pytest.approx((k, quartic, sextic))
    assert (found.energy_residual, found.force_residual) == pytest.approx((0, 0), abs=1e-12)
    square = (-quartic + np.sqrt(quartic**2 - 4 * sextic * k)) / (2 * sextic)
    assert found.minimum == pytest.approx(np.sqrt(square))
    assert found.depth == pytest.approx(-(k * square / 2 + quartic * square**2 / 4 + sextic * square**3 / 6))


def test_a_minimum_beyond_the_points_is_not_made_up():
    q = np.array([0.4, 0.3, 0.2, 0.1, 0.0])
    found = physics.fit(q, -(q**2) + q**4 / 4, 2 * q - q**3)
    assert np.isnan([found.depth, found.minimum]).all()
    assert found.curvature == pytest.approx(-2)


def test_a_single_well_has_no_depth_and_a_cusp_leaves_a_residual():
    q = np.array([0.4, 0.3, 0.2, 0.1, 0.0])
    single = physics.fit(q, 2 * q**2, -4 * q)
    assert (single.depth, single.minimum) == (0, 0)
    cusp = physics.fit(q, 2 * q**2 + np.abs(q), -4 * q - np.sign(q))
    assert cusp.force_residual > 0.1
    with pytest.raises(ValueError, match="Q = 0"):
        physics.fit(q[:-1], q[:-1], q[:-1])


def test_the_tilt_is_a_mode_of_its_own_and_its_forces_are_the_slope_of_the_energy():
    compound = identify("Cs2AgBiBr6", "hdp", ["Cs2AgBiBr6"])
    potential = PairPotential({"Cs": 1.9, "Ag": 1.2, "Bi": 1.1, "Br": 1.8})
    a, x = 11.3, 0.251
    results = potential.evaluate(wells.tilted(compound, a, x))
    energies, forces = (np.array([getattr(r, name) for r in results]) for name in ("energy", "forces"))
    grid = np.array(sorted(wells.GRID, reverse=True))
    step = 1e-4
    ahead, behind = (
        np.array([r.energy for r in potential.evaluate(wells.tilted(compound, a, x, tuple(grid + sign * step)))])
        for sign in (1, -1)
    )
    assert wells.generalised_forces(forces) == pytest.approx(-(ahead - behind) / (2 * step), abs=1e-6)
    # Forces are along the pattern alone to first order in Q: symmetry allows nothing else.
    pattern = elpasolite_tilt()
    hessian = potential.hessian(compound.structure(a, x)).transpose(0, 2, 1, 3).reshape(30, 30)
    image = hessian @ pattern.ravel()
    curvature = float(pattern.ravel() @ image)
    assert image == pytest.approx(curvature / 4 * pattern.ravel(), abs=1e-9)
    fitted = wells.well(energies, forces)
    assert fitted.curvature == pytest.approx(curvature, rel=0.02)
    masses = compound.structure(a, x).get_masses()
    root = np.repeat(np.sqrt(masses), 3)
    omegas = np.linalg.eigvalsh(hessian / np.outer(root, root))
    mine = wells.tilt_frequency(curvature, masses[-1])
    signed = np.sign(omegas) * np.sqrt(np.abs(omegas)) * THZ_PER_ROOT
    assert np.abs(signed - mine).min() < 1e-6


def test_the_compared_double_perovskites_span_anions_and_published_scores(published):
    everything = {row["compound"]: {"status": "ok"} for row in published}
    chosen = plan.well_compounds(published, everything)
    assert len(chosen) == plan.WELLS
    assert {row["X"] for row in chosen} == {"F", "Cl", "Br", "I"}
    assert min(row["sigma"] for row in chosen) < 0.5
    assert max(row["sigma"] for row in chosen) > 1
    assert {row[site] for row in chosen for site in ("A", "B", "Bp", "X")} <= plan.CLOSED_SHELL


def test_a_potential_is_held_against_the_published_wells_without_the_jobs(tmp_path, monkeypatch):
    compound = identify("Cs2AgBiBr6", "hdp", ["Cs2AgBiBr6"])
    potential = PairPotential({"Cs": 1.9, "Ag": 1.2, "Bi": 1.1, "Br": 1.8})
    geometry = {"compound": compound.formula, "potential": "pair", "a": 11.3, "x": 0.251}
    job = plan.well_job(compound, 11.3, 0.251, presets.WELL, tmp_path)
    results = potential.evaluate(job.structures)
    job.write()
    (job.folder / "points").mkdir()
    for number, result in enumerate(results):
        point = {"energy": result.energy, "forces": result.forces.tolist(), "seconds": 1.0, "net_force": 0.0}
        (job.folder / "points" / f"{number:04d}.json").write_text(json.dumps({**point, "versions": {"gpaw": "none"}}))
    (from_dft,) = dft_results.dft_well_rows([(geometry, job)])
    monkeypatch.setattr(dft_results, "WELL_VARIANTS", ((2, 1.0),))
    monkeypatch.setattr(dft_results, "_well_jobs", lambda *arguments: [(geometry, job)])
    monkeypatch.setattr(dft_results, "load", lambda name, dtype: potential)
    dft_results.publish(tmp_path / "data", tmp_path, [], [], None)
    monkeypatch.setattr(dft_results, "_well_jobs", lambda *arguments: [])
    counts = dft_results.publish(tmp_path / "data", tmp_path, [], ["pair"], None)
    assert counts == {"wells": 1, "dft_constants": 0, "attribution": 0}
    published = {row["source"]: row for row in tables.read(tmp_path / "data", "wells").to_pylist()}
    assert set(published) == {"dft", "pair"}
    for column in ("curvature", "quartic", "omega_thz", "energies", "forces"):
        assert published["pair"][column] == pytest.approx(from_dft[column])
    assert published["dft"]["k_points"] == "2x2x2 Γ-centred"


def test_force_constants_of_our_own_dft_are_published_where_their_functional_is_the_references(tmp_path, published):
    known = {(row["suite"], row["compound"]): row for row in published}
    of_ours = FRAMES / "abx3-CsMgCl3-pbe.npz"
    row = dft_results.constants_row(of_ours, known["abx3", "CsMgCl3"])
    assert row["functional"] == "PBE"
    assert row["settings"] == "GPAW 22.8.0, plane waves to 350 eV, 2x2x2 shifted k mesh, displacement 0.02 Å"
    tables.publish(tmp_path, {"references": tables.from_rows("references", [known["abx3", "CsMgCl3"]])})
    assert dft_results.publish_constants(tmp_path, [of_ours, FRAMES / "abx3-CsPbI3-pbesol.npz"]) == 1
    shown = bands_of_dft(Dataset(tmp_path), "abx3", "CsMgCl3", "cubic-perovskite")
    softest = dft_results.frames_summary(of_ours, known["abx3", "CsMgCl3"])
    for label, column in (("R", "omega_r_thz"), ("M", "omega_m_thz"), ("X", "omega_x_thz")):
        assert mode(shown, label, "").omega == pytest.approx(softest[column], abs=1e-3)
    # PBEsol is another functional than the reference's.
    assert dft_results.constants_row(FRAMES / "abx3-CsPbI3-pbesol.npz", known["abx3", "CsPbI3"]) is None
