"""DFT's mode beside a potential's, on a compound's page and over live results: assigned by pattern, not by order."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from compute import tables
from compute.physics.phonons import THZ_PER_ROOT
from dashboard.dataset import Dataset
from dashboard.pages.compound import page
from dashboard.pages.recompute.phonons import LiveSet, phonons
from dashboard.queries.bands import EFFECTIVE, bands, bands_of_dft, counterpart, mode
from dashboard.ui.structure import VIEWER
from tests.support import dashboard_data, dft_modes
from tests.support.components import nodes, words
from tests.support.dashboard_data import CHGNET, MACE

PEROVSKITE = "cubic-perovskite"


@pytest.fixture(scope="module")
def with_dft(tmp_path_factory) -> Dataset:
    return Dataset(dft_modes.publish(tmp_path_factory.mktemp("dft")))


def omega(spring: float) -> float:
    return THZ_PER_ROOT * float(np.sqrt(spring / 100))


def test_the_mode_of_dft_is_the_one_of_the_same_atom(with_dft):
    shown = next(b for b in bands(with_dft, "abx3", "CsPbI3", PEROVSKITE) if b.potential == CHGNET)
    dft = bands_of_dft(with_dft, "abx3", "CsPbI3", PEROVSKITE)
    moving = mode(shown, "R", "1")
    other = counterpart(moving, shown, dft)
    assert (moving.omega, other.mode.omega) == (pytest.approx(omega(1.0)), pytest.approx(omega(4.0)))
    # The triplet of the corner atom: modes 4 to 6 of DFT, of which the mixture like the potential's is drawn.
    assert (other.mode.branch, other.degeneracy, other.overlap) == (4, 3, pytest.approx(1.0))
    np.testing.assert_allclose(other.mode.pattern, moving.pattern, atol=1e-6)
    assert counterpart(moving, shown, None) is None
    # Force constants at temperature are another quantity than DFT's harmonic ones.
    assert counterpart(moving, replace(shown, kind=EFFECTIVE), dft) is None


def test_the_page_moves_dfts_mode_beside_the_potentials(with_dft):
    shown = page.PAGE.show(
        with_dft, {"fc": f"{CHGNET}~harmonic~reference-geometry", "q": "R"}, suite="abx3", compound="CsPbI3"
    )
    (second,) = [node for node in nodes(shown) if getattr(node, "id", None) == f"{VIEWER}-second"]
    first = next(node for node in nodes(shown) if getattr(node, "id", None) == VIEWER)
    patterns = [json.loads(getattr(node, "data-mode")) for node in (first, second)]
    assert [pattern["q"] for pattern in patterns] == [[0.5, 0.5, 0.5]] * 2
    assert [pattern["omega"] for pattern in patterns] == [pytest.approx(omega(v), abs=1e-3) for v in (1.0, 4.0)]
    said = words(shown)
    assert f"DFT: {omega(4.0):.2f} THz against {omega(1.0):.2f} THz, in modes 4–6, degenerate, of 15" in said
    assert "|⟨DFT|potential⟩| = 1.00. DFT here: our own, PBE, invented." in said


def test_nothing_stands_beside_it_without_dfts_force_constants(dataset):
    shown = page.PAGE.show(dataset, {}, suite="abx3", compound="CsPbI3")
    assert not [node for node in nodes(shown) if getattr(node, "id", None) == f"{VIEWER}-second"]
    assert "|⟨DFT|potential⟩|" not in words(shown)


def test_a_live_result_is_held_against_dft_too(with_dft):
    shown = next(b for b in bands(with_dft, "abx3", "CsPbI3", PEROVSKITE) if b.potential == CHGNET)
    live = LiveSet("job", "Chgnet-Test", shown, dft=bands_of_dft(with_dft, "abx3", "CsPbI3", PEROVSKITE))
    assert "|⟨DFT|potential⟩| = 1.00" in words(phonons([live], {}))
    assert "|⟨DFT|potential⟩|" not in words(phonons([replace(live, dft=None)], {}))


def test_stored_modes_stand_beside_dfts_and_follow_the_address(dataset, tmp_path):
    """A made-up pair of one atom: its second mode at X is DFT's third."""
    directory = dashboard_data.publish(tmp_path)
    axes = [[[float(i == k), 0.0] for i in range(3)] for k in range(3)]
    patterns = [axes, axes]
    of_dft = [[axes[0], axes[2], axes[1]], axes]
    row = {
        "suite": "mp0b3", "compound": "mp-1", "potential": MACE, "symbols": ["Na"], "n_modes": 3,
        "lattice": (4 * np.eye(3)).ravel().tolist(), "positions": [0.0] * 3,
        "dft_lattice": (4.1 * np.eye(3)).ravel().tolist(), "dft_positions": [0.0] * 3,
        "q": [0.5, 0, 0, 0, 0, 0], "omegas": [-1.0, 2.0, 3.0, 0, 0, 0], "dft_omegas": [-0.5, 1.0, 2.5, 0, 0, 0],
        "overlap": [1.0, 0.9, 0.8, 1.0, 1.0, 1.0], "dft_branch": [1, 3, 2, 1, 1, 1],
        "dft_degeneracy": [1, 1, 1, 3, 3, 3], "pattern": np.ravel(patterns).tolist(),
        "dft_pattern": np.ravel(of_dft).tolist(),
    }  # fmt: skip
    with tables.publishing(directory) as publication:
        publication.upsert("mode_pairs", [row])
    shown = page.PAGE.show(Dataset(directory), {"m": "2"}, suite="mp0b3", compound="mp-1")
    said = words(shown)
    assert "2.00 THz at ½00 (½ 0 0), mode 2 of 3" in said
    assert "DFT: 2.50 THz against 2.00 THz, in mode 3 of 3" in said
    assert "|⟨DFT|potential⟩| = 0.90" in said
    first, second = (
        json.loads(getattr(node, "data-mode"))
        for identity in (VIEWER, f"{VIEWER}-second")
        for node in nodes(shown)
        if getattr(node, "id", None) == identity
    )
    assert (first["real"], second["real"]) == ([[0, 1, 0]], [[0, 0, 1]])
    # Its softest mode is what is shown unasked, and what the address leaves out.
    unasked = page.PAGE.show(Dataset(directory), {}, suite="mp0b3", compound="mp-1")
    assert "−1.00 THz at ½00 (½ 0 0), mode 1 of 3" in words(unasked)
    assert "Structure and modes" not in words(page.PAGE.show(dataset, {}, suite="mp0b3", compound="mp-1"))
