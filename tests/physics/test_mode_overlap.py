"""Which DFT mode a potential's mode is: analytic cases."""

from __future__ import annotations

import numpy as np
import pytest

from compute.physics.bands import PrimitiveCrystal, modes
from compute.physics.mode_overlap import likest, likest_pattern


def turned(angle: float) -> np.ndarray:
    """The first two of three axes turned by `angle`; rows are modes."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])


def test_modes_in_another_order_are_found_by_their_pattern():
    omegas, vectors = [1.0, 2.0, 3.0], np.eye(3)[[2, 0, 1]]
    found = likest([1, 0, 0], omegas, vectors)
    assert (found.branches, found.omega, found.overlap) == ((1,), 2.0, pytest.approx(1.0))


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 4])
def test_the_overlap_with_a_mode_that_is_apart_is_the_cosine(angle):
    found = likest(turned(angle)[0], [1.0, 2.0, 3.0], np.eye(3))
    assert found.overlap == pytest.approx(np.cos(angle))


@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 4, 1.3])
def test_of_a_degenerate_pair_any_mixture_is_a_mode_so_the_overlap_is_whole(angle):
    found = likest([0.6, 0.8j, 0], [2.0, 2.0, 3.0], turned(angle))
    assert found.branches == (0, 1)
    assert found.overlap == pytest.approx(1.0)
    # The mixture in phase with what was given, not one of the two that the eigensolver happened to choose.
    assert found.vector == pytest.approx(np.array([0.6, 0.8j, 0]))


def test_a_mode_partly_outside_the_degenerate_pair_is_projected_into_it():
    found = likest([0.48, 0.64, 0.6], [-1.0, -1.0, 3.0], turned(0.7))
    assert found.overlap == pytest.approx(0.8)
    assert found.vector == pytest.approx(np.array([0.6, 0.8, 0]))


def crystal(springs: np.ndarray, masses: list[float]) -> PrimitiveCrystal:
    """Two atoms on springs of their own; `springs` (2, 3) in eV/Å²."""
    constants = np.zeros((2, 2, 1, 1, 1, 3, 3))
    for i in range(2):
        constants[i, i, 0, 0, 0] = np.diag(springs[i])
    return PrimitiveCrystal(4 * np.eye(3), np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), np.array(masses), constants)


def test_a_pattern_is_found_again_in_a_crystal_whose_branches_are_in_another_order():
    model = crystal(np.array([[1.0, 1.0, 4.0], [9.0, 9.0, 9.0]]), [100.0, 20.0])
    reference = crystal(np.array([[5.0, 5.0, 3.0], [9.0, 9.0, 9.0]]), [100.0, 20.0])
    _, patterns = modes(model, (0.5, 0, 0))
    found, moved = likest_pattern(patterns[0], model.masses, reference, (0.5, 0, 0))
    # The softest of the model lies in the plane; in the reference the out-of-plane mode is softer.
    assert found.branches == (1, 2)
    assert found.overlap == pytest.approx(1.0)
    assert np.abs(moved) == pytest.approx(np.abs(patterns[0]), abs=1e-9)
