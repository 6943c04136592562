"""Suite alexandria50: DFT and six MACE foundation models on the same displaced supercells, one npz file a material.

Source: the phonon objects of github.com/joehart2001/benchmark_app at commit fecb4acf, which states no licence: numbers
derived from its forces are kept, the forces are not. DFT is that of Alexandria (PBE). Its geometry and displacements
are those of all potentials, so a potential meets residual forces there. They drop out of force constants, since every
atom is displaced to both sides, by a displacement of its own or by one that symmetry makes of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compute.references.checks import SourceError
from compute.references.stored_forces import checked, npz_files
from compute.structures.forcesets import ForceSet

POTENTIALS = {
    "mace-mp-0-medium": "mace-mp-0a-medium",
    "mace-mp-0b3-medium": "mace-mp-0b3-medium",
    "mace-mpa-0-medium": "mace-mpa-0-medium",
    "mace-omat-0-medium": "mace-omat-0-medium",
    "mace-matpes-pbe-omat-ft": "mace-matpes-pbe-omat-ft",
    "mace-matpes-r2scan-omat-ft": "mace-matpes-r2scan-omat-ft",
}
"""Potential, as the table `potentials` names it, to what the source calls it."""
_ARRAYS = {
    "cell": "cell",
    "scaled": "scaled",
    "supercell_matrix": "supercell_matrix",
    "primitive_matrix": "primitive_matrix",
    "super_scaled": "super_scaled",
    "atoms": "disp_atom",
    "displacements": "disp",
}


@dataclass(frozen=True)
class AlexandriaMaterial:
    """One material: what DFT found on the displaced supercells, and each potential."""

    id: str
    formula: str
    dft: ForceSet
    potentials: dict[str, ForceSet]


def files(source: Path) -> list[Path]:
    """The npz files of the folder `source`, by name; `SourceError` where there are none."""
    return npz_files(source)


def read(path: Path) -> AlexandriaMaterial:
    """The material in the npz file `path`. Raises `SourceError` naming the file and what is wrong."""
    from ase.data import atomic_numbers
    from ase.symbols import Symbols

    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: _array(path, archive, key) for name, key in _ARRAYS.items()}
        symbols = _array(path, archive, "symbols").tolist()
        if unknown := sorted(set(symbols) - set(atomic_numbers)):
            raise SourceError(f"{path.name}: symbols holds {', '.join(map(str, unknown))}, which is no element")
        arrays["numbers"] = np.array([atomic_numbers[symbol] for symbol in symbols])
        sets = {
            method: checked(path.name, f"{method}_forces", forces=_array(path, archive, f"{method}_forces"), **arrays)
            for method in ("dft", *POTENTIALS.values())
        }
    formula = str(Symbols(arrays["numbers"]).formula.reduce()[0].format("metal"))
    return AlexandriaMaterial(
        path.stem, formula, sets["dft"], {ours: sets[theirs] for ours, theirs in POTENTIALS.items()}
    )


def _array(path: Path, archive: np.lib.npyio.NpzFile, key: str) -> np.ndarray:
    if key not in archive:
        raise SourceError(f"{path.name}: missing {key}")
    return np.asarray(archive[key])
