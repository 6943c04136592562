"""Foundation potentials against DFT's force constants, computed once per release."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from compute.tables.against_dft import AgainstDft, against_dft, to_plain
from dashboard.dataset import Dataset


def leaderboard(dataset: Dataset, suite: str) -> AgainstDft:
    """The table of `suite`, the potential with the smallest median error of the force constants first."""
    return _leaderboard(dataset, dataset.release(), suite)


@lru_cache(maxsize=16)
def _leaderboard(dataset: Dataset, release: str, suite: str) -> AgainstDft:
    return against_dft(dataset.frame, suite)


@lru_cache(maxsize=16)
def plain(dataset: Dataset, release: str, suite: str) -> dict[str, Any]:
    """The same as JSON."""
    return to_plain(_leaderboard(dataset, release, suite), dataset.frame)


def training_sets(dataset: Dataset) -> dict[str, str]:
    """Training data by potential."""
    frame = dataset.frame("SELECT potential, training_set FROM potentials")
    return dict(zip(frame["potential"], frame["training_set"], strict=True))
