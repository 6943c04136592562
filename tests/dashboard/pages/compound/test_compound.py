"""The page of one compound: its queries, figures and files, over the invented data set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compute import tables
from compute.physics.phonons import THZ_PER_ROOT
from dashboard.dataset import Dataset
from dashboard.figures.sigma_trace import RunningSigma, sigma_trace
from dashboard.pages.compound import page
from dashboard.pages.compound.neighbours import neighbour_table
from dashboard.pages.compound.sigma_modes_figure import SiteScores, sigma_sites
from dashboard.pages.compound.why import why
from dashboard.queries import bands as bands_query
from dashboard.queries import compound as query
from dashboard.queries.compound_page import find
from dashboard.queries.ranking import preferred
from dashboard.ui.bands import drawn as drawn_bands
from dashboard.views.compound import CompoundView
from tests.support.components import drawn, nodes, words
from tests.support.dashboard_data import CHGNET, MACE

# Five atoms of 100 u on springs of 1 and 1.44 eV/Å².
OMEGA = THZ_PER_ROOT / 10
VIEW = CompoundView()
PEROVSKITE = "cubic-perovskite"


def test_labels_follow_both_thresholds_and_know_noise_and_error(dataset):
    row = query.answers(dataset, "abx3", "CsPbI3", 0.1, 1.05).set_index("potential").loc[CHGNET]
    # σ 1.10 ± 0.05 is within two errors of 1.05; DFT's 1.30 has no error.
    assert (row["dft_harmonic_at"], row["harmonic_at"]) == ("unstable", "unstable")
    assert (row["dft_sigma_at"], row["sigma_at"]) == ("unstable", "undecidable")
    moved = query.answers(dataset, "abx3", "CsPbI3", 0.5, 1.4).set_index("potential")
    assert moved.loc[CHGNET, "sigma_at"] == "stable"
    noisy = query.answers(dataset, "abx3", "KMnF3", 0.1, 1.0).set_index("potential").loc[CHGNET]
    assert noisy["harmonic_at"] == "undecidable"
    assert (noisy["sigma_at"], noisy["sigma_status"]) == ("missing", "melted")
    assert query.answers(dataset, "abx3", "KMnF3", 0.1, 1.0).set_index("potential").loc[MACE, "status"] == "not-run"


def test_neighbours_differ_on_one_site_alone(dataset):
    rows = tables.read(dataset.directory, "references").to_pandas()
    halides = rows[(rows.suite == "abx3") & (rows.A == "Cs") & (rows.B == "Pb") & (rows.compound != "CsPbI3")]
    iodide = query.reference(dataset, "abx3", "CsPbI3")
    listed, frame = query.neighbours(dataset, iodide, "X", 0.1, 1.0)
    assert sorted(listed) == sorted(halides.compound)
    chlorine = frame[(frame.compound == "CsPbCl3") & (frame.potential == CHGNET)].iloc[0]
    assert query.agreement(chlorine.dft_harmonic_at, chlorine.harmonic_at) == "disagrees"
    assert query.neighbours(dataset, iodide, "A", 0.1, 1.0)[0] == []
    shown = words(neighbour_table(find(dataset, "abx3", "CsPbI3"), CompoundView()))
    assert "Chgnet-Testagrees in 1 of 2" in shown


def test_bands_of_atoms_on_springs_are_flat(dataset):
    found = {bands.potential: bands for bands in bands_query.bands(dataset, "abx3", "CsPbI3", PEROVSKITE)}
    assert list(found) == preferred(dataset, "abx3", (CHGNET, MACE))
    np.testing.assert_allclose(found[CHGNET].frequencies, OMEGA, rtol=1e-6)
    np.testing.assert_allclose(found[MACE].frequencies, 1.2 * OMEGA, rtol=1e-6)
    assert bands_query.bands(dataset, "mp0b3", "mp-1", "any") == ()
    assert bands_query.bands(dataset, "abx3", "KMgF3", PEROVSKITE) == ()


def test_stored_bands_are_drawn_and_compared(dataset, tmp_path):
    (alone,) = bands_query.stored_bands(dataset, "mp0b3", "mp-1")
    assert alone.frequencies.tolist() == [[0, 0, 0], [1, 1, 2]]
    shown = words(page.PAGE.show(dataset, {}, suite="mp0b3", compound="mp-1"))
    assert "DFT’s bands cannot be drawn with them" in shown
    rows = tables.read(dataset.directory, "bands").to_pylist()
    of_dft = {**rows[0], "source": "dft", "frequencies": [0.0, 0.0, -0.5, 1.0, 1.5, 2.0]}
    tables.publish(
        tmp_path,
        {name: tables.read(dataset.directory, name) for name in tables.read_manifest(dataset.directory).tables}
        | {"bands": tables.from_rows("bands", [*rows, of_dft])},
    )
    compared = words(page.PAGE.show(Dataset(tmp_path), {}, suite="mp0b3", compound="mp-1"))
    assert "DFT: lowest −0.50 THz, at Γ. Mace-Test: no imaginary mode on the path." in compared
    assert "Mace-Test is furthest from DFT at Γ, +0.50 THz in branch 3 from below." in compared
    assert "not comparable" in compared
    assert "softmode campaign run --suite mp0b3" in words(page.PAGE.show(dataset, {}, suite="mp0b3", compound="mp-2"))


def test_the_page_says_what_each_potential_answers(dataset):
    shown = words(page.PAGE.show(dataset, {}, suite="abx3", compound="CsPbCl3"))
    assert "DFT: harmonically ▲ unstable (ωmin −0.50 THz), at 300 K ▲ unstable (σ 1.05)." in shown
    assert "Votes of n = 2 foundation potentials: 1 stable, 1 unstable; 1 of 2 agree with DFT." in shown
    assert "Chgnet-Test● stable ✗0.40● stable ✗ σ 0.60 ± 0.02" in shown
    assert "Mace-Test▲ unstable ✓−0.40not run" in shown
    failed = words(page.PAGE.show(dataset, {}, suite="abx3", compound="BaTiO3"))
    assert "failed, not-relaxed (force left above the limit)" in failed
    assert "failed, melted (invented failure)" in words(page.PAGE.show(dataset, {}, suite="abx3", compound="KMnF3"))


def test_why_it_may_fail_is_said_from_the_ladder_the_bond_and_the_level(dataset, tmp_path):
    assert "Nothing in the tables speaks against these labels." in words(why(find(dataset, "mp0b3", "mp-1"), VIEW))
    held = tables.read_manifest(dataset.directory).tables
    rows = {name: tables.read(dataset.directory, name).to_pylist() for name in held}
    for row in rows["potentials"]:
        row["family"] = "CHGNet" if row["potential"] == CHGNET else "MACE"
    for row in rows["harmonic"]:
        if row["compound"] == "CsPbCl3" and row["status"] == "ok":
            turns = row["potential"] == CHGNET
            row |= {
                "rung_amplitude": [0.01, 0.03, 0.05], "rung_omega_thz": [0.4, -0.6, -0.9] if turns else [-0.4] * 3,
                "rung_label": ["stable", "unstable", "unstable"] if turns else ["unstable"] * 3,
                "label_ladder": "undecidable" if turns else "unstable", "undecidable": turns, "cusp_thz": 1.3,
                "noise_floor_thz": 0.5 if turns else 0.01,
            }  # fmt: skip
    tables.publish(tmp_path, {name: tables.from_rows(name, listed) for name, listed in rows.items()})
    section = why(find(Dataset(tmp_path), "abx3", "CsPbCl3"), VIEW)
    lines = {trace["name"]: list(trace["y"]) for trace in _figure_over_displacement(section)["data"]}
    assert lines == {"Chgnet-Test": [0.4, -0.6, -0.9], "Mace-Test": [-0.4] * 3}
    shown = words(section)
    assert "Bond below 3 Å: Pb–Cl 2.75 Å." in shown
    assert "The label changes with the displacement, 0.01 to 0.05 Å: Chgnet-Test." in shown
    assert "The softest ω lies within the noise floor: Chgnet-Test." in shown
    assert "Chgnet-Test0.40−0.60−0.901.300.50◇ undecidable" in shown
    assert "Mace-Test−0.40−0.40−0.401.300.01▲ unstable" in shown


def _figure_over_displacement(section):
    title = "displacement of the largest atom (Å)"
    figures = [node.figure for node in nodes(section) if hasattr(node, "figure")]
    return next(one for one in figures if one["layout"]["xaxis"]["title"]["text"] == title)


def test_bands_are_of_the_potentials_that_are_asked_for(dataset):
    listed = find(dataset, "abx3", "CsPbI3").bands
    first, second = listed
    relaxed = replace(first, protocol="relaxed-geometry")
    every = [first, relaxed, second]
    assert drawn_bands(every, CompoundView(constants=first.key)) == [first]
    other = (second.potential,)
    assert drawn_bands(every, CompoundView(constants=first.key, potentials=other)) == [first, second]
    assert drawn_bands(every, CompoundView(constants=first.key, drawn="all")) == [first, relaxed]
    assert drawn_bands(every, CompoundView(constants=relaxed.key, potentials=other)) == every


def test_a_formula_in_another_order_is_the_same_compound(dataset):
    for formula in ("PbCsI3", "I3CsPb", "CsPbI₃"):
        layout = page.PAGE.show(dataset, {}, suite="abx3", compound=formula)
        assert words(layout) == words(page.PAGE.show(dataset, {}, suite="abx3", compound="CsPbI3"))


def test_unknown_compounds_lead_to_the_table(dataset):
    layout = page.PAGE.show(dataset, {}, suite="abx3", compound="Xy<3")
    assert "The suite Cubic ABX3 perovskites has no compound Xy<3." in words(layout)
    assert [node.href for node in nodes(layout) if hasattr(node, "href")] == ["/compounds?s=abx3&f=Xy3"]
    assert "There is no suite nope." in words(page.PAGE.show(dataset, {}, suite="nope", compound="CsPbI3"))


def test_every_suite_and_every_gap_has_a_page(dataset):
    for suite, compound in (("mp0b3", "mp-1"), ("hdp", "Cs2AgBiBr6"), ("abx3", "LaAlO3"), ("abx3", "SrTiO3")):
        assert "Compute it yourself" in words(
            page.PAGE.show(dataset, {"fc": "nothing", "m": "99"}, suite=suite, compound=compound)
        )


def test_running_sigma_ends_in_a_band_of_one_error():
    trace = RunningSigma("one", "a", 0, np.array([0.1, 0.2, 0.3]), np.array([0.9, 0.7, 0.6]), 0.05)
    figure = drawn(sigma_trace([trace], 0.5, x_title="time (ps)"))
    (band,) = figure.layout.shapes
    assert (band.y0, band.y1) == pytest.approx((0.55, 0.65))
    assert [t.name for t in figure.data] == ["one", "DFT, published"]
    low, high = figure.layout.yaxis.range
    assert low < 0.5
    assert high > 0.65


def test_sites_stand_side_by_side():
    scores = [
        SiteScores("DFT", None, 0, (0.1, 0.2)),
        SiteScores("a", "a", 0, (0.3, np.nan)),
        SiteScores("b", "a", 1, (1, 2)),
    ]
    figure = drawn(sigma_sites(["A (Cs)", "X (I)"], scores))
    assert len({tuple(trace.x) for trace in figure.data}) == 3
    assert len({trace.marker.symbol for trace in figure.data}) == 3
