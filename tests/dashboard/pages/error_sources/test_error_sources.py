"""The page of error sources: its numbers counted by hand, its figures, and what it says where there is no data."""

import math
from dataclasses import replace

import numpy as np
import pytest
from dash import html

from compute import tables
from compute.physics.attribution import Value
from dashboard.dataset import Dataset
from dashboard.figures.compounds_parity import Points, compounds_parity, window
from dashboard.figures.contributions import contributions as contributions_figure
from dashboard.figures.waterfall import Level, WaterfallStep, waterfall
from dashboard.pages.error_sources import page as errors
from dashboard.pages.error_sources.well_figure import WellCurve, mirrored
from dashboard.pages.error_sources.well_figure import wells as wells_figure
from dashboard.queries import attribution, wells
from dashboard.queries.ranking import RANKED_IN, preferred
from dashboard.ui.attribution_breakdown import _softening_sentences, breakdown
from tests.support import dashboard_data
from tests.support.components import drawn, text_of
from tests.support.dashboard_data import CHGNET, MACE

IODIDE, BROMIDE, CHLORIDE = (row[0] for row in dashboard_data.ATTRIBUTION if row[2] == CHGNET)


@pytest.fixture(scope="module")
def frame(dataset):
    return wells.wells(dataset)


def compared(frame, quantity="curvature"):
    return {c.name: c for c in wells.comparisons(frame, quantity)}


def test_wells_of_a_potential_against_dft_by_hand(frame):
    found = compared(frame)[CHGNET]
    assert (found.n, found.signs, found.n_failed, found.n_missing) == (3, 2, 0, 0)
    assert found.baseline == 2, "always negative"
    # ΔE at 0.4 Å = 0.08 Δk + 0.0064 Δq: 41.6, 94.4 and 73.6 meV
    assert (found.height.bias, found.height.median) == pytest.approx((209.6 / 3, 73.6))
    # Δk: +1, +1.5, +1; Δq: −6, −4, −1
    assert found.harmonic.rmse == pytest.approx(math.sqrt((1 + 2.25 + 1) / 3))
    assert (found.harmonic.bias, found.harmonic.median) == pytest.approx((3.5 / 3, 1.0))
    assert (found.quartic.bias, found.quartic.median) == pytest.approx((-11 / 3, 4.0))
    assert found.harmonic.scale == pytest.approx(1.0)


def test_failed_and_missing_wells_stay_in_the_count(frame):
    found = compared(frame)[MACE]
    assert (found.n, found.n_failed, found.n_missing) == (1, 1, 1)


def test_dft_at_other_settings_is_held_against_dft(frame):
    found = compared(frame)
    assert found["DFT, 4x4x4 Γ-centred k"].harmonic.bias == pytest.approx(-0.1)
    assert found["DFT, 4x4x4 Γ-centred k"].quartic.median == pytest.approx(0.5)
    assert found["DFT, 1.5 × cutoff"].harmonic.median == pytest.approx(0.0)
    assert [c.kind for c in wells.comparisons(frame, "curvature")][:2] == [wells.POTENTIAL] * 2


def test_omega_is_compared_with_its_sign(frame):
    # 0.9 (√0.5 + √1), −0.9 (√1 − √2), 0.9 (√2 − √1)
    rises = 0.9 * np.array([1 + math.sqrt(0.5), math.sqrt(2) - 1, math.sqrt(2) - 1])
    assert compared(frame, "omega")[CHGNET].harmonic.bias == pytest.approx(rises.mean())


def test_the_compound_shown_first_is_where_they_differ_most(frame):
    assert wells.most_different(frame) == "Cs2AgInCl6"
    assert wells.of_compound(frame, "Cs2AgBiBr6")["name"].tolist() == [
        "DFT", "DFT, 1.5 × cutoff", "DFT, 4x4x4 Γ-centred k", MACE, CHGNET,
    ]  # fmt: skip


def test_potentials_stand_as_they_are_ranked_everywhere(dataset, frame):
    best_first = preferred(dataset, RANKED_IN, [CHGNET, MACE])
    assert best_first == [MACE, CHGNET]
    assert wells.potentials(frame) == best_first
    scored = [c.name for c in wells.comparisons(frame, "curvature") if c.kind == wells.POTENTIAL]
    assert scored == best_first


