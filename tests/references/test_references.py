"""Importers: what they read, and what they refuse."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from ase.db import connect

from compute import tables
from compute.campaigns.published.import_references import Wanted, imported, publish_references
from compute.references import abx3, hdp, mp0b3
from compute.references.checks import SourceError
from compute.stages import phonons
from compute.structures.compounds import identify
from tests.support.pair_potential import RADII, PairPotential

HDP = {
    "formula": "Cs2AgBiBr6",
    "X": "Br",
    "formation_energy_eV_per_atom": "-1.05",
    "sigma2_300K": "0.336",
    "sigma_weighted_frequency_THz": "1.5",
    "octahedral_factor": "0.556122",
    "octahedral_mismatch": "0.030612",
    "tolerance_factor": "0.84",
}
ABX3 = {
    **dict.fromkeys(("sigma3_300K", "sigma_tdep_22", "sigma_tdep_24", "sigma_tdep_34", "sigma_tdep_44"), "0.5"),
    **dict.fromkeys(("sigma_A_300K", "sigma_B_300K", "sigma_X_300K"), "0.6"),
    "formula": "CsPbBr3",
    "A": "Cs",
    "B": "Pb",
    "X": "Br",
    "lattice_constant_A": "5.983",
    "formation_energy_eV_per_atom": "-1.2",
    "omega_Gamma_THz": "-0.34",
    "omega_R_THz": "-0.96",
    "omega_M_THz": "-0.96",
    "omega_X_THz": "0.1",
    "sigma2_300K": "0.574",
}


def write(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_row_of_each_suite(tmp_path):
    (double,) = hdp.read(write(tmp_path / "h.csv", HDP))
    assert (double["compound"], double["sigma"], double["B"], double["Bp"]) == ("Cs2AgBiBr6", 0.336, "Ag", "Bi")
    assert double["descriptor_source"] == "published"
    assert double["tolerance_factor"] == 0.84
    (single,) = abx3.read(write(tmp_path / "a.csv", ABX3))
    assert single["omega_min_thz"] == -0.96
    assert single["lattice_constant"] == 5.983
    assert single["sigma_a"] == 0.6
    assert double["doi"] == "10.1021/acs.chemmater.2c01779"
    tables.from_rows("references", [double, single])


def test_what_was_not_published_stays_empty(tmp_path):
    (row,) = abx3.read(write(tmp_path / "a.csv", {**ABX3, "omega_R_THz": "", "sigma2_300K": ""}))
    assert row["omega_r_thz"] is None
    assert row["omega_min_thz"] is None, "the lowest of three of four is not the lowest"
    assert row["sigma"] is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sigma2_300K": "nan"}, "line 2, Cs2AgBiBr6, sigma2_300K: nan is not a finite number"),
        ({"sigma2_300K": ""}, "sigma2_300K: empty"),
        ({"sigma2_300K": "n/a"}, "not a number"),
        ({"sigma2_300K": "-0.1"}, "outside"),
        ({"sigma_weighted_frequency_THz": "150"}, "the unit is THz"),
        ({"formation_energy_eV_per_atom": "-101.3"}, "the unit is eV/atom"),
        ({"formula": "Cs2AgBiBr7"}, "Cs2AgBiBr7"),
    ],
)
def test_a_broken_double_perovskite_row_is_named(tmp_path, change, says):
    with pytest.raises(SourceError) as error:
        hdp.read(write(tmp_path / "h.csv", {**HDP, **change}))
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lattice_constant_A": "0.5983"}, "line 2, CsPbBr3, lattice_constant_A: 0.5983 is outside 2.5 to 25"),
        ({"lattice_constant_A": "598.3"}, "the unit is Å"),
        ({"omega_M_THz": "inf"}, "not a finite number"),
        ({"A": "Pb", "B": "Cs"}, "the columns say"),
    ],
)
def test_a_broken_abx3_row_is_named(tmp_path, change, says):
    with pytest.raises(SourceError) as error:
        abx3.read(write(tmp_path / "a.csv", {**ABX3, **change}))
    assert says in str(error.value)


def test_duplicates_are_refused_even_when_written_differently(tmp_path):
    with pytest.raises(SourceError, match=r"line 3, AgCs2BiBr6: duplicate of h.csv, line 2"):
        hdp.read(write(tmp_path / "h.csv", HDP, {**HDP, "formula": "AgCs2BiBr6"}))


def test_missing_columns_and_files_are_refused(tmp_path):
    with pytest.raises(SourceError, match="missing column lattice_constant_A"):
        abx3.read(write(tmp_path / "a.csv", {k: v for k, v in ABX3.items() if k != "lattice_constant_A"}))
    with pytest.raises(SourceError, match="does not exist"):
        hdp.read(tmp_path / "nothing.csv")


def database(path: Path, **keys: float | str) -> Path:
    with connect(path, type="db") as db:
        atoms = identify("Cs2AgBiBr6", "hdp").structure(11.4, 0.25)
        db.write(atoms, **{"uid": "dpv_Cs2AgBiBr6", "formation_energy": -1.05, "sigma_300K_single": 0.336, **keys})
    return path


def test_the_authors_database_gives_the_same_and_the_lattice_constant(tmp_path):
    (row,) = hdp.read(database(tmp_path / "double_halide_pv.db"))
    assert row["sigma"] == 0.336
    assert row["lattice_constant"] == pytest.approx(11.4)
    assert row["octahedral_factor"] == pytest.approx(float(HDP["octahedral_factor"]), abs=1e-6)


@pytest.mark.parametrize(
    ("keys", "says"),
    [({"uid": "Cs2AgBiBr6"}, "uid must be dpv_"), ({"sigma_300K_single": float("nan")}, "finite")],
)
def test_a_broken_database_row_is_named(tmp_path, keys, says):
    with pytest.raises(SourceError, match=says) as error:
        hdp.read(database(tmp_path / "broken.db", **keys))
    assert "row 1" in str(error.value)


def test_importing_replaces_one_suite_and_keeps_the_others(tmp_path):
    data = tmp_path / "data"
    source = write(tmp_path / "a.csv", ABX3)
    publish_references(data, "hdp", imported("hdp", Wanted(write(tmp_path / "h.csv", HDP))))
    publish_references(data, "abx3", imported("abx3", Wanted(source)))
    publish_references(data, "abx3", imported("abx3", Wanted(source)))
    assert sorted(tables.read(data, "references")["suite"].to_pylist()) == ["abx3", "hdp"]


def npz(path: Path, shuffle: bool = False, **overrides) -> Path:
    """A small material of the mp0b3 kind: “DFT” is one analytic crystal, “MACE” a softer one."""
    compound, arrays = identify("SrTiO3", "abx3"), {}
    for prefix, a in (("dft", 3.90), ("mace", 3.92)):
        atoms = compound.structure(a)
        plan = phonons.symmetric_plan(atoms, 2, 0.01)
        phonon = phonons.phonopy_of(atoms, 2 * np.eye(3), symmetry=False)
        radii = RADII if prefix == "dft" else {**RADII, "O": 1.36}
        forces = [r.forces for r in PairPotential(radii).evaluate(phonons.displaced(phonon, plan.displacements))]
        order = np.random.default_rng(1).permutation(40) if shuffle else np.arange(40)
        where = np.argsort(order)
        moved = [int(np.abs(u).sum(axis=1).argmax()) for u in plan.displacements]
        arrays |= {
            f"{prefix}_cell": atoms.cell.array,
            f"{prefix}_numbers": atoms.numbers,
            f"{prefix}_scaled": atoms.get_scaled_positions(),
            f"{prefix}_supercell_matrix": 2 * np.eye(3, dtype=int),
            f"{prefix}_primitive_matrix": np.eye(3),
            f"{prefix}_super_scaled": phonon.supercell.scaled_positions[order],
            f"{prefix}_disp_atom": where[moved],
            f"{prefix}_disp": np.array([u[i] for u, i in zip(plan.displacements, moved, strict=True)]),
            f"{prefix}_forces": np.array(forces, dtype="float32")[:, order],
        }
    np.savez(path, **{**arrays, **overrides})
    return path


def test_stored_forces_give_phonons_whatever_the_order_of_atoms(tmp_path):
    from compute.stages.stored import stored_phonons

    plain = stored_phonons(mp0b3.read(npz(tmp_path / "plain.npz")).dft)
    mixed = stored_phonons(mp0b3.read(npz(tmp_path / "mixed.npz", shuffle=True)).dft)
    assert np.allclose(plain.frequencies, mixed.frequencies, atol=1e-3)
    assert plain.frequencies.shape == (512, 15)
    assert plain.omega_min == pytest.approx(plain.frequencies.min(), abs=0.5)


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"mace_forces": np.zeros((3, 39, 3))}, "mace_forces has shape"),
        ({"dft_forces": np.full((3, 40, 3), np.nan)}, "not finite"),
        ({"dft_disp": np.full((3, 3), 1.0)}, "the unit is Å"),
    ],
)
def test_a_broken_force_file_is_named(tmp_path, overrides, says):
    with pytest.raises(SourceError, match=says) as error:
        mp0b3.read(npz(tmp_path / "mp-1.npz", **overrides))
    assert "mp-1.npz" in str(error.value)


def test_displacements_that_leave_force_constants_open_are_refused(tmp_path):
    from compute.stages.stored import stored_phonons

    with np.load(npz(tmp_path / "mp-1.npz")) as archive:
        displacements = archive["dft_disp"].copy()
    displacements[2] = [0, 0, 0.01] if np.ptp(displacements[2, :2]) else [0.01, 0, 0]
    # The anion's fourfold axis never turns a displacement along it: two directions stay unknown.
    along = mp0b3.read(npz(tmp_path / "mp-2.npz", dft_disp=displacements)).dft
    sites = along.super_scaled[along.atoms[2]] * 2
    axis = int(np.argmin(np.abs(np.mod(sites, 1))))
    displacements[2] = np.eye(3)[axis] * 0.01
    with pytest.raises(ValueError, match="do not determine"):
        stored_phonons(mp0b3.read(npz(tmp_path / "mp-3.npz", dft_disp=displacements)).dft)


def test_forces_of_two_compounds_are_not_compared(tmp_path):
    other = npz(tmp_path / "mp-1.npz", mace_numbers=np.array([38, 22, 16, 16, 16]))
    assert "DFT forces are of SrTiO3, its MACE forces of SrTiS3" in mp0b3.read(other).mismatch
    assert mp0b3.read(npz(tmp_path / "mp-2.npz", mace_cell=np.eye(3)[[1, 2, 0]] * 3.92)).mismatch
    turned = mp0b3.read(npz(tmp_path / "mp-3.npz", mace_primitive_matrix=np.eye(3)[[1, 2, 0]]))
    assert turned.mismatch is None
    assert np.array_equal(turned.mace.primitive_matrix, turned.dft.primitive_matrix)


def test_a_supercell_that_is_not_the_unit_cells_is_refused(tmp_path):
    from compute.stages.stored import stored_phonons

    moved = np.random.default_rng(0).random((40, 3))
    with pytest.raises(ValueError, match="does not match"):
        stored_phonons(mp0b3.read(npz(tmp_path / "mp-1.npz", dft_super_scaled=moved)).dft)


def test_formula_of_a_material(tmp_path):
    assert mp0b3.read(npz(tmp_path / "mp-1.npz")).formula == "SrTiO3"


def test_the_source_files_are_the_published_tables(shared, published):
    reference = shared / "reference"
    ours = {(row["suite"], row["compound"]): row for row in published}
    for found in (
        hdp.read(reference / "halide_double_perovskites_dft_2022.csv"),
        abx3.read(reference / "cubic_abx3_dft_2021.csv"),
    ):
        for row in found:
            assert {key: ours[row["suite"], row["compound"]][key] for key in row} == row
