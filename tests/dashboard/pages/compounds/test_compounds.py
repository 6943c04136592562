"""The table of compounds: its filters against names found by hand, its labels against those of the physics."""

import re
from dataclasses import replace

import numpy as np
import pytest

from compute import tables
from compute.physics.stability import harmonic_labels, sigma_labels
from compute.statistics import verdicts
from dashboard.dataset import Dataset
from dashboard.elements import ELEMENTS, place
from dashboard.pages.compounds import columns, page, periodic_table
from dashboard.pages.compounds import counts as compounds_counts
from dashboard.pages.compounds import data as compounds
from dashboard.pages.compounds import filters as compounds_filters
from dashboard.queries import stability
from dashboard.queries.ranking import preferred
from dashboard.ui.text import count
from dashboard.views.codec import decode, encode
from dashboard.views.compounds import ANSWERS, COLUMN_GROUPS, TRUTHS, CompoundsView
from dashboard.views.stability import StabilityView
from tests.support import dashboard_data
from tests.support.components import cells
from tests.support.dashboard_data import CHGNET, MACE

EVERY_FIELD = (*compounds.COMPOUND_FIELDS, *compounds.POTENTIAL_FIELDS)


def names(dataset, view):
    return sorted(set(compounds.export(dataset, view)["compound"]))


def one(**filters):
    return CompoundsView(potentials=(CHGNET,), **filters)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"anion": ("I",)}, ["CsPbI3"]),
        ({"a_site": ("K", "Rb"), "b_site": ("Mg", "Ca")}, ["KMgF3", "RbCaF3"]),
        ({"elements": ("Cs", "Pb")}, ["CsPbBr3", "CsPbCl3", "CsPbI3"]),
        ({"elements": ("Cs",), "without": ("Pb",)}, ["CsSrF3"]),
        ({"without": ("F", "O", "Cl", "Br")}, ["CsPbI3"]),
        ({"status": ("failed",)}, ["BaTiO3"]),
        ({"status": ("not-run", "failed")}, ["BaTiO3", "SrTiO3"]),
        ({"answer": ("undecidable",)}, ["KMnF3"]),
        ({"truth": ("no-label",)}, ["LaAlO3"]),
        ({"agreement": ("disagree",)}, ["BaTiO3", "CsPbCl3", "KMnF3", "RbCaF3"]),
        ({"truth": ("stable",), "answer": ("unstable",)}, ["RbCaF3"]),
        ({"truth": ("stable",), "answer": ("unstable",), "tolerance_thz": 0.3}, []),
        ({"criterion": "sigma", "answer": ("unstable",), "threshold": 1.05}, ["RbCaF3"]),
        ({"criterion": "sigma", "answer": ("undecidable",), "threshold": 1.05}, ["CsPbI3"]),
        ({"criterion": "sigma", "truth": ("unstable",), "threshold": 1.2}, ["BaTiO3", "CsPbI3"]),
        ({"criterion": "sigma", "status": ("failed",)}, ["KMnF3"]),
        ({"sigma_low": 1.2}, ["BaTiO3", "CsPbI3"]),
        ({"sigma_high": 0.6}, ["CsSrF3", "KMgF3"]),
        ({"factor_low": 0.8}, []),
        ({"formula": "pbi"}, ["CsPbI3"]),
        ({"formula": "I3CsPb"}, ["CsPbI3"]),
        ({"formula": "PbCs"}, ["CsPbBr3", "CsPbCl3", "CsPbI3"]),
        ({"formula": "Br3Pb1"}, ["CsPbBr3"]),
        ({"formula": "PbCs2"}, []),
        ({"formula": "' OR 1=1"}, []),
    ],
)
def test_filters_of_the_table(dataset, filters, found):
    assert names(dataset, one(**filters)) == found


