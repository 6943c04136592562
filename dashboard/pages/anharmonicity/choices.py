"""What can be compared of the anharmonicity of a suite: protocols, potentials, and what DFT publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from compute.statistics.strata import EDGES, MIDDLE, STRONG, WEAK
from dashboard.dataset import Dataset
from dashboard.queries.coverage import foundation_first
from dashboard.views.anharmonicity import AnharmonicityView

STRATUM = "stratum"
LEVEL_COLUMN, COMPARABLE, OTHER = "level", "comparable", "other"
"""Whether potential and DFT mean the same level of theory: the column and its two labels."""
SITE_COLUMNS = ("A", "B", "Bp", "X")
DFT_COLUMNS = {"sigma": "sigma", "omega": "omega_min_thz"}
"""Column of the published DFT, by quantity."""

FILTERS = """
    r.suite = $suite AND (len($anion) = 0 OR list_contains($anion, r.X))
    AND (len($a_site) = 0 OR list_contains($a_site, r.A))
"""
_PUBLISHED = f"""
WITH chosen AS (
    SELECT coalesce(r.A, '') AS A, coalesce(r.B, '') AS B, coalesce(r.Bp, '') AS Bp, coalesce(r.X, '') AS X,
           CASE WHEN r.sigma < {EDGES[0]} THEN '{WEAK}' WHEN r.sigma > {EDGES[1]} THEN '{STRONG}'
                WHEN r.sigma IS NOT NULL THEN '{MIDDLE}' ELSE '' END AS stratum
    FROM "references" r WHERE {FILTERS} AND r.%s IS NOT NULL
)
SELECT kind, label, count(*) AS n
FROM (UNPIVOT chosen ON A, B, Bp, X, stratum INTO NAME kind VALUE label) GROUP BY ALL
"""

_PUBLISHED_BY_LEVEL = f"""
SELECT t.potential, CASE WHEN v.comparable THEN '{COMPARABLE}' ELSE '{OTHER}' END AS level, count(*) AS n
FROM "references" r CROSS JOIN potentials t LEFT JOIN comparability v
    ON v.suite = r.suite AND v.compound = r.compound AND v.theory IS NOT DISTINCT FROM t.theory
WHERE {FILTERS} AND r.%s IS NOT NULL GROUP BY ALL
"""

Published = Mapping[str, Mapping[str, int]]
"""How many compounds DFT publishes a quantity for, by label, for each of `SITE_COLUMNS` and the stratum of DFT's σ."""


@dataclass(frozen=True)
class Protocol:
    """A sampling protocol with results in a suite, how many compounds have σ by it and DFT's, and whose."""

    name: str
    n: int
    potentials: frozenset[str]


@dataclass(frozen=True)
class Offered:
    """What the tables hold for a suite: each control offers no more."""

    protocols: list[Protocol]
    potentials: list[str]
    unasked: list[str]
    quantities: list[str]
    anions: list[str]
    a_sites: list[str]

    def shown(self, view: AnharmonicityView) -> list[str]:
        """The potentials of `view`: those chosen, or the foundation potentials, which are shown unasked."""
        return [p for p in self.potentials if p in (view.potentials or self.unasked)]

    def first(self, view: AnharmonicityView) -> str:
        """Of the potentials of `view` the first with the errors that it asks for, else the first."""
        shown = self.shown(view)
        if view.quantity == "sigma":
            known = next((p.potentials for p in self.protocols if p.name == view.protocol), frozenset())
            shown = [p for p in shown if p in known] or shown
        return next(iter(shown), "")


def published_protocol(suite: str) -> str:
    """Name of the schedule that the source of `suite` used."""
    return f"published-{suite}"


def is_published(view: AnharmonicityView) -> bool:
    """Whether σ of `view` is sampled as DFT's was, so that the two may be held against each other."""
    return view.protocol == published_protocol(view.suite)


