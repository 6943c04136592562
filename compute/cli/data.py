"""`softmode data`: the published tables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import track
from rich.table import Table

from compute import tables
from compute.cli.common import AsJson, Data, err, fail, one_sentence, out, print_json
from compute.settings import data_directory, var_directory
from compute.tables.schemas import SCHEMAS

if TYPE_CHECKING:
    from compute.reports.regression import Share
    from compute.statistics.bootstrap import Interval

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
    """Whether the tables keep their schemas and ranges, agree with each other, and add up; exit status 1 if not."""
    from compute.tables.check import checks

    directory = data or data_directory()
    if not directory.is_dir():
        fail(f"There is no folder {directory}.")
    with one_sentence(tables.TableError):
        found = checks(directory)
        missing = [name for name in SCHEMAS if name not in tables.read_manifest(directory).tables]
    problems = [problem for entry in found for problem in entry.problems]
    if as_json:
        listed = [asdict(entry) for entry in found]
        print_json({"problems": problems, "not_published": missing, "checks": listed})
    elif not problems:
        for entry in found:
            out.print(f"{entry.name}: {entry.n}, sound")
        out.print("All published tables are sound." + (f" Not published: {', '.join(missing)}." if missing else ""))
    else:
        fail("\n".join(problems))
    if problems:
        raise typer.Exit(1)


@app.command("describe")
def describe(data: Data = None) -> None:
    """Write croissant.json, which describes the tables to catalogues of data sets; publishing writes it too."""
    with one_sentence(tables.TableError):
        tables.describe(tables.read_manifest(data or data_directory()))


@app.command("audit")
def audit(
    n: Annotated[int, typer.Option("--n", min=1, help="Rows to compute again.")] = 5,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Compute random rows again and compare; exit status 1 when one differs."""
    from rich.progress import Progress

    with one_sentence(ValueError, OSError):
        from compute.reports.audit import audited

        with Progress(console=err, transient=True) as progress:
            bar = progress.add_task("", total=None)
            found = audited(data or data_directory(), n, seed, lambda text: progress.update(bar, description=text))
    if not found:
        fail("No row can be computed again here: no published row has a potential whose weights are on this machine.")
    if as_json:
        print_json([{**asdict(entry), "agrees": entry.agrees} for entry in found])
    else:
        grid = Table("row", "quantity", "published", "again", "tolerance", "")
        before = ""
        for entry in found:
            row = f"{entry.suite} {entry.compound} {entry.potential} {entry.protocol}"
            row, before = ("" if row == before else row), row
            numbers = ("none" if x is None else f"{x:+.4f}" for x in (entry.published, entry.again))
            grid.add_row(row, entry.quantity, *numbers, f"{entry.tolerance:.4f}", "" if entry.agrees else "differs")
        out.print(grid)
    if not all(entry.agrees for entry in found):
        raise typer.Exit(1)


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="Folder of a release, or a git revision such as HEAD~3.")],
    new: Annotated[str, typer.Argument(help="The same.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Rows added, changed and gone from one release to another, table by table."""
    from compute.tables.releases import changes, opened

    directory = data or data_directory()
    with one_sentence(tables.TableError), opened(old, directory) as before, opened(new, directory) as now:
        found = changes(before, now)
    if as_json:
        print_json([asdict(change) for change in found])
        return
    grid = Table("table", "rows before", "rows now", "added", "changed", "gone")
    for change in found:
        grid.add_row(*(str(value) for value in asdict(change).values()))
    out.print(grid)


@app.command("export")
def export(
    table: Annotated[str, typer.Argument(help=f"One of {', '.join(SCHEMAS)}.")],
    form: Annotated[str, typer.Option("--format", help="csv, json or parquet.")] = "csv",
    where: Annotated[list[str] | None, typer.Option(help="column=value, may be repeated: only such rows.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="File to write. Default: standard output.")] = None,
    data: Data = None,
) -> None:
    """A table as CSV, JSON or Parquet."""
    from compute.tables import releases

    if table not in SCHEMAS:
        fail(f"No table {table}: it is one of {', '.join(SCHEMAS)}.")
    if form not in releases.FORMATS:
        fail(f"No format {form}: it is one of {', '.join(releases.FORMATS)}.")
    pairs = [entry.partition("=") for entry in where or []]
    if not all(equals for _, equals, _ in pairs):
        fail("Write --where as column=value, such as suite=abx3.")
    with one_sentence(tables.TableError, OSError):
        wanted = {column: value for column, _, value in pairs}
        content = releases.export(data or data_directory(), table, form, wanted)
        if to is None:
            typer.get_binary_stream("stdout").write(content)
        else:
            to.write_bytes(content)


@app.command("findings")
def findings(data: Data = None) -> None:
    """What the tables say, as a page in Markdown: softmode data findings > docs/findings.md"""
    from compute.reports.findings import document

    with one_sentence(tables.TableError):
        typer.echo(document(data or data_directory()), nl=False)


@app.command("referee")
def referee(
    former: Annotated[
        str | None, typer.Option("--former", help="A former release beside it: its folder, or a git revision.")
    ] = None,
    data: Data = None,
) -> None:
    """What a referee found, by the rules of then and of now, on this release and a former one: docs/referee.md"""
    from compute.reports.referee import document
    from compute.tables.releases import opened

    directory = data or data_directory()
    with one_sentence(tables.TableError), opened(former, directory) if former else nullcontext() as before:
        typer.echo(document(directory, before), nl=False)


@app.command("baselines")
def baselines(data: Data = None, as_json: AsJson = False) -> None:
    """Learn what the elements alone predict, for the null rows beside every score, and publish it; minutes."""
    from compute.campaigns import composition_baseline

    directory = data or data_directory()
    with one_sentence(tables.TableError):
        references = tables.read(directory, "references").to_pylist()
        found = composition_baseline.rows(references, lambda suite: err.print(f"learning {suite} …"))
        manifest = tables.publish(directory, {"baselines": tables.from_rows("baselines", found)})
    if as_json:
        print_json({"rows": len(found), "release": manifest.release})
        return
    out.print(f"{len(found)} predictions published in release {manifest.release}.")


@app.command("promote")
def promote(
    result: Annotated[
        str, typer.Argument(help="Id of a live calculation that is done, or the folder of tables of a scorecard.")
    ],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take a result into the published tables: a live one into the run of its campaign, which campaign merge publishes;
    the tables of a scorecard at once, by the rules of campaigns."""
    with one_sentence(ValueError, OSError):
        if Path(result).is_dir():
            _promote_scorecard(Path(result), data or data_directory(), as_json)
            return
        from compute.jobs.promote import named_in_campaigns
        from compute.jobs.promote import promote as promoted

        planned, task = promoted(result, data or data_directory(), var_directory() / "runs")
    if as_json:
        print_json({"run": planned.run, "compound": task.compound, "job": result})
        return
    out.print(f"{task.compound} of job {result} is in {planned.run}.", soft_wrap=True)
    out.print(
        f"Publish it with: softmode campaign merge --stage {planned.stage.name} --suite {planned.suite}"
        f" --potential {planned.potential} --protocol {named_in_campaigns(task)}",
        soft_wrap=True,
    )


def _promote_scorecard(folder: Path, data: Path, as_json: bool) -> None:
    from compute.scorecard.promote import promote_folder

    counts = promote_folder(folder, data, var_directory() / "runs")
    if as_json:
        print_json({"folder": str(folder), "rows": counts})
        return
    said = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
    out.print(
        f"Published in {data}: rows with a result: {said}. Look at them with softmode data check.", soft_wrap=True
    )


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


@app.command("explained")
def explained(
    potential: Annotated[str | None, typer.Option(help="Default: every potential with results.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """How much of σ, that of DFT given, the errors in ω² explain, over ABX3, by anion."""
    from compute.reports.regression import missing, shares
    from compute.statistics.regression import LEAST
    from compute.tables import pairs

    with one_sentence(tables.TableError), pairs.joined(data or data_directory()) as connection:
        lacking = missing(connection, potential)
        asked = shares(connection, potentials=[potential] if potential else None)
        found = list(track(asked, "Regressions", console=err, transient=True))
    if as_json:
        plain = {"shares": [asdict(share) for share in found], "not_computed": [asdict(entry) for entry in lacking]}
        print_json({"least": LEAST, **plain})
        return
    for (name, protocol), group in groupby(found, key=lambda share: (share.potential, share.protocol)):
        out.print(_explained_grid(f"{name}, {protocol}", group))
    if found:
        out.print(
            "R²: share of what σ(DFT) leaves of the variance of σ(potential) that the errors of ω² at Γ, R, M and X"
            " explain; cv: cross-validated; chance: 95 % of permutations stay below. Γ to X: standardised coefficients."
            " Last column: rank correlation of the sizes, the largest ω² error counting. Beneath: 95 % intervals."
            f" Fewer than {LEAST} compounds are too few."
        )
    for entry in lacking:
        out.print(f"{entry.potential}: {entry.quantity} not computed. Compute it with: {entry.command}", soft_wrap=True)


def _explained_grid(title: str, group: Iterable[Share]) -> Table:
    grid = Table(title=title)
    for name in ("anion", "n", "R²", "Γ", "R", "M", "X", "|σ|, |ω²|"):
        grid.add_column(name, min_width=5)
    for share in group:
        result = share.result
        start = (share.anion or "all", f"{result.n}\n{result.n_left_out} left out")
        if result.too_few:
            grid.add_row(*start, "too few")
            continue
        shares = f"{result.r2:.2f}\ncv {result.r2_cross_validated:.2f}\nchance {result.r2_null:.2f}"
        grid.add_row(*start, shares, *map(_interval, (*result.coefficients.values(), result.magnitude)))
    return grid


def _interval(interval: Interval) -> str:
    """The number with its interval beneath."""
    if math.isnan(interval.value):
        return "not defined"
    return f"{interval.value:+.2f}\n{interval.low:+.2f} to {interval.high:+.2f}"


def _metadata(field: Any) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in field.metadata.items()}


def _summary(directory: Any) -> dict[str, Any]:
    references = Counter(tables.read(directory, "references")["suite"].to_pylist())
    harmonic: dict[tuple[str, ...], Counter[str]] = {}
    columns = ("suite", "potential", "geometry", "run", "status")
    table = tables.read(directory, "harmonic")
    for *key, status in zip(*(table[column].to_pylist() for column in columns), strict=True):
        harmonic.setdefault(tuple(key), Counter())[status] += 1
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
        "bytes": {name: listed.bytes for name, listed in tables.read_manifest(directory).tables.items()},
    }
