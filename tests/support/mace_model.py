"""A small MACE model, trained in seconds: stands in for a published checkpoint that cannot be had offline."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compute.potentials.imports import mace_modules

ELEMENTS = (11, 17, 35, 55, 82)  # Na Cl Br Cs Pb
INDIUM = 49
_CHARGES = {11: 0.5, 17: -0.5, 35: -0.5, 55: 0.5, 82: 1.0, INDIUM: 1.5}


def train_small_mace(path: Path, *, steps: int = 30, seed: int = 7, indium: bool = False) -> Path:
    """Train MACE on rattled CsPbBr3 and NaCl with a pair potential, and save it at `path` as a whole model.

    Seeded; the file is what `mace_run_train` would leave to a user (a pickled module in float64). With `indium` also on
    the double perovskite Cs2NaInCl6.
    """
    elements = tuple(sorted((*ELEMENTS, INDIUM))) if indium else ELEMENTS
    modules = mace_modules()
    import torch
    from e3nn import get_optimization_defaults, o3, set_optimization_defaults
    from mace.tools.torch_geometric import Batch
    from mace.tools.torch_tools import default_dtype

    torch.manual_seed(seed)
    compiled = get_optimization_defaults()["jit_script_fx"]
    # Uncompiled: TorchScript optimises each shape anew, which takes minutes where these steps take seconds.
    set_optimization_defaults(jit_script_fx=False)
    with default_dtype(torch.float64):
        block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
        model = modules.ScaleShiftMACE(
            r_max=4.5,
            num_bessel=4,
            num_polynomial_cutoff=5,
            max_ell=2,
            interaction_cls=block,
            interaction_cls_first=block,
            num_interactions=2,
            num_elements=len(elements),
            hidden_irreps=o3.Irreps("8x0e + 8x1o"),
            MLP_irreps=o3.Irreps("8x0e"),
            atomic_energies=-np.arange(1.0, len(elements) + 1)[None],
            avg_num_neighbors=12.0,
            atomic_numbers=list(elements),
            correlation=2,
            gate=torch.nn.functional.silu,
            radial_MLP=[16, 16],
            atomic_inter_scale=1.0,
            atomic_inter_shift=0.0,
            heads=["Default"],
        )
        batch = Batch.from_data_list(_training_set(seed, elements))
        optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(steps):
            optimiser.zero_grad()
            out = model(batch.to_dict(), training=True)
            loss = torch.nn.functional.mse_loss(out["forces"], batch.forces)
            loss.backward()
            optimiser.step()
        torch.save(model.eval(), path)
    set_optimization_defaults(jit_script_fx=compiled)
    return path


def _training_set(seed: int, elements: tuple[int, ...]) -> list:
    from ase import Atoms
    from ase.build import bulk
    from mace.data import AtomicData, KeySpecification, config_from_atoms
    from mace.tools import AtomicNumberTable

    from compute.structures.compounds import identify

    sites = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
    perovskite = Atoms("CsPbBr3", scaled_positions=sites, cell=[5.9] * 3, pbc=True)
    salt = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    crystals = [perovskite, salt]
    if INDIUM in elements:
        crystals.append(identify("Cs2NaInCl6", "hdp").structure(10.4, 0.24))
    keys = KeySpecification(arrays_keys={"forces": "forces"})
    graphs = []
    for index in range(4):
        for crystal in crystals:
            atoms = crystal.copy()
            atoms.rattle(0.1, seed=seed + index)
            atoms.arrays["forces"] = _pair_forces(atoms)
            graphs.append(
                AtomicData.from_config(
                    config_from_atoms(atoms, key_specification=keys),
                    z_table=AtomicNumberTable(list(elements)),
                    cutoff=4.5,
                )
            )
    return graphs


def _pair_forces(atoms) -> np.ndarray:
    """Forces (N, 3) in eV/Å of v(r) = q_i q_j 14.4/r e^(−r) + 40 e^(−2r), within 4.5 Å."""
    from ase.neighborlist import neighbor_list

    i, j, r, vectors = neighbor_list("ijdD", atoms, 4.5)
    charge = np.array([_CHARGES[z] for z in atoms.numbers])
    coulomb = charge[i] * charge[j] * 14.4 * np.exp(-r) / r
    slope = -coulomb * (1 + 1 / r) - 80 * np.exp(-2 * r)
    forces = np.zeros((len(atoms), 3))
    np.add.at(forces, i, (slope / r)[:, None] * vectors)
    return forces
