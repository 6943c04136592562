"""How ω depends on the displacement it is made with: python benchmarks/displacement.py [formula …].

For each compound of suite abx3, at the published geometry with CHGNet 0.3.0: the softest ω over the commensurate q
points by finite displacements, and ω of that same mode from one force call along it (frozen phonon).
The second table repeats the first without CHGNet's three-body terms: what is left of the dependence is not theirs.
"""

from __future__ import annotations

import sys

from compute.potentials.interface import Potential
from compute.potentials.load import load
from compute.protocols import HARMONIC_PROTOCOLS
from compute.settings import data_directory
from compute.stages.harmonic import harmonic
from compute.structures.compounds import identify
from compute.tables import read

LENGTHS = (0.001, 0.005, 0.01, 0.02, 0.04)


def print_table(potential: Potential, formulas: list[str]) -> None:
    published = {
        row["compound"]: row["lattice_constant"]
        for row in read(data_directory(), "references").to_pylist()
        if row["suite"] == "abx3"
    }
    print("| compound | B–X (Å) | " + " | ".join(f"{length:g} Å" for length in LENGTHS) + " |")
    print("|---|---|" + "---|" * len(LENGTHS))
    for formula in formulas:
        a = published[formula]
        cells = []
        for length in LENGTHS:
            protocol = HARMONIC_PROTOCOLS["reference-geometry"].model_copy(update={"displacement": length})
            result = harmonic(identify(formula, "abx3", [formula]), potential, protocol, a)
            cells.append(f"{result.omega_min:+.2f} / {result.omega_frozen:+.2f}")
        print(f"| {formula} | {a / 2:.2f} | " + " | ".join(cells) + " |", flush=True)


def main(formulas: list[str]) -> None:
    potential = load("chgnet-0.3.0", device="cpu")
    print_table(potential, formulas)
    print("\nWithout three-body terms:\n")
    # Angles are made of bonds below this length; none is shorter than 1 Å.
    potential._model.graph_converter.bond_graph_cutoff = 1.0
    print_table(potential, formulas)


if __name__ == "__main__":
    main(sys.argv[1:] or ["CsSnI3", "CsPbI3", "CsPbBr3", "RbCdCl3", "KMgF3", "SrTiO3", "RbMgCl3", "PdMnS3"])
