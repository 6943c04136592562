"""The mode viewer of a compound and its files, over the invented data set."""

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
from dashboard.pages.compound import page
from dashboard.pages.compound.why import bonds
from dashboard.queries import bands as bands_query
from dashboard.queries import compound as query
from dashboard.queries import export
from dashboard.queries.compound_page import find
from dashboard.queries.structure import scene, structure
from dashboard.ui.bands import line_of, mode_sentence, name_of
from dashboard.ui.structure import structure_json
from dashboard.views.codec import decode, encode
from dashboard.views.compound import CompoundView
from tests.support import dashboard_data
from tests.support.components import drawn, words
from tests.support.dashboard_data import CHGNET, SIGMA_RUN

# Five atoms of 100 u on springs of 1 and 1.44 eV/Å².
# Five atoms of 100 u on springs of 1 and 1.44 eV/Å².
OMEGA = THZ_PER_ROOT / 10
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


def test_bonds_of_both_prototypes(springs):
    perovskite, elpasolite = (structure(springs, known(springs, *key)) for key in KEYS)
    assert bonds(perovskite) == pytest.approx({"Pb": perovskite.a / 2})
    assert bonds(elpasolite) == pytest.approx({"Ag": 0.24 * 10.5, "In": 0.26 * 10.5})


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
