"""The place on the page where jobs are followed: its parts, and what stands in them now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.jobs import service
from compute.jobs.request import potential_ids
from compute.jobs.service import Job, JobsUnavailable
from compute.trust.answer import PotentialTrust
from dashboard.dataset import Dataset
from dashboard.figures.theme import Figure
from dashboard.pages.recompute import data, phonons
from dashboard.pages.recompute import job as said
from dashboard.pages.recompute import result_data as query
from dashboard.pages.recompute.overview import side_by_side
from dashboard.pages.recompute.phonons import LiveSet
from dashboard.pages.recompute.result import result
from dashboard.queries import compound as compound_query
from dashboard.queries import export
from dashboard.queries.bands import EFFECTIVE, bands_of_dft, mode
from dashboard.queries.coverage import potential_names
from dashboard.queries.trust import of_live
from dashboard.ui.bands import published_omegas
from dashboard.ui.blocks import attributes, captioned

ACTIVE = ("queued", "running")
FILES = {"json": "JSON, everything", **phonons.FILES}


@dataclass(frozen=True)
class Panel:
    """What is shown of jobs: `trace` is figure and caption of σ so far, and `offered` names the files of the results.

    `away` says that the database is, and `waits` that no worker runs.
    """

    jobs: tuple[Job, ...] = ()
    heading: Any = ""
    state: Any = ""
    progress: Any = None
    trace: tuple[Figure, str] | None = None
    result: Any = None
    offered: tuple[str, ...] = ()
    away: bool = False
    waits: bool = False

    @property
    def active(self) -> bool:
        """Whether it will change by itself."""
        return self.away or any(job.state in ACTIVE for job in self.jobs)


def panel(dataset: Dataset, ids: Sequence[str]) -> Panel:
    """The jobs `ids` as they stand now; empty without any."""
    if not ids:
        return Panel()
    try:
        jobs = read(ids)
        worker = any(job.state in ACTIVE for job in jobs) and service.worker_alive()
    except JobsUnavailable as error:
        return Panel(heading=html.Code(" ".join(ids)), state=str(error), away=True)
    if not jobs:
        return Panel(heading=html.Code(" ".join(ids)), state="There is no job of this name here. Old jobs are removed.")
    names = potential_names(dataset)
    reference = _reference(dataset, jobs[0])
    published = float("nan")
    if jobs[0].stage == "sigma" and reference and jobs[0].request.temperature in (None, query.DFT_KELVIN):
        published = query.value(reference, "sigma")
    sets = live_sets(dataset, jobs)
    return Panel(
        jobs,
        said.heading(jobs, names),
        said.states(jobs, worker=worker),
        [
            bar
            for job in jobs
            if (bar := said.progress(job, names.get(job.request.potential, ""), _expected(dataset, job)))
        ],
        said.growing_trace(jobs, names, published if jobs[0].stage == "sigma" else np.nan),
        _ended(dataset, jobs, names, reference, sets),
        tuple(FILES) if sets else ("json",) if any(job.result for job in jobs) else (),
        waits=any(job.state in ACTIVE for job in jobs) and not worker,
    )


def read(ids: Sequence[str]) -> tuple[Job, ...]:
    """The jobs of these ids that there are, in the order of their potentials. Raises `JobsUnavailable`."""
    found = [job for id in ids if (job := service.read(id)) is not None]
    order = potential_ids()
    return tuple(sorted(found, key=lambda job: order.index(job.request.potential)))


def _reference(dataset: Dataset, job: Job) -> query.Row | None:
    """DFT's row of the compound; none of an uploaded structure, of whose cell nothing is published."""
    if job.request.compound is None:
        return None
    return compound_query.reference(dataset, job.suite, job.compound)


def _expected(dataset: Dataset, job: Job) -> float | None:
    """Seconds that the like of a running `job` took."""
    if job.state != "running" or job.request.compound is None:
        return None
    view = data.view_of([job.request])
    asked = {name: getattr(view, name) for name in ("compound", "suite", "potentials", "calculation", "temperature")}
    (rate,) = data.rates(dataset, data.check(dataset, **asked)) or [None]
    return None if rate is None else rate.seconds


def live_sets(dataset: Dataset, jobs: Sequence[Job]) -> list[LiveSet]:
    """Every set of force constants of the results of `jobs`."""
    names = potential_names(dataset)
    found = []
    for job in jobs:
        if job.result is None or job.result.get("status") != "ok":
            continue
        name, compound = said.potential_name(job, names), job.request.compound and job.compound
        for own, published in query.force_constant_sets(dataset, job, query.kept(job)):
            kind = f", {own.temperature:g} K" if own.kind == EFFECTIVE else ""
            dft = bands_of_dft(dataset, job.suite, compound, own.prototype) if compound else None
            found.append(LiveSet(job.id, f"{name}{kind}", own, published, dft))
    return found


def omegas_of_dft(dataset: Dataset, jobs: Sequence[Job]) -> dict[str, float]:
    """DFT's softest ω (THz) at special points, where it is published of what `jobs` compute."""
    return _omegas(_reference(dataset, jobs[0]) if jobs else None)


