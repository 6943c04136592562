"""What is known of each potential: who made it, how far it has been run, and what a force call costs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from compute.costs import ForceCallCosts, read_costs
from compute.settings import costs_file
from compute.tables.pairs import LOCAL
from dashboard.dataset import Dataset
from dashboard.records import records

WEIGHTS = (".model", ".pt", ".pth", ".tar")
_LEVEL = re.compile(r"\b(r2SCAN|SCAN|PBEsol|PBE0|PBE|HSE06|LDA)\b")


@dataclass(frozen=True)
class Covered:
    """Compounds of one suite by the status that one stage (harmonic or sigma) gave them."""

    suite: str
    stage: str
    protocol: str
    n: int
    ok: int
    not_run: int
    failures: Mapping[str, int]


@dataclass(frozen=True)
class Card:
    """One potential: `facts` is its row of the table `potentials`, None where empty.

    `costs` is the time of a force call in µs per atom, by number of atoms; empty where it was not measured.
    """

    potential: str
    facts: Mapping[str, Any]
    covered: tuple[Covered, ...]
    costs: Mapping[int, float]

    @property
    def computed(self) -> bool:
        """Whether anything was attempted with it."""
        return any(entry.not_run < entry.n for entry in self.covered)

    @property
    def packaged(self) -> bool:
        """Whether the weights come with a package, so that nothing has to be fetched."""
        return not str(self.facts["source"]).endswith(WEIGHTS)

    @property
    def permissive(self) -> bool:
        """Whether the weights may be fetched without accepting terms beyond keeping a notice."""
        licence = str(self.facts["licence"])
        return licence == "MIT" or licence.startswith("BSD-")


def level_of_theory(text: str) -> str | None:
    """The functional that `text` names, such as PBE in "PBE (VASP, 520 eV)"; None where it is none that is known."""
    found = _LEVEL.search(text)
    return found.group(1) if found else None


def other_levels(trained: Mapping[str, str], published: Iterable[str]) -> dict[str, str]:
    """The functional of the training data by potential, for those where it is known to be another than DFT's.

    `trained` and `published` hold what the tables say of training data and of published numbers.
    """
    theirs = {level_of_theory(text) for text in published} - {None}
    levels = {potential: level_of_theory(text) for potential, text in trained.items()}
    return {potential: level for potential, level in levels.items() if level and theirs and theirs != {level}}


def trained_on(dataset: Dataset) -> dict[str, str]:
    """Functional of the training data by registered potential, as its authors state it."""
    frame = dataset.frame("SELECT potential, functional FROM potentials")
    return dict(zip(frame["potential"], frame["functional"], strict=True))


def reference_functionals(dataset: Dataset) -> dict[str, list[str]]:
    """Per suite the functionals of its published numbers, as their sources state them, most frequent first."""
    frame = dataset.frame(
        'SELECT suite, functional FROM "references" GROUP BY ALL ORDER BY suite, count(*) DESC, functional'
    )
    return {str(suite): rows["functional"].tolist() for suite, rows in frame.groupby("suite")}


def cards(dataset: Dataset) -> list[Card]:
    """Every registered potential: those with results first, then in the order of the registry."""
    return list(_cards(dataset, dataset.release()))


@lru_cache(maxsize=4)
def _cards(dataset: Dataset, release: str) -> tuple[Card, ...]:
    rows = dataset.frame(f"SELECT *, potential IN (SELECT potential FROM {LOCAL}) AS local FROM potentials")
    covered, costs = _covered(dataset), measured_costs()
    found = [
        Card(
            potential=row["potential"],
            facts=row,
            covered=tuple(entry for name, entry in covered if name == row["potential"]),
            costs=costs.us_per_atom.get(row["potential"], {}) if costs else {},
        )
        for row in records(rows)
    ]
    return tuple(sorted(found, key=lambda card: not card.computed))


@lru_cache(maxsize=1)
def measured_costs() -> ForceCallCosts | None:
    """What force calls cost, from one run of all potentials on one machine; None where there was none."""
    return read_costs(costs_file())


def taken_apart(dataset: Dataset) -> set[str]:
    """Potentials with a well, an attribution or σ."""
    return set(
        dataset.frame(
            "SELECT potential FROM attribution UNION SELECT source FROM wells UNION SELECT potential FROM anharmonic"
        )["potential"]
    )


def _covered(dataset: Dataset) -> list[tuple[str, Covered]]:
    frame = dataset.frame(
        "SELECT potential, suite, 'harmonic' AS stage, protocol, status, count(*) AS n FROM pairs "
        "WHERE run IS NOT NULL GROUP BY ALL UNION ALL "
        "SELECT potential, suite, 'sigma', sigma_protocol, sigma_status, count(*) FROM pairs "
        "WHERE sigma_run IS NOT NULL GROUP BY ALL ORDER BY potential, suite, stage, status"
    )
    found = []
    for (potential, suite, stage, protocol), rows in frame.groupby(["potential", "suite", "stage", "protocol"]):
        counts = {str(status): int(n) for status, n in zip(rows["status"], rows["n"], strict=True)}
        failures = {status: n for status, n in counts.items() if status not in ("ok", "not-run")}
        found.append(
            (
                str(potential),
                Covered(
                    str(suite), str(stage), str(protocol), sum(counts.values()), counts.get("ok", 0),
                    counts.get("not-run", 0), failures,
                ),
            )
        )  # fmt: skip
    return found
