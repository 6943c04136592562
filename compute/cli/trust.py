"""`softmode trust`: how far the label of a potential can be trusted for one compound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from typer.core import TyperGroup

from compute.cli.common import AsJson, Data, err, fail, one_sentence, out, print_json
from compute.settings import data_directory

if TYPE_CHECKING:
    from compute.trust.answer import PotentialTrust

OF = "of"


class _FormulaOrCommand(TyperGroup):
    """A group whose first word may be a formula: `softmode trust CsPbBr3` is `softmode trust of CsPbBr3`."""

    @property
    def of_values(self) -> Any:
        """The command that takes a first word which is no command."""
        return self.commands[OF]

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else [OF, *args])


app = typer.Typer(
    cls=_FormulaOrCommand, no_args_is_help=True, help="How far the label of a potential can be trusted for a compound."
)


@app.command(OF)
def of(
    formula: Annotated[str, typer.Argument(help="A cubic perovskite ABX3, of a suite or not; “of” may be left out.")],
    potential: Annotated[
        list[str] | None, typer.Option("--potential", help="May be repeated. Default: all held against DFT.")
    ] = None,
    least: Annotated[float, typer.Option("--least", min=0, max=1, help="Trust from which one is recommended.")] = 0.9,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The probability that a potential's label is DFT's, an interval for |Δω_min|, and what speaks against it."""
    from compute import tables
    from compute.structures.formula import FormulaError
    from compute.trust.answer import advice, assess
    from compute.trust.lookup import found_in
    from compute.trust.model import NoTrust

    directory = data or data_directory()
    with one_sentence(tables.TableError, FormulaError, NoTrust):
        known = found_in(directory, formula)
    if unknown := sorted(set(potential or []) - set(known.names)):
        fail(f"No potential {', '.join(unknown)}. softmode potentials list shows those that there are.")
    found = assess(known.model, known.subject, known.rows, potential)
    recommended, sentence = advice(found, known.names, least)
    if as_json:
        print_json(
            {
                "formula": known.subject.formula,
                "suite": known.model.suite if known.subject.in_suite else None,
                "release": known.release,
                "fitted_to": known.model.release,
                "recommended": recommended,
                "advice": sentence,
                "where": known.where,
                "potentials": [asdict(one) for one in found],
            }
        )
        return
    out.print(f"{known.subject.formula}: {sentence}", soft_wrap=True)
    out.print(known.where, soft_wrap=True)
    out.print(_grid(found, known.names))
    for one in found:
        if one.reasons:
            out.print(f"{known.names[one.potential]}: {'; '.join(one.reasons)}.", soft_wrap=True)


def _grid(found: list[PotentialTrust], names: dict[str, str]) -> Table:
    grid = Table("potential", "trust", "label", "ω_min (THz)", "|Δω_min| (THz)", "all its labels", "rests on")
    for one in found:
        omega = "not run" if one.omega_min_thz is None else f"{one.omega_min_thz:+.2f}"
        error = f"≤ {one.error_thz:.1f} ({one.level:.0%})"
        row = (names[one.potential], f"{one.trust:.1%}", one.label or "not run", omega, error, f"{one.prior:.1%}")
        grid.add_row(*row, one.evidence)
    return grid


@app.command("train")
def fit(folder: Data = None, as_json: AsJson = False) -> None:
    """Fit the trust to the published tables and write trust.json beside them."""
    from compute import tables
    from compute.tables import pairs
    from compute.tables.release import FITTED
    from compute.trust.features import LISTED, ROWS
    from compute.trust.model import NoTrust, write

    directory = folder or data_directory()
    with one_sentence(tables.TableError, NoTrust), err.status("Fitting"):
        from compute.trust.next_runs import next_runs
        from compute.trust.training import examples, train

        release, connection = tables.read_manifest(directory).release, pairs.joined(directory)
        data = examples(connection.execute(ROWS).df())
        model = train(data, release)
        model = model.model_copy(update={"next_runs": next_runs(data, connection.execute(LISTED).df())})
        write(model, directory)
    said: dict[str, Any] = {
        "file": FITTED,
        "release": release,
        "compounds": model.n_compounds,
        "stable": model.n_stable,
        "potentials": list(model.potentials),
        "missing": model.missing,
    }
    if as_json:
        print_json(said)
        return
    out.print(
        f"{FITTED}: {model.n_compounds:,} compounds with published DFT, {model.n_stable} of them stable,"
        f" {len(model.potentials)} potentials, release {release}.",
        soft_wrap=True,
    )
    if lacking := sorted({name for names in model.missing.values() for name in names}):
        out.print(f"Features that these tables do not have: {', '.join(lacking)}.", soft_wrap=True)


@app.command("next")
def next_(
    n: Annotated[int, typer.Option("--n", min=1, max=200, help="Compounds to list.")] = 20,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Compounds that DFT should compute next: those from which the trust would learn most."""
    from compute.trust.model import NoTrust, read

    with one_sentence(NoTrust):
        listed = read(data or data_directory()).next_runs[:n]
    if as_json:
        print_json([run.model_dump() for run in listed])
        return
    grid = Table("", "compound", "DFT says stable", "Brier score falls by", "in the suite")
    for place, run in enumerate(listed, start=1):
        reduction = f"{run.expected_reduction:.1e}"
        grid.add_row(
            str(place), run.formula, f"{run.probability_stable:.0%}", reduction, "yes" if run.in_suite else "no"
        )
    out.print(grid)


@app.command("report")
def report(data: Data = None) -> None:
    """What the trust is worth, tested on elements left out, as a page in Markdown; takes minutes."""
    from rich.progress import Progress

    from compute import tables

    with one_sentence(tables.TableError), Progress(console=err, transient=True) as progress:
        from compute.reports.trust import document, trials

        def seen(total: int) -> Callable[[], None]:
            bar = progress.add_task("Elements left out", total=total)
            return lambda: progress.advance(bar)

        found = trials(data or data_directory(), seen)
    typer.echo(document(found), nl=False)