def protocols(dataset: Dataset, suite: str) -> list[Protocol]:
    """Protocols of σ in `suite`: the published schedule first, whether anything was run by it or not, then by n.

    Only by the published schedule is σ held against DFT's, like with like; the others are shown by choice.
    """
    frame = dataset.frame(
        "SELECT protocol, count(DISTINCT compound) FILTER (status = 'ok' AND r.sigma IS NOT NULL) AS n, "
        "list(DISTINCT potential) FILTER (status = 'ok' AND r.sigma IS NOT NULL) AS whose "
        'FROM anharmonic a LEFT JOIN "references" r USING (suite, compound) WHERE suite = $suite '
        "GROUP BY protocol ORDER BY n DESC, protocol",
        {"suite": suite},
    )
    found = [Protocol(str(row.protocol), int(row.n), _names(row.whose)) for row in frame.itertuples(index=False)]
    published = published_protocol(suite)
    first = next((p for p in found if p.name == published), Protocol(published, 0, frozenset()))
    return [first, *(p for p in found if p.name != published)]


def _names(found: Any) -> frozenset[str]:
    return frozenset(found) if isinstance(found, np.ndarray | list) else frozenset()


def potentials(dataset: Dataset, suite: str) -> list[str]:
    """Potentials with σ by any protocol or with frequencies that DFT has too: by published σ, distilled last."""
    frame = dataset.frame(
        "SELECT potential, sum(n) AS n_sigma FROM ("
        " SELECT potential, count(*) FILTER (status = 'ok' AND protocol = $published) AS n FROM anharmonic"
        " WHERE suite = $suite AND status <> 'not-run' GROUP BY potential UNION ALL"
        " SELECT potential, 0 FROM pairs WHERE suite = $suite AND status <> 'not-run'"
        " AND dft_omega_min_thz IS NOT NULL GROUP BY potential"
        ") GROUP BY potential ORDER BY n_sigma DESC, potential",
        {"suite": suite, "published": published_protocol(suite)},
    )
    return foundation_first(dataset, frame["potential"])


def a_sites(dataset: Dataset, suite: str) -> list[str]:
    """Elements on the A site of `suite`, by name."""
    frame = dataset.frame(
        'SELECT DISTINCT A FROM "references" WHERE suite = $suite AND A IS NOT NULL ORDER BY A', {"suite": suite}
    )
    return list(frame["A"])


def quantities(dataset: Dataset, suite: str) -> list[str]:
    """What DFT publishes for `suite`: sigma, omega or both."""
    frame = dataset.frame(
        'SELECT count(sigma) AS sigma, count(omega_min_thz) AS omega FROM "references" WHERE suite = $suite',
        {"suite": suite},
    )
    return [name for name in ("sigma", "omega") if frame[name].iloc[0] > 0]


def filters(view: AnharmonicityView) -> dict[str, Any]:
    """Parameters of `FILTERS`."""
    return {"suite": view.suite, "anion": list(view.anion), "a_site": list(view.a_site)}


def published(dataset: Dataset, view: AnharmonicityView, quantity: str) -> Published:
    """How many of the compounds of `view` DFT publishes `quantity` for, sigma or omega."""
    found: dict[str, dict[str, int]] = {name: {} for name in (*SITE_COLUMNS, STRATUM)}
    frame = dataset.frame(_PUBLISHED % DFT_COLUMNS[quantity], filters(view))
    for kind, label, n in frame.itertuples(index=False):
        found[kind][label] = int(n)
    return found


def published_by_level(dataset: Dataset, view: AnharmonicityView, quantity: str) -> dict[str, dict[str, int]]:
    """The same by potential and level of theory, which is comparable or not with that of each potential."""
    found: dict[str, dict[str, int]] = {}
    frame = dataset.frame(_PUBLISHED_BY_LEVEL % DFT_COLUMNS[quantity], filters(view))
    for potential, level, n in frame.itertuples(index=False):
        found.setdefault(potential, {COMPARABLE: 0, OTHER: 0})[level] = int(n)
    return found


def total(published: Published) -> int:
    """How many compounds are counted in `published`."""
    return sum(published[STRATUM].values())
