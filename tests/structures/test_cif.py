"""CIF files as people have them: what is read, and what contradicts itself and is refused with a sentence."""

from __future__ import annotations

import re
import time

import pytest

from compute.structures import cif
from compute.structures.cif_formula import composition
from compute.structures.sites import StructureError
from compute.text import decoded

X = ("0.5 0 0", "0 0.5 0", "0 0 0.5")
PEROVSKITE = ("Cs1 Cs 0.5 0.5 0.5", "Pb1 Pb 0 0 0", "Br1 Br 0.5 0 0")
TAGS = "_atom_site_label _atom_site_type_symbol _atom_site_fract_x _atom_site_fract_y _atom_site_fract_z"


def cell(a: float = 5.95, b: float | None = None, c: float | None = None, angles: tuple = (90, 90, 90)) -> list[str]:
    lengths = zip("abc", (a, b or a, c or a), strict=True)
    named = zip(("alpha", "beta", "gamma"), angles, strict=True)
    return [*(f"_cell_length_{x} {v}" for x, v in lengths), *(f"_cell_angle_{x} {v}" for x, v in named)]


def text(
    *,
    symmetry: str | list[str] | None = "_symmetry_space_group_name_H-M 'P m -3 m'",
    formula: str | None = None,
    z: int | None = None,
    sites: tuple[str, ...] = PEROVSKITE,
    tags: str = TAGS,
    lattice: list[str] | None = None,
    name: str = "crystal",
) -> str:
    """One data block: a cubic CsPbBr3 unless told otherwise. `symmetry` is a line, or a list of operations."""
    lines = [f"data_{name}", *(lattice or cell())]
    if formula is not None:
        lines.append(f"_chemical_formula_sum '{formula}'")
    if z is not None:
        lines.append(f"_cell_formula_units_Z {z}")
    if isinstance(symmetry, list):
        lines += ["loop_", "_symmetry_equiv_pos_as_xyz", *(f"'{operation}'" for operation in symmetry)]
    elif symmetry:
        lines.append(symmetry)
    return "\n".join([*lines, "loop_", *tags.split(), *sites]) + "\n"


def named(symbol: str) -> str:
    return f"_symmetry_space_group_name_H-M '{symbol}'"


def formula_of(content: str) -> str:
    return cif.read(content).get_chemical_formula()


def refused(content: str, says: str) -> None:
    with pytest.raises(StructureError, match=says) as error:
        cif.read(content)
    assert "\n" not in str(error.value)


# Composition.


@pytest.mark.parametrize(
    ("formula", "z"),
    [
        ("Br3 Cs Pb", None),
        ("Br3 Cs1 Pb1", 1),
        ("Cs4 Pb4 Br12", None),
        ("Cs2 Pb2 Br6", 1),
        ("CsPbBr3", 1),
        ("CS PB BR3", 1),
        ("?", 7),
        (".", None),
        ("", None),
        ("caesium lead bromide", None),
        ("Cs0.999 Pb Br3", None),
    ],
)
def test_a_formula_that_agrees_or_says_nothing_is_accepted(formula, z):
    assert formula_of(text(formula=formula, z=z)) == "Br3CsPb"


@pytest.mark.parametrize(
    ("formula", "z", "says"),
    [
        ("Br3 H4 N Pb", None, "formula Br3 H4 N Pb, but .* give Br3CsPb"),
        ("Br3 Cs Pb H4", None, "H has no site"),
        ("Br3 Cs Pb D4", None, "H has no site"),
        ("Br2 Cs Pb", None, "Br2 Cs Pb, but"),
        ("Br3 Cs", None, "Br3 Cs, but"),
        ("Br3 Cs0.9 Pb", None, "Cs0.9"),
        ("Br3 Cs Pb", 4, "Z = 4 of Br3 Cs Pb, but .* give 1 in the cell"),
    ],
)
def test_a_formula_that_does_not_agree_is_refused(formula, z, says):
    refused(text(formula=formula, z=z), says)


@pytest.mark.parametrize(("z", "fits"), [(1, True), (2, True), (4, True), (3, False), (8, False)])
def test_units_may_be_of_a_formula_smaller_than_the_one_that_is_written(z, fits):
    """Cs4 O4 in the cell is two of the peroxide Cs2O2, as it is four of CsO."""
    corners = [f"{x} {y}" for x in (0.0, 0.5) for y in (0.0, 0.5)]
    sites = [f"{symbol} {symbol} {corner} {height}" for symbol, height in (("Cs", 0), ("O", 0.4)) for corner in corners]
    content = text(symmetry=None, sites=tuple(sites), formula="Cs4 O4", z=z, lattice=cell(7.0))
    if fits:
        assert formula_of(content) == "Cs4O4"
    else:
        refused(content, f"states Z = {z} of Cs4 O4, but .* give 1 in the cell")


