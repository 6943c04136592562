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
_ACCEPTED = {
    "hdp": "the CSV of the 1,813 compounds or the authors' ASE database double_halide_pv.db",
    "abx3": "the CSV of Table S1",
    "mp0b3": "a folder of npz files with DFT and MACE-MP-0b3 forces",
    "alexandria50": "a folder of npz files with forces of DFT and six MACE models",
    "mp64": "the npz file of bands of ffonons",
    "phonondb": "the gzipped CSV of lowest and highest ω of ffonons",
    "kappa103": "the JSON lines of matbench-discovery's analysis of 103 binaries",
}


app.add_typer(dft.app, name="dft")


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
    if source is None:
        fail(f"Give --source: {_ACCEPTED[suite]}, from {SUITES[suite].source}.")
    with one_sentence(ValueError, OSError):
        from compute.campaigns.published.import_references import imported, publish_references

        with Progress(console=err, transient=True, disable=suite not in ("alexandria50", "mp0b3")) as progress:
            bar = progress.add_task("phonons from stored DFT forces", total=SUITES[suite].size)
            cache = var_directory() / "runs" / "stored-phonons"
            directory = data or data_directory()
            tables = imported(suite, source, cache, lambda name: progress.advance(bar), directory)
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
