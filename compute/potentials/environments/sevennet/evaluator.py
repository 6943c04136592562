"""SevenNet: Y. Park et al., J. Chem. Theory Comput. 20, 4857 (2024), doi:10.1021/acs.jctc.4c00190."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.data import chemical_symbols
from matscipy.neighbours import neighbour_list
from network import Network, Unknown
from sevenn import _keys as key
from sevenn.util import load_checkpoint
from torch import Tensor, nn

Edges = tuple[np.ndarray, np.ndarray]
Result = tuple[float, np.ndarray, np.ndarray | None]

_MOST_EDGES = {True: 4_096, False: 262_144}
"""Pairs of neighbours in a batch, on a processor and elsewhere."""
_TOLERANCE = {"float64": 1e-7, "float32": 1e-5}
"""How far, in eV/Å, forces of the rewritten network may be from those of SevenNet's own, which keeps its coupling
coefficients in float32 whatever it computes in."""


def load(checkpoint: str, device: str, dtype: str, head: str | None) -> Callable[..., list[Result]]:
    """The checkpoint, ready to evaluate; `head` is the modality of a model with several."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a GPU would do it faster, and how the checkpoint was saved
        model = load_checkpoint(checkpoint).build_model()
    modalities = model.modal_map or {}
    if head not in (modalities or (None,)):
        raise ValueError(f"no head {head}: choose one of {', '.join(modalities) or 'none'}")
    modality, precision = modalities.get(head), getattr(torch, dtype)
    model.double()  # what is multiplied in advance is multiplied without rounding

    def potential(network: nn.Module) -> SevenNet:
        network = network.to(device=device, dtype=precision).eval().requires_grad_(False)
        return SevenNet(network, sorted(model.type_map), float(model.cutoff), device, precision)

    try:
        fast = potential(Network(copy.deepcopy(model), modality))
    except Unknown as error:
        return _noted(potential(Plain(model, modality, precision)), f"it has {error}")
    plain = potential(Plain(model, modality, precision))
    difference = _difference(plain, fast)
    if difference < _TOLERANCE[dtype]:
        return fast
    return _noted(plain, f"rewritten it gives forces that differ by {difference:.1e}")


def _noted(potential: SevenNet, reason: str) -> SevenNet:
    potential.note = f"evaluated by SevenNet's own network, several times slower: {reason}"
    return potential


def _difference(first: SevenNet, second: SevenNet) -> float:
    """Largest difference of forces of a crystal without symmetry, in eV/Å, or as a share of the largest force."""
    generator = np.random.default_rng(0)
    corners = np.array([(i, j, k) for i in range(2) for j in range(2) for k in range(2)])
    positions = (corners + generator.uniform(-0.1, 0.1, (8, 3))) * 2.7
    numbers = generator.choice(first.elements, size=8)
    probe = Atoms(numbers, positions=positions, cell=np.diag([5.2, 5.4, 5.6]), pbc=True)
    ((_, one, stress), (_, other, other_stress)) = (potential([probe], True)[0] for potential in (first, second))
    assert stress is not None, "stress was asked for"
    assert other_stress is not None, "stress was asked for"
    scale = max(np.abs(one).max(), 1.0)
    return float(max(np.abs(one - other).max(), np.abs(stress - other_stress).max()) / scale)


