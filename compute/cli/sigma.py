"""`softmode sigma`: the anharmonicity score of one compound, printed."""

from __future__ import annotations

from math import isnan
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from compute.cli.common import (
    AsJson,
    Data,
    FormulaArgument,
    FormulaSuite,
    OnePotential,
    check_suite,
    err,
    fail,
    lookup,
    one_sentence,
    out,
    print_json,
)
from compute.protocols import HARMONIC_PROTOCOLS, SAMPLING_NAMES, SamplingProtocol, sampling_protocol
from compute.suites import SUITES
from compute.tables import TableError

_SITES = {"a": "A", "b": "B", "bp": "B'", "x": "X"}
_TRACE_POINTS = 8


def command(
    formula: FormulaArgument,
    suite: FormulaSuite,
    potential: OnePotential,
    protocol: Annotated[str, typer.Option(help=" or ".join(SAMPLING_NAMES))] = "quick",
    temperature: Annotated[float, typer.Option(min=1, help="K")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same digits.")] = 0,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """σ of one compound at temperature, beside the published one."""
    check_suite(suite)
    if protocol not in SAMPLING_NAMES:
        fail(f"No protocol {protocol}: it is {' or '.join(SAMPLING_NAMES)}.")
    with one_sentence(ValueError, RuntimeError, TableError):
        settings = sampling_protocol(protocol, suite).model_copy(update={"temperature": temperature})
        result = _result(formula, suite, potential, settings, seed, data)
    if as_json:
        print_json(result)
    else:
        _print(result)


def _result(
    formula: str, suite: str, potential: str, settings: SamplingProtocol, seed: int, data: Any
) -> dict[str, Any]:
    from compute.tasks.execute import BESIDE, Means, execute, potential_of
    from compute.tasks.task import SigmaTask

    compound, published = lookup(formula, suite, data)
    a = published.get("lattice_constant")
    if a is None:
        settings = settings.model_copy(update={"harmonic": HARMONIC_PROTOCOLS["relaxed-geometry"]})
    task = SigmaTask(suite, compound.formula, potential, None, settings, a, own_seed=seed)
    checkpoint = potential_of(task, settings.harmonic.dtype).checkpoint_sha256
    with _progress() as progress:
        bar = progress.add_task("force constants", total=None, sigma="")

        def advance(done: int, planned: int, sigma: float, error: float) -> None:
            shown = "" if isnan(sigma) else f"σ {sigma:.3f}" + ("" if isnan(error) else f" ± {error:.3f}")
            progress.update(bar, description="frames", completed=done, total=planned, sigma=shown)

        row = execute(task, Means(sampling=advance))
    if row["status"] != "ok":
        fail(f"{compound.formula}: {row['status']}: {row['reason']}")
    return {
        "suite": suite,
        "compound": compound.formula,
        "sites": dict(compound.sites),
        "notes": list(compound.notes),
        "potential": potential,
        "checkpoint_sha256": checkpoint,
        "protocol": settings.name,
        "protocol_digest": settings.digest,
        "geometry": settings.geometry,
        **{name: value for name, value in row.items() if name not in BESIDE},
        "published": {key: published.get(key) for key in (*_sigmas(), "functional", "doi", "source")}
        if published
        else None,
    }


def _sigmas() -> tuple[str, ...]:
    return ("sigma", *(f"sigma_{site}" for site in _SITES), "sigma_weighted_frequency_thz")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f}%"),
        TextColumn("{task.fields[sigma]}"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


def _print(result: dict[str, Any]) -> None:
    heat = "" if result["temperature_mean"] is None else f", mean {result['temperature_mean']:.0f} K"
    out.print(
        f"[bold]{result['compound']}[/bold]  {result['potential']}, {result['protocol']},"
        f" {result['temperature']:g} K{heat}"
    )
    published = result["published"] or {}
    grid = Table("", result["potential"], "published DFT, 300 K")
    grid.add_row("σ", f"{result['sigma']:.3f} ± {result['sigma_se']:.3f}", _number(published.get("sigma")))
    for site, name in _SITES.items():
        if result.get(f"sigma_{site}") is not None:
            there = _number(published.get(f"sigma_{site}"))
            grid.add_row(f"σ of {name}", _number(result[f"sigma_{site}"]), there)
    out.print(grid)
    out.print(
        f"{result['label']} at σ < {result['threshold']:g}; {result['n_frames']} frames of {result['n_replicas']}"
        f" replica(s), {result['seconds']:.0f} s, seed {result['seed']}"
    )
    if result["target_reached"] is False:
        out.print(f"Not converged: {result['reason']}.")
    if result["timestep"] is not None:
        _print_course(result)
    if published.get("sigma") is not None and not result["protocol"].startswith("published"):
        out.print("The published σ was sampled in another way; --protocol published does the same here.")
    for note in result["notes"]:
        out.print(f"Note: {note}.")


def _print_course(result: dict[str, Any]) -> None:
    """σ over time, and the renormalised frequencies."""
    times, sigmas = result["trace_time_ps"], result["trace_sigma"]
    step = max(len(times) // _TRACE_POINTS, 1)
    shown = list(zip(times, sigmas, strict=True))[step - 1 :: step]
    out.print("σ up to " + ", ".join(f"{time:.1f} ps: {sigma:.3f}" for time, sigma in shown))
    omegas = [
        f"{label.replace('gamma', 'Γ').upper()} {result[f'renormalised_{label}_thz']:+.2f}"
        f" ± {result[f'renormalised_{label}_se_thz']:.2f}"
        for label in SUITES[result["suite"]].q_points
    ]
    out.print(f"Renormalised ω (THz): {', '.join(omegas)}; {result['renormalised_label']}")


def _number(value: float | None) -> str:
    return "not published" if value is None else f"{value:.3f}"
