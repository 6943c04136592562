"""The page of anharmonicity: its numbers against pandas, its figures, and what it says where there is no data."""

import math
from dataclasses import fields

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from compute import tables
from compute.potentials.registry import preselected
from compute.statistics.bootstrap import Interval
from dashboard.dataset import Dataset
from dashboard.elements import place
from dashboard.figures.compounds_parity import Points
from dashboard.pages.anharmonicity import choices as offer
from dashboard.pages.anharmonicity import comparison, error_breakdown, page
from dashboard.pages.anharmonicity import data as query
from dashboard.pages.anharmonicity.choices import STRATUM
from dashboard.pages.anharmonicity.element_map_figure import element_at, element_map
from dashboard.pages.anharmonicity.reference_sigmas import reference_sigmas
from dashboard.pages.anharmonicity.sigma_parity_figure import outside, sigma_density, sigma_parity, window
from dashboard.pages.anharmonicity.strata_figure import Series, errors_by_kind
from dashboard.pages.compounds.data import export
from dashboard.views.anharmonicity import AnharmonicityView
from dashboard.views.codec import decode, encode, written
from dashboard.views.compounds import CompoundsView
from tests.support import dashboard_data
from tests.support.components import drawn, text_of, words
from tests.support.dashboard_data import CHGNET, MACE, SIGMA_PROTOCOL

R2SCAN = "chgnet-r2scan-test"
DFT = {formula: sigma for formula, _, _, _, sigma, *_ in dashboard_data.ABX3}
ANION = {formula: x for formula, _, _, x, *_ in dashboard_data.ABX3}
SIGMA = {formula: sigma for formula, sigma, *_ in dashboard_data.ABX3_SIGMA if sigma is not None}
ERROR = pd.Series({formula: sigma - DFT[formula] for formula, sigma in SIGMA.items()})


@pytest.fixture(scope="module")
def richer(tmp_path_factory):
    """The same with a one-shot run, in which one compound more is finished, of a potential trained on r2SCAN."""
    directory = dashboard_data.publish(tmp_path_factory.mktemp("richer"))
    other = {
        "run": "run-one-shot", "suite": "abx3", "potential": R2SCAN, "protocol": "one-shot", "geometry": "reference",
    }  # fmt: skip
    rows = [
        {**other, "compound": formula, "status": "ok", "sigma": sigma + 0.5} for formula, sigma in SIGMA.items()
    ] + [
        {**other, "compound": "KMnF3", "status": "left-sites", "reason": "invented"},
        {**other, "compound": "BaTiO3", "status": "ok", "sigma": 1.0},
    ]  # fmt: skip
    registered = tables.read(directory, "potentials").to_pylist()
    potential = registered[0] | {"potential": R2SCAN, "name": "Another functional", "functional": "r2SCAN"}
    tables.publish(
        directory,
        {
            "anharmonic": tables.from_rows("anharmonic", tables.read(directory, "anharmonic").to_pylist() + rows),
            "potentials": tables.from_rows("potentials", [*registered, potential]),
        },
    )
    return Dataset(directory)


def sigma_rows(dataset, **view):
    view = AnharmonicityView(**{"protocol": SIGMA_PROTOCOL, **view})
    return query.rows(dataset, view, offer.potentials(dataset, view.suite), "sigma")


def sigma_published(dataset, column):
    return {CHGNET: offer.published(dataset, AnharmonicityView(protocol=SIGMA_PROTOCOL), "sigma")[column]}


def laid_out(dataset, **asked) -> str:
    return text_of(page.PAGE.show(dataset, asked))


