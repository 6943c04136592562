"""Recompute: one compound with one potential now, watched, kept under a link, and held against what is published."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from compute.jobs import service
from compute.jobs.service import Job, JobError, JobSettings, JobsUnavailable
from compute.structures.text import decoded
from dashboard.dataset import Dataset
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.pages.recompute import data as query
from dashboard.pages.recompute import job as said
from dashboard.pages.recompute.form import cost_sentence, form, reading, takes_temperature
from dashboard.pages.recompute.panel import FILES, Panel, button_style, file_of, panel, skeleton
from dashboard.queries.coverage import potential_names
from dashboard.server.response_cache import do_not_remember
from dashboard.server.visitor import client_id, known_client
from dashboard.ui.blocks import address_notice, page_head, section
from dashboard.views.codec import build, decode, encode
from dashboard.views.recompute import RecomputeView

NEXT_MS, POLL_MS, LONG_MS, IDLE_MS = 200, 500, 2000, 5000
LONG_SECONDS = 60
JOB, SEEN, STRUCTURE = "recompute-job", "recompute-seen", "recompute-structure"
ASKED, ANSWERED = "recompute-asked", "recompute-answered"
_FORM = ("compound", "suite", "potential", "calculation", "temperature")
_OFF = "This site shows published results only and computes nothing on demand."


def layout(dataset: Dataset, query_: Mapping[str, str]) -> Component:
    """The page for the view in `query_`: a job with its form, or the form alone."""
    asked, problems = decode(RecomputeView, query_)
    live, shown = JobSettings().live, panel(dataset, asked.job)
    view = query.view_of(shown.job.request) if shown.job else replace(asked, job="")
    lacking = query.lacking()
    checked = query.check(dataset, lacking=lacking, **{name: getattr(view, name) for name in _FORM})
    cost = cost_sentence(query.rate(dataset, checked)) if checked.task else ""
    return html.Div(
        [
            page_head(
                "Recompute",
                "One compound with one potential, computed now. The result is kept under a link and held against what "
                "is published, but is not published itself.",
            ),
            address_notice(problems),
            _notice(live=live),
            form(view, checked, cost, lacking, live=live),
            skeleton(shown, hidden=not asked.job),
            section(
                "Your jobs",
                html.Div(id="recompute-mine"),
                about="Jobs that this browser asked for. Whoever has the link of a job sees it as it is.",
            ),
            html.P(
                [
                    "On the command line: ",
                    html.Code("softmode harmonic CsPbBr3 --suite abx3 --potential chgnet-0.3.0"),
                    ". For programs: ", html.A("the API", href="/api/v1/"), ".",
                ],
                className="fine",
            ),
            dcc.Store(id=JOB, data=_stamp(asked.job, shown.job)),
            dcc.Store(id=SEEN, data=_stamp(asked.job, shown.job)),
            dcc.Store(id=ASKED, data=0),
            dcc.Store(id=ANSWERED, data=0),
            dcc.Interval(id="recompute-poll", interval=_pace(shown), disabled=not shown.active),
            dcc.Download(id="recompute-file"),
            dcc.Store(id=VIEW_QUERY, data=encode(RecomputeView(job=asked.job) if asked.job else view)),
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


def _stamp(id: str, job: Job | None) -> list[Any]:
    """What tells whether a job is another, was asked for anew or has come further."""
    return [id, job.attempt if job else 0, job.state if job else ""]


def _pace(shown: Panel) -> int:
    """Milliseconds until the job is looked at again: soon where it is about to begin, less often where little can
    change.
    """
    job = shown.job
    if shown.away or shown.waits or job is None:
        return IDLE_MS
    if job.state == "queued" and not job.ahead:
        return NEXT_MS
    told = job.progress if job.state == "running" else None
    return LONG_MS if told and (told.seconds_left or 0) > LONG_SECONDS else POLL_MS


def _id(stamp: Any) -> str:
    """The job that a store names; empty for anything that is none."""
    return build(RecomputeView, job=stamp[0]).job if isinstance(stamp, list) and stamp else ""


def _text(structure: Any) -> str | None:
    return structure.get("text") if isinstance(structure, dict) and isinstance(structure.get("text"), str) else None


def register(app: Dash, dataset: Dataset) -> None:
    """The form is checked as it changes; a job is asked for, polled, cancelled and downloaded."""
    fields = [State(f"recompute-{name}", "value") for name in _FORM]

    @app.callback(
        Output("recompute-compound", "error"),
        Output("recompute-compound", "data"),
        Output("recompute-compound", "disabled"),
        Output("recompute-potential", "error"),
        Output("recompute-calculation", "error"),
        Output("recompute-temperature", "error"),
        Output("recompute-temperature", "disabled"),
        Output("recompute-structures", "hidden"),
        Output("recompute-reading", "children"),
        Output("recompute-cost", "children"),
        Output("recompute-compute", "disabled"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        *(Input(field.component_id, "value") for field in fields),
        Input(STRUCTURE, "data"),
        State(JOB, "data"),
        prevent_initial_call=True,
    )
    def _check(*values: Any) -> tuple[Any, ...]:
        *raw, structure, stamp = values
        asked = dict(zip(_FORM, raw, strict=True))
        checked = query.check(dataset, _text(structure), query.lacking(), **asked)
        view = build(RecomputeView, **{**asked, "suite": asked["suite"] if len(checked.suites) > 1 else ""})
        errors = checked.errors
        return (
            errors.get("compound") if asked["compound"] or structure else None,
            query.suggestions(dataset, asked["compound"]),
            bool(structure),
            errors.get("potential"),
            errors.get("calculation"),
            errors.get("temperature"),
            not takes_temperature(asked["calculation"]),
            len(checked.suites) < 2,
            reading(checked),
            cost_sentence(query.rate(dataset, checked)) if checked.task else "",
            checked.request is None or not JobSettings().live,
            no_update if _id(stamp) else encode(view),
        )

    @app.callback(
        Output(JOB, "data"),
        Output("recompute-refused", "children"),
        Output("recompute-panel", "hidden"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("recompute-compute", "n_clicks"),
        *fields,
        State(STRUCTURE, "data"),
        prevent_initial_call=True,
    )
    def _compute(_clicks: Any, *values: Any) -> tuple[Any, ...]:
        do_not_remember()
        *raw, structure = values
        checked = query.check(dataset, _text(structure), query.lacking(), **dict(zip(_FORM, raw, strict=True)))
        if checked.request is None:
            return no_update, next(iter(checked.errors.values()), ""), no_update, no_update
        try:
            job = service.submit(checked.request, client_id(), dataset)
        except (JobError, ValueError) as error:
            return no_update, str(error), no_update, no_update
        return _stamp(job.id, job), "", False, encode(RecomputeView(job=job.id))

    @app.callback(
        Output("recompute-heading", "children"),
        Output("recompute-state", "children"),
        Output("recompute-progress", "children"),
        Output("recompute-trace", "hidden"),
        Output("recompute-trace-figure", "figure"),
        Output("recompute-trace-caption", "children"),
        Output("recompute-result", "children"),
        *(Output(f"recompute-download-{name}", "style") for name in FILES),
        Output("recompute-poll", "disabled"),
        Output("recompute-poll", "interval"),
        Output(SEEN, "data"),
        Output(ANSWERED, "data"),
        Input(ASKED, "data"),
        Input(JOB, "data"),
        State(SEEN, "data"),
        prevent_initial_call=True,
    )
    def _poll(turn: Any, stamp: Any, seen: Any) -> tuple[Any, ...]:
        do_not_remember()
        shown = panel(dataset, _id(stamp))
        now = _stamp(_id(stamp), shown.job)
        return (
            shown.heading,
            shown.state,
            shown.progress,
            shown.trace is None,
            *(shown.trace or (no_update, no_update)),
            shown.result,
            *(button_style(name in shown.offered) for name in FILES),
            not shown.active,
            _pace(shown),
            no_update if now == seen else now,
            turn,
        )

    @app.callback(
        Output("recompute-mine", "children"),
        Output("recompute-active", "hidden"),
        Input(SEEN, "data"),
    )
    def _mine(seen: Any) -> tuple[Any, bool]:
        do_not_remember()
        id = _id(seen)
        try:
            client = known_client()
            listed = service.listed(client) if client else []
        except JobsUnavailable as error:
            return html.P(str(error)), True
        cancellable = any(job.id == id and job.state in ("queued", "running") for job in listed)
        return said.mine(listed, potential_names(dataset), id), not cancellable

    @app.callback(
        Output("recompute-cancelled", "children"),
        Input("recompute-cancel", "n_clicks"),
        State(JOB, "data"),
        prevent_initial_call=True,
    )
    def _cancel(_clicks: Any, stamp: Any) -> str:
        do_not_remember()
        try:
            left = service.cancel(_id(stamp), known_client() or "")
        except JobError as error:
            return str(error)
        return "Others asked for it too, so it goes on." if left and left.state in ("queued", "running") else ""

    @app.callback(
        Output(STRUCTURE, "data"),
        Output("recompute-uploaded", "children"),
        Output("recompute-remove", "hidden"),
        Output("recompute-upload", "contents"),
        Input("recompute-upload", "contents"),
        Input("recompute-remove", "n_clicks"),
        State("recompute-upload", "filename"),
        prevent_initial_call=True,
    )
    def _upload(contents: Any, _clicks: Any, filename: Any) -> tuple[Any, ...]:
        if ctx.triggered_id == "recompute-remove" or not contents:
            return None, "", True, None
        text = _decoded(contents)
        if text is None:
            return None, f"{filename} is not a text file.", True, None
        return {"text": text}, f"{filename}, {len(text):,} characters. ", False, no_update

    @app.callback(
        Output("recompute-file", "data"),
        inputs={"_clicks": [Input(f"recompute-download-{name}", "n_clicks") for name in FILES]},
        state={"stamp": State(JOB, "data")},
        prevent_initial_call=True,
    )
    def _download(_clicks: Any, stamp: Any) -> Any:
        do_not_remember()
        found = file_of(dataset, _id(stamp), str(ctx.triggered_id).removeprefix("recompute-download-"))
        return no_update if found is None else found

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


def _decoded(contents: Any) -> str | None:
    """The text of an uploaded file, as the browser sends it; None for anything else."""
    try:
        text = decoded(base64.b64decode(str(contents).partition(",")[2], validate=True))
    except binascii.Error:
        return None
    # Latin-1 takes any bytes: what holds control characters is no text.
    return None if re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text) else text


PAGE = Page(
    "/recompute",
    "Recompute",
    "Recompute · Softmode",
    "Compute ω or σ of one compound with one potential now, watch it, share it, and compare it with what is published.",
    layout,
    register,
    remembered=False,
)
