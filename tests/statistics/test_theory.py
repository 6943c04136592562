"""Which compounds mean the same in the published DFT and in training data: known ions, the declared scheme of +U."""

from __future__ import annotations

import pytest

from compute.potentials.registry import entries
from compute.statistics.theory import PBE, PBE_U, R2SCAN, THEORIES, charge_options, comparability, open_shell
from compute.suites import SUITES
from compute.tables import pairs
from tests.conftest import ROOT

CLOSED = [
    ("Cs", 1),
    ("Pb", 2),
    ("Ti", 4),
    ("Nb", 5),
    ("Cu", 1),
    ("Ag", 1),
    ("Au", -1),
    ("Zn", 2),
    ("La", 3),
    ("Yb", 2),
    ("Ce", 4),
]
OPEN = [("Ti", 3), ("Mn", 2), ("Fe", 3), ("Cu", 2), ("Ag", 2), ("Pd", 2), ("Eu", 2), ("Yb", 3), ("U", 4), ("Ir", 3)]


def row(A: str, B: str, X: str, charge_a: int | None = None, charge_b: int | None = None) -> dict:
    sites = {"A": A, "B": B, "Bp": None, "X": X}
    return {"formula": f"{A}{B}{X}3", **sites, "charge_a": charge_a, "charge_b": charge_b, "charge_bp": None}


@pytest.mark.parametrize(("element", "charge"), CLOSED)
def test_ions_without_d_or_f_electrons_or_with_all_of_them_are_closed(element, charge):
    assert open_shell(element, charge) is False


@pytest.mark.parametrize(("element", "charge"), OPEN)
def test_ions_with_some_of_their_d_or_f_electrons_are_open(element, charge):
    assert open_shell(element, charge) is True


def test_without_a_charge_only_a_metal_that_can_be_both_is_unknown():
    assert [open_shell(element, None) for element in ("Cs", "Zn", "Y", "Br", "Ti", "Eu")] == [False] * 4 + [None] * 2


@pytest.mark.parametrize(
    ("compound", "theory", "says"),
    [
        (row("Cs", "Pb", "Br", 1, 2), PBE_U, True),
        (row("Cs", "Mn", "Br", 1, 2), PBE, False),  # d5
        (row("Sr", "Mo", "O", 2, 4), PBE, False),
        (row("Rb", "W", "O", 1, 5), PBE, False),
        (row("Li", "V", "O", 1, 5), PBE, True),  # d0, but
        (row("Li", "V", "O", 1, 5), PBE_U, False),  # U
        (row("Li", "V", "S", 1, 5), PBE_U, True),  # no U beside S
        (row("Cs", "Pb", "Br", 1, 2), R2SCAN, False),
        (row("Cs", "Pb", "Br", 1, 2), None, None),
        (row("K", "Ag", "F"), PBE, False),  # the balance leaves Ag2+
        (row("K", "Nb", "Se"), PBE, True),  # and here Nb5+
        (row("Tl", "Ti", "O"), PBE, None),  # Tl1+/Ti5+ to Tl3+/Ti3+, one of them closed
        (row("Fe", "Mn", "F"), PBE, False),  # open however three charges are shared
    ],
)
def test_comparable_is_what_no_spin_and_no_u_can_touch(compound, theory, says):
    assert comparability(charge_options(compound), theory).comparable is says


def test_what_is_not_comparable_says_why():
    assert comparability(charge_options(row("Cs", "Mn", "Br", 1, 2)), PBE_U).reason == "open shell: Mn"
    assert comparability(charge_options(row("Li", "V", "O", 1, 5)), PBE_U).reason == "+U in the training data: V"
    assert comparability(charge_options(row("Tl", "Ti", "O")), PBE).reason == "charge not settled: Ti"
    with pytest.raises(ValueError, match="no theory PBEsol"):
        comparability(charge_options(row("Cs", "Pb", "Br", 1, 2)), "PBEsol")


def test_every_registered_potential_states_its_theory():
    for entry in entries().values():
        assert entry.theory in THEORIES, entry.id
        assert (entry.theory == R2SCAN) == ("r2SCAN" in entry.functional)
        assert (entry.theory == PBE) == ("no +U" in entry.functional)


def test_every_pair_of_the_release_has_it_as_a_column():
    connection = pairs.joined(ROOT / "data" / "parquet")
    connection.execute("UPDATE potentials SET theory = CASE WHEN functional = 'r2SCAN' THEN 'r2SCAN' ELSE 'PBE+U' END")
    connection.execute("DROP TABLE pairs")
    connection.execute(pairs.PAIRS)
    found = connection.execute(
        "SELECT compound, potential, comparable_level, comparable_reason FROM pairs WHERE suite IN ('abx3', 'hdp')"
    ).df()
    by = found.set_index(["compound", "potential"])["comparable_level"]
    assert bool(by["CsPbBr3", "chgnet-0.3.0"])
    assert not by["CsPbBr3", "chgnet-r2scan"]
    assert not by["KMnF3", "chgnet-0.3.0"]
    assert (found["comparable_reason"].isna() == found["comparable_level"].eq(True)).all()


def test_the_references_are_what_the_comparison_takes_them_for():
    for suite in ("abx3", "hdp"):
        dft = SUITES[suite].dft
        assert (dft.functional, dft.spin_polarised, dft.hubbard_u) == ("PBE", False, False)
