"""The symmetry that CIF files state, by any of its names; what is not known or contradicts itself is no P 1."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from compute.structures import cif, cif_symmetry
from compute.structures.sites import StructureError
from tests.structures.test_cif import PEROVSKITE, cell, formula_of, named, refused, text

ROCK = ("Na1 Na 0 0 0", "Cl1 Cl 0.5 0.5 0.5")
SPINEL_1 = ("Mg1 Mg 0 0 0", "Al1 Al 0.625 0.625 0.625", "O1 O 0.3875 0.3875 0.3875")
SPINEL_2 = ("Mg1 Mg 0.125 0.125 0.125", "Al1 Al 0.5 0.5 0.5", "O1 O 0.2625 0.2625 0.2625")


@pytest.mark.parametrize(
    "symmetry",
    [
        named("F m -3 m"),
        named("Fm-3m"),
        named("F m 3 m"),
        named("Fm3m"),
        named("f m -3 m"),
        named("F m -3 m (225)"),
        named("F 4/m -3 2/m"),
        named("F4/m-32/m"),
        named("F m -3 m {origin at m-3m}"),
        named("cubic") + "\n_space_group_IT_number 225",
        "_space_group_name_H-M_alt 'F m -3 m'",
        "_space_group.name_H-M_full 'F m -3 m'",
        "_symmetry_Int_Tables_number 225",
        "_space_group_IT_number 225",
        "_space_group_name_Hall '-F 4 2 3'",
        "_symmetry_space_group_name_Hall '-F 4 2 3'\n" + named("?"),
    ],
)
def test_a_space_group_is_known_by_any_of_its_names(symmetry):
    assert formula_of(text(symmetry=symmetry, sites=ROCK, formula="Na Cl", z=4, lattice=cell(5.6))) == "Cl4Na4"


@pytest.mark.parametrize(
    ("symbol", "sites"),
    [
        ("F d -3 m S", SPINEL_1),
        ("F d -3 m :1", SPINEL_1),
        ("F d -3 m Z", SPINEL_2),
        ("Fd-3m:2", SPINEL_2),
        ("F d -3 m", SPINEL_1),
        ("F d -3 m", SPINEL_2),
    ],
)
def test_the_origin_is_the_stated_one_or_that_which_fits(symbol, sites):
    found = cif.read(text(symmetry=named(symbol), sites=sites, formula="Al2 Mg O4", z=8, lattice=cell(8.08)))
    assert found.get_chemical_formula() == "Al16Mg8O32"
    oxygen = found[found.symbols == "O"]
    magnesium = found[found.symbols == "Mg"]
    apart = np.linalg.norm(oxygen.positions - magnesium.positions[0], axis=1)
    assert apart.min() == pytest.approx(8.08 * 0.1375 * 3**0.5, abs=0.02) or apart.min() > 1.9


def test_an_origin_that_nothing_decides_is_asked_for():
    refused(text(symmetry=named("F d -3 m"), sites=("C1 C 0 0 0",), lattice=cell(3.57)), "settings")


@pytest.mark.parametrize("symbol", ["R -3 c :R", "R -3 c R", "R -3 c", "R-3c"])
def test_rhombohedral_axes_are_those_of_the_cell(symbol):
    sites = ("Al1 Al 0.352 0.352 0.352", "O1 O 0.556 -0.056 0.25")
    lattice = cell(5.13, angles=(55.3, 55.3, 55.3))
    assert formula_of(text(symmetry=named(symbol), sites=sites, formula="Al2 O3", z=2, lattice=lattice)) == "Al4O6"


@pytest.mark.parametrize("symbol", ["R -3 c :H", "R -3 c H", "R -3 c", "R -3 c HR"])
def test_and_hexagonal_ones(symbol):
    sites = ("Al1 Al 0 0 0.352", "O1 O 0.306 0 0.25")
    lattice = cell(4.76, 4.76, 12.99, (90, 90, 120))
    assert formula_of(text(symmetry=named(symbol), sites=sites, formula="Al2 O3", z=6, lattice=lattice)) == "Al12O18"


@pytest.mark.parametrize("symbol", ["P q -3 m", "cubic", "F m -3 m'", "P m -3 m :Q"])
def test_a_space_group_that_is_not_known_is_not_taken_for_p1(symbol):
    refused(text(symmetry=f'_symmetry_space_group_name_H-M "{symbol}"'), "not known")


def test_a_number_beside_a_name_that_is_not_known_needs_a_formula():
    both = named("Pm3̅m") + "\n_symmetry_Int_Tables_number 221"
    assert formula_of(text(symmetry=both, formula="Br3 Cs Pb")) == "Br3CsPb"
    refused(text(symmetry=both), "“Pm3̅m”, which is not known, of number 221, and without a formula")


def test_operations_are_followed_and_must_be_a_group():
    operations = ["x,y,z", "y,z,x", "z,x,y"]
    assert formula_of(text(symmetry=operations, formula="Br3 Cs Pb")) == "Br3CsPb"
    assert formula_of(text(symmetry=["X, Y, Z", "Y, Z, X", "Z, X, Y"])) == "Br3CsPb"
    refused(text(symmetry=operations[:2]), "no group")
    refused(text(symmetry=[*operations, "x,y"]), "“x,y” cannot be read")
    refused(text(symmetry=["x,y,z"], formula="Br3 Cs Pb"), "Br3 Cs Pb, but")


def test_a_name_and_operations_that_contradict_each_other_need_a_formula():
    both = named("P m -3 m") + "\nloop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n"
    refused(text(symmetry=both), "states space group “P m -3 m”, but lists 1 operation and not 48")
    whole = (*PEROVSKITE, "Br2 Br 0 0.5 0", "Br3 Br 0 0 0.5")
    assert formula_of(text(symmetry=both, sites=whole, formula="Br3 Cs Pb")) == "Br3CsPb"


ONE = "\nloop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n"


@pytest.mark.parametrize(
    ("symmetry", "says"),
    [
        (named("P m -3 m") + "\n_symmetry_Int_Tables_number 62", "space group “P m -3 m” and space group number 62"),
        (named("P 1") + "\n_space_group_IT_number 221", "which are not the same"),
        (named("P m -3 m") + "\n_space_group_name_Hall 'P 1'", "Hall symbol “P 1” and space group “P m -3 m”"),
        ("_space_group_IT_number 221" + ONE, "number 221, but lists 1 operation and not 48"),
        ("_space_group_name_Hall '-P 4 2 3'" + ONE, "Hall symbol “-P 4 2 3”, but lists 1 operation and not 48"),
        (named("cubic") + ONE, "space group “cubic”, but lists 1 operation"),
        ("_space_group_crystal_system cubic", "the crystal is cubic, but no symmetry"),
        ("_symmetry_cell_setting tetragonal", "the crystal is tetragonal, but no symmetry"),
    ],
)
def test_statements_that_contradict_each_other_need_a_formula(symmetry, says):
    """What the sites are repeated by is then a guess, and another guess is another compound."""
    refused(text(symmetry=symmetry), f"{says}.* and without a formula nothing says which is meant")
    whole = (*PEROVSKITE, "Br2 Br 0 0.5 0", "Br3 Br 0 0 0.5")
    for sites in (PEROVSKITE, whole):
        with suppress(StructureError):
            assert formula_of(text(symmetry=symmetry, sites=sites, formula="Br3 Cs Pb", z=1)) == "Br3CsPb"


@pytest.mark.parametrize(
    "symmetry",
    [
        named("P m -3 m") + "\n_space_group_IT_number 221\n_space_group_name_Hall '-P 4 2 3'",
        named("P 1") + "\n_space_group_IT_number 1" + ONE,
        named("?") + ONE,
        "_symmetry_cell_setting triclinic",
        named("primitive cubic") + "\nloop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\ny,z,x\nz,x,y\n",
    ],
)
def test_statements_that_agree_need_none(symmetry):
    whole = (*PEROVSKITE, "Br2 Br 0 0.5 0", "Br3 Br 0 0 0.5")
    assert formula_of(text(symmetry=symmetry, sites=whole)) == "Br3CsPb"


@pytest.mark.parametrize(
    ("symbol", "operations"),
    [
        ("P 2(1)/c", 4),
        ("P 4(2)/n m c :2", 16),
        ("P 6(3)/m m c", 24),
        ("P 1 21/n 1", 4),
        ("P m 3 n", 48),
        ("I a 3 d", 96),
        ("P a 3", 24),
        ("Fd-3mS", 192),
        ("I41/amdZ", 32),
        ("Pbnm", 8),
        ("C m c e", 16),
        ("R3cH", 18),
    ],
)
def test_a_symbol_has_the_operations_of_its_group(symbol, operations):
    assert max(len(group) for group in cif_symmetry._named(symbol)) == operations


def test_a_cell_without_the_symmetry_that_is_stated_is_refused():
    refused(text(lattice=cell(5.95, 5.95, 6.3)), "does not have the symmetry")


def test_a_file_without_symmetry_is_p1_and_a_magnetic_one_is_refused():
    assert formula_of(text(symmetry=None, sites=(*PEROVSKITE, "Br2 Br 0 0.5 0", "Br3 Br 0 0 0.5"))) == "Br3CsPb"
    refused(text(symmetry="loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1\n"), "magnetic")
