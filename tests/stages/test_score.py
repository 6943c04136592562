"""A potential scored on reference frames of an analytic crystal, through files and the command line."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from compute.cli import app
from compute.physics import anharmonicity
from compute.physics.thermal import BOLTZMANN
from compute.protocols import Langevin, SamplingProtocol
from compute.references.readers.npz import write_npz
from compute.stages.rows import attribution_row
from compute.stages.score import score
from compute.structures.compounds import identify
from compute.structures.frames import Frames
from compute.tables.schemas import SCHEMAS
from compute.tasks.attribution import scored_row
from tests.support.pair_potential import PairPotential

RADII = {"Cs": 1.9, "Pb": 1.2, "Cl": 1.75}
TEMPERATURE = 300.0


class Named(PairPotential):
    """The analytic crystal under an id of its own."""

    def __init__(self, id: str, scale: float = 1.0):
        super().__init__(RADII)
        self.id, self.scale = id, scale
        self.depth = PairPotential.depth * scale


@pytest.fixture(scope="module")
def frames() -> Frames:
    """20 rattled frames of 40 atoms, with the exact energies, forces and Hessian of the reference crystal."""
    truth = Named("truth")
    ideal = identify("CsPbCl3", "abx3", ["CsPbCl3"]).structure(5.6) * (2, 2, 2)
    moved = np.random.default_rng(0).normal(scale=0.08, size=(20, len(ideal), 3))
    structures = []
    for u in moved:
        atoms = ideal.copy()
        atoms.positions += u
        structures.append(atoms)
    results = truth.evaluate(structures)
    return Frames(
        numbers=ideal.numbers,
        cell=ideal.cell.array,
        ideal=ideal.positions,
        displacements=moved,
        forces=np.array([result.forces for result in results]),
        energies=np.array([result.energy for result in results]),
        seeds=np.zeros(20, int),
        force_constants=truth.hessian(ideal),
        method="analytic",
        sampler="rattled",
        temperature=TEMPERATURE,
    )


def test_the_reference_itself_scores_without_error(frames):
    found = score(replace(frames, sampled_by="truth"), Named("truth"), displacement=0.001)
    corners = {name: value.value for name, value in found.attribution.corners.items()}
    expected = anharmonicity.sigma(frames.forces, frames.displacements, frames.force_constants)
    assert corners == pytest.approx(dict.fromkeys(("mrr", "mrm", "mmr", "mmm"), expected), rel=1e-3), "its own frames"
    assert found.frames_of == "truth"
    assert found.attribution.net.value == pytest.approx(0, abs=1e-3)
    assert found.error.force_error_residual.value < 1e-6
    assert found.error.slope.value == pytest.approx(1)
    assert found.error.constants_error < 1e-3
    assert found.reweighted.effective_frames == pytest.approx(20)
    assert found.reweighted.sigma == pytest.approx(expected)


def test_a_model_that_is_too_soft_everywhere_is_told_from_a_wrong_one(frames):
    soft = score(frames, Named("soft", 0.7), displacement=0.001)
    assert soft.error.slope.value == pytest.approx(0.7)
    assert soft.error.slope_constants == pytest.approx(0.7, rel=1e-3)
    assert soft.error.amplification.value == pytest.approx(1, rel=1e-2)
    corners = soft.attribution.corners
    assert corners["rmm"].value == pytest.approx(corners["rrr"].value, rel=1e-3)
    assert soft.error.sigma_rescaled.value == pytest.approx(corners["rrr"].value, rel=1e-6)
    assert soft.error.force_error_residual.value < 1e-9 < soft.error.force_error.value, "a mere softening"
    assert soft.error.slopes == pytest.approx({"Cs": 0.7, "Pb": 0.7, "Cl": 0.7})
    assert soft.error.errors == pytest.approx({"Cs": 0.3, "Pb": 0.3, "Cl": 0.3})
    assert soft.frames_of == "reference"
    assert soft.reweighted is None
    wrong = Named("wrong")
    wrong.alpha = 1.8  # a steeper Morse curve: more anharmonic for its stiffness
    corners = score(frames, wrong, displacement=0.001).attribution.corners
    assert corners["rmm"].value > corners["rrr"].value + 3 * corners["rrr"].se


def test_frames_of_a_third_sampler_give_corners_of_their_own_name(frames):
    found = score(replace(frames, sampled_by="third"), Named("soft", 0.7), displacement=0.001)
    corners = found.attribution.corners
    assert set(corners) == {"srr", "srm", "smr", "smm"}
    assert set(found.attribution.path) == {"forces", "hessian"}
    assert found.attribution.n_orders == 0
    assert found.attribution.net.value == pytest.approx(corners["smm"].value - corners["srr"].value)
    here = score(frames, Named("soft", 0.7), displacement=0.001).attribution
    assert here.corners["rmm"].value == corners["smm"].value, "the same numbers, of the same frames"
    assert here.interactions["forces_hessian"].value == found.attribution.interactions["forces_hessian"].value
    row = attribution_row(found)
    assert (row["frames_of"], row["corner_srr"]) == ("third", corners["srr"].value)
    assert "corner_rrr" not in row


def test_the_virial_ratio_is_that_of_the_references_forces(frames):
    energy = -np.einsum("tia,tia->t", frames.forces, frames.displacements).mean()
    found = score(frames, Named("soft", 0.7), displacement=0.001)
    assert found.virial.value == pytest.approx(energy / (117 * BOLTZMANN * TEMPERATURE), rel=1e-6)
    assert found.virial.se > 0
    assert found.virial_own is None
    assert score(replace(frames, temperature=None), Named("soft", 0.7), displacement=0.001).virial is None


def test_frames_of_its_own_supply_the_sampling_step(frames):
    short = SamplingProtocol(name="short", sampler=Langevin(discard=50, keep=120, longest=120))
    found = score(frames, Named("soft", 0.7), displacement=0.001, protocol=short, seed=1)
    assert found.n_model_frames >= 12
    assert np.isfinite(found.virial_own.value)
    assert set(found.attribution.path) == {"forces", "hessian", "sampling"}
    assert found.attribution.n_orders == 3
    row = attribution_row(found)
    assert set(row) <= set(SCHEMAS["attribution"].names)
    assert row["total"] == pytest.approx(sum(row[f"path_{step}"] for step in ("forces", "hessian", "sampling")))
    assert row["missing"].startswith("mrr: reference (DFT) forces")


def test_a_file_becomes_a_row_and_a_model_that_explodes_a_failure(frames, tmp_path):
    path = tmp_path / "abx3-CsPbCl3-analytic.npz"
    write_npz(replace(frames, sampled_by="truth"), path)
    row = scored_row(path, Named("soft", 0.7), None)
    assert (row["frames"], row["suite"], row["compound"]) == ("abx3-CsPbCl3-analytic", "abx3", "CsPbCl3")
    assert (row["status"], row["n_frames"], row["sampler"]) == ("ok", 20, "truth: rattled")
    weak = Named("weak", 0.002)
    unbound = SamplingProtocol(name="short", sampler=Langevin(discard=500, keep=2000, longest=2000))
    failed = scored_row(path, weak, unbound)
    assert failed["status"] in ("left-sites", "exploded")
    assert failed["reason"]


def test_the_command_prints_corners_contributions_slope_and_amplification(frames, tmp_path):
    path = tmp_path / "abx3-CsPbCl3-analytic.npz"
    write_npz(
        replace(
            frames,
            displacements=frames.displacements[:5],
            forces=frames.forces[:5],
            energies=frames.energies[:5],
            seeds=frames.seeds[:5],
        ),
        path,
    )
    command = ["frames", "score", str(path), "--potential", "chgnet-0.3.0"]
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["corner_rrr"] == pytest.approx(
        anharmonicity.sigma(frames.forces[:5], frames.displacements[:5], frames.force_constants)
    )
    assert found["path_forces"] == pytest.approx(found["corner_rmr"] - found["corner_rrr"])
    assert found["path_hessian"] == pytest.approx(found["corner_rmm"] - found["corner_rmr"])
    assert {"slope", "slope_se", "amplification", "sigma_rescaled", "force_rmse"} <= set(found)
    assert set(found["missing"]) == {"mrr", "mrm", "mmr", "mmm"}
    refused = CliRunner().invoke(app, [*command, "--protocol", "published"])
    assert refused.exit_code == 1
    assert "quick or converged" in refused.output
