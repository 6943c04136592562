"""Γ modes of ABX3 halides by DFT on several k meshes: python benchmarks/k_points.py CsSnI3 [COMPOUND …].

Five-atom cells at the published lattice constant; needs GPAW under /usr/bin/python3. Prints the table of docs/dft.md.
"""

from __future__ import annotations

import sys

from compute.dft.jobs import DftJob
from compute.dft.plan import DISPLACEMENT, with_cutoff
from compute.dft.settings import FORCE_CONSTANTS
from compute.settings import data_directory, var_directory
from compute.stages import phonons
from compute.structures.compounds import identify
from compute.tables import read

GAMMA = (0.0, 0.0, 0.0)
# 4×4×4 here samples what 2×2×2 does in the 40-atom cell.
MESHES = {"4x4x4 shifted": (4, False), "4x4x4 Γ-centred": (4, True), "6x6x6 Γ-centred": (6, True)}


def main(compounds: list[str]) -> None:
    published = {row["compound"]: row for row in read(data_directory(), "references").to_pylist()}
    print("| compound | " + " | ".join(MESHES) + " | published |")
    print("|" + "---|" * (len(MESHES) + 2))
    for name in compounds:
        compound, row = identify(name, "abx3", [name]), published[name]
        cell = compound.structure(row["lattice_constant"])
        plan = phonons.symmetric_plan(cell, 1, DISPLACEMENT)
        found = []
        for size, centred in MESHES.values():
            mesh = {"k_points": (size,) * 3, "gamma_centred": centred}
            settings = with_cutoff(FORCE_CONSTANTS, row["X"]).model_copy(update=mesh)
            folder = var_directory() / "dft" / f"gamma-{name}-{settings.digest[:8]}"
            job = DftJob(folder, settings, tuple(phonons.displaced(plan.template, plan.displacements)))
            job.run("/usr/bin/python3")
            phonon = phonons.phonopy_of(cell, plan.template.supercell_matrix, symmetry=False)
            phonon.force_constants = phonons.solve(plan, job.read().forces).values
            found.append(phonons.softest(phonon, [GAMMA])[0])
        numbers = [*found, row["omega_gamma_thz"]]
        print(f"| {name} | " + " | ".join(f"{omega:+.2f}" for omega in numbers) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