def test_orders_are_those_whose_corners_are_known(dataset):
    assert attribution.known_orders(attribution.scored(dataset, IODIDE, CHGNET)) == ["fhs", "fsh", "hfs"]
    assert attribution.known_orders(attribution.scored(dataset, IODIDE, MACE)) == ["fhs", "hfs"]
    assert attribution.known_orders(attribution.scored(dataset, CHLORIDE, CHGNET)) == []


@pytest.mark.parametrize(
    ("order", "changes", "exact"),
    [
        ("fhs", [0.20, -0.15, 0.10], [True, True, True]),
        ("hfs", [0.10, -0.05, 0.10], [False, False, True]),
        ("fsh", [0.20, 0.10, -0.15], [True, False, False]),
    ],
)
def test_steps_of_every_order_add_up_to_the_total(dataset, order, changes, exact):
    found = attribution.scored(dataset, IODIDE, CHGNET)
    steps = attribution.steps(found, order)
    assert [step.change.value for step in steps] == pytest.approx(changes)
    assert sum(changes) == pytest.approx(found.value("total").value)
    assert [step.exact for step in steps] == exact
    # where the joint error is not kept, it is at most the sum of the corners' 0.02
    assert [step.change.se for step in steps] == pytest.approx([0.02 if known else 0.04 for known in exact])


def test_shapley_values_in_the_table_are_means_over_the_known_orders(dataset):
    found = attribution.scored(dataset, IODIDE, CHGNET)
    sums = dict.fromkeys(found.shapley, 0.0)
    orders = attribution.known_orders(found)
    for order in orders:
        for step in attribution.steps(found, order):
            sums[step.name] += step.change.value / len(orders)
    assert sums == pytest.approx({name: value.value for name, value in found.shapley.items()})


def test_what_is_missing_is_named_with_what_would_supply_it(dataset):
    found = attribution.scored(dataset, BROMIDE, CHGNET)
    assert set(found.missing) == {"mrr", "mrm", "mmr", "mmm"}
    assert "forces on frames sampled by the model" in found.missing["mrr"]
    assert attribution.steps(found, "fhs")[2].change is None
    assert found.shapley == {}


def test_sampler_and_published_sigma_come_with_the_scores(dataset):
    found = attribution.scored(dataset, IODIDE, MACE)
    assert (found.sampled_by, found.published) == (CHGNET, 1.30)


def test_the_slope_of_each_element_is_said_and_one_that_is_not_defined_too(dataset):
    found = attribution.scored(dataset, IODIDE, CHGNET)
    assert found.row["element_slopes"] == [0.75, 0.85, None]
    assert "By element: Cs 0.75, I 0.85, Pb not defined." in _softening_sentences(found, CHGNET)


def test_parity_shows_each_compound_once_and_rings_the_chosen():
    points = Points("P", ["a", "b"], np.array([-1.0, 2.0]), np.array([0.0, 3.0]), "p")
    figure = drawn(compounds_parity([points], title="k", unit="eV/Å²", chosen="b"))
    assert list(figure.data[0].customdata) == ["a", "b"]
    assert (list(figure.data[1].x), list(figure.data[1].y)) == ([2.0], [3.0])
    low, high = window([points])
    assert low < -1 < 3 < high


def test_wells_are_even_and_their_lines_end_at_the_last_point():
    q, energies = mirrored(np.array([0.2, 0.1, 0.0]), np.array([4.0, 1.0, 0.0]))
    assert q.tolist() == [-0.2, -0.1, 0.0, 0.1, 0.2]
    assert energies.tolist() == [4.0, 1.0, 0.0, 1.0, 4.0]
    curve = WellCurve("P", np.array([0.2, 0.0]), np.array([0.02, 0.0]), (1.0, 0.0, 0.0), "#000000", "circle")
    line, points = drawn(wells_figure([curve])).data
    assert (min(line.x), max(line.x)) == (-0.2, 0.2)
    assert max(line.y) == pytest.approx(20)  # meV
    assert max(points.y) == pytest.approx(20)


