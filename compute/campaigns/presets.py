"""Named sets of campaigns that belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from compute.campaigns.plan import PlanError
from compute.potentials.registry import entries


@dataclass(frozen=True)
class Part:
    """One campaign of a preset; its protocol is the default of its stage in its suite."""

    suite: str
    potential: str
    stage: str


@dataclass(frozen=True)
class Preset:
    """Every one of `potentials` over every one of `suites` in every one of `stages`; `about` says it in words."""

    about: str
    potentials: Callable[[], tuple[str, ...]]
    suites: tuple[str, ...]
    stages: tuple[str, ...]

    def parts(self, suite: str | None = None, potential: str | None = None, stage: str | None = None) -> list[Part]:
        """Its campaigns in order, or those of them that a choice leaves; raises `PlanError` when none is left."""
        found = [
            part
            for part in self._all()
            if (suite or part.suite, potential or part.potential, stage or part.stage)
            == (part.suite, part.potential, part.stage)
        ]
        if not found:
            raise PlanError(
                f"the preset has suites {', '.join(self.suites)}, stages {', '.join(self.stages)} and potentials"
                f" {', '.join(self.potentials())}"
            )
        return found

    def _all(self) -> Iterator[Part]:
        for stage in self.stages:
            for suite in self.suites:
                for potential in self.potentials():
                    yield Part(suite, potential, stage)


PRESETS = {
    "pccp2026": Preset(
        about="the four MACE models of doi:10.1039/d5cp04693a over both suites, harmonic and σ as published",
        potentials=lambda: tuple(entry.id for entry in entries().values() if entry.benchmark),
        suites=("abx3", "hdp"),
        stages=("harmonic", "sigma"),
    )
}
