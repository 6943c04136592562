"""Which potentials have results, and how far each suite is covered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compute.suites import COMPARED, SUITES
from dashboard.dataset import Dataset
from dashboard.views.codec import ANIONS


@dataclass(frozen=True)
class Coverage:
    """Compounds of one suite by the status that one potential gave them; `counts` is empty when never computed.

    `sigma_counts` and `sigma_protocol` are the same for σ at 300 K.
    """

    suite: str
    potential: str
    geometry: str | None
    n: int
    counts: Mapping[str, int]
    sigma_counts: Mapping[str, int]
    sigma_protocol: str | None

    @property
    def ok(self) -> int:
        """Compounds with a result."""
        return self.counts.get("ok", 0)

    @property
    def not_run(self) -> int:
        """Compounds that the campaign has not reached."""
        return self.counts.get("not-run", 0)

    @property
    def failures(self) -> dict[str, int]:
        """Compounds per kind of failure, most frequent first."""
        failed = {k: n for k, n in self.counts.items() if k not in ("ok", "not-run")}
        return dict(sorted(failed.items(), key=lambda item: -item[1]))


def potential_names(dataset: Dataset) -> dict[str, str]:
    """Name for people by potential id: every registered potential, then any that only has results."""
    frame = dataset.frame(
        "SELECT potential, name FROM potentials UNION ALL "
        "SELECT DISTINCT potential, potential FROM chosen ANTI JOIN potentials USING (potential)"
    )
    return dict(zip(frame["potential"], frame["name"], strict=True))


def benchmark_potentials(dataset: Dataset) -> list[str]:
    """Registered potentials that belong to the published benchmark."""
    names: list[str] = dataset.frame("SELECT potential FROM potentials WHERE benchmark")["potential"].tolist()
    return names


def distilled(dataset: Dataset) -> dict[str, str]:
    """Teacher by potential that was distilled from one, by size of training set: these are no foundation models."""
    frame = dataset.frame(
        "SELECT potential, teacher FROM potentials WHERE category = 'distilled' ORDER BY training_structures, potential"
    )
    return dict(zip(frame["potential"], frame["teacher"], strict=True))


def foundation(dataset: Dataset, potentials: Iterable[str]) -> list[str]:
    """Those of `potentials` that are ranked and shown unasked: all but distilled ones, a study of their own."""
    taught = distilled(dataset)
    return [potential for potential in potentials if potential not in taught]


def foundation_first(dataset: Dataset, potentials: Iterable[str]) -> list[str]:
    """`potentials` in their order, those that were distilled last and by size of training set."""
    rank = {potential: place for place, potential in enumerate(distilled(dataset), start=1)}
    return sorted(potentials, key=lambda potential: rank.get(potential, 0))


def potentials_with_results(dataset: Dataset, suite: str) -> list[str]:
    """Potentials with at least one calculation in `suite`, the one with most results first; distilled ones last."""
    frame = dataset.frame(
        "SELECT potential FROM pairs WHERE suite = $suite AND status <> 'not-run' GROUP BY potential "
        "ORDER BY count(*) FILTER (status = 'ok') DESC, potential",
        {"suite": suite},
    )
    return foundation_first(dataset, frame["potential"])


def geometry(dataset: Dataset, suite: str, potential: str) -> str | None:
    """Geometry of the run that answers for `suite` and `potential`: reference, relaxed or none."""
    frame = dataset.frame(
        "SELECT geometry FROM chosen WHERE suite = $suite AND potential = $potential",
        {"suite": suite, "potential": potential},
    )
    return None if frame.empty else str(frame["geometry"].iloc[0])


def coverage(dataset: Dataset) -> list[Coverage]:
    """One entry per suite and potential, in the order of the suites and of the registry."""
    frame = dataset.frame(
        "SELECT suite, potential, any_value(geometry) AS geometry, any_value(sigma_protocol) AS sigma_protocol, "
        "histogram(status) AS counts, histogram(sigma_status) AS sigma_counts "
        "FROM pairs WHERE potential IS NOT NULL GROUP BY suite, potential"
    )
    found = {(row.suite, row.potential): row for row in frame.itertuples(index=False)}
    entries = []
    for suite in (SUITES[id] for id in COMPARED):
        for potential in potential_names(dataset):
            row = found.get((suite.id, potential))
            if row is None:
                entries.append(Coverage(suite.id, potential, None, suite.size, {}, {}, None))
                continue
            counts, sigma_counts = dict(row.counts), dict(row.sigma_counts)
            protocol = row.sigma_protocol if isinstance(row.sigma_protocol, str) else None
            entries.append(
                Coverage(
                    suite=suite.id,
                    potential=potential,
                    geometry=row.geometry if isinstance(row.geometry, str) else None,
                    n=sum(counts.values()),
                    counts=counts,
                    sigma_counts=sigma_counts if protocol else {},
                    sigma_protocol=protocol,
                )
            )
    return entries


def anions(dataset: Dataset, suite: str) -> list[str]:
    """Anions that occur on the X site of `suite`, in the order of the periodic table's groups."""
    frame = dataset.frame(
        'SELECT DISTINCT X FROM "references" WHERE suite = $suite AND X IS NOT NULL', {"suite": suite}
    )
    present = set(frame["X"])
    return [anion for anion in ANIONS if anion in present]
