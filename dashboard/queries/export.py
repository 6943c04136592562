"""A compound as files that other programs read: CIF, POSCAR, phonopy yaml, JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from dashboard.dataset import Dataset
from dashboard.queries import compound as query
from dashboard.queries.bands import Bands
from dashboard.queries.structure import SPACE_GROUPS, Structure
from dashboard.records import record, records


def cif(cell: Structure, title: str) -> str:
    """The primitive cell as CIF in P1, which every reader understands alike; the parent group is a comment."""
    lengths = np.linalg.norm(cell.lattice, axis=1)
    unit = cell.lattice / lengths[:, None]
    angles = [math.degrees(math.acos(unit[i] @ unit[j])) for i, j in ((1, 2), (0, 2), (0, 1))]
    name, number = SPACE_GROUPS[cell.prototype]
    lines = [
        f"# {title}; {cell.origin}; primitive cell of {name} ({number}), written in P1",
        f"data_{''.join(cell.symbols)}",
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


def poscar(cell: Structure, title: str) -> str:
    """The primitive cell as a VASP POSCAR, atoms in the order of the calculations."""
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
    for table in ("force_constants", "bands"):
        content[table] = dataset.of_compound(table, suite, compound)
    return json.dumps(content, ensure_ascii=False, allow_nan=False)
