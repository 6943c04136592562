"""`softmode doctor`: what is installed, what is there, what works."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.table import Table

from compute.cli.common import AsJson, Data, one_sentence, out, print_json
from compute.settings import data_directory, var_directory


def command(data: Data = None, as_json: AsJson = False) -> None:
    """What is installed and what works, and what to do where it does not; exit status 1 if anything is broken."""
    with one_sentence(OSError):
        from compute.runs.doctor import signs

        found = signs(data or data_directory(), var_directory())
    if as_json:
        print_json([asdict(sign) for sign in found])
    else:
        grid = Table("", "", "found", "what to do", box=None)
        for sign in found:
            grid.add_row(sign.name, sign.state, sign.found, sign.remedy)
        out.print(grid)
    if any(sign.state == "broken" for sign in found):
        raise typer.Exit(1)
