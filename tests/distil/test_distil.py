"""Distillation: sets split by compound and nested, seeded throughout, and models that come with Softmode."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest

pytest.importorskip("mace")

from ase import Atoms

from compute.distil import dataset, run, training
from compute.distil.configurations import Parent, labelled, ordered
from compute.distil.settings import SIZES, Recipe, Training, model_id
from compute.potentials.interface import EvaluationError
from compute.potentials.load import load
from compute.potentials.mace.model import load_mace
from compute.potentials.registry import entry
from compute.potentials.store import file_sha256, locate
from compute.reports.distillation import document
from compute.structures.compounds import identify
from tests.conftest import ROOT
from tests.support.pair_potential import PairPotential

RADII = {"Cs": 1.9, "K": 1.6, "Rb": 1.7, "Pb": 1.2, "Mg": 0.7, "Cd": 0.95, "Cl": 1.8, "F": 1.3, "Br": 1.95}
RECIPE = Recipe(steps=2, together=2, dynamics_share=0.5, least_seen=1)


@pytest.fixture(scope="module")
def split():
    return run.split(ROOT / "data" / "parquet", Recipe())


@pytest.fixture
def parents():
    return [Parent(identify(name, "abx3", [name]), 5.0, None) for name in ("CsPbCl3", "KMgF3", "RbCdBr3")]


def pair():
    return PairPotential(RADII)


def small(parents, count=4):
    return labelled(parents, range(count), 1, RECIPE, pair())


def test_no_compound_is_in_two_parts_and_every_halide_is_in_one(split):
    parts = [{parent.name for parent in part} for part in (split.training, split.validation, split.test)]
    assert sum(map(len, parts)) == len(set().union(*parts)) > 3_700
    assert len(parts[1]) == sum(Recipe().validation_compounds)
    assert len(parts[2]) == sum(Recipe().test_compounds)


def test_the_smallest_set_has_every_element_of_all(split):
    def elements(parents):
        return {element for parent in parents for element in parent.compound.sites.values()}

    everything = elements((*split.training, *split.validation, *split.test))
    assert elements(split.training[: SIZES[0]]) == everything


def test_the_order_depends_on_the_seed_alone(parents):
    assert ordered(parents, RECIPE) == ordered(parents, RECIPE)
    assert {parent.name for parent in ordered(parents, Recipe(seed=1))} == {parent.name for parent in parents}


def test_a_smaller_set_is_the_beginning_of_a_larger_one(parents, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "CHUNK", 3)
    split = run.Split(tuple(parents), (), ())

    def drawn(count, folder):
        return run.configurations("training", count, split, RECIPE, tmp_path / folder, pair)

    large, few = drawn(5, "one"), drawn(2, "two")
    assert large.first(2).digest == few.digest
    assert drawn(5, "one").digest == large.digest  # from the files


def test_labels_are_those_of_the_teacher_and_dynamics_moves_atoms_on(parents):
    drawn = small(parents, 8)
    assert {kind.endswith("dynamics") for kind in drawn.kinds} == {True, False}
    for atoms, forces in zip(drawn.atoms(), drawn.split_by_size(drawn.forces), strict=True):
        (result,) = pair().evaluate([atoms])
        np.testing.assert_allclose(forces, result.forces, atol=1e-10)


def test_what_is_written_is_read_back(parents, tmp_path):
    drawn = small(parents)
    dataset.write(drawn, tmp_path / "some.npz")
    back = dataset.read(tmp_path / "some.npz")
    assert all(np.array_equal(getattr(back, f.name), getattr(drawn, f.name)) for f in fields(drawn))
    halves = dataset.joined([drawn.chosen(np.arange(4) < 2), drawn.chosen(np.arange(4) >= 2)])
    assert halves.digest == drawn.digest


def test_training_lowers_the_error_goes_on_where_it_was_and_repeats(parents, tmp_path):
    settings = Training(
        irreps="4x0e + 4x1o", radial=(8,), readout="4x0e", batch=2, steps=12, warm_up=2, evaluate_every=4
    )
    drawn = small(parents)
    content, curve = training.train(drawn, drawn, settings, tmp_path / "whole.pt")
    assert curve[-1]["validation_force_rmse"] < curve[0]["validation_force_rmse"]

    class Stop(Exception):
        pass

    def stop(point):
        raise Stop

    with pytest.raises(Stop):
        training.train(drawn, drawn, settings, tmp_path / "cut.pt", stop)
    _, again = training.train(drawn, drawn, settings, tmp_path / "cut.pt")
    assert [point["validation_loss"] for point in again] == pytest.approx([p["validation_loss"] for p in curve])
    model = load_mace("own", content, "", dtype="float64", device="cpu")
    best = min(curve, key=lambda point: point["validation_loss"])
    found = run.held_out_errors(drawn, model)
    assert found["force_rmse"] == pytest.approx(best["validation_force_rmse"], rel=1e-3)


@pytest.mark.parametrize("size", SIZES)
def test_the_packaged_models_load_and_describe_halides_only(size):
    known, checkpoint = entry(model_id(size)), locate(model_id(size))
    assert known.kind == "packaged"
    assert known.training_structures == size
    assert "istilled from CHGNet 0.3.0" in known.training_set
    assert checkpoint.path.stat().st_size < 3e6
    assert known.sha256 == file_sha256(checkpoint.path)
    potential = load(model_id(size), device="cpu")
    atoms = identify("CsPbBr3", "abx3", ["CsPbBr3"]).structure(5.98)
    atoms.rattle(0.05, seed=1)
    (result,) = potential.evaluate([atoms], stress=True)
    assert 0.01 < np.abs(result.forces).max() < 10
    with pytest.raises(EvaluationError, match="not trained on O"):
        potential.evaluate([Atoms("O2", positions=[(0, 0, 0), (0, 0, 1.2)], cell=[5] * 3, pbc=True)])


def test_the_records_of_the_training_are_those_of_the_packaged_models():
    for size in SIZES:
        record = json.loads((ROOT / "data" / "distil" / f"{model_id(size)}.json").read_text())
        assert record["checkpoint_sha256"] == entry(model_id(size)).sha256
        assert record["parameters"] == entry(model_id(size)).parameters
        assert record["configurations"] == size
        assert record["training"] == Training().model_dump(mode="json")
        assert record["curve"][-1]["step"] == Training().steps


def test_the_page_says_what_records_and_tables_say():
    page = document(ROOT / "data" / "parquet", ROOT / "data" / "distil")
    assert (ROOT / "docs" / "distil.md").read_text(encoding="utf-8") == page, "softmode distil report > docs/distil.md"
