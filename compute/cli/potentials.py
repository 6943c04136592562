"""`softmode potentials`: which potentials exist, and getting, adding and checking their weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from compute.cli.common import AsJson, err, fail, one_sentence, out, print_json

app = typer.Typer(help="The potentials: list, fetch, install, add, add-calculator, verify.", no_args_is_help=True)


@app.command("list")
def list_potentials(as_json: AsJson = False) -> None:
    """Show all potentials, and whether their weights are on this machine."""
    with one_sentence(ValueError):
        listed = _listed()
    _show(listed, ("potential", "state", "training_set", "functional", "licence"), as_json)


@app.command()
def fetch(
    potential: Annotated[str, typer.Argument(metavar="ID", help="As listed by: softmode potentials list.")],
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You have read and accept the licence of the weights.")
    ] = False,
    url: Annotated[str | None, typer.Option(help="Address of a mirror that has the same file.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for a silent server.", min=1)] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Download the weights of a potential, and say what loading them runs; an interrupted download goes on."""
    from compute.potentials import fetch as fetching

    patience = fetching.Patience(read=timeout)
    with one_sentence(fetching.FetchError, ValueError), _bar(potential, hidden=as_json) as progress:
        path = fetching.fetch(potential, url=url, accept_licence=accept_licence, progress=progress, patience=patience)
    if find_spec("torch") is not None:
        from compute.potentials.pickled import runs_at_load

        err.print(runs_at_load(path), markup=False, soft_wrap=True)
    _show([{"potential": potential, "path": str(path)}], ("potential", "path"), as_json)


@app.command()
def add(
    file: Annotated[
        Path, typer.Argument(help="MACE (.model, .pt), CHGNet (.pth, .pth.tar) or SevenNet (.pth) checkpoint.")
    ],
    potential: Annotated[str, typer.Option("--id", help="New id: lower-case letters, digits, dots, hyphens.")],
    head: Annotated[
        str | None, typer.Option(help="Head of a MACE model, or modality of SevenNet, that has several.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate a checkpoint of your own once and record it. Loading it runs code from it: add only files you trust."""
    with one_sentence(ValueError):
        from compute.potentials import load

        added = load.add(file, potential, head=head)
    err.print("Loading a checkpoint runs code from it: use only files you trust.")
    record = {"potential": added.id, "family": added.family, "path": str(added.path), "sha256": added.sha256}
    _show([record], ("potential", "family", "path"), as_json)


@app.command("add-calculator")
def add_calculator(
    file: Annotated[Path, typer.Argument(help="Python file with a function calculator(device, dtype).")],
    potential: Annotated[str, typer.Option("--id", help="New id: lower-case letters, digits, dots, hyphens.")],
    requirements: Annotated[
        Path | None, typer.Option(help="Packages that it needs, as pip reads them; installed apart from all others.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record any calculator of ASE. The file is run: add only files you trust."""
    from compute.potentials.environments.install import InstallError, read_requirements
    from compute.potentials.load import add_calculator

    with one_sentence(InstallError, ValueError, OSError):
        listed = read_requirements(requirements) if requirements else ()
        added = add_calculator(file, potential, listed, say=lambda line: err.print(line, markup=False))
    err.print("The file is run whenever the potential is used: use only files you trust.")
    record = {"potential": added.id, "family": added.family, "path": str(added.path), "sha256": added.sha256}
    _show([record], ("potential", "family", "path"), as_json)


@app.command()
def install(
    family: Annotated[str | None, typer.Argument(help="Such as SevenNet. Default: all that need one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make the environment of a family whose packages cannot live beside the others; repeated, it goes on."""
    from compute.potentials.environments.install import InstallError, of_family
    from compute.potentials.registry import families

    environments = {each.name: of_family(each.environment) for each in families().values() if each.environment}
    known = {name.lower(): name for name, environment in environments.items() if environment.requirements}
    if family is not None and family.lower() not in known:
        fail(f"{family} has no environment of its own: choose one of {', '.join(known.values())}")
    made = []
    for name in [known[family.lower()]] if family else known.values():
        environment = environments[name]
        with one_sentence(InstallError):
            environment.install(say=lambda line: err.print(line, markup=False))
        versions = ", ".join(f"{package} {version}" for package, version in environment.versions.items())
        made.append({"family": name, "packages": versions, "path": str(environment.directory)})
    _show(made, ("family", "packages", "path"), as_json)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Check the weights on this machine against the sha256 of their first use; exit status 1 if any differs."""
    from compute.potentials import store

    with one_sentence(ValueError):
        checked = store.verify()
    _show(checked, ("potential", "state", "path"), as_json)
    if any(row["state"] != "ok" for row in checked):
        raise typer.Exit(1)


def _listed() -> list[dict[str, Any]]:
    """Rows of the table `potentials` with `state`, as of `store.state`."""
    from compute.potentials import store

    listed = []
    for row in store.rows():
        checkpoint = store.locate(row["potential"])
        listed.append({**row, "state": store.state(checkpoint)})
    return listed


def _show(rows: Sequence[dict[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    from rich.table import Table

    if as_json:
        print_json(rows)
        return
    table = Table(box=None, header_style="bold")
    for column in columns:
        # An id is there to be copied: it never wraps.
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in ("id", "potential"))
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns))
    out.print(table)


@contextmanager
def _bar(label: str, *, hidden: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on standard error, as the callback that `fetch` takes."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, disable=hidden) as bar:
        task = bar.add_task(label, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)
