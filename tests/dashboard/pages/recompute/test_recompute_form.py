"""The form of Recompute: what it asks for, what it says is wrong, what it will cost."""

from __future__ import annotations

from typing import Any

import pytest

from compute.jobs import service
from dashboard.dataset import Dataset
from dashboard.pages.recompute import data as query
from dashboard.pages.recompute import page as recompute
from dashboard.pages.recompute.form import cost_sentence, reading
from dashboard.views.recompute import CALCULATIONS
from tests.support.components import said
from tests.support.recompute_data import CLEAR, POTENTIAL, directory, same_data

__all__ = ["directory", "same_data"]


def check(dataset: Dataset, text: str, **changed: Any) -> query.Checked:
    return query.check(dataset, **{**CLEAR, "compound": text, **changed})


@pytest.mark.parametrize(
    ("text", "changed", "field", "sentence"),
    [
        ("CsPbXq3", {}, "compound", "“Xq” in “CsPbXq3” is not an element"),
        ("NaCl", {}, "compound", "NaCl is neither ABX₃ nor A₂MM′X₆"),
        ("Cs2AgBiO6", {}, "compound", "is not a halide double perovskite"),
        ("CsPbBr3", {"potentials": ["mine"]}, "potentials", "There is no potential 'mine'"),
        ("CsPbBr3", {"potentials": []}, "potentials", "Choose a potential."),
        ("CsPbBr3", {"calculation": "quick", "temperature": 5}, "temperature", "greater than or equal to 10"),
        ("CsPbBr3", {"calculation": "fast"}, "calculation", "No protocol 'fast' for sigma"),
        ("KMgF3", {"calculation": "attribution"}, "compound", "There are no reference frames of KMgF3"),
        ("KMgF3", {"calculation": "attribution-quick"}, "compound", "There are no reference frames of KMgF3"),
        ("CsPbBr3", {"structure": "x", "calculation": "published"}, "calculation", "No protocol 'published'"),
        (7, {}, "compound", "valid string"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(dataset, text, changed, field, sentence):
    checked = check(dataset, text, **changed)
    assert not checked.requests
    assert sentence in checked.errors[field]
    assert list(checked.errors) == [field]


def test_a_formula_is_read_back(dataset):
    checked = check(dataset, "Br₃ Pb Cs")
    assert checked.tasks[0].compound == "CsPbBr3"
    assert checked.published
    assert checked.suites == ("abx3",)
    text = said(*reading(checked))
    assert "A = Cs, B = Pb, X = Br; in the suite Cubic ABX3 perovskites" in text
    outside = check(dataset, "RbGeCl3")
    assert not outside.published
    assert "no published reference exists" in said(*reading(outside))
    assert "relaxed with the potential" in said(*reading(outside))


def test_every_calculation_of_the_form_is_a_request_and_back(dataset):
    for calculation in CALCULATIONS:
        asked = check(dataset, "CsPbBr3", calculation=calculation)
        assert asked.requests, calculation
        assert query.view_of(asked.requests).calculation == calculation
    own = check(dataset, "CsPbBr3", calculation="attribution-quick")
    assert own.tasks[0].frames == "abx3-CsPbBr3-pbe"
    text = said(*reading(own))
    assert "the reference frames abx3-CsPbBr3-pbe" in text
    assert "One trajectory at 300 K" in text


def test_the_suite_is_asked_for_only_where_a_formula_can_mean_both(dataset):
    both = check(dataset, "CsInBr3", suite="hdp")
    assert both.suites == ("abx3", "hdp")
    assert both.tasks[0].suite == "hdp"
    assert check(dataset, "CsPbBr3", suite="hdp").tasks[0].suite == "abx3"


def test_a_potential_that_cannot_run_here_stands_disabled_with_the_reason(dataset, monkeypatch):
    monkeypatch.setattr(service, "lacking", lambda: {"mace-mp-0-medium": "weights missing"})
    page = recompute.PAGE.show(dataset, {"c": "CsPbBr3", "p": "mace-mp-0-medium"})
    (select,) = (part for part in page._traverse() if getattr(part, "id", None) == "recompute-potentials")
    able, others = select.data
    assert others == {
        "group": "Cannot run here",
        "items": [
            {"value": "mace-mp-0-medium", "label": "MACE-MP-0 medium: weights missing", "disabled": True},
        ],
    }
    assert POTENTIAL in [item["value"] for item in able["items"]]
    assert not any(item.get("disabled") for item in able["items"])
    assert select.error == "MACE-MP-0 medium cannot run here: weights missing."
    (button,) = (part for part in page._traverse() if getattr(part, "id", None) == "recompute-compute")
    assert button.disabled


def test_suggestions_begin_with_what_was_typed(dataset):
    assert query.suggestions(dataset, "cspb") == ["CsPbI3", "CsPbBr3", "CsPbCl3"]
    assert query.suggestions(dataset, "InCl") == ["Cs2AgInCl6"]
    assert query.suggestions(dataset, " ") == query.suggestions(dataset, None) == []


def rate(dataset: Dataset, text: str, **changed: Any) -> query.Rate | None:
    (found,) = query.rates(dataset, check(dataset, text, **changed))
    return found


def test_the_cost_is_what_was_measured_here_else_what_is_published(dataset, monkeypatch):
    own = rate(dataset, "CsPbI3")
    assert (own.seconds, own.n, own.source) == (pytest.approx(2.0), 2, "elsewhere")
    # 80 atoms of a double perovskite, from 40 of an ABX3.
    assert rate(dataset, "Cs2AgBiBr6", calculation="one-shot").seconds == pytest.approx(60.0)
    # 1 + 2 ps in steps of 2 fs, from 2 × 25 samples.
    assert rate(dataset, "CsPbI3", calculation="quick").seconds == pytest.approx(30.0 * 1500 / 50)
    assert rate(dataset, "CsPbI3", potentials=["chgnet-0.2.0"]) is None
    assert "nothing is measured here yet" in cost_sentence([own])
    assert "is not known" in cost_sentence([None])
    # Here one-shot takes twice as long as where it was published: so does what was not computed here.
    timings = [service.Timing(potential=POTENTIAL, protocol="one-shot", atoms=40, seconds=60.0)]
    monkeypatch.setattr(service, "timings", lambda: timings)
    slower = rate(dataset, "CsPbI3")
    assert (slower.seconds, slower.source) == (pytest.approx(4.0), "scaled")
    here = rate(dataset, "CsPbI3", calculation="one-shot")
    assert (here.seconds, here.n, here.source) == (60.0, 1, "here")
    assert "CHGNet 0.3.0: about 60 s (measured here on 1 calculation)" in cost_sentence([here])