@pytest.mark.parametrize("tag", ["_chemical_formula_structural", "_chemical_formula_moiety"])
def test_the_other_formulas_speak_where_there_is_no_sum(tag):
    refused(text(symmetry=named("P m -3 m") + f"\n{tag} 'N H4 Pb Br3'"), "H4")
    assert formula_of(text(symmetry=named("P m -3 m") + f"\n{tag} 'Pb Br3 -, Cs +'")) == "Br3CsPb"


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("Cs 1+, Br3 Pb 1-", {"Cs": 1, "Br": 3, "Pb": 1}),
        ("2(C H6 N 1+), Pb Br4 2-", {"C": 2, "H": 12, "N": 2, "Pb": 1, "Br": 4}),
        ("(C H3 N H3) Pb Br3", {"C": 1, "H": 6, "N": 1, "Pb": 1, "Br": 3}),
        ("K2[Pt Cl6]", {"K": 2, "Pt": 1, "Cl": 6}),
        ("[(CH3)2NH2]PbBr3", {"C": 2, "H": 8, "N": 1, "Pb": 1, "Br": 3}),
        ("CsPbBr3·0.5H2O", {"Cs": 1, "Pb": 1, "Br": 3, "H": 1, "O": 0.5}),
        ("Cs Pb Br3 . (H2 O)2", {"Cs": 1, "Pb": 1, "Br": 3, "H": 4, "O": 2}),
        ("Pb (N D4) Br3", {"Pb": 1, "N": 1, "H": 4, "Br": 3}),
        ("Cs (Pb Br3", None),
        ("Cs) Pb Br3", None),
        ("x(H2 O), Cs Pb Br3", None),
        ("Cs Pb Br3-x", None),
    ],
)
def test_a_formula_may_have_charges_brackets_and_water(formula, found):
    assert composition(formula) == found


def test_a_weight_speaks_where_there_is_no_formula():
    """579.8 is CsPbBr3; a compound whose hydrogen has no positions is too light for its weight."""
    for weight, z in ((579.81, 1), (579.8, None), (1159.62, None)):
        content = text(symmetry=named("P m -3 m") + f"\n_chemical_formula_weight {weight}", z=z, formula="?")
        if weight < 1000:
            assert formula_of(content) == "Br3CsPb"
        else:
            refused(content, "formula weight 1159.62, but .* give Br3CsPb, 579.8 in the cell")
    methyl = ("C1 C 0.5 0.5 0.5", "N1 N 0.4 0.5 0.5", "Pb1 Pb 0 0 0", *(f"Br{i} Br {x}" for i, x in enumerate(X)))
    refused(text(symmetry=None, sites=methyl) + "_chemical_formula_weight 478.98\n", "weight 478.98, but .* 472.9")


def test_a_density_speaks_where_there_is_neither_formula_nor_weight():
    """CsPbBr3 with a = 5.95 Å has 4.571 g/cm³."""
    said = "\n_exptl_crystal_density_diffrn "
    assert formula_of(text(symmetry=named("P m -3 m") + said + "4.571")) == "Br3CsPb"
    refused(text(symmetry=named("P m -3 m") + said + "5.1"), r"states 5.1 g/cm³, but .* Br3CsPb with 4.57")
    assert formula_of(text(symmetry=named("P m -3 m") + said + "5.1", formula="Cs Pb Br3")) == "Br3CsPb"


@pytest.mark.parametrize("tag", ["_atom_site_symmetry_multiplicity", "_atom_site_site_symmetry_multiplicity"])
def test_a_multiplicity_speaks_where_nothing_says_the_composition(tag):
    """Without its symmetry, the bromine of CsPbBr3 is one atom where the file counts three."""
    sites = tuple(f"{site} {count}" for site, count in zip(PEROVSKITE, (1, 1, 3), strict=True))
    assert formula_of(text(sites=sites, tags=f"{TAGS} {tag}")) == "Br3CsPb"
    refused(text(symmetry=None, sites=sites, tags=f"{TAGS} {tag}"), "Br1 has multiplicity 3 in the file, but 1 by")
    refused(text(symmetry=named("P 1"), sites=sites, tags=f"{TAGS} {tag}", formula="?"), "Br1 has multiplicity 3")
    unlike = tuple(f"{site} 1" for site in PEROVSKITE)  # some write the order of the site symmetry there
    assert formula_of(text(sites=unlike, tags=f"{TAGS} {tag}", formula="Cs Pb Br3")) == "Br3CsPb"


def test_a_volume_that_is_not_that_of_the_cell_is_refused():
    assert formula_of(text(lattice=[*cell(), "_cell_volume 210.6(2)"])) == "Br3CsPb"
    refused(text(lattice=[*cell(0.595), "_cell_volume 210.6"]), "states a cell of 210.6 Å³, but .* give 0.2 Å³")


