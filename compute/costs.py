"""What a force call costs: of all potentials, measured in one run on one machine by `softmode bench --costs`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

SIZES = (10, 40, 80, 320)
"""Atoms of the crystals that are timed."""


class ForceCallCosts(BaseModel):
    """`us_per_atom` is by potential and number of atoms the median time of a call, in µs per atom; `refused` says why
    a potential was not measured. `measured` is the time at the end, `compound` what the crystals are made of."""

    model_config = ConfigDict(frozen=True)

    hardware: str
    cores: int
    threads: int
    dtype: str
    compound: str
    calls: int
    measured: str
    versions: Mapping[str, str]
    us_per_atom: Mapping[str, Mapping[int, float]]
    refused: Mapping[str, str]

    @property
    def where(self) -> str:
        """In words: what was measured, and on what machine."""
        thread = "one thread" if self.threads == 1 else f"{self.threads} threads"
        return (
            f"{self.compound} in {self.dtype}, {thread} of {self.hardware} with {self.cores} cores, medians of "
            f"{self.calls} calls, all potentials in one run that ended {self.measured[:10]}"
        )


def read_costs(path: Path) -> ForceCallCosts | None:
    """The costs in the file `path`; None where nothing was measured. Raises `ValueError` for another file."""
    return ForceCallCosts.model_validate_json(path.read_bytes()) if path.is_file() else None