def test_several_potentials_are_filtered_together(dataset):
    both = CompoundsView(potentials=(CHGNET, MACE))
    assert compounds.potentials(dataset, CompoundsView()) == tuple(preferred(dataset, "abx3", (CHGNET, MACE)))
    assert len(compounds.export(dataset, both)) == 20
    # CsPbCl3: stable for the first, unstable for the second
    assert names(dataset, CompoundsView(differ="yes")) == ["CsPbCl3"]
    assert names(dataset, one(differ="yes")) == []
    # Label and agreement must be met by the same potential: the first is unstable and wrong of RbCaF3 alone.
    asked = CompoundsView(answer=("unstable",), agreement=("disagree",))
    assert names(dataset, asked) == ["RbCaF3"]


def test_ranges_exclude_what_lies_outside_and_what_has_no_number(tmp_path):
    rows = [
        {"suite": "abx3", "compound": c, "formula": c, "prototype": "p", "functional": "f", "source": "s",
         "tolerance_factor": factor, "formation_energy": energy}
        for c, factor, energy in (("A1", 0.80, -1.0), ("A2", 0.95, 0.5), ("A3", None, None))
    ]  # fmt: skip
    tables.publish(tmp_path, {"references": tables.from_rows("references", rows)})
    dataset = Dataset(tmp_path)
    assert names(dataset, CompoundsView()) == ["A1", "A2", "A3"]
    assert names(dataset, CompoundsView(factor_low=0.9)) == ["A2"]
    assert names(dataset, CompoundsView(factor_high=0.9)) == ["A1"]
    assert names(dataset, CompoundsView(factor_low=0.8, factor_high=0.95)) == ["A1"], "an upper end lies outside"
    assert names(dataset, CompoundsView(energy_high=0.0)) == ["A1"]
    assert compounds.offered(dataset, "abx3").ranges == {"factor", "energy"}


@pytest.mark.parametrize("criterion", ["harmonic", "sigma", "renormalised", "cross"])
@pytest.mark.parametrize(("tolerance", "threshold"), [(0.1, 1.0), (0.3, 0.6)])
def test_every_cell_of_the_matrix_lists_as_many_compounds_as_it_counts(dataset, criterion, tolerance, threshold):
    asked = StabilityView(criterion=criterion, tolerance_thz=tolerance, threshold=threshold)
    data = stability.compared(dataset, asked, (CHGNET,))
    matrix = verdicts.crosstab(data.truth, data.own[CHGNET].shown)
    assert matrix.sum() == 10
    for row, truth in enumerate(TRUTHS):
        for column, answer in enumerate(ANSWERS):
            address = f"p={CHGNET}&cr={criterion}&t={tolerance}&th={threshold}&dl={truth}&la={answer}"
            view, problems = decode(CompoundsView, dict(part.split("=") for part in address.split("&")))
            assert problems == ()
            assert len(names(dataset, view)) == matrix[row, column]


def test_what_not_all_have_run_counts_as_not_run(dataset):
    both = compounds.export(dataset, CompoundsView(potentials=(CHGNET, MACE)))
    run = both[both["label"] != "not-run"].groupby("compound").size()
    common = sorted(run[run == 2].index)
    assert names(dataset, one(common=(CHGNET, MACE))) == common
    assert 0 < len(common) < 10
    rest = names(dataset, one(common=(CHGNET, MACE), answer=("not-run",)))
    assert sorted([*common, *rest]) == names(dataset, one())
    left = compounds.export(dataset, one(common=(CHGNET, MACE), answer=("not-run",)))
    assert left["agreement"].isna().all()
    assert set(left["common"]) == {f"{CHGNET} {MACE}"}


