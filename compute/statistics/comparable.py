"""What may be compared with what: the one definition of a frequency of the potential against the published one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# The source of abx3 lists the softest mode at Γ with the acoustic modes, so a compound without an imaginary mode has 0
# there, and at most 0 as its minimum. The potential's modes are without them: to compare like with like, both sides
# are cut at 0.
CUT_AT_ZERO = frozenset({("abx3", "gamma"), ("abx3", "min")})


def comparable(omega_thz: ArrayLike, suite: str, place: str) -> NDArray[np.float64]:
    """ω in THz of either side as it enters a comparison in `suite` at `place` (gamma, r, m, x, l or min)."""
    omega = np.asarray(omega_thz, float)
    return np.minimum(omega, 0) if (suite, place) in CUT_AT_ZERO else omega
