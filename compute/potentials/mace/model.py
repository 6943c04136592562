"""MACE as a potential: I. Batatia et al., NeurIPS 35 (2022), arXiv:2206.07697."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from compute.potentials.imports import mace_modules
from compute.potentials.interface import Evaluation, EvaluationError, finite
from compute.potentials.mace.neighbours import Edges, Neighbours
from compute.potentials.packing import packed
from compute.potentials.store import LoadError
from compute.sentence import said_by

if TYPE_CHECKING:
    from ase import Atoms


class MacePotential:
    """A MACE checkpoint, evaluated in batches of at most `max_edges` pairs of neighbours.

    Where a batch does not fit into the memory of the device it is halved, and so is `max_edges`.
    """

    def __init__(
        self,
        model: Any,
        *,
        id: str,
        checkpoint_sha256: str,
        dtype: str,
        device: str,
        head: str | None,
        max_edges: int,
    ):
        self.id, self.checkpoint_sha256, self.dtype, self.device = id, checkpoint_sha256, dtype, device
        self.max_edges = max_edges
        self.heads = list(getattr(model, "heads", None) or ["Default"])
        self.head = _chosen_head(id, self.heads, head)
        self._elements = [int(z) for z in model.atomic_numbers]
        self._species = np.zeros(max(self._elements) + 1, dtype=int)
        self._species[self._elements] = np.arange(len(self._elements))
        self._neighbours = Neighbours(float(model.r_max))
        self.network = (model.double() if dtype == "float64" else model.float()).to(device).eval()
        self.network.requires_grad_(False)

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        """Energy, forces and, if asked, stress; see `Potential`."""
        edges = [self._edges(structure, stress) for structure in structures]
        results: dict[int, Evaluation] = {}
        todo = packed([max(len(e.images), len(s)) for e, s in zip(edges, structures, strict=True)], self.max_edges)
        while todo:
            batch = todo.pop()
            try:
                found = self._evaluate_batch([structures[i] for i in batch], [edges[i] for i in batch], stress)
            except torch.OutOfMemoryError:
                if len(batch) == 1:
                    raise
                self.max_edges = sum(len(edges[i].images) for i in batch) // 2
                todo += [batch[::2], batch[1::2]]
            else:
                results |= {i: finite(self.id, structures[i], one) for i, one in zip(batch, found, strict=True)}
        return [results[index] for index in range(len(structures))]

    def _evaluate_batch(self, structures: Sequence[Atoms], edges: Sequence[Edges], stress: bool) -> list[Evaluation]:
        out = self.network(self._graph(structures, edges), compute_force=True, compute_stress=stress)
        energies = out["energy"].tolist()
        ends = np.cumsum([len(structure) for structure in structures])[:-1]
        forces = np.split(_float64(out["forces"]), ends)
        stresses = _float64(out["stress"]) if stress else [None] * len(structures)
        return [Evaluation(*row) for row in zip(energies, forces, stresses, strict=True)]

    def _edges(self, structure: Atoms, stress: bool) -> Edges:
        if len(structure) == 0:
            raise EvaluationError("a structure has no atoms")
        if stress and structure.cell.rank < 3:
            raise EvaluationError("the stress of a structure without a cell is not defined: give a cell")
        if unknown := set(structure.numbers.tolist()).difference(self._elements):
            named = ", ".join(sorted(_symbol(z) for z in unknown))
            raise EvaluationError(f"{self.id} was not trained on {named}: choose another potential")
        return self._neighbours.edges(structure)

    def _graph(self, structures: Sequence[Atoms], edges: Sequence[Edges]) -> dict[str, torch.Tensor]:
        """The structures as one graph, in the form that MACE takes."""
        atoms = np.array([len(structure) for structure in structures])
        ptr = np.concatenate([[0], np.cumsum(atoms)])
        counts = [len(one.images) for one in edges]
        species = self._species[np.concatenate([structure.numbers for structure in structures])]
        real = {
            "positions": np.concatenate([structure.positions for structure in structures]),
            "node_attrs": np.eye(len(self._elements))[species],
            "shifts": np.concatenate([one.shifts for one in edges]),
            "unit_shifts": np.concatenate([one.images for one in edges]),
            "cell": np.concatenate([structure.cell.array for structure in structures]),
        }
        whole = {
            "edge_index": np.concatenate([one.ends for one in edges], axis=1) + np.repeat(ptr[:-1], counts),
            "batch": np.repeat(np.arange(len(atoms)), atoms),
            "ptr": ptr,
            "head": np.full(len(atoms), self.heads.index(self.head)),
        }
        precision = getattr(torch, self.dtype)
        graph = {name: torch.tensor(values, dtype=precision, device=self.device) for name, values in real.items()}
        return graph | {name: torch.tensor(values, device=self.device) for name, values in whole.items()}


def load_mace(
    id: str,
    content: bytes,
    sha256: str,
    *,
    dtype: str,
    device: str,
    head: str | None = None,
    max_edges: int | None = None,
    backend: str = "sparse",
) -> MacePotential:
    """The MACE checkpoint with the given bytes, ready to evaluate. Unpickling runs code from the file.

    `head` names the readout of a model with several; `backend` is a key of `mace_backends.BACKENDS`, whose forces are
    held against those of the plain model here. Raises `LoadError` when it is not a MACE model, has no such head, or
    the backend is missing or gives other forces. By default a batch holds 8,192 edges on a processor, above which
    nothing was measured to be gained, and 262,144 elsewhere, less where they do not fit.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        mace_modules()

    try:
        model = torch.load(io.BytesIO(content), map_location="cpu", weights_only=False)
    except Exception as error:  # unpickling runs code of the file, which raises whatever it meets
        raise LoadError(f"{id} is not a MACE model: {said_by(error)}") from error
    _refuse_other(id, model)
    from compute.potentials.mace.backends import verified

    def potential(of: Any) -> MacePotential:
        return MacePotential(
            of,
            id=id,
            checkpoint_sha256=sha256,
            dtype=dtype,
            device=device,
            head=head,
            max_edges=max_edges or (8_192 if device == "cpu" else 262_144),
        )

    try:
        return verified(model, backend, device, potential)
    except LoadError as error:
        raise LoadError(f"{error}" if id in str(error) else f"{id}: {error}") from error


