"""Suite abx3: J. Yang, An Atlas of Vibrational Anharmonicity for Cubic ABX3 Perovskites (2021), Table S1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compute.references.checks import SourceError, Unique, number, rows
from compute.references.columns import compound_columns
from compute.structures.compounds import identify
from compute.structures.formula import FormulaError

FUNCTIONAL = "PBE (VASP, 500 eV)"
_OMEGAS = {
    "omega_Gamma_THz": "omega_gamma_thz",
    "omega_R_THz": "omega_r_thz",
    "omega_M_THz": "omega_m_thz",
    "omega_X_THz": "omega_x_thz",
}
_SIGMAS = {
    "sigma2_300K": "sigma",
    "sigma3_300K": "sigma_third_order",
    "sigma_tdep_22": "sigma_tdep_22",
    "sigma_tdep_24": "sigma_tdep_24",
    "sigma_tdep_34": "sigma_tdep_34",
    "sigma_tdep_44": "sigma_tdep_44",
    "sigma_A_300K": "sigma_a",
    "sigma_B_300K": "sigma_b",
    "sigma_X_300K": "sigma_x",
}
_ALWAYS = ("formula", "A", "B", "X", "lattice_constant_A", "formation_energy_eV_per_atom")


def read(source: Path) -> list[dict[str, Any]]:
    """Rows of the table `references` from the CSV file `source`. Raises `SourceError` naming the row."""
    unique = Unique()
    return [
        _row(row, f"{source.name}, line {line}, {row['formula']}", unique)
        for line, row in rows(source, [*_ALWAYS, *_OMEGAS, *_SIGMAS])
    ]


def _row(row: dict[str, str], where: str, unique: Unique) -> dict[str, Any]:
    formula = row["formula"]
    unique.add(formula, where)
    try:
        compound = identify(formula, "abx3", [formula])
    except FormulaError as error:
        raise SourceError(f"{where}: {error}") from error
    sites = {site: row[site] for site in ("A", "B", "X")}
    if compound.sites != sites:
        raise SourceError(f"{where}: the formula has sites {dict(compound.sites)}, the columns say {sites}")
    omegas = {
        name: number(row[column], "omega", f"{where}, {column}", optional=True) for column, name in _OMEGAS.items()
    }
    known = [omega for omega in omegas.values() if omega is not None]
    return {
        **compound_columns(compound, formula),
        "lattice_constant": number(row["lattice_constant_A"], "lattice_constant", f"{where}, lattice_constant_A"),
        "formation_energy": number(
            row["formation_energy_eV_per_atom"], "formation_energy", f"{where}, formation_energy_eV_per_atom"
        ),
        **omegas,
        "omega_min_thz": min(known) if len(known) == len(omegas) else None,
        **{name: number(row[column], "sigma", f"{where}, {column}", optional=True) for column, name in _SIGMAS.items()},
        "functional": FUNCTIONAL,
    }