def test_sigma_errors_are_those_of_pandas_and_failures_stay_in_the_count(dataset):
    frame = sigma_rows(dataset)
    errors = frame.set_index("compound")["error"].dropna()
    assert errors.to_dict() == pytest.approx(ERROR.to_dict())
    assert query.failures(frame) == {"melted": 1}
    assert sum(sigma_published(dataset, STRATUM)[CHGNET].values()) - len(frame) == 2
    found = query.agreements(frame)[CHGNET]
    assert (found.n, found.n_failed) == (6, 1)
    assert found.rmse.value == pytest.approx(math.sqrt((ERROR**2).mean()))
    assert found.bias.value == pytest.approx(ERROR.mean())
    assert math.isnan(found.rmse.low)  # four B cations are too few for an interval
    (constant,) = query.null_agreements(frame).values()
    dft = frame["dft"].to_numpy(float)
    assert (constant.n, constant.bias.value) == (7, pytest.approx(0))
    assert constant.rmse.value == pytest.approx(dft.std())


def test_filters_decide_which_compounds_are_compared(dataset):
    fluorides = sigma_rows(dataset, anion=("F",))
    kept = ERROR[[formula for formula in ERROR.index if ANION[formula] == "F"]]
    assert query.agreements(fluorides)[CHGNET].mae.value == pytest.approx(kept.abs().mean())
    assert query.agreements(sigma_rows(dataset, a_site=("K",)))[CHGNET].n == 1


def test_protocols_are_never_mixed_and_the_published_schedule_comes_first(richer):
    assert [(p.name, p.n) for p in offer.protocols(richer, "abx3")] == [(SIGMA_PROTOCOL, 6), ("one-shot", 7)]
    published, one_shot = (sigma_rows(richer, protocol=p) for p in (SIGMA_PROTOCOL, "one-shot"))
    assert set(published["potential"]) == {CHGNET}
    assert set(one_shot["potential"]) == {R2SCAN}
    assert query.failures(one_shot) == {"left-sites": 1}
    assert query.agreements(one_shot)[R2SCAN].n == 7
    assert offer.potentials(richer, "abx3") == [CHGNET, R2SCAN, MACE]


def test_the_published_schedule_is_shown_unasked_even_where_nothing_was_run_by_it(tmp_path):
    directory = dashboard_data.publish(tmp_path)
    rows = [{**row, "run": "q", "protocol": "quick"} for row in tables.read(directory, "anharmonic").to_pylist()]
    tables.publish(directory, {"anharmonic": tables.from_rows("anharmonic", rows)})
    dataset = Dataset(directory)
    assert [(p.name, p.n) for p in offer.protocols(dataset, "abx3")] == [(SIGMA_PROTOCOL, 0), ("quick", 6)]
    text = laid_out(dataset)
    assert "No potential shown has σ by the protocol published here." in text
    assert "--stage sigma --protocol published" in text


def test_groups_by_stratum_and_anion(dataset):
    frame = sigma_rows(dataset)
    strata = {group.name: group for group in query.groups(frame, STRATUM, sigma_published(dataset, STRATUM))[CHGNET]}
    strong = ERROR[[f for f in ERROR.index if DFT[f] > 1]]
    assert set(strata) == {"middle", "strong"}
    assert (strata["strong"].n, strata["strong"].n_not_run) == (3, 1)
    assert (strata["middle"].n, strata["middle"].n_failed, strata["middle"].n_not_run) == (3, 1, 1)
    assert strata["strong"].median == pytest.approx(strong.median())
    assert strata["strong"].rmse.value == pytest.approx(math.sqrt((strong**2).mean()))
    anions = {group.name: group.n for group in query.groups(frame, "X", sigma_published(dataset, "X"))[CHGNET]}
    assert anions == {"Br": 1, "Cl": 1, "F": 3, "I": 1, "O": 0}