@pytest.mark.parametrize("tag", ["_space_group_ssg_name 'Pm-3m(00g)'", "_cell_modulation_dimension 1"])
def test_a_modulated_crystal_is_named(tag):
    refused(text(symmetry=tag), "modulated crystal")


def test_isotopes_of_hydrogen_are_remembered():
    sites = ("K1 K 0.5 0.5 0.5", "Mg1 Mg 0 0 0", "D1 D 0.5 0 0")
    atoms = cif.read(text(sites=sites, lattice=cell(4.0)))
    assert atoms.get_chemical_formula() == "H3KMg"
    assert atoms.info["isotopes"]
    assert not cif.read(text()).info["isotopes"]


def test_hydrogen_that_is_counted_but_has_no_position_is_refused():
    tags = TAGS + " _atom_site_attached_hydrogens"
    bare = ("N1 N 0.5 0.5 0.5 4", "Pb1 Pb 0 0 0 0", "Br1 Br 0.5 0 0 .")
    refused(text(sites=bare, tags=tags), "counts 4 hydrogen")
    none = tuple(f"{site} 0" for site in PEROVSKITE)
    assert formula_of(text(sites=none, tags=tags)) == "Br3CsPb"
    unknown = tuple(f"{site} ?" for site in PEROVSKITE)
    assert formula_of(text(sites=unknown, tags=tags)) == "Br3CsPb"


LABELS = "_atom_site_label _atom_site_fract_x _atom_site_fract_y _atom_site_fract_z"


@pytest.mark.parametrize(
    ("labels", "formula", "found"),
    [
        (("Ba1", "Ti1", "O1"), None, "BaO3Ti"),
        (("Ba", "Ti", "O_ap"), None, "BaO3Ti"),
        (("Ba1", "Ti1", "OH"), "Ba O3 Ti", "BaO3Ti"),
        (("BA1", "TI1", "O1"), "Ba O3 Ti", "BaO3Ti"),
        (("Ba1", "Ti1", "Oax"), "Ba O3 Ti", "BaO3Ti"),
        (("Ba1", "Ti1", "OH1"), None, "label “OH1”"),
        (("Ba1", "Ti1", "Wat1"), None, "label “Wat1”"),
        (("Ba1", "Ti1", "Wat1"), "Ba O3 Ti", "label “Wat1”"),
        (("Ba1", "Ti1", "X1"), "Ba O3 Ti", "label “X1”"),
        (("M1", "Ti1", "O1"), None, "label “M1”"),
        (("Ba1", "T1", "O1"), None, "label “T1”"),
        (("Ba/Sr1", "Ti1", "O1"), None, "label “Ba/Sr1”"),
        (("Ba,Sr", "Ti1", "O1"), None, "label “Ba,Sr”"),
        (("Ba_Sr1", "Ti1", "O1"), None, "label “Ba_Sr1”"),
        (("Ba-Sr", "Ti1", "O1"), "Ba O3 Ti", "BaO3Ti"),
        (("Ba1", "Ti1", "O1_A"), None, "BaO3Ti"),
        (("Ba1", "Ti1", "OH"), "Ba O3 Ti H3", "H has no site"),
        (("Ba1", "Ti1", "D1"), "Ba H3 Ti", "H3BaTi"),
    ],
)
def test_a_label_that_is_no_element_is_not_dropped(labels, formula, found):
    places = ("0.5 0.5 0.5", "0 0 0", "0.5 0 0")
    sites = tuple(f"{label} {place}" for label, place in zip(labels, places, strict=True))
    content = text(sites=sites, tags=LABELS, formula=formula, lattice=cell(4.0))
    if " " in found:
        refused(content, found)
    else:
        assert formula_of(content) == found


@pytest.mark.parametrize("symbol", ["Pb2+", "Pb+2", "Pb", "pb", "PB", "Pb0+", "Pb2"])
def test_type_symbols_may_bear_a_charge(symbol):
    assert formula_of(text(sites=(PEROVSKITE[0], f"M1 {symbol} 0 0 0", PEROVSKITE[2]))) == "Br3CsPb"


@pytest.mark.parametrize("symbol", ["Qq", "OH", "Wat", "M", "1", "NH4+", "ND4", "CO", "CN-", "Pb/Sn"])
def test_a_type_symbol_that_is_no_element_is_refused(symbol):
    refused(text(sites=(PEROVSKITE[0], f"Pb1 {symbol} 0 0 0", PEROVSKITE[2])), f"“{re.escape(symbol)}” of site Pb1")


# Occupancy and positions.


