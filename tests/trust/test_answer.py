"""What is said of one compound: the trust, what it rests on, and what speaks against it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from compute.structures.formula import FormulaError
from compute.trust.answer import advice, assess, subject
from compute.trust.descriptors import descriptors
from compute.trust.model import NoTrust
from compute.trust.reasons import of_calculation, of_chemistry, of_interval, of_votes
from compute.trust.screening import screened
from compute.trust.training import train
from tests.trust.invented import ROUGH, SMOOTH, data, rows

KNOWN = {"CsPbBr3": 6.0, "KMgF3": 4.0}
NAMES = {ROUGH: "Rough", SMOOTH: "Smooth"}


@pytest.fixture(scope="module")
def model():
    return train(data(), "test", folds=4)


def test_descriptors_are_the_published_ones_and_what_is_unknown_is_nan():
    found = descriptors("Cs", "Pb", "Br", 5.983 / 2)
    assert found["tolerance_factor"] == pytest.approx(0.815, abs=0.001)
    assert found["octahedral_factor"] == pytest.approx(0.607, abs=0.001)
    assert (found["electronegativity_x"], found["bond"]) == (2.96, 5.983 / 2)
    assert found["closed_shell"] == 1
    assert descriptors("Cs", "Mn", "F")["closed_shell"] == 0
    lost = descriptors("Na", "K", "F")
    assert np.isnan(lost["tolerance_factor"])
    assert lost["radii_known"] == 0


def test_with_calculations_the_trust_is_that_of_the_label(model):
    table = rows()
    asked = subject("CsPbBr3", {"CsPbBr3": 6.0})
    found = assess(model, asked, table[table["compound"] == "CsPbBr3"])
    assert [one.trust for one in found] == sorted((one.trust for one in found), reverse=True)
    for one in found:
        q = one.probability_stable
        assert one.trust == pytest.approx(q if one.label == "stable" else 1 - q)
        assert (one.evidence, sum(one.votes)) == ("committee", 2)


def test_a_compound_of_no_suite_that_nobody_computed_rests_on_its_formula(model):
    asked = subject("FrPbI3", KNOWN)
    assert not asked.in_suite
    found = assess(model, asked, rows().iloc[:0])
    for one in found:
        record = model.potentials[one.potential]
        q = one.probability_stable
        assert (one.evidence, one.label, one.omega_min_thz) == ("composition", None, None)
        assert one.trust == pytest.approx(q * record.finds_stable + (1 - q) * record.finds_unstable)
        assert any("A = Fr" in reason for reason in one.reasons)


def test_a_published_compound_is_judged_by_a_model_that_has_not_seen_its_element(model):
    asked, table = subject("CsPbBr3", KNOWN), rows()
    row = table[(table["compound"] == "CsPbBr3") & (table["potential"] == SMOOTH)]
    (seen,) = assess(model, subject("CsPbBr3", {}), row, [SMOOTH])
    (unseen,) = assess(model, asked, row, [SMOOTH])
    assert unseen.probability_stable != seen.probability_stable
    assert unseen.evidence == "calculation"


def test_another_structure_type_gets_no_score_and_no_formula_is_another_error():
    with pytest.raises(NoTrust, match=r"Cs2AgBiBr6 is no cubic ABX3 perovskite.*run DFT"):
        subject("Cs2AgBiBr6", KNOWN)
    with pytest.raises(FormulaError, match="Xx"):
        subject("CsXx3", KNOWN)
    assert subject("Br3PbCs", KNOWN).formula == "CsPbBr3"


def test_advice_names_a_potential_or_says_to_run_dft(model):
    found = assess(model, subject("CsPbBr3", KNOWN), rows().iloc[:0])
    best, sentence = advice(found, NAMES, least=0.0)
    assert best == found[0].potential
    assert sentence.startswith(f"Trust {NAMES[best]}")
    none, refused = advice(found, NAMES, least=1.0)
    assert none is None
    assert refused.startswith("Do not trust any: run DFT.")
    assert advice([], NAMES)[0] is None


def test_reasons_name_what_the_row_shows():
    row = {
        "omega_min_thz": -0.12, "noise_floor_thz": 1.3, "lattice_constant": 5.8, "undecidable": True,
        "relaxed_constant": 6.0, "comparable_level": False, "comparable_reason": "open shell: Cr",
    }  # fmt: skip
    assert of_calculation(row) == [
        "the label changes with the displacement at a B–X bond of 2.9 Å",
        "ω of −0.12 THz lies within the noise floor of 1.30 THz",
        "ω lies 0.02 THz from the tolerance",
        "its own cell is 3.4% larger than DFT’s",
        "open shell: Cr",
    ]
    calm = {"omega_min_thz": -2.0, "noise_floor_thz": 0.01, "lattice_constant": 5.8, "undecidable": pd.NA}
    assert of_calculation(calm) == []
    assert of_votes([True, True, True, False, False]) == ["the potentials split 3 : 2"]
    assert of_votes([True, True]) == []
    assert of_chemistry(0.4, says_stable=False) == ["of compounds like this DFT calls 40% stable"]
    assert of_chemistry(0.4, says_stable=True) == ["of compounds like this DFT calls 60% unstable"]
    assert of_interval({"A": "Cs", "B": "Te", "X": "O"}, {"B": {"Te": 0.72}}) == [
        "with Te on B the bound of Δω_min holds for 72% alone"
    ]
    assert of_chemistry(0.01, says_stable=False) == []


def test_a_screen_with_trust_lies_between_trust_in_all_and_dft_on_all():
    trust = [0.99, 0.95, 0.5, 0.6, np.nan]
    says, truth = [False, False, True, False, False], [False, True, False, True, True]
    found = screened(trust, says, truth, [0.0, 0.9, 1.01], false_stable=2, false_unstable=10)
    assert found.dft_runs.tolist() == [1, 3, 5]  # the failed one always
    assert found.recall == pytest.approx([1 / 3, 2 / 3, 1])
    assert found.false_stable.tolist() == [1, 0, 0]
    assert found.cost.tolist() == [1 + 2 + 20, 3 + 10, 5]
