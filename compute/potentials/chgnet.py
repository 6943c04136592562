"""CHGNet as a potential: B. Deng et al., Nat. Mach. Intell. 5, 1031 (2023), doi:10.1038/s42256-023-00716-3."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.potentials.imports import chgnet_model
from compute.potentials.interface import Evaluation, EvaluationError, finite
from compute.potentials.packing import packed
from compute.potentials.store import LoadError
from compute.sentence import said_by

if TYPE_CHECKING:
    from ase import Atoms


class ChgnetPotential:
    """A CHGNet checkpoint, evaluated in batches of at most `max_atoms` atoms.

    The network is differentiated here rather than by `CHGNet.predict_graph`, which keeps the graph for a second
    derivative, and takes the volume and the energies of the elements in float32.
    """

    def __init__(self, model: Any, *, id: str, checkpoint_sha256: str, dtype: str, device: str, max_atoms: int):
        self.id, self.checkpoint_sha256, self.dtype, self.device = id, checkpoint_sha256, dtype, device
        self.max_atoms = max_atoms
        self._element_energies = np.zeros(len(model.atom_embedding.embedding.weight))
        if model.composition_model is not None:
            self._element_energies += model.composition_model.fc.weight.detach().double().numpy().ravel()
        model.composition_model = None
        self._model = (model.double() if dtype == "float64" else model.float()).to(device).eval().requires_grad_(False)

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        """Energy, forces and, if asked, stress; see `Potential`."""
        if any(len(structure) == 0 for structure in structures):
            raise EvaluationError("a structure has no atoms")
        results: dict[int, Evaluation] = {}
        for batch in packed([len(structure) for structure in structures], self.max_atoms):
            results |= zip(batch, self._evaluate_batch([structures[index] for index in batch], stress), strict=True)
        return [results[index] for index in range(len(structures))]

    def _evaluate_batch(self, structures: Sequence[Atoms], stress: bool) -> list[Evaluation]:
        import torch

        graphs = [self._graph(structure, stress) for structure in structures]
        fractions = [graph.atom_frac_coord for graph in graphs]
        lattices = [graph.lattice for graph in graphs] if stress else []
        counts = torch.tensor([len(s) for s in structures], device=self.device)
        with warnings.catch_warnings():
            # CHGNet copies the volume out of a differentiated cell; that volume is not used here.
            warnings.filterwarnings("ignore", message="Converting a tensor with requires_grad")
            energies = self._model(graphs, task="e")["e"]
        if self._model.is_intensive:
            energies = energies * counts
        gradients = torch.autograd.grad(energies.sum(), [*fractions, *lattices])
        arrays = [gradient.double().cpu().numpy() for gradient in gradients]
        by_lattice: list[np.ndarray | None] = [*arrays[len(graphs) :]] or [None] * len(graphs)
        return [
            self._evaluation(*row)
            for row in zip(structures, energies.tolist(), arrays[: len(graphs)], by_lattice, strict=True)
        ]

    def _evaluation(
        self, structure: Atoms, energy: float, by_fraction: np.ndarray, by_lattice: np.ndarray | None
    ) -> Evaluation:
        """Chain rule from fractional coordinates s and lattice L (rows), r = s L, to forces and stress."""
        cell = structure.cell.array
        stress = None
        if by_lattice is not None:
            stress = cell.T @ by_lattice / structure.get_volume()
            stress = (stress + stress.T) / 2
        energy += float(self._element_energies[structure.numbers - 1].sum())
        forces = -np.linalg.solve(cell, by_fraction.T).T
        return finite(self.id, structure, Evaluation(energy, forces, stress))

    def _graph(self, structure: Atoms, stress: bool) -> Any:
        import torch
        from pymatgen.core import Lattice, Structure

        if max(structure.numbers) > len(self._element_energies):
            raise EvaluationError(f"{self.id} does not know every element of {structure.get_chemical_formula()}")
        if not structure.pbc.all() or structure.cell.rank < 3:
            raise EvaluationError(f"{self.id} describes crystals only: give a cell and pbc=True")
        converter = self._model.graph_converter
        crystal = Structure(Lattice(structure.cell.array), structure.numbers, structure.get_scaled_positions())
        try:
            graph = converter(crystal)
        except ValueError as error:
            if "isolated atom" not in str(error):
                raise
            raise EvaluationError(
                f"{structure.get_chemical_formula()}: an atom has no neighbour within"
                f" {converter.atom_graph_cutoff} Å, {self.id} cannot describe it"
            ) from error
        # The converter rounds to float32; coordinates and cell are put back in the potential's own precision.
        real = getattr(torch, self.dtype)
        graph.atom_frac_coord = torch.tensor(crystal.frac_coords, dtype=real, requires_grad=True)
        graph.lattice = torch.tensor(structure.cell.array, dtype=real, requires_grad=stress)
        graph.neighbor_image = graph.neighbor_image.to(real)
        return graph.to(self.device)


def load_chgnet(
    id: str, content: bytes, sha256: str, *, dtype: str, device: str, max_atoms: int | None = None
) -> ChgnetPotential:
    """The CHGNet checkpoint with the given bytes, ready to evaluate: weights are read, and no code of the file runs.

    Raises `LoadError` when it is not a CHGNet checkpoint. By default a batch holds 64 atoms on a processor, where
    larger ones were measured to be slower, and 4096 elsewhere.
    """
    import torch

    network = chgnet_model().CHGNet
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)["model"]
        weights, arguments = state["state_dict"], state["model_args"]
        # Version 0.2.0 has biases that later versions dropped; only the weights tell which a checkpoint is.
        bias = "atom_conv_layers.0.mlp_out.layers.1.bias" in weights
        with contextlib.redirect_stdout(io.StringIO()):
            model = network.from_dict({"state_dict": weights, "model_args": arguments | {"mlp_out_bias": bias}})
    except Exception as error:  # what is no checkpoint fails in many ways
        # torch advises to run the code of the file where it holds more than weights.
        said = "it is compiled or holds code, not weights alone" if "weights_only" in str(error) else said_by(error)
        raise LoadError(f"{id} is not a CHGNet checkpoint: {said}") from error
    return ChgnetPotential(
        model,
        id=id,
        checkpoint_sha256=sha256,
        dtype=dtype,
        device=device,
        max_atoms=max_atoms or (64 if device == "cpu" else 4096),
    )
