"""What a visitor sends up and takes down: a structure, files of results, and the mode that is looked at."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from compute.text import decoded
from dashboard.dataset import Dataset
from dashboard.pages.recompute.panel import FILES, file_of, live_sets, omegas_of_dft, read
from dashboard.pages.recompute.phonons import VIEWER, moved
from dashboard.server import uploads
from dashboard.server.response_cache import do_not_remember
from dashboard.ui.structure import register_viewer
from dashboard.views.codec import build
from dashboard.views.recompute import RecomputeView

JOB, STRUCTURE = "recompute-job", "recompute-structure"
_MODE = ("constants", "q", "branch")


def ids_in(stamps: Any) -> tuple[str, ...]:
    """The jobs that a store names; none for anything else."""
    listed = stamps if isinstance(stamps, list) else []
    first = [stamp[0] for stamp in listed if isinstance(stamp, list) and stamp and isinstance(stamp[0], str)]
    return build(RecomputeView, jobs=first).jobs


def register_transfer(app: Dash, dataset: Dataset) -> None:
    """Uploads, downloads and the viewer."""

    @app.callback(
        output={
            "structure": Output(STRUCTURE, "data"),
            "said": Output("recompute-uploaded", "children"),
            "look": Output("recompute-uploaded", "className"),
            "no_remove": Output("recompute-remove", "hidden"),
            "contents": Output("recompute-upload", "contents"),
        },
        inputs={
            "contents": Input("recompute-upload", "contents"), "_clicks": Input("recompute-remove", "n_clicks"),
        },
        state={"filename": State("recompute-upload", "filename")},
        prevent_initial_call=True,
    )  # fmt: skip
    def _upload(contents: Any, _clicks: Any, filename: Any) -> dict[str, Any]:
        nothing = {"structure": None, "said": "", "look": "", "no_remove": True, "contents": None}
        if ctx.triggered_id == "recompute-remove" or not contents:
            return nothing
        do_not_remember()
        text = _decoded(contents)
        found = uploads.UploadedFile(error="It is not a text file.") if text is None else uploads.read(text)
        if found.error:
            return {**nothing, "said": f"{filename}: {found.error}", "look": "recompute-refused"}
        said = f"{filename}: {found.described or 'it is read when it is computed'}. "
        return {"structure": {"text": text}, "said": said, "look": "", "no_remove": False, "contents": no_update}

    @app.callback(
        Output("recompute-file", "data"),
        inputs={"_clicks": [Input(f"recompute-download-{name}", "n_clicks") for name in FILES]},
        state={
            "stamp": State(JOB, "data"),
            "chosen": [State(f"recompute-{name}", "value", allow_optional=True) for name in _MODE],
            "amplitude": State(f"{VIEWER}-amplitude", "value", allow_optional=True),
        },
        prevent_initial_call=True,
    )
    def _download(_clicks: Any, stamp: Any, chosen: Any, amplitude: Any) -> Any:
        do_not_remember()
        name = str(ctx.triggered_id).removeprefix("recompute-download-")
        key, q, branch = (str(part or "") for part in chosen or ("", "", ""))
        found = file_of(dataset, ids_in(stamp), name, key, q, branch, amplitude)
        return no_update if found is None else found

    @app.callback(
        output={
            "pattern": Output(VIEWER, "data-mode"),
            "scene": Output(VIEWER, "data-structure"),
            "beside": Output(f"{VIEWER}-beside", "children"),
            "cell": Output("recompute-cell", "children"),
            "sentence": Output("recompute-mode", "children"),
            "q_offered": Output("recompute-q", "data"),
            "q": Output("recompute-q", "value"),
            "branch_offered": Output("recompute-branch", "data"),
            "branch": Output("recompute-branch", "value"),
        },
        inputs={name: Input(f"recompute-{name}", "value") for name in _MODE},
        state={"stamp": State(JOB, "data")},
        prevent_initial_call=True,
    )
    def _move(constants: Any, q: Any, branch: Any, stamp: Any) -> Any:
        do_not_remember()
        jobs = read(ids_in(stamp))
        chosen = next((one for one in live_sets(dataset, jobs) if one.key == constants), None)
        if chosen is None:
            return no_update
        return moved(chosen, str(q or ""), str(branch or ""), omegas_of_dft(dataset, jobs))

    register_viewer(app, VIEWER)


def _decoded(contents: Any) -> str | None:
    """The text of an uploaded file, as the browser sends it; None for anything else."""
    try:
        text = decoded(base64.b64decode(str(contents).partition(",")[2], validate=True))
    except binascii.Error:
        return None
    # Latin-1 takes any bytes: what holds control characters is no text.
    return None if re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text) else text