class SevenNet:
    """A network that gives energies of atoms, with what it takes to ask it about structures.

    Neighbours are sought at every call: that takes a hundredth of it.
    """

    note = ""

    def __init__(self, network: nn.Module, elements: list[int], cutoff: float, device: str, dtype: torch.dtype):
        self.network, self.cutoff, self.dtype = network, cutoff, dtype
        self.elements, self._device = elements, device

    def __call__(self, structures: Sequence[Atoms], stress: bool) -> list[Result]:
        """Energy, forces and stress of each structure, in as many batches as it takes."""
        if unknown := sorted({z for s in structures for z in s.numbers.tolist()} - set(self.elements)):
            raise ValueError(f"it was not trained on {', '.join(chemical_symbols[z] for z in unknown)}")
        results: list[Result] = []
        batch: list[tuple[Atoms, Edges]] = []
        room = most = _MOST_EDGES[self._device == "cpu"]
        for structure in structures:
            edges = _edges(structure, self.cutoff)
            room -= len(edges[1])
            if batch and room < 0:
                results += self._batch(batch, stress)
                batch, room = [], most - len(edges[1])
            batch.append((structure, edges))
        return results + self._batch(batch, stress)

    def _batch(self, batch: list[tuple[Atoms, Edges]], stress: bool) -> list[Result]:
        counts = [len(structure) for structure, _ in batch]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        ends = np.concatenate([edges[0] + start for (_, edges), start in zip(batch, starts, strict=True)], axis=1)
        numbers = torch.from_numpy(np.concatenate([structure.numbers for structure, _ in batch])).to(self._device)
        i, j = torch.from_numpy(ends).to(self._device)
        vectors = torch.from_numpy(np.concatenate([edges[1] for _, edges in batch]))
        vectors = vectors.to(device=self._device, dtype=self.dtype).requires_grad_()
        energies = self.network(numbers, i, j, vectors)
        # d energy / d (r_j − r_i); an atom without neighbours feels no force.
        (slope,) = torch.autograd.grad(energies.sum(), vectors, allow_unused=True, materialize_grads=True)
        forces = torch.zeros(len(numbers), 3, dtype=self.dtype, device=self._device)
        forces.index_add_(0, i, slope).index_add_(0, j, slope, alpha=-1)
        energy = np.add.reduceat(_float64(energies), starts).tolist()
        each = np.split(_float64(forces), starts[1:])
        if not stress:
            return list(zip(energy, each, [None] * len(batch), strict=True))
        virials = np.einsum("ea,eb->eab", _float64(vectors), _float64(slope))
        edges = np.concatenate([[0], np.cumsum([len(edges[1]) for _, edges in batch])])
        tensors = []
        for (structure, _), first, last in zip(batch, edges[:-1], edges[1:], strict=True):
            virial = virials[first:last].sum(axis=0)
            tensors.append((virial + virial.T) / (2 * structure.cell.volume))
        return list(zip(energy, each, tensors, strict=True))


class Plain(nn.Module):
    """SevenNet's own network: energies (atoms,) in eV from atomic numbers and the vectors r_j − r_i of pairs in Å."""

    species: Tensor

    def __init__(self, model: Any, modality: int | None, dtype: torch.dtype):
        super().__init__()
        model.set_is_batch_data(False)
        names = list(model._modules)
        self.layers = nn.ModuleDict({name: model._modules[name] for name in names[: names.index("reduce_total_enegy")]})
        self.register_buffer("species", model.z_to_onehot_tensor, persistent=False)
        self.modality, self.dtype = modality, dtype

    def forward(self, numbers: Tensor, i: Tensor, j: Tensor, vectors: Tensor) -> Tensor:
        data = {key.NODE_FEATURE: self.species[numbers], key.EDGE_IDX: torch.stack([i, j]), key.EDGE_VEC: vectors}
        if self.modality is not None:
            data[key.MODAL_TYPE] = torch.tensor(self.modality, device=numbers.device)
        for name, layer in self.layers.items():
            data = layer(data)
            if name == "onehot_idx_to_onehot":  # which gives float32 whatever the model is in
                data |= {one: data[one].to(self.dtype) for one in (key.NODE_FEATURE, key.NODE_ATTR)}
        return data[key.ATOMIC_ENERGY].squeeze(1)


def _edges(structure: Atoms, cutoff: float) -> Edges:
    """Directed pairs (2, E) within the cutoff, periodic images and an atom with its own included, and r_j − r_i."""
    cell = structure.cell.array.copy()
    extent = np.abs(structure.positions).max() + 1
    for axis in np.flatnonzero(~structure.pbc):
        cell[axis] = np.eye(3)[axis] * extent * 5 * cutoff  # nothing is periodic there, and matscipy needs a box
    i, j, vectors = neighbour_list("ijD", pbc=structure.pbc, cell=cell, positions=structure.positions, cutoff=cutoff)
    return np.stack([i, j]).astype(np.int64), vectors


def _float64(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().cpu().double().numpy()
    return array
