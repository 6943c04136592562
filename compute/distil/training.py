"""Training a small MACE on labelled configurations: seeded, resumable, a fixed number of steps whatever the set."""

from __future__ import annotations

import contextlib
import io
import math
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from compute.distil.dataset import Configurations
from compute.distil.settings import Training
from compute.files import write_atomic
from compute.potentials.imports import mace_modules

Row = dict[str, Any]


def train(
    training: Configurations,
    validation: Configurations,
    settings: Training,
    state: Path,
    progress: Callable[[Row], None] = lambda point: None,
) -> tuple[bytes, list[Row]]:
    """The checkpoint with the smallest validation loss, as the bytes of a MACE file, and the learning curve.

    The model is in float32. Points of the curve have `step`, `loss` of the training batches since the last one,
    `seconds` of processor time, and the validation loss and errors of `errors`. Everything that a step needs is kept
    in the file `state` at each point, so an interrupted training goes on from there with the same digits.
    """
    import torch

    with _single_precision():
        model = build(training, settings)
        graphs, held_out = _graphs(model, training), _graphs(model, validation)
        optimiser = torch.optim.Adam(model.parameters(), lr=settings.learning_rate, amsgrad=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, settings))
        kept: Row = {"curve": [], "best": None}
        parts = {"model": model, "optimiser": optimiser, "schedule": schedule}
        if state.exists():
            loaded = torch.load(state, weights_only=True)
            kept = {key: loaded[key] for key in kept}
            for name, part in parts.items():
                part.load_state_dict(loaded[name])
        curve: list[Row] = kept["curve"]
        done, before = (curve[-1]["step"], curve[-1]["seconds"]) if curve else (0, 0.0)
        start, recent = time.process_time(), []
        for step in range(done, settings.steps):
            batch = _batch([graphs[index] for index in _members(step, len(graphs), settings)])
            optimiser.zero_grad()
            loss = _loss(batch, model(batch.to_dict(), training=True, compute_stress=True), settings)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
            optimiser.step()
            schedule.step()
            recent.append(float(loss.detach()))
            if (step + 1) % settings.evaluate_every == 0 or step + 1 == settings.steps:
                point = {
                    "step": step + 1,
                    "loss": float(np.mean(recent)),
                    "seconds": before + time.process_time() - start,
                    **_evaluated(model, held_out, settings),
                }
                if kept["best"] is None or point["validation_loss"] < min(p["validation_loss"] for p in curve):
                    kept["best"] = {name: value.clone() for name, value in model.state_dict().items()}
                curve.append(point)
                recent = []
                stream = io.BytesIO()
                torch.save({**kept, **{name: part.state_dict() for name, part in parts.items()}}, stream)
                write_atomic(state, stream.getvalue())
                progress(point)
        model.load_state_dict(kept["best"])
        stream = io.BytesIO()
        torch.save(model.eval(), stream)
    return stream.getvalue(), curve


def build(training: Configurations, settings: Training) -> Any:
    """An untrained MACE for the elements of `training`, with energies of the elements fitted to its energies."""
    modules = mace_modules()
    import torch
    from e3nn import o3

    elements = np.unique(training.numbers)
    block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    first = modules.interaction_classes["RealAgnosticInteractionBlock"]
    torch.manual_seed(settings.seed)
    return modules.ScaleShiftMACE(
        r_max=settings.r_max,
        num_bessel=settings.bessel,
        num_polynomial_cutoff=5,
        max_ell=settings.max_ell,
        interaction_cls=block,
        interaction_cls_first=first,
        num_interactions=settings.layers,
        num_elements=len(elements),
        hidden_irreps=o3.Irreps(settings.irreps),
        MLP_irreps=o3.Irreps(settings.readout),
        atomic_energies=_element_energies(training, elements)[None],
        avg_num_neighbors=_mean_neighbours(training, settings.r_max),
        atomic_numbers=[int(z) for z in elements],
        correlation=settings.correlation,
        gate=torch.nn.functional.silu,
        radial_MLP=list(settings.radial),
        atomic_inter_scale=float(np.sqrt(np.mean(training.forces**2))),
        atomic_inter_shift=0.0,
        heads=["Default"],
    )


def parameters(checkpoint: bytes) -> int:
    """How many trainable parameters the MACE file `checkpoint` holds."""
    import torch

    mace_modules()

    model = torch.load(io.BytesIO(checkpoint), weights_only=False)
    return sum(parameter.numel() for parameter in model.parameters())


def _element_energies(training: Configurations, elements: np.ndarray) -> np.ndarray:
    """Energies (E,) in eV per element: the least-squares fit of total energies, of least norm where it is free."""
    counts = np.array(
        [[np.sum(z == element) for element in elements] for z in training.split_by_size(training.numbers)]
    )
    return np.asarray(np.linalg.lstsq(counts.astype(float), training.energies, rcond=1e-8)[0])


