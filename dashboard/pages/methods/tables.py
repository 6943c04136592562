"""The published tables: files to download, how to read them, and what each column is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pyarrow as pa
from dash import html
from dash.development.base_component import Component

from compute.tables import MANIFEST, croissant
from compute.tables.schemas import KEYS, SCHEMAS
from dashboard.pages.methods.data import Published
from dashboard.pages.methods.part import part
from dashboard.server.downloads import PATH
from dashboard.ui.blocks import not_computed, table
from dashboard.ui.text import count, plural

API = "/api/v1/"
CLIENT = 'softmode.load("harmonic", suite="abx3")'
PANDAS = """\
import pandas as pd
dft = pd.read_parquet("references.parquet")
potentials = pd.read_parquet("harmonic.parquet")
pairs = potentials.merge(dft, on=["suite", "compound"], suffixes=("", "_dft"))"""
"""Potentials beside DFT, a row per compound and potential."""
DUCKDB = """\
SELECT suite, potential, label, status, count(*) AS n
FROM 'harmonic.parquet' GROUP BY ALL ORDER BY ALL"""
"""Labels per potential and suite, counted."""
ENDPOINTS = (
    (API, "rows, scores and live jobs, with a page that lists every address"),
    ("/optimade/v1/structures", "the cubic compounds in OPTIMADE 1.2, with filters, as other databases answer"),
    (f"{PATH}{MANIFEST}", "the files of the present release, their rows and sha256; former releases"),
    (f"{PATH}{croissant.FILE}", "the tables in Croissant 1.0, for catalogues and loaders of data sets"),
    (f"{PATH}<table>.parquet", "a whole table"),
    (f"{PATH}<file>", "a Parquet file that the manifest lists"),
    ("/readyz", "200 and the rows of every table once the tables are read, else 503 with the reason"),
    ("/healthz", "200 while the server lives"),
)


def downloads(files: Sequence[Published], release: str) -> Component:
    """Links to the files of the present release, and how to read them."""
    title = "Downloads"
    listed = [entry for entry in files if entry.file]
    if not listed:
        missing = not_computed("No table is published.", "softmode reference import abx3 --source FILE")
        return part("downloads", title, missing)
    return part(
        "downloads",
        title,
        table(
            ("table", "rows", "published in", "size", "sha256"),
            [
                [
                    html.A(entry.file, href=PATH + entry.file, download=entry.file),
                    count(entry.rows),
                    plural(entry.files, "file"),
                    _size(entry.bytes),
                    html.Code(entry.sha256[:12], title=entry.sha256),
                ]
                for entry in listed
            ],
            caption=f"Tables of release {release}, each as one Parquet file. They are published in files of one run "
            "each, which never change; sha256 is that of their hashes",
        ),
        html.P(
            [
                "The list of the files, with their hashes and former releases: ",
                html.A(MANIFEST, href=PATH + MANIFEST),
                ".",
            ]
        ),
        html.H3("Reading them"),
        html.P(
            ["With the client of this package, from a checkout or from a site by its address: ", html.Code(CLIENT), "."]
        ),
        html.P("With pandas, from downloaded tables:"),
        html.Pre(html.Code(PANDAS), className="example", tabIndex=0),
        html.P("With DuckDB:"),
        html.Pre(html.Code(DUCKDB), className="example", tabIndex=0),
        html.H3("Addresses for programs"),
        table(
            ("address", "answer"),
            [[_address(address), text] for address, text in ENDPOINTS],
            caption="Everything that is served beside the pages; all of it by GET, but for jobs",
            numeric_from=2,
        ),
        about="The tables behind every page, as they are.",
        unfolded=True,
    )


def _address(address: str) -> Component:
    return html.A(address, href=address) if address == API else html.Code(address)


def dictionary(files: Sequence[Published], release: str) -> Component:
    """Every table with its columns, folded; made from the schemas that the tables are held to."""
    entries = [
        html.Details(
            [
                html.Summary([html.Code(entry.table), f" {_extent(entry)}"]),
                _columns(entry.table),
            ],
            id=f"table-{entry.table}",
            className="more",
        )
        for entry in files
    ]
    return part(
        "dictionary",
        "Data dictionary",
        *entries,
        about=f"Columns of the tables{f' of release {release}' if release else ''}. A missing value is null, never 0; "
        "the key columns together name a row.",
    )


def _extent(entry: Published) -> str:
    rows = plural(entry.rows, "row") if entry.file else "not published"
    return f"{rows}, {plural(len(SCHEMAS[entry.table]), 'column')}"


@cache
def _columns(name: str) -> Component:
    return table(
        ("column", "type", "unit", "what it is"),
        [
            [
                html.Code(field.name),
                _type(field.type),
                _metadata(field, "unit") or "–",
                [
                    html.Strong("key. ") if field.name in KEYS[name] else None,
                    _metadata(field, "description"),
                    " (never null)" if not field.nullable and field.name not in KEYS[name] else None,
                ],
            ]
            for field in SCHEMAS[name]
        ],
        caption=f"Columns of {name}",
        numeric_from=4,
    )


_TYPES = {"string": "text", "double": "float64", "float": "float32"}


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    return _TYPES.get(str(kind), str(kind))


def _metadata(field: pa.Field, key: str) -> str:
    return str(field.metadata[key.encode()].decode())


def _size(n: int) -> str:
    if n < 1_000_000:
        return f"{n / 1000:.0f} kB"
    return f"{n / 1_000_000:.1f} MB"
