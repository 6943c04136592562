"""A compound as files that other programs read: CIF, POSCAR, phonopy yaml, JSON."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from dashboard.dataset import Dataset
from dashboard.queries import compound as query
from dashboard.queries.bands import Bands, Mode
from dashboard.queries.structure import SPACE_GROUPS, Structure
from dashboard.records import record, records


def cif(cell: Structure, title: str) -> str:
    """The cell as CIF in P1, which every reader understands alike; the parent group is a comment."""
    lengths = np.linalg.norm(cell.lattice, axis=1)
    unit = cell.lattice / lengths[:, None]
    angles = [math.degrees(math.acos(unit[i] @ unit[j])) for i, j in ((1, 2), (0, 2), (0, 1))]
    group = SPACE_GROUPS.get(cell.prototype)
    parent = f"; primitive cell of {group[0]} ({group[1]}), written in P1" if group else ""
    counts = Counter(cell.symbols)
    lines = [
        f"# {title}; {cell.origin}{parent}",
        f"data_{''.join(f'{symbol}{n if n > 1 else str()}' for symbol, n in counts.items())}",
        *(f"_cell_length_{axis} {length:.8f}" for axis, length in zip("abc", lengths, strict=True)),
        *(f"_cell_angle_{angle} {value:.8f}" for angle, value in zip(("alpha", "beta", "gamma"), angles, strict=True)),
        "_symmetry_space_group_name_H-M 'P 1'",
        "_symmetry_Int_Tables_number 1",
        "loop_",
        "_symmetry_equiv_pos_as_xyz",
        "'x, y, z'",
        "loop_",
        "_atom_site_label",
        "_atom_site_type_symbol",
        "_atom_site_fract_x",
        "_atom_site_fract_y",
        "_atom_site_fract_z",
    ]
    for i, (symbol, position) in enumerate(zip(cell.symbols, cell.positions, strict=True), 1):
        lines.append(f"{symbol}{i} {symbol} " + " ".join(f"{x % 1:.8f}" for x in position.tolist()))
    return "\n".join(lines) + "\n"


LARGEST_AMPLITUDE = 2.0
"""Å; more is no displacement."""
MOST_CELLS = 8
"""Repeats along one vector up to which a mode is frozen in."""


def frozen(cell: Structure, mode: Mode, amplitude: float) -> Structure | None:
    """The smallest supercell that holds `mode`, frozen in with its largest atom moved by `amplitude` in Å.

    Atoms of one site follow one another. None where q does not fit into 8 cells along each vector.
    """
    repeats = [next((m for m in range(1, MOST_CELLS + 1) if abs(m * q - round(m * q)) < 1e-3), 0) for q in mode.q]
    if not all(repeats):
        return None
    cells = np.stack(np.meshgrid(*map(np.arange, repeats), indexing="ij"), axis=-1).reshape(-1, 3)
    fractional = cell.positions[:, None] + cells
    phases = np.exp(2j * np.pi * fractional @ np.array(mode.q))
    moved = fractional @ cell.lattice + amplitude * (phases[..., None] * mode.pattern[:, None]).real
    lattice = np.array(repeats)[:, None] * cell.lattice
    symbols = tuple(symbol for symbol in cell.symbols for _ in cells)
    where = " ".join(f"{q:g}" for q in mode.q)
    origin = f"{cell.origin}, mode {mode.branch} at q = ({where}), {mode.omega:.3f} THz, frozen in at {amplitude:g} Å"
    return Structure("frozen", symbols, lattice, moved.reshape(-1, 3) @ np.linalg.inv(lattice), origin)


def archive(found: Iterable[Bands], title: str) -> bytes:
    """A zip with the phonopy yaml of every set of force constants."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for one in found:
            packed.writestr(f"{one.key.replace('~', '-')}.yaml", phonopy_yaml(one, title))
    return held.getvalue()