def test_a_contrast_is_of_the_rmse_and_its_interval_holds_it(dataset):
    frame = sigma_rows(dataset)
    found = query.contrast(frame, STRATUM, "middle", "strong")
    rmse = [math.sqrt((ERROR[[f for f in ERROR.index if keep(DFT[f])]] ** 2).mean()) for keep in (_middle, _strong)]
    assert (found.n, found.n_other) == (3, 3)
    assert found.difference.value == pytest.approx(rmse[0] - rmse[1])
    dft = np.array([DFT[f] for f in ERROR.index])
    constant = [math.sqrt(np.mean((dft.mean() - dft[keep(dft)]) ** 2)) for keep in (lambda d: d <= 1, _strong)]
    assert found.null.value == pytest.approx(constant[0] - constant[1])
    nothing = query.contrast(frame, STRATUM, "weak", "strong")
    assert math.isnan(nothing.difference.value)
    assert not nothing.measurable


def _stratum(sigma: float | None) -> str:
    return "" if sigma is None else "strong" if _strong(sigma) else "middle" if _middle(sigma) else "weak"


def _middle(sigma: float) -> bool:
    return 0.5 <= sigma <= 1


def _strong(sigma: float) -> bool:
    return sigma > 1


def test_errors_by_element(dataset):
    frame = sigma_rows(dataset)
    found = query.by_element(frame, "any").set_index("element")
    caesium = ERROR[[f for f in ERROR.index if f.startswith("Cs")]]
    assert found.loc["Cs", "n"] == 4
    assert found.loc["Cs", "bias"] == pytest.approx(caesium.mean())
    assert found.loc["Cs", "rmse"] == pytest.approx(math.sqrt((caesium**2).mean()))
    assert set(query.by_element(frame, "X")["element"]) == {"I", "Br", "Cl", "F"}
    assert query.by_element(frame, "Bp").empty


def test_frequencies_are_cut_at_zero_on_both_sides(dataset):
    view = AnharmonicityView()
    frame = query.rows(dataset, view, [CHGNET], "omega").set_index("compound")
    assert frame.loc["CsPbCl3", "error"] == pytest.approx(0 - -0.5)
    assert frame.loc["KMgF3", "error"] == 0
    assert frame.loc["BaTiO3", "status"] == "not-relaxed"
    assert math.isnan(frame.loc["BaTiO3", "error"])
    assert "LaAlO3" not in frame.index


def test_the_largest_errors_come_first(dataset):
    assert query.worst(sigma_rows(dataset), 2)["compound"].tolist() == ["RbCaF3", "CsPbCl3"]


def test_parity_carries_compounds_and_counts_what_it_cannot_show():
    dft, values = np.array([0.5, 1.0, 9.0]), np.array([0.6, 0.9, 1.0])
    points = Points("One", ["a", "b", "c"], dft, values, "one")
    assert outside(dft, values, (0, 2)) == 1
    figure = drawn(sigma_parity([points], [np.array([0.1, np.nan, 0.2])], (0, 2), log=False))
    assert list(figure.data[0].customdata) == ["a", "b", "c"]
    assert list(figure.data[0].error_y.array) == [0.1, 0, 0.2]
    assert figure.layout.xaxis.range == figure.layout.yaxis.range == (0, 2)
    logarithmic = drawn(sigma_parity([points], [None], (0.1, 10), log=True))
    assert logarithmic.layout.xaxis.range == pytest.approx((-1, 1))


def test_a_density_counts_every_compound_inside():
    rng = np.random.default_rng(0)
    dft, values = rng.lognormal(size=(2, 500))
    for log in (False, True):
        limits = window(np.concatenate([dft, values]), log)
        figure = drawn(sigma_density(dft, values, limits, log=log, name="One"))
        assert figure.data[0].customdata.sum() == 500 - outside(dft, values, limits)
    assert outside(dft, values, limits) == 0


def test_quartiles_of_few_compounds_are_not_drawn():
    def array(*numbers: float) -> np.ndarray:
        return np.array(numbers, dtype=float)

    series = Series("One", np.array([3, 40, 0]), array(1, 2, np.nan), array(0, 1, np.nan), array(2, 4, np.nan), "one")
    figure = drawn(errors_by_kind(["K", "Rb", "Cs"], [series], x_title="error", unit=""))
    assert list(figure.data[0].x) == [1, 2]
    assert list(figure.data[0].error_x.array) == [0, 2]
    assert list(figure.data[0].error_x.arrayminus) == [0, 1]
    assert list(figure.layout.yaxis.ticktext) == ["K  n = 3", "Rb  n = 40", "Cs  n = 0"]