def test_labels_are_those_of_the_physics(tmp_path):
    rng = np.random.default_rng(0)
    n = 200

    def numbers(scale):
        values = np.round(rng.normal(0, scale, n), 2)  # rounded, so that some lie exactly on a cut
        values[rng.random(n) < 0.1] = np.nan
        return values

    dft, omega, noise, sigma, error, dft_sigma = map(numbers, (0.2, 0.2, 0.1, 1, 0.1, 1))
    row = {"suite": "abx3", "run": "r", "potential": "p", "protocol": "x", "geometry": "reference", "status": "ok"}
    published = {"suite": "abx3", "formula": "F", "prototype": "p", "functional": "f", "source": "s"}
    rows = {
        "references": [{**published, "omega_min_thz": dft[i], "sigma": dft_sigma[i]} for i in range(n)],
        "harmonic": [{**row, "omega_min_thz": omega[i], "noise_floor_thz": noise[i]} for i in range(n)],
        "anharmonic": [
            {**row, "protocol": "published-abx3", "sigma": sigma[i], "sigma_se": error[i]} for i in range(n)
        ],
    }
    named = {name: [{**r, "compound": f"c{i:03d}"} for i, r in enumerate(part)] for name, part in rows.items()}
    tables.publish(tmp_path, {name: tables.from_rows(name, part) for name, part in named.items()})

    frame = compounds.export(Dataset(tmp_path), CompoundsView(tolerance_thz=0.2, threshold=0.5))
    for column, missing, expected in (
        ("dft_label", "missing", harmonic_labels(dft, 0.2)),
        ("dft_sigma_label", "missing", sigma_labels(dft_sigma, 0.5)),
        ("label", "failed", harmonic_labels(omega, 0.2, noise)),
        ("sigma_label", "failed", sigma_labels(sigma, 0.5, error)),
    ):
        assert frame[column].fillna("missing").tolist() == np.where(expected == "missing", missing, expected).tolist()
        assert {"stable", "unstable", missing} <= set(frame[column].fillna("missing"))
    # What agrees is the own label, in doubt or not; a failure does not.
    own, truth = harmonic_labels(omega, 0.2), harmonic_labels(dft, 0.2)
    expected = np.where(truth == "missing", "none", np.where(own == truth, "agree", "disagree"))
    assert frame["agreement"].fillna("none").tolist() == expected.tolist()


def test_sigma_by_another_schedule_has_no_label_and_no_verdict(tmp_path):
    """However many compounds it was run on."""
    directory = dashboard_data.publish(tmp_path)
    rows = [{**row, "protocol": "one-shot", "run": "one"} for row in tables.read(directory, "anharmonic").to_pylist()]
    tables.publish(directory, {"anharmonic": tables.from_rows("anharmonic", rows)})
    frame = compounds.export(Dataset(directory), one(criterion="sigma"))
    assert set(frame["sigma_label"]) == {"not-run"}
    assert frame["agreement"].isna().all()
    assert frame["sigma_protocol"].isna().all()


def test_differences_are_potential_minus_dft_cut_at_zero_where_the_source_is(dataset):
    frame = compounds.export(dataset, one()).set_index("compound")
    assert frame.loc["CsPbI3", "delta_omega_min_thz"] == pytest.approx(-0.8 + 1.0)
    assert frame.loc["KMgF3", "delta_omega_min_thz"] == 0
    assert frame.loc["CsPbI3", "delta_sigma"] == pytest.approx(1.10 - 1.30)
    assert np.isnan(frame.loc["LaAlO3", "delta_omega_min_thz"])


def test_rows_are_sorted_over_all_compounds_with_missing_ones_last(dataset):
    both = CompoundsView(potentials=(CHGNET, MACE))
    softest = replace(both, sort="omega_min_thz_0.desc")
    records, total = compounds.rows(dataset, softest, EVERY_FIELD, 0, 100)
    assert total == 10
    assert [r["compound"] for r in records[:2]] == ["KMgF3", "CsSrF3"]
    assert [np.isnan(r["omega_min_thz_0"]) for r in records] == [False] * 8 + [True] * 2
    second, _ = compounds.rows(dataset, replace(both, sort="omega_min_thz_1.asc"), EVERY_FIELD, 0, 2)
    assert [(r["compound"], r["omega_min_thz_1"]) for r in second] == [("CsPbI3", -1.10), ("CsPbBr3", -0.85)]
    assert [r["omega_min_thz_0"] for r in second] == [-0.80, -0.30]
    tail, _ = compounds.rows(dataset, softest, EVERY_FIELD, 8, 100)
    assert len(tail) == 2
    unknown, _ = compounds.rows(dataset, replace(both, sort="no_such_column.asc"), EVERY_FIELD, 0, 100)
    assert [r["compound"] for r in unknown] == sorted(r["compound"] for r in records)


