"""Bands agree with the frequencies at the suite's q points, and the path is the one of the Brillouin zone."""

from __future__ import annotations

import numpy as np
import pytest

from compute import tables
from compute.physics.phonons import signed_square
from compute.protocols import SUITES
from compute.runs.rows import bands_row
from compute.stages import phonons
from compute.stages.bands import Bands, bands
from compute.structures.compounds import identify
from tests.pair_potential import PairPotential

A = {"abx3": 3.9, "hdp": 11.3}


@pytest.fixture(scope="module", params=["abx3", "hdp"])
def crystal(request):
    """Suite, phonopy object of a pair crystal in 2×2×2 cells, and its bands."""
    suite = request.param
    radii = {"Sr": 1.35, "Ti": 0.55, "O": 1.4, "Cs": 1.8, "Ag": 1.1, "Bi": 1.0, "Br": 1.8}
    compound = identify({"abx3": "SrTiO3", "hdp": "Cs2AgBiBr6"}[suite], suite)
    unit = compound.structure(A[suite], None if suite == "abx3" else 0.252)
    plan = phonons.symmetric_plan(unit, 2, 0.01)
    phonon = phonons.phonopy_of(unit, plan.template.supercell_matrix, symmetry=False)
    results = PairPotential(radii).evaluate(phonons.displaced(phonon, plan.displacements))
    phonon.force_constants = phonons.solve(plan, np.array([result.forces for result in results])).values
    return suite, phonon, bands(phonon, SUITES[suite].prototype)


def corners(result: Bands) -> list[tuple[str, float]]:
    return [(label, d) for label, d in zip(result.labels, result.distances, strict=True) if label]


def test_the_path_has_the_lengths_of_the_zone(crystal):
    suite, _, result = crystal
    root = np.sqrt
    # In 1/a: edges of the cube of Pm-3m; distances on the truncated octahedron of Fm-3m.
    expected = {
        "abx3": ("ΓXMΓRXRM", [0.5, 0.5, root(2) / 2, root(3) / 2, root(2) / 2, 0, 0.5]),
        "hdp": ("ΓXWKΓL", [1, 0.5, root(2) / 4, 3 * root(2) / 4, root(3) / 2]),
    }[suite]
    names, distances = zip(*corners(result), strict=True)
    assert "".join(names) == expected[0]
    assert np.diff(distances) * A[suite] == pytest.approx(expected[1])


def test_special_points_have_the_frequencies_of_their_star(crystal):
    suite, phonon, result = crystal
    names = {"Γ": "gamma"} | {label: label.lower() for label in "XMRL"}
    stars = SUITES[suite].q_points
    checked = 0
    for label, frequencies in zip(result.labels, result.frequencies, strict=True):
        if names.get(label) in stars:
            star = phonons.frequencies(phonon, stars[names[label]])
            assert star == pytest.approx(np.broadcast_to(frequencies, star.shape), abs=1e-5)
            checked += 1
    assert checked == {"abx3": 8, "hdp": 4}[suite]


def test_bands_are_continuous_except_where_the_path_breaks(crystal):
    suite, _, result = crystal
    squares = signed_square(result.frequencies)  # ω itself is steep where it turns imaginary
    along = np.diff(result.distances) > 0
    jump = np.abs(np.diff(squares, axis=0)).max(axis=1)
    assert jump[along].max() < 0.1 * np.ptp(squares)
    assert np.sum(~along) == {"abx3": 1, "hdp": 0}[suite]


def test_acoustic_modes_start_at_zero_and_rise_in_proportion(crystal):
    _, _, result = crystal
    lowest = np.sort(np.abs(result.frequencies[:3]), axis=1)[:, :3]
    assert lowest[0] == pytest.approx(0, abs=1e-3)
    assert lowest[2] == pytest.approx(2 * lowest[1], rel=0.05)


def test_bands_fit_their_table(crystal):
    suite, _, result = crystal
    key = {"suite": suite, "compound": "invented", "source": "pair", "kind": "harmonic"}
    (row,) = tables.from_rows("bands", [{**key, **bands_row(result)}]).to_pylist()
    assert np.array(row["frequencies_thz"]) == pytest.approx(result.frequencies, abs=1e-5)
    assert row["labels"] == list(result.labels)
    assert np.array(row["q"]) == pytest.approx(result.q)
    assert row["distances"] == pytest.approx(result.distances)
