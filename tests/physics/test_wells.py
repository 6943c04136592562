"""Terms of a well from its energies and forces."""

from __future__ import annotations

import numpy as np
import pytest

from compute.physics.wells import fit, quartic_alone

Q = np.array([0.4, 0.3, 0.2, 0.1, 0.0])


def well(k: float, q: float, s: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    return k * Q**2 / 2 + q * Q**4 / 4 + s * Q**6 / 6, -(k * Q + q * Q**3 + s * Q**5)


def test_a_quartic_well_gives_its_quartic_term_back():
    energies, forces = well(-2.0, 9.0)
    assert quartic_alone(Q, energies + 5, forces) == pytest.approx(9)
    assert fit(Q, energies, forces).quartic == pytest.approx(9)


def test_alone_the_quartic_term_is_known_better_than_beside_a_sextic_one():
    rng = np.random.default_rng(0)
    energies, forces = well(-2.0, 9.0)
    noisy = [forces + rng.normal(scale=0.02, size=len(Q)) for _ in range(300)]
    alone = np.std([quartic_alone(Q, energies, f) for f in noisy])
    assert np.std([fit(Q, energies, f).quartic for f in noisy]) > 3 * alone
