"""The pages and the picture that are made from the code: `python -m docs.generate` writes those that have changed.

`tests/docs/test_generated.py` holds the committed ones to it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer
from pydantic_settings import BaseSettings
from typer.cli import get_docs_for_click

from compute.cli import app
from compute.jobs.job import JobSettings
from compute.tables.schemas import KEYS, SCHEMAS
from dashboard.settings import Settings
from docs.architecture import architecture

DOCS = Path(__file__).parent

_TABLES = """\
# Tables

What `data/parquet` holds: a folder per table, a Parquet file in it per run or, where a table has no runs, per suite.
`manifest.json` names the files of the present release; they never change, so publishing a run adds files and leaves the
others. Read them by the manifest, for files of the release before may lie beside them: `softmode.load` does. Made from
`compute/tables/schemas.py`; unit and description are also in the metadata of every column of the files. A missing value
is null, never 0. The columns of the key (bold) together name a row. Types are those of Arrow.

How to take the data: [how-to-data.md](how-to-data.md), over HTTP [api.md](api.md).
"""

_SETTINGS = """\
# Settings

Everything is set by environment variables; a secret is read from nowhere else. Options of a command come before them
([cli.md](cli.md)).
"""
Row = tuple[str, str, str]
READ_ELSEWHERE: dict[str, list[Row]] = {
    "Folders": [
        ("SOFTMODE_DATA", "`data/parquet`", "the published tables"),
        (
            "SOFTMODE_LOCAL",
            "`local` in `SOFTMODE_VAR`",
            "tables of scorecards of this machine, shown beside the published ones",
        ),
        ("SOFTMODE_FRAMES", "`data/frames`", "the reference frames"),
        ("SOFTMODE_SUITES", "none", "a TOML file of suites of one's own: [how-to-suite.md](how-to-suite.md)"),
        (
            "SOFTMODE_COSTS",
            "`benchmarks/results/costs.json`",
            "what force calls cost, as `softmode bench --costs` writes it: [speed.md](speed.md)",
        ),
        ("SOFTMODE_VAR", "`var`", "everything written at run time; for a site, a folder that outlives a restart"),
        ("SOFTMODE_POTENTIALS", "in the user's cache", "checkpoints: [how-to-potentials.md](how-to-potentials.md)"),
        (
            "SOFTMODE_ENVIRONMENTS",
            "in the folder of the virtual environment",
            "interpreters of families that need their own: [how-to-potentials.md](how-to-potentials.md)",
        ),
    ],
    "Calculations": [
        (
            "SOFTMODE_MACE_BACKEND",
            "`sparse`",
            "how MACE is evaluated: `sparse`, `plain`, `cueq` or `compile`: [speed.md](speed.md)",
        ),
    ],
    "Web": [
        ("PORT", "none", "port on all interfaces; without it 127.0.0.1:8050"),
        ("WEB_CONCURRENCY", "1", "web processes; each has 8 threads and its own copy of the tables"),
        (
            "SOFTMODE_SECRET",
            "made once, in `SOFTMODE_VAR/secret`",
            "signs the visitors' cookie; the same for all web processes, needed where they share no disk",
        ),
        (
            "SOFTMODE_REQUEST_SECONDS",
            "60",
            "how long an answer may take to be fetched, and a body to arrive, which has 10 s at most",
        ),
    ],
    "Live calculations": [
        (
            "DATABASE_URL",
            "SQLite in `SOFTMODE_VAR`",
            "PostgreSQL that holds the jobs; needed where web and worker are on different machines",
        ),
    ],
}
"""By heading: the variables that are read where they are used; the others are fields of `DECLARED`."""
DECLARED: dict[str, type[BaseSettings]] = {"Web": Settings, "Live calculations": JobSettings}


def settings() -> str:
    """The environment variables as a page in Markdown."""
    parts = [_SETTINGS]
    for heading, rows in READ_ELSEWHERE.items():
        lines = [f"## {heading}", "", "| variable | default | meaning |", "|---|---|---|"]
        listed = {name for rows in READ_ELSEWHERE.values() for name, _, _ in rows}
        declared = [row for row in _declared(DECLARED.get(heading)) if row[0] not in listed]
        lines += [f"| `{name}` | {default} | {text} |" for name, default, text in [*rows, *declared]]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _declared(settings: type[BaseSettings] | None) -> list[Row]:
    rows = []
    for name, field in (settings.model_fields if settings else {}).items():
        variable = str(field.validation_alias or f"SOFTMODE_{name.upper()}")
        default = {"True": "on", "False": "off", "None": "none", "": "none"}.get(str(field.default), str(field.default))
        rows.append((variable, default, _cell(field.description or "")))
    return rows


def tables() -> str:
    """The data dictionary as a page in Markdown."""
    return "\n".join([_TABLES, *(_table(name) for name in SCHEMAS)])


def _table(name: str) -> str:
    lines = [f"## `{name}`", "", "| column | type | unit | what it is |", "|---|---|---|---|"]
    for field in SCHEMAS[name]:
        unit, text = (_cell(field.metadata[key].decode()) for key in (b"unit", b"description"))
        column = f"**`{field.name}`**" if field.name in KEYS[name] else f"`{field.name}`"
        never = " (never null)" if not field.nullable and field.name not in KEYS[name] else ""
        lines.append(f"| {column} | `{field.type}` | {unit} | {text}{never} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def commands() -> str:
    """The command line as a page in Markdown."""
    command = typer.main.get_command(app)
    with command.make_context("softmode", [], resilient_parsing=True) as context:
        page = get_docs_for_click(obj=command, ctx=context, name="softmode")
    return page.replace("# `softmode`", "# Command line", 1).rstrip() + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": commands,
    "tables.md": tables,
    "settings.md": settings,
    "images/architecture.svg": architecture,
}


def main() -> None:
    """Write every page that differs from the committed one."""
    for name, page in PAGES.items():
        path = DOCS / name
        made = page()
        if not path.exists() or path.read_text(encoding="utf-8") != made:
            path.write_text(made, encoding="utf-8")
            print(path.relative_to(DOCS.parent))


if __name__ == "__main__":
    main()
