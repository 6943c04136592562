"""Stored results of others in the tables: imported, run on DFT's displaced supercells, resumed, failed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from compute import tables
from compute.campaigns import campaign as campaigns
from compute.campaigns.cost import cost
from compute.campaigns.plan import PlanError
from compute.campaigns.publish import merge
from compute.campaigns.published import material_modes
from compute.campaigns.published.import_references import Wanted, imported, publish_references
from compute.potentials.interface import EvaluationError
from compute.references import alexandria50
from compute.stages import phonons
from compute.structures.compounds import identify
from tests.references.test_stored_results import EXTREMES, bands, field, lines, saved, table
from tests.support.pair_potential import PairPotential

SOFTER = 0.8


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Two materials whose DFT is the pair potential; every stored potential is softer by one factor."""
    folder = tmp_path_factory.mktemp("alexandria")
    pairs = PairPotential()
    for name, a in (("mp-1", 4.3), ("mp-2", 3.9)):
        atoms = identify("SrTiO3", "abx3").structure(a, None)
        phonon = phonons.phonopy_of(atoms, np.diag([2, 1, 1]))
        phonon.generate_displacements(distance=0.01)
        first = phonon.dataset["first_atoms"]
        moved = np.zeros((len(first), len(phonon.supercell), 3))
        for row, each in zip(moved, first, strict=True):
            row[each["number"]] = each["displacement"]
        forces = np.array([found.forces for found in pairs.evaluate(phonons.displaced(phonon, moved))])
        # The source lists the atoms of the supercell in an order of its own.
        order = np.random.default_rng(0).permutation(len(phonon.supercell))
        saved(
            folder / f"{name}.npz",
            {
                "cell": atoms.cell.array,
                "symbols": np.array(atoms.get_chemical_symbols()),
                "scaled": atoms.get_scaled_positions(),
                "supercell_matrix": np.diag([2, 1, 1]),
                "primitive_matrix": np.eye(3),
                "super_scaled": phonon.supercell.scaled_positions[order],
                "disp_atom": np.array([np.argsort(order)[each["number"]] for each in first]),
                "disp": np.array([each["displacement"] for each in first]),
                "dft_forces": forces[:, order],
                **{f"{theirs}_forces": SOFTER * forces[:, order] for theirs in alexandria50.POTENTIALS.values()},
            },
        )
    return folder


