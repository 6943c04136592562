"""The form of Recompute: what to compute, how its compound is read, and what it is likely to cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from compute.jobs.request import LARGEST_UPLOAD, MOST_ATOMS
from compute.jobs.service import JobSettings
from compute.potentials.registry import entries, entry
from compute.protocols import SAMPLING_NAMES, Andersen, HarmonicProtocol, Langevin, Protocol, SamplingProtocol
from compute.suites import SUITES
from compute.tasks.task import AttributionTask
from dashboard.pages.recompute.data import OFFERED, Checked, Rate
from dashboard.ui import controls
from dashboard.ui.structure import ROLE_NAMES
from dashboard.ui.text import count, plural, together
from dashboard.views.recompute import CALCULATIONS, RecomputeView

CALCULATION_NAMES = {
    "harmonic": "Harmonic",
    "published": "σ, schedule of the source",
    "converged": "σ, converged",
    "quick": "σ, quick",
    "one-shot": "σ, one-shot",
    "attribution": "Attribution of σ’s error",
    "attribution-quick": "Attribution, own frames quick",
    "attribution-converged": "Attribution, own frames converged",
}
_UPLOADED = (
    f"The file is taken as it is, up to {MOST_ATOMS} atoms in the primitive cell. Nothing is published about an "
    "uploaded structure, so the potentials are compared only with one another."
)
_PROTOTYPES = {"cubic-perovskite": "cubic ABX₃", "elpasolite": "double perovskite A₂MM′X₆"}


def form(view: RecomputeView, checked: Checked, cost: Any, lacking: Mapping[str, str], *, live: bool) -> Component:
    """The form that holds `view`; it is disabled where the site is not `live`.

    `lacking` says what keeps a potential from running here.
    """
    return html.Div(
        [
            controls.bar(
                dmc.Autocomplete(
                    id="recompute-compound",
                    label="Compound",
                    value=view.compound,
                    data=[],
                    error=checked.errors.get("compound") if view.compound else None,
                    placeholder="CsPbBr3 or Cs2AgBiBr6",
                    inputWrapperOrder=["label", "error", "input"],  # the suggestions would lie over what is below
                    debounce=250,
                    disabled=not live,
                ),
                dmc.MultiSelect(
                    id="recompute-potentials",
                    label="Potentials",
                    data=_potentials(lacking),
                    value=list(view.potentials),
                    maxValues=JobSettings().jobs_per_client,
                    hidePickedOptions=True,
                    searchable=True,
                    disabled=not live,
                    error=checked.errors.get("potentials"),
                ),
                controls.select(
                    "recompute-calculation", "Calculation",
                    controls.options(CALCULATIONS, CALCULATION_NAMES), view.calculation, disabled=not live,
                ),
                dmc.NumberInput(
                    id="recompute-temperature",
                    label="Temperature of σ (K)",
                    value=view.temperature,
                    step=50,
                    allowNegative=False,
                    debounce=250,
                    disabled=not live or not takes_temperature(view.calculation),
                    error=checked.errors.get("temperature"),
                ),
                label="What to compute",
            ),
            html.Div(
                controls.choice(
                    "recompute-suite", "Structure",
                    [{"value": suite, "label": structure_name(suite)} for suite in OFFERED],
                    view.suite or OFFERED[0],
                ),
                id="recompute-structures",
                hidden=len(checked.suites) < 2,
                className="recompute-structures",
            ),
            html.Div(
                [
                    dcc.Upload(
                        html.Button("or upload a CIF or POSCAR file", type="button", className="structure-button"),
                        id="recompute-upload",
                        max_size=LARGEST_UPLOAD,
                        disabled=not live,
                    ),
                    html.Span(id="recompute-uploaded", role="status"),
                    html.Button("Remove it", id="recompute-remove", type="button", className="structure-button",
                                hidden=True),
                    dcc.Store(id="recompute-structure"),
                ],
                className="recompute-upload",
            ),
            html.Div(reading(checked), id="recompute-reading", role="status", className="recompute-reading"),
            html.P(cost, id="recompute-cost", className="fine"),
            html.Div(
                [
                    dmc.Button(
                        "Compute",
                        id="recompute-compute",
                        color="accent.7",
                        disabled=not live or not checked.requests,
                    ),
                    html.Span(id="recompute-refused", role="alert", className="recompute-refused"),
                ],
                className="recompute-go",
            ),
        ],
        className="recompute-form",
    )  # fmt: skip


def structure_name(suite: str) -> str:
    """The structure of the compounds of `suite`, with its title where others have the same."""
    prototype = SUITES[suite].prototype
    first = next(other for other in OFFERED if SUITES[other].prototype == prototype)
    return _PROTOTYPES[prototype] if suite == first else f"{_PROTOTYPES[prototype]}, {SUITES[suite].title}"


def _potentials(lacking: Mapping[str, str]) -> list[dict[str, Any]]:
    """Registered potentials: those that can run here, then the others, which stand disabled with what is lacking."""
    able, others = [], []
    for known in entries().values():
        if reason := lacking.get(known.id):
            others.append({"value": known.id, "label": f"{known.name}: {reason}", "disabled": True})
        else:
            able.append({"value": known.id, "label": known.name})
    groups = {"Can run here": able, "Cannot run here": others}
    return [{"group": name, "items": items} for name, items in groups.items() if items]


def reading(checked: Checked) -> list[Any]:
    """How the formula is read and which calculation it becomes; nothing for one that cannot be computed."""
    task, compound = next(iter(checked.tasks), None), checked.compound
    if task is None:
        return []
    how = _scoring(task) if isinstance(task, AttributionTask) else procedure(task.protocol, uploaded=compound is None)
    trained = together({entry(one.potential).name: entry(one.potential).training_set for one in checked.tasks})
    protocols = html.P([f"{how} ", dcc.Link("Protocols", href="/methods#protocols"), f". {trained}."], className="fine")
    if compound is None:
        return [html.P(_UPLOADED), protocols]
    sites = ", ".join(f"{ROLE_NAMES[site]} = {element}" for site, element in compound.sites.items())
    where = (
        f"in the suite {SUITES[task.suite].title}"
        if checked.published
        else "in none of the suites, so no published reference exists"
    )
    notes = "".join(f" {note[:1].upper()}{note[1:]}." for note in compound.notes)
    return [
        html.P(
            [
                html.Strong(compound.formula),
                f", {_PROTOTYPES[SUITES[task.suite].prototype]} with {sites}; {where}.{notes}",
            ],
        ),
        protocols,
    ]


def _scoring(task: AttributionTask) -> str:
    """What an attribution does, in a sentence or two."""
    scored = f"Forces and force constants on the reference frames {task.frames}, against the reference’s."
    return f"{scored} {procedure(task.protocol)}" if isinstance(task.protocol, SamplingProtocol) else scored


def procedure(protocol: Protocol, *, uploaded: bool = False) -> str:
    """What `protocol` does, in a sentence; to an `uploaded` structure or to a compound."""
    harmonic = protocol if isinstance(protocol, HarmonicProtocol) else protocol.harmonic
    given = "in the cell of the file" if uploaded else "in the published cell"
    cell = given if harmonic.geometry == "reference" else "in a cell relaxed with the potential"
    if isinstance(protocol, HarmonicProtocol):
        size = " × ".join([str(protocol.supercell)] * 3)
        return f"Force constants from displacements of {protocol.displacement:g} Å {cell}, {size} cells."
    sampler, at = protocol.sampler, f"at {protocol.temperature:g} K {cell}"
    if isinstance(sampler, Langevin):
        most = f" to {sampler.longest / 1000:g}" if sampler.longest > sampler.keep else ""
        until = f", until the standard error is below {protocol.target_se:g}" if protocol.target_se else ""
        runs = "One trajectory" if protocol.replicas == 1 else f"{protocol.replicas} trajectories"
        return (
            f"{runs} {at}: the first "
            f"{sampler.discard / 1000:g} ps left out, then {sampler.keep / 1000:g}{most} ps{until}."
        )
    if isinstance(sampler, Andersen):
        return f"The schedule of the suite’s source {at}: {count(sampler.steps)} steps of {sampler.timestep:g} fs."
    return f"{protocol.replicas} × {sampler.samples} samples of the harmonic crystal {at}."


def takes_temperature(calculation: Any) -> bool:
    """Whether the calculation is of σ at a temperature of its own."""
    return calculation in SAMPLING_NAMES


_SOURCES = {
    "here": "measured here on {}",
    "scaled": "from {} published, at the pace of this machine",
    "elsewhere": "from {} published; nothing is measured here yet",
}


def cost_sentence(rates: Sequence[Rate | None]) -> str:
    """What calculations are likely to take, each after the other; empty without any."""
    if not rates:
        return ""
    known = [rate for rate in rates if rate is not None]
    if not known:
        return "How long it takes is not known: nothing similar has been computed yet."
    said = together(
        {
            entry(rate.potential).name: f"about {duration(rate.seconds)} "
            f"({_SOURCES[rate.source].format(plural(rate.n, 'calculation'))})"
            for rate in known
        }
    )
    unknown = len(rates) - len(known)
    more = f" Not known for {plural(unknown, 'other')}." if unknown else ""
    return f"{said}.{more} The first calculation with a potential also loads it."


def duration(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