def test_the_map_puts_each_element_in_its_place_and_leaves_the_others_blank():
    figure = element_map(
        ["Cs", "F", "Eu"], np.array([-0.2, 0.1, 0.0]), np.array([3, 5, 8]), title="error", unit="", signed=True
    )
    ground, shown = drawn(figure).data
    assert isinstance(shown, go.Heatmap)
    assert np.isfinite(shown.z).sum() == 3
    for symbol, value, n in (("Cs", -0.2, 3), ("F", 0.1, 5), ("Eu", 0.0, 8)):
        row, column = place(symbol)
        assert shown.z[row - 1][column - 1] == value
        assert shown.customdata[row - 1][column - 1].tolist() == [symbol, n]
        assert element_at(shown.x[column - 1], shown.y[row - 1]) == symbol
    assert element_at(5, 0) is None
    row, column = place("Eu")
    assert shown.text[row - 1][column - 1] == "<b>Eu</b><br>0.00<br>n 8"
    assert shown.zmin == -shown.zmax
    assert np.isfinite(ground.z).sum() == 118 - 15  # the last row, of actinides, is not drawn


@pytest.mark.parametrize(
    "labels", [{"A": "Cs", "X": "I"}, {"B": "Pb"}, {"stratum": "strong"}, {"stratum": "middle", "A": "K"}]
)
def test_the_link_of_a_slice_leads_to_its_compounds(dataset, labels):
    asked = CompoundsView(potentials=(CHGNET,), **error_breakdown.slice_filters(labels))
    table = export(dataset, decode(CompoundsView, dict(pair.split("=") for pair in encode(asked).split("&")))[0])
    known = [
        {"A": a, "B": b, "X": x, "stratum": _stratum(s), "compound": c} for c, a, b, x, s, *_ in dashboard_data.ABX3
    ]
    assert set(table["compound"]) == {row["compound"] for row in known if labels.items() <= row.items()}


def test_the_page_says_what_is_not_like_with_like(richer):
    published = laid_out(richer)
    assert "Not like with like" not in published
    assert "Spearman" in published
    one_shot = laid_out(richer, pr="one-shot")
    assert "independent samples of the harmonic crystal" in one_shot
    assert "Trained on another functional than DFT’s: Another functional (r2SCAN)." in one_shot
    assert "left their sites" in one_shot
    for scored in ("Spearman", "RMSE", "above DFT’s"):
        assert scored not in one_shot.split("Where is it wrong?")[0]
    assert "Errors of σ are counted for the published schedule alone." in one_shot


def test_what_a_constant_does_too_is_not_said_of_the_potential(dataset, monkeypatch):
    view, frame = AnharmonicityView(), sigma_rows(dataset)
    counted = [count(dataset, view, "sigma") for count in (offer.published, offer.published_by_level)]
    small, none = (Interval(-0.5, low, high) for low, high in ((-0.8, -0.2), (-0.8, 0.2)))
    for null, said in ((small, "says nothing about the potential"), (none, "a constant is not")):
        monkeypatch.setattr(query, "contrast", lambda *_, null=null: query.Contrast(30, 30, small, null))
        cast = comparison.Cast([CHGNET], [CHGNET], {})
        assert said in words(error_breakdown.by_kind(view, frame, *counted, cast))


def test_the_page_says_what_is_not_computed_and_what_it_did_not_understand(dataset):
    assert f"softmode campaign run --suite hdp --potential {preselected()} --stage sigma" in laid_out(dataset, s="hdp")
    assert "replaced by the default: s, pr." in laid_out(dataset, s="mp0b3", pr="nowhere")
    assert "No potential shown has σ by the protocol published here." in laid_out(dataset, p=MACE)
    assert "cannot be told" in laid_out(dataset)