@pytest.fixture(scope="module")
def data(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    publish_references(folder, "alexandria50", imported("alexandria50", Wanted(source)))
    return folder


def planned(data, var, source=None, potential="mace-mpa-0-medium", checkpoint=None):
    return campaigns.campaign("alexandria50", potential, checkpoint, "published-displacements", data, var, source)


def test_stored_forces_are_held_against_dft(data, source, tmp_path):
    plan = planned(data, tmp_path, source)
    with ThreadPoolExecutor(1) as pool:
        campaigns.compute(plan, plan.tasks, pool)
    rows = {row["compound"]: row for row in merge(plan)["harmonic"].to_pylist()}
    assert {row["status"] for row in rows.values()} == {"ok"}
    for row in rows.values():
        assert row["geometry"] == "reference"
        assert row["slope_constants"] == pytest.approx(SOFTER, abs=1e-4)
        assert row["constants_error"] == pytest.approx(1 - SOFTER, abs=1e-4)
        assert row["soft_overlap"] == pytest.approx(1, abs=1e-3)
    # At 4.3 Å the crystal is stable and σ is the softening; at 3.9 Å it is not, and there is none.
    assert rows["mp-1"]["sigma_hessian"] == pytest.approx(1 - SOFTER, abs=1e-3)
    assert rows["mp-1"]["omega_bias_hard_thz"] < rows["mp-1"]["omega_bias_soft_thz"] < 0
    assert rows["mp-2"]["sigma_hessian"] is None
    assert "unstable" in rows["mp-2"]["sigma_hessian_reason"]
    references = {row["compound"]: row for row in tables.read(data, "references").to_pylist()}
    assert rows["mp-2"]["omega_min_thz"] == pytest.approx(
        np.sqrt(SOFTER) * references["mp-2"]["omega_min_thz"], rel=1e-3
    )


def test_modes_of_stored_forces_stand_beside_dfts(data, source, tmp_path):
    counts = material_modes.publish(tmp_path, "alexandria50", source)
    assert counts == dict.fromkeys(alexandria50.POTENTIALS, 2)
    references = {row["compound"]: row for row in tables.read(data, "references").to_pylist()}
    for row in tables.read(tmp_path, "mode_pairs").to_pylist():
        # A softer crystal of the same patterns: whatever mixtures of degenerate modes the two were given.
        assert row["overlap"] == pytest.approx([1] * len(row["overlap"]), abs=1e-3)
        assert row["pattern"] == pytest.approx(row["dft_pattern"], abs=5e-3)
        assert row["omegas"] == pytest.approx([np.sqrt(SOFTER) * omega for omega in row["dft_omegas"]], abs=2e-3)
        assert row["dft_omegas"][0] == pytest.approx(references[row["compound"]]["omega_min_thz"], abs=1e-3)
        assert row["q"][-3:] == [0, 0, 0]


def test_any_potential_is_run_on_the_kept_displacements(data, tmp_path, monkeypatch):
    """The source is not needed any more; forces are kept, and a failure is a row."""
    pairs = PairPotential()
    monkeypatch.setattr("compute.tasks.execute._loaded", lambda *_: pairs)
    plan = planned(data, tmp_path, potential="chgnet-0.3.0", checkpoint=pairs.checkpoint_sha256)
    with ThreadPoolExecutor(1) as pool:
        campaigns.compute(plan, plan.tasks[:1], pool)
        calls = pairs.calls
        (shard,) = plan.shards.directory.glob("*.json")
        shard.unlink()
        campaigns.compute(plan, plan.tasks[:1], pool)
        assert pairs.calls == calls
        monkeypatch.setattr(pairs, "evaluate", refuses)
        campaigns.compute(plan, plan.tasks, pool)
    rows = {row["compound"]: row for row in merge(plan)["harmonic"].to_pylist()}
    done, failed = (rows[task.compound] for task in plan.tasks)
    assert done["constants_error"] < 1e-5
    assert (failed["status"], failed["reason"]) == ("not-described", "no such element")


def test_the_cost_is_counted_on_the_kept_displacements(data, source, tmp_path, monkeypatch):
    pairs = PairPotential()
    monkeypatch.setattr("compute.tasks.execute._loaded", lambda *_: pairs)
    plan = planned(data, tmp_path, potential="chgnet-0.3.0", checkpoint=pairs.checkpoint_sha256)
    found = cost(plan, plan.tasks, data)
    kept = tables.read_where(data, "reference_phonons", suite="alexandria50")
    assert found.left == len(kept)
    assert found.calls == round(np.mean([1 + len(row["displaced_atoms"]) for row in kept]))
    assert found.seconds > 0
    stored = planned(data, tmp_path, source)
    assert cost(stored, stored.tasks, data).calls == 0, "forces that a source has stored cost no call"


def refuses(structures, *, stress=False):
    raise EvaluationError("no such element")


def test_what_cannot_be_run_says_why(data, source, tmp_path):
    with pytest.raises(PlanError, match="no stored forces of chgnet"):
        planned(data, tmp_path, source, potential="chgnet-0.3.0")
    only = tmp_path / "only"
    only.mkdir()
    (only / "mp-2.npz").write_bytes((source / "mp-2.npz").read_bytes())
    with pytest.raises(PlanError, match="lacks mp-1"):
        planned(data, tmp_path, only)
    with pytest.raises(PlanError, match="published-displacements, not relaxed-geometry"):
        campaigns.campaign("alexandria50", "chgnet-0.3.0", None, "relaxed-geometry", data, tmp_path)


def test_bands_extremes_and_a_wider_field(tmp_path):
    """Every potential has a row for every material; what the source lacks says so."""
    other = {name.replace("mp-1-Na1Cl1", "mp-3-K1Cl1"): value for name, value in bands("mp").items()}
    lone = {name.replace("mp-1-Na1Cl1", "mp-3-K1Cl1"): value for name, value in bands("chgnet-v0.3.0", 1).items()}
    path = saved(tmp_path / "bands.npz", {**bands("mp"), **bands("mace-y7uhwpje", -1), **other, **lone})
    found = imported("mp64", Wanted(path))
    rows = {(row["compound"], row["potential"]): row for row in found["harmonic"]}
    assert rows["mp-1", "mace-mp-0-medium"]["omega_bias_thz"] == pytest.approx(-1)
    # At Γ the three modes nearest zero are acoustic: 0, 3 and 6 THz here; beside Γ all count.
    assert rows["mp-1", "mace-mp-0-medium"]["omega_min_thz"] == pytest.approx(0)
    assert rows["mp-1", "mace-mp-0-medium"]["q_mesh"] == "3 of DFPT's 3 points along its path"
    assert rows["mp-1", "chgnet-0.3.0"]["status"] == "not-run"
    assert [row["n_ok"] for row in found["runs"]] == [1, 1]
    publish_references(tmp_path / "tables", "mp64", found)
    extremes = imported("phonondb", Wanted(table(tmp_path / "summary.csv.gz", EXTREMES)))
    assert {row["compound"] for row in extremes["references"]} == {"mp-1"}
    publish_references(tmp_path / "tables", "phonondb", extremes)
    wider = imported("kappa103", Wanted(lines(tmp_path / "field.jsonl", field())))
    ours = {(row["compound"], row["entry"]): row for row in wider["wider_field"]}
    assert ours["mp-1", "mace-mp-0"]["omega_bias_thz"] == pytest.approx(-0.5)
    assert ours["mp-1", "mace-mp-0"]["mace"]
    assert ours["mp-1", "other"]["status"] == "no-frequencies"
    publish_references(tmp_path / "tables", "kappa103", wider)
    kept = tables.read(tmp_path / "tables", "references").to_pylist()
    assert sorted(row["suite"] for row in kept) == ["kappa103", "kappa103", "mp64", "mp64", "phonondb"]
