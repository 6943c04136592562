"""`softmode score`: the scorecard of a potential; without one, the published table of one suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from compute.cli.common import AsJson, Data, err, fail, one_sentence, out, print_json
from compute.settings import data_directory, local_directory, var_directory
from compute.tables import TableError
from compute.tables.against_dft import SUITES_WITH_PHONONS

if TYPE_CHECKING:
    import pandas as pd

    from compute.scorecard.board import Board
    from compute.scorecard.card import Scorecard
    from compute.scorecard.plan import ScorecardPart

_COLUMNS = ("constants_error", "omega_rmse_thz", "omega_bias_thz", "slope_constants", "sigma_hessian")
PAGE, TABLES = "scorecard.html", "tables"

TierOption = Annotated[
    str,
    typer.Option(
        "--tier",
        help="brief: tilt wells and DFT frames, minutes; quick: beside them a sample of 200 ABX3 and 60 double"
        " perovskites, and the stored DFT supercells up to a size; full: all of each.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="Folder for the page and the tables. Default: scorecards/POTENTIAL in SOFTMODE_VAR."),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Local processes. Default: all processors.")
]


def command(
    potential: Annotated[
        str | None, typer.Argument(help="As listed by: softmode potentials list. Default: the published table.")
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option("--suite", help=f"Without a potential: {' or '.join(SUITES_WITH_PHONONS)}, the first by default."),
    ] = None,
    tier: TierOption = "quick",
    to: OutOption = None,
    workers: WorkersOption = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The scorecard of a potential: what it says where DFT is known, among the published potentials; interrupted, the
    same command goes on. Without one, every foundation potential on one suite against DFT's force constants."""
    if potential is None:
        _published(suite or SUITES_WITH_PHONONS[0], data, as_json)
    elif suite is not None:
        fail("A scorecard has suites of its own: leave out --suite, or the potential.")
    else:
        _score(potential, tier, to, workers, data or data_directory(), as_json)


def _published(suite: str, data: Path | None, as_json: bool) -> None:
    """Medians over the materials of a suite, labels, and pairs that differ measurably."""
    from compute.tables.against_dft import against_dft, to_plain
    from compute.tables.pairs import joined

    if suite not in SUITES_WITH_PHONONS:
        fail(f"No DFT force constants of suite {suite}: it is {' or '.join(SUITES_WITH_PHONONS)}.")
    with one_sentence(TableError), joined(data or data_directory()) as connection:

        def query(sql: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
            return connection.execute(sql, dict(parameters)).df()

        found = against_dft(query, suite)
        plain = to_plain(found, query)
    if as_json:
        print_json(plain)
        return
    grid = Table("potential", "n", *_COLUMNS, "labels right", "missed", "alarms")
    for row in plain["potentials"]:
        labels, medians = row["labels"], [row[name] for name in _COLUMNS]
        cells = (_cell(**median) for median in medians)
        decided = labels["n_stable"] + labels["n_unstable"]
        grid.add_row(
            row["potential"] + (" *" if row["benchmark"] else ""), str(row["n"]), *cells,
            f"{labels['n_right']} of {decided}", str(labels["missed"]), str(labels["alarms"]),
        )  # fmt: skip
    out.print(grid)
    out.print(
        f"* of the published benchmark. DFT: {found.n_stable} stable, {found.n_unstable} unstable. {plain['caution']}"
    )


def _cell(value: float | None, low: float | None, high: float | None, n: int) -> str:
    """A median with its interval, where there are enough anions for one."""
    if value is None:
        return "–"
    return f"{value:.3f}" if low is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _score(potential: str, tier: str, to: Path | None, workers: int | None, data: Path, as_json: bool) -> None:
    """Compute what is missing of the scorecard of `potential`, then publish it and show it."""
    with one_sentence(ValueError, OSError):
        from compute.files import write_atomic
        from compute.potentials.load import load
        from compute.potentials.registry import families
        from compute.potentials.store import locate
        from compute.scorecard import plan, results
        from compute.scorecard.card import scorecard
        from compute.scorecard.page import page
        from compute.scorecard.tiers import TIERS

        if tier not in TIERS:
            fail(f"No tier {tier}: it is {' or '.join(TIERS)}.")
        sha256 = load(potential, device="cpu").checkpoint_sha256
        chunk = families()[locate(potential).family].chunk
        parts = plan.parts(potential, sha256, TIERS[tier], data, var_directory() / "runs", chunk=chunk)
        folder = to or var_directory() / "scorecards" / potential
        _compute(parts, workers)
        for release in (folder / TABLES, local_directory()):
            results.publish(parts, release)
        card = scorecard(parts, TIERS[tier], data, folder / TABLES)
        write_atomic(folder / PAGE, page(card).encode())
    if as_json:
        print_json({**card.to_plain(), "page": str(folder / PAGE), "tables": str(folder / TABLES)})
        return
    _show(card, folder)


def _compute(parts: Sequence[ScorecardPart], workers: int | None) -> None:
    from compute.campaigns.dask_cluster import default_workers, executor
    from compute.scorecard.card import title
    from compute.scorecard.run import done, run

    total, before = sum(part.total for part in parts), done(parts)
    if before == total:
        return
    processes = workers or default_workers()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
               TextColumn("left"), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=err) as progress, executor(processes) as pool:
        bar = progress.add_task("", total=total, completed=before)

        def advance(part: ScorecardPart, work: int) -> None:
            progress.update(bar, advance=work, description=title(part))

        try:
            run(parts, pool, workers=processes, progress=advance)
        except KeyboardInterrupt:
            fail("Interrupted. What is done is kept: run the same command again to go on.")


def _show(card: Scorecard, folder: Path) -> None:
    for board in card.boards:
        out.print(_grid(board))
        out.print(board.says, soft_wrap=True, markup=False)
        for sentence in board.trust:
            out.print(f"- {sentence}", soft_wrap=True, markup=False)
        out.print()
    asked, failed = sum(part.asked for part in card.counts), len(card.failures)
    left = sum(part.left_out for part in card.counts)
    out.print(
        f"{asked} tasks, {failed} of them failed, {left} materials left out by size;"
        f" {card.seconds / 60:.0f} min for all of them, one after another.",
        soft_wrap=True,
    )
    if absent := [part.part for part in card.counts if not part.asked]:
        out.print(f"Not computed, since there is nothing of it here: {', '.join(absent)}.", soft_wrap=True)
    out.print(f"Page: {folder / PAGE}", soft_wrap=True, markup=False)
    out.print(
        f"Tables: {folder / TABLES}; softmode data promote takes them into a release. The site of this machine shows"
        " the potential as local.",
        soft_wrap=True,
        markup=False,
    )


def _grid(board: Board) -> Table:
    from compute.scorecard.board import shown

    grid = Table(title=board.title)
    grid.add_column("potential", no_wrap=True)
    for head in ("n", "failed", *(column.head for column in board.columns)):
        grid.add_column(head, justify="right")
    for line in board.lines:
        style = {"scored": "bold", "null": "dim"}.get(line.kind)
        name = f"▸ {line.name}" if line.kind == "scored" else line.name
        cells = [shown(value, column) for value, column in zip(line.values, board.columns, strict=True)]
        # The interval of the first quantity orders the rows; those of the others are on the page.
        cells = [cells[0], *(cell.partition(" [")[0] for cell in cells[1:])]
        grid.add_row(name, str(line.n), str(line.failed), *(cell.replace("[", "\\[") for cell in cells), style=style)
    grid.caption = f"n: {board.of}" + (f"; in brackets: {board.interval}" if board.interval else "")
    return grid
