"""A live job as it stands: what it is, how far it is, and the jobs of a visitor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.jobs.service import Job, Progress
from dashboard.figures.sigma_trace import RunningSigma, sigma_trace
from dashboard.figures.theme import Figure
from dashboard.pages.recompute.data import view_of
from dashboard.pages.recompute.form import CALCULATION_NAMES, duration
from dashboard.ui.blocks import attributes, table
from dashboard.ui.compound_text import formula
from dashboard.ui.text import count, plural, with_error

Names = Mapping[str, str]
LIVE = "live, not published"
WORKER = "softmode worker"


def potential_name(job: Job, names: Names) -> str:
    """The name of its potential for people, else its id."""
    return names.get(job.request.potential, job.request.potential)


def no_worker() -> list[Any]:
    """Says that nothing computes, and what would."""
    return ["No worker runs, so a job waits. Start one with ", html.Code(WORKER), "."]


def heading(jobs: Sequence[Job], names: Names) -> list[Any]:
    """Compound, potential or how many, calculation."""
    first = jobs[0]
    name = potential_name(first, names)
    what = name if len(jobs) == 1 else f"{len(jobs)} potentials"
    badge = html.Span(LIVE, className="badge")
    row = first.result or {}
    return [*formula(str(row.get("compound") or first.compound)), f", {what}, {calculation(first)} ", badge]


def calculation(job: Job) -> str:
    """The calculation of `job` as the form calls it."""
    view = view_of([job.request])
    name = CALCULATION_NAMES[view.calculation]
    name = name if name.startswith("σ") else name.lower()
    return f"{name}, {view.temperature:g} K" if job.stage == "sigma" else name


def state(job: Job, *, worker: bool) -> list[Any]:
    """Where the job stands, in a sentence; `worker` says whether one runs."""
    if job.state == "queued":
        if not worker:
            return [html.Strong("Waiting. "), *no_worker()]
        before = "it is next" if not job.ahead else f"{plural(job.ahead, 'job')} before it"
        return [html.Strong("Queued"), f": {before}."]
    if job.state == "running":
        if not worker:
            until = "it goes on when that is back, or when another takes it over"
            return [html.Strong("Interrupted"), f": no worker answers; {until}."]
        stage = job.progress.stage if job.progress else "starting"
        return [html.Strong("Running"), f": {stage}."]
    if job.state == "done":
        return [html.Strong("Done"), f"{_took(job)}."]
    if job.state == "failed":
        return [html.Strong("Failed"), f"{_took(job)}: {job.error}"]
    return [html.Strong("Cancelled"), "; compute it again to have it."]


def _took(job: Job) -> str:
    if job.started is None or job.finished is None:
        return ""
    return f" in {duration((job.finished - job.started).total_seconds())}"


def states(jobs: Sequence[Job], *, worker: bool) -> list[Any]:
    """Where several jobs stand together."""
    if len(jobs) == 1:
        return state(jobs[0], worker=worker)
    if not worker and any(job.state in ("queued", "running") for job in jobs):
        return [html.Strong("Waiting. "), *no_worker()]
    counted = {word: sum(job.state == word for job in jobs) for word in ("done", "running", "queued", "failed")}
    counted["cancelled"] = sum(job.state == "cancelled" for job in jobs)
    said = ", ".join(f"{n} {word}" for word, n in counted.items() if n)
    word = "Running" if counted["running"] else "Queued" if counted["queued"] else "Done"
    return [html.Strong(word), f": {said}."]


def progress(job: Job, name: str, expected: float | None) -> Component | None:
    """Done of total, σ so far and the time left, while the job runs; `expected` s is what its like took."""
    told = job.progress
    if job.state != "running" or told is None:
        return None
    parts = [name, told.stage]
    if told.total:
        parts.append(f"{count(told.done)} of {count(told.total)} {_unit(told)}")
    elif told.done:
        parts.append(plural(told.done, "force call"))
    if told.sigma is not None:
        parts.append(f"σ so far {with_error(told.sigma, np.nan if told.sigma_se is None else told.sigma_se)}")
    if (left := _left(job, told, expected)) is not None:
        parts.append(f"about {duration(left)} left")
    percent = job.percent
    return html.Div(
        [
            dmc.Progress(
                value=100 if percent is None else percent, animated=percent is None, size="md",
                **{"aria-label": f"Progress: {name}, {told.stage}"},
            ),
            html.P(", ".join(parts), className="recompute-numbers"),
        ]
    )  # fmt: skip


def _left(job: Job, told: Progress, expected: float | None) -> float | None:
    """Seconds left: at the pace so far in the stage that takes the time, else of what is expected; None: not known."""
    if told.seconds_left is not None and told.stage == ("force constants" if job.stage == "harmonic" else "sampling"):
        return told.seconds_left
    if expected is None or job.started is None:
        return told.seconds_left
    left = expected - (datetime.now(UTC) - job.started).total_seconds()
    return left if left > 1 else None


def _unit(told: Progress) -> str:
    return {"sampling": "frames", "force constants": "force calls"}.get(told.stage, "steps")


def growing_trace(jobs: Sequence[Job], names: Names, published: float) -> tuple[Figure, str] | None:
    """Figure and caption of σ as far as it has come, once one has two values.

    DFT's `published` σ is NaN where there is none.
    """
    traces, said = [], []
    for job in jobs:
        told = job.progress
        if job.state != "running" or told is None or len(told.trace) < 2:
            continue
        at, sigma = np.array(told.trace, float).T
        name = potential_name(job, names)
        trace = RunningSigma(
            name, job.request.potential, 0, at, sigma, np.nan if told.sigma_se is None else told.sigma_se
        )
        traces.append(trace)
        said.append(f"{name}, n = {count(int(at[-1]))} frames so far: σ = {with_error(float(sigma[-1]), trace.se)}.")
    if not traces:
        return None
    dft = [f"DFT’s published σ is {published:.3f}."] if np.isfinite(published) else []
    return sigma_trace(traces, published, x_title="frames of each replica"), " ".join(said + dft)


def mine(listed: Sequence[Job], names: Names, shown: Sequence[str]) -> Component:
    """The visitor's jobs, newest first; those that are `shown` are marked."""
    if not listed:
        return html.P("None yet. What you compute is listed here, in this browser.", className="muted")
    rows = [
        [
            html.A(formula(job.compound), href=f"/recompute?job={job.id}", **_current(job.id in shown)),
            potential_name(job, names),
            calculation(job),
            job.state,
            _moment(job.submitted),
        ]
        for job in listed
    ]
    head = ("compound", "potential", "calculation", "state", "asked for (UTC)")
    return table(head, rows, caption=f"n = {plural(len(rows), 'job')} asked for from this browser", numeric_from=5)


def _current(yes: bool) -> dict[str, Any]:
    return attributes(aria_current="page") if yes else {}


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"
