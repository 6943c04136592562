"""The models that are timed."""

from __future__ import annotations

import contextlib
import io
from functools import cache
from typing import Any

import numpy as np

from compute.potentials.imports import mace_modules
from compute.potentials.mace.model import MacePotential, load_mace

MEDIUM = "random-medium"
"""A MACE of the published medium architecture with random weights: its speed is that of the published models."""


@cache
def content(model: str) -> bytes:
    """The checkpoint of `model`: an id of the registry, or `MEDIUM`."""
    if model == MEDIUM:
        return _medium()
    from compute.potentials.store import locate

    return locate(model).path.read_bytes()


def ours(model: str, dtype: str, device: str, backend: str = "sparse") -> MacePotential:
    """`model` as Softmode loads it."""
    return load_mace(model, content(model), "", dtype=dtype, device=device, backend=backend)


def plain_calculator(model: str, device: str) -> Any:
    """`model` as the published workflow uses it: MACE's own ASE calculator in float32."""
    import torch

    with contextlib.redirect_stdout(io.StringIO()):
        from mace.calculators import MACECalculator

        module = torch.load(io.BytesIO(content(model)), map_location=device, weights_only=False)
        return MACECalculator(models=[module], device=device, default_dtype="float32")


def _medium() -> bytes:
    import torch

    with contextlib.redirect_stdout(io.StringIO()):
        modules = mace_modules()
    from e3nn import o3
    from mace.tools.torch_tools import default_dtype

    torch.manual_seed(0)
    blocks = modules.interaction_classes
    with default_dtype(torch.float32):
        model = modules.ScaleShiftMACE(
            r_max=6.0,
            num_bessel=10,
            num_polynomial_cutoff=5,
            max_ell=3,
            interaction_cls=blocks["RealAgnosticResidualInteractionBlock"],
            interaction_cls_first=blocks["RealAgnosticResidualInteractionBlock"],
            num_interactions=2,
            num_elements=89,
            hidden_irreps=o3.Irreps("128x0e + 128x1o"),
            MLP_irreps=o3.Irreps("16x0e"),
            atomic_energies=np.zeros((1, 89)),
            avg_num_neighbors=60.0,
            atomic_numbers=list(range(1, 90)),
            correlation=3,
            gate=torch.nn.functional.silu,
            radial_MLP=[64, 64, 64],
            atomic_inter_scale=1.0,
            atomic_inter_shift=0.0,
            heads=["Default"],
        )
        buffer = io.BytesIO()
        torch.save(model, buffer)
    return buffer.getvalue()