def _mean_neighbours(training: Configurations, cutoff: float, most: int = 200) -> float:
    from ase.neighborlist import neighbor_list

    few = training.first(min(most, len(training)))
    return sum(len(neighbor_list("i", atoms, cutoff)) for atoms in few.atoms()) / int(few.sizes.sum())


def _graphs(model: Any, configurations: Configurations) -> list[Any]:
    from mace.data import AtomicData, KeySpecification, config_from_atoms
    from mace.tools import AtomicNumberTable

    keys = KeySpecification(arrays_keys={"forces": "forces"}, info_keys={"energy": "energy", "stress": "stress"})
    elements = AtomicNumberTable([int(z) for z in model.atomic_numbers])
    labels = zip(
        configurations.atoms(),
        configurations.energies,
        configurations.split_by_size(configurations.forces),
        configurations.stresses,
        strict=True,
    )
    graphs = []
    for atoms, energy, forces, stress in labels:
        atoms.arrays["forces"] = forces
        atoms.info.update(energy=float(energy), stress=stress.ravel()[[0, 4, 8, 5, 2, 1]])
        configuration = config_from_atoms(atoms, key_specification=keys)
        graphs.append(AtomicData.from_config(configuration, z_table=elements, cutoff=float(model.r_max)))
    return graphs


def _batch(graphs: list[Any]) -> Any:
    from mace.tools.torch_geometric import Batch

    return Batch.from_data_list(graphs)


def _members(step: int, count: int, settings: Training) -> Iterator[int]:
    """Which configurations step number `step` sees: pass after pass over all, each in an order of its own."""
    for place in range(step * settings.batch, (step + 1) * settings.batch):
        yield int(_order(place // count, count, settings.seed)[place % count])


@lru_cache(maxsize=2)
def _order(number: int, count: int, seed: int) -> np.ndarray:
    return np.random.default_rng([seed, number]).permutation(count)


def _rate(step: int, settings: Training) -> float:
    """Factor of the learning rate: linear rise, then a cosine down to a hundredth."""
    if step < settings.warm_up:
        return (step + 1) / settings.warm_up
    through = (step - settings.warm_up) / max(settings.steps - settings.warm_up, 1)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * min(through, 1))) / 2


def _loss(batch: Any, out: Any, settings: Training) -> Any:
    """Weighted sum of the Huber losses of energy per atom, force and stress components."""
    import torch

    atoms = batch.ptr[1:] - batch.ptr[:-1]
    pairs = (
        (batch.energy / atoms, out["energy"] / atoms),
        (batch.forces, out["forces"]),
        (batch.stress, out["stress"]),
    )
    return sum(
        weight * torch.nn.functional.huber_loss(predicted, label, delta=settings.huber)
        for weight, (label, predicted) in zip(settings.weights, pairs, strict=True)
    )


def _evaluated(model: Any, graphs: list[Any], settings: Training) -> Row:
    """Loss, and RMSE of energy per atom (meV) and forces (meV/Å), over `graphs`."""
    losses, energy, forces = [], [], []
    for start in range(0, len(graphs), 4 * settings.batch):
        batch = _batch(graphs[start : start + 4 * settings.batch])
        out = model(batch.to_dict(), compute_stress=True)
        out = {name: out[name].detach() for name in ("energy", "forces", "stress")}
        losses.append(float(_loss(batch, out, settings)) * batch.num_graphs)
        energy.append(((out["energy"] - batch.energy) / (batch.ptr[1:] - batch.ptr[:-1])).numpy())
        forces.append((out["forces"] - batch.forces).numpy().ravel())
    return {
        "validation_loss": sum(losses) / len(graphs),
        "validation_energy_rmse": 1000 * float(np.sqrt(np.mean(np.concatenate(energy) ** 2))),
        "validation_force_rmse": 1000 * float(np.sqrt(np.mean(np.concatenate(forces) ** 2))),
    }


@contextlib.contextmanager
def _single_precision() -> Iterator[None]:
    """float32 and one thread; operations uncompiled, since TorchScript would optimise each new shape anew."""
    with contextlib.redirect_stdout(io.StringIO()):
        mace_modules()
    import torch
    from e3nn import get_optimization_defaults, set_optimization_defaults
    from mace.tools.torch_tools import default_dtype

    compiled, threads = get_optimization_defaults()["jit_script_fx"], torch.get_num_threads()
    set_optimization_defaults(jit_script_fx=False)
    torch.set_num_threads(1)
    try:
        with default_dtype(torch.float32):
            yield
    finally:
        set_optimization_defaults(jit_script_fx=compiled)
        torch.set_num_threads(threads)
