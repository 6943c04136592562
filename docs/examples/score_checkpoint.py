"""Softest frequencies of a few cubic ABX3 from a checkpoint of your own, beside published DFT.

`python docs/examples/score_checkpoint.py my.model my-potential CsPbBr3 CsSnI3`. The file stays where it is; `softmode
potentials list` shows it from then on, and every command takes its id.
"""

from __future__ import annotations

import sys
from pathlib import Path

import softmode
from compute.potentials import store
from compute.potentials.load import load
from compute.protocols import HARMONIC_PROTOCOLS
from compute.stages.harmonic import harmonic
from compute.structures.compounds import identify


def frequencies(checkpoint: Path, id: str, formulas: list[str]) -> dict[str, tuple[float, float]]:
    """ω of the softest mode at R in THz per formula: the checkpoint's and that of published DFT."""
    store.add(checkpoint, id)
    protocol = HARMONIC_PROTOCOLS["reference-geometry"]
    potential = load(id, dtype=protocol.dtype)
    published = softmode.load("references", suite="abx3").set_index("compound")
    found = {}
    for formula in formulas:
        compound = identify(formula, "abx3", published.index)
        row = published.loc[compound.formula]
        result = harmonic(compound, potential, protocol, row["lattice_constant"])
        found[compound.formula] = (result.omegas["r"], row["omega_r_thz"])
    return found


if __name__ == "__main__":
    for formula, (own, dft) in frequencies(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]).items():
        print(f"{formula}: ω at R {own:+.2f} THz, DFT {dft:+.2f} THz")