@pytest.mark.parametrize("occupancy", [".", "?", "1", "1.0", "1.000(3)", "0.999"])
def test_an_occupancy_that_is_one_or_not_given_is_one(occupancy):
    sites = tuple(f"{site} {occupancy}" for site in PEROVSKITE)
    assert formula_of(text(sites=sites, tags=TAGS + " _atom_site_occupancy")) == "Br3CsPb"


@pytest.mark.parametrize(
    ("occupancy", "says"),
    [("1.02", "occupancy of site Cs1 is 1.02"), ("0.98(1)", "in part"), ("0", "in part"), ("full", "not a number")],
)
def test_another_occupancy_is_named(occupancy, says):
    sites = (f"{PEROVSKITE[0]} {occupancy}", *(f"{site} 1" for site in PEROVSKITE[1:]))
    refused(text(sites=sites, tags=TAGS + " _atom_site_occupancy"), says)


def test_coordinates_may_be_left_out_as_zero_but_not_as_unknown():
    assert formula_of(text(sites=("Cs1 Cs .5 .5 .5", "Pb1 Pb . . .", "Br1 Br .5(1) . ."))) == "Br3CsPb"
    refused(text(sites=(*PEROVSKITE[:2], "Br1 Br 0.5 0 ?")), "Br1 has no position")
    refused(text(sites=(*PEROVSKITE[:2], "Br1 Br 1/2 0 0")), "Br1 has no position: 1/2, 0, 0 are not three numbers")
    refused(text(tags=TAGS.replace("fract", "Cartn")), "no fractional coordinates")


def test_a_site_that_is_listed_twice_is_there_once():
    """Some list the whole cell beside the symmetry that would make it."""
    whole = (*PEROVSKITE, "Br2 Br 0 0.5 0", "Br3 Br 0 0 0.5")
    assert formula_of(text(sites=whole)) == formula_of(text(sites=(*PEROVSKITE, PEROVSKITE[2]))) == "Br3CsPb"


def test_rounded_coordinates_are_on_their_special_position():
    """1/3 to three digits is 0.01 Å off, and three times the same atom would be three atoms."""
    sites = ("Br1 Br 0.333 0.667 0.25", "Cs1 Cs 0 0 0")
    hexagonal = cell(12.0, 12.0, 6.0, (90, 90, 120))
    found = cif.read(text(symmetry=named("P 63/m m c"), sites=sites, lattice=hexagonal))
    assert found.get_chemical_formula() == "Br2Cs2"
    assert found.get_scaled_positions()[0] == pytest.approx([1 / 3, 2 / 3, 0.25], abs=1e-9)


# The file around the structure.

FRONT = """data_global
_journal_name_full 'A journal'
loop_
_publ_author_name
'Author, A.'
_publ_section_title
;
 A title
;

"""


def test_the_block_with_the_structure_is_read():
    assert formula_of(FRONT + text()) == "Br3CsPb"
    assert formula_of(text() + "\n" + FRONT) == "Br3CsPb"
    refused(text(name="one") + text(name="two"), r"2 structures \(data_one, data_two\)")
    refused(FRONT, "no data block of it has atoms")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_the_encoding_is_that_of_the_file(encoding, ends):
    content = text().replace("data_crystal", "data_crystal\n_publ_contact_author_name 'Müller'")
    assert formula_of(decoded(content.replace("\n", ends).encode(encoding))) == "Br3CsPb"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("data_x\nloop_", "line 2"),
        ("data_x\n_cell_length_a 5.9 A\n", "line 2"),
        (text().replace("Br1 Br 0.5 0 0", "Br1 Br 0.5 0"), "line 9: Wrong number of values"),
        (text() + "_cell_length_a 6\n", "duplicate tag"),
        (text(lattice=cell()[1:]), "_cell_length_a is missing"),
        (text(lattice=cell(0)), "positive numbers"),
        (text(lattice=cell(5, angles=(90, 90, 200))), "positive numbers"),
        (text(lattice=cell(5, angles=(20, 20, 170)), symmetry=None), "fit no cell"),
        (text(sites=()), "it has no atoms"),
    ],
)
def test_what_cannot_be_read_says_where(content, says):
    refused(content, says)


def test_what_would_take_long_is_refused_at_once():
    """Bounds hold before anything is made in the size that the file states."""
    start = time.perf_counter()
    shifts = [f"x+{i}/24,y+{j}/24,z" for i in range(24) for j in range(24)]
    many = tuple(f"Cs{i} Cs 0.{i:03d} 0.1 0.2" for i in range(400))
    for content in (
        text(symmetry=shifts, sites=many),
        text(symmetry=shifts[:190], sites=many[:200]),
        text(symmetry=named("F m -3 m"), sites=many),
        text(sites=many * 5),
        "data_\n" + " \n" * 50_000 + "x",
        "\n" * 100_000,
    ):
        with pytest.raises(StructureError):
            cif.read(content, 400)
        cif.is_cif(content)
    assert time.perf_counter() - start < 5
