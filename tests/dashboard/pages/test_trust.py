"""The page Trust, the block on the page of a compound, the trust beside a live label, and the API: one answer."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from compute.trust.screening import screened
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.pages.compound.why import why
from dashboard.pages.stability.screening import with_trust
from dashboard.pages.trust import screening
from dashboard.pages.trust.page import PAGE
from dashboard.queries.compound_page import find
from dashboard.queries.trust import nearest, next_csv, of_live, trusted
from dashboard.settings import Settings
from dashboard.ui.trust import percent_of
from dashboard.views.compound import CompoundView
from dashboard.views.stability import StabilityView
from dashboard.views.trust import TrustView
from tests.support import dashboard_data, trust_data
from tests.support.components import drawn, words
from tests.support.dashboard_data import CHGNET, MACE


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return trust_data.publish(tmp_path_factory.mktemp("trusted"))


def shown(dataset, **query):
    return words(PAGE.show(dataset, query))


def test_a_published_compound_has_every_potential_with_its_trust_and_what_it_rests_on(dataset):
    found = trusted(dataset, "CsPbBr3", 0.9)
    page = shown(dataset)  # the default
    assert {one.potential for one in found.found} == {CHGNET, MACE}
    for one in found.found:
        assert (one.label, one.evidence, one.votes) == ("unstable", "committee", (0, 2))
        assert percent_of(one.trust) in page
    assert "no compound with Pb on B" in page
    assert "all calculations" in page


def test_a_compound_outside_every_suite_gets_an_answer_that_says_so(dataset):
    page = shown(dataset, c="FrPbI3")
    assert "It is in no suite and no potential has been run on it" in page
    assert "A = Fr" in page
    assert "not run" in page


def test_another_structure_type_is_refused_with_the_reason_and_nonsense_names_itself(dataset):
    assert "Cs2AgBiBr6 is no cubic ABX3 perovskite" in shown(dataset, c="Cs2AgBiBr6")
    layout = PAGE.show(dataset, {"c": "Qq"})
    errors = [node.error for node in _nodes(layout) if getattr(node, "id", None) == "trust-compound"]
    assert "“Qq”" in errors[0]


def test_the_trust_needed_decides_between_a_potential_and_dft(dataset):
    low, high = (trusted(dataset, "CsPbBr3", least) for least in (0.0, 1.0))
    assert low.recommended == low.found[0].potential
    assert high.recommended is None
    assert "run DFT" in high.sentence


def test_without_a_model_the_page_says_what_to_run(tmp_path):
    bare = Dataset(dashboard_data.publish(tmp_path))
    assert "softmode trust train" in shown(bare)


def test_the_page_of_a_compound_says_why_it_may_fail_and_other_suites_say_nothing(dataset):
    said = words(why(find(dataset, "abx3", "KMnF3"), CompoundView()))
    assert "Trust in each label" in said
    assert "lies within the noise floor of 0.05 THz" in said
    assert "Trust in each label" not in words(why(find(dataset, "hdp", "Cs2AgBiBr6"), CompoundView()))


def test_a_live_label_is_judged_beside_the_published_rows_of_the_others(dataset):
    live = {
        "suite": "abx3", "compound": "CsPbBr3", "potential": CHGNET, "status": "ok", "geometry": "reference", "a": 6.0,
        "omega_min_thz": 0.4, "noise_floor_thz": 0.01, "asr_residual": 0.01, "undecidable": True, "cusp_thz": None,
    }  # fmt: skip
    found = of_live(dataset, live)
    assert (found.label, found.votes) == ("stable", (1, 1))
    assert "the label changes with the displacement" in found.reasons[0]
    assert "the potentials split 1 : 1" in found.reasons
    new = of_live(dataset, {**live, "compound": "FrPbI3", "a": 6.4, "geometry": "relaxed"})
    assert new.evidence == "calculation"
    assert of_live(dataset, {**live, "status": "exploded"}) is None
    assert of_live(dataset, {**live, "suite": "hdp", "compound": "Cs2AgBiBr6"}) is None


def test_the_nearest_compounds_have_the_same_anion_and_come_nearest_first(dataset):
    rows = nearest(dataset, trusted(dataset, "RbCaF3", 0.9).subject)
    assert set(rows["X"]) == {"F"}
    assert "RbCaF3" not in set(rows["compound"])
    assert rows["distance"].is_monotonic_increasing


def test_the_screen_is_that_of_the_trust_and_the_cheapest_is_chosen(dataset):
    view = TrustView(false_stable=3.0, false_unstable=7.0)
    known = screening.found(dataset, view)
    chosen = screening.potential_of(view, known)
    costs = {name: one.cost.min() for name, one in known.items()}
    assert costs[chosen] == min(costs.values())
    one = known[CHGNET]
    # DFT decides eight compounds; the failed one and the one not run of the ninth and tenth are not among CHGNET's ok.
    assert one.n_stable == 3
    assert one.cost[-1] == one.dft_runs[-1] == one.n
    assert one.recall[-1] == 1
    assert drawn(screening.screen_figure(one, int(np.argmin(one.cost))))
    same = screened([0.9], [True], [False], [0.0, 0.95], false_stable=3, false_unstable=7)
    assert same.cost.tolist() == [3, 1]


def test_the_file_of_next_runs_lists_compounds_that_have_no_published_frequency(dataset):
    listed = list(csv.DictReader(io.StringIO(next_csv(dataset))))
    published = {row[0] for row in dashboard_data.ABX3 if row[5] is not None}
    assert listed
    assert not published & {row["formula"] for row in listed}
    assert [int(row["place"]) for row in listed] == list(range(1, len(listed) + 1))


def test_the_screen_with_trust_stands_among_the_screens_of_the_page_on_stability(dataset):
    view = StabilityView(false_unstable=7)
    page = words(with_trust(dataset, view, [CHGNET], {}))
    one = screening.found(dataset, TrustView(false_unstable=7))[CHGNET]
    assert f"{1000 * one.cost.min() / one.n:,.0f}" in page
    assert f"{1000 * one.cost[0] / one.n:,.0f}" in page
    assert "7 for a false unstable" in page
    assert with_trust(dataset, StabilityView(suite="hdp", criterion="sigma"), [CHGNET], {}) is None


def test_without_a_fitted_trust_the_page_on_stability_says_so(tmp_path):
    untrained = Dataset(dashboard_data.publish(tmp_path))
    assert "softmode trust train" in words(with_trust(untrained, StabilityView(), [CHGNET], {}))


def test_the_api_answers_as_the_page_does(directory, dataset):
    client = create_app(Settings(data=directory)).server.test_client()
    answer = client.get("/api/v1/trust?compound=CsPbBr3").get_json()
    found = trusted(dataset, "CsPbBr3", 0.9)
    assert (answer["recommended"], answer["advice"]) == (found.recommended, found.sentence)
    assert [one["trust"] for one in answer["potentials"]] == pytest.approx([one.trust for one in found.found])
    assert client.get("/api/v1/trust?compound=Cs2AgBiBr6").status_code == 404
    assert client.get("/api/v1/trust").status_code == 400


def _nodes(component):
    from tests.support.components import nodes

    return nodes(component)