def _omegas(reference: query.Row | None) -> dict[str, float]:
    return {} if reference is None else published_omegas(reference)


def _ended(
    dataset: Dataset,
    jobs: Sequence[Job],
    names: Mapping[str, str],
    reference: query.Row | None,
    sets: Sequence[LiveSet],
) -> list[Component | None]:
    """The results side by side, their phonons, then each on its own; nothing before there is one."""
    ended = [job for job in jobs if job.result is not None]
    if not ended:
        return []
    trust = {
        job.request.potential: found
        for job in ended
        if job.stage == "harmonic" and job.result and (found := of_live(dataset, job.result))
    }
    drawn = phonons.phonons(sets, _omegas(reference))
    if len(jobs) == 1:
        return [*_alone(dataset, jobs[0], names, reference, trust), *drawn]
    details = [
        html.Details(
            [
                html.Summary(said.potential_name(job, names)),
                *_alone(dataset, job, names, reference, trust),
            ],
            className="more",
        )
        for job in ended
    ]
    return [side_by_side(jobs, names, reference, trust), *drawn, *details]


def _alone(
    dataset: Dataset,
    job: Job,
    names: Mapping[str, str],
    reference: query.Row | None,
    trust: Mapping[str, PotentialTrust],
) -> list[Component | None]:
    row = job.result or {}
    uploaded = job.request.compound is None
    return result(
        job,
        names,
        reference=reference,
        stored=None if uploaded else query.stored(dataset, job.stage, row),
        digest=query.protocol_digest(dataset, job),
        content=query.kept(job),
        scored=query.scored(dataset, row, reference) if job.stage == "attribution" else None,
        trust=trust.get(job.request.potential),
    )


def skeleton(shown: Panel, *, hidden: bool) -> Component:
    """The parts of the panel, with what is in them now; callbacks renew them one by one."""
    return html.Section(
        [
            html.H2(shown.heading, id="recompute-heading"),
            html.P(shown.state, id="recompute-state", role="status"),
            html.Div(shown.progress, id="recompute-progress"),
            html.Div(
                [
                    dmc.Button("Cancel", id="recompute-cancel", variant="default", size="sm"),
                    html.Span(id="recompute-cancelled", role="alert"),
                ],
                id="recompute-active",
                hidden=True,
                className="recompute-go",
            ),
            _trace(shown.trace),
            html.Div(shown.result, id="recompute-result"),
            html.Div(
                [
                    dmc.Button(
                        label, id=f"recompute-download-{name}", variant="light", size="sm",
                        style=button_style(name in shown.offered),
                    )
                    for name, label in FILES.items()
                ],
                className="downloads",
            ),
        ],
        id="recompute-panel",
        hidden=hidden,
        tabIndex=-1,
        className="recompute-panel",
        **attributes(aria_labelledby="recompute-heading"),
    )  # fmt: skip


def _trace(trace: tuple[Figure, str] | None) -> Component:
    """The place of σ so far. It stays, so that the figure is changed as σ grows and not drawn anew each time."""
    figure, caption = trace or ({}, "")
    drawn = captioned(
        figure,
        html.Span(caption, id="recompute-trace-caption"),
        label="Running σ of the job",
        identity="recompute-trace-figure",
    )
    return html.Div(drawn, id="recompute-trace", hidden=trace is None)


def button_style(shown: bool) -> dict[str, str] | None:
    """Style of a button that may not be offered."""
    return None if shown else {"display": "none"}


def file_of(
    dataset: Dataset, ids: Sequence[str], name: str, key: str = "", q: str = "", branch: str = "", amplitude: Any = 0.3
) -> dict[str, str] | None:
    """Name and text of a file of the results of jobs `ids`; None where there is none.

    `key` names the force constants, else the first, and `q`, `branch` and `amplitude` (Å) the mode to be frozen in.
    """
    jobs = [job for job in read(ids) if job.result is not None]
    if not jobs:
        return None
    stem = f"live-{jobs[0].compound.replace(' ', '-')}-{jobs[0].id}"
    if name == "json":
        whole = [query.as_json(job, query.kept(job)) for job in jobs]
        text = json.dumps(whole[0] if len(whole) == 1 else whole, ensure_ascii=False, indent=1)
        return {"content": text, "filename": f"{stem}.json"}
    sets = live_sets(dataset, jobs)
    chosen = next((one for one in sets if one.key == key), next(iter(sets), None))
    if chosen is None:
        return None
    title = f"Softmode, live job {chosen.job}, not published"
    stem = f"{stem}-{chosen.found.potential}"
    if name == "phonopy":
        return {"content": export.phonopy_yaml(chosen.found, title), "filename": f"{stem}.yaml"}
    kind = name.removeprefix("frozen-")
    if kind == name:
        return export.structure_file(chosen.found.structure, kind, stem, title)
    if not isinstance(amplitude, int | float) or not 0 < amplitude <= export.LARGEST_AMPLITUDE:
        return None
    cell = export.frozen(chosen.found.structure, mode(chosen.found, q, branch), float(amplitude))
    return None if cell is None else export.structure_file(cell, kind, f"{stem}-mode", title)
