"""Labels of a suite at several displacements, from the softest mode frozen in at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.dataset import Dataset

_RUNGS = """
SELECT p.potential, h.rung_amplitude AS amplitudes, h.rung_omega_thz AS omegas, p.dft_omega_min_thz AS dft
FROM pairs p JOIN harmonic h USING (run, suite, compound, potential, geometry)
WHERE p.suite = $suite AND list_contains($potentials, p.potential) AND p.dft_omega_min_thz IS NOT NULL
    AND len(h.rung_omega_thz) > 1
    AND (len($anion) = 0 OR list_contains($anion, p.X)) AND (NOT $comparable OR p.comparable_level)
ORDER BY p.potential, p.compound
"""


@dataclass(frozen=True)
class Climbed:
    """One potential at R displacements `amplitudes` (R,) in Å, of the largest atom.

    Of the compounds that DFT calls stable and unstable, `n` (2,) in that order, how many it calls stable at each
    displacement, `stable` (2, R); `turned` (2,) change their label on the way.
    """

    potential: str
    amplitudes: NDArray[np.float64]
    n: NDArray[np.int64]
    stable: NDArray[np.int64]
    turned: NDArray[np.int64]


def climbed(
    dataset: Dataset,
    suite: str,
    potentials: Sequence[str],
    tolerance_thz: float,
    anion: Sequence[str] = (),
    *,
    comparable: bool = False,
) -> list[Climbed]:
    """The potentials whose labels were made along a ladder, over the compounds that DFT decides; the most usual rungs.

    A compound with other rungs than most is left out. `comparable` restricts to what is at the same level of theory.
    """
    rows = dataset.frame(
        _RUNGS,
        {"suite": suite, "potentials": list(potentials), "anion": list(anion), "comparable": comparable},
    )
    found = []
    for potential in potentials:
        own = rows[rows["potential"] == potential]
        if own.empty:
            continue
        heights = own["amplitudes"].map(lambda values: tuple(np.round(np.asarray(values, float), 4)))
        usual = heights.mode().iloc[0]
        kept = own[heights == usual]
        says = np.stack([np.asarray(values, float) for values in kept["omegas"]]) > -tolerance_thz
        truth = kept["dft"].to_numpy(float) > -tolerance_thz
        classes = np.stack([truth, ~truth])
        found.append(
            Climbed(
                potential=potential,
                amplitudes=np.array(usual),
                n=classes.sum(axis=1),
                stable=classes.astype(np.int64) @ says.astype(np.int64),
                turned=classes.astype(np.int64) @ (says != says[:, :1]).any(axis=1).astype(np.int64),
            )
        )
    return found
