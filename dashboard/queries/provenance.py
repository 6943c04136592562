"""Where the numbers on a page come from."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dashboard.dataset import Dataset


def sources(dataset: Dataset, suites: Sequence[str]) -> pd.DataFrame:
    """Columns suite, doi, source, functional and n: the publications behind the rows of `suites`."""
    return dataset.frame(
        'SELECT suite, doi, source, functional, count(*) AS n FROM "references" '
        "WHERE list_contains($suites, suite) GROUP BY ALL ORDER BY suite, n DESC",
        {"suites": list(suites)},
    )


def runs(dataset: Dataset, suites: Sequence[str], potential: str | None = None) -> pd.DataFrame:
    """The runs that answer for `suites`, harmonic and σ, of one potential or of all: what is needed to repeat them."""
    return dataset.frame(
        "SELECT c.suite, c.potential, c.geometry, c.run, c.protocol, r.protocol_digest, r.checkpoint_sha256, "
        "r.code_commit, r.package_versions, r.hardware, r.precision, r.started, r.finished, r.seconds, "
        "r.n_tasks, r.n_ok, r.n_failed, r.n_not_run "
        "FROM (FROM chosen UNION ALL FROM chosen_sigma) c LEFT JOIN runs r USING (run) "
        "WHERE list_contains($suites, c.suite) "
        "AND ($potential IS NULL OR c.potential = $potential) ORDER BY c.suite, c.potential, r.stage",
        {"suites": list(suites), "potential": potential},
    )


def citation(dataset: Dataset, potential: str) -> pd.DataFrame:
    """The row of `potential` in the table `potentials`; empty when it is not registered."""
    return dataset.frame("SELECT * FROM potentials WHERE potential = $potential", {"potential": potential})
