"""The page of one compound: its queries, figures and files, over the invented data set."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from compute import tables
from compute.physics.phonons import THZ_PER_ROOT
from dashboard.dataset import Dataset
from dashboard.figures.bands import BandCurve, bands
from dashboard.figures.sigma_trace import RunningSigma, sigma_trace
from dashboard.pages.compound import page
from dashboard.pages.compound.neighbours import neighbour_table
from dashboard.pages.compound.sigma_modes_figure import SiteScores, sigma_sites
from dashboard.pages.compound.why import bonds, why
from dashboard.queries import bands as bands_query
from dashboard.queries import compound as query
from dashboard.queries import export
from dashboard.queries.compound_page import find
from dashboard.queries.ranking import preferred
from dashboard.queries.structure import scene, structure
from dashboard.ui.bands import drawn as drawn_bands
from dashboard.ui.bands import line_of, mode_sentence, name_of
from dashboard.ui.structure import structure_json
from dashboard.views.codec import decode, encode
from dashboard.views.compound import CompoundView
from tests.support import dashboard_data
from tests.support.components import drawn, nodes, words
from tests.support.dashboard_data import CHGNET, MACE, SIGMA_RUN

# Five atoms of 100 u on springs of 1 and 1.44 eV/Å².
OMEGA = THZ_PER_ROOT / 10
VIEW = CompoundView()
KEYS = (("abx3", "CsPbI3"), ("hdp", "Cs2AgInCl6"))
PEROVSKITE, ELPASOLITE = "cubic-perovskite", "elpasolite"


@pytest.fixture(scope="module")
def springs(tmp_path_factory) -> Dataset:
    """CsPbI3 and Cs2AgInCl6 with random force constants that obey the permutation symmetry, and an anion coordinate."""
    directory = dashboard_data.publish(tmp_path_factory.mktemp("springs"))
    rows = [_random("abx3", "CsPbI3", np.array(_cubic()[0]), _cubic()[1], ["Cs", "Pb", "I", "I", "I"])]
    primitive = 5.25 * np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]])
    places = [(0.25, 0.25, 0.25), (-0.25, -0.25, -0.25), (0, 0, 0), (0.5, 0.5, 0.5)]
    x = 0.24
    places += [(-x, x, x), (x, -x, x), (x, x, -x), (x, -x, -x), (-x, x, -x), (-x, -x, x)]
    symbols = ["Cs", "Cs", "Ag", "In", *["Cl"] * 6]
    rows.append(_random("hdp", "Cs2AgInCl6", primitive, places, symbols))
    harmonic = tables.read(directory, "harmonic").to_pylist()
    for row in harmonic:
        if row["compound"] == "Cs2AgInCl6":
            row |= {"a": 10.5, "x": x}
    tables.publish(
        directory,
        {
            "force_constants": tables.from_rows("force_constants", rows),
            "harmonic": tables.from_rows("harmonic", harmonic),
        },
    )
    return Dataset(directory)


def _cubic() -> tuple[Any, Any]:
    return 6.3 * np.eye(3), [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]


def _random(suite: str, compound: str, lattice: Any, positions: Any, symbols: list[str]) -> dict[str, Any]:
    rng, n = np.random.default_rng(7), len(symbols)
    constants = rng.normal(size=(n, n, 2, 2, 2, 3, 3))
    # Φ_ij(l)ᵀ = Φ_ji(−l), and −l is l in a supercell of two.
    constants = (constants + constants.transpose(1, 0, 2, 3, 4, 6, 5)).round(6) / 2
    return {
        "run": "run-springs", "suite": suite, "compound": compound, "potential": CHGNET, "kind": "harmonic",
        "protocol": "reference-geometry", "geometry": "reference", "symbols": symbols,
        "masses": [50.0 + i for i in range(n)], "positions": np.ravel(positions).tolist(),
        "lattice": np.ravel(lattice).tolist(), "repeats": 2, "constants": constants.ravel().tolist(),
    }  # fmt: skip


def known(dataset: Dataset, suite: str, compound: str) -> Mapping[str, Any]:
    found = query.reference(dataset, suite, compound)
    assert found is not None
    return found


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
    listed, frame = query.neighbours(dataset, known(dataset, "abx3", "CsPbI3"), "X", 0.1, 1.0)
    assert sorted(listed) == sorted(halides.compound)
    chlorine = frame[(frame.compound == "CsPbCl3") & (frame.potential == CHGNET)].iloc[0]
    assert query.agreement(chlorine.dft_harmonic_at, chlorine.harmonic_at) == "disagrees"
    assert query.neighbours(dataset, known(dataset, "abx3", "CsPbI3"), "A", 0.1, 1.0)[0] == []
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


def test_force_constants_of_one_potential_differ_in_name_and_line(springs):
    (given,) = bands_query.bands(springs, "abx3", "CsPbI3", PEROVSKITE)
    relaxed = replace(given, protocol="relaxed-geometry")
    effective = replace(given, kind=bands_query.EFFECTIVE)
    listed = [given, relaxed, effective]
    assert [line_of(b, listed) for b in listed] == ["solid", "dotted", "dashed"]
    assert len({name_of(b, {}, listed) for b in listed}) == 3
    assert line_of(relaxed, [relaxed]) == "solid"


def test_a_click_names_the_mode_under_it(springs):
    (shown,) = bands_query.bands(springs, "abx3", "CsPbI3", PEROVSKITE)
    order = bands_query.drawn_points(shown.path)
    figure = bands(
        [BandCurve("one", "a", shown.path.distances[order], shown.frequencies[order])],
        ["" if i < 0 else shown.path.labels[i] for i in order],
        {"R": -0.5},
        None,
    )
    figure = drawn(figure)
    frequencies = figure.data[0].y
    assert len(frequencies) == 15 * len(order)
    place = 4 * len(order) + 17
    key, q, branch = bands_query.clicked([shown], 0, place)
    mode = bands_query.mode(shown, q, branch)
    assert (key, branch) == (shown.key, "5")
    assert mode.omega == pytest.approx(frequencies[place], abs=5e-3)
    assert bands_query.clicked([shown], 0, len(order) - 1) is None  # the gap behind a branch
    assert bands_query.clicked([shown], 0, 15 * len(order)) is None
    assert bands_query.clicked([shown], 1, 0) is None
    assert bands_query.clicked([shown], None, "0") is None
    assert figure.layout.xaxis.ticktext == ("Γ", "X", "M", "Γ", "R", "X|R", "M")
    ticks = zip(figure.layout.xaxis.tickvals, figure.layout.xaxis.ticktext, strict=True)
    assert list(figure.data[1].x) == [x for x, name in ticks if "R" in name]


def test_q_points_are_written_and_read_back():
    assert bands_query.q_text(PEROVSKITE, (0.5, 0.5, 0)) == "M"
    assert bands_query.q_of(PEROVSKITE, "G") == (0, 0, 0)
    assert bands_query.q_of(PEROVSKITE, bands_query.q_text(PEROVSKITE, (0.125, 0, 1 / 3))) == (0.125, 0, 0.3333)
    assert bands_query.q_of(PEROVSKITE, "L") is None
    view = CompoundView(constants="a-1~harmonic~quick", q="0.125_0_0.3333", branch="12", tolerance_thz=0.2)
    assert decode(CompoundView, dict(item.split("=") for item in encode(view).split("&"))) == (view, ())
    assert decode(CompoundView, {"q": "1;2", "m": "0", "n": "Q"})[1] == ("q", "m", "n")


@pytest.mark.parametrize(("suite", "compound", "count"), [("abx3", "CsPbI3", 71), ("hdp", "Cs2AgInCl6", 71)])
def test_the_scene_has_eight_whole_octahedra(springs, suite, compound, count):
    cell = structure(springs, known(springs, suite, compound))
    assert cell is not None
    drawn = scene(cell)
    places = np.array([atom[1:4] for atom in drawn["atoms"]])
    assert len(places) == count
    assert len(drawn["octahedra"]) == 8
    for centre, *vertices in drawn["octahedra"]:
        directions = places[vertices] - places[centre]
        lengths = np.linalg.norm(directions, axis=1)
        assert np.ptp(lengths) < 1e-3
        expected = np.vstack([np.eye(3), -np.eye(3)])[[0, 3, 1, 4, 2, 5]]
        np.testing.assert_allclose(directions / lengths[:, None], expected, atol=1e-3)
    (low, *_), (edge, *_), *_ = drawn["box"]
    corners = [p for p, atom in zip(places, drawn["atoms"], strict=True) if drawn["roles"][atom[0]] == "A"]
    assert np.min(corners) == pytest.approx(low, abs=1e-3)
    assert np.max(corners) == pytest.approx(low + edge, abs=1e-3)
    centres = {drawn["roles"][drawn["atoms"][octahedron[0]][0]] for octahedron in drawn["octahedra"]}
    assert centres == ({"B"} if suite == "abx3" else {"B", "Bp"})


def test_more_cells_are_drawn_and_any_crystal_is(springs):
    perovskite = structure(springs, known(springs, *KEYS[0]))
    assert len(scene(perovskite, 1)["octahedra"]) == 1
    assert len(scene(perovskite, 3)["octahedra"]) == 27
    elpasolite = structure(springs, known(springs, *KEYS[1]))
    assert len(scene(elpasolite, 2)["octahedra"]) == 64
    other = replace(perovskite, prototype="any", lattice=np.diag([3.0, 4.0, 5.0]))
    drawn = scene(other, 2)
    assert (len(drawn["atoms"]), drawn["octahedra"]) == (40, [])
    assert drawn["box"] == [[0, 0, 0], [6, 0, 0], [0, 8, 0], [0, 0, 10]]
    assert set(drawn["roles"]) == set(json.loads(structure_json(other))["looks"]) - {"A", "B", "Bp", "X"}


@pytest.mark.parametrize(("q", "cells"), [("G", 1), ("X", 2), ("M", 4), ("R", 8), ("0.25_0_0", 4)])
def test_a_mode_is_frozen_into_the_smallest_supercell_at_its_amplitude(springs, q, cells):
    (shown,) = bands_query.bands(springs, *KEYS[0], PEROVSKITE)
    mode = bands_query.mode(shown, q, "3")
    at_rest = export.frozen(shown.structure, mode, 0.0)
    moved = export.frozen(shown.structure, mode, 0.2)
    assert len(moved.symbols) == 5 * cells
    assert np.linalg.det(moved.lattice) == pytest.approx(cells * np.linalg.det(shown.structure.lattice))
    by = (moved.positions - at_rest.positions) @ moved.lattice
    # Where 2q is a reciprocal vector, all atoms are furthest out at once.
    assert np.linalg.norm(by, axis=1).max() == pytest.approx(0.2, rel=0.35 if "_" in q else 1e-6)
    assert export.frozen(shown.structure, bands_query.mode(shown, "0.0313_0_0", ""), 0.2) is None


def test_the_density_of_states_counts_every_mode(springs):
    (shown,) = bands_query.bands(springs, *KEYS[0], PEROVSKITE)
    omegas, density = bands_query.density(shown)
    assert np.trapezoid(density, omegas) == pytest.approx(15, rel=0.03)


def test_every_set_of_force_constants_is_in_the_archive(dataset):
    found = find(dataset, "abx3", "CsPbI3")
    packed = zipfile.ZipFile(io.BytesIO(export.archive(found.bands, "test")))
    assert len(packed.namelist()) == len(found.bands) == 2
    assert all("force_constants:" in packed.read(name).decode() for name in packed.namelist())


def test_without_a_cell_nothing_is_drawn(dataset):
    assert structure(dataset, known(dataset, "hdp", "Cs2AgInCl6")) is None  # no lattice constant, no relaxed cell
    assert structure(dataset, known(dataset, "mp0b3", "mp-1")) is None
    shown = words(page.PAGE.show(dataset, {}, suite="hdp", compound="Cs2AgInCl6"))
    assert "softmode harmonic Cs2AgInCl6 --suite hdp" in shown


@pytest.mark.parametrize(
    ("suite", "compound", "prototype"), [("abx3", "CsPbI3", PEROVSKITE), ("hdp", "Cs2AgInCl6", ELPASOLITE)]
)
def test_phonopy_reads_the_yaml_and_finds_the_same_frequencies(springs, tmp_path, suite, compound, prototype):
    phonopy = pytest.importorskip("phonopy")
    (shown,) = bands_query.bands(springs, suite, compound, prototype)
    path = tmp_path / "phonopy.yaml"
    path.write_text(export.phonopy_yaml(shown, "test"))
    loaded = phonopy.load(path, is_nac=False, produce_fc=False, symmetrize_fc=False, log_level=0)
    points = np.array([*bands_query.q_points(prototype).values(), (0.1, 0.2, 0.3)], float)
    loaded.run_qpoints(points)
    np.testing.assert_allclose(
        loaded.qpoints.frequencies, bands_query.physics.frequencies(shown.crystal, points), atol=2e-4
    )  # fmt: skip


@pytest.mark.parametrize(("suite", "compound"), [("abx3", "CsPbI3"), ("hdp", "Cs2AgInCl6")])
def test_cif_and_poscar_hold_the_same_cell(springs, suite, compound):
    ase = pytest.importorskip("ase")
    read = pytest.importorskip("ase.io").read
    cell = structure(springs, known(springs, suite, compound))
    found = [
        read(io.StringIO(export.cif(cell, "test")), format="cif"),
        read(io.StringIO(export.poscar(cell, "test")), format="vasp"),
    ]
    expected = ase.Atoms(cell.symbols, cell=cell.lattice, scaled_positions=cell.positions, pbc=True)
    for atoms in found:
        assert atoms.get_chemical_symbols() == expected.get_chemical_symbols()
        assert atoms.get_volume() == pytest.approx(expected.get_volume())
        np.testing.assert_allclose(
            atoms.get_all_distances(mic=True), expected.get_all_distances(mic=True), atol=1e-6
        )  # fmt: skip


def test_json_holds_every_row_and_no_nan(dataset):
    content = json.loads(export.everything(dataset, known(dataset, "abx3", "CsPbI3")))
    assert content["references"]["sigma"] == 1.30
    assert content["references"]["omega_x_thz"] is None
    assert {row["run"] for row in content["anharmonic"]} == {SIGMA_RUN}
    assert content["anharmonic"][0]["trace_frames"] == [100, 200, 300, 400]
    assert len(content["attribution"]) == 2
    assert len(content["force_constants"][0]["constants"]) == 5 * 5 * 8 * 9


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


def test_bonds_of_both_prototypes(springs):
    perovskite, elpasolite = (structure(springs, known(springs, *key)) for key in KEYS)
    assert bonds(perovskite) == pytest.approx({"Pb": perovskite.a / 2})
    assert bonds(elpasolite) == pytest.approx({"Ag": 0.24 * 10.5, "In": 0.26 * 10.5})


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


def test_what_moves_is_said_in_words(dataset):
    shown = next(b for b in bands_query.bands(dataset, "abx3", "CsPbI3", PEROVSKITE) if b.potential == CHGNET)
    mode = bands_query.mode(shown, "R", "15")
    moved = bands_query.moving(mode, shown.structure.roles)
    assert max(moved.values()) == pytest.approx(1)
    sentence = words(mode_sentence("one", shown.structure, mode, {"R": -0.5}))
    assert "DFT’s softest mode there: −0.50 THz" in sentence
    assert f"{OMEGA:.2f} THz at R (½ ½ ½), mode 15 of 15" in sentence
    pattern = bands_query.pattern_json(mode)
    assert np.shape(pattern["real"]) == (5, 3)
