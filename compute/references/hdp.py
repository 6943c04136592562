"""Suite hdp: J. Yang and S. Li, Chem. Mater. 2022, doi:10.1021/acs.chemmater.2c01779."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compute.references.checks import SourceError, Unique, number, rows
from compute.references.columns import compound_columns
from compute.structures.compounds import identify
from compute.structures.formula import FormulaError, composition_key

FUNCTIONAL = "PBE (VASP, 520 eV)"
_COLUMNS = {
    "formation_energy_eV_per_atom": ("formation_energy", "formation_energy"),
    "sigma2_300K": ("sigma", "sigma"),
    "sigma_weighted_frequency_THz": ("sigma_weighted_frequency_thz", "omega"),
    "octahedral_factor": ("octahedral_factor", "descriptor"),
    "octahedral_mismatch": ("octahedral_mismatch", "descriptor"),
    "tolerance_factor": ("tolerance_factor", "descriptor"),
}


def read(source: Path) -> list[dict[str, Any]]:
    """Rows of the table `references` from the CSV file or the authors' ASE database `source`.

    Raises `SourceError` naming the row.
    """
    unique = Unique()
    reader = _database if source.suffix == ".db" else _csv
    found = []
    for where, formula, values in reader(source):
        try:
            compound = identify(formula, "hdp")
            unique.add(composition_key(formula), where)
        except FormulaError as error:
            raise SourceError(f"{where}: {error}") from error
        if "octahedral_factor" in values:
            values["descriptor_source"] = "published"
        found.append({**compound_columns(compound, formula), **values, "functional": FUNCTIONAL})
    return found


def _csv(source: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for line, row in rows(source, ["formula", *_COLUMNS]):
        where = f"{source.name}, line {line}, {row['formula']}"
        yield (
            where,
            row["formula"],
            {
                name: number(row[column], quantity, f"{where}, {column}")
                for column, (name, quantity) in _COLUMNS.items()
            },
        )


def _database(source: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The authors' `double_halide_pv.db`: uid dpv_<formula>, formation_energy and sigma_300K_single per row."""
    from ase.db import connect

    if not source.is_file():
        raise SourceError(f"{source} does not exist")
    for entry in connect(source, type="db").select():
        keys = entry.key_value_pairs
        where = f"{source.name}, row {entry.id}, {keys.get('uid', 'no uid')}"
        uid = str(keys.get("uid", ""))
        if not uid.startswith("dpv_"):
            raise SourceError(f"{where}: uid must be dpv_<formula>")
        for column in ("formation_energy", "sigma_300K_single"):
            if column not in keys:
                raise SourceError(f"{where}: missing {column}")
        volume = entry.volume * 10 / entry.natoms  # of ten atoms, a quarter of the cubic cell
        yield (
            where,
            uid.removeprefix("dpv_"),
            {
                "formation_energy": number(keys["formation_energy"], "formation_energy", f"{where}, formation_energy"),
                "sigma": number(keys["sigma_300K_single"], "sigma", f"{where}, sigma_300K_single"),
                "lattice_constant": number((4 * volume) ** (1 / 3), "lattice_constant", f"{where}, lattice constant"),
            },
        )
