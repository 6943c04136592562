"""`softmode potentials`: which potentials exist, and getting, adding and checking their weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from compute.potentials import fetch as fetching
from compute.potentials import store
from compute.potentials.registry import entries

app = typer.Typer(help="The potentials: list, fetch, add, verify.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command("list")
def list_potentials(as_json: Json = False) -> None:
    """Show all potentials, and whether their weights are on this machine."""
    with _plain_errors():
        listed = _listed()
    columns = ("potential", "state", "training_set", "functional", "licence")
    _show(listed, columns, as_json)


@app.command()
def fetch(
    potential: Annotated[str, typer.Argument(metavar="ID", help="As shown by softmode potentials list.")],
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You have read and accept the licence of the weights.")
    ] = False,
    url: Annotated[str | None, typer.Option(help="Address of a mirror that has the same file.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for a silent server.", min=1)] = 60.0,
    as_json: Json = False,
) -> None:
    """Download the weights of a potential; an interrupted download goes on where it stopped."""
    patience = fetching.Patience(read=timeout)
    with _plain_errors(), _bar(potential, hidden=as_json) as progress:
        path = fetching.fetch(potential, url=url, accept_licence=accept_licence, progress=progress, patience=patience)
    _show([{"potential": potential, "path": str(path)}], ("potential", "path"), as_json)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="MACE (.model, .pt) or CHGNet (.pth, .pth.tar) checkpoint.")],
    potential: Annotated[str, typer.Option("--id", help="New id: lower-case letters, digits, dots, hyphens.")],
    head: Annotated[str | None, typer.Option(help="Head of a MACE model that has several.")] = None,
    as_json: Json = False,
) -> None:
    """Record a checkpoint of your own. Loading a checkpoint runs code from it: add only files you trust."""
    with _plain_errors():
        added = store.add(file, potential, head=head)
    if not as_json:
        Console(stderr=True).print("Loading a checkpoint runs code from it: use only files you trust.")
    record = {"potential": added.id, "family": added.family, "path": str(added.path), "sha256": added.sha256}
    _show([record], ("potential", "family", "path"), as_json)


@app.command()
def verify(as_json: Json = False) -> None:
    """Check the weights on this machine against the sha256 of their first use; exit code 1 if any differs."""
    with _plain_errors():
        checked = store.verify()
    _show(checked, ("id", "state", "path"), as_json)
    if any(row["state"] != "ok" for row in checked):
        raise typer.Exit(1)


def _listed() -> list[dict[str, Any]]:
    """Rows of the table `potentials` with `state`: packaged, local, fetched, not fetched or missing."""
    listed = []
    for row in store.rows():
        checkpoint = store.locate(row["potential"])
        state = checkpoint.origin
        if not checkpoint.path.is_file():
            state = "not fetched" if row["potential"] in entries() and state == "fetched" else "missing"
        listed.append({**row, "state": state})
    return listed


def _show(rows: Sequence[dict[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = Table(box=None, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns))
    Console().print(table)


@contextmanager
def _bar(label: str, *, hidden: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on standard error, as the callback that `fetch` takes."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), disable=hidden) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """One sentence and exit code 1 instead of a traceback."""
    try:
        yield
    except (fetching.FetchError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
