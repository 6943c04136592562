"""`softmode harmonic`: one compound, printed."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from compute.cli.common import (
    AsJson,
    Data,
    FormulaArgument,
    FormulaSuite,
    OnePotential,
    check_suite,
    fail,
    lookup,
    one_sentence,
    out,
    print_json,
)
from compute.protocols import HARMONIC_PROTOCOLS
from compute.suites import SUITES
from compute.tables import TableError

_PROTOCOLS = [name for name, protocol in HARMONIC_PROTOCOLS.items() if protocol.supercell is not None]


def command(
    formula: FormulaArgument,
    suite: FormulaSuite,
    potential: OnePotential,
    protocol: Annotated[
        str | None,
        typer.Option(help=f"{' or '.join(_PROTOCOLS)}. Default: the published geometry where there is one."),
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Harmonic frequencies of one compound, beside the published ones."""
    check_suite(suite)
    if protocol is not None and protocol not in _PROTOCOLS:
        fail(f"No protocol {protocol}: it is {' or '.join(_PROTOCOLS)}.")
    with one_sentence(ValueError, RuntimeError, TableError):
        result = _result(formula, suite, potential, protocol, data)
    if as_json:
        print_json(result)
    else:
        _print(result)


def _result(formula: str, suite: str, potential: str, protocol: str | None, data: Any) -> dict[str, Any]:
    from compute.tasks.execute import BESIDE, execute, potential_of
    from compute.tasks.task import task_for

    compound, published = lookup(formula, suite, data)
    a = published.get("lattice_constant")
    settings = HARMONIC_PROTOCOLS[protocol or ("reference-geometry" if a else "relaxed-geometry")]
    task = task_for(suite, compound.formula, a, potential, None, settings)
    checkpoint = potential_of(task, settings.dtype).checkpoint_sha256
    row = execute(task)
    if row["status"] != "ok":
        fail(f"{compound.formula}: {row['status']}: {row['reason']}")
    omegas = [f"omega_{label}_thz" for label in (*SUITES[suite].q_points, "min")]
    return {
        "suite": suite,
        "compound": compound.formula,
        "sites": dict(compound.sites),
        "notes": list(compound.notes),
        "potential": potential,
        "checkpoint_sha256": checkpoint,
        "protocol": settings.name,
        **{name: value for name, value in row.items() if name not in BESIDE},
        "published": {key: published.get(key) for key in (*omegas, "sigma", "functional", "doi", "source")}
        if published
        else None,
    }


def _print(result: dict[str, Any]) -> None:
    x = f", x = {result['x']:.4f}" if result["x"] is not None else ""
    out.print(
        f"[bold]{result['compound']}[/bold]  {result['potential']}, {result['protocol']}, a = {result['a']:.4f} Å{x}"
    )
    published = result["published"]
    grid = Table("ω of the softest mode (THz)", result["potential"], "published DFT")
    for label in (*SUITES[result["suite"]].q_points, "min"):
        key = f"omega_{label}_thz"
        name = {"gamma": "Γ", "min": "lowest of all"}.get(label, label.upper())
        there = published[key] if published else None
        grid.add_row(name, f"{result[key]:+.3f}", "not published" if there is None else f"{there:+.3f}")
    out.print(grid)
    out.print(
        f"{result['label']} at tolerance {result['tolerance_thz']} THz; noise floor {result['noise_floor_thz']:.3f} THz"
        f" ({result['noise_method']}); {result['n_displacements']} displacements, {result['seconds']:.1f} s"
    )
    out.print(_ladder(result))
    if published and published["sigma"] is not None:
        out.print(f"Published σ at 300 K: {published['sigma']:.3f}")
    for note in result["notes"]:
        out.print(f"Note: {note}.")


def _ladder(result: dict[str, Any]) -> str:
    rungs = zip(result["rung_omega_thz"], result["rung_amplitude"], strict=True)
    frozen = ", ".join(f"{omega:+.2f} at {amplitude:g} Å" for omega, amplitude in rungs)
    return f"Softest mode frozen in (THz): {frozen}; cusp {result['cusp_thz']:+.1f}; {result['label_ladder']}"
