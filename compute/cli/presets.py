"""Several campaigns in one command: fetch the weights, plan, and say what it will cost before it starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, track
from rich.table import Table

from compute.cli.common import err, fail, print_json
from compute.settings import data_directory, var_directory

if TYPE_CHECKING:
    from compute.campaigns.campaign import Campaign
    from compute.tasks.task import Task


def campaigns(
    name: str,
    suite: str | None,
    potential: str | None,
    stage: str | None,
    data: Path | None,
    *,
    fetched: bool,
    accept_licence: bool,
    mirror: str | None,
) -> list[Campaign]:
    """The campaigns of the preset `name` that the choice leaves; with `fetched`, weights that are missing are fetched.

    Without, potentials whose weights are missing are left out, and said.
    """
    from compute.campaigns.campaign import campaign
    from compute.campaigns.presets import PRESETS
    from compute.campaigns.stage import STAGES
    from compute.potentials.load import sha256_of
    from compute.potentials.store import locate

    if name not in PRESETS:
        fail(f"No preset {name}: it is {' or '.join(PRESETS)}.")
    parts = PRESETS[name].parts(suite, potential, stage)
    ids = list(dict.fromkeys(part.potential for part in parts))
    if fetched:
        _fetch(ids, accept_licence, mirror)
    present = [id for id in ids if locate(id).path.is_file()]
    for id in ids:
        if id not in present:
            err.print(f"{id}: its weights are not here, so its cost is not measured; the run fetches them.")
    checkpoints = {id: sha256_of(id) for id in present}
    directory = var_directory() / "runs"
    return [
        campaign(
            part.suite,
            part.potential,
            checkpoints[part.potential],
            STAGES[part.stage].default(part.suite),
            data or data_directory(),
            directory,
            stage=part.stage,
        )
        for part in parts
        if part.potential in present
    ]


def show_costs(
    planned: Sequence[Campaign],
    chosen: Callable[[Campaign], list[Task]],
    workers: int,
    data: Path,
    as_json: bool,
) -> None:
    """Print force calls and time of the chosen tasks of each campaign, measured on a few force calls."""
    from compute.campaigns.cost import cost

    found = [
        cost(each, chosen(each), data) for each in track(planned, "Measuring force calls", console=err, transient=True)
    ]
    if as_json:
        print_json([{**asdict(each), "hours": each.hours(workers)} for each in found])
        return
    grid = Table(box=None)
    for column in ("run", "left", "calls each", "s each", f"hours ({workers} processes)"):
        grid.add_column(column, no_wrap=column == "run")
    for each in found:
        numbers = (f"{each.left:,} of {each.compounds:,}", f"{each.calls:,}", f"{each.seconds:.1f}")
        grid.add_row(each.run, *numbers, f"{each.hours(workers):.1f}")
    err.print(grid)
    err.print(f"In all {sum(each.hours(workers) for each in found):.1f} hours with processes that do not share a core.")


def _fetch(ids: Sequence[str], accept_licence: bool, mirror: str | None) -> None:
    from compute.potentials.fetch import FetchError, fetch
    from compute.potentials.registry import entry

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        for id in ids:
            bar = progress.add_task(id, total=None)

            def fetched(done: int, total: int | None, bar: TaskID = bar) -> None:
                progress.update(bar, completed=done, total=total)

            try:
                fetch(
                    id,
                    url=mirror and f"{mirror.rstrip('/')}/{entry(id).file}",
                    accept_licence=accept_licence,
                    progress=fetched,
                )
            except FetchError as error:
                fail(str(error))
