"""What an entry has: the properties of OPTIMADE's structures, and those of this database.

A property with a `column` can be filtered by; one that is no list can be sorted by as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from compute.tables.schemas import SCHEMAS

Kind = Literal["string", "integer", "float", "timestamp", "list"]
Item = Literal["string", "integer", "float", "list", "dictionary"]

PREFIX = "_softmode_"


@dataclass(frozen=True)
class Property:
    """A property of an entry; `items` is what a list holds, `column` its name in `entries.ENTRIES`, if it has one."""

    name: str
    kind: Kind
    description: str
    items: Item | None = None
    unit: str | None = None
    column: str | None = None

    @property
    def sortable(self) -> bool:
        """Whether entries can be ordered by it."""
        return self.column is not None and self.kind != "list"


def _queried(
    name: str, kind: Kind, description: str, items: Literal["string", "integer", "float"] | None = None
) -> Property:
    return Property(name, kind, description, items, column=name)


_STANDARD = (
    _queried("id", "string", "The suite and the compound, joined by a hyphen."),
    _queried("type", "string", "structures"),
    _queried("immutable_id", "string", "Null: only the newest release of the data is served."),
    _queried("last_modified", "timestamp", "When the newest run over the suite of this compound began or ended, UTC."),
    _queried("elements", "list", "Chemical symbols of the elements, in alphabetical order.", "string"),
    _queried("nelements", "integer", "Number of different elements."),
    _queried("elements_ratios", "list", "Share of each element, in the order of elements.", "float"),
    _queried("chemical_formula_descriptive", "string", "Formula as published, A site first."),
    _queried("chemical_formula_reduced", "string", "Smallest whole numbers, elements in alphabetical order."),
    _queried("chemical_formula_hill", "string", "As published, in Hill order."),
    _queried("chemical_formula_anonymous", "string", "Reduced formula with A, B, … for the elements, most first."),
    _queried("dimension_types", "list", "1 for each periodic direction: always 1, 1, 1.", "integer"),
    _queried("nperiodic_dimensions", "integer", "Number of periodic directions: always 3."),
    Property(
        "lattice_vectors", "list", "Primitive cell of the cubic structure; null where no cell is known.", "list", "Å"
    ),
    Property(
        "cartesian_site_positions", "list", "Positions of the sites; null where no cell is known.", "list", "Å"
    ),
    _queried("nsites", "integer", "Number of sites in the primitive cell."),
    Property("species", "list", "The elements as species.", "dictionary"),
    Property("species_at_sites", "list", "Species at each site, in the order of the positions.", "string"),
    _queried("space_group_it_number", "integer", "Number of the space group of the prototype."),
    _queried("structure_features", "list", "Always empty: neither disorder nor implicit atoms.", "string"),
)  # fmt: skip

NOT_HELD = (
    "assemblies",
    "space_group_symmetry_operations_xyz",
    "space_group_symbol_hall",
    "space_group_symbol_hermann_mauguin",
    "space_group_symbol_hermann_mauguin_extended",
)
"""Properties of OPTIMADE's structures that are unknown for every entry."""

OF_REFERENCES = (
    "suite", "compound", "prototype", "lattice_constant", "formation_energy", "octahedral_factor", "tolerance_factor",
    "sigma", "sigma_a", "sigma_b", "sigma_bp", "sigma_x",
    "omega_gamma_thz", "omega_r_thz", "omega_m_thz", "omega_x_thz", "omega_min_thz", "functional", "doi", "source",
)  # fmt: skip
"""Columns of the table `references` that are properties: published DFT."""

OF_POTENTIALS = {
    "geometry": ("harmonic", "geometry"),
    "status": ("harmonic", "status"),
    "omega_min_thz": ("harmonic", "omega_min_thz"),
    "noise_floor_thz": ("harmonic", "noise_floor_thz"),
    "label": ("harmonic", "label"),
    "sigma_protocol": ("anharmonic", "protocol"),
    "sigma_status": ("anharmonic", "status"),
    "sigma": ("anharmonic", "sigma"),
    "sigma_se": ("anharmonic", "sigma_se"),
    "sigma_label": ("anharmonic", "label"),
}
"""Columns of `pairs` that are lists over the potentials, with the table and column that describe them."""

_KINDS: dict[pa.DataType, Literal["string", "integer", "float"]] = {
    pa.string(): "string",
    pa.int64(): "integer",
    pa.float64(): "float",
}


def _reference(column: str) -> Property:
    field = SCHEMAS["references"].field(column)
    return Property(
        PREFIX + column, _KINDS[field.type], _described(field), unit=_unit(field), column=PREFIX + column
    )  # fmt: skip


def _potential(column: str, table: str, described: str) -> Property:
    field = SCHEMAS[table].field(described)
    text = f"Of each of {PREFIX}potentials, in their order; from the table {table}: {_described(field)}"
    name = f"{PREFIX}potentials_{column}"
    return Property(name, "list", text, _KINDS[field.type], _unit(field), name)


def _described(field: pa.Field) -> str:
    return str(field.metadata[b"description"].decode())


def _unit(field: pa.Field) -> str | None:
    return field.metadata[b"unit"].decode() or None


_OWN = (
    *(_reference(column) for column in OF_REFERENCES),
    Property(f"{PREFIX}cell_source", "string", "Whose cell it is: published, or relaxed by a potential."),
    Property(
        f"{PREFIX}potentials", "list", "Potentials that this compound was calculated with, failures too.", "string",
        column=f"{PREFIX}potentials",
    ),
    *(_potential(column, *source) for column, source in OF_POTENTIALS.items()),
)  # fmt: skip

PROPERTIES: dict[str, Property] = {each.name: each for each in (*_STANDARD, *_OWN)}


def is_foreign(name: str) -> bool:
    """Whether `name` belongs to another database."""
    return name.startswith("_") and not name.startswith(PREFIX)
