"""The foot of every page: who published the numbers, which run computed them, and with what."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.ui.blocks import attributes, doi_link, link, table
from dashboard.ui.text import count

BENCHMARK_DOI = "10.1039/d5cp04693a"
AUTHORS = "Softmode contributors"
VERSION = "0.1.0"
CITED = f"{AUTHORS}, Softmode {VERSION}"
"""How a view is cited, before its address."""


def provenance(sources: pd.DataFrame, runs: pd.DataFrame) -> Component:
    """Sources with links, then the runs behind the page with run id, protocol and checkpoint hash."""
    where = [part for row in sources.itertuples(index=False) for part in (", ", _where(row))][1:]
    return html.Footer(
        [
            html.P(
                [
                    html.Strong("DFT: "),
                    *where,
                    ". ",
                    html.Button("Copy citation", type="button", className="copy", **attributes(data_cite=CITED)),
                ]
            ),
            html.Details(
                [
                    html.Summary("Sources, runs, protocols and checkpoints"),
                    html.Ul([*(_source(row) for row in sources.itertuples(index=False)), _benchmark()]),
                    *_runs(runs),
                ],
                className="traceability",
            ),
        ],
        className="sources",
    )


def _where(row: Any) -> Component:
    suite = SUITES[row.suite]
    href = f"https://doi.org/{row.doi}" if isinstance(row.doi, str) and row.doi else suite.source
    return link(suite.title, href)


def _source(row: Any) -> Component:
    suite = SUITES[row.suite]
    where = doi_link(row.doi) if isinstance(row.doi, str) and row.doi else link(suite.source, suite.source)
    return html.Li([f"{suite.citation}. ", where, f"; {count(row.n)} compounds, {row.functional}"])


def _benchmark() -> Component:
    return html.Li(
        ["The choice of MACE models follows ", doi_link(BENCHMARK_DOI), "; none of its numbers is shown here."]
    )


def _runs(runs: pd.DataFrame) -> list[Component]:
    if runs.empty:
        return [html.P("No run has been published for what this page shows.")]
    rows = [
        [
            html.Code(run.run),
            run.suite,
            run.potential,
            f"{run.protocol}, {run.geometry} geometry",
            _short(run.protocol_digest),
            _short(run.checkpoint_sha256),
            _short(run.code_commit),
            run.precision if isinstance(run.precision, str) else "unknown",
            run.started[:10] if isinstance(run.started, str) else "unknown",
            _packages(run.package_versions),
        ]
        for run in runs.itertuples(index=False)
    ]
    head = (
        "run", "suite", "potential", "protocol", "protocol digest", "checkpoint sha256", "code", "precision",
        "started", "packages",
    )  # fmt: skip
    return [table(head, rows, caption="Runs that answer for this page", numeric_from=len(head))]


def _short(digest: Any) -> Component | str:
    """The first twelve digits, the whole on hover."""
    if not isinstance(digest, str) or not digest:
        return "none"
    return html.Code(digest[:12], title=digest)


def _packages(versions: Any) -> str:
    if not isinstance(versions, str):
        return "unknown"
    return ", ".join(f"{name} {version}" for name, version in sorted(json.loads(versions).items()))