def test_the_address_leaves_out_what_comes_first_anyway(richer):
    state = page.resolve(richer, AnharmonicityView(anion=("F",)))
    assert (state.view.protocol, state.view.focus) == (SIGMA_PROTOCOL, CHGNET)  # the first with σ by that protocol
    assert state.address == "an=F"
    other = page.resolve(richer, AnharmonicityView(protocol="one-shot", focus=MACE, quantity="omega"))
    assert other.address == "pr=one-shot&y=omega"
    assert page.resolve(richer, written(AnharmonicityView, other.address)) == other


def test_what_a_control_redraws_are_parts_of_the_page():
    assert {part for parts in page.REDRAWN.values() for part in parts} <= set(page.PARTS)
    known = {field.name for field in fields(AnharmonicityView)}
    assert {name.removeprefix("anharmonicity-") for name in page.REDRAWN} <= known


def _published(tmp_path, **changes):
    """The data set with columns of `changes` in the rows of a table: {"anharmonic": {"weight": …}}, of a row."""
    directory = dashboard_data.publish(tmp_path)
    for name, columns in changes.items():
        rows = [
            row | {column: value(row) for column, value in columns.items()}
            for row in tables.read(directory, name).to_pylist()
        ]
        tables.publish(directory, {name: tables.from_rows(name, rows)})
    return Dataset(directory)


def _agreement_rows(dataset):
    view = AnharmonicityView(protocol=SIGMA_PROTOCOL)
    names = offer.potentials(dataset, "abx3")
    frame = query.rows(dataset, view, names, "sigma")
    shown = comparison.compared(dataset, view, frame, comparison.Cast(names, names, {}))
    return frame, text_of(shown[-1])


def test_means_of_a_random_sample_are_weighted_to_the_suite_and_others_are_named_unweighted(dataset, tmp_path):
    _, plain = _agreement_rows(dataset)
    assert "as run, unweighted" in plain
    assert "weighted to the suite" not in plain.replace("are weighted to the suite", "")
    weights = {formula: 1.0 + 3 * (i % 2) for i, formula in enumerate(DFT)}
    frame, said = _agreement_rows(_published(tmp_path, anharmonic={"weight": lambda row: weights.get(row["compound"])}))
    assert "random sample, weighted to the suite" in said
    mine = frame[(frame["potential"] == CHGNET) & frame["value"].notna()]
    expected = np.average(mine["error"], weights=mine["compound"].map(weights))
    assert query.agreements(frame)[CHGNET].bias.value == pytest.approx(expected)
    assert query.agreements(frame)[CHGNET].bias.value != pytest.approx(float(mine["error"].mean()))


def test_a_sample_with_one_weight_missing_is_none(tmp_path):
    weights = dict.fromkeys(list(SIGMA)[1:], 2.0)
    frame, said = _agreement_rows(_published(tmp_path, anharmonic={"weight": lambda row: weights.get(row["compound"])}))
    assert query.sample_weights(frame[frame["potential"] == CHGNET]) is None
    assert "as run, unweighted" in said


def test_what_the_reference_says_beyond_harmonic_stands_on_the_page(dataset, tmp_path):
    view = AnharmonicityView(protocol=SIGMA_PROTOCOL)
    assert "publishes no other σ" in text_of(reference_sigmas(dataset, view)[0])
    doubled = _published(tmp_path, references={"sigma_third_order": lambda row: row["sigma"] and 2 * row["sigma"]})
    said = text_of(reference_sigmas(doubled, view)[0])
    known = [sigma for sigma in DFT.values() if sigma is not None]
    turned = sum(0.5 <= sigma < 1 for sigma in known)
    assert "force constants to third order" in said
    assert f"{turned} of {len(known)}" in said