def test_every_column_can_be_shown_and_sorted_by(dataset):
    groups = [*columns.DFT_COLUMNS, *columns.POTENTIAL_COLUMNS]
    assert groups == list(COLUMN_GROUPS)
    assert set(columns.fields(COLUMN_GROUPS)) == set(EVERY_FIELD)
    for group in columns.drawn(COLUMN_GROUPS, [("a", ""), ("b", "")], [])["groups"]:
        for column in group["columns"]:
            view = CompoundsView(sort=f"{column['id']}.desc")
            records, _ = compounds.rows(dataset, view, EVERY_FIELD, 0, 1)
            assert column["id"] in records[0]
            assert column["title"]


def test_the_table_shows_dashes_true_minus_signs_and_marks(dataset):
    records, _ = compounds.rows(dataset, one(), columns.fields(COLUMN_GROUPS), 0, 100)
    drawn = columns.drawn(COLUMN_GROUPS, [("a", "")], records)
    assert [group["name"] for group in drawn["groups"]] == ["", "DFT", "a"]
    shown = cells(drawn)
    assert shown["CsPbI3"]["omega_min_thz_0"] == "−0.80"
    assert (shown["CsPbI3"]["dft_label"], shown["KMgF3"]["label_0"]) == (
        ["unstable", "is-unstable"],
        ["stable", "is-stable"],
    )
    assert {row["cells"][0]: row["href"] for row in drawn["rows"]}["CsPbI3"] == "/compound/abx3/CsPbI3"
    assert (shown["BaTiO3"]["omega_min_thz_0"], shown["BaTiO3"]["label_0"]) == ("–", ["failed", "is-open"])
    assert (shown["SrTiO3"]["label_0"], shown["SrTiO3"]["reason_0"]) == (["not run", "is-open"], "not reached")


def test_a_frequency_that_no_perovskite_has_is_marked():
    record = {"suite": "abx3", "compound": "A", "formula": "A", "omega_min_thz_0": -31.2, "noise_floor_thz_0": 0.1}
    (row,) = columns.drawn(("harmonic",), [("a", "")], [record])["rows"]
    assert row["cells"][1] == ["−31.20", "is-implausible"]
    assert "0.100" in row["cells"]


def test_counts_are_those_of_the_rows(dataset):
    view = CompoundsView(anion=("F", "I", "O"))
    frame = compounds.export(dataset, view)
    counted = compounds.counts(dataset, view).set_index("potential")
    for potential, rows in frame.groupby("potential"):
        assert counted.loc[potential, "n"] == len(rows) == 8
        for verdict in ("stable", "unstable", "undecidable", "failed"):
            assert counted.loc[potential, verdict] == (rows["label"] == verdict).sum()
        assert counted.loc[potential, "not_run"] == (rows["label"] == "not-run").sum()
        assert counted.loc[potential, "agree"] == (rows["agreement"] == "agree").sum()


def test_without_tables_there_are_no_rows_and_no_errors(tmp_path):
    empty = Dataset(tmp_path)
    assert compounds.export(empty, CompoundsView()).empty
    assert compounds.rows(empty, CompoundsView(), EVERY_FIELD, 0, 100) == ([], 0)
    assert "softmode reference import abx3" in str(page.PAGE.show(empty, {}))


def test_references_alone_are_shown_without_a_potential(tmp_path):
    full = dashboard_data.publish(tmp_path / "full")
    tables.publish(tmp_path / "bare", {"references": tables.read(full, "references")})
    bare = Dataset(tmp_path / "bare")
    frame = compounds.export(bare, CompoundsView())
    assert len(frame) == 10
    assert frame["label"].isna().all()
    assert "No potential has been run on this suite" in str(page.PAGE.show(bare, {}))


