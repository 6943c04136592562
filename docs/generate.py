"""The pages and the picture that are made from the code: `python -m docs.generate` writes those that have changed.

`tests/test_docs_generated.py` holds the committed ones to it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer
from typer.cli import get_docs_for_click

from compute.cli import app
from compute.schemas import KEYS, SCHEMAS
from docs.architecture import architecture

DOCS = Path(__file__).parent

_TABLES = """\
# Tables

What `data/parquet` holds: one Parquet file per table, named in `manifest.json`. Made from `compute/schemas.py`; unit
and description are also in the metadata of every column of the files. A missing value is null, never 0. The columns
of the key (bold) together name a row. Types are those of Arrow.

How to take the data: [how-to-data.md](how-to-data.md), over HTTP [api.md](api.md).
"""


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
