"""Recompute: one compound with several potentials now, watched, kept under a link, held against what is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from compute.jobs import service
from compute.jobs.service import Job, JobError, JobSettings, JobsUnavailable
from compute.potentials.registry import preselected
from dashboard.dataset import Dataset
from dashboard.pages.page import VIEW_QUERY, Page, PageState
from dashboard.pages.recompute import data as query
from dashboard.pages.recompute import job as said
from dashboard.pages.recompute.form import cost_sentence, form, reading, takes_temperature
from dashboard.pages.recompute.panel import FILES, Panel, button_style, panel, skeleton
from dashboard.pages.recompute.transfer import JOB, STRUCTURE, ids_in, register_transfer
from dashboard.queries.coverage import potential_names
from dashboard.server.response_cache import do_not_remember
from dashboard.server.visitor import client_id, known_client
from dashboard.ui.blocks import address_notice, page_head, section
from dashboard.views.codec import build, encode
from dashboard.views.recompute import RecomputeView

NEXT_MS, POLL_MS, LONG_MS, IDLE_MS = 200, 500, 2000, 5000
LONG_SECONDS = 60
SEEN = "recompute-seen"
ASKED, ANSWERED = "recompute-asked", "recompute-answered"
_FORM = ("compound", "suite", "potentials", "calculation", "temperature")
_OFF = "This site shows published results only and computes nothing on demand."


@dataclass(frozen=True)
class RecomputeState(PageState[RecomputeView]):
    """What the form holds, and the jobs as they stand."""

    panel: Panel


def resolve(dataset: Dataset, asked: RecomputeView) -> RecomputeState:
    """The form that asks for the jobs of `asked`, which say everything; without jobs as `asked` itself says it."""
    stated = RecomputeView(jobs=asked.jobs) if asked.jobs else asked
    shown = panel(dataset, stated.jobs)
    view = query.view_of([job.request for job in shown.jobs]) if shown.jobs else stated
    return RecomputeState(replace(view, jobs=stated.jobs), encode(stated), shown)


def layout(dataset: Dataset, state: RecomputeState, ignored: tuple[str, ...]) -> Component:
    """The page that shows `state`: jobs with their form, or the form alone."""
    live, view, shown = JobSettings().live, state.view, state.panel
    lacking = query.lacking()
    checked = query.check(dataset, lacking=lacking, **{name: getattr(view, name) for name in _FORM})
    cost = cost_sentence(query.rates(dataset, checked))
    return html.Div(
        [
            page_head(
                "Recompute",
                "One compound with one or more potentials, computed now. The results are kept under one link and held "
                "against what is published, but are not published themselves.",
            ),
            address_notice(ignored),
            _notice(live=live),
            form(view, checked, cost, lacking, live=live),
            skeleton(shown, hidden=not view.jobs),
            section(
                "Your jobs",
                html.Div(id="recompute-mine"),
                about="Jobs that this browser asked for. Whoever has the link of a job sees it as it is.",
            ),
            html.P(
                [
                    "On the command line: ",
                    html.Code(f"softmode harmonic CsPbBr3 --suite abx3 --potential {preselected()}"),
                    ". For programs: ", html.A("the API", href="/api/v1/"), ".",
                ],
                className="fine",
            ),
            dcc.Store(id=JOB, data=_stamps(view.jobs, shown.jobs)),
            dcc.Store(id=SEEN, data=_stamps(view.jobs, shown.jobs)),
            dcc.Store(id=ASKED, data=0),
            dcc.Store(id=ANSWERED, data=0),
            dcc.Interval(id="recompute-poll", interval=_pace(shown), disabled=not shown.active),
            dcc.Download(id="recompute-file"),
        ],
        className="page",
    )  # fmt: skip


def _notice(*, live: bool) -> Component | None:
    """Why nothing can be computed, or would not be computed now."""
    if not live:
        return html.P(_OFF, className="notice", role="status")
    try:
        if service.worker_alive():
            return None
    except JobsUnavailable as error:
        return html.P(str(error), className="notice", role="status")
    return html.P(said.no_worker(), className="notice", role="status")


def _stamps(ids: Sequence[str], jobs: Sequence[Job]) -> list[list[Any]]:
    """What tells whether jobs are others, were asked for anew or have come further."""
    known = {job.id: job for job in jobs}
    return [[id, known[id].attempt, known[id].state] if id in known else [id, 0, ""] for id in ids]


def _pace(shown: Panel) -> int:
    """Milliseconds until the jobs are looked at again: soon where one is about to begin, less often where little can
    change.
    """
    if shown.away or shown.waits or not shown.jobs:
        return IDLE_MS
    if any(job.state == "queued" and not job.ahead for job in shown.jobs):
        return NEXT_MS
    left = [job.progress.seconds_left or 0 for job in shown.jobs if job.state == "running" and job.progress]
    return LONG_MS if left and min(left) > LONG_SECONDS else POLL_MS


def _text(structure: Any) -> str | None:
    return structure.get("text") if isinstance(structure, dict) and isinstance(structure.get("text"), str) else None


def register(app: Dash, dataset: Dataset) -> None:
    """The form is checked as it changes; a job is asked for, polled, cancelled and downloaded."""

    @app.callback(
        output={
            **{f"{name}_error": Output(f"recompute-{name}", "error") for name in _FORM if name != "suite"},
            **{
                f"no_{name}": Output(f"recompute-{name}", "disabled") for name in ("compound", "temperature", "compute")
            },
            "suggestions": Output("recompute-compound", "data"),
            "no_structures": Output("recompute-structures", "hidden"),
            "reading": Output("recompute-reading", "children"),
            "cost": Output("recompute-cost", "children"),
            "address": Output(VIEW_QUERY, "data", allow_duplicate=True),
        },
        inputs={
            "asked": {name: Input(f"recompute-{name}", "value") for name in _FORM},
            "structure": Input(STRUCTURE, "data"),
        },
        state={"stamp": State(JOB, "data")},
        prevent_initial_call=True,
    )
    def _check(asked: dict[str, Any], structure: Any, stamp: Any) -> dict[str, Any]:
        checked = query.check(dataset, _text(structure), query.lacking(), **asked)
        view = build(RecomputeView, **{**asked, "suite": asked["suite"] if len(checked.suites) > 1 else ""})
        errors = checked.errors
        return {
            "compound_error": errors.get("compound") if asked["compound"] or structure else None,
            "potentials_error": errors.get("potentials"),
            "calculation_error": errors.get("calculation"),
            "temperature_error": errors.get("temperature"),
            "no_compound": bool(structure),
            "no_temperature": not takes_temperature(asked["calculation"]),
            "no_compute": not checked.requests or not JobSettings().live,
            "suggestions": query.suggestions(dataset, asked["compound"]),
            "no_structures": len(checked.suites) < 2,
            "reading": reading(checked),
            "cost": cost_sentence(query.rates(dataset, checked)),
            "address": no_update if ids_in(stamp) else resolve(dataset, view).address,
        }

    @app.callback(
        output={
            "job": Output(JOB, "data"),
            "refused": Output("recompute-refused", "children"),
            "no_panel": Output("recompute-panel", "hidden"),
            "address": Output(VIEW_QUERY, "data", allow_duplicate=True),
        },
        inputs={"_clicks": Input("recompute-compute", "n_clicks")},
        state={
            "asked": {name: State(f"recompute-{name}", "value") for name in _FORM},
            "structure": State(STRUCTURE, "data"),
        },
        prevent_initial_call=True,
    )
    def _compute(_clicks: Any, asked: dict[str, Any], structure: Any) -> dict[str, Any]:
        do_not_remember()
        checked = query.check(dataset, _text(structure), query.lacking(), **asked)
        jobs: list[Job] = []
        refused = "" if checked.requests else next(iter(checked.errors.values()), "")
        try:
            client = client_id() if checked.requests else ""  # once: who is new is given a name by each call
            for request in checked.requests:
                jobs.append(service.submit(request, client, dataset))
        except (JobError, ValueError) as error:
            refused = str(error)
        if not jobs:
            return {"job": no_update, "refused": refused, "no_panel": no_update, "address": no_update}
        ids = tuple(sorted(job.id for job in jobs))
        address = encode(RecomputeView(jobs=ids))
        return {"job": _stamps(ids, jobs), "refused": refused, "no_panel": False, "address": address}

    @app.callback(
        output={
            **{part: Output(f"recompute-{part}", "children") for part in ("heading", "state", "progress", "result")},
            "no_trace": Output("recompute-trace", "hidden"),
            "trace": Output("recompute-trace-figure", "figure"),
            "trace_caption": Output("recompute-trace-caption", "children"),
            **{name: Output(f"recompute-download-{name}", "style") for name in FILES},
            "ended": Output("recompute-poll", "disabled"),
            "pace": Output("recompute-poll", "interval"),
            "seen": Output(SEEN, "data"),
            "answered": Output(ANSWERED, "data"),
        },
        inputs={"turn": Input(ASKED, "data"), "stamp": Input(JOB, "data")},
        state={"seen": State(SEEN, "data")},
        prevent_initial_call=True,
    )
    def _poll(turn: Any, stamp: Any, seen: Any) -> dict[str, Any]:
        do_not_remember()
        ids = ids_in(stamp)
        shown = panel(dataset, ids)
        now = _stamps(ids, shown.jobs)
        trace, caption = shown.trace or (no_update, no_update)
        return {
            "heading": shown.heading,
            "state": shown.state,
            "progress": shown.progress,
            "result": no_update if now == seen else shown.result,  # what is looked at does not change under the eye
            "no_trace": shown.trace is None,
            "trace": trace,
            "trace_caption": caption,
            **{name: button_style(name in shown.offered) for name in FILES},
            "ended": not shown.active,
            "pace": _pace(shown),
            "seen": no_update if now == seen else now,
            "answered": turn,
        }

    @app.callback(
        Output("recompute-mine", "children"),
        Output("recompute-active", "hidden"),
        Input(SEEN, "data"),
    )
    def _mine(seen: Any) -> tuple[Any, bool]:
        do_not_remember()
        ids = ids_in(seen)
        try:
            client = known_client()
            listed = service.listed(client) if client else []
        except JobsUnavailable as error:
            return html.P(str(error)), True
        cancellable = any(job.id in ids and job.state in ("queued", "running") for job in listed)
        return said.mine(listed, potential_names(dataset), ids), not cancellable

    @app.callback(
        Output("recompute-cancelled", "children"),
        Input("recompute-cancel", "n_clicks"),
        State(JOB, "data"),
        prevent_initial_call=True,
    )
    def _cancel(_clicks: Any, stamp: Any) -> str:
        do_not_remember()
        try:
            left = [service.cancel(id, known_client() or "") for id in ids_in(stamp)]
        except JobError as error:
            return str(error)
        goes_on = any(job is not None and job.state in ("queued", "running") for job in left)
        return "Others asked for it too, so it goes on." if goes_on else ""

    register_transfer(app, dataset)
    app.clientside_callback(
        ClientsideFunction("softmode", "lookAgain"),
        Output(ASKED, "data"),
        Input("recompute-poll", "n_intervals"),
        State(ASKED, "data"),
        State(ANSWERED, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("softmode", "showJob"),
        Input(JOB, "data"),
        prevent_initial_call=True,
    )


PAGE = Page(
    "/recompute",
    "Recompute",
    "Recompute · Softmode",
    "Compute ω or σ of one compound with several potentials now, watch, share, and compare with what is published.",
    view=RecomputeView,
    resolve=resolve,
    layout=layout,
    register=register,
    remembered=False,
)
