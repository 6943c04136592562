"""The place on the page where a job is followed: its parts, and what stands in them now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.jobs import service
from compute.jobs.service import Job, JobsUnavailable
from dashboard.dataset import Dataset
from dashboard.figures.theme import Figure
from dashboard.pages.recompute import job as said
from dashboard.pages.recompute import result_data as query
from dashboard.pages.recompute.result import result
from dashboard.queries import compound as compound_query
from dashboard.queries.coverage import potential_names
from dashboard.queries.export import phonopy_yaml, poscar
from dashboard.queries.trust import of_live
from dashboard.ui.blocks import captioned

ACTIVE = ("queued", "running")
FILES = {"json": "JSON, everything", "poscar": "POSCAR", "phonopy": "phonopy yaml"}


@dataclass(frozen=True)
class Panel:
    """What is shown of a job: `trace` is figure and caption of σ so far, and `offered` names the files of its result.

    `away` says that the database is, and `waits` that no worker runs.
    """

    job: Job | None = None
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
        return self.away or (self.job is not None and self.job.state in ACTIVE)


def panel(dataset: Dataset, id: str) -> Panel:
    """The job `id` as it stands now; empty without an id."""
    if not id:
        return Panel()
    try:
        job = service.read(id)
        worker = job is not None and job.state in ACTIVE and service.worker_alive()
    except JobsUnavailable as error:
        return Panel(heading=html.Code(id), state=str(error), away=True)
    if job is None:
        return Panel(heading=html.Code(id), state="There is no job of this name here. Old jobs are removed.")
    names = potential_names(dataset)
    row = job.result or {}
    reference = compound_query.reference(dataset, row.get("suite", job.suite), row.get("compound", job.compound))
    ended, offered = _ended(dataset, job, names, reference)
    published = float("nan")
    if reference is not None and job.request.temperature in (None, query.DFT_KELVIN):
        published = query.value(reference, "sigma")
    return Panel(
        job,
        said.heading(job, names),
        said.state(job, worker=worker),
        said.progress(job),
        said.growing_trace(job, names, published if job.stage == "sigma" else np.nan),
        ended,
        offered,
        waits=job.state in ACTIVE and not worker,
    )


def _ended(
    dataset: Dataset, job: Job, names: Mapping[str, str], reference: query.Row | None
) -> tuple[list[Component | None], tuple[str, ...]]:
    """The result of the job, and the files that can be had of it; nothing before it has one."""
    if job.result is None:
        return [], ()
    content = query.kept(job)
    found = query.live_and_published_bands(dataset, job, content)
    shown = result(
        job,
        names,
        reference=reference,
        stored=query.stored(dataset, job.stage, job.result),
        digest=query.protocol_digest(dataset, job),
        content=content,
        found=found,
        scored=query.scored(dataset, job.result, reference) if job.stage == "attribution" else None,
        trust=of_live(dataset, job.result) if job.stage == "harmonic" else None,
    )
    return shown, tuple(FILES) if found else ("json",)


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
        **{"aria-labelledby": "recompute-heading"},
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


def file_of(dataset: Dataset, id: str, name: str) -> dict[str, str] | None:
    """Name and text of a file of the result of job `id`; None where there is none."""
    job = service.read(id)
    if job is None or job.result is None:
        return None
    stem, content = f"live-{job.compound.replace(' ', '-')}-{id}", query.kept(job)
    if name == "json":
        whole = job.model_dump_json(indent=1) if content is None else query.as_json(job, content)
        return {"content": whole, "filename": f"{stem}.json"}
    found = query.live_and_published_bands(dataset, job, content)
    if not found:
        return None
    title = f"Softmode, live job {id}, not published"
    if name == "poscar":
        return {"content": poscar(found[0].structure, title), "filename": f"{stem}.vasp"}
    return {"content": phonopy_yaml(found[0], title), "filename": f"{stem}.yaml"}
