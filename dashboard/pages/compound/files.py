"""What can be taken away of one compound: files, and the commands that compute it again."""

from __future__ import annotations

import base64
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from compute.jobs.job import JobSettings
from dashboard.queries import export
from dashboard.queries.bands import mode
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui.blocks import campaign_command, section
from dashboard.views.codec import encode
from dashboard.views.compound import CompoundView
from dashboard.views.recompute import RecomputeView

FILES = {
    "cif": "CIF", "poscar": "POSCAR", "phonopy": "phonopy yaml", "zip": "phonopy yaml of every set (zip)",
    "json": "JSON, everything",
}  # fmt: skip
"""What can be downloaded, by the end of the button's id."""


def downloads(found: KnownCompound, view: CompoundView) -> Component:
    """A button per file; one without a file is there, and hidden, since they share a callback."""
    offered = {"json": True, "phonopy": bool(found.bands), "zip": len(found.bands) > 1} | dict.fromkeys(
        ("cif", "poscar"), found.cell(view) is not None
    )
    buttons = [
        dmc.Button(
            label, id=f"compound-download-{name}", variant="light", size="sm",
            style=None if offered[name] else {"display": "none"},
        )
        for name, label in FILES.items()
    ]  # fmt: skip
    return section(
        "Downloads",
        html.Div([*buttons, dcc.Download(id="compound-file")], className="downloads"),
        about="The primitive cell as drawn; the force constants shown, or every set, as phonopy.load reads them; every "
        "row of every table about this compound, DFT’s force constants among them where a source gives them.",
    )


def frozen_mode(found: KnownCompound, view: CompoundView, name: str, amplitude: Any) -> dict[str, str] | None:
    """Name and text of a file of the mode that moves, frozen in; None where it fits into no small supercell."""
    if not isinstance(amplitude, int | float) or not 0 < amplitude <= export.LARGEST_AMPLITUDE:
        return None
    if pairs := found.stored(view):
        crystal, moving = pairs.structure, pairs.at(view.q, view.branch)[0]
    elif shown := found.shown(view):
        crystal, moving = shown.structure, mode(shown, view.q, view.branch)
    else:
        return None
    cell = export.frozen(crystal, moving, float(amplitude))
    return None if cell is None else export.structure_file(cell, name, f"{found.suite}-{found.name}-mode", "Softmode")


def file(found: KnownCompound, view: CompoundView, button: str) -> dict[str, Any] | None:
    """Name and text of the file that the button of this id gives; None where there is none."""
    release = found.dataset.release()
    title, stem = f"Softmode, {found.suite} {found.name}, release {release}", f"{found.suite}-{found.name}"
    shown, cell = found.shown(view), found.cell(view)
    match button.removeprefix("compound-download-"):
        case "json":
            return {"content": export.everything(found.dataset, found.known), "filename": f"{stem}.json"}
        case "zip" if found.bands:
            packed = base64.b64encode(export.archive(found.bands, title)).decode()
            return {"content": packed, "filename": f"{stem}-phonopy.zip", "base64": True, "type": "application/zip"}
        case "phonopy" if shown is not None:
            name = f"{stem}-{shown.key.replace('~', '-')}.yaml"
            return {"content": export.phonopy_yaml(shown, title), "filename": name}
        case "cif" | "poscar" as kind if cell is not None:
            return export.structure_file(cell, kind, stem, title)
    return None


def again(found: KnownCompound, view: CompoundView) -> Component:
    """How to compute the numbers of the page: here, where jobs run, and by commands."""
    answers = found.answers(view)
    computed = answers.loc[answers["status"] == "ok", "potential"].tolist()
    potential = next(iter(computed), RecomputeView.potentials[0])
    title, commands = "Compute it yourself", _commands(found, potential)
    own = "On your own machine, with any potential of the registry in place of this one."
    if not found.prototyped or not JobSettings().live:
        return section(title, commands, about=own)
    asked = RecomputeView(compound=found.name, suite=found.suite, potentials=(potential,))
    return section(
        title,
        dcc.Link("Recompute", href=f"/recompute?{encode(asked)}", className="button-link"),
        html.Details([html.Summary("On your own machine"), commands, html.P(own, className="fine")], className="more"),
        about="Here and now, with any registered potential; the result is held against what is published.",
    )


def _commands(found: KnownCompound, potential: str) -> Component:
    if not found.prototyped:
        lines = [campaign_command(found.suite)]
    else:
        common = f"{found.name} --suite {found.suite} --potential {potential}"
        lines = [
            f"softmode harmonic {common} --json",
            f"softmode sigma {common} --protocol quick --json",
            f"softmode sigma {common} --protocol published --json",
        ]
    return html.Ul([html.Li(html.Code(line, tabIndex=0)) for line in lines], className="commands")