def poscar(cell: Structure, title: str) -> str:
    """The cell as a VASP POSCAR, atoms in their order."""
    runs: list[tuple[str, int]] = []
    for symbol in cell.symbols:
        if runs and runs[-1][0] == symbol:
            runs[-1] = (symbol, runs[-1][1] + 1)
        else:
            runs.append((symbol, 1))
    lines = [
        f"{title}; {cell.origin}",
        "1.0",
        *("  ".join(f"{x:.10f}" for x in vector) for vector in cell.lattice.tolist()),
        " ".join(symbol for symbol, _ in runs),
        " ".join(str(n) for _, n in runs),
        "Direct",
        *("  ".join(f"{x:.10f}" for x in position) for position in cell.positions.tolist()),
    ]
    return "\n".join(lines) + "\n"


def structure_file(cell: Structure, kind: str, stem: str, title: str) -> dict[str, str]:
    """Name and text of a CIF or, for `poscar`, a POSCAR."""
    if kind == "cif":
        return {"content": cif(cell, title), "filename": f"{stem}.cif"}
    return {"content": poscar(cell, title), "filename": f"{stem}.vasp"}


def phonopy_yaml(found: Bands, title: str) -> str:
    """Cell, supercell matrix and force constants as yaml for `phonopy.load`.

    phonopy orders a supercell atom by atom, the first axis fastest. The force constants are compact: a row per atom of
    the primitive cell.
    """
    crystal = found.crystal
    n, size = len(found.symbols), crystal.constants.shape[2]
    # Φ(i, j, l, m, n): phonopy's atom j·S³ + n·S² + m·S + l.
    blocks = crystal.constants.transpose(0, 1, 4, 3, 2, 5, 6).reshape(n, n * size**3, 3, 3)
    matrix = [f"- [ {', '.join(str(size if i == j else 0) for j in range(3))} ]" for i in range(3)]
    identity = [f"- [ {', '.join(str(1.0 if i == j else 0.0) for j in range(3))} ]" for i in range(3)]
    lines = [
        f"# {title}; {found.potential}, {found.kind}, protocol {found.protocol}, run {found.run}",
        "phonopy:",
        '  frequency_unit_conversion_factor: 15.633302',
        "physical_unit:",
        '  atomic_mass: "AMU"',
        '  length: "angstrom"',
        '  force_constants: "eV/angstrom^2"',
        "supercell_matrix:",
        *matrix,
        "primitive_matrix:",
        *identity,
        "unit_cell:",
        "  lattice:",
        *(f"  - [ {', '.join(f'{x:.12f}' for x in vector)} ]" for vector in crystal.lattice.tolist()),
        "  points:",
    ]  # fmt: skip
    for symbol, mass, position in zip(found.symbols, crystal.masses.tolist(), crystal.positions.tolist(), strict=True):
        lines += [
            f"  - symbol: {symbol}",
            f"    coordinates: [ {', '.join(f'{x:.12f}' for x in position)} ]",
            f"    mass: {mass:.6f}",
        ]
    lines += ["force_constants:", '  format: "compact"', f"  shape: [ {n}, {n * size**3} ]", "  elements:"]
    for i in range(n):
        for j in range(n * size**3):
            lines.append(f"  - # ({i + 1}, {j + 1})")
            lines += [f"    - [ {', '.join(f'{x:.6f}' for x in row)} ]" for row in blocks[i, j].tolist()]
    return "\n".join(lines) + "\n"


def everything(dataset: Dataset, known: Mapping[str, Any]) -> str:
    """Every row of every table that is about the compound, as JSON; null where there is no number."""
    suite, compound = str(known["suite"]), str(known["compound"])
    where = {"suite": suite, "compound": compound}
    content: dict[str, Any] = {"release": dataset.release(), **where, "references": record(known)}
    for table in ("harmonic", "anharmonic", "wells", "attribution"):
        content[table] = records(
            dataset.frame(f'SELECT * FROM "{table}" WHERE suite = $suite AND compound = $compound', where)
        )
    content["runs"] = records(query.runs(dataset, suite, compound))
    for table in ("force_constants", "dft_constants", "bands", "mode_pairs", "reference_phonons"):
        content[table] = dataset.of_compound(table, suite, compound)
    return json.dumps(content, ensure_ascii=False, allow_nan=False)
