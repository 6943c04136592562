"""Potentials as physics: forces and stress are derivatives of the energy, and symmetry holds."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("mace")
pytest.importorskip("chgnet")

from ase import Atoms
from scipy.spatial.transform import Rotation

from compute import tables
from compute.potentials import store
from compute.potentials.environments.install import of_family
from compute.potentials.interface import EvaluationError, calculator
from compute.potentials.load import load, sha256_of
from compute.potentials.registry import UnknownPotential
from compute.potentials.store import LoadError
from tests.support.mace_model import train_small_mace

CHGNETS = ("chgnet-0.2.0", "chgnet-0.3.0", "chgnet-r2scan")
SEVENNETS = ("sevennet-0", "sevennet-l3i5", "sevennet-mf-0-r2scan") if of_family("sevennet").ready else ()
EVERY = (*CHGNETS, "small-mace", *SEVENNETS)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("potentials")
    file = train_small_mace(tmp_path_factory.mktemp("user") / "small.model")
    store.add(file, "small-mace", directory=folder)
    return folder


@pytest.fixture(scope="module")
def potentials(directory):
    return {id: load(id, device="cpu", directory=directory) for id in EVERY}


@pytest.fixture
def potential(request, potentials):
    return potentials[request.param]


every_potential = pytest.mark.parametrize("potential", EVERY, indirect=True)
one_of_each_family = pytest.mark.parametrize("potential", ["chgnet-0.3.0", "small-mace", *SEVENNETS[:1]], indirect=True)


def perovskite(seed: int = 1) -> Atoms:
    """CsPbBr3 away from equilibrium and from cubic symmetry."""
    sites = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
    atoms = Atoms("CsPbBr3", scaled_positions=sites, cell=[5.9] * 3, pbc=True)
    shear = [[0.01, 0.02, 0], [0.02, -0.01, 0.01], [0, 0.01, 0.02]]
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + shear), scale_atoms=True)
    atoms.rattle(0.05, seed=seed)
    return atoms


def derivative(energy, step: float) -> float:
    """Fourth-order central difference of `energy` at 0."""
    return (8 * (energy(step) - energy(-step)) - (energy(2 * step) - energy(-2 * step))) / (12 * step)


@every_potential
def test_its_checkpoint_is_known_without_loading_it(potential, directory):
    assert sha256_of(potential.id, directory) == potential.checkpoint_sha256


@every_potential
def test_forces_are_minus_the_slope_of_the_energy(potential):
    atoms = perovskite()
    forces = potential.evaluate([atoms])[0].forces

    def energy(step: float, atom: int, axis: int) -> float:
        moved = atoms.copy()
        moved.positions[atom, axis] += step
        return potential.evaluate([moved])[0].energy

    for atom, axis in ((0, 0), (1, 2), (4, 1)):
        slope = derivative(lambda step, a=atom, x=axis: energy(step, a, x), 1e-4)
        assert forces[atom, axis] == pytest.approx(-slope, abs=5e-9)


@every_potential
def test_stress_is_the_slope_of_the_energy_with_strain_per_volume(potential):
    atoms = perovskite()
    stress = potential.evaluate([atoms], stress=True)[0].stress

    def energy(step: float, strain: np.ndarray) -> float:
        strained = atoms.copy()
        strained.set_cell(atoms.cell.array @ (np.eye(3) + step * strain), scale_atoms=True)
        return potential.evaluate([strained])[0].energy

    for i, j in ((0, 0), (1, 2)):
        strain = np.zeros((3, 3))
        strain[i, j] += 0.5
        strain[j, i] += 0.5
        slope = derivative(lambda step, e=strain: energy(step, e), 1e-4)
        assert stress[i, j] == pytest.approx(slope / atoms.get_volume(), abs=5e-11)


@one_of_each_family
def test_a_rotation_turns_forces_and_stress_and_keeps_the_energy(potential):
    atoms = perovskite()
    turn = Rotation.from_euler("zyx", [20, 30, 40], degrees=True).as_matrix()
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn.T, scale_atoms=True)
    before, after = potential.evaluate([atoms, turned], stress=True)
    assert after.energy == pytest.approx(before.energy, abs=1e-9)
    np.testing.assert_allclose(after.forces, before.forces @ turn.T, atol=1e-9)
    np.testing.assert_allclose(after.stress, turn @ before.stress @ turn.T, atol=1e-10)


@one_of_each_family
def test_the_order_of_atoms_and_the_choice_of_images_do_not_matter(potential):
    atoms = perovskite()
    order = [3, 1, 4, 0, 2]
    shuffled = atoms[order]
    shuffled.positions += shuffled.cell[0]
    before, after = potential.evaluate([atoms, shuffled])
    assert after.energy == pytest.approx(before.energy, abs=1e-9)
    np.testing.assert_allclose(after.forces, before.forces[order], atol=1e-10)


@one_of_each_family
def test_a_supercell_repeats_its_cell(potential):
    atoms = perovskite()
    cell, large = potential.evaluate([atoms, atoms.repeat((2, 2, 1))], stress=True)
    assert large.energy == pytest.approx(4 * cell.energy, abs=1e-9)
    np.testing.assert_allclose(large.forces, np.tile(cell.forces, (4, 1)), atol=1e-10)
    np.testing.assert_allclose(large.stress, cell.stress, atol=1e-12)


@pytest.mark.parametrize(
    ("potential", "budget"),
    [("chgnet-0.3.0", ("max_atoms", 17)), ("small-mace", ("max_edges", 400))],
    indirect=["potential"],
)
def test_results_keep_their_order_and_do_not_depend_on_the_batch(potential, budget, monkeypatch):
    structures = [perovskite(seed).repeat((1 + seed % 2, 1, 1)) for seed in range(5)]
    alone = [potential.evaluate([atoms], stress=True)[0] for atoms in structures]
    monkeypatch.setattr(potential, *budget)
    together = potential.evaluate(structures, stress=True)
    for one, other in zip(alone, together, strict=True):
        assert other.energy == pytest.approx(one.energy, abs=1e-10)
        np.testing.assert_allclose(other.forces, one.forces, atol=1e-11)
        np.testing.assert_allclose(other.stress, one.stress, atol=1e-12)


@one_of_each_family
def test_float64_is_finer_than_float32(potential, directory):
    atoms = perovskite()
    coarse = load(potential.id, dtype="float32", device="cpu", directory=directory)
    fine_energy, coarse_energy = potential.evaluate([atoms])[0].energy, coarse.evaluate([atoms])[0].energy
    assert (potential.dtype, coarse.dtype) == ("float64", "float32")
    assert 1e-10 < abs(fine_energy - coarse_energy) < 1e-3
    # A step far below the resolution of float32 is felt in float64, and by the right amount.
    moved = atoms.copy()
    moved.positions[0, 0] += 1e-8
    felt = potential.evaluate([moved])[0].energy - fine_energy
    assert felt == pytest.approx(-1e-8 * potential.evaluate([atoms])[0].forces[0, 0], abs=2e-12)


@pytest.mark.parametrize("version", ["0.2.0", "0.3.0", "r2scan"])
def test_chgnet_agrees_with_its_own_calculator(potentials, version):
    from chgnet.model import CHGNet, CHGNetCalculator

    atoms = perovskite()
    ours = potentials[f"chgnet-{version}"].evaluate([atoms], stress=True)[0]
    model = CHGNet.load(model_name=version, use_device="cpu", verbose=False)
    atoms.calc = CHGNetCalculator(model, use_device="cpu")
    assert ours.energy == pytest.approx(atoms.get_potential_energy(), abs=1e-4)
    np.testing.assert_allclose(ours.forces, atoms.get_forces(), atol=1e-4)
    np.testing.assert_allclose(ours.stress, atoms.get_stress(voigt=False), atol=1e-5)


def test_mace_agrees_with_its_own_calculator(potentials, directory):
    from mace.calculators import MACECalculator

    path = store.locate("small-mace", directory).path
    theirs = MACECalculator(model_paths=str(path), default_dtype="float64", device="cpu")
    structures = [perovskite(), perovskite(2).repeat((2, 1, 1))]
    for atoms, ours in zip(structures, potentials["small-mace"].evaluate(structures, stress=True), strict=True):
        atoms.calc = theirs
        assert ours.energy == pytest.approx(atoms.get_potential_energy(), abs=1e-10)
        np.testing.assert_allclose(ours.forces, atoms.get_forces(), atol=1e-10)
        np.testing.assert_allclose(ours.stress, atoms.get_stress(voigt=False), atol=1e-10)


@one_of_each_family
def test_a_potential_serves_as_an_ase_calculator(potential):
    atoms = perovskite()
    direct = potential.evaluate([atoms], stress=True)[0]
    atoms.calc = calculator(potential)
    assert atoms.get_potential_energy() == direct.energy
    np.testing.assert_array_equal(atoms.get_forces(), direct.forces)
    np.testing.assert_allclose(atoms.get_stress(voigt=False), direct.stress, atol=1e-15)


def test_loading_prints_nothing(directory, capfd):
    load("chgnet-0.3.0", device="cpu", directory=directory)
    assert capfd.readouterr().out == ""


def test_chgnet_refuses_what_it_cannot_describe(potentials):
    chgnet = potentials["chgnet-0.3.0"]
    with pytest.raises(EvaluationError, match=r"no neighbour within 6"):
        chgnet.evaluate([Atoms("NaCl", positions=[(0, 0, 0), (20, 20, 20)], cell=[40] * 3, pbc=True)])
    with pytest.raises(EvaluationError, match="pbc=True"):
        chgnet.evaluate([Atoms("NaCl", positions=[(0, 0, 0), (2.8, 0, 0)])])
    with pytest.raises(EvaluationError, match="does not know"):
        chgnet.evaluate([Atoms("Cf", cell=[3] * 3, pbc=True)])


@one_of_each_family
def test_no_result_is_ever_nan(potential):
    with pytest.raises(EvaluationError, match="no finite result for ClNa"):
        potential.evaluate([Atoms("NaCl", positions=[(1, 1, 1), (1, 1, 1)], cell=[5] * 3, pbc=True)])
    with pytest.raises(EvaluationError, match="no atoms"):
        potential.evaluate([perovskite(), Atoms(cell=[5] * 3, pbc=True)])
    assert potential.evaluate([]) == []


def test_mace_describes_a_molecule_but_not_its_stress(potentials):
    molecule = Atoms("NaCl", positions=[(0, 0, 0), (2.5, 0, 0)])
    forces = potentials["small-mace"].evaluate([molecule])[0].forces
    np.testing.assert_allclose(forces.sum(axis=0), 0, atol=1e-12)
    with pytest.raises(EvaluationError, match="give a cell"):
        potentials["small-mace"].evaluate([molecule], stress=True)


def test_mace_names_the_element_it_was_not_trained_on(potentials):
    with pytest.raises(EvaluationError, match="not trained on Hg, I:"):
        potentials["small-mace"].evaluate([Atoms("HgI", positions=[(0, 0, 0), (2.8, 0, 0)], cell=[6] * 3, pbc=True)])


def test_a_checkpoint_carries_its_id_and_sha256_into_the_table(potentials, directory):
    mace = potentials["small-mace"]
    assert mace.checkpoint_sha256 == store.file_sha256(store.locate("small-mace", directory).path)
    table = tables.from_rows("potentials", store.rows(directory)).to_pylist()
    assert {"small-mace": mace.checkpoint_sha256}.items() <= {
        r["potential"]: r["checkpoint_sha256"] for r in table
    }.items()


def test_missing_weights_say_where_they_were_sought_and_how_to_get_them(tmp_path):
    with pytest.raises(LoadError) as caught:
        load("mace-omat-0-medium", directory=tmp_path)
    assert str(tmp_path / "mace-omat-0-medium.model") in str(caught.value)
    assert str(tmp_path / "local.json") in str(caught.value)
    assert "softmode potentials fetch mace-omat-0-medium --accept-licence" in str(caught.value)
    with pytest.raises(UnknownPotential):
        load("mace-omat-9", directory=tmp_path)


def test_a_fetched_file_is_pinned_at_its_first_use_and_enforced_afterwards(tmp_path, directory):
    copy = tmp_path / "mace-mpa-0-medium.model"
    copy.write_bytes(store.locate("small-mace", directory).path.read_bytes())
    load("mace-mpa-0-medium", device="cpu", directory=tmp_path)
    assert store.verify(tmp_path) == [{"potential": "mace-mpa-0-medium", "path": str(copy), "state": "ok"}]
    copy.write_bytes(b"something else")
    with pytest.raises(LoadError, match=r"has changed: sha256 \w{64}, expected \w{64}; delete the file and run"):
        load("mace-mpa-0-medium", directory=tmp_path)
    assert store.verify(tmp_path)[0]["state"] == "changed"
    copy.unlink()
    assert store.verify(tmp_path)[0]["state"] == "missing"


def test_an_added_checkpoint_must_be_a_known_kind_under_a_free_id(tmp_path):
    file = tmp_path / "mine.model"
    with pytest.raises(LoadError, match="there is no file"):
        store.add(file, "mine", directory=tmp_path)
    file.write_bytes(b"not a model")
    with pytest.raises(ValueError, match="published potential"):
        store.add(file, "chgnet-0.3.0", directory=tmp_path)
    with pytest.raises(ValueError, match="cannot be an id"):
        store.add(file, "../mine", directory=tmp_path)
    store.add(file, "mine", directory=tmp_path)
    store.add(file, "mine", directory=tmp_path)
    other = file.with_name("other.model")
    other.write_bytes(b"another")
    with pytest.raises(ValueError, match="already names"):
        store.add(other, "mine", directory=tmp_path)
    with pytest.raises(LoadError, match="neither MACE"):
        store.add(file.rename(tmp_path / "mine.txt"), "text", directory=tmp_path)


def test_a_chgnet_checkpoint_of_the_user_is_loaded(potentials, tmp_path):
    file = tmp_path / "tuned.pth.tar"
    file.write_bytes(store.locate("chgnet-0.2.0").path.read_bytes())
    store.add(file, "tuned", directory=tmp_path)
    tuned = load("tuned", device="cpu", directory=tmp_path).evaluate([perovskite()])[0]
    assert tuned.energy == potentials["chgnet-0.2.0"].evaluate([perovskite()])[0].energy


@pytest.mark.parametrize("name", ["broken.model", "broken.pth.tar"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"not a model")
    store.add(tmp_path / name, "broken", directory=tmp_path)
    with pytest.raises(LoadError, match="broken is not a"):
        load("broken", directory=tmp_path)


def test_a_head_that_the_model_lacks_is_refused(tmp_path, directory):
    store.add(store.locate("small-mace", directory).path, "headed", head="omat_pbe", directory=tmp_path)
    with pytest.raises(LoadError, match="no head omat_pbe: choose one of Default"):
        load("headed", directory=tmp_path)
