"""`softmode distil`: small MACE models distilled from CHGNet 0.3.0, and what they say against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from compute.cli.common import AsJson, Data, err, one_sentence, out, print_json
from compute.settings import data_directory, var_directory

if TYPE_CHECKING:
    from compute.distil.run import Split

app = typer.Typer(no_args_is_help=True, help="Small MACE models distilled from CHGNet 0.3.0; no foundation models.")

Records = Annotated[Path, typer.Option("--records", help="Folder of the records: learning curves, held-out errors.")]
Checkpoints = Annotated[Path, typer.Option("--checkpoints", help="Folder for the checkpoints.")]
_RECORDS = Path("data/distil")
_CHECKPOINTS = Path("compute/potentials/checkpoints")


@app.command("data")
def data_(
    size: Annotated[int, typer.Option(min=1, help="Training configurations.")] = 16_000,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Draw configurations of the suites' halides and label them with CHGNet 0.3.0; resumable."""
    with one_sentence(ValueError, RuntimeError, OSError):
        from compute.distil.run import configurations, teacher
        from compute.distil.settings import Recipe

        recipe, split, label = Recipe(), _split(data), teacher()
        result = {}
        with _progress() as progress:
            for part, count in (("validation", None), ("test", None), ("training", size)):
                bar = progress.add_task(part, total=count)

                def drawn(done: int, bar: TaskID = bar) -> None:
                    progress.update(bar, completed=done)

                found = configurations(part, count, split, recipe, _directory(), label, drawn)
                compounds = len(set(found.compounds.tolist()))
                result[part] = {"configurations": len(found), "compounds": compounds, "sha256": found.digest}
    if as_json:
        print_json(result)
        return
    for part, facts in result.items():
        out.print(f"{part}: {facts['configurations']} configurations of {facts['compounds']} compounds.")


@app.command("train")
def train(
    size: Annotated[list[int], typer.Argument(help="Sizes of the training sets: 250 1000 4000 16000.")],
    checkpoints: Checkpoints = _CHECKPOINTS,
    records: Records = _RECORDS,
    data: Data = None,
) -> None:
    """Train one model per size, all with the same settings, and write checkpoints and records; resumable."""
    with one_sentence(ValueError, RuntimeError, OSError):
        import hashlib

        from compute.distil import training
        from compute.distil.run import configurations, record, teacher
        from compute.distil.settings import Recipe, Training, model_id
        from compute.files import write_atomic
        from compute.potentials.mace.model import load_mace

        recipe, settings, split, label = Recipe(), Training(), _split(data), teacher()

        def labelled(part: str, count: int | None = None) -> Any:
            return configurations(part, count, split, recipe, _directory(), label)

        validation, test = labelled("validation"), labelled("test")
        for wanted in size:
            name, chosen = model_id(wanted), labelled("training", wanted)
            with _progress() as progress:
                bar = progress.add_task(name, total=settings.steps)

                def trained(point: dict[str, Any], bar: TaskID = bar) -> None:
                    progress.update(bar, completed=point["step"])

                content, curve = training.train(chosen, validation, settings, _directory() / f"{name}.pt", trained)
            write_atomic(checkpoints / f"{name}.model", content)
            sha256 = hashlib.sha256(content).hexdigest()
            model = load_mace(name, content, sha256, dtype="float64", device="cpu")
            found = record(wanted, chosen, test, recipe, settings, curve, model)
            found["parameters"] = training.parameters(content)
            write_atomic(records / f"{name}.json", (json.dumps(found, indent=1) + "\n").encode())
            out.print(f"{name}: sha256 {sha256}, {found['parameters']} parameters, {len(content)} bytes.")


@app.command("surrogate")
def surrogate(
    potential: Annotated[
        list[str] | None, typer.Option(help="A model to score, several times; default: all four.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many compounds.")] = None,
    publish: Annotated[bool, typer.Option(help="Publish the table attribution at the end.")] = True,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """All eight corners, with CHGNet 0.3.0 in place of DFT, of cubic compounds not trained on; resumable."""
    with one_sentence(ValueError, RuntimeError, OSError):
        from compute.distil.settings import SIZES, TEACHER, model_id
        from compute.distil.surrogate import attribution_rows
        from compute.distil.surrogate import publish as publish_rows
        from compute.potentials.load import load

        split = _split(data)
        parents = [one for one in (*split.test, *split.validation) if one.compound.suite == "abx3"][:limit]
        models = [load(name, dtype="float64") for name in potential or map(model_id, SIZES)]
        still, moving = (load(TEACHER, dtype=dtype) for dtype in ("float64", "float32"))
        with _progress() as progress:
            bar = progress.add_task("surrogate", total=len(parents) * len(models))
            rows = attribution_rows(
                parents, models, still, moving, _directory() / "surrogate", lambda row: progress.advance(bar)
            )
        if publish:
            publish_rows(data or data_directory(), rows)
    ok = sum(row["status"] == "ok" for row in rows)
    result = {"compounds": len(parents), "potentials": len(models), "rows": len(rows), "ok": ok}
    if as_json:
        print_json(result)
    else:
        out.print(f"{ok} of {len(rows)} rows: {len(parents)} compounds, {len(models)} models.")


@app.command("report")
def report(records: Records = _RECORDS, data: Data = None) -> None:
    """What was trained and what comes out, as Markdown made from the records and the tables."""
    with one_sentence(ValueError, OSError):
        from compute.reports.distillation import document

        typer.echo(document(data or data_directory(), records), nl=False)


def _split(data: Path | None) -> Split:
    from compute.distil.run import split
    from compute.distil.settings import Recipe

    return split(data or data_directory(), Recipe())


def _directory() -> Path:
    return var_directory() / "distil"


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err
    )
