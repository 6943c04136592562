"""`softmode reference`: DFT numbers, published ones and our own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from compute.cli import dft
from compute.cli.common import AsJson, Data, err, fail, one_sentence, out, print_json
from compute.protocols import SUITES
from compute.settings import data_directory, var_directory

app = typer.Typer(no_args_is_help=True, help="DFT numbers: published, and our own.")
_ACCEPTED = {
    "hdp": "the CSV of the 1,813 compounds or the authors' ASE database double_halide_pv.db",
    "abx3": "the CSV of Table S1",
    "mp0b3": "a folder of npz files with DFT and MACE-MP-0b3 forces",
}


app.add_typer(dft.app, name="dft")


@app.command("import")
def import_(
    suite: Annotated[str, typer.Argument(help="hdp, abx3 or mp0b3.")],
    source: Annotated[Path | None, typer.Option(help="File or folder to read.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Read published numbers into the table `references`, replacing what it had for the suite."""
    if suite not in SUITES:
        fail(f"No suite {suite}: it is one of {', '.join(SUITES)}.")
    if source is None:
        fail(f"Give --source: {_ACCEPTED[suite]}, from {SUITES[suite].source}.")
    with one_sentence(ValueError, OSError):
        from compute.campaigns.import_references import publish_references, reference_rows

        with Progress(console=err, transient=True, disable=suite != "mp0b3") as progress:
            bar = progress.add_task("phonons from stored DFT forces", total=SUITES[suite].size)
            cache = var_directory() / "runs" / "stored-phonons"
            found = reference_rows(suite, source, cache, lambda name: progress.advance(bar))
        publish_references(data or data_directory(), suite, found)
    ambiguous = sum(row.get("charge_note") is not None for row in found)
    result = {"suite": suite, "rows": len(found), "ambiguous_charges": ambiguous, "source": str(source)}
    if as_json:
        print_json(result)
    else:
        out.print(f"{len(found)} compounds in {suite}; charge states ambiguous or unknown in {ambiguous}.")
