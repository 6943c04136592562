"""The columns of the tables that hold phonons themselves: force constants, their bases, bands."""

from __future__ import annotations

import pyarrow as pa

from compute.tables.columns import COMPOUND, INT, POTENTIAL, REAL, RUN, STR, SUITE, field

_SHAPE = "Φ (n, n, S, S, S, 3, 3) between an atom in cell 0 and one in cell (l, m, n); obeys the space group"


def _cell() -> list[pa.Field]:
    """The primitive cell that force constants are of, and their supercell."""
    return [
        field("symbols", pa.list_(STR), "element of each of the n atoms of the primitive cell", required=True),
        field("masses", pa.list_(REAL), "their masses", "u", required=True),
        field("positions", pa.list_(REAL), "their positions (n, 3), in units of the lattice", required=True),
        field("lattice", pa.list_(REAL), "primitive lattice (3, 3), a row per vector", "Å", required=True),
        field("repeats", INT, "S: the supercell is S³ primitive cells", required=True),
    ]


PHONONS: dict[str, pa.Schema] = {
    "force_constants": pa.schema(
        [
            SUITE,
            COMPOUND,
            POTENTIAL,
            field("kind", STR, "harmonic, or effective: fitted to frames at temperature", required=True),
            field("protocol", STR, "named protocol", required=True),
            RUN,
            field("geometry", STR, "reference (the DFT cell) or relaxed (with the potential)", required=True),
            field("temperature", REAL, "temperature of the fitted frames; null when harmonic", "K"),
            *_cell(),
            field(
                "constants",
                pa.list_(pa.float32()),
                f"{_SHAPE}; null in the file where coordinates give it, filled in by softmode.load",
                "eV/Å²",
            ),
            field("basis", STR, "basis of coordinates, as named in force_constant_bases; null: constants are whole"),
            field("coordinates", pa.list_(REAL), "elements of Φ from which all others follow by the basis", "eV/Å²"),
        ]
    ),
    "dft_constants": pa.schema(
        [
            SUITE,
            COMPOUND,
            field("functional", STR, "exchange and correlation, as the reference names it", required=True),
            field("settings", STR, "code, cutoff, k mesh and displacement", required=True),
            *_cell(),
            field("constants", pa.list_(pa.float32()), _SHAPE, "eV/Å²", required=True),
        ]
    ),
    "force_constant_bases": pa.schema(
        [
            field("basis", STR, "prototype and supercell", required=True),
            field("prototype", STR, "structure type", required=True),
            field("n_atoms", INT, "n, atoms of the primitive cell", required=True),
            field("repeats", INT, "S: the supercell is S³ primitive cells", required=True),
            field("n_coordinates", INT, "coordinates of a set of force constants", required=True),
            field("element", pa.list_(INT), "of each term, the element of Φ in C order that it adds to", required=True),
            field("coordinate", pa.list_(INT), "of each term, the coordinate that it is made of", required=True),
            field("weight", pa.list_(REAL), "of each term, what the coordinate is multiplied by", required=True),
        ]
    ),
    "bands": pa.schema(
        [
            SUITE,
            COMPOUND,
            field("source", STR, "dft, or potential as named in the table potentials", required=True),
            RUN,
            field("q", pa.list_(REAL), "points (p, 3) in primitive reciprocal coordinates", required=True),
            field("distances", pa.list_(REAL), "length of the path up to each, without 2π", "1/Å", required=True),
            field("labels", pa.list_(STR), "name of each special point, empty between", required=True),
            field(
                "frequencies",
                pa.list_(pa.float32()),
                "ω (p, 3n), ascending per point, acoustic modes included; imaginary as negative",
                "THz",
                required=True,
            ),
        ]
    ),
}