def test_the_waterfall_ends_where_its_steps_lead():
    changes = [
        WaterfallStep("forces", 0.2, 0.02, "+0.20", "#0f8a80"),
        WaterfallStep("Hessian", -0.15, 0.02, "−0.15", "#0f8a80"),
        WaterfallStep("sampling", None, math.nan, "not computed", "#0f8a80"),
    ]
    figure = drawn(waterfall(Level("rrr", 0.6, 0.02, "0.60"), changes, Level("rmm", 0.65, 0.02, "0.65"), 1.3))
    errors_at = [trace.y[0] for trace in figure.data if trace.mode == "markers"]
    assert errors_at == pytest.approx([0.6, 0.8, 0.65, 0.65])
    assert [note.text for note in figure.layout.annotations][-1] == "not computed"
    assert figure.layout.yaxis.range[1] > 1.3


def test_contributions_that_are_not_known_are_left_out():
    steps = {"forces": (np.array([0.1, 0.2]), np.array([0.01, 0.01])), "sampling": (np.array([np.nan, 0.3]),) * 2}
    figure = drawn(contributions_figure(["a", "b"], [("fa", "p"), ("fb", "p")], steps))
    assert [len(trace.x) for trace in figure.data] == [2, 1]
    assert list(figure.data[1].customdata[0]) == ["fb", "p"]


def test_the_page_says_what_the_numbers_say(dataset):
    text = text_of(errors.PAGE.show(dataset, {"p": CHGNET, "c": "Cs2AgInCl6"}))
    assert "2 of 3 compounds" in text
    assert "double well, 25 meV deep at 0.32 Å" in text
    assert "not the published VASP" in text
    assert "frames sampled by Chgnet-Test" in text
    assert "4.5 effective frames of 16. That is too few" in text
    assert "Most of it cancels" not in text_of(errors.PAGE.show(dataset, {"f": BROMIDE}))


def test_what_a_row_lacks_that_is_older_than_its_column_is_not_computed(dataset):
    old = attribution.scored(dataset, IODIDE, MACE)
    corners = old.corners["rmm"].value - old.corners["rrr"].value
    assert (old.net.value, math.isnan(old.net.se)) == (pytest.approx(corners), True)
    new = {"frames_of": "reference", "path_forces_hessian": 0.06, "path_forces_hessian_se": 0.01, "virial_ratio": 1.1}
    surrogate = {"frames": "surrogate-chgnet-0.3.0-CsPbI3"}
    said = [
        text_of(html.Div(breakdown(replace(old, row={**old.row, **row}), "fhs", {})))
        for row in ({}, surrogate, {**surrogate, **new})
    ]
    lacks = "Virial ratios, the error of the net step, slopes by element"
    assert [lacks in text for text in said] == [True, True, False]
    assert ["softmode distil surrogate" in text for text in said] == [False, True, False]
    assert replace(old, row={**old.row, **new}).net == Value(0.06, 0.01)


def test_the_order_in_the_address_is_followed_where_it_is_known(dataset):
    assert "upper limits" in text_of(errors.PAGE.show(dataset, {"f": IODIDE, "o": "hfs"}))
    assert "replaced by the default: o." in text_of(errors.PAGE.show(dataset, {"f": BROMIDE, "o": "shf"}))


@pytest.mark.parametrize("frames", [IODIDE, BROMIDE, CHLORIDE])
def test_every_set_is_laid_out(dataset, frames):
    assert frames in text_of(errors.PAGE.show(dataset, {"f": frames}))


@pytest.mark.parametrize(("kept", "absent"), [("wells", "attribution"), ("attribution", "wells")])
def test_each_section_stands_without_the_other(directory, tmp_path, kept, absent):
    tables.publish(tmp_path, {name: tables.read(directory, name) for name in (kept, "potentials")})
    text = text_of(errors.PAGE.show(Dataset(tmp_path), {}))
    needs = {"wells": "softmode reference dft wells", "attribution": "softmode reference dft frames"}
    assert needs[absent] in text
    assert needs[kept] not in text


def test_wells_of_dft_alone_are_shown(directory, tmp_path):
    rows = [row for row in tables.read(directory, "wells").to_pylist() if row["source"] == "dft"]
    tables.publish(tmp_path, {"wells": tables.from_rows("wells", rows)})
    text = text_of(errors.PAGE.show(Dataset(tmp_path), {}))
    assert "No compound has both DFT and a potential" in text
    assert "Cs2AgBiBr6. DFT:" in text
