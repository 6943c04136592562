"""The model of ABX3 asked about other materials: what is missing counts as average, and what the page says of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from compute.reports.trust_outside import OutsideTests, section_outside, short_outside
from compute.trust.descriptors import NAMES
from compute.trust.model import logistic
from compute.trust.outside import VOTES, outside
from compute.trust.training import train
from tests.trust.invented import ROUGH, SMOOTH, data, rows

SUITE = "alexandria50"


@pytest.fixture(scope="module")
def model():
    return train(data(), "test", folds=4)


@pytest.fixture(scope="module")
def elsewhere():
    """Labels of materials that have no sites A, B and X."""
    found = rows().iloc[:120].copy()
    found["formula"] = [f"Si{anion}2" for anion in "F Cl Br I O S".split() for _ in range(20)]
    return found.assign(A=None, B=None, X=None, lattice_constant=np.nan)


def test_what_a_material_lacks_counts_as_the_mean_of_abx3(model, elsewhere):
    one = outside(model, data(), elsewhere, SUITE)
    assert not set(NAMES) & set(one.known)
    assert {"margin", "votes"} <= set(one.known)
    evidence = model.evidence["calculation"]
    lacking = dataclasses.replace(one.data, features=one.data.features.assign(**dict.fromkeys(NAMES, np.nan)))
    q = logistic(evidence.slope * evidence.logit.value(lacking.features, lacking.potentials) + evidence.offset)
    assert one.trusts["calculation"] == pytest.approx(np.where(one.data.says_stable, q, 1 - q))


def test_a_potential_that_the_model_does_not_know_has_no_deviations(model, elsewhere):
    stranger = elsewhere.assign(potential=elsewhere["potential"].replace({ROUGH: "stranger"}))
    known, unknown = (outside(model, data(), table, SUITE) for table in (elsewhere, stranger))
    changed = known.trusts["calculation"] != unknown.trusts["calculation"]
    assert set(known.data.potentials[changed]) == {ROUGH}


def test_the_vote_split_is_the_share_that_gives_the_same_label(model, elsewhere):
    one = outside(model, data(), elsewhere, SUITE)
    apart = one.data.says_stable[one.data.potentials == ROUGH] != one.data.says_stable[one.data.potentials == SMOOTH]
    assert set(one.trusts[VOTES][one.data.potentials == ROUGH][apart]) == {0.5}
    assert set(one.trusts[VOTES][one.data.potentials == ROUGH][~apart]) == {1.0}


def test_the_page_says_whether_it_carries_over(model, elsewhere):
    one = outside(model, data(), elsewhere, SUITE)
    right = one.data.right
    knows = one.trusts | {"committee": np.where(right, 0.9, 0.1)}
    errs = one.trusts | {"committee": np.where(right, 0.1, 0.9)}
    good, bad = (OutsideTests((dataclasses.replace(one, trusts=found),), 0) for found in (knows, errs))
    assert "**It carries over**" in section_outside(good, data())
    assert "carries over to all of them" in short_outside(good)
    assert "**It does not carry over** to alexandria50" in section_outside(bad, data())
    assert f"{len(right):,} labels" in section_outside(bad, data())
    assert "does not carry over" in short_outside(bad)
    assert "Not computed" in section_outside(OutsideTests((), 0), data())
