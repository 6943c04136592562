"""The stages that a campaign can compute, as data: the table each fills, and what its protocols are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from compute.protocols import HARMONIC_PROTOCOLS, SAMPLING_NAMES, Protocol, sampling_protocol
from compute.suites import SUITES
from compute.tables.schemas import KEYS


@dataclass(frozen=True)
class Stage:
    """`protocols` are the names to choose from; `default` and `protocol` give the name and the settings in a suite."""

    name: str
    table: str
    protocols: tuple[str, ...]
    default: Callable[[str], str]
    protocol: Callable[[str, str], Protocol]

    @property
    def replaces(self) -> tuple[str, ...]:
        """Columns that new rows have in common with the rows they are published in place of."""
        return tuple(column for column in KEYS[self.table] if column not in ("run", "compound"))


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            name="harmonic",
            table="harmonic",
            protocols=tuple(HARMONIC_PROTOCOLS),
            default=lambda suite: SUITES[suite].protocol,
            protocol=lambda name, suite: HARMONIC_PROTOCOLS[name],
        ),
        Stage(
            name="sigma",
            table="anharmonic",
            protocols=SAMPLING_NAMES,
            default=lambda suite: "published",
            protocol=sampling_protocol,
        ),
    )
}
