"""`softmode reference`: DFT numbers, published ones and our own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from compute.cli import dft
from compute.cli.common import AsJson, Data, err, fail, one_sentence, out, print_json
from compute.settings import data_directory, var_directory
from compute.suites import SUITES

app = typer.Typer(no_args_is_help=True, help="DFT numbers: published, and our own.")
app.add_typer(dft.app, name="dft")


@app.command("modes")
def modes(
    suite: Annotated[str, typer.Argument(help="A suite of stored forces: alexandria50 or mp0b3.")],
    source: Annotated[Path, typer.Option(help="The folder that the suite was imported from.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The softest modes of potentials beside DFT's, from stored forces: the table `mode_pairs`, which pages show."""
    with one_sentence(ValueError, OSError):
        from compute.campaigns.published import material_modes

        if suite not in material_modes.SOURCES:
            fail(f"No stored forces in suite {suite}: it is one of {', '.join(material_modes.SOURCES)}.")
        with Progress(console=err, transient=True) as progress:
            bar = progress.add_task("modes from stored forces", total=SUITES[suite].size)
            counts = material_modes.publish(data or data_directory(), suite, source, lambda name: progress.advance(bar))
    if as_json:
        print_json({"suite": suite, "materials": counts})
    else:
        out.print(f"Modes in {suite}: " + ", ".join(f"{potential} of {n} materials" for potential, n in counts.items()))


@app.command("import")
def import_(
    suite: Annotated[str, typer.Argument(help=" or ".join(SUITES))],
    source: Annotated[Path | None, typer.Option(help="File or folder to read.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Read published numbers into the table `references`, replacing what it had for the suite."""
    if suite not in SUITES:
        fail(f"No suite {suite}: it is one of {', '.join(SUITES)}.")
    with one_sentence(ValueError, OSError):
        from compute.campaigns.published.import_references import Wanted, imported, publish_references, source_of

        read = source_of(suite)
        if source is None:
            fail(f"Give --source: {read.accepts}, from {SUITES[suite].source}.")
        with Progress(console=err, transient=True, disable=not read.by_material) as progress:
            bar = progress.add_task("phonons from stored DFT forces", total=SUITES[suite].size)
            cache = var_directory() / "runs" / "stored-phonons"
            directory = data or data_directory()
            tables = imported(suite, Wanted(source, cache, lambda name: progress.advance(bar), directory))
        publish_references(directory, suite, tables)
    found = tables.pop("references")
    ambiguous = sum(row.get("charge_note") is not None for row in found)
    beside = {name: dict(Counter(row.get("status", "ok") for row in rows)) for name, rows in tables.items()}
    result = {
        "suite": suite, "rows": len(found), "ambiguous_charges": ambiguous, "beside": beside, "source": str(source)
    }  # fmt: skip
    if as_json:
        print_json(result)
    else:
        out.print(f"{len(found)} compounds in {suite}; charge states ambiguous or unknown in {ambiguous}.")
