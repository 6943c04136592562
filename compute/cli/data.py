"""`softmode data`: the published tables."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer
from rich.table import Table

from compute import tables
from compute.cli.common import AsJson, Data, fail, one_sentence, out, print_json
from compute.schemas import SCHEMAS
from compute.settings import data_directory

app = typer.Typer(no_args_is_help=True, help="The published tables.")


@app.command("summary")
def summary(data: Data = None, as_json: AsJson = False) -> None:
    """How many rows there are, by suite, potential and status."""
    directory = data or data_directory()
    with one_sentence(tables.TableError):
        result = _summary(directory)
    if as_json:
        print_json(result)
        return
    for suite, n in result["references"].items():
        out.print(f"references  {suite}: {n} compounds")
    grid = Table("harmonic", "potential", "geometry", "status", "compounds")
    for entry in result["harmonic"]:
        for status, n in entry["status"].items():
            grid.add_row(entry["suite"], entry["potential"], entry["geometry"], status, str(n))
    out.print(grid)
    for name, size in result["bytes"].items():
        out.print(f"{name}: {size / 1e6:.2f} MB")


@app.command("check")
def check(data: Data = None, as_json: AsJson = False) -> None:
    """Whether every table is there, matches its checksum and keeps its schema."""
    directory = data or data_directory()
    with one_sentence(tables.TableError):
        problems = tables.check(directory)
        missing = [name for name in SCHEMAS if name not in tables.read_manifest(directory).tables]
    if as_json:
        print_json({"problems": problems, "not_published": missing})
    elif problems:
        fail("\n".join(problems))
    else:
        out.print("All published tables are sound." + (f" Not published: {', '.join(missing)}." if missing else ""))
    if problems:
        raise typer.Exit(1)


@app.command("schema")
def schema(
    table: Annotated[str | None, typer.Argument(help=f"One of {', '.join(SCHEMAS)}; default all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Columns of the tables, with units and meaning."""
    if table is not None and table not in SCHEMAS:
        fail(f"No table {table}: it is one of {', '.join(SCHEMAS)}.")
    columns = [
        {"table": name, "column": field.name, "type": str(field.type), **_metadata(field)}
        for name in ([table] if table else SCHEMAS)
        for field in SCHEMAS[name]
    ]
    if as_json:
        print_json(columns)
        return
    grid = Table("table", "column", "type", "unit", "description")
    for column in columns:
        grid.add_row(*(str(column[key]) for key in ("table", "column", "type", "unit", "description")))
    out.print(grid)


def _metadata(field: Any) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in field.metadata.items()}


def _summary(directory: Any) -> dict[str, Any]:
    references = Counter(tables.read(directory, "references")["suite"].to_pylist())
    harmonic: dict[tuple[str, str, str, str], Counter[str]] = {}
    columns = ("suite", "potential", "geometry", "run", "status")
    table = tables.read(directory, "harmonic")
    for *key, status in zip(*(table[column].to_pylist() for column in columns), strict=True):
        harmonic.setdefault(tuple(key), Counter())[status] += 1  # type: ignore[arg-type]
    return {
        "references": dict(sorted(references.items())),
        "harmonic": [
            {
                **dict(zip(columns, key, strict=False)),
                "compounds": counts.total(),
                "status": dict(sorted(counts.items())),
            }
            for key, counts in sorted(harmonic.items())
        ],
        "potentials": tables.read(directory, "potentials").num_rows,
        "bytes": {name: entry["bytes"] for name, entry in tables.read_manifest(directory).tables.items()},
    }