def test_old_addresses_keep_their_meaning():
    view, problems = decode(
        CompoundsView, {"s": "abx3", "p": CHGNET, "an": "F.I", "el": "Cs", "st": "ok", "la": "stable.unstable",
                        "ag": "agree", "sl": "0.1", "sh": "2", "f": "cs"},
    )  # fmt: skip
    assert problems == ()
    assert view == CompoundsView(
        potentials=(CHGNET,), anion=("F", "I"), elements=("Cs",), status=("ok",), answer=("stable", "unstable"),
        agreement=("agree",), sigma_low=0.1, sigma_high=2.0, formula="cs",
    )  # fmt: skip
    assert decode(CompoundsView, dict([encode(CompoundsView(columns=())).split("=")]))[0].columns == ()


def test_the_page_states_what_it_compares_and_what_it_could_not_follow(dataset):
    text = str(page.PAGE.show(dataset, {"p": f"{CHGNET}~unknown", "an": "I"}))
    assert "replaced by the default: p" in text
    assert "1 of 10 compounds" in text
    assert "Like with like" in text
    none = str(page.PAGE.show(dataset, {"f": "zzz", "p": CHGNET}))
    assert "No compound matches" in none
    assert f"/compounds?p={CHGNET}" in none


def test_double_perovskites_are_compared_by_what_dft_has(dataset):
    layout = page.PAGE.show(dataset, {"s": "hdp"})
    assert "agreement is not counted" in str(layout)
    assert compounds.export(dataset, CompoundsView(suite="hdp", criterion="cross"))["agreement"].isna().all()
    assert layout.children[-1].data == "s=hdp"


def test_summaries_name_what_is_excluded():
    view = CompoundsView(
        elements=("Cs",), without=("O",), truth=("stable",), answer=("not-run",), factor_low=0.9, a_site=("K",)
    )
    said = compounds_filters.summaries(view)
    assert said["elements"] == "Elements: with Cs; without O"
    assert said["verdicts"].startswith("Verdicts by harmonic label of both (tolerance 0.10 THz")
    assert said["verdicts"].endswith("DFT stable; a potential not run")
    assert said["chemistry"] == "Sites and descriptors: A site K; Tolerance factor 0.90 or more"


def test_another_functional_or_sampling_is_said(dataset):
    counts = compounds.counts(dataset, CompoundsView()).assign(functional="PBE (VASP)")
    trained = {CHGNET: "r2SCAN", MACE: "PBE(+U)"}
    said = " ".join(compounds_counts.cautions(counts, {CHGNET: "First"}, trained, "abx3"))
    assert "than DFT’s: First (r2SCAN)" in said
    assert MACE not in said
    assert "part of Δσ is the sampling" not in said
    other = counts.assign(sigma_protocol="one-shot")
    assert "protocol one-shot" in " ".join(compounds_counts.cautions(other, {}, trained, "abx3"))


def test_every_element_has_a_place_of_its_own():
    places = {place(symbol) for symbol in ELEMENTS}
    assert len(ELEMENTS) == len(places) == 118
    assert [place(s) for s in ("H", "He", "Al", "Fe", "Cs", "La", "Hf", "Og")] == [
        (1, 1), (1, 18), (3, 13), (4, 8), (6, 1), (9, 3), (6, 4), (7, 18)
    ]  # fmt: skip


def test_the_periodic_table_offers_what_occurs_and_states_it_in_words():
    text = str(periodic_table.periodic_table("t", ("Cs", "Pb", "O"), ("Cs",), ("O",)))
    assert len(re.findall(r"disabled=False", text)) == 3
    assert "Cs: must contain" in text
    assert "O: must not contain" in text
    assert periodic_table.read_chosen({"with": ["Cs", "Xx", 3], "without": "O"}) == (["Cs"], [])
    assert periodic_table.read_chosen(None) == ([], [])


def test_the_suite_offers_its_elements_by_site(dataset):
    offer = compounds.offered(dataset, "hdp")
    assert offer.sites == {"A": ("Cs",), "B": ("Na", "Ag"), "Bp": ("In", "Bi"), "X": ("Cl", "Br", "I")}
    assert offer.size == 3
    assert compounds.offered(dataset, "mp0b3").elements == ("O", "Na", "Mg", "Si", "Cl")
    assert count(offer.size) == "3"