def _refuse_other(id: str, model: Any) -> None:
    """`LoadError` for what is no MACE model of energy and forces of a structure alone."""
    from mace.modules import MACE

    kind = type(model).__name__
    if isinstance(model, torch.jit.ScriptModule):
        raise LoadError(f"{id} is compiled (TorchScript): give the checkpoint that it was compiled from")
    if isinstance(model, dict):
        raise LoadError(
            f"{id} is not a MACE model: it holds weights or a state of training; give the .model file of it"
        )
    if not all(hasattr(model, name) for name in ("atomic_numbers", "r_max", "interactions")):
        raise LoadError(f"{id} is not a MACE model: it holds a {kind}")
    if not isinstance(model, MACE):
        raise LoadError(f"{id} is a {kind}: only MACE models of energy and forces are evaluated here")
    if inputs := getattr(model, "embedding_specs", None):
        raise LoadError(
            f"{id} needs {', '.join(inputs)} besides the structure, which are not given here: choose a model without"
        )


def _chosen_head(id: str, heads: list[str], wanted: str | None) -> str:
    if wanted is None and len(heads) == 1:
        return heads[0]
    named = [head for head in heads if head.lower() == (wanted or "default").lower()]
    if not named:
        raise LoadError(f"{id} has no head {wanted or 'default'}: choose one of {', '.join(heads)}")
    return named[0]


def _symbol(number: int) -> str:
    from ase.data import chemical_symbols

    return str(chemical_symbols[number])


def _float64(tensor: Any) -> np.ndarray:
    array: np.ndarray = tensor.detach().cpu().double().numpy()
    return array
