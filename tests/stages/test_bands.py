"""Bands and modes agree with phonopy at any q, and the path is the one of the Brillouin zone."""

from __future__ import annotations

import numpy as np
import pytest

from compute import tables
from compute.physics.bands import Path, PrimitiveCrystal, frequencies, modes, path
from compute.physics.phonons import signed_square
from compute.stages import phonons
from compute.structures.compounds import identify
from compute.suites import SUITES
from tests.support.pair_potential import PairPotential

A = {"abx3": 3.9, "hdp": 11.3}


@pytest.fixture(scope="module", params=["abx3", "hdp"])
def crystal(request):
    """Suite, phonopy object of a pair crystal in 2×2×2 cells, the same as arrays, and its path."""
    suite = request.param
    compound = identify({"abx3": "SrTiO3", "hdp": "Cs2AgBiBr6"}[suite], suite)
    unit = compound.structure(A[suite], None if suite == "abx3" else 0.252)
    plan = phonons.symmetric_plan(unit, 2, 0.01)
    phonon = phonons.phonopy_of(unit, plan.template.supercell_matrix, symmetry=False)
    results = PairPotential().evaluate(phonons.displaced(phonon, plan.displacements))
    phonon.force_constants = phonons.solve(plan, np.array([result.forces for result in results])).values
    compact = PrimitiveCrystal(
        phonon.unitcell.cell,
        phonon.unitcell.scaled_positions,
        phonon.unitcell.masses,
        phonons.by_cell(phonon, phonon.force_constants),
    )
    return suite, phonon, compact, path(SUITES[suite].prototype, phonon.unitcell.cell)


def corners(result: Path) -> list[tuple[str, float]]:
    return [(label, d) for label, d in zip(result.labels, result.distances, strict=True) if label]


def test_the_path_has_the_lengths_of_the_zone(crystal):
    suite, _, _, result = crystal
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
    suite, phonon, compact, result = crystal
    names = {"Γ": "gamma"} | {label: label.lower() for label in "XMRL"}
    stars = SUITES[suite].q_points
    checked = 0
    for label, omega in zip(result.labels, frequencies(compact, result.q), strict=True):
        if names.get(label) in stars:
            star = phonons.frequencies(phonon, stars[names[label]])
            assert star == pytest.approx(np.broadcast_to(omega, star.shape), abs=1e-5)
            checked += 1
    assert checked == {"abx3": 8, "hdp": 4}[suite]


def test_bands_are_continuous_except_where_the_path_breaks(crystal):
    suite, _, compact, result = crystal
    squares = signed_square(frequencies(compact, result.q))  # ω itself is steep where it turns imaginary
    along = np.diff(result.distances) > 0
    jump = np.abs(np.diff(squares, axis=0)).max(axis=1)
    assert jump[along].max() < 0.1 * np.ptp(squares)
    assert np.sum(~along) == {"abx3": 1, "hdp": 0}[suite]


def test_acoustic_modes_start_at_zero_and_rise_in_proportion(crystal):
    _, _, compact, result = crystal
    lowest = np.sort(np.abs(frequencies(compact, result.q[:3])), axis=1)[:, :3]
    assert lowest[0] == pytest.approx(0, abs=1e-3)
    assert lowest[2] == pytest.approx(2 * lowest[1], rel=0.05)


def test_any_q_has_the_frequencies_of_phonopy(crystal):
    _, phonon, compact, _ = crystal
    q = np.random.default_rng(1).uniform(-1, 1, (20, 3))
    expected = phonons.frequencies(phonon, q)
    assert signed_square(frequencies(compact, q)) == pytest.approx(signed_square(expected), abs=1e-6, rel=1e-6)


def test_a_mode_moves_the_supercell_as_its_frequency_says(crystal):
    """Frozen into the supercell, u of a mode meets the forces −m ω² u."""
    _, phonon, compact, result = crystal
    cell = phonon.supercell
    atom = np.array([cell.u2u_map[index] for index in cell.s2u_map])
    where = cell.positions @ np.linalg.inv(compact.lattice)
    checked = 0
    for label, q in zip(result.labels, result.q, strict=True):
        if label not in ("Γ", "X", "R", "L"):
            continue
        omega, patterns = modes(compact, q)
        for square, pattern in zip(signed_square(omega), patterns, strict=True):
            u = np.real(pattern[atom] * np.exp(2j * np.pi * where @ q)[:, None])
            forces = -np.einsum("ijab,jb->ia", phonon.force_constants, u)
            factor = square / 15.633302**2
            assert forces == pytest.approx(-factor * cell.masses[:, None] * u, abs=1e-6)
            checked += 1
    assert checked >= 30


def test_force_constants_fit_their_table(crystal):
    suite, _, compact, _ = crystal
    stored = tables.from_rows("force_constants", [_row(suite, compact)]).to_pylist()[0]
    n, s = len(stored["masses"]), stored["repeats"]
    again = np.array(stored["constants"]).reshape(n, n, s, s, s, 3, 3)
    assert again == pytest.approx(compact.constants, abs=1e-5)


def _row(suite: str, compact: PrimitiveCrystal) -> dict[str, object]:
    return {
        "run": "run", "suite": suite, "compound": "invented", "potential": "pair", "kind": "harmonic",
        "protocol": "relaxed-geometry", "geometry": "relaxed", "symbols": ["X"] * len(compact.masses),
        "masses": compact.masses.tolist(), "positions": compact.positions.ravel().tolist(),
        "lattice": compact.lattice.ravel().tolist(), "repeats": 2, "constants": compact.constants.ravel().tolist(),
    }  # fmt: skip
