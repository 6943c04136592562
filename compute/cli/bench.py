"""`softmode bench`: the engine beside the plain loop of ASE and phonopy, on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from compute.cli.common import AsJson, Data, err, one_sentence, out, print_json
from compute.settings import data_directory


def command(
    potential: Annotated[str, typer.Option(help="A MACE that is here.")] = "softmode-mace-distil-250",
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    rounds: Annotated[int, typer.Option(min=1, help="Both sides so many times in turn; medians are kept.")] = 3,
    constants: Annotated[int, typer.Option(min=4, help="Compounds of which force constants are made.")] = 64,
    sigmas: Annotated[int, typer.Option(min=4, help="Compounds of which σ is sampled.")] = 16,
    chunk: Annotated[int, typer.Option(min=1, help="Compounds together.")] = 16,
    keep: Annotated[float, typer.Option(min=50, help="Time sampled for σ, fs; 2000 is the whole of quick.")] = 500,
    medium: Annotated[int, typer.Option(min=1, help="Compounds in a batch of the medium architecture.")] = 4,
    largest: Annotated[int, typer.Option(min=10, help="Compounds of the largest campaign.")] = 1000,
    sevennet_alone: Annotated[bool, typer.Option("--sevennet-alone", help="Measure SevenNet alone.")] = False,
    costs: Annotated[
        bool,
        typer.Option("--costs", help="Measure the force calls of all potentials that load here alone."),
    ] = False,
    to: Annotated[
        Path | None, typer.Option(help="File for the results, such as benchmarks/results/engine.json.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Time force constants and σ by both sides, the batch, the workers and the size of a campaign."""
    if costs:
        _costs(to, as_json)
        return
    with one_sentence(ValueError, OSError):
        from compute.bench.suite import BenchSettings, run

        growth = tuple(size for size in (10, 100, 1000, 10_000) if size <= largest)
        settings = BenchSettings(
            potential, device, constants, sigmas, keep, chunk, medium, rounds, growth, sevennet_alone
        )
        document: dict[str, Any] = {}
        for part, found in run(settings, data or data_directory()):
            document[part] = found
            err.print(f"{part}: done")
            if to is not None:
                to.write_text(json.dumps(document, indent=1) + "\n")
        if as_json:
            print_json(document)
            return
        for name, found in (document.get("sevennet") or {}).items():
            out.print(
                f"{name}: {found['speed_ratio']:.1f} times as fast as its own calculator, {found['engine_ms']:.0f} ms"
                f" per force call, {found['overhead_ratio']:.1%} of it between the processes"
            )
        for name in ("force_constants", "sigma", "medium"):
            if sevennet_alone:
                break
            found = document[name]
            out.print(
                f"{name}: {found['speed_ratio']:.1f} times as fast as the plain loop"
                f" ({found['engine']['compounds_per_hour']:.0f} compounds per hour on one core)"
            )


def _costs(to: Path | None, as_json: bool) -> None:
    """µs per atom and call of all potentials, on paper and in the file `to`."""
    with one_sentence(ValueError, OSError):
        from compute.bench.costs import measured

        found = measured(lambda potential: err.print(f"{potential}: done"))
        if to is not None:
            to.write_text(found.model_dump_json(indent=1) + "\n")
    if as_json:
        print_json(found.model_dump())
        return
    out.print(f"µs per atom and call: {found.where}")
    for potential, sizes in found.us_per_atom.items():
        out.print(f"{potential}: {', '.join(f'{us:.0f} at {atoms} atoms' for atoms, us in sizes.items())}")
    for potential, reason in found.refused.items():
        out.print(f"{potential}: not measured, {reason}")
