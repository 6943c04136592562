"""MACE as a potential: I. Batatia et al., NeurIPS 35 (2022), arXiv:2206.07697."""

from __future__ import annotations

import contextlib
import io
import pickle
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.potentials.evaluate import Evaluation, EvaluationError, batches, finite
from compute.potentials.store import LoadError

if TYPE_CHECKING:
    from ase import Atoms


class MacePotential:
    """A MACE checkpoint, evaluated in batches of at most `max_atoms` atoms."""

    def __init__(
        self,
        model: Any,
        *,
        id: str,
        checkpoint_sha256: str,
        dtype: str,
        device: str,
        head: str | None,
        max_atoms: int,
    ):
        from mace.tools import AtomicNumberTable

        self.id, self.checkpoint_sha256, self.dtype, self.device = id, checkpoint_sha256, dtype, device
        self.max_atoms = max_atoms
        self.heads = list(getattr(model, "heads", None) or ["Default"])
        self.head = _chosen_head(id, self.heads, head)
        self._model = (model.double() if dtype == "float64" else model.float()).to(device).eval()
        self._model.requires_grad_(False)
        self._cutoff = float(model.r_max)
        self._elements = AtomicNumberTable([int(z) for z in model.atomic_numbers])

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        """Energy, forces and, if asked, stress; see `Potential`."""
        return [
            result for batch in batches(structures, self.max_atoms) for result in self._evaluate_batch(batch, stress)
        ]

    def _evaluate_batch(self, structures: Sequence[Atoms], stress: bool) -> list[Evaluation]:
        from mace.tools.torch_geometric import Batch

        if stress and any(structure.cell.rank < 3 for structure in structures):
            raise EvaluationError("the stress of a structure without a cell is not defined: give a cell")
        batch = Batch.from_data_list([self._graph(structure) for structure in structures]).to(self.device)
        out = self._model(batch.to_dict(), compute_force=True, compute_stress=stress)
        energies = out["energy"].tolist()
        ends = np.cumsum([len(structure) for structure in structures])[:-1]
        forces = np.split(_float64(out["forces"]), ends)
        stresses = _float64(out["stress"]) if stress else [None] * len(structures)
        results = (Evaluation(*row) for row in zip(energies, forces, stresses, strict=True))
        return [finite(self.id, *pair) for pair in zip(structures, results, strict=True)]

    def _graph(self, structure: Atoms) -> Any:
        import torch
        from mace.data import AtomicData, KeySpecification, config_from_atoms
        from mace.tools.torch_tools import default_dtype

        if unknown := sorted(set(structure.symbols) - self._symbols()):
            raise EvaluationError(f"{self.id} was not trained on {', '.join(unknown)}: choose another potential")
        with default_dtype(getattr(torch, self.dtype)):
            configuration = config_from_atoms(structure, key_specification=KeySpecification(), head_name=self.head)
            return AtomicData.from_config(configuration, z_table=self._elements, cutoff=self._cutoff, heads=self.heads)

    def _symbols(self) -> set[str]:
        from ase.data import chemical_symbols

        return {chemical_symbols[z] for z in self._elements.zs}


def load_mace(
    id: str,
    content: bytes,
    sha256: str,
    *,
    dtype: str,
    device: str,
    head: str | None = None,
    max_atoms: int | None = None,
) -> MacePotential:
    """The MACE checkpoint with the given bytes, ready to evaluate. Unpickling runs code from the file.

    `head` names the readout of a model with several. Raises `LoadError` when it is not a MACE model, or has no
    such head. By default a batch holds 64 atoms on a processor, where larger ones were measured to be no faster
    for a model of the published size, and 4096 elsewhere.
    """
    import torch

    with contextlib.redirect_stdout(io.StringIO()):
        import mace.modules  # noqa: F401  before e3nn, which cannot be imported first under torch 2.6 and later

    try:
        model = torch.load(io.BytesIO(content), map_location="cpu", weights_only=False)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ImportError, AttributeError) as error:
        raise LoadError(f"{id} is not a MACE model: {error}") from error
    if not all(hasattr(model, name) for name in ("atomic_numbers", "r_max", "interactions")):
        raise LoadError(f"{id} is not a MACE model: it holds a {type(model).__name__}")
    return MacePotential(
        model,
        id=id,
        checkpoint_sha256=sha256,
        dtype=dtype,
        device=device,
        head=head,
        max_atoms=max_atoms or (64 if device == "cpu" else 4096),
    )


def _chosen_head(id: str, heads: list[str], wanted: str | None) -> str:
    if wanted is None and len(heads) == 1:
        return heads[0]
    named = [head for head in heads if head.lower() == (wanted or "default").lower()]
    if not named:
        raise LoadError(f"{id} has no head {wanted or 'default'}: choose one of {', '.join(heads)}")
    return named[0]


def _float64(tensor: Any) -> np.ndarray:
    array: np.ndarray = tensor.detach().cpu().double().numpy()
    return array
