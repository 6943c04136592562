"""Compute the first COUNT single points of a job folder with GPAW: `python3 gpaw_points.py FOLDER COUNT`.

Runs under whichever Python has GPAW, outside the project's environment, so it imports nothing of the project. The
folder holds `job.json` (settings) and `structures.extxyz`. Each finished structure becomes `points/NNNN.json`, written
whole or not at all; present means done, so an interrupted job goes on where it was. The calculator, and with it the
last density and wave functions, is kept from one structure to the next as long as the symmetry allows.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np


def main(folder: Path, count: int) -> None:
    import gpaw

    settings = json.loads((folder / "job.json").read_text())["settings"]
    structures = ase.io.read(folder / "structures.extxyz", index=f":{count}")
    (folder / "points").mkdir(exist_ok=True)
    calculator = None
    for number, atoms in enumerate(structures):
        result_path = folder / "points" / f"{number:04d}.json"
        if result_path.exists():
            continue
        if calculator is None or not settings["continue"]:
            calculator = new_calculator(settings, folder)
        start = time.time()
        atoms.calc = calculator
        energy, forces = atoms.get_potential_energy(), atoms.get_forces()
        result = {
            # GPAW extrapolates the energy to zero smearing.
            "energy": float(energy),
            "forces": np.asarray(forces).tolist(),
            "net_force": float(np.abs(forces.sum(axis=0)).max()),
            "iterations": int(calculator.get_number_of_iterations()),
            "seconds": time.time() - start,
            "versions": {"gpaw": gpaw.__version__, "ase": ase.__version__, "numpy": np.__version__},
        }
        temporary = result_path.with_suffix(".tmp")
        temporary.write_text(json.dumps(result))
        os.replace(temporary, result_path)
        print(f"{number + 1}/{len(structures)}: {result['seconds']:.0f} s", flush=True)


def k_points(settings: dict[str, Any]) -> Any:
    if settings["k_points"] == "mean-value":
        return np.array([[0.25, 0.25, 0.25]])
    return {"size": settings["k_points"], "gamma": settings["gamma_centred"]}


def new_calculator(settings: dict[str, Any], folder: Path) -> Any:
    import gpaw

    return gpaw.GPAW(
        mode=gpaw.PW(settings["cutoff_ev"]),
        xc=settings["xc"],
        kpts=k_points(settings),
        setups=settings["setups"],
        occupations=gpaw.FermiDirac(settings["smearing_ev"]),
        # Insulators: a plain density mixer without damping of long waves converges in half the steps.
        mixer=gpaw.Mixer(*settings["mixer"]),
        nbands=-settings["empty_bands"],
        symmetry={"point_group": settings["point_group"], "symmorphic": False},
        convergence={
            "density": settings["density_error"],
            "energy": settings["energy_error_ev"],
            "eigenstates": settings["eigenstate_error_ev2"],
        },
        maxiter=100,
        txt=str(folder / "gpaw.txt"),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
