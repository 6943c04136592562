"""Force calls in common: packing, neighbour lists that outlive a step, rewritten blocks, pooled calculations."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")
pytest.importorskip("mace")

import torch

from compute.potentials import store
from compute.potentials.batching import Pooled, together
from compute.potentials.imports import mace_modules
from compute.potentials.interface import Evaluation, EvaluationError
from compute.potentials.load import load
from compute.potentials.mace import backends
from compute.potentials.mace.model import load_mace
from compute.potentials.mace.neighbours import Neighbours
from compute.potentials.packing import packed
from compute.potentials.store import LoadError
from compute.protocols import HARMONIC_PROTOCOLS, Langevin, sampling_protocol
from compute.stages.anharmonic import anharmonic
from compute.stages.harmonic import harmonic
from compute.structures.compounds import identify
from compute.structures.prototypes import cubic_perovskite
from tests.support.mace_model import train_small_mace

PUBLISHED = {"CsPbBr3": 5.983, "CsPbCl3": 5.683, "NaPbBr3": 5.940, "NaPbCl3": 5.644}  # a in Å
CRYSTALS = [
    (identify(formula, "abx3", [formula]), scale * a) for formula, a in PUBLISHED.items() for scale in (1.0, 1.02)
]


@given(sizes=st.lists(st.integers(0, 60)), budget=st.integers(1, 80))
def test_every_structure_is_packed_once_and_no_batch_is_over_budget_unless_alone(sizes, budget):
    batches = packed(sizes, budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(sizes)))
    loads = [sum(sizes[index] for index in batch) for batch in batches]
    assert all(load <= budget or len(batch) == 1 for load, batch in zip(loads, batches, strict=True))
    # Of two batches that would fit into one, first fit would have made one.
    assert sum(2 * load <= budget for load in loads) <= 1


def pairs(neighbours: Neighbours, atoms: Atoms) -> list[tuple[int, ...]]:
    edges = neighbours.edges(atoms)
    return sorted(tuple(map(int, (*ends, *image))) for ends, image in zip(edges.ends.T, edges.images, strict=True))


def test_a_list_with_a_skin_equals_a_fresh_one_and_is_made_anew_when_atoms_have_moved():
    generator = np.random.default_rng(3)
    atoms = cubic_perovskite("Cs", "Pb", "Br", 5.9).repeat((2, 1, 1))
    lasting = Neighbours(5.0)
    for step in range(40):
        atoms.positions += np.array([0.1, 0, 0]) + generator.normal(scale=0.02, size=atoms.positions.shape)
        assert pairs(lasting, atoms) == pairs(Neighbours(5.0, skin=0), atoms), step
    assert 1 < lasting.built < 20, "drift alone, and small steps, make no new list"
    built = lasting.built
    atoms.positions[3] += [0.6, 0, 0]
    assert pairs(lasting, atoms) == pairs(Neighbours(5.0, skin=0), atoms)
    assert lasting.built == built + 1


def test_copies_of_a_structure_that_lie_apart_keep_a_list_each():
    here = cubic_perovskite("Cs", "Pb", "Br", 5.9)
    there = here.copy()
    there.positions[0] += [0.5, 0, 0]
    neighbours = Neighbours(5.0)
    for _ in range(3):
        for atoms in (here, there):
            assert pairs(neighbours, atoms) == pairs(Neighbours(5.0, skin=0), atoms)
    assert neighbours.built == 2


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("potentials")
    store.add(train_small_mace(tmp_path_factory.mktemp("user") / "small.model"), "small-mace", directory=folder)
    return folder


@pytest.fixture(scope="module")
def random_model(tmp_path_factory):
    """Random weights in the form of the published medium models, but with 8 channels and four elements."""
    modules = mace_modules()
    from e3nn import o3
    from mace.tools.torch_tools import default_dtype

    torch.manual_seed(1)
    block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    with default_dtype(torch.float64):
        model = modules.ScaleShiftMACE(
            r_max=4.0,
            num_bessel=8,
            num_polynomial_cutoff=5,
            max_ell=3,
            interaction_cls=modules.interaction_classes["RealAgnosticInteractionBlock"],
            interaction_cls_first=block,
            num_interactions=2,
            num_elements=4,
            hidden_irreps=o3.Irreps("8x0e + 8x1o"),
            MLP_irreps=o3.Irreps("16x0e"),
            atomic_energies=np.zeros((1, 4)),
            avg_num_neighbors=20.0,
            atomic_numbers=[17, 35, 55, 82],
            correlation=3,
            gate=torch.nn.functional.silu,
            radial_MLP=[16, 16],
            atomic_inter_scale=1.0,
            atomic_inter_shift=0.0,
            heads=["Default"],
        )
    path = tmp_path_factory.mktemp("random") / "random.model"
    torch.save(model, path)
    return path


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_rewritten_model_is_the_plain_one(random_model, dtype):
    plain, here = (
        load_mace("random", random_model.read_bytes(), "", dtype=dtype, device="cpu", backend=backend)
        for backend in ("plain", "sparse")
    )
    structures = [cubic_perovskite(*elements.split(), 5.8).repeat((2, 1, 1)) for elements in ("Cs Pb Br", "Pb Cs Cl")]
    for seed, atoms in enumerate(structures):
        atoms.rattle(0.1, seed=seed)
    for one, other in zip(plain.evaluate(structures, stress=True), here.evaluate(structures, stress=True), strict=True):
        scale = np.abs(one.forces).max()
        close = {"float64": 1e-11, "float32": 1e-4}[dtype]
        np.testing.assert_allclose(other.forces, one.forces, atol=close * scale)
        np.testing.assert_allclose(other.stress, one.stress, atol=close * np.abs(one.stress).max())
        assert other.energy == pytest.approx(one.energy, rel=close, abs=close)


def test_a_backend_with_other_forces_is_refused(directory, monkeypatch):
    def softened(model, device):
        model.scale_shift.scale *= 0.99
        return model

    monkeypatch.setitem(backends.BACKENDS, "sparse", softened)
    with pytest.raises(LoadError, match="backend sparse gives other forces than the plain model"):
        load("small-mace", device="cpu", directory=directory)
    monkeypatch.setenv("SOFTMODE_MACE_BACKEND", "fast")
    with pytest.raises(LoadError, match="no backend fast: it is one of plain, sparse"):
        load("small-mace", device="cpu", directory=directory)


class Springs:
    """Atoms on springs to the origin; counts its calls, and refuses hydrogen."""

    id, checkpoint_sha256, dtype, device = "springs", "0", "float64", "cpu"

    def __init__(self):
        self.calls: list[list[int]] = []

    def evaluate(self, structures, *, stress=False):
        self.calls.append([len(atoms) for atoms in structures])
        if any("H" in atoms.symbols for atoms in structures):
            raise EvaluationError("no hydrogen")
        return [Evaluation(float((atoms.positions**2).sum() / 2), -atoms.positions) for atoms in structures]


def descent(potential, element: str, start: float, steps: int) -> float:
    atoms = Atoms(element, positions=[[start, 0, 0]])
    for _ in range(steps):
        (result,) = potential.evaluate([atoms])
        atoms.positions += 0.5 * result.forces
    return float(atoms.positions[0, 0])


def test_calculations_of_unequal_length_share_their_calls_and_end_as_they_would_alone():
    potential = Springs()
    wanted = [("He", 1.0, 3), ("Ne", 2.0, 1), ("Ar", 3.0, 5)]
    ended = list(together([partial(descent, Pooled(potential), *arguments) for arguments in wanted]))
    assert [one.index for one in ended] == [1, 0, 2], "each as it is done"
    assert [len(call) for call in potential.calls] == [3, 2, 2, 1, 1]
    for one in ended:
        assert one.value == descent(Springs(), *wanted[one.index])
        assert 0 < one.force_seconds <= one.seconds


def test_an_error_of_one_calculation_does_not_reach_the_others():
    potential = Springs()

    def caught(*arguments) -> float | str:
        try:
            return descent(Pooled(potential), *arguments)
        except EvaluationError as error:
            return str(error)

    ended = {one.index: one.value for one in together([partial(caught, e, 1.0, 2) for e in ("He", "H", "Ne")])}
    assert ended == {0: 0.25, 1: "no hydrogen", 2: 0.25}


def test_frequencies_in_common_batches_are_those_of_one_compound_at_a_time(directory):
    potential = load("small-mace", device="cpu", directory=directory)
    protocol = HARMONIC_PROTOCOLS["reference-geometry"]

    def frequencies(of, compound, a) -> np.ndarray:
        found = harmonic(compound, of, protocol, a)
        return np.array([*found.omegas.values(), found.omega_min, found.omega_frozen])

    pooled = {e.index: e.value for e in together([partial(frequencies, Pooled(potential), *each) for each in CRYSTALS])}
    for index, each in enumerate(CRYSTALS):
        np.testing.assert_allclose(pooled[index], frequencies(potential, *each), atol=1e-3)


def test_sigma_of_compounds_sampled_together_is_that_of_each_alone(directory):
    still, moving = (
        load("small-mace", device="cpu", dtype=dtype, directory=directory) for dtype in ("float64", "float32")
    )
    protocol = sampling_protocol("quick", "abx3")
    # One cell and a fifth of a picosecond: the paths of both ways part only by rounding.
    short = protocol.model_copy(
        update={
            "harmonic": protocol.harmonic.model_copy(update={"supercell": 1}),
            "sampler": Langevin(discard=40, keep=160, longest=160, stride=2, timestep=4, imaginary="freeze"),
            "temperature": 100,
        }
    )

    def sigma(first, second, number: int) -> tuple[float, float]:
        compound, a = CRYSTALS[number]
        found = anharmonic(compound, first, short, a, dynamics=second, seed=number)
        return found.sigma, found.sigma_se

    numbers = range(len(CRYSTALS))
    pooled = {e.index: e.value for e in together([partial(sigma, Pooled(still), Pooled(moving), n) for n in numbers])}
    for number in numbers:
        (alone, se), (value, other_se) = sigma(still, moving, number), pooled[number]
        assert value == pytest.approx(alone, abs=np.hypot(se, other_se))
        assert value == pytest.approx(alone, rel=1e-2), "the same path, not merely the same distribution"
    assert len({round(value, 6) for value, _ in pooled.values()}) == len(CRYSTALS)
