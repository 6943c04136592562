"""Formulas, sites and descriptors, held against every published compound."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.structures.compounds import identify
from compute.structures.formula import FormulaError, composition_key, parse
from compute.structures.radii import charge_states, shannon_radius


def suite(published: list[dict], name: str) -> list[dict]:
    return [row for row in published if row["suite"] == name]


def scrambled(formula: str, seed: int) -> str:
    parts = [f"{element}{count if count > 1 else ''}" for element, count in parse(formula).items()]
    random.Random(seed).shuffle(parts)
    return "".join(parts)


def test_every_double_perovskite_has_its_sites(published):
    rows = suite(published, "hdp")
    assert len(rows) == 1813
    for row in rows:
        compound = identify(row["compound"], "hdp")
        assert dict(compound.sites) == {site: row[site] for site in ("A", "B", "Bp", "X")}
        atoms = compound.structure(10.0, 0.24)
        assert dict(parse(str(atoms.symbols))) == dict(composition_key(row["compound"]))


def test_every_abx3_has_its_sites(published):
    rows = suite(published, "abx3")
    assert len(rows) == 3660
    known = {row["compound"] for row in rows}
    for row in rows[::20]:
        compound = identify(row["compound"], "abx3", known)
        assert dict(compound.sites) == {site: row[site] for site in ("A", "B", "X")}


def test_published_descriptors_follow_from_shannon_radii(published):
    for row in suite(published, "hdp"):
        ours = identify(row["compound"], "hdp").descriptors()
        for name in ("octahedral_factor", "octahedral_mismatch", "tolerance_factor"):
            # The source prints six decimals.
            assert ours[name] == pytest.approx(row[name], abs=1e-6), (row["compound"], name)


def test_any_order_of_elements_names_the_published_double_perovskite(published):
    rows = suite(published, "hdp")
    known = {row["compound"] for row in rows}
    for seed, row in enumerate(rows[::40]):
        assert identify(scrambled(row["compound"], seed), "hdp", known).formula == row["compound"]


@pytest.mark.parametrize("text", ["Cs₂AgBiBr₆", " Cs2 Ag Bi Br6 ", "BiBr6AgCs2", "Cs4Ag2Bi2Br12"])
def test_ways_to_type_one_compound(text):
    compound = identify(text, "hdp")
    assert compound.formula == "Cs2AgBiBr6"
    assert dict(compound.sites) == {"A": "Cs", "B": "Ag", "Bp": "Bi", "X": "Br"}
    assert dict(compound.charges) == {"A": 1, "B": 1, "Bp": 3, "X": -1}
    assert compound.notes == ()


def test_the_two_unusual_stoichiometries():
    a3 = identify("K3AlF6", "hdp")
    assert dict(a3.sites) == {"A": "K", "B": "K", "Bp": "Al", "X": "F"}
    mixed = identify("CsAuBr3", "hdp")
    assert dict(mixed.sites) == {"A": "Cs", "B": "Au", "Bp": "Au", "X": "Br"}
    assert (mixed.charges["B"], mixed.charges["Bp"]) == (1, 3)
    alphabetical = identify("CsK2ScCl6", "hdp")
    assert dict(alphabetical.sites) == {"A": "K", "B": "Cs", "Bp": "Sc", "X": "Cl"}


def test_ambiguous_charges_are_marked(published):
    compound = identify("Cs2InTlF6", "hdp")
    assert any("balances too" in note for note in compound.notes)
    marked = {row["compound"] for row in suite(published, "hdp") if row["charge_note"]}
    for row in suite(published, "hdp"):
        both_ways = {row["B"], row["Bp"]} <= {"Au", "In", "Tl"} and row["B"] != row["Bp"]
        assert not both_ways or row["compound"] in marked


def test_order_of_cations_decides_only_where_both_compounds_exist():
    known = {"CuAgBr3", "AgCuBr3", "CsPbBr3"}
    assert identify("PbCsBr3", "abx3", known).formula == "CsPbBr3"
    first = identify("CuAgBr3", "abx3", known)
    assert first.sites["A"] == "Cu"
    assert "AgCuBr3" in first.notes[0]
    assert identify("Br3AgCu", "abx3", known).sites["A"] == "Ag"
    assert identify("Br3SnCs", "abx3").formula == "CsSnBr3"


@pytest.mark.parametrize(
    ("text", "suite_id", "part"),
    [
        ("", "abx3", "empty"),
        ("cspbbr3", "abx3", "“cspbbr3”"),
        ("CsPb!Br3", "abx3", "“!Br3”"),
        ("Cs2AgBiZz6", "hdp", "“Zz”"),
        ("Cs0PbBr3", "abx3", "“Cs0”"),
        ("CsPbBr4", "abx3", "ABX3"),
        ("Cs2AgBiO6", "hdp", "A2MM'X6"),
        ("Cs2NaPbCl6", "hdp", "charge balance"),
        ("CsPbBr3", "mp0b3", "Suite"),
    ],
)
def test_a_bad_formula_gets_one_sentence_that_names_the_part(text, suite_id, part):
    with pytest.raises(FormulaError) as error:
        identify(text, suite_id)
    message = str(error.value)
    assert part in message
    assert message.endswith(".")
    assert "\n" not in message


@given(st.text(max_size=12))
def test_whatever_is_typed_is_read_or_refused(text):
    try:
        counts = parse(text)
    except FormulaError as error:
        counts, said = {"refused": 1}, str(error)
        assert said.endswith(".")
    assert all(count > 0 for count in counts.values())


def test_prototypes_have_their_space_groups():
    spglib = pytest.importorskip("spglib")
    for compound, a, x, number in (
        (identify("SrTiO3", "abx3"), 3.9, None, 221),
        (identify("Cs2AgBiBr6", "hdp"), 11.3, 0.25, 225),
        (identify("K3AlF6", "hdp"), 8.5, 0.22, 225),
    ):
        atoms = compound.structure(a, x)
        cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
        assert spglib.get_symmetry_dataset(cell).number == number


def test_elpasolite_bond_lengths():
    a, x = 11.3, 0.24
    atoms = identify("Cs2AgBiBr6", "hdp").structure(a, x)
    silver, bismuth = (int(np.flatnonzero(atoms.symbols == element)[0]) for element in ("Ag", "Bi"))
    bromides = np.flatnonzero(atoms.symbols == "Br")
    assert np.allclose(atoms.get_distances(silver, bromides, mic=True), x * a)
    assert np.allclose(atoms.get_distances(bismuth, bromides, mic=True), (0.5 - x) * a)
    assert atoms.get_volume() == pytest.approx(a**3 / 4)


def test_radii_are_shannons():
    assert shannon_radius("Cs", 1) == 1.67
    assert shannon_radius("Bi", 3) == 1.03
    assert shannon_radius("Fe", 3) == 0.55
    assert shannon_radius("Cs", 3) is None


def test_the_listed_ions_are_those_of_pymatgen():
    from pymatgen.core import Element

    from compute.structures.formula import SYMBOLS

    spins = {("Fe", 3): "Low Spin", ("Ni", 3): "Low Spin"}
    for symbol in sorted(SYMBOLS):
        element = Element(symbol)
        common = {charge for charge in element.common_oxidation_states if charge > 0}
        listed = {int(charge): by for charge, by in (element.data.get("Shannon radii") or {}).items() if charge}
        for charge in {*listed, 1, 2, 3} - {1 if symbol == "In" else 0}:
            spin = listed.get(charge, {}).get("VI", {})
            wanted = spin.get(spins.get((symbol, charge), "High Spin")) or next(iter(spin.values()), None)
            assert shannon_radius(symbol, charge) == (wanted and wanted["ionic_radius"]), (symbol, charge)
        assert common <= set(charge_states(symbol)), symbol
        assert set(charge_states(symbol)) - common <= {1, 3}, symbol
